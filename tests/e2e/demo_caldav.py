"""The account outside as any calendar app sees it: PROPFIND, GET, PUT and DELETE, parsed by icalendar.

Not here: syncd; none of its adapters is used.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import unquote

import httpx
import recurring_ical_events
from icalendar import Calendar, Event
from lxml import etree

from tests.e2e.demo_mirror import Lying
from tests.e2e.demo_values import Json, Shown, of_vevent, text_of

_SECONDS = 30.0
_ETAGS = b'<propfind xmlns="DAV:"><prop><resourcetype/><getetag/></prop></propfind>'
_DAV = "{DAV:}"
_CALENDAR = "{urn:ietf:params:xml:ns:caldav}calendar"
_ICS = "text/calendar; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Item:
    """One object of a calendar. `etag` is the version that was read."""

    href: str
    etag: str
    calendar: Calendar

    @property
    def event(self) -> Event:
        """Its VEVENT; of a series, the series itself."""
        return next(one for one in self.calendar.walk("VEVENT") if isinstance(one, Event))

    @property
    def shown(self) -> Shown:
        return of_vevent(self.event)

    def lying(self, start: datetime, end: datetime) -> list[Lying]:
        """What takes place of it in [start, end)."""
        found = recurring_ical_events.of(self.calendar).between(start, end)
        return [Lying(of_vevent(one), text_of(one, "transp") != "TRANSPARENT", _is_private(one)) for one in found]


class Account:
    """One account. An object is fetched again only when its ETag is another one."""

    def __init__(self, url: str, who: Json) -> None:
        auth = (who["email"], who["password"])
        self.web = httpx.Client(base_url=url, auth=auth, trust_env=False, timeout=_SECONDS)
        self._root = f"/{who['email']}/"
        self.home = f"{self._root}home/"
        self._read: dict[str, Item] = {}

    # reading

    def dedicated(self) -> list[str]:
        """The calendars beside the one that the account has had all along."""
        found = [href for href, row in self._listed(self._root) if row.find(f".//{_CALENDAR}") is not None]
        return sorted(href for href in found if href != self.home)

    def items(self, calendar: str) -> list[Item]:
        """Every object that lies in a calendar, at this moment."""
        found = []
        for href, row in self._listed(calendar):
            etag = row.findtext(f".//{_DAV}getetag") or ""
            if href == calendar or not etag:
                continue
            known = self._read.get(href)
            if known is None or known.etag != etag:
                known = self._fetched(href)
            self._read[href] = known
            found.append(known)
        return found

    def copies(self) -> list[Item]:
        """What lies in the calendar that was made for the schedule, of which there is one; none before it is made."""
        calendars = self.dedicated()
        if len(calendars) > 1:
            raise AssertionError(f"more than one calendar was made: {calendars}")
        return [item for calendar in calendars for item in self.items(calendar)]

    # writing, as the account's owner would

    def add(self, name: str, text: bytes) -> Item:
        """A new event in the owner's own calendar."""
        href = f"{self.home}{name}"
        self._put(href, text, {"If-None-Match": "*"})
        return self._fetched(href)

    def change(self, item: Item, texts: Json) -> None:
        """PUT the object with other properties, if it is still as it was read."""
        event = item.event
        for name, value in texts.items():
            event.pop(name, None)
            event.add(name, value)
        self._put(item.href, item.calendar.to_ical(), {"If-Match": item.etag})
        self._read.pop(item.href, None)

    def remove(self, item: Item) -> None:
        """DELETE, if it is still as it was read."""
        self.web.delete(item.href, headers={"If-Match": item.etag}).raise_for_status()

    def control(self, method: str, name: str) -> Json:
        """One of the proxy's `/_sandbox/…`; these are not in the request log."""
        answer = self.web.request(method, f"/_sandbox/{name}")
        answer.raise_for_status()
        found: Json = answer.json()
        return found

    def _listed(self, href: str) -> Iterator[tuple[str, etree._Element]]:
        answer = self.web.request("PROPFIND", href, headers={"depth": "1"}, content=_ETAGS)
        answer.raise_for_status()
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        for row in etree.fromstring(answer.content, parser).iter(f"{_DAV}response"):
            yield unquote(row.findtext(f"{_DAV}href") or ""), row

    def _fetched(self, href: str) -> Item:
        answer = self.web.get(href)
        answer.raise_for_status()
        return Item(href, answer.headers["etag"], Calendar.from_ical(answer.content))

    def _put(self, href: str, content: bytes, condition: dict[str, str]) -> None:
        self.web.put(href, content=content, headers={"Content-Type": _ICS, **condition}).raise_for_status()


def _is_private(event: Event) -> bool:
    return text_of(event, "class") in ("PRIVATE", "CONFIDENTIAL")


def at(items: list[Item], start: date) -> list[Item]:
    """The objects that begin at a moment."""
    return [item for item in items if item.shown.start == start]
