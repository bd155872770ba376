"""The adapter alone against profiles of the CalDAV stand-in: what people and we do is found on both sides.

A small client keeps what it was shown, as the core does: by cursor, or by a full listing where that is refused. `make
test` takes the hardest profiles, `make prove` all. Not here: passes (test_apple_passes), what a switch means
(syncd/sandbox/caldav).
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

import pytest

import adapters.apple
from adapters.apple.calendar import AppleCalendar
from syncd.errors import AdapterError, AuthRevoked, CalendarGone, CursorExpired, Forbidden, Rejected, Stale, Transient
from syncd.model import Cursor, Event, Gone, Observation, Ref
from syncd.ports import Account, Edit, Erasure, Outcome, knowing
from syncd.sandbox.caldav import PROFILES, CaldavServer, CaldavState, Hands
from syncd.sandbox.clock import SandboxClock
from tests.adapters.apple_world import BRIDGE, EMAIL, NOW, WINDOW, at, draft, event, fixture, ics, shown
from tests.proving import PROVE

T = TypeVar("T")
PASSWORD: Final = "abcd-efgh-ijkl-mnop"
HOME: Final = "home/"
_TRIES: Final = 12


class Clock:
    """Moves on a minute with each look, so that nobody waits for a busy server."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        self.at += timedelta(minutes=1)
        return self.at


@dataclass
class Mirror:
    """One calendar as a client knows it: object name → version and items."""

    calendar: AppleCalendar
    cursor: Cursor | None = None
    versions: dict[str, str] = field(default_factory=dict)
    items: dict[Ref, Observation] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)

    async def refresh(self) -> None:
        """Read what is new; anything that is refused for a while is asked for again."""
        await again(self._read)

    async def audit(self) -> None:
        """Read and compare everything, as the core does once a day."""
        self.cursor = None
        await self.refresh()

    async def _read(self) -> None:
        known = knowing(self.versions)
        try:
            changes = await self.calendar.read(self.cursor or WINDOW, known)
        except CursorExpired:
            self.cursor = None
            changes = await self.calendar.read(WINDOW, known)
        assert changes.complete
        gone = {row.group for row in changes.removed}
        if changes.listed is not None:
            gone |= set(self.versions) - changes.listed
        for name in {*gone, *changes.groups}:
            self.versions.pop(name, None)
            self.items = {ref: item for ref, item in self.items.items() if item.traits.group != name}
        for item in changes.observations:
            self.items[item.ref] = item
            self.versions[str(item.traits.group)] = str(item.fingerprint)
        self.broken = {one.group for one in changes.broken}
        if not any(one.passing for one in changes.broken):
            self.cursor = changes.cursor

    @property
    def titles(self) -> list[str]:
        return sorted({str(item.event.title) for item in self.items.values()})

    def ref(self, title: str) -> Ref:
        return next(ref for ref, item in self.items.items() if item.event.title == title)


async def again(call: Callable[[], Awaitable[T]]) -> T:
    """The call, as often as a server that is busy, or has moved the account, lets it pass."""
    for _ in range(_TRIES):
        try:
            return await call()
        except Transient as error:
            if error.applied:
                raise
    raise AssertionError("it never passed")


@dataclass
class Caldav:
    """The stand-in with one account, its owner's hands, and the account as we open it."""

    state: CaldavState
    server: CaldavServer
    account: Account

    @property
    def home(self) -> Hands:
        return Hands(self.state, EMAIL)

    @property
    def ours(self) -> Hands:
        return Hands(self.state, EMAIL, "syncd-one")

    def open(self, calendar: str) -> Mirror:
        opened = self.account.open(calendar, zone="Europe/Berlin", collection=calendar)
        assert isinstance(opened, AppleCalendar)
        return Mirror(opened)

    @property
    def fired(self) -> dict[str, int]:
        return dict(self.state.switches.fired)


@asynccontextmanager
async def caldav(profile: str, password: str = PASSWORD) -> AsyncIterator[Caldav]:
    state = CaldavState(SandboxClock(NOW, rate=0))
    state.add_account(EMAIL, "Summer2026!", app_passwords=(PASSWORD,))
    state.add_calendar(EMAIL, "home")
    state.switches.take(profile)
    server = CaldavServer(state)
    await server.start()
    account = adapters.apple.create(url=server.base_url, email=EMAIL, password=password, clock=Clock(), bridge=BRIDGE)
    try:
        yield Caldav(state, server, account)
    finally:
        await account.aclose()
        await server.stop()


_CHOSEN: Final = sorted(PROFILES) if PROVE else ["icloud-troubled", "davical", "nextcloud", "no-sync-collection"]


@pytest.fixture(params=_CHOSEN)
async def dav(request: pytest.FixtureRequest) -> AsyncIterator[Caldav]:
    async with caldav(request.param) as one:
        yield one


def single(title: str, hour: int = 9) -> str:
    times = (f"DTSTART:20261201T{hour:02}0000Z", f"DTEND:20261201T{hour + 1:02}0000Z")
    alarm = ("BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "DESCRIPTION:Soon", "END:VALARM")
    return ics(*times, f"SUMMARY:{title}", "X-TRAVEL-TIME;X-FROM=home:PT20M", *alarm, uid=f"uid-{title}")


def succeeded(outcome: Outcome) -> Observation:
    assert not isinstance(outcome, AdapterError), repr(outcome)
    return outcome


async def test_what_people_do_is_seen_once_and_what_is_idle_brings_nothing(dav: Caldav) -> None:
    for number in range(9):
        dav.home.put(f"e{number}.ics", single(f"Event {number}", number))
    dav.home.put("s.ics", fixture("weekly_series"))
    mirror = dav.open(HOME)
    await mirror.refresh()
    assert {f"Event {number}" for number in range(9)} < set(mirror.titles)
    assert len([ref for ref in mirror.items if ref.id.startswith("s.ics")]) == 51
    before = dict(mirror.items)
    await mirror.refresh()
    assert mirror.items == before
    dav.home.edit("e0.ics", ("SUMMARY:Event 0", "SUMMARY:Moved"))
    dav.home.delete("e1.ics")
    dav.home.put("e9.ics", single("Event 9", 10))
    dav.state.expire_tokens()
    await mirror.refresh()
    await mirror.audit()  # where a token is taken that means nothing, this is what finds them
    assert {"Moved", "Event 9"} < set(mirror.titles)
    assert not {"Event 0", "Event 1"} & set(mirror.titles)
    assert not mirror.broken


async def test_what_we_write_lies_there_once_and_edits_meet_edits(dav: Caldav) -> None:
    made = await again(lambda: dav.account.make_calendar("one", "Sessions"))
    assert made.id == "syncd-one/"
    assert (await again(lambda: dav.account.make_calendar("one", "Sessions"))).id == made.id
    assert made.id in {one.id for one in await again(dav.account.calendars)}
    mirror = dav.open(made.id)
    for number in range(6):
        given = draft(f"key-{number}", event(at(1 + number), f"Session {number}"))
        succeeded((await again(lambda given=given: mirror.calendar.create([given])))[0])  # type: ignore[misc]
    assert len(dav.ours.objects()) == 6
    await mirror.refresh()
    assert mirror.titles == [f"Session {number}" for number in range(6)]
    await _edited(dav, mirror)
    await _deleted(dav, mirror)
    assert not dav.state.mailed


async def _edited(dav: Caldav, mirror: Mirror) -> None:
    mine, theirs = mirror.ref("Session 0"), mirror.ref("Session 1")
    seen = mirror.items[theirs].version
    dav.ours.edit(theirs.id, ("SUMMARY:Session 1", "SUMMARY:Theirs"), ("END:VEVENT", "X-OURS:no\r\nEND:VEVENT"))
    edit = Edit(mine, Event(title="Mine"), mirror.items[mine].version)
    assert succeeded((await again(lambda: mirror.calendar.update([edit])))[0]).event.title == "Mine"
    (late,) = await again(lambda: mirror.calendar.update([Edit(theirs, Event(title="Late"), seen)]))
    assert isinstance(late, Stale)
    await mirror.refresh()
    await mirror.audit()
    assert {"Mine", "Theirs"} < set(mirror.titles)
    edit = Edit(theirs, Event(location="Garden"), mirror.items[theirs].version)
    succeeded((await again(lambda: mirror.calendar.update([edit])))[0])
    text = dav.ours.text(theirs.id)
    assert ("X-OURS:no" in text, "LOCATION:Garden" in text, "SUMMARY:Theirs" in text) == (True, True, True)


async def _deleted(dav: Caldav, mirror: Mirror) -> None:
    await mirror.refresh()
    await mirror.audit()
    for ref in list(mirror.items):
        erasure = Erasure(ref, mirror.items[ref].version)
        (gone,) = await again(lambda erasure=erasure: mirror.calendar.delete([erasure]))  # type: ignore[misc]
        assert succeeded(gone).absence is not None
    assert dav.ours.objects() == {}
    await mirror.refresh()
    await mirror.audit()
    assert mirror.titles == []


async def test_an_occurrence_is_edited_and_cancelled_with_everything_else_kept(dav: Caldav) -> None:
    dav.home.put("s.ics", fixture("weekly_series"))
    mirror = dav.open(HOME)
    await mirror.refresh()
    first, second = (Ref(HOME, f"s.ics#{rid}") for rid in ("20261117T170000Z", "20261124T170000Z"))
    version = mirror.items[first].version
    edits = [Edit(one, Event(title=f"Once {one.id[-10:-8]}"), version) for one in (first, second)]
    before = dav.home.calendar.version
    for outcome in await again(lambda: mirror.calendar.update(edits)):
        succeeded(outcome)
    assert dav.home.calendar.version == before + 1  # both in one
    await mirror.refresh()
    await mirror.audit()
    erasure = Erasure(first, mirror.items[first].version)
    succeeded((await again(lambda: mirror.calendar.delete([erasure])))[0])
    await mirror.refresh()
    await mirror.audit()
    assert first not in mirror.items
    assert mirror.items[second].event.title == "Once 24"
    assert len(mirror.items) == 50
    text = dav.home.text("s.ics")
    for kept in ("X-COLOUR-OF-MINE;X-P=1:teal", "TRIGGER:-PT10M", "SUMMARY:Pilates (moved)", ":20261103T180000"):
        assert kept in text


async def test_a_calendar_that_its_owner_renames_is_the_same_and_one_that_is_deleted_is_gone(dav: Caldav) -> None:
    made = await again(lambda: dav.account.make_calendar("one", "Sessions"))
    mirror = dav.open(made.id)
    dav.ours.change_calendar(name="Mine & yours", colour="#FF0000FF", order="1")
    succeeded((await again(lambda: mirror.calendar.create([draft("key-1")])))[0])
    assert (await again(lambda: dav.account.make_calendar("one", "Sessions"))).id == made.id
    await mirror.refresh()
    dav.ours.delete_calendar()
    with pytest.raises(CalendarGone):
        await again(lambda: mirror.calendar.read(WINDOW))
    (item,) = mirror.items.values()
    with pytest.raises(CalendarGone):
        await again(lambda: mirror.calendar.delete([Erasure(item.ref, item.version)]))


async def test_what_is_asked_for_by_name_and_is_not_there_keeps_nothing_else_from_being_read(dav: Caldav) -> None:
    names = [f"e{number}.ics" for number in range(9)]
    for name in names:
        dav.home.put(name, single(name.removesuffix(".ics")))
    mirror = dav.open(HOME)
    refs = [Ref(HOME, name) for name in ("none.ics", *names, "neither.ics")]
    got = await again(lambda: mirror.calendar.get(refs))
    assert [got[ref].event.title for ref in refs[1:-1]] == [name.removesuffix(".ics") for name in names]
    for ref in (refs[0], refs[-1]):
        absence = got[ref].absence
        assert absence is not None
        assert absence.kind is Gone.GONE


async def test_an_object_that_is_listed_and_never_there_keeps_nothing_else_from_being_read() -> None:
    async with caldav("icloud-troubled") as dav:
        mirror = dav.open(HOME)
        dav.home.put("a.ics", single("Event"))
        dav.home.put("ghost.ics", single("Ghost"))
        await mirror.refresh()
        assert (mirror.titles, mirror.broken) == (["Event"], {"ghost.ics"})
        assert mirror.cursor is not None
        dav.home.put("b.ics", single("Another"))
        dav.home.put("ghost-2.ics", single("Ghost again"))
        await mirror.refresh()
        assert (mirror.titles, mirror.broken) == (["Another", "Event"], {"ghost-2.ics"})
        assert dav.fired["unreadable"] >= 2


@pytest.mark.parametrize("profile", ["icloud", "strict-uid"])
async def test_a_uid_that_an_object_elsewhere_in_the_account_has_is_rejected(profile: str) -> None:
    async with caldav(profile) as dav:
        dav.home.put("theirs.ics", ics("DTSTART:20261201T090000Z", "DTEND:20261201T100000Z", uid="key-1@syncd"))
        made = await again(lambda: dav.account.make_calendar("one", "Sessions"))
        (outcome,) = await again(lambda: dav.open(made.id).calendar.create([draft("key-1")]))
        assert isinstance(outcome, Rejected)
        assert dav.fired["uid_scope"] == 1
        assert (list(dav.home.objects()), dav.ours.objects()) == (["theirs.ics"], {})


async def test_a_uid_that_lies_in_the_bin_is_rejected() -> None:
    async with caldav("nextcloud") as dav:
        calendar = dav.open(HOME).calendar
        made = succeeded((await calendar.create([draft("key-1")]))[0])
        succeeded((await calendar.delete([Erasure(made.ref, made.version)]))[0])
        (outcome,) = await calendar.create([draft("key-1")])
        assert isinstance(outcome, Rejected)
        assert dav.fired["trash_bin"] == 1


@pytest.mark.parametrize("status", ["421", "404", "301"])
async def test_an_account_that_moves_to_another_partition_is_followed_and_loses_nothing(status: str) -> None:
    async with caldav("icloud") as dav:
        dav.state.switches.set({"moved_status": status})
        dav.home.put("e.ics", single("Event"))
        mirror = dav.open(HOME)
        await mirror.refresh()
        item = mirror.items[mirror.ref("Event")]
        dav.home.move_partition()
        (gone,) = await again(lambda: mirror.calendar.delete([Erasure(item.ref, item.version)]))
        assert succeeded(gone).absence is not None
        assert dav.home.objects() == {}
        assert dav.fired.get("moved_status", 0) > 0 or status == "421"  # which is the switch's default


async def test_however_much_is_asked_at_once_multigets_come_one_after_the_other() -> None:
    async with caldav("icloud") as dav:
        dav.state.switches.set({"multiget_milliseconds": 5})
        for number in range(8):
            dav.home.put(f"e{number}.ics", single(f"Event {number}", number))
        mirror = dav.open(HOME)
        await mirror.refresh()
        edits = [Edit(ref, Event(title="Edited"), item.version) for ref, item in mirror.items.items()]
        others = asyncio.gather(*(dav.open(HOME).refresh() for _ in range(3)))
        outcomes = await mirror.calendar.update(edits)
        await others
        assert [succeeded(one).event.title for one in outcomes] == ["Edited"] * 8
        assert "multigets_at_once" not in dav.fired


async def test_the_accounts_own_password_is_refused_in_one_request_and_may_pass() -> None:
    async with caldav("icloud", "Summer2026!") as dav:
        with pytest.raises(AuthRevoked) as refused:
            await dav.account.identity()
        assert refused.value.passing
        assert dav.state.requests <= 1
        assert dav.fired["passwords"] == 1


async def test_a_shared_calendar_that_may_not_be_written_stops_the_connection() -> None:
    async with caldav("icloud") as dav:
        dav.home.put("e.ics", single("Event"))
        dav.home.share(writable=False)
        mirror = dav.open(HOME)
        await mirror.refresh()
        assert not (await mirror.calendar.check()).writable
        with pytest.raises(Forbidden):
            shown((await mirror.calendar.create([draft("key-1")]))[0])
