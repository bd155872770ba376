"""What a type of the schema says of the values it takes. Spares the reader the anatomy of annotations.

Not here: the types themselves (schema), checking values (the package itself).
"""

from typing import Any, Literal, get_args, get_origin

from msgspec import Meta, Struct


def _members(kind: Any) -> tuple[Any, ...]:
    """The parts of an optional, annotated or repeated type."""
    return get_args(kind) if get_origin(kind) not in (None, Literal) else ()


def struct_in(kind: Any) -> type[Struct] | None:
    """The section that the rows of a list are."""
    return next((part for part in _members(kind) if isinstance(part, type) and issubclass(part, Struct)), None)


def choices(kind: Any) -> tuple[str, ...]:
    """The words it may be, if those are all."""
    return get_args(kind) if get_origin(kind) is Literal else ()


def _meta(kind: Any) -> Meta | None:
    if isinstance(kind, Meta):
        return kind
    return next((found for part in _members(kind) if (found := _meta(part)) is not None), None)


def extra(kind: Any, name: str) -> Any:
    """What the schema notes of it beside the value, such as `secret`."""
    meta = _meta(kind)
    return (meta.extra or {}).get(name) if meta is not None else None


def allowed(kind: Any) -> str:
    """What to give, for a person."""
    if choices(kind):
        return "one of " + ", ".join(choices(kind))
    meta = _meta(kind)
    what = (meta.description or "") if meta is not None else "a text"
    return f"a list, each {what}" if get_origin(kind) is tuple else what
