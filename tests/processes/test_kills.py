"""Real passes, killed with SIGKILL at moments that a seed chooses: nothing is lost, nothing is doubled, all is at rest.

What must be there is known from what people did, not from what syncd did. Not here: interruptions at every single
step, in one process (tests/interruption).
"""

import json
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from syncd.model import Status
from tests.e2e.studio import Studio
from tests.processes.gates import Gate, Traffic
from tests.processes.moments import PHASES, Deck, Moment, answers, holds_a_lease, phase
from tests.processes.story import Story
from tests.processes.summary import KILLS as KILLS_BY_PHASE
from tests.processes.workers import Workshop, until
from tests.proving import PROVE

KILLS = 25  # in one story
LIVES = 3 if PROVE else 1
AT_THE_END = (  # of a story: the first when a move was approved, the others while what we made is removed
    Moment("flight"),
    Moment("flight", lost=True),
    Moment("answer", 2),
    Moment("written"),
)
_ATTEMPTS = 4 * KILLS  # a pass may be over before its moment comes
_PASSES = 16


class Life:
    """One story with its kills."""

    def __init__(self, studio: Studio, workshop: Workshop, gate: Gate, seed: int) -> None:
        self.studio, self.workshop, self.gate = studio, workshop, gate
        self.random = Random(seed)
        self.story = Story(studio, self.random)
        self.phases = Counter[str]()

    @property
    def kills(self) -> int:
        return self.phases.total()

    async def kill(self, moment: Moment) -> None:
        """A pass that is killed at a moment, if it lasts so long."""
        studio = self.studio
        studio.clock.advance(self.random.randint(30, 700))
        studio.forget_requests()
        traffic = Traffic.at(studio)
        with self.workshop.pass_(moment.stop_at) as worker:
            if not await moment.comes(studio, self.gate, worker):
                self.gate.let_go()
                assert await worker.ended() in (0, 4), worker.said
                self.story.tell(f"over before {moment}")
                return
            worker.kill()
            before, held = answers(studio), self.gate.held > 0 and moment.kind == "flight"
            if held and moment.late:
                self.gate.clear()
            else:
                self.gate.let_go()
                await traffic.over(studio)
            code = await worker.ended()
        if code == 0 or not await holds_a_lease(studio, worker):
            return  # it was over with its work
        assert code == -9, worker.said
        found = await phase(studio, before, held=held)
        self.phases[found] += 1
        self.story.tell(f"kill {self.kills} at {moment}: {found}")

    async def rest(self) -> None:
        """Passes eleven minutes apart, people approving what waits, until two in a row write nothing."""
        studio, quiet = self.studio, 0
        self.gate.let_go()
        await until(lambda: self.gate.under_way == 0)
        for _ in range(_PASSES):
            studio.clock.advance(660)
            studio.forget_requests()
            result = await studio.attempt()
            assert result.error is None, result.error
            quiet = 0 if studio.written() or await studio.store.holds() else quiet + 1
            await self.story.decide()
            if quiet == 2:
                break
        assert quiet == 2, ("never at rest", studio.written())
        self.story.rest()
        self.story.tell("at rest")

    async def compare(self) -> None:
        """Both sides, raw, with what people did; and nothing is left to be done."""
        expected, found = self.story.expected(), await self.story.found()
        differences = {
            name: {"lost": expected[name] - found[name], "too much": found[name] - expected[name]} for name in expected
        }
        assert found == expected, differences
        tally = await self.studio.store.tally(self.studio.connection_ids[-1])
        assert {name: tally[name] for name in ("pending", "open", "held")} == {"pending": 0, "open": 0, "held": 0}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", range(1, LIVES + 1))
async def test_whatever_a_killed_pass_was_doing_nothing_is_lost_or_doubled(
    studio: Studio, workshop: Workshop, gate: Gate, seed: int, record_property: Callable[[str, object], None]
) -> None:
    life = Life(studio, workshop, gate, seed)
    await studio.connect()
    for _ in range(6):
        await life.story.act()
    deck = Deck(life.random)
    for _ in range(_ATTEMPTS):
        before, moment = life.kills, deck.deal()
        await life.kill(moment)
        if life.kills > before:
            deck.has_come(moment)
            if life.kills % 5 == 0:
                await life.rest()
                await life.compare()
        if not deck.left:
            break
        for _ in range(life.random.randint(1, 4)):
            await life.story.act()
    await _approved(life)
    await _disconnected(life)
    assert life.kills == KILLS
    assert set(life.phases) == set(PHASES)
    record_property(KILLS_BY_PHASE, [(phase, life.phases[phase]) for phase in PHASES])


async def _approved(life: Life) -> None:
    """A move from outside that waits for a person, whose pass is killed as well."""
    await life.story.new_session()  # one at least that can be moved
    await life.rest()
    await life.story.move_booked()
    life.studio.clock.advance(660)
    await life.studio.attempt()
    await life.story.decide()
    assert life.story.approved > 0
    await life.kill(AT_THE_END[0])
    await life.rest()
    await life.compare()


async def _disconnected(life: Life) -> None:
    """The end: what we made is removed, on both sides, though the passes that remove it are killed too."""
    await life.studio.disconnect()
    for moment in AT_THE_END[1:]:
        await life.kill(moment)
        assert (await life.studio.connection()).disconnecting
    for _ in range(4):
        life.studio.clock.advance(660)
        await life.studio.attempt()
    expected = {**life.story.expected(), "blocks": Counter[str](), "copies": Counter[str]()}
    assert await life.story.found() == expected
    with life.workshop.working("status", "--json") as worker:
        assert await worker.ended() == 0, worker.said
        (row,) = json.loads(worker.output.read_text())["connections"]
    assert (row["status"], row["links"], row["open"]) == (Status.DISCONNECTED.value, 0, 0)
