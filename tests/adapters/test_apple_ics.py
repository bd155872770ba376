"""Content lines: what is not edited comes back as it was, what is malformed is refused in bounded time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.apple.ics import Component, Line, MalformedError, clean, escaped, moment, parse
from tests.adapters.apple_world import FIXTURES, ics


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("*.ics")), ids=lambda path: path.stem)
def test_an_object_that_is_not_edited_comes_back_byte_for_byte(path: object) -> None:
    text = path.read_bytes().decode()  # type: ignore[attr-defined]
    assert parse(text).serialised() == text


def test_text_that_came_with_bare_line_feeds_goes_out_with_crlf() -> None:
    text = ics("SUMMARY:A", "DTSTART:20261120T090000Z")
    assert parse(text.replace("\r\n", "\n")).serialised() == text


def test_an_edited_line_stands_where_it_stood_and_nothing_else_moves() -> None:
    text = ics("SUMMARY:Old", "X-OTHER;A=1:keep", "LOCATION:Hall")
    calendar = parse(text)
    calendar.parts("VEVENT")[0].put(Line.make("SUMMARY", "New"))
    assert calendar.serialised() == text.replace("SUMMARY:Old", "SUMMARY:New")


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs"]), max_size=300))
def test_any_text_survives_escaping_folding_and_reading_back(text: str) -> None:
    line = Line.make("SUMMARY", escaped(text))
    assert all(len(piece.encode()) <= 75 for piece in line.raw.split("\n"))
    event = parse(ics(line.raw.replace("\n", "\r\n"))).parts("VEVENT")[0]
    assert event.text("SUMMARY") == clean(text)


def test_quoted_parameters_keep_their_colons_and_commas() -> None:
    line = Line.read('X-A;P="a:b;c,d";Q=e:value:with;all')
    assert (line.name, dict(line.params), line.value) == ("X-A", {"P": "a:b;c,d", "Q": "e"}, "value:with;all")


def test_control_characters_and_odd_line_ends_leave_canonical_text() -> None:
    assert clean("a\x00b\r\nc\rd\x7f\te") == "ab\nc\nd\te"
    assert clean("\x01") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not an iCalendar object"),
        ("<html>Sign in</html>", "not an iCalendar object"),
        ("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n", "the object breaks off"),
        ("BEGIN:VCALENDAR\nEND:VEVENT\n", "BEGIN and END do not match"),
        ("BEGIN:VEVENT\nEND:VEVENT\n", "not an iCalendar object"),
        ("BEGIN:A\n" * 50, "components are nested too deeply"),
        ("BEGIN:VCALENDAR\nX:" + "a" * (1 << 20) + "\nEND:VCALENDAR", "larger than 1 MiB"),
        ("BEGIN:VCALENDAR\n" + "A:1\n" * 70_000 + "END:VCALENDAR", "too many lines"),
    ],
)
def test_what_is_no_object_is_refused_with_a_reason_that_quotes_nothing(text: str, reason: str) -> None:
    with pytest.raises(MalformedError, match=f"^{reason}$"):
        parse(text)


@pytest.mark.parametrize("value", ["", "2026", "20261301", "20260230T000000", "99999999T999999Z", "20260101T0900"])
def test_a_date_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(MalformedError, match="a date cannot be read"):
        moment(value)


def test_a_line_without_a_name_is_kept_and_ignored() -> None:
    text = ics("SUMMARY:A", "half a sentence that was never folded")
    component: Component = parse(text)
    assert component.serialised() == text
    assert component.parts("VEVENT")[0].text("SUMMARY") == "A"
