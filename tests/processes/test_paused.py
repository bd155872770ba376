"""A process that is stopped in the middle of its work, another that takes over, and the first one woken again.

What the first one finds out then is refused: it records nothing and sends nothing more. What it had sent already does
no lasting harm. The stops are real (SIGSTOP), the leases run out in real seconds.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from syncd.model import Side
from syncd.ports import JournalRow, WriteState
from syncd.store import leases
from syncd.store.tables import lease
from tests.e2e.studio import Studio, local
from tests.processes.gates import Gate
from tests.processes.scenarios import SCENARIOS, Scenario, Stop, found, lies
from tests.processes.workers import Worker, Workshop, until
from tests.proving import PROVE

pytestmark = pytest.mark.timeout(300)

_SECONDS: Final = 3  # of a lease: what a pass needs between two of its renewals, on a busy machine
_PASSES: Final = 10
_FIRST_WRITES: Final = 2  # as many as a process has under way at first
_SIDES: Final = {"wix": "wix", "external": "apple"}
_DATABASES: Final = {"sqlite": (), "postgresql": (pytest.mark.postgresql,)}
_SELDOM: Final = ("a create outside",)  # a PUT like the update
_OFTEN: Final = (Stop.BEFORE, Stop.FLYING, Stop.ANSWERED)


def _cases() -> Sequence[object]:
    """Everything in the full proof; else most scenarios and stops, on one database and on the other by turns."""
    cases = []
    for row, name in enumerate(SCENARIOS):
        for column, stop in enumerate(Stop):
            for number, (database, marks) in enumerate(_DATABASES.items()):
                if PROVE or ((row + column) % 2 == number and stop in _OFTEN and name not in _SELDOM):
                    cases.append(pytest.param(name, stop, database, marks=marks, id=f"{name}-{stop.name}-{database}"))
    return cases


@pytest.mark.parametrize(("name", "stop", "database_url"), _cases(), indirect=["database_url"])
async def test_what_a_woken_process_found_is_refused_and_no_edit_is_lost_or_doubled(
    studio: Studio, workshop: Workshop, gate: Gate, name: str, stop: Stop
) -> None:
    one = SCENARIOS[name]
    await one.prepare(studio)
    studio.clock.advance(60)  # the second look at what was deleted
    studio.forget_requests()
    with workshop.pass_(_stop_at(one, stop), lease=_SECONDS) as first:
        await _stopped(studio, gate, first, one, stop)
        mine = await _open(studio)
        assert [row.action.kind for row in mine] == [one.action] * len(mine) != []
        await until(lambda: _expired(studio))
        studio.clock.advance(60)  # a bulk may be under way for half a minute
        await one.meanwhile(studio, stop)
        await _taken_over(studio, workshop)
        await one.afterwards(studio)
        if stop is Stop.FLYING:
            await _lands(studio, gate, one)
        studio.forget_requests()
        first.wake()
        told = await first.passed()
    assert told["code"] == 1
    assert "another process took over" in told["error"]
    assert studio.written() == []
    assert [row for row in await studio.store.history(limit=1000) if row.run == told["run"]] == []
    assert {row.run for row in mine} == {told["run"]}
    await _at_rest(studio)
    assert await found(studio) == one.expected(stop)
    listed = [note.rule for note in await studio.store.notes()]
    assert listed == ["R29"] * (one.left if stop is Stop.FLYING else 0)


def _stop_at(one: Scenario, stop: Stop) -> str:
    """The point at which the process is to stop itself; none where it is stopped while it waits."""
    match stop:
        case Stop.BEFORE:
            return f"journalled {one.action} -"
        case Stop.ANSWERED:
            return f"answered {one.match['method']} {one.match['path']}"
    return ""


async def _stopped(studio: Studio, gate: Gate, first: Worker, one: Scenario, stop: Stop) -> None:
    """Until it is, at the point that is meant."""
    if stop in (Stop.FLYING, Stop.LANDED):
        gate.plant(_SIDES[one.side], one.match)
        await until(lambda: gate.held == 1 or first.is_over)
        first.pause()
    await first.paused()
    assert first.state == "T"
    if stop is Stop.LANDED:
        gate.let_go()
        await until(lambda: studio.written() != [])
    assert len(studio.written()) == (1 if stop.is_applied else 0)
    if stop.is_applied:
        assert studio.written()[0].split()[2] in ("200", "201", "204")


async def _taken_over(studio: Studio, workshop: Workshop) -> None:
    """Another process has its pass, which settles and writes what the first one left."""
    with workshop.pass_() as second:
        told = await second.passed()
    assert (told["code"], told["skipped"], told["error"]) == (0, None, None)
    assert await _open(studio) == []


async def _lands(studio: Studio, gate: Gate, one: Scenario) -> None:
    """What the first process sent is carried out at last, as far as its preconditions let it."""
    studio.forget_requests()
    gate.let_go()
    await until(lambda: studio.written() != [])
    assert [row.split()[2] for row in studio.written()] == [str(one.late)]
    if one.action == "create" and one.side is Side.WIX:
        assert (await found(studio))["blocks"].total() == 8  # doubled, for now


async def _at_rest(studio: Studio) -> None:
    """Passes eleven minutes apart until two in a row write nothing, and nothing is left to be done."""
    quiet = 0
    for _ in range(_PASSES):
        studio.clock.advance(660)
        studio.forget_requests()
        await studio.sync()
        quiet = 0 if studio.written() else quiet + 1
        if quiet == 2:
            break
    assert quiet == 2, studio.written()
    tally = await studio.store.tally(studio.connection_ids[-1])
    assert (tally["pending"], tally["open"], tally["held"]) == (0, 0, 0)


async def _open(studio: Studio) -> list[JournalRow]:
    rows = await studio.store.open_writes(studio.connection_ids[-1])
    return [row for row in rows if row.state is WriteState.OPEN]


async def _expired(studio: Studio) -> bool:
    """Whether every lease has run out, by the database's clock."""

    async def ends(connection: AsyncConnection) -> bool:
        latest = max((await connection.execute(select(lease.c.until))).scalars())
        return bool(latest < (await leases.clock(connection)).timestamp())

    return await studio.store._database.read(ends)


# whose lease it is


async def test_a_stopped_holder_is_waited_for_and_a_dead_one_is_not(
    studio: Studio, workshop: Workshop, gate: Gate
) -> None:
    made = await studio.connect()
    studio.session("Yoga", local(5, "09:00"))
    gate.plant("apple", {"method": "PUT"}, lost=True)
    with workshop.pass_() as first:
        await until(lambda: gate.held == 1)
        first.pause()
        await first.paused()
        with workshop.pass_() as second:
            told = await second.passed()
        assert (told["code"], told["connection"]) == (0, made.id)
        assert told["skipped"] == "another process works on this site"
        assert first.state == "T"
        first.kill()
        assert await first.ended() == -9
    gate.let_go()
    with workshop.pass_() as third:
        told = await third.passed()
    assert (told["code"], told["skipped"], told["written"]) == (0, None, 1)
    assert await found(studio) == lies("Yoga 07T09:00")
    await _at_rest(studio)


async def test_a_woken_process_neither_writes_on_nor_ends_the_lease_of_the_one_that_took_over(
    studio: Studio, workshop: Workshop, gate: Gate
) -> None:
    await studio.connect()
    for day in range(5, 13):
        studio.session(f"Class {day}", local(day, "09:00"))
    every = {"method": "PUT"}
    gate.plant("apple", every, times=-1, lost=True)
    with workshop.pass_(lease=_SECONDS) as first:
        await until(lambda: gate.held == _FIRST_WRITES)  # all are sent: none is on its way out when it is stopped
        first.pause()
        await first.paused()
        gate.clear()
        await until(lambda: _expired(studio))
        gate.plant("apple", every, times=-1, lost=True)
        with workshop.pass_() as second:
            await until(lambda: gate.held == _FIRST_WRITES)
            first.wake()
            told = await first.passed()
            assert (told["code"], told["written"]) == (1, 0)
            assert "another process took over" in told["error"]
            assert gate.held == _FIRST_WRITES, studio.written()
            with workshop.pass_() as third:
                assert (await third.passed())["skipped"] == "another process works on this site"
            assert not second.is_over
    gate.let_go()
    await _at_rest(studio)
    expected = Counter({f"Class {day} {day + 2:02}T09:00": 1 for day in range(5, 13)})
    assert (await found(studio))["copies"] == expected
