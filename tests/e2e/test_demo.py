"""The demonstration itself: it ends well, it sees a wrong write, and it leaves nothing running.

Not here: what it shows (demo_steps).
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from tests.e2e.demo_mirror import Lying, Sides, Titles
from tests.e2e.demo_stage import is_running
from tests.e2e.demo_steps import STEPS
from tests.e2e.demo_values import PLACE, Shown

HERE: Final = Path(__file__).resolve().parent
_PATIENCE: Final = 300.0


@contextmanager
def _demo(environment: Mapping[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A demonstration; asked to end when a test breaks off before it does."""
    command = [sys.executable, str(HERE / "demo.py")]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, **environment}
    )
    with process:
        try:
            yield process
        finally:
            process.terminate()


def _played(environment: Mapping[str, str]) -> tuple[int, str]:
    """Exit code and output of a whole demonstration; nothing of it may be left."""
    with _demo(environment) as process:
        said, _ = process.communicate(timeout=_PATIENCE)
    assert not is_running(_group(said))
    return process.returncode, said


def _group(said: str) -> int:
    found = re.search(r"process group (\d+)", said)
    assert found is not None, said
    return int(found[1])


@pytest.mark.timeout(_PATIENCE + 30)
@pytest.mark.rule(
    "R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8", "R9", "R10", "R13", "R17", "R18", "R24", "R25", "R26", "R28"
)
@pytest.mark.prove
def test_the_demonstration_finds_everything_as_expected() -> None:
    code, said = _played({})
    assert code == 0, said
    assert [name for name, _ in STEPS if f"== {name}\n" not in said] == []
    assert "DIFFERS" not in said


@pytest.mark.timeout(_PATIENCE + 30)
def test_one_wrong_write_ends_the_demonstration_at_the_step_that_made_it() -> None:
    code, said = _played({"PYTHONPATH": str(HERE / "planted")})
    assert code == 1, said
    assert "An edit in Wix: not as expected" in said
    assert "found     outside: Not Training for two" in said
    assert "== An edit outside" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demonstration_leaves_nothing_running(number: signal.Signals) -> None:
    with _demo({}) as process:
        assert process.stdout is not None
        said = ""
        while "$ syncd run" not in said:
            line = process.stdout.readline()
            assert line, said
            said += line
        process.send_signal(number)
        said += process.stdout.read()
    assert process.returncode == 130, said
    assert not is_running(_group(said))


# Its comparison of both sides

START: Final = datetime(2026, 3, 3, 9, tzinfo=UTC)


def _session(title: str, start: datetime = START, **more: Any) -> dict[str, Any]:
    edges = {"start": start, "end": start + timedelta(hours=1)}
    times = {
        name: {"utcDate": edge.isoformat(), "localDate": f"{edge:%Y-%m-%dT%H:%M:%S}"} for name, edge in edges.items()
    }
    return {"id": title, "scheduleId": "staff", "title": title, "allDay": False, **times, **more}


def _shown(title: str, start: datetime = START) -> Shown:
    return Shown(title, start.astimezone(PLACE), (start + timedelta(hours=1)).astimezone(PLACE))


def _own(title: str, start: datetime = START, *, busy: bool = True, private: bool = False) -> Lying:
    return Lying(_shown(title, start), busy, private)


BLOCK: Final = {"notes": "[syncd apple bridge 1 key digest]"}
LATER: Final = START + timedelta(hours=3)
GOOD: Final = Sides(
    sessions=[_session("Yoga"), _session("Busy", LATER, **BLOCK), _session("Meeting", START + timedelta(days=2))],
    copies=[_shown("Yoga")],
    own=[
        _own("Doctor", LATER, private=True),
        _own("Friend in town", LATER, busy=False),
        _own("Meeting", START + timedelta(days=2)),
    ],
)


def test_two_sides_that_show_each_other_are_as_expected() -> None:
    assert GOOD.found(Titles()) == GOOD.expected(Titles()) == "everything once: 1 copies outside, 1 blocks in Wix"


@pytest.mark.parametrize(
    ("sides", "found"),
    [
        (replace(GOOD, copies=[]), "missing outside: Yoga, Tue 03 Mar 10:00-11:00 (1)"),
        (replace(GOOD, copies=[_shown("Yoga"), _shown("Yoga")]), "too much outside: Yoga, Tue 03 Mar 10:00-11:00 (1)"),
        (replace(GOOD, sessions=GOOD.sessions[:1]), "missing in Wix: Busy, Tue 03 Mar 13:00-14:00"),
        (replace(GOOD, own=[]), "too much in Wix: Busy, Tue 03 Mar 13:00-14:00"),
        (replace(GOOD, copies=[_shown("Yoga", LATER)]), "too much outside: Yoga, Tue 03 Mar 13:00-14:00"),
    ],
    ids=["a copy missing", "a copy twice", "a block missing", "a block without event", "a copy at another time"],
)
def test_whatever_differs_between_the_two_sides_is_named(sides: Sides, found: str) -> None:
    assert found in sides.found(Titles())
    assert sides.found(Titles()) != sides.expected(Titles())


def test_an_overridden_title_is_expected_outside_instead_of_the_sessions_own() -> None:
    overridden = Titles({"Yoga": "Busy at the studio"})
    assert "missing outside: Busy at the studio" in GOOD.found(overridden)
    shown = replace(GOOD, copies=[_shown("Busy at the studio")])
    assert shown.found(overridden) == shown.expected(overridden)
