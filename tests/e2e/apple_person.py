"""An account at the calendar server, behind the fault proxy: objects as text (RFC 5545). Names are paths.

Not here: plain HTTP past the proxy (outside).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from syncd.cli.compose import Credentials
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.control import RequestLog
from syncd.sandbox.ics import render
from syncd.sandbox.proxy import FaultProxy
from tests.e2e.outside import Outside, lines
from tests.e2e.person import Entry, Person, end_of, stamp

HOME: Final = "home/"
_VERBS: Final[Mapping[str, Mapping[str, str]]] = {
    "create": {"method": "PUT"},
    "change": {"method": "PUT"},
    "delete": {"method": "DELETE"},
    "read": {"method": "REPORT"},
    "make": {"method": "MKCALENDAR"},
}


@dataclass(slots=True)
class ApplePerson(Person):
    email: str
    password: str
    zone: str
    outside: Outside
    proxy: FaultProxy
    clock: SandboxClock
    provider: str = "apple"
    calendar: str = HOME
    wish: Mapping[str, Any] = field(default_factory=lambda: {"calendars": (HOME,)})
    idle: tuple[str, ...] = ("sync-collection", "sync-collection")
    refusal: Mapping[str, Any] = field(default_factory=lambda: {"status": 403})

    @property
    def log(self) -> RequestLog:
        return self.proxy.log

    def credentials(self) -> Credentials:
        return Credentials(self.email, self.password)

    def dead_credentials(self) -> Credentials:
        return Credentials(self.email, "wrong")

    def requests(self) -> list[str]:
        return [row["report"] or row["method"] for row in self.proxy.log.to_json()["requests"]]

    def spoil(self, verb: str, do: Mapping[str, Any], *, text: str = "", times: int = 1, skip: int = 0) -> None:
        match = {**_VERBS[verb], **({"body": text} if text else {})}
        self.proxy.plant({"do": do, "match": match, "times": times, "skip": skip})

    def heal(self) -> None:
        self.proxy.faults.clear()

    def edit_behind(self, title: str, theirs: str) -> None:
        edit = {"replace": [[f"SUMMARY:{title}", f"SUMMARY:{theirs}"]], "answer": "outdated"}
        self.proxy.plant({"do": {"foreign_edit": edit}})

    def empty_listings(self) -> None:
        self.proxy.plant({"do": {"refuse_token": 403}, "times": -1})
        self.proxy.plant({"do": {"empty": True}, "match": {"report": "sync-collection"}, "times": -1})

    async def event(self, title: str, start: date, end: date | None = None, **more: Any) -> str:
        name = re.sub(r"\W+", "-", title.lower())
        body = {"uid": f"{name}@home", "title": title, "start": start, "end": end_of(start, end), "zone": self.zone}
        await self.outside.put(HOME, f"{name}.ics", render({**body, **more}, stamp=self.clock.now()))
        return f"{HOME}{name}.ics"

    async def edit(self, name: str, **changes: Any) -> None:
        texts = {"title": "SUMMARY", "description": "DESCRIPTION"}
        edits = []
        for what, value in changes.items():
            if what in texts and value is None:
                edits.append((rf"{texts[what]}:.*\r?\n", ""))
            elif what in texts:
                edits.append((rf"(?m)^{texts[what]}:[^\r\n]*", f"{texts[what]}:{value}"))
            else:
                edge = f"DT{what.upper()}"
                edits.append((rf"(?m)^({edge}(?:;[^:\r\n]*)?):2\d{{3}}[\dTZ]+", rf"\g<1>:{stamp(value, self.zone)}"))
        await self.outside.edit(*_parted(name), *edits)

    async def remove(self, name: str) -> None:
        await self.outside.remove(*_parted(name))

    async def edit_occurrence(self, name: str, original: datetime, title: str, start: datetime) -> None:
        text = await self._text(name)
        place = f"TZID={self.zone}"
        rows = (
            "BEGIN:VEVENT",
            f"UID:{lines(text, 'UID')[0]}",
            "DTSTAMP:20260302T080000Z",
            f"RECURRENCE-ID;{place}:{stamp(original, self.zone)}",
            f"DTSTART;{place}:{stamp(start, self.zone)}",
            f"DTEND;{place}:{stamp(start + timedelta(hours=1), self.zone)}",
            f"SUMMARY:{title}",
            "END:VEVENT",
            "END:VCALENDAR",
        )
        await self.outside.put(*_parted(name), text.replace("END:VCALENDAR", "\r\n".join(rows)))

    async def remove_occurrence(self, name: str, original: datetime) -> None:
        line = f"EXDATE;TZID={self.zone}:{stamp(original, self.zone)}\r\n"
        await self.outside.edit(*_parted(name), ("(?=RRULE:)", line))

    async def duplicate(self, name: str, start: datetime) -> None:
        text = await self._text(name)
        await self.outside.put(HOME, "copied.ics", text.replace(lines(text, "UID")[0], "copied@home"))
        await self.edit(f"{HOME}copied.ics", start=start)

    async def invite(self, name: str, guest: str) -> None:
        rows = f"ORGANIZER:mailto:{self.email}\r\nATTENDEE:mailto:{guest}\r\nEND:VEVENT"
        await self.outside.edit(*_parted(name), ("END:VEVENT", rows))

    async def remove_calendar(self, calendar: str) -> None:
        await self.outside.remove(calendar)

    async def add_calendar(self, name: str) -> str:
        await self.outside.web.request("MKCALENDAR", f"{self.outside.root}{name}/")
        return f"{name}/"

    async def own(self) -> dict[str, Entry]:
        rows = [_entry(HOME, name, text) for name, text in (await self.outside.objects(HOME)).items()]
        return {row.key: row for row in rows}

    async def copies(self) -> list[Entry]:
        found = [(one, await self.outside.objects(one)) for one in await self.calendars()]
        return [_entry(one, name, text) for one, objects in found for name, text in objects.items()]

    async def calendars(self) -> list[str]:
        return [one for one in await self.outside.calendars() if one.startswith("syncd-")]

    async def raw(self, name: str) -> str:
        return await self._text(name)

    async def _text(self, name: str) -> str:
        calendar, file = _parted(name)
        return (await self.outside.objects(calendar))[file]


def _parted(name: str) -> tuple[str, str]:
    """Calendar and file."""
    calendar, _, file = name.partition("/")
    return f"{calendar}/", file


def _entry(calendar: str, name: str, text: str) -> Entry:
    def one(prop: str) -> str | None:
        found = lines(text, prop)
        return found[0] if found else None

    return Entry(
        f"{calendar}{name}",
        one("SUMMARY") or "",
        one("DTSTART") or "",
        one("DTEND") or "",
        one("DESCRIPTION"),
        one("LOCATION"),
        tuple(value.removeprefix("mailto:") for value in lines(text, "ATTENDEE")),
    )
