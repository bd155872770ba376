"""Every point on which Wix's documentation is silent or its sources disagree, as a named switch.

Not here: what a switch does; each is read where the behaviour lives.
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


_BOOL = (True, False)

SWITCHES: Mapping[str, Switch] = {
    "query_returns_cancelled": Switch(False, "Query Events lists CANCELLED events too", _BOOL),
    "query_window_required": Switch(
        False, "Query Events refuses a missing window unless only MASTER is asked for", _BOOL
    ),
    "query_events_max_limit": Switch(1000, "highest page size of Query Events"),
    "query_schedules_max_limit": Switch(100, "highest page size of Query Schedules"),
    "staff_schedule_content": Switch(
        "blocks",
        "what a query by the staff's events schedule finds: only what lies there, the appointments"
        " that link the staff too, or copies of them with ids of their own",
        ("blocks", "appointments", "copies"),
    ),
    "cancel_cancelled": Switch("428", "cancelling a cancelled event: refused, or answered again", ("428", "200")),
    "cancel_past": Switch("200", "cancelling an event that has ended", ("200", "428")),
    "precondition_code": Switch("FAILED_PRECONDITION", "code in the envelope of a 428"),
    "master_cancel_exceptions": Switch(
        "cancel", "future EXCEPTIONs when their MASTER is cancelled", ("cancel", "keep")
    ),
    "retimed_instance_read": Switch(
        "omitted",
        "reading by id an instance whose MASTER was re-timed. 404: both reads fail; omitted:"
        " left out of the list, 404 alone; CANCELLED: answered with that status",
        ("404", "omitted", "CANCELLED"),
    ),
    "bookings_on_change": Switch(
        "untouched",
        "bookings of an event with participants that is moved or cancelled: untouched, cancelled"
        " with it, their people notified whatever was asked, or the change refused with 428",
        ("untouched", "cancelled", "notified", "refused"),
    ),
    "extended_fields_namespaces": Switch(
        [], "namespaces of extendedFields that the site has a schema for; others are refused"
    ),
    "location_address": Switch(
        "address",
        "how an address is answered; `address` is understood either way",
        ("address", "formattedAddress"),
    ),
    "unknown_request_fields": Switch(
        "refuse", "fields of a request that the documentation does not know", ("refuse", "ignore")
    ),
    "future_fields": Switch(False, "answers carry fields and enum values added later", _BOOL),
    "pi_without_permission": Switch("403", "asking for PI fields without the permission", ("403", "omit")),
    "zero_length_events": Switch("allow", "an event that ends when it starts", ("allow", "refuse")),
    "dst_gap": Switch("forward", "a local time that is skipped", ("forward", "backward", "refuse")),
    "dst_fold": Switch("earlier", "a local time that comes twice", ("earlier", "later")),
    "path_without_s": Switch("404", "the older path /bookings/v2/external-calendar", ("404", "works")),
    "premium": Switch(True, "the site's plan includes external calendars", _BOOL),
    "rate_limit_per_minute": Switch(200, "requests per minute and app instance; 0 = no limit"),
    "retry_after": Switch(False, "429 carries Retry-After", _BOOL),
}


@dataclass(slots=True)
class Switches:
    """The present setting of each switch."""

    _values: dict[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Any:
        return self._values.get(name, SWITCHES[name].default)

    def set(self, wanted: Mapping[str, Any]) -> None:
        """Set all or none. Raises ControlError for an unknown name or value."""
        for name, value in wanted.items():
            if name not in SWITCHES:
                raise ControlError(f"unknown switch {name} (known: {', '.join(sorted(SWITCHES))})")
            if not SWITCHES[name].accepts(value):
                raise ControlError(f"{name} cannot be {value!r}")
        self._values.update(wanted)

    def reset(self) -> None:
        """Back to the defaults."""
        self._values.clear()

    def to_json(self) -> dict[str, Any]:
        """Present values and, beside them, what each switch means."""
        return {
            "switches": {name: self[name] for name in SWITCHES},
            "known": {
                name: {"default": s.default, "allowed": list(s.allowed), "meaning": s.meaning}
                for name, s in SWITCHES.items()
            },
        }
