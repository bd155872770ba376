"""What must be shown of syncd by the command line alone, each command a process of its own.

A dry run changes nothing and tells what the pass will do; a lost database doubles nothing; exit codes are as told.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import Box, Json, sandbox

TWO_ROOMS = Counter({"Teaching yoga": 1})  # two equal classes at one time, in two rooms


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Box]:
    with sandbox(tmp_path / "box") as one:
        yield one


def test_a_dry_run_writes_nothing_and_prints_the_digest_of_the_pass_that_follows(box: Box) -> None:
    before = box.digest()
    planned = box.json("run", "--once", "--dry-run")
    assert box.writes() == []
    assert box.digest() == before
    assert planned["plans"][0]["held"] == 0
    done = box.json("run", "--once")
    assert done["digest"] == planned["digest"]
    assert done["plans"][0]["written"] > 0
    box.forget_requests()
    box.syncd("run", "--once", "--dry-run", "--exit-code", code=0)
    assert box.json("run", "--once")["plans"][0]["written"] == 0
    assert box.writes() == []


def test_a_dry_run_after_a_kill_reads_the_log_beside_the_database_and_changes_neither(box: Box) -> None:
    # Two are under way at once: when the fifth has come, three are done and two are kept waiting.
    box.fault(box.apple, {"delay_seconds": 30}, {"method": "PUT"}, skip=3, times=-1)
    box.killed_run(lambda: _seen(box) > 4)
    box.apple.delete("/_sandbox/faults").raise_for_status()
    log = box.database.with_name("syncd.db-wal")
    assert log.stat().st_size > 0
    box.forget_requests()
    before, beside = box.digest(), log.read_bytes()
    planned = box.json("run", "--once", "--dry-run")
    assert box.writes() == []
    assert box.digest() == before
    assert log.read_bytes() == beside
    done = box.json("run", "--once")
    assert done["digest"] == planned["digest"]
    box.advance(660)
    box.syncd("run", "--once")
    box.syncd("run", "--once", "--dry-run", "--exit-code", code=0)
    assert _twice(box) == TWO_ROOMS


@pytest.mark.rule("R13", "R25", "R8", "R29")
def test_a_lost_database_doubles_nothing_and_the_calendar_is_found_again(box: Box) -> None:
    stock, training = _session(box, "Stock"), _session(box, "Personal")
    moved, cancelled = _session(box, "Pilates"), _session(box, "Pilates", 1)
    box.syncd("override", "session", stock["id"], "--title", "Not available")
    box.json("run", "--once")
    copies, blocks, calendars = box.copies(), box.blocks(), box.calendars()
    assert sum("Not available" in name for name in copies) == 1

    _move(box, box.copy_of(moved))
    box.apple.delete(box.copy_of(training)).raise_for_status()
    box.cancel(cancelled["id"])
    for name in ("syncd.db", "syncd.db-wal", "syncd.db-shm"):
        box.database.with_name(name).unlink(missing_ok=True)
    box.syncd("migrate")
    adopted = [action for action in box.connect()["plan"]["actions"] if action["kind"] == "adopt"]
    for _ in range(2):
        box.json("run", "--once")
        box.advance(660)

    assert box.calendars() == calendars
    again = Counter({f"{training['title']} {_start(training)}": 1})  # its override was in the database alone
    assert box.copies() == copies - _at(copies, cancelled) - _at(copies, training) + again
    assert box.blocks() == blocks
    assert [action["lost"] for action in adopted if action["lost"]] != []
    box.forget_requests()
    box.json("run", "--once")
    assert box.writes() == []


def test_the_same_flow_on_postgresql(tmp_path: Path, postgresql_url: str) -> None:
    with sandbox(tmp_path / "box", "--no-connect") as box:
        text = box.config.read_text()
        box.config = tmp_path / "box" / "postgresql.toml"
        box.config.write_text(text.replace('url = "sqlite:///syncd.db"', f'url = "{postgresql_url}"'))
        box.config.chmod(0o600)
        box.syncd("migrate")
        box.connect()
        planned = box.json("run", "--once", "--dry-run")
        assert box.writes() == []
        assert box.json("run", "--once")["digest"] == planned["digest"]
        box.forget_requests()
        box.syncd("run", "--once", "--dry-run", "--exit-code", code=0)
        box.json("run", "--once")
        assert box.writes() == []
        assert _twice(box) == Counter({"Open practice": 1})  # the studio's overrides lie in the other database


# Exit codes, DESIGN 6.


def test_exit_3_when_a_dry_run_found_changes_and_0_when_it_was_not_asked_to_tell(box: Box) -> None:
    box.syncd("run", "--dry-run", "--exit-code", code=3)
    box.syncd("run", "--dry-run", code=0)


@pytest.mark.rule("R28")
def test_exit_4_when_something_is_held_and_0_when_it_was_decided(box: Box) -> None:
    box.syncd("run", "--once", code=0)
    yoga = _session(box, "Hatha")
    box.advance(660)
    box.apple.delete(box.copy_of(yoga)).raise_for_status()
    for _ in range(2):
        box.syncd("run", "--once", code=4)
    (hold,) = box.json("holds")
    box.syncd("reject", hold["id"])
    box.syncd("run", "--once", code=0)
    assert box.copy_of(yoga)
    assert yoga["id"] in box.sessions()


@pytest.mark.rule("R21")
def test_exit_1_when_a_connection_failed(box: Box) -> None:
    box.fault(box.apple, {"status": 401}, {}, times=-1)
    box.syncd("run", "--once", code=1)
    (row,) = box.json("connections")
    assert row["status"] != "ERROR"  # an outage looks the same
    box.advance(300)
    box.syncd("run", "--once", code=1)
    (row,) = box.json("connections")
    assert (row["status"], row["reason"]) == ("ERROR", "TOKEN_REVOKED")


def test_exit_2_when_there_is_no_database(box: Box) -> None:
    for path in box.database.parent.glob("syncd.db*"):
        path.unlink()
    box.syncd("run", "--once", code=2)
    assert not box.database.exists()


def _seen(box: Box) -> int:
    """Requests that reached the planted fault's condition."""
    return int(box.apple.get("/_sandbox/faults").json()["faults"][0]["seen"])


def _session(box: Box, title: str, number: int = 0) -> Json:
    """The first session of the connected staff member whose title begins so, or a later one."""
    staff = box.staff
    owner = next(row["external_id"] for row in box.line["wix"]["schedules"] if row["id"] == staff)
    rows = sorted(box.sessions().values(), key=lambda row: str(row["start"]["localDate"]))
    mine = [row for row in rows if row["scheduleId"] == staff or owner in {one["id"] for one in row["resources"]}]
    return [row for row in mine if row["title"].startswith(title)][number]


def _move(box: Box, path: str) -> None:
    """Somebody moves an event by one hour."""
    text = box.apple.get(path).text
    moved = re.sub(
        r"^(DT(?:START|END)[^\r\n]*T)(\d\d)", lambda m: f"{m[1]}{int(m[2]) + 1:02}", text, flags=re.MULTILINE
    )
    assert moved != text
    box.apple.put(path, content=moved.encode()).raise_for_status()


def _start(session: Json) -> str:
    return re.sub(r"[-:]", "", str(session["start"]["localDate"]))


def _at(copies: Counter[str], session: Json) -> Counter[str]:
    """The copies at a session's time."""
    return Counter({name: number for name, number in copies.items() if name.endswith(_start(session))})


def _twice(box: Box) -> Counter[str]:
    """Titles of copies of which two lie at one time, and how often; blocks are never twice."""
    assert all(number == 1 for number in box.blocks().values())
    return Counter(name.rpartition(" ")[0] for name, number in box.copies().items() if number > 1)
