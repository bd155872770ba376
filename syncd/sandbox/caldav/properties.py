"""What each resource says of itself: live properties, and those that clients have set.

Not here: which resources an answer tells of (`propfind.py`, `reports.py`), and calendar-data (`reports.py`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Final

from syncd.sandbox.caldav import dav
from syncd.sandbox.caldav.calls import Call
from syncd.sandbox.caldav.dav import Element, Row, element, hrefs, names, tag
from syncd.sandbox.caldav.paths import CALENDAR, HOME, OBJECT, PRINCIPAL, ROOT
from syncd.sandbox.caldav.state import Account, Calendar, Stored

ICS: Final = "text/calendar; charset=utf-8"
_SPECIAL: Final = {"inbox": "C:schedule-inbox", "outbox": "C:schedule-outbox", "notification": "CS:notification"}
_READ: Final = ("D:read", "D:read-current-user-privilege-set")
_WRITE: Final = ("D:write", "D:write-content", "D:write-properties", "D:bind", "D:unbind")
_REPORTS: Final = ("C:calendar-multiget", "C:calendar-query", "D:sync-collection")
_ALLPROP: Final = (
    "D:resourcetype",
    "D:displayname",
    "D:getetag",
    "D:getcontenttype",
    "D:getcontentlength",
    "D:getlastmodified",
)
PROTECTED: Final = frozenset(
    map(
        tag,
        (
            "D:resourcetype",
            "D:getetag",
            "D:getcontenttype",
            "D:getcontentlength",
            "D:getlastmodified",
            "D:sync-token",
            "D:owner",
            "D:current-user-principal",
            "D:current-user-privilege-set",
            "D:supported-report-set",
            "CS:getctag",
            "C:supported-calendar-component-set",
            "C:supported-calendar-data",
            "C:max-resource-size",
        ),
    )
)
"""Properties that only the server sets."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of an answer."""

    kind: str
    path: str
    account: Account | None = None
    calendar: Calendar | None = None
    stored: Stored | None = None


def row(call: Call, resource: Resource, wanted: Iterable[str]) -> Row:
    """The row of a resource for the properties asked, by tag."""
    found = Row(call.at.href(resource.path))
    for name in wanted:
        prop = value(call, resource, name)
        if prop is None:
            found.missing.append(name)
        else:
            found.found.append(prop)
    return found


def every(call: Call, resource: Resource) -> list[str]:
    """The properties that `allprop` means (RFC 4918, 14.2): those of RFC 4918 and what clients have set."""
    dead = resource.calendar.props if resource.calendar is not None and resource.stored is None else {}
    wanted = list(dict.fromkeys([*map(tag, _ALLPROP), *dead]))
    if not call.switches["allprop_resourcetype"]:
        call.switches.fire("allprop_resourcetype")
        wanted.remove(tag("D:resourcetype"))
    return [name for name in wanted if value(call, resource, name) is not None]


def value(call: Call, resource: Resource, name: str) -> Element | None:
    """One property; None where the resource has it not."""
    found = _common(call, resource).get(name)
    if found is not None:
        return found
    if resource.stored is not None:
        return _of_object(call, resource.stored, name)
    if resource.calendar is not None:
        return _of_calendar(call, resource.calendar, name)
    flat = call.switches["layout"] == "flat" and resource.kind == HOME
    if resource.account is not None and (resource.kind == PRINCIPAL or flat):
        return _of_principal(call, resource.account, name)
    return None


def _common(call: Call, resource: Resource) -> Mapping[str, Element]:
    principal = (
        names("D:current-user-principal", "D:unauthenticated")
        if call.account is None
        else hrefs("D:current-user-principal", call.at.principal(call.account))
    )
    found = [principal, _resourcetype(call, resource)]
    if resource.account is not None:
        found += [
            hrefs("D:owner", call.at.principal(resource.account)),
            _privileges(resource),
            _reports(call, resource),
        ]
    return {str(prop.tag): prop for prop in found}


def _resourcetype(call: Call, resource: Resource) -> Element:
    kinds = {ROOT: ["D:collection"], PRINCIPAL: ["D:principal"], HOME: ["D:collection"], OBJECT: []}.get(resource.kind)
    if resource.kind == HOME and call.switches["layout"] == "flat":
        kinds = ["D:principal", "D:collection"]
    if resource.kind == CALENDAR and resource.calendar is not None:
        special = _SPECIAL.get(resource.calendar.special)
        kinds = ["D:collection", special or ("CS:subscribed" if resource.calendar.subscribed else "C:calendar")]
    return names("D:resourcetype", *(kinds or ()))


def _privileges(resource: Resource) -> Element:
    fixed = resource.calendar is not None and not resource.calendar.writable
    allowed = _READ if fixed else (*_READ, *_WRITE)
    return element("D:current-user-privilege-set", None, *(names("D:privilege", name) for name in allowed))


def _reports(call: Call, resource: Resource) -> Element:
    lacking = call.switches["sync_collection"] != "served"
    offered = [name for name in _REPORTS if not (lacking and name == "D:sync-collection")]
    if resource.kind != CALENDAR:
        offered = []
    rows = (element("D:supported-report", None, names("D:report", name)) for name in offered)
    return element("D:supported-report-set", None, *rows)


def _of_object(call: Call, stored: Stored, name: str) -> Element | None:
    match name:
        case "{DAV:}getetag":
            return element("D:getetag", etag(call, stored))
        case "{DAV:}getcontenttype":
            return element("D:getcontenttype", ICS)
        case "{DAV:}getcontentlength":
            return element("D:getcontentlength", str(len(stored.body)))
        case "{DAV:}getlastmodified":
            return element("D:getlastmodified", _http_date(stored.at))
    return None


def etag(call: Call, stored: Stored) -> str:
    """The ETag as a row has it."""
    weak = call.switches.fires("etags", "weak")
    return f"W/{stored.etag}" if weak else stored.etag


def _of_calendar(call: Call, calendar: Calendar, name: str) -> Element | None:
    if name in calendar.props:
        return dav.parsed(calendar.props[name].encode())
    if calendar.special:
        return None
    version = calendar.version_in(call.past)
    if name == tag("D:sync-token") and call.switches["sync_collection"] == "served":
        return element("D:sync-token", call.state.token(calendar, version))
    if name == tag("CS:getctag"):
        if not call.switches["ctag"]:
            call.switches.fire("ctag")
            return None
        return element("CS:getctag", f"ctag-{calendar.id[:8]}-{version}")
    if name == tag("C:supported-calendar-component-set"):
        comps = (element("C:comp", None, name=kind) for kind in calendar.components)
        return element("C:supported-calendar-component-set", None, *comps)
    if name == tag("D:getetag") and call.switches.fires("calendar_etag", True):
        return element("D:getetag", f'"{calendar.id[:8]}-{version}"')
    if name == tag("C:max-resource-size"):
        return element("C:max-resource-size", str(call.switches["max_object_bytes"]))
    if name == tag("C:supported-calendar-data"):
        data = element("C:calendar-data", None, **{"content-type": "text/calendar", "version": "2.0"})
        return element("C:supported-calendar-data", None, data)
    return None


def _of_principal(call: Call, account: Account, name: str) -> Element | None:
    match name:
        case "{DAV:}displayname":
            if call.switches.fires("principal_name", False):
                return None
            return element("D:displayname", account.name)
        case "{DAV:}principal-URL":
            return hrefs("D:principal-URL", call.at.principal(account))
        case "{urn:ietf:params:xml:ns:caldav}calendar-home-set":
            return hrefs("C:calendar-home-set", call.at.home(account))
        case "{urn:ietf:params:xml:ns:caldav}calendar-user-address-set":
            own = (f"mailto:{account.email}", call.at.principal(account))
            return hrefs("C:calendar-user-address-set", *own)
    scheduling = {"{urn:ietf:params:xml:ns:caldav}schedule-inbox-URL": "inbox"} | {
        "{urn:ietf:params:xml:ns:caldav}schedule-outbox-URL": "outbox"
    }
    if name in scheduling and call.switches["scheduling"]:
        return hrefs(f"C:schedule-{scheduling[name]}-URL", call.at.calendar(account, scheduling[name]))
    return None


def _http_date(moment: datetime) -> str:
    return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)
