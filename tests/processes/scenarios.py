"""What a pass is about to write when it is stopped, and what people do while it sleeps.

Not here: stopping, waking and the other process (test_paused).
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar, Final

from syncd.model import Side
from tests.e2e.outside import lines
from tests.e2e.studio import Studio, local, spans

NONE: Final[Mapping[str, int]] = MappingProxyType({})


class Stop(StrEnum):
    """Where the first process is stopped."""

    BEFORE = "the intent is journalled, nothing is sent"
    FLYING = "sent, and applied when the other process is done"
    LANDED = "applied, its answer not read"
    ANSWERED = "answered, not recorded"

    @property
    def is_applied(self) -> bool:
        """Whether the write has taken effect when the other process comes."""
        return self in (Stop.LANDED, Stop.ANSWERED)


class Scenario(ABC):
    """One write. `late`: the status of one that is applied last of all; `left`: how many blocks it leaves then that
    somebody must look at."""

    name: ClassVar[str]
    action: ClassVar[str]
    side: ClassVar[Side]
    match: ClassVar[Mapping[str, str]]
    late: ClassVar[int]
    left: ClassVar[int] = 0

    @abstractmethod
    async def prepare(self, studio: Studio) -> None:
        """Leave the write to the next pass."""

    @abstractmethod
    async def meanwhile(self, studio: Studio, stop: Stop) -> None:
        """What people do before the other process has its pass."""

    @abstractmethod
    async def afterwards(self, studio: Studio) -> None:
        """What they do after it."""

    @abstractmethod
    def expected(self, stop: Stop) -> dict[str, Counter[str]]:
        """What lies there in the end, as `found` shows it."""


async def found(studio: Studio) -> dict[str, Counter[str]]:
    """Everything on both sides, raw: place → title and local start."""
    seen = {name: Counter[str]() for name in ("sessions", "blocks")}
    for row in (await studio.at_wix()).values():
        name = "blocks" if "[syncd " in (row.get("notes") or "") else "sessions"
        seen[name][f"{row['title']} {row['start']['localDate'][8:16]}"] += 1
    for name, calendar in (("events", "home/"), ("copies", await _made(studio))):
        texts = (await studio.outside.objects(calendar)).values() if calendar else ()
        seen[name] = Counter(f"{lines(text, 'SUMMARY')[0]} {_short(lines(text, 'DTSTART')[0])}" for text in texts)
    return seen


def lies(sessions: str = "", blocks: str = "") -> dict[str, Counter[str]]:
    """What both sides hold when every session has its copy and every event its block; `|` between two."""
    there = {"sessions": sessions, "copies": sessions, "blocks": blocks, "events": blocks}
    return {name: Counter(text.split("|") if text else ()) for name, text in there.items()}


# what people do


async def _synced(studio: Studio, *, sessions: Mapping[str, int] = NONE, events: Mapping[str, int] = NONE) -> None:
    """A connection that has carried over sessions at nine and events at three, by title and day; eleven minutes on."""
    await studio.connect()
    for title, day in sessions.items():
        studio.session(title, local(day, "09:00"))
    for title, day in events.items():
        await studio.event(title, local(day, "15:00"))
    await studio.sync()
    studio.clock.advance(660)


async def _session(studio: Studio, title: str) -> str:
    """The id of the session that has a title now."""
    return next(ref for ref, row in (await studio.at_wix()).items() if row["title"] == title)


def _an_hour_later(day: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """The edit of an object that lasts from nine to ten on a day."""
    return (f"{day}T100000", f"{day}T110000"), (f"{day}T090000", f"{day}T100000")


async def _made(studio: Studio) -> str | None:
    calendars = [name for name in await studio.outside.calendars() if name.startswith("syncd-")]
    return calendars[0] if calendars else None


def _short(text: str) -> str:
    return f"{text[6:8]}T{text[9:11]}:{text[11:13]}"


# the writes


class _BulkAtTheSite(Scenario):
    """Made late, all four blocks are there twice: exact twins are removed, and R29 leaves and lists the others."""

    name, action, side, late, left = "a bulk create at the site", "create", Side.WIX, 200, 2
    match = MappingProxyType({"method": "POST", "path": r"/bulk/events/create$"})

    async def prepare(self, studio: Studio) -> None:
        await _synced(studio)
        for day in range(5, 9):
            await studio.event(f"Errand {day}", local(day, "15:00"))

    async def meanwhile(self, studio: Studio, _: Stop) -> None:
        await studio.outside.edit("home/", "errand-5.ics", ("SUMMARY:Errand 5", "SUMMARY:Errand five"))

    async def afterwards(self, studio: Studio) -> None:
        studio.edit(await _session(studio, "Errand 6"), title="Errand six")

    def expected(self, stop: Stop) -> dict[str, Counter[str]]:
        blocks = "Errand five 07T15:00|Errand six 08T15:00|Errand 7 09T15:00|Errand 8 10T15:00"
        late = Counter({"Errand 5 07T15:00": 1, "Errand 6 08T15:00": 1} if stop is Stop.FLYING else {})
        there = lies(blocks=blocks)
        return {**there, "blocks": there["blocks"] + late}


class _CancelAtTheSite(Scenario):
    """Of a session whose copy is gone: seen once; the pass that cancels is the next, as the session is the original."""

    name, action, side, late = "a cancellation at the site", "delete", Side.WIX, 428
    match = MappingProxyType({"method": "POST", "path": r"/cancel$"})

    async def prepare(self, studio: Studio) -> None:
        await _synced(studio, sessions={"Yoga": 5, "Pilates": 6})
        await studio.remove_copy("Yoga")
        await studio.sync()

    async def meanwhile(self, studio: Studio, stop: Stop) -> None:
        """Where Wix has it not yet; one on its way there has no precondition, and would take this too."""
        if stop is Stop.BEFORE:
            studio.edit(await _session(studio, "Yoga"), title="Yoga kept")
        studio.edit(await _session(studio, "Pilates"), title="Pilates later")

    async def afterwards(self, studio: Studio) -> None:
        await studio.edit_copy("Pilates later", *_an_hour_later("20260308"))

    def expected(self, stop: Stop) -> dict[str, Counter[str]]:
        return lies("Pilates later 08T10:00" + ("|Yoga kept 07T09:00" if stop is Stop.BEFORE else ""))


class _UpdateOutside(Scenario):
    name, action, side, late = "an update outside", "update", Side.EXTERNAL, 412
    match = MappingProxyType({"method": "PUT", "path": r"\.ics$"})

    async def prepare(self, studio: Studio) -> None:
        await _synced(studio, sessions={"Yoga": 5})
        studio.edit(await _session(studio, "Yoga"), title="Power yoga")

    async def meanwhile(self, studio: Studio, _: Stop) -> None:
        (name,) = await studio.outside.objects(await studio.dedicated())
        await studio.outside.edit(await studio.dedicated(), name, *_an_hour_later("20260307"))

    async def afterwards(self, studio: Studio) -> None:
        studio.edit(await _session(studio, "Power yoga"), notes="Bring a mat")

    def expected(self, _: Stop) -> dict[str, Counter[str]]:
        return lies("Power yoga 07T10:00")


class _CreateOutside(Scenario):
    name, action, side, late = "a create outside", "create", Side.EXTERNAL, 412
    match = MappingProxyType({"method": "PUT", "path": r"\.ics$"})

    async def prepare(self, studio: Studio) -> None:
        await _synced(studio, sessions={"Pilates": 6})
        studio.session("Yoga", local(5, "09:00"))

    async def meanwhile(self, studio: Studio, _: Stop) -> None:
        studio.edit(await _session(studio, "Yoga"), title="Yoga for two")

    async def afterwards(self, studio: Studio) -> None:
        await studio.edit_copy("Yoga for two", *_an_hour_later("20260307"))

    def expected(self, _: Stop) -> dict[str, Counter[str]]:
        return lies("Pilates 08T09:00|Yoga for two 07T10:00")


class _DeleteOutside(Scenario):
    """Of an event whose block is gone: seen once; the pass that deletes is the next, as the event is the original."""

    name, action, side, late = "a delete outside", "delete", Side.EXTERNAL, 412
    match = MappingProxyType({"method": "DELETE", "path": r"\.ics$"})

    async def prepare(self, studio: Studio) -> None:
        await _synced(studio, events={"Dentist": 5, "Errand": 6})
        studio.cancel(await _session(studio, "Dentist"))
        await studio.sync()

    async def meanwhile(self, studio: Studio, stop: Stop) -> None:
        if not stop.is_applied:
            await studio.outside.edit("home/", "dentist.ics", ("SUMMARY:Dentist", "SUMMARY:Dentist again"))
        await studio.outside.edit("home/", "errand.ics", ("SUMMARY:Errand", "SUMMARY:Errand later"))

    async def afterwards(self, studio: Studio) -> None:
        studio.edit(await _session(studio, "Errand later"), **spans(local(6, "16:00")))

    def expected(self, stop: Stop) -> dict[str, Counter[str]]:
        return lies(blocks="Errand later 08T16:00" + ("" if stop.is_applied else "|Dentist again 07T15:00"))


_WRITES: Final = (_BulkAtTheSite(), _CancelAtTheSite(), _UpdateOutside(), _CreateOutside(), _DeleteOutside())
SCENARIOS: Final[Mapping[str, Scenario]] = {one.name: one for one in _WRITES}
