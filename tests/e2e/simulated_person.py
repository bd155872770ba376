"""An account at a simulator of ours: the person's hands act in its state, which is read raw. Names: calendar and id.

Not here: which simulator it is, and how its events look (google_person, microsoft_person); what clients do.
"""

import json
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, unquote

from syncd.sandbox.control import RequestLog
from tests.e2e.person import Entry, Person, end_of


class SimulatedPerson(Person):
    """`names`: of own events, by title. `verbs`: what a fault matches, by verb; `batch`: a batch that creates.

    `texts`: the simulator's names of texts.
    """

    zone: str
    names: dict[str, str]
    verbs: ClassVar[Mapping[str, Mapping[str, str]]]
    batch: ClassVar[Mapping[str, str]]
    texts: ClassVar[Mapping[str, str]]

    @property
    @abstractmethod
    def app(self) -> Any:
        """The simulator's application, with its log and its faults."""

    @property
    def log(self) -> RequestLog:
        found: RequestLog = self.app.log
        return found

    @abstractmethod
    def settings(self) -> str:
        """Its table of the configuration."""

    @abstractmethod
    def hands_in(self, calendar: str) -> Any:
        """The person's hands at one of the account's calendars."""

    @abstractmethod
    def listed(self) -> Iterable[str]:
        """The ids of all calendars of the account."""

    @abstractmethod
    def fields(self, more: Mapping[str, Any]) -> dict[str, Any]:
        """What `event` was told, as the hands take it; None for what was not told."""

    @abstractmethod
    def occurrence(self, name: str, original: datetime) -> str:
        """The id of one occurrence of a series."""

    @abstractmethod
    def is_copy(self, event: Any) -> bool:
        """Whether we made it; what a person copies is not ours."""

    @abstractmethod
    def entry(self, calendar: str, event: Any) -> Entry:
        """An event as it is read."""

    @abstractmethod
    def records(self, calendar: str) -> Iterable[Any]:
        """All that a calendar keeps, deleted records too."""

    @property
    def home(self) -> str:
        """The id of the person's own calendar."""
        return self.calendar

    @property
    def hands(self) -> Any:
        return self.hands_in(self.home)

    def requests(self) -> list[str]:
        return [row["operation"] for row in self.log.to_json()["requests"] if row["operation"]]

    # faults

    def spoil(self, verb: str, do: Mapping[str, Any], *, text: str = "", times: int = 1, skip: int = 0) -> None:
        more = {"body": text} if text else {}
        self.plant(do, {**self.verbs[verb], **more}, times=times, skip=skip)
        if verb == "create" and not text:
            self.plant(do, self.batch, times=times, skip=skip)

    def plant(self, do: Mapping[str, Any], match: Mapping[str, str], **more: int) -> None:
        self.app.faults.add({"do": dict(do), "match": dict(match), **more})

    def heal(self) -> None:
        self.app.faults.clear()

    def empty_listings(self) -> None:
        self.plant({"expire_tokens": True, "empty": True}, self.verbs["read"], times=-1)

    # hands

    async def event(self, title: str, start: date, end: date | None = None, **more: Any) -> str:
        zone = more.pop("zone", self.zone) or "UTC"
        until, known, fields = end_of(start, end), self.names.get(title), self.fields(more)
        if known is not None:
            named = {self.texts["title"]: title}
            self._at(known).edit(identified(known), start=start, end=until, zone=zone, **named, **fields)
            return known
        said = {name: value for name, value in fields.items() if value is not None}
        made = self.hands.add(title, start, until, zone=zone, **said)
        self.names[title] = named_in(self.home, made.id)
        return self.names[title]

    async def edit(self, name: str, **changes: Any) -> None:
        named = {self.texts.get(what, what): value for what, value in changes.items()}
        self._at(name).edit(identified(name), **named)

    async def remove(self, name: str) -> None:
        self._at(name).delete(identified(name))
        self.names = {title: known for title, known in self.names.items() if known != name}

    async def edit_occurrence(self, name: str, original: datetime, title: str, start: datetime) -> None:
        fields = {self.texts["title"]: title, "start": start, "end": start + timedelta(hours=1)}
        self._at(name).edit(self.occurrence(name, original), **fields)

    async def remove_occurrence(self, name: str, original: datetime) -> None:
        self._at(name).delete(self.occurrence(name, original))

    async def remove_calendar(self, calendar: str) -> None:
        self.hands_in(calendar).remove_calendar()

    # raw

    async def own(self) -> dict[str, Entry]:
        rows = [self.entry(self.home, event) for event in self.hands.events() if not self.is_copy(event)]
        return {row.key: row for row in rows}

    async def copies(self) -> list[Entry]:
        return [self.entry(calendar, event) for calendar, event in self._everything() if self.is_copy(event)]

    async def raw(self, name: str) -> str:
        ref = identified(name)
        kept = [one for one in self.records(calendar_of(name)) if ref in (one.id, one.series_id)]
        return json.dumps([{**asdict(one), "updated": "", "modified": ""} for one in kept], default=str)

    def _everything(self) -> Iterator[tuple[str, Any]]:
        for calendar in self.listed():
            yield from ((calendar, event) for event in self.hands_in(calendar).events())

    def _at(self, name: str) -> Any:
        return self.hands_in(calendar_of(name))


def named_in(calendar: str, ref: str) -> str:
    """The name of an event, by the ids of its calendar and its own."""
    return "/".join(quote(one, safe="@") for one in (calendar, ref))


def identified(name: str) -> str:
    """The id of an event within its calendar."""
    return unquote(name.partition("/")[2])


def calendar_of(name: str) -> str:
    """The id of its calendar."""
    return unquote(name.partition("/")[0])
