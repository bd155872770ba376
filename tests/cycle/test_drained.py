"""A pass that is asked to end: what is under way is recorded, nothing new begins, and the next pass goes on.

Not here: signals and exit codes (tests/baddays/local).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest

from adapters.memory import MemorySite
from adapters.memory_calendar import MemoryCalendar
from syncd.drain import Drain
from syncd.errors import Stopped
from syncd.model import Event
from syncd.ports import Draft, JournalRow, Outcome
from syncd.run import Pass, Result
from syncd.site import sync_site
from syncd.store import empty_store
from tests.cycle.bench import SITE_ID, Bench, at, event

SESSIONS, EVENTS = 7, 4
Prepare = Callable[[Bench], Awaitable[None]]


async def filled(bench: Bench) -> None:
    """Something to create on both sides."""
    await bench.connect()
    for number in range(SESSIONS):
        bench.session(f"s{number}", event(f"Class {number}", at(number, 9)))
    for number in range(EVENTS):
        bench.outside_event(f"e{number}", event(f"Errand {number}", at(number, 14)))


async def edited(bench: Bench) -> None:
    """Updates and deletes on both sides."""
    await filled(bench)
    await bench.settle(1)
    bench.world.edit(SITE_ID, "s1", Event(title="Class one"))
    bench.world.cancel(SITE_ID, "s2")
    bench.world.edit(bench.primary, "e1", Event(when=at(1, 16)))
    bench.world.remove(bench.primary, "e2")


async def sync(bench: Bench, work: Pass) -> Result:
    site = MemorySite(bench.world, SITE_ID, bench.inside)
    (result,) = await sync_site(work, site, await bench.store.connections(), bench._account)
    return result


async def asked(bench: Bench, drain: Drain, when: Callable[[str, str], bool]) -> Result:
    """One pass, asked to end at the first step of the world that `when` names."""
    steps: list[tuple[str, str]] = []

    def step(verb: str, moment: str) -> None:
        steps.append((verb, moment))
        if when(verb, moment) and not drain.is_asked:
            drain.ask()

    bench.world.interrupt = step
    result = await sync(bench, bench.work(drain=drain))
    bench.world.interrupt = None
    assert drain.is_asked, steps
    return result


async def open_writes(bench: Bench) -> list[JournalRow]:
    return list(await bench.store.open_writes(bench.connection_id))


async def undisturbed(prepare: Prepare) -> dict[str, list[str]]:
    """Both sides as they end when nobody asks."""
    bench = Bench(await empty_store())
    await prepare(bench)
    await bench.settle(2)
    raw = bench.raw()
    await bench.store.aclose()
    return raw


@pytest.mark.parametrize(
    ("prepare", "verb", "moment"),
    [
        (filled, "make_calendar", "after"),
        (filled, "create", "before"),
        (filled, "create", "after"),
        (edited, "update", "after"),
        (edited, "delete", "before"),
    ],
)
async def test_asked_at_a_write_it_records_it_begins_no_other_and_the_next_pass_goes_on(
    bench: Bench, prepare: Prepare, verb: str, moment: str
) -> None:
    await prepare(bench)
    done = len(bench.world.log)
    result = await asked(bench, Drain(), lambda one, then: (one, then) == (verb, moment))
    effects = len(bench.world.log) - done
    assert 1 <= effects < SESSIONS + EVENTS
    assert result.error is None
    assert result.skipped is not None
    assert await open_writes(bench) == []
    again = len(bench.world.log)
    await bench.settle(2)
    assert len(bench.world.log) > again
    assert bench.raw() == await undisturbed(prepare)
    await bench.assert_at_rest()


async def test_what_was_written_until_then_is_counted_and_said(bench: Bench) -> None:
    await filled(bench)
    result = await asked(bench, Drain(), lambda verb, moment: (verb, moment) == ("create", "after"))
    assert result.written == sum(verb == "create" for verb, *_ in bench.world.log) > 0
    assert result.skipped == f"stopped after {result.written} writes: the next pass goes on"


@pytest.mark.parametrize("verb", ["schedules", "read"])
async def test_asked_while_it_reads_it_ends_before_its_first_write(bench: Bench, verb: str) -> None:
    await filled(bench)
    result = await asked(bench, Drain(), lambda one, _: one == verb)
    assert (result.error, bench.world.log) == (None, [])
    assert result.skipped == "stopped before its first write: the next pass goes on"
    (after,) = await bench.sync_all()
    assert (after.skipped, after.error) == (None, None)  # no lease was left behind
    assert after.written == SESSIONS + EVENTS


@pytest.mark.parametrize(("seconds", "times"), [(0.05, 1), (3600, 2)], ids=["time is up", "asked twice"])
async def test_a_call_that_does_not_come_back_is_broken_off_and_settled_by_the_next_pass(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, seconds: float, times: int
) -> None:
    await filled(bench)
    drain = Drain(seconds)
    create = MemoryCalendar.create

    async def unanswered(calendar: MemoryCalendar, drafts: Sequence[Draft]) -> Sequence[Outcome]:
        await create(calendar, drafts)
        for _ in range(times):
            drain.ask()
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    with monkeypatch.context() as patch:
        patch.setattr(MemoryCalendar, "create", unanswered)
        result = await sync(bench, bench.work(drain=drain))
    assert drain.has_cut
    assert (result.error, result.written, result.skipped is not None) == (None, 0, True)
    sent = sum(verb == "create" for verb, *_ in bench.world.log)
    assert 0 < sent == len(await open_writes(bench))  # the others were never sent, and are closed
    bench.clock.advance(timedelta(minutes=1))
    await bench.settle(2)
    assert await open_writes(bench) == []
    assert bench.raw() == await undisturbed(filled)
    await bench.assert_at_rest()


async def test_asked_while_a_side_wants_patience_it_does_not_wait(bench: Bench) -> None:
    await filled(bench)
    drain = Drain()

    async def patience(_seconds: float) -> None:
        drain.ask()
        await asyncio.Event().wait()

    bench.world.faults["create"] = ["throttle"]
    result = await sync(bench, bench.work(drain=drain, pause=patience))
    assert drain.is_asked
    assert not drain.has_cut
    assert (result.error, result.skipped is not None) == (None, True)
    assert await open_writes(bench) == []
    await bench.settle(2)
    assert bench.raw() == await undisturbed(filled)


async def test_a_pass_that_is_done_before_anything_is_left_to_do_ends_as_any_other(bench: Bench) -> None:
    await filled(bench)
    await bench.settle(1)
    bench.world.edit(SITE_ID, "s1", Event(title="Class one"))
    result = await asked(bench, Drain(), lambda verb, moment: (verb, moment) == ("update", "after"))
    assert (result.skipped, result.error, result.written) == (None, None, 1)
    await bench.assert_at_rest()


async def test_work_that_fails_while_it_is_asked_to_end_says_so() -> None:
    drain = Drain()

    async def failing() -> None:
        drain.ask()
        raise ValueError("its own end")

    with pytest.raises(ValueError, match="its own end"):
        await drain.writing(failing())
    with pytest.raises(Stopped):
        drain.check()


async def test_what_is_cancelled_from_outside_takes_its_work_along() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def endless() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    task = asyncio.ensure_future(Drain().writing(endless()))
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
