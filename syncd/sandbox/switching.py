"""Named switches for what a provider's documentation leaves open: what one is, and how they are set.

Not here: the switches of each simulator (its `switches.py`), and what they do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from syncd.sandbox.control import ControlError, is_count


@dataclass(frozen=True, slots=True)
class Switch:
    """`allowed` lists the values; empty means: whatever has the type of the default."""

    default: Any
    meaning: str
    allowed: tuple[Any, ...] = ()

    def accepts(self, value: object) -> bool:
        """Whether the value makes sense for this switch."""
        if self.allowed:
            return value in self.allowed and type(value) is type(self.default)
        if isinstance(self.default, int) and not isinstance(self.default, bool):
            return is_count(value)
        if isinstance(self.default, list):
            return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
        return isinstance(value, str)


@dataclass(slots=True)
class Switches:
    """The present setting of each switch."""

    known: Mapping[str, Switch]
    _values: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self._values.get(name, self.known[name].default)

    def set(self, wanted: Mapping[str, Any]) -> None:
        """Set all or none. Raises ControlError for an unknown name or value."""
        for name, value in wanted.items():
            if name not in self.known:
                raise ControlError(f"unknown switch {name} (known: {', '.join(sorted(self.known))})")
            if not self.known[name].accepts(value):
                raise ControlError(f"{name} cannot be {value!r}")
        self._values.update(wanted)

    def reset(self) -> None:
        """Back to the defaults."""
        self._values.clear()

    def to_json(self) -> dict[str, Any]:
        """Present values and, beside them, what each switch means."""
        return {
            "switches": {name: self[name] for name in self.known},
            "known": {
                name: {"default": s.default, "allowed": list(s.allowed), "meaning": s.meaning}
                for name, s in self.known.items()
            },
        }
