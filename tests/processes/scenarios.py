"""What a pass is about to write when it is stopped, and what people do while it sleeps.

Not here: stopping, waking and the other process (test_paused).
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from syncd.model import Side
from tests.e2e.outside import lines
from tests.e2e.studio import Studio, local


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


@dataclass(frozen=True, slots=True)
class Scenario:
    """One write. `prepare` leaves it to the next pass; `meanwhile` and `afterwards` are people's acts, before the

    other process has its pass and after it. `late`: the status of a write that is applied last of all; `left`: how many
    blocks it leaves that somebody must look at.
    """

    name: str
    action: str
    side: Side
    match: Mapping[str, str]
    prepare: Callable[[Studio], Awaitable[None]]
    meanwhile: Callable[[Studio, Stop], Awaitable[None]]
    afterwards: Callable[[Studio, Stop], Awaitable[None]]
    expected: Callable[[Stop], dict[str, Counter[str]]]
    late: int
    left: int = 0


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


def _an_hour_later(day: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """The edit of an object that lasts from nine to ten on a day."""
    return (f"{day}T100000", f"{day}T110000"), (f"{day}T090000", f"{day}T100000")


async def _made(studio: Studio) -> str | None:
    calendars = [name for name in await studio.outside.calendars() if name.startswith("syncd-")]
    return calendars[0] if calendars else None


def _short(text: str) -> str:
    return f"{text[6:8]}T{text[9:11]}:{text[11:13]}"


# a bulk create at the site


async def _four_errands(studio: Studio) -> None:
    await studio.connect()
    await studio.sync()
    studio.clock.advance(660)
    for day in range(5, 9):
        await studio.event(f"Errand {day}", local(day, "15:00"))


async def _an_errand_is_renamed(studio: Studio, _: Stop) -> None:
    await studio.outside.edit("home/", "errand-5.ics", ("SUMMARY:Errand 5", "SUMMARY:Errand five"))


async def _a_block_is_renamed(studio: Studio, _: Stop) -> None:
    block = (await studio.blocks())["Errand 6 2026-03-08T15:00"]
    studio.edit(block["id"], title="Errand six")


def _four_blocks(stop: Stop) -> dict[str, Counter[str]]:
    """Each once. Made late, all four are there twice: exact twins are removed, and R29 leaves and lists the others."""
    blocks = "Errand five 07T15:00|Errand six 08T15:00|Errand 7 09T15:00|Errand 8 10T15:00"
    late = Counter({"Errand 5 07T15:00": 1, "Errand 6 08T15:00": 1} if stop is Stop.FLYING else {})
    there = lies(blocks=blocks)
    return {**there, "blocks": there["blocks"] + late}


BULK: Final = Scenario(
    "a bulk create at the site",
    "create",
    Side.WIX,
    {"method": "POST", "path": r"/bulk/events/create$"},
    _four_errands,
    _an_errand_is_renamed,
    _a_block_is_renamed,
    _four_blocks,
    late=200,
    left=2,
)


# a cancellation at the site


async def _a_copy_is_removed(studio: Studio) -> None:
    """Seen once; the pass that cancels is the next one, since the session is the original."""
    await studio.connect()
    studio.session("Yoga", local(5, "09:00"))
    studio.session("Pilates", local(6, "09:00"))
    await studio.sync()
    studio.clock.advance(660)
    await studio.remove_copy("Yoga")
    await studio.sync()


async def _its_session_is_renamed(studio: Studio, stop: Stop) -> None:
    """Where Wix has not got the cancellation yet; one on its way there has no precondition, and would take this too."""
    rows = {row["title"]: ref for ref, row in (await studio.at_wix()).items()}
    if stop is Stop.BEFORE:
        studio.edit(rows["Yoga"], title="Yoga kept")
    studio.edit(rows["Pilates"], title="Pilates later")


async def _the_other_copy_is_moved(studio: Studio, _: Stop) -> None:
    await studio.edit_copy(
        "Pilates later", ("20260308T100000", "20260308T110000"), ("20260308T090000", "20260308T100000")
    )


CANCEL: Final = Scenario(
    "a cancellation at the site",
    "delete",
    Side.WIX,
    {"method": "POST", "path": r"/cancel$"},
    _a_copy_is_removed,
    _its_session_is_renamed,
    _the_other_copy_is_moved,
    lambda stop: lies("Pilates later 08T10:00" + ("|Yoga kept 07T09:00" if stop is Stop.BEFORE else "")),
    late=428,
)


# an update outside


async def _a_session_is_renamed(studio: Studio) -> None:
    await studio.connect()
    ref = studio.session("Yoga", local(5, "09:00"))
    await studio.sync()
    studio.clock.advance(660)
    studio.edit(ref, title="Power yoga")


async def _its_copy_is_moved(studio: Studio, _: Stop) -> None:
    (name,) = await studio.outside.objects(await studio.dedicated())
    await studio.outside.edit(await studio.dedicated(), name, *_an_hour_later("20260307"))


async def _it_gets_notes(studio: Studio, _: Stop) -> None:
    (ref,) = await studio.at_wix()
    studio.edit(ref, notes="Bring a mat")


PUT: Final = Scenario(
    "an update outside",
    "update",
    Side.EXTERNAL,
    {"method": "PUT", "path": r"\.ics$"},
    _a_session_is_renamed,
    _its_copy_is_moved,
    _it_gets_notes,
    lambda _: lies("Power yoga 07T10:00"),
    late=412,
)


# a create outside


async def _a_new_session(studio: Studio) -> None:
    await studio.connect()
    studio.session("Pilates", local(6, "09:00"))
    await studio.sync()
    studio.clock.advance(660)
    studio.session("Yoga", local(5, "09:00"))


async def _it_is_renamed(studio: Studio, _: Stop) -> None:
    ref = next(ref for ref, row in (await studio.at_wix()).items() if row["title"] == "Yoga")
    studio.edit(ref, title="Yoga for two")


async def _the_new_copy_is_moved(studio: Studio, _: Stop) -> None:
    await studio.edit_copy(
        "Yoga for two", ("20260307T100000", "20260307T110000"), ("20260307T090000", "20260307T100000")
    )


COPY: Final = Scenario(
    "a create outside",
    "create",
    Side.EXTERNAL,
    {"method": "PUT", "path": r"\.ics$"},
    _a_new_session,
    _it_is_renamed,
    _the_new_copy_is_moved,
    lambda _: lies("Pilates 08T09:00|Yoga for two 07T10:00"),
    late=412,
)


# a delete outside, of an original


async def _a_block_is_cancelled(studio: Studio) -> None:
    """Seen once; the pass that deletes is the next one, since the event is the original."""
    await studio.connect()
    await studio.event("Dentist", local(5, "15:00"))
    await studio.event("Errand", local(6, "15:00"))
    await studio.sync()
    studio.clock.advance(660)
    studio.cancel((await studio.blocks())["Dentist 2026-03-07T15:00"]["id"])
    await studio.sync()


async def _its_event_is_renamed(studio: Studio, stop: Stop) -> None:
    if not stop.is_applied:
        await studio.outside.edit("home/", "dentist.ics", ("SUMMARY:Dentist", "SUMMARY:Dentist again"))
    await studio.outside.edit("home/", "errand.ics", ("SUMMARY:Errand", "SUMMARY:Errand later"))


async def _the_other_block_is_moved(studio: Studio, _: Stop) -> None:
    block = (await studio.blocks())["Errand later 2026-03-08T15:00"]
    studio.edit(block["id"], start={"localDate": "2026-03-08T16:00:00"}, end={"localDate": "2026-03-08T17:00:00"})


DELETE: Final = Scenario(
    "a delete outside",
    "delete",
    Side.EXTERNAL,
    {"method": "DELETE", "path": r"\.ics$"},
    _a_block_is_cancelled,
    _its_event_is_renamed,
    _the_other_block_is_moved,
    lambda stop: lies(blocks="Errand later 08T16:00" + ("" if stop.is_applied else "|Dentist again 07T15:00")),
    late=412,
)

SCENARIOS: Final = {one.name: one for one in (BULK, CANCEL, PUT, COPY, DELETE)}
