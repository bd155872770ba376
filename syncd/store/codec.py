"""Values of the model as JSON text and back, exactly, driven by their type hints.

A field that equals its default is left out, so that a new field with a default needs no migration. Instants are
written in UTC. Where a union holds several types of one JSON shape, the value carries its type's name under `~`.
Not here: tables (tables), which value lies in which column (rows).
"""

import dataclasses
import functools
import json
import types
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Final, Generic, NamedTuple, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

_TAG: Final = "~"
_PLAIN: Final = {type(None): "null", bool: "bool", int: "number", float: "number", str: "string"}
_KINDS: Final = {**_PLAIN, dict: "object", list: "array"}


class _Shape(NamedTuple):
    """How one type is written and read, and which kind of JSON value it becomes."""

    dump: Callable[[Any], Any]
    load: Callable[[Any], Any]
    json: str


class Codec(Generic[T]):
    """JSON text for one type of the model, a union of types included."""

    def __init__(self, kind: Any) -> None:
        self._kind = kind

    @functools.cached_property
    def _shape(self) -> _Shape:
        return _shape_of(self._kind)

    def dump(self, value: T) -> str:
        """Compact ASCII text, so that any character survives any database."""
        return _ENCODER.encode(self._shape.dump(value))

    def load(self, text: str) -> T:
        return cast("T", self._shape.load(json.loads(text)))


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), check_circular=False, allow_nan=False)


def _same(value: Any) -> Any:
    return value


@functools.cache
def _shape_of(kind: Any) -> _Shape:
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in _PLAIN:
        return _Shape(_same, _same, _PLAIN[kind])
    if kind in (Any, object):
        return _Shape(_same, _same, "object")
    if origin in (Union, types.UnionType):
        return _union(arguments)
    if origin in (tuple, frozenset):
        return _several(origin, arguments[0])
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(*arguments)
    if dataclasses.is_dataclass(origin or kind):
        return _record(kind)
    return _scalar(kind)


def _scalar(kind: Any) -> _Shape:
    if issubclass(kind, Enum):
        members = {member.value: member for member in kind}
        return _Shape(lambda member: member.value, members.__getitem__, "string")
    if issubclass(kind, datetime):
        return _Shape(_instant, datetime.fromisoformat, "string")
    if issubclass(kind, date):
        return _Shape(date.isoformat, date.fromisoformat, "string")
    raise TypeError(f"the store has no form for {kind!r}")


def _instant(value: datetime) -> str:
    if value.utcoffset() is None:
        raise ValueError("the store takes aware datetimes only")
    return value.astimezone(UTC).isoformat()


def _several(kind: Any, member: Any) -> _Shape:
    """A tuple of any length, or a set, which is written in order."""
    inner = _shape_of(member)
    order: Callable[[Any], Any] = sorted if kind is frozenset else list
    return _Shape(
        lambda values: order([inner.dump(value) for value in values]),
        lambda values: kind([inner.load(value) for value in values]),
        "array",
    )


def _mapping(key: Any, value: Any) -> _Shape:
    keys, values = _shape_of(key), _shape_of(value)
    return _Shape(
        lambda pairs: {keys.dump(name): values.dump(item) for name, item in pairs.items()},
        lambda pairs: {keys.load(name): values.load(item) for name, item in pairs.items()},
        "object",
    )


def _union(kinds: tuple[Any, ...]) -> _Shape:
    shapes = {get_origin(kind) or kind: _shape_of(kind) for kind in kinds}
    found = [shape.json for shape in shapes.values()]
    bare = {shape.json: shape for kind, shape in shapes.items() if found.count(shape.json) == 1 or kind in _PLAIN}
    tagged = {kind: shape for kind, shape in shapes.items() if bare.get(shape.json) is not shape}
    by_name = {kind.__name__: shape for kind, shape in tagged.items()}

    def dump(value: Any) -> Any:
        kind = type(value)
        if kind in tagged:
            return {_TAG: kind.__name__, "": tagged[kind].dump(value)}
        if kind in shapes:
            return shapes[kind].dump(value)
        return next(shape.dump(value) for member, shape in shapes.items() if isinstance(value, member))

    readers = {kind: bare[name].load for kind, name in _KINDS.items() if name in bare}

    def load(value: Any) -> Any:
        kind = type(value)
        if kind is dict and _TAG in value:
            return by_name[value[_TAG]].load(value[""])
        return readers[kind](value)

    return _Shape(dump, load, "mixed")


def _record(kind: Any) -> _Shape:
    cls = get_origin(kind) or kind
    given = dict(zip(getattr(cls, "__parameters__", ()), get_args(kind), strict=True))
    hints = get_type_hints(cls)
    slots = [
        (slot.name, _default(slot), _shape_of(given.get(hints[slot.name], hints[slot.name])))
        for slot in dataclasses.fields(cls)
    ]
    writers = [(name, default, shape.dump) for name, default, shape in slots]
    names = frozenset(name for name, _, _ in slots)
    readers = [(name, shape.load) for name, _, shape in slots if shape.load is not _same]

    def dump(value: Any) -> dict[str, Any]:
        body = {}
        for name, default, write in writers:
            item = getattr(value, name)
            if item is not default and not (type(item) is type(default) and item == default):
                body[name] = write(item)
        return body

    def load(body: dict[str, Any]) -> Any:
        """From a body of its own, just parsed: what it holds is replaced in place. Names it does not know go."""
        for name, read in readers:
            if name in body:
                body[name] = read(body[name])
        return cls(**(body if body.keys() <= names else {name: body[name] for name in body.keys() & names}))

    return _Shape(dump, load, "object")


def _default(slot: "dataclasses.Field[Any]") -> Any:
    if slot.default is not dataclasses.MISSING:
        return slot.default
    if slot.default_factory is not dataclasses.MISSING:
        return slot.default_factory()
    return dataclasses.MISSING
