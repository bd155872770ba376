"""The filter language of the two query methods: listed fields with listed operators, nothing else.

Not here: the window, the sort and the defaults of a query (`query.py`, `schedules.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from syncd.sandbox.wix.errors import invalid
from syncd.sandbox.wix.fields import as_object


def _equal(have: object, want: object) -> bool:
    return have == want


def _in(have: object, want: Any) -> bool:
    return have in want


def _numeric(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda have, want: have is not None and compare(have, want)


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": _equal,
    "$ne": lambda have, want: have != want,
    "$in": _in,
    "$gt": _numeric(lambda have, want: have > want),
    "$gte": _numeric(lambda have, want: have >= want),
    "$lt": _numeric(lambda have, want: have < want),
    "$lte": _numeric(lambda have, want: have <= want),
    "$hasSome": lambda have, want: any(value in have for value in want),
    "$hasAll": lambda have, want: all(value in have for value in want),
    "$exists": lambda have, want: (have is not None) is want,
}
_LISTS = ("$in", "$hasSome", "$hasAll")

EXACT = ("$eq", "$in")
MEMBERS = ("$hasSome", "$hasAll")
NUMERIC = ("$eq", "$ne", "$in", "$gt", "$gte", "$lt", "$lte")
EXISTS = ("$exists",)


@dataclass(frozen=True, slots=True)
class Field:
    """One filterable field: its operators and how its value is found in an item."""

    operators: tuple[str, ...]
    value: Callable[[Any], Any]
    many: bool = False
    """The value is a set, of which one member has to match."""


def compile_filter(value: object, known: Mapping[str, Field]) -> Callable[[Any], bool]:
    """A test for items. Raises 400 for a field that cannot be filtered or an operator it lacks."""
    body = as_object(value, "query.filter")
    tests = []
    for name, condition in body.items():
        path = f"query.filter.{name}"
        if name not in known:
            raise invalid(path, "cannot be filtered", "UNFILTERABLE")
        conditions = as_object(condition, path)
        if not conditions:
            raise invalid(path, "needs an operator")
        for operator, want in conditions.items():
            tests.append(_test(known[name], operator, want, path))
    return lambda item: all(test(item) for test in tests)


def _test(field: Field, operator: str, want: object, path: str) -> Callable[[Any], bool]:
    if operator not in field.operators:
        raise invalid(f"{path}.{operator}", "is not an operator of this field", "OPERATOR")
    if operator in _LISTS and not isinstance(want, list):
        raise invalid(f"{path}.{operator}", "needs an array", "TYPE")
    if operator == "$exists" and not isinstance(want, bool):
        raise invalid(f"{path}.{operator}", "needs true or false", "TYPE")
    if "$gt" in field.operators and operator not in ("$in", "$exists") and not isinstance(want, int | float):
        raise invalid(f"{path}.{operator}", "needs a number", "TYPE")
    compare = _OPERATORS[operator]
    if field.many:
        return lambda item: any(compare(value, want) for value in field.value(item))
    return lambda item: compare(field.value(item), want)
