"""How plans and values look: on a terminal, elsewhere, and what people's text may not do to either."""

import os
import pty
import select
import subprocess
import sys
import time
from datetime import UTC, date, datetime

import pytest

from syncd.cli.plans import describe, short
from syncd.cli.shown import interval, one_line, print_json, print_table
from syncd.model import (
    AllDay,
    Change,
    Create,
    Delete,
    Event,
    Field,
    Hold,
    Link,
    Mark,
    Pair,
    Ref,
    Rule,
    Side,
    Skip,
    Timed,
    Update,
)
from tests.cli.conftest import Studio

EIGHT = datetime(2026, 3, 29, 8, tzinfo=UTC)  # the day on which Berlin's clocks go forward
LESSON = Timed(EIGHT, EIGHT.replace(hour=9), "Europe/Berlin")
REF = Ref("calendar", "e1")
LINK = Link("l1", "c1", Side.WIX, Pair(Ref("site", "w1"), REF))


def update(*changes: Change) -> Update:
    return Update("l1", Side.EXTERNAL, REF, "7", changes, Event(), Rule.R2)


@pytest.mark.parametrize(
    ("when", "text"),
    [
        (LESSON, "Sun 2026-03-29 10:00 - 11:00 Europe/Berlin"),
        (Timed(EIGHT, EIGHT.replace(day=30), "UTC"), "Sun 2026-03-29 08:00 - 2026-03-30 08:00 UTC"),
        (Timed(EIGHT, EIGHT, "Nowhere/Land"), "2026-03-29T08:00:00+00:00 - 2026-03-29T08:00:00+00:00"),
        (AllDay(date(2026, 3, 29), date(2026, 3, 30)), "2026-03-29 all day"),
        (AllDay(date(2026, 3, 29), date(2026, 4, 1)), "2026-03-29 all day (3 days)"),
    ],
)
def test_a_time_is_shown_as_its_organiser_sees_it(when: Timed | AllDay, text: str) -> None:
    assert interval(when) == text


def test_a_change_is_shown_with_what_was_and_what_comes_and_what_is_lost() -> None:
    title = Change(Field.TITLE, "Yoga", "Hatha", Rule.R10, loser="Vinyasa")
    action = update(title, Change(Field.BUSY, True, False, Rule.R2))
    assert describe(action, show_text=True) == "title: “Yoga” → “Hatha” (instead of “Vinyasa”); busy: busy → free"
    assert describe(action, show_text=False) == "title: … → … (instead of …); busy: busy → free"


def test_a_hold_tells_what_it_waits_to_do() -> None:
    delete = Delete("l1", Side.WIX, Ref("site", "w1"), "3", Rule.R6, original=True)
    hold = Hold("l1", (delete,), Rule.R28, "it has participants")
    assert describe(hold, show_text=False) == "waits: it has participants: delete remove the original"


def test_a_create_is_shown_by_title_and_time() -> None:
    mark = Mark("bridge01", 1, "k", "d")
    create = Create("l1", Side.EXTERNAL, None, Event(LESSON, "Yoga", None, None, True), "k", mark, LINK, Rule.R1)
    assert describe(create, show_text=True) == "“Yoga”, Sun 2026-03-29 10:00 - 11:00 Europe/Berlin"
    assert describe(create, show_text=False).startswith("…, Sun")


def test_a_skip_gives_its_reason() -> None:
    assert describe(Skip("l1", Rule.R18, "it does not take time"), show_text=False) == "it does not take time"


def test_long_ids_are_shown_by_both_ends() -> None:
    assert short("a" * 40) == "a" * 40
    assert short("a" * 50 + "b" * 50) == f"{'a' * 18}…{'b' * 16}"


def test_what_people_wrote_cannot_steer_a_terminal() -> None:
    assert one_line("a\x1b[2Jb\r\nc\x07") == "a�[2Jb ⏎ c�"


def test_tables_are_aligned_text_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name", "on", "at"), [("a", True, None), ("long name", False, "x")])
    assert capsys.readouterr().out == "NAME       ON   AT\na          yes  -\nlong name  no   x\n"


def test_an_empty_table_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("name",), [])
    assert capsys.readouterr().out == ""


def test_json_is_one_line_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"at": EIGHT, "side": Side.WIX, "rows": [LINK.refs.wix]})
    expected = '{"at": "2026-03-29T08:00:00+00:00", "side": "wix", "rows": [{"collection": "site", "id": "w1"}]}\n'
    assert capsys.readouterr().out == expected


def test_on_a_terminal_titles_and_frames_are_shown(connected: Studio) -> None:
    code, output = on_terminal("--config", str(connected.config), "run", "--dry-run")
    assert code == 0
    assert "Hatha Yoga" in output
    assert "┃" in output


def on_terminal(*args: str) -> tuple[int, str]:
    """What the program shows to somebody who sits before it."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "syncd", *args]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "COLUMNS": "200"}
    ) as run:
        os.close(theirs)
        shown = b""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if not select.select([ours], [], [], 1)[0]:
                continue
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            shown += part
        os.close(ours)
        return run.wait(30), shown.decode("utf-8", "replace")
