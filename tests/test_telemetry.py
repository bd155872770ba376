"""Log lines: their shape, and what never stands in them."""

import io
import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from syncd import telemetry


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """What is logged in a test, as JSON from level info on."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in ("caldav", "httpx", "sqlalchemy")}
    output = io.StringIO()
    telemetry.set_up("json", "info", output)
    yield output
    structlog.reset_defaults()
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line_that_begins_with_it(stream: io.StringIO) -> None:
    telemetry.logger().info("written", connection="c1", run="r1", side="wix", action="create", rule="R4")
    (line,) = lines(stream)
    assert next(iter(line)) == "event"
    assert {"event": "written", "connection": "c1", "run": "r1", "rule": "R4", "level": "info"}.items() <= line.items()
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize("key", ["title", "description", "location", "email", "password", "token", "exc_info"])
def test_a_key_that_could_hold_peoples_text_is_left_out_and_named(stream: io.StringIO, key: str) -> None:
    telemetry.logger().info("written", **{key: "Therapy at Dr. Example"})
    (line,) = lines(stream)
    assert line["withheld"] == [key]
    assert "Therapy" not in stream.getvalue()


def test_lines_below_the_level_are_not_written(stream: io.StringIO) -> None:
    telemetry.logger().debug("looked")
    assert lines(stream) == []


def test_a_librarys_warning_says_where_it_came_from_and_nothing_else(stream: io.StringIO) -> None:
    logging.getLogger("icalendar.parser").warning("cannot parse %s", "SUMMARY:Therapy")
    (line,) = lines(stream)
    assert (line["event"], line["library"], line["level"]) == ("library", "icalendar.parser", "warning")
    assert "Therapy" not in stream.getvalue()


@pytest.mark.parametrize("name", ["caldav", "caldav.davobject", "httpx", "httpcore.connection", "sqlalchemy.pool"])
def test_libraries_that_quote_requests_say_nothing_at_all(stream: io.StringIO, name: str) -> None:
    logging.getLogger(name).error("BEGIN:VCALENDAR")
    assert lines(stream) == []


def test_setting_up_again_does_not_log_twice(stream: io.StringIO) -> None:
    telemetry.set_up("json", "info", stream)
    logging.getLogger("icalendar").warning("x")
    assert len(lines(stream)) == 1


@pytest.mark.parametrize("output", ["json", "console"])
def test_a_log_that_nobody_reads_any_more_stops_nothing(output: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as deaf:
        with pytest.raises(BrokenPipeError):
            os.write(writer, b"is anybody there?")
        telemetry.set_up(output, "info", deaf)
        for _ in range(2):
            telemetry.logger().info("written", connection="c1")


def test_the_console_format_is_for_eyes(stream: io.StringIO) -> None:
    telemetry.set_up("console", "info", stream)
    telemetry.logger().info("written", connection="c1", title="Therapy")
    assert "connection=c1" in stream.getvalue()
    assert "Therapy" not in stream.getvalue()
