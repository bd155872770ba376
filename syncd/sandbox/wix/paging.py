"""Cursor paging with a stable snapshot: the rows of all pages are those of the moment of the first.

Not here: which rows (`query.py`, `schedules.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from syncd.sandbox.wix.errors import Json, invalid
from syncd.sandbox.wix.fields import Body, as_int, as_object, as_text, refuse_unknown
from syncd.sandbox.wix.state import Site, Snapshot

_PATH = "query.cursorPaging"
_KEPT_SNAPSHOTS = 1000


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its rows, and the cursor of the next one."""

    rows: Sequence[Any]
    zone: str | None
    pi: bool
    next: str | None = None

    def metadata(self) -> Json:
        """`pagingMetadata`."""
        cursors = {} if self.next is None else {"next": self.next}
        return {"count": len(self.rows), "cursors": cursors, "hasNext": self.next is not None}


@dataclass(frozen=True, slots=True)
class Paging:
    """`cursorPaging` of a request; without a cursor it is the first page."""

    limit: int
    cursor: str | None

    @classmethod
    def read(cls, query: Body, site: Site, highest: int) -> "Paging":
        """Default 50. With a cursor, filter and sort must not be sent."""
        body = as_object(query.get("cursorPaging") or {}, _PATH)
        refuse_unknown(body, ("limit", "cursor"), _PATH, site.switches)
        limit = as_int(body.get("limit", 50), f"{_PATH}.limit", 1, highest)
        if body.get("cursor") is None:
            return cls(limit, None)
        for key in ("filter", "sort"):
            if query.get(key):
                raise invalid(f"query.{key}", "cannot be sent together with a cursor")
        return cls(limit, as_text(body["cursor"], f"{_PATH}.cursor", 1, 16000))


def page(site: Site, paging: Paging, first: Callable[[], Snapshot]) -> Page:
    """The first page of what `first` selects, or the one a cursor stands for. May be repeated."""
    if paging.cursor is None:
        snapshot = first()
    elif paging.cursor in site.snapshots:
        snapshot = site.snapshots[paging.cursor]
    else:
        raise invalid(f"{_PATH}.cursor", "is unknown or too old")
    rows, rest = snapshot.rows[: paging.limit], snapshot.rows[paging.limit :]
    if not rest:
        return Page(rows, snapshot.zone, snapshot.pi)
    cursor = site.opaque("cursor", site.guid())
    site.snapshots[cursor] = Snapshot(rest, snapshot.zone, snapshot.pi)
    while len(site.snapshots) > _KEPT_SNAPSHOTS:
        site.snapshots.pop(next(iter(site.snapshots)))
    return Page(rows, snapshot.zone, snapshot.pi, cursor)
