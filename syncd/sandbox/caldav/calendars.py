"""Calendars as a whole: MKCALENDAR, and DELETE of one.

Not here: their properties later on (`propfind.py`), the objects in them (`objects.py`).
"""

from typing import Final

from syncd.sandbox.asgi import Reply
from syncd.sandbox.caldav.calls import Call
from syncd.sandbox.caldav.dav import Element, properties_of, tag
from syncd.sandbox.caldav.errors import Refused
from syncd.sandbox.caldav.ical import KINDS
from syncd.sandbox.caldav.paths import CALENDAR
from syncd.sandbox.caldav.properties import PROTECTED
from syncd.sandbox.caldav.propfind import set_property
from syncd.sandbox.caldav.state import Account

_COMPONENTS: Final = tag("C:supported-calendar-component-set")


def mkcalendar(call: Call) -> Reply:
    """Make a calendar with its properties, or nothing (RFC 4791, 5.3.1)."""
    owner = call.owner()
    if call.place.kind != CALENDAR:
        raise Refused(403, "C:calendar-collection-location-ok")
    if call.place.calendar is not None:
        call.switches.fire("calendar_exists")
        raise Refused(int(call.switches["calendar_exists"]), "D:resource-must-be-null")
    _check_room(call, owner)
    props = _wanted(call)
    components = _components(call, [prop for prop in props if prop.tag == _COMPONENTS])
    others = [prop for prop in props if prop.tag != _COMPONENTS]
    if any(prop.tag in PROTECTED for prop in others):
        raise Refused(403, "D:cannot-modify-protected-property")
    before = call.state.buried.get(f"{owner.dsid}/{call.place.slug}")
    calendar = call.state.add_calendar(owner.email, call.place.slug, components=components)
    if before is not None and before.living() and call.switches.fires("recreated_calendar", "keeps_events"):
        calendar.objects = before.objects.copy()
    for prop in others:
        set_property(call, calendar.props, prop)
    return Reply(201, b"", {"cache-control": "no-cache"})


def delete_calendar(call: Call) -> Reply:
    """Delete a calendar with all that is in it."""
    call.state.bury(call.writable())
    return deleted(call)


def deleted(call: Call) -> Reply:
    """The answer to a DELETE that was carried out."""
    call.switches.fire("delete_status")
    return Reply(int(call.switches["delete_status"]), b"", {})


def _check_room(call: Call, owner: Account) -> None:
    limit = call.switches["max_calendars"]
    if limit and sum(not calendar.special for calendar in call.state.home(owner)) >= limit:
        call.switches.fire("max_calendars")
        raise Refused(403, "D:quota-not-exceeded")


def _wanted(call: Call) -> list[Element]:
    if not call.request.body.strip():
        return []
    root = call.xml()
    if root.tag != tag("C:mkcalendar"):
        raise Refused(400)
    return [prop for props in root.iterfind(f"{tag('D:set')}/{tag('D:prop')}") for prop in properties_of(props)]


def _components(call: Call, given: list[Element]) -> tuple[str, ...]:
    """The component types of a new calendar; without any named all of them (RFC 4791, 5.2.3)."""
    named = tuple(str(comp.get("name", "")).upper() for prop in given for comp in prop)
    if not set(named) <= set(KINDS):
        raise Refused(403, "C:supported-calendar-component")
    if len(named) > 1 and call.switches.fires("component_types", "one"):
        raise Refused(400)
    if not named and call.switches["component_types"] == "one":
        return ("VEVENT",)
    return named or ("VEVENT", "VTODO", "VJOURNAL")
