"""SIGTERM, Ctrl-C and a closed terminal in the middle of a pass of the real program.

Not here: where a pass may end, one step after another (tests/cycle/test_drained), kill -9 (tests/processes).
"""

import json
import os
import pty
import signal
from collections.abc import Callable, Iterator
from typing import Final

import pytest

from tests.baddays.local.process import Running, fired, open_writes, puts, running
from tests.e2e.processes import Box, sandbox

ASKED: Final = "syncd: asked to end: what is under way is finished first; ask again to end at once\n"
BROKEN_OFF: Final = "syncd: writes were broken off before their answer: the next pass finds out what became of them\n"
GOES_ON: Final = "the next pass goes on"
SLOWLY: Final = 0.2  # seconds for one PUT


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    with sandbox(tmp_path_factory.mktemp("asked") / "box") as one:
        yield one


@pytest.mark.timeout(300)  # several passes of the real program, one after another
def test_however_it_is_asked_to_end_all_that_was_begun_is_recorded_and_the_next_pass_goes_on(box: Box) -> None:
    (plan,) = box.json("run", "--dry-run")["plans"]
    expected = sum(action["kind"] == "create" and action["side"] == "external" for action in plan["actions"])
    box.forget_requests()
    asked_while_it_reads(box)
    box.fault(box.apple, {"delay_seconds": SLOWLY}, {"method": "PUT"}, times=-1)
    for ask in (by(signal.SIGTERM), by(signal.SIGINT)):
        asked_while_it_writes(box, ask)
    closed_terminal(box)
    assert len(puts(box)) < expected
    box.apple.delete("/_sandbox/faults")
    asked_twice(box)

    box.json("run", "--once")
    box.advance(660)
    box.forget_requests()
    (plan,) = box.json("run", "--once")["plans"]
    assert (plan["written"], box.writes(), open_writes(box)) == (0, [], 0)
    assert sum(box.copies().values()) == expected
    assert set(box.blocks().values()) == {1}


def by(number: signal.Signals) -> Callable[[Running], None]:
    return lambda a_pass: a_pass.ask(number)


def asked_while_it_reads(box: Box) -> None:
    """It does not wait for the answer."""
    box.fault(box.wix, {"delay_seconds": 600}, {"path": "/events/query"})
    with running(box) as a_pass:
        a_pass.until(lambda: fired(box.wix) > 0)
        a_pass.ask(signal.SIGTERM)
        code, out, err = a_pass.end()
    assert (code, ASKED in err, "Traceback" in err) == (0, True, False), err
    assert f"stopped before its first write: {GOES_ON}" in out
    assert (box.writes(), open_writes(box)) == ([], 0)


def asked_while_it_writes(box: Box, ask: Callable[[Running], None]) -> None:
    """It waits for the answers that are due, and for nothing else."""
    done = len(puts(box))
    with running(box, "--json") as a_pass:
        a_pass.until(lambda: len(puts(box)) > done)
        ask(a_pass)
        code, out, err = a_pass.end()
    assert (code, ASKED in err, "Traceback" in err) == (0, True, False), err
    (plan,) = json.loads(out)["plans"]
    assert plan["skipped"] == f"stopped after {plan['written']} writes: {GOES_ON}"
    assert open_writes(box) == 0
    assert len(box.objects()) == len(puts(box)) > done


def closed_terminal(box: Box) -> None:
    """Nobody hears what it says any more, its bars and its log included."""
    done = len(puts(box))
    ours, theirs = pty.openpty()
    with running(box, out=theirs, err=theirs, terminal=theirs) as a_pass:
        os.close(theirs)
        a_pass.until(lambda: len(puts(box)) > done)
        os.close(ours)
        code, _, _ = a_pass.end()
    assert (code, open_writes(box)) == (0, 0)
    assert len(box.objects()) == len(puts(box)) > done


def asked_twice(box: Box) -> None:
    """It does not even wait for the answers that are due, and says so."""
    box.fault(box.apple, {"delay_seconds": 600}, {"method": "PUT"})
    with running(box) as a_pass:
        a_pass.until(lambda: fired(box.apple) > 0)
        a_pass.ask(signal.SIGTERM)
        while a_pass.said_on_stderr() != ASKED:
            pass
        a_pass.ask(signal.SIGTERM)
        code, out, err = a_pass.end()
    assert (code, BROKEN_OFF in err, "Traceback" in err) == (1, True, False), err
    assert GOES_ON in out
    assert open_writes(box) > 0
