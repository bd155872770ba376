"""PROPFIND and PROPPATCH: properties read and set.

Not here: what they say (`properties.py`), and the properties of a new calendar (`calendars.py`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from syncd.sandbox.asgi import Reply
from syncd.sandbox.caldav import dav
from syncd.sandbox.caldav.calls import Call
from syncd.sandbox.caldav.dav import Element, Row, tag
from syncd.sandbox.caldav.errors import Refused
from syncd.sandbox.caldav.paths import CALENDAR, HOME, NOTHING, OBJECT, PRINCIPAL, ROOT
from syncd.sandbox.caldav.properties import PROTECTED, Resource, every, row

_COLOUR: Final = tag("A:calendar-color")
_NAME: Final = tag("D:displayname")


def propfind(call: Call) -> Reply:
    """The properties of a place, and with Depth 1 of what is in it."""
    depth = _depth(call)
    asked = _asked(call)
    rows = []
    for resource in _resources(call, depth):
        if asked.names_alone:
            found = [etree.Element(name) for name in every(call, resource)]
            rows.append(Row(call.at.href(resource.path), found=found))
        else:
            rows.append(row(call, resource, every(call, resource) if asked.tags is None else asked.tags))
    return call.multistatus(rows)


def proppatch(call: Call) -> Reply:
    """All properties are set and removed, or none (RFC 4918, 9.2). Only calendars have such."""
    if call.place.kind not in (CALENDAR, OBJECT):
        raise Refused(403 if call.place.kind != NOTHING else 404)
    calendar = call.writable()
    root = call.xml()
    if root.tag != tag("D:propertyupdate"):
        raise Refused(400)
    changes = [
        (child.tag == tag("D:set"), prop) for child in root for props in child for prop in dav.properties_of(props)
    ]
    tags = [str(prop.tag) for _, prop in changes]
    found = Row(call.at.href(call.at.calendar(call.owner(), calendar.slug)))
    protected = [name for name in tags if name in PROTECTED or call.place.kind == OBJECT]
    if protected:
        found.forbidden = protected
        return call.multistatus([found])
    for is_set, prop in changes:
        if is_set:
            set_property(call, calendar.props, prop)
        else:
            calendar.props.pop(str(prop.tag), None)
    found.found = [etree.Element(name) for name in tags]
    return call.multistatus([found])


def set_property(call: Call, props: dict[str, str], prop: Element) -> None:
    """Store a property that a client sets, as this server keeps it."""
    text = prop.text or ""
    if str(prop.tag) == _COLOUR and not text.startswith("#") and not call.switches["colour_names"]:
        call.switches.fire("colour_names")
        return
    if str(prop.tag) == _NAME and "&" in text and call.switches.fires("names_escaped", True):
        prop.text = text.replace("&", "&amp;")
    prop.tail = None
    props[str(prop.tag)] = etree.tostring(prop, encoding="unicode")


def _depth(call: Call) -> int:
    lenient = call.switches["depth_infinity"] == "as_1"
    text = call.request.headers.get("depth", "0" if lenient else "infinity").casefold()
    if text not in ("0", "1", "infinity"):
        raise Refused(400)
    if text == "infinity":
        if not call.switches.fires("depth_infinity", "as_1"):
            raise Refused(403, "D:propfind-finite-depth")
        text = "1"
    if text == "1" and call.place.kind == PRINCIPAL and call.switches.fires("principal_depth_1", "400"):
        raise Refused(400)
    return int(text)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Tags of the properties; without any all of them (`allprop`), or their `names_alone` (`propname`)."""

    tags: list[str] | None = None
    names_alone: bool = False


def _asked(call: Call) -> _Asked:
    if not call.request.body.strip():
        return _Asked()
    root = call.xml()
    if root.tag != tag("D:propfind") or len(root) == 0:
        raise Refused(400)
    for child in root:
        if child.tag == tag("D:prop"):
            return _Asked([str(prop.tag) for prop in dav.properties_of(child)])
    if root[0].tag not in (tag("D:propname"), tag("D:allprop")):
        raise Refused(400)
    return _Asked(names_alone=root[0].tag == tag("D:propname"))


def _resources(call: Call, depth: int) -> Iterator[Resource]:
    """The place itself, then what is in it. 404 where nothing is."""
    place = call.place
    if place.kind == ROOT:
        yield Resource(ROOT, "/")
        return
    owner = call.owner()
    match place.kind:
        case "principal":
            yield Resource(PRINCIPAL, call.at.principal(owner), owner)
        case "home":
            yield Resource(HOME, call.at.home_path(owner), owner)
            yield from _calendars(call) if depth else ()
        case "calendar":
            calendar = call.calendar()
            yield Resource(CALENDAR, call.at.calendar(owner, calendar.slug), owner, calendar)
            yield from _objects(call) if depth else ()
        case "object":
            stored = call.calendar().get(place.name, call.past)
            if stored is None:
                raise Refused(404)
            yield object_resource(call, stored.id)
        case _:
            raise Refused(404)


def _calendars(call: Call) -> Iterable[Resource]:
    owner = call.owner()
    listed = call.state.home(owner)
    shown = call.switches["other_collections"]
    if shown:
        call.switches.fire("other_collections")
    for calendar in listed:
        if shown or not calendar.special:
            yield Resource(CALENDAR, call.at.calendar(owner, calendar.slug), owner, calendar)


def _objects(call: Call) -> Iterable[Resource]:
    owner, calendar = call.owner(), call.calendar()
    for stored in calendar.living(call.past):
        yield Resource(OBJECT, call.at.object(owner, calendar.slug, stored.id), owner, calendar, stored)


def object_resource(call: Call, name: str) -> Resource:
    """An object of the place's calendar as a resource, in the state that is shown."""
    owner, calendar = call.owner(), call.calendar()
    stored = calendar.get(name, call.past)
    return Resource(OBJECT, call.at.object(owner, calendar.slug, name), owner, calendar, stored)
