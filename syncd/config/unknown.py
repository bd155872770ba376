"""What to say of a key or variable that nothing knows: the nearest name, here or in another section.

Not here: finding such keys (the package itself), what is known (schema).
"""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from syncd.config.kinds import extra
from syncd.config.schema import Settings

PREFIX: Final = "SYNCD_"
_NEAR_ELSEWHERE: Final = 0.75  # a name in another section must be closer than one at hand


def unknown_key(name: str, known: Mapping[str, FieldInfo], *, what: str) -> str:
    """`what`: "key" or "section". `known`: what is allowed where the name stands."""
    near = _nearest(name, _spellings(known))
    if near is not None:
        return f"unknown {what} {name!r}: did you mean {near!r}?"
    homes = [section for section, names in _sections() if name in names]
    if homes:
        return f"unknown {what} {name!r} here: it belongs to {_either(homes)}"
    every = {key: section for section, names in _sections() for key in names}
    near = _nearest(name, every, _NEAR_ELSEWHERE)
    if near is not None:
        homes = [section for section, names in _sections() if near in names]
        return f"unknown {what} {name!r} here: did you mean {near!r} of {_either(homes)}?"
    return f"unknown {what} {name!r}: allowed are {', '.join(sorted(known))}"


def misspelt_variables(given: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Variables that were surely meant for a setting, and what they should be called.

    One underscore in place of two between section and key; others that begin alike may be anybody's.
    """
    meant = {f"{PREFIX}{section}_{key}".upper(): f"{PREFIX}{section}__{key}".upper() for section, key in _settings()}
    meant[f"{PREFIX}BRIDGEID"] = f"{PREFIX}BRIDGE_ID"
    yield from ((name, meant[name.upper()]) for name in sorted(given) if name.upper() in meant)


def _settings() -> Iterator[tuple[str, str]]:
    return ((section.strip("[]"), key) for section, names in _sections() for key in names)


def _sections() -> Iterator[tuple[str, list[str]]]:
    """`[section]` and its keys, those that name a file among them."""
    for section in msgspec.structs.fields(Settings):
        if isinstance(section.type, type) and issubclass(section.type, Struct):
            slots = {slot.encode_name: slot for slot in msgspec.structs.fields(section.type)}
            yield f"[{section.encode_name}]", _spellings(slots)


def _spellings(known: Mapping[str, FieldInfo]) -> list[str]:
    return [*known, *(f"{name}_file" for name, slot in known.items() if extra(slot.type, "secret"))]


def _nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    found = difflib.get_close_matches(name.lower().replace("-", "_"), list(known), n=1, cutoff=cutoff)
    return found[0] if found else None


def _either(names: list[str]) -> str:
    return " or ".join(names)
