"""People's hands on a site and on a Google account, in the simulators' own words.

Not here: what all such hands have in common (two_sides), what people do at the site (site_acts), how both are put back
(google_stage), how both are read (studio_raw, google_raw).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from syncd.model import UNSEEN, AllDay, Event, Side, Timed, When
from syncd.run import Result
from syncd.sandbox.google import Hands as People
from syncd.sandbox.google.state import Calendar
from tests.interruption import google_raw
from tests.interruption.google_studio import EMAIL, GoogleStudio
from tests.interruption.hands import HOME, MADE, Like, Lying
from tests.interruption.studio_raw import sessions
from tests.interruption.two_sides import Lies, TwoSides

PRIMARY: Final = "primary"
_GUEST: Final = "guest@example.test"
_FIELDS: Final = {"title": "summary", "description": "description", "location": "location"}


class GoogleHands(TwoSides[GoogleStudio]):
    """The hands of people on a site and a Google account; see hands.Hands for the acts."""

    # items

    async def event(self, name: str, event: Event, like: Like = Like()) -> None:  # noqa: B008 - frozen
        calendar = self._calendar(like.on or HOME)
        self.items[name] = self._added(calendar, event, **_traits(like))

    async def weekly(self, side: Side, name: str, event: Event, count: int) -> None:
        if side is Side.WIX:
            self._weekly_sessions(name, event, count)
            return
        master = self.items[name] = self._added(PRIMARY, event, recurrence=[f"RRULE:FREQ=WEEKLY;COUNT={count}"])
        every = google_raw.living(self._people(PRIMARY).calendar)
        occurrences = sorted(one.id for one in every if one.series_id == master.id)
        assert len(occurrences) == count
        self.items |= {f"{name} {number}": replace(master, id=one) for number, one in enumerate(occurrences, 1)}

    async def calendar(self, name: str) -> None:
        self.studio.state.add_calendar(EMAIL, name)

    async def move(self, name: str, calendar: str) -> None:
        lies, there = self.items[name], self._calendar(calendar)
        moved = self._people(lies.calendar).move(lies.id, there)
        self.items[name] = replace(lies, id=moved.id, calendar=there)

    def _added(self, calendar: str, event: Event, **traits: Any) -> Lies:
        fields = {name: value for name, value in {**_body(event), **traits}.items() if value is not None}
        made = self._people(calendar).add(fields.pop("summary", ""), fields.pop("start"), fields.pop("end"), **fields)
        return Lies(Side.EXTERNAL, made.id, calendar)

    async def _edit_outside(self, lies: Lies, change: Event) -> None:
        self._people(lies.calendar).edit(lies.id, **_body(change))

    async def _remove_outside(self, lies: Lies) -> None:
        self._people(lies.calendar).delete(lies.id)

    async def _duplicated(self, lies: Lies, name: str) -> str:  # noqa: ARG002 - Google names it
        return self._people(lies.calendar).copy(lies.id).id

    async def _turn(self, lies: Lies, like: Like) -> None:
        self._people(lies.calendar).edit(lies.id, **_traits(like))

    def _people(self, calendar: str) -> People:
        return People(self.studio.state, EMAIL, calendar)

    def _calendars(self) -> Mapping[str, Calendar]:
        """By the id under which the product knows them."""
        found = self.studio.state.calendars
        return {PRIMARY if ref == EMAIL else ref: calendar for ref, calendar in found.items()}

    def _calendar_ids(self) -> Collection[str]:
        return self._calendars()

    def _calendar(self, name: str) -> str:
        if name == HOME:
            return PRIMARY
        return next(ref for ref, calendar in self._calendars().items() if calendar.summary == name)

    # trouble

    async def expire_cursors(self) -> None:
        self.studio.state.expire_sync_tokens()

    # time, and what is there

    async def _pass(self) -> Sequence[Result]:
        return await self.studio.sync_all()

    def mailed(self) -> int:
        return super().mailed() + len(self.studio.state.mailed)

    async def raw(self) -> list[Lying]:
        found, collections = sessions(self.studio.site), await self._collections()
        for ref, place in self._places().items():
            found += google_raw.lying(self._calendars()[ref], place, collections[ref])
        return found

    def _places(self) -> dict[str, str]:
        """Calendar id → how scenarios call it; those that we made by the order of their keys.

        Two calendars with one key, of which one was asked for long before it was made, are one place: nothing may lie
        in both.
        """
        calendars = self._calendars()
        texts = {ref: str(calendar.fields.get("description", "")) for ref, calendar in calendars.items()}
        keys = self._keys()
        ours = [found for key in keys if (found := [ref for ref, text in texts.items() if f" {key}]" in text])]
        named = enumerate(ours, 1)
        made = {ref: MADE if number == 1 else f"{MADE} {number}" for number, refs in named for ref in refs}
        return {ref: calendar.summary for ref, calendar in calendars.items()} | {PRIMARY: HOME} | made


def _traits(like: Like) -> dict[str, Any]:
    """Fields of the API; None removes one."""
    guests = [{"email": EMAIL, "responseStatus": "accepted"}, {"email": _GUEST}] if like.guests else None
    return {"visibility": "private" if like.private else None, "attendees": guests}


def _body(event: Event) -> dict[str, Any]:
    """The shown fields as those of the API; None removes one."""
    body: dict[str, Any] = {}
    for name, field in _FIELDS.items():
        value = getattr(event, name)
        if value is not UNSEEN:
            body[field] = value
    if event.busy is not UNSEEN:
        body["transparency"] = "opaque" if event.busy else "transparent"
    return body | (_edges(event.when) if isinstance(event.when, Timed | AllDay) else {})


def _edges(when: When) -> dict[str, Any]:
    if isinstance(when, AllDay):
        return {"start": when.first, "end": when.until}
    return {"start": when.start, "end": when.end, "zone": when.tzid}
