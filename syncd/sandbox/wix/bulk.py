"""Bulk methods: up to 50 items in one request, each with its own result; the call answers 200 also when items fail.

Not here: what one item does (`events.py`).
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from syncd.sandbox.wix.errors import Json, WixError
from syncd.sandbox.wix.values import Event

MAX_ITEMS = 50


@dataclass(frozen=True, slots=True)
class Bulk:
    """`ref` names an item before it is carried out, if that is known; `show` renders its result."""

    ref: Callable[[Any], str | None]
    apply: Callable[[Any], Event]
    show: Callable[[Event], Json] | None
    """None: `returnEntity` is false."""


def spoiled(answer: Json, missing: Collection[int], *, backwards: bool) -> Json:
    """The answer without the results at some indexes, or with all of them in reverse order; the totals stay."""
    results = [row for index, row in enumerate(answer["results"]) if index not in missing]
    return {**answer, "results": results[::-1] if backwards else results}


def run(bulk: Bulk, items: list[Any], failing: Collection[int] = ()) -> Json:
    """Carry out items in order; those whose index is in `failing` are refused untouched."""
    results = [_one(bulk, item, index, index in failing) for index, item in enumerate(items)]
    succeeded = sum(result["itemMetadata"]["success"] for result in results)
    totals = {"totalSuccesses": succeeded, "totalFailures": len(items) - succeeded}
    return {"results": results, "bulkActionMetadata": totals}


def _one(bulk: Bulk, item: object, index: int, fails: bool) -> Json:
    metadata: Json = {"originalIndex": index, "success": True}
    try:
        if fails:
            raise WixError(500, "internal error", "INTERNAL")
        event = bulk.apply(item)
    except WixError as error:
        ref = bulk.ref(item)
        named = {} if ref is None else {"id": ref}
        failed = {"success": False, "error": error.item_error()}
        return {"itemMetadata": {**named, **metadata, **failed}}
    result: Json = {"itemMetadata": {"id": event.id, **metadata}}
    if bulk.show is not None:
        result["item"] = bulk.show(event)
    return result
