"""REPORT: sync-collection, calendar-multiget, calendar-query (RFC 6578; RFC 4791, 7).

Not here: filters (`filters.py`), parts of calendar-data: an object is always told whole, or as its occurrences.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from lxml import etree

from syncd.sandbox.asgi import Reply, Request
from syncd.sandbox.caldav import dav, ical
from syncd.sandbox.caldav.calls import Call
from syncd.sandbox.caldav.dav import Element, NotXmlError, Row, element, tag
from syncd.sandbox.caldav.errors import Refused
from syncd.sandbox.caldav.filters import Filter
from syncd.sandbox.caldav.objects import is_unreadable
from syncd.sandbox.caldav.occurrences import FIRST, LAST, expanded, moment
from syncd.sandbox.caldav.paths import CALENDAR, NOTHING, OBJECT, place_of
from syncd.sandbox.caldav.properties import Resource, every, row
from syncd.sandbox.caldav.propfind import object_resource
from syncd.sandbox.caldav.state import Stored, SyncPoint

_DATA: Final = tag("C:calendar-data")
_LIMITED: Final = "D:number-of-matches-within-limits"


@dataclass(frozen=True, slots=True)
class ReportFacts:
    """What a REPORT is, read without judging it: its name and the token that it carries."""

    report: str = ""
    token: str = ""
    hrefs: int = 0


def facts_of(request: Request) -> ReportFacts:
    """The facts of any request; one that is no REPORT, or no XML, has none."""
    if request.method != "REPORT":
        return ReportFacts()
    try:
        root = dav.parsed(request.body)
    except NotXmlError:
        return ReportFacts()
    token = (root.findtext(tag("D:sync-token")) or "").strip()
    return ReportFacts(str(etree.QName(root).localname), token, len(root.findall(tag("D:href"))))


def report(call: Call) -> Reply:
    """Any report. 403 for one that the place does not support."""
    root = call.xml()
    if call.place.kind == NOTHING or (call.place.kind == CALENDAR and call.place.calendar is None):
        raise Refused(404)
    here = call.place.kind == CALENDAR and not call.calendar().special
    match str(root.tag):
        case "{DAV:}sync-collection" if here:
            return sync_collection(call, root)
        case "{urn:ietf:params:xml:ns:caldav}calendar-multiget" if here:
            return multiget(call, root)
        case "{urn:ietf:params:xml:ns:caldav}calendar-query" if here:
            return query(call, root)
        case "{urn:ietf:params:xml:ns:caldav}free-busy-query" if call.switches.fires("free_busy", "400"):
            raise Refused(400)
    raise Refused(403, "D:supported-report")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Properties of rows, and how bodies are told."""

    tags: Sequence[str]
    data: bool
    expand: Element | None

    @classmethod
    def of(cls, root: Element) -> "_Wanted":
        props = root.find(tag("D:prop"))
        tags = [] if props is None else [str(prop.tag) for prop in dav.properties_of(props)]
        data = None if props is None else props.find(_DATA)
        expand = None if data is None else data.find(tag("C:expand"))
        return cls([name for name in tags if name != _DATA], data is not None, expand)


def sync_collection(call: Call, root: Element) -> Reply:
    """What has changed since a token, in the order in which it changed (RFC 6578, 3)."""
    if call.switches["sync_collection"] != "served":
        call.switches.fire("sync_collection")
        status = int(call.switches["sync_collection"])
        raise Refused(status, "D:supported-report" if status == 403 else "")
    _check_sync(call, root)
    since = _since(call, (root.findtext(tag("D:sync-token")) or "").strip())
    calendar, wanted = call.calendar(), _Wanted.of(root)
    changed = sorted(_changed(call, since), key=lambda stored: stored.version)
    limit = _limit(call, root, since)
    shown, cut = (changed[:limit], len(changed) > limit) if limit else (changed, False)
    version = calendar.version_in(call.past)
    rows = [_sync_row(call, stored, wanted) for stored in shown]
    if call.switches.fires("lists_itself", True):
        rows.insert(0, row(call, _itself(call), wanted.tags))
    if cut and not _is_silent(call, root):
        call.switches.fire("page_size")
        rows.append(Row(call.at.href(_itself(call).path), status=507, condition=_LIMITED))
        version = shown[-1].version if shown else since or 0
    return call.multistatus(rows, call.state.token(calendar, version))


def multiget(call: Call, root: Element) -> Reply:
    """The objects of these addresses, a row for each (RFC 4791, 7.9)."""
    asked = [(href.text or "").strip() for href in root.iterfind(tag("D:href"))]
    limit = call.switches["multiget_limit"]
    if limit and len(asked) > limit:
        call.switches.fire("multiget_limit")
        asked = asked[:limit]
    wanted, rows = _Wanted.of(root), []
    for href in asked:
        path = _path(href)
        place = place_of(call.state, path)
        stored = None
        if place.kind == OBJECT and place.calendar is call.calendar():
            stored = call.calendar().get(place.name, call.past)
        if stored is not None and not is_unreadable(call, stored.id):
            rows.append(_body_row(call, stored, wanted))
        elif stored is not None or call.switches["multiget_missing"] == "404_row":
            rows.append(Row(call.at.href(path), status=404))
        else:
            call.switches.fire("multiget_missing")
            if call.switches["multiget_missing"] == "whole_404":
                raise Refused(404)
    return call.multistatus(_spoiled(call, rows, lone=len(asked) == 1))


def query(call: Call, root: Element) -> Reply:
    """The objects that a filter finds (RFC 4791, 7.8)."""
    if call.request.headers.get("depth", "0") == "0" and call.switches["report_depth"] == "rfc":
        call.switches.fire("report_depth")
        return call.multistatus([])
    found, wanted = Filter.of(call, root), _Wanted.of(root)
    rows = []
    for stored in call.calendar().living(call.past):
        if found.finds(stored) and not (wanted.data and is_unreadable(call, stored.id)):
            marked = found.has_range and b"RRULE:" in stored.body and call.switches.fires("range_marks", True)
            rows.append(_body_row(call, stored, wanted, marked=marked))
    return call.multistatus(_spoiled(call, rows, lone=len(rows) == 1) if wanted.data else rows)


def _check_sync(call: Call, root: Element) -> None:
    if call.request.headers.get("depth", "0") != "0" and call.switches["report_depth"] == "rfc":
        call.switches.fire("report_depth")
        raise Refused(400)
    if root.find(tag("D:sync-token")) is None or root.find(tag("D:prop")) is None:
        raise Refused(400)
    if (root.findtext(tag("D:sync-level")) or "1").strip() not in ("1", "infinite"):
        raise Refused(400)


def _since(call: Call, token: str) -> int | None:
    """The version that a token stands for; None for an empty one, and for a bad one where the server never says so."""
    if not token:
        return None
    known = _point(call, token)
    if known is not None and known.calendar_id == call.calendar().id and not _is_forgotten(call, known):
        return known.version
    if call.switches.fires("token_refusal", "initial"):
        return None
    call.switches.fire("token_refusal")
    raise Refused(int(call.switches["token_refusal"]), "D:valid-sync-token")


def _point(call: Call, token: str) -> SyncPoint | None:
    """What a token that is still good stands for; also one with something behind it, where a server takes that."""
    living = {text: point for text, point in call.state.tokens.items() if text not in call.state.dead_tokens}
    if token in living or not call.switches["token_prefix"]:
        return living.get(token)
    found = next((point for text, point in living.items() if token.startswith(text)), None)
    if found is not None:
        call.switches.fire("token_prefix")
    return found


def _is_forgotten(call: Call, point: SyncPoint) -> bool:
    calendar, life = call.calendar(), call.switches["token_writes"]
    if life and calendar.version - point.newest > life:
        call.switches.fire("token_writes")
        return True
    return point.version < calendar.last_deletion and call.switches.fires("deletes_spoil_tokens", True)


def _changed(call: Call, since: int | None) -> Iterable[Stored]:
    records = call.calendar().records(call.past)
    if since is not None:
        # An object shown as it was is named although its version is an old one.
        old = {one.id for one in records if call.past.back and re.search(call.past.ids, one.id)}
        return [stored for stored in records if stored.version > since or stored.id in old]
    dead = [stored for stored in records if stored.deleted]
    if dead and call.switches.fires("deleted_at_first", True):
        return records
    return [stored for stored in records if not stored.deleted]


def _limit(call: Call, root: Element, since: int | None) -> int:
    """How many rows there may be; 0 for any number. 507 where a limit is refused."""
    text = root.findtext(f"{tag('D:limit')}/{tag('D:nresults')}")
    asked = int(text) if text is not None and text.strip().isdecimal() else 0
    kind = call.switches["limit"]
    if asked:
        call.switches.fire("limit")
    if asked and kind == "refused_first" and since is None:
        raise Refused(507, _LIMITED)
    if kind == "ignored":
        asked = 0
    page = call.switches["page_size"]
    return min(asked, page) if asked and page else asked or page


def _is_silent(call: Call, root: Element) -> bool:
    return call.switches["limit"] in ("cut_silently", "refused_first") and root.find(tag("D:limit")) is not None


def _itself(call: Call) -> Resource:
    owner, calendar = call.owner(), call.calendar()
    return Resource(CALENDAR, call.at.calendar(owner, calendar.slug), owner, calendar)


def _sync_row(call: Call, stored: Stored, wanted: _Wanted) -> Row:
    resource = object_resource(call, stored.id)
    if stored.deleted or resource.stored is None:
        return Row(call.at.href(resource.path), status=404)
    return _body_row(call, stored, wanted)


def _body_row(call: Call, stored: Stored, wanted: _Wanted, *, marked: bool = False) -> Row:
    resource = object_resource(call, stored.id)
    found = row(call, resource, wanted.tags if wanted.tags or wanted.data else every(call, resource))
    if wanted.data:
        text = _told(stored, wanted.expand).decode("utf-8", "replace")
        found.found.append(element("C:calendar-data", ical.marked(text) if marked else text))
    return found


def _path(href: str) -> str:
    """The path of an address as a client sends it; "" for what is none."""
    try:
        return urlsplit(href).path
    except ValueError:
        return ""


def _told(stored: Stored, expand: Element | None) -> bytes:
    if expand is None:
        return stored.body
    if expand.get("start") is None or expand.get("end") is None:
        raise Refused(400)
    start, end = moment(expand.get("start"), FIRST), moment(expand.get("end"), LAST)
    return expanded(stored.body, start, end)


def _spoiled(call: Call, rows: list[Row], *, lone: bool) -> list[Row]:
    """The rows without those that the switches leave out, or with less in them; a lone one stays as it is."""
    if lone:
        return rows
    kept = []
    for one in rows:
        call.state.rows += 1
        if _is_turn(call, "dropped_rows"):
            continue
        if _is_turn(call, "bodiless_rows"):
            one.found = [prop for prop in one.found if prop.tag != _DATA]
            one.missing.append(_DATA)
        kept.append(one)
    return kept


def _is_turn(call: Call, name: str) -> bool:
    every_so = call.switches[name]
    if not every_so or call.state.rows % every_so:
        return False
    call.switches.fire(name)
    return True
