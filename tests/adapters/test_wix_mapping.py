"""Wix event ↔ session, our line in the notes, and what refusals mean. Pure: no HTTP.

Not here: the same over HTTP (test_wix_reading, test_wix_times, test_wix_writing).
"""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.http import Reply
from adapters.wix import line, mapping, wire
from adapters.wix.mapping import Row, observation
from adapters.wix.refusals import Asked, Permission, item_error, read_refusal
from syncd.errors import AuthRevoked, Exists, Forbidden, Rejected, Stale, Throttled, Transient
from syncd.model import UNSEEN, AllDay, Event, Field, Mark, Observation, Timed, When

FIXTURES = Path(__file__).parents[2] / "adapters" / "wix" / "fixtures"
SEEN = datetime(2026, 3, 2, 9, tzinfo=UTC)
MARK = Mark("4kq0d1", 2, "0123456789abcdefghijklmnopqrstuv", "8f14e45fceea167a", provider="apple")
LINE = "[syncd apple 4kq0d1 2 0123456789abcdefghijklmnopqrstuv 8f14e45fceea167a]"


def shown(name: str) -> Observation:
    body = (FIXTURES / name).read_bytes()
    event = msgspec.json.decode(body, type=wire.Event)
    return observation(Row(event, event.shows_personal, SEEN), "site-1")


def test_an_occurrence_of_a_class_is_shown_with_its_series_people_and_staff() -> None:
    found = shown("class_with_participants.json")
    start = datetime(2026, 3, 31, 7, tzinfo=UTC)
    when = Timed(start, start + timedelta(minutes=75), "Europe/Berlin")
    assert found.event == Event(when, "Morning yoga", "Bring a mat.\n\nDoor code at the desk.", "Studio 2", True)
    assert (found.version, found.sequence, found.seen_at) == ("17", 17, SEEN)
    assert found.fingerprint == "17/2026-02-20T16:30:12.456Z/3"
    traits = found.traits
    assert (traits.participants, traits.original_start, traits.mark) == (3, "2026-03-31T09:00:00", None)
    assert (traits.series or "").startswith("mP4s")
    assert traits.schedules == {"5c1e0a52-7c7e-4a37-9f0c-0d5f7b6f7f01", "9d3f6c1b-4e0b-4b0c-8a56-1b8c5b8f2d04"}
    assert traits.created == datetime(2025, 11, 1, 8, 0, 0, 123000, tzinfo=UTC)
    assert found.absence is None


def test_without_personal_fields_notes_and_people_are_unseen_and_look_new_once_they_are_seen() -> None:
    found = shown("class_without_personal_fields.json")
    assert found.event.description is UNSEEN
    assert found.traits.participants is UNSEEN
    assert found.event.title == "Morning yoga"
    assert found.fingerprint != shown("class_with_participants.json").fingerprint


def test_a_block_of_ours_shows_its_mark_and_not_its_line() -> None:
    found = shown("block_of_ours.json")
    assert (found.event.description, found.traits.mark, found.event.busy) == ("upper left", MARK, False)
    assert found.traits.original_start is None


def test_utc_dates_decide_where_a_local_time_comes_twice() -> None:
    when = shown("block_of_ours.json").event.when
    assert isinstance(when, Timed)
    assert (when.start, when.end) == (
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 2, 30, tzinfo=UTC),
    )


def test_whole_days_are_dates_whatever_the_zone() -> None:
    assert shown("all_day.json").event.when == AllDay(date(2026, 3, 28), date(2026, 3, 30))


def test_an_address_of_the_newer_spelling_and_an_unknown_status_are_understood() -> None:
    found = shown("address_as_object.json")
    assert (found.event.location, found.absence) == ("Hafenweg 1, Hamburg", None)


@pytest.mark.parametrize(
    ("location", "text"),
    [
        (wire.Location(name="Hall", address="Street 1"), "Hall"),
        (wire.Location(formatted_address="Street 1"), "Street 1"),
        (wire.Location(address="Street 1"), "Street 1"),
        (wire.Location(type="CUSTOMER"), None),
        (None, None),
    ],
)
def test_a_location_is_its_name_or_its_address(location: wire.Location | None, text: str | None) -> None:
    assert observation(_row(location=location), "site-1").event.location == text


def _row(**fields: object) -> Row:
    times = {
        "start": wire.Moment("2026-03-29T01:30:00", "Europe/Berlin"),
        "end": wire.Moment("2026-03-29T03:30:00", "Europe/Berlin"),
    }
    return Row(wire.Event(**{"id": "e", "revision": "1", **times, **fields}), True, SEEN)  # type: ignore[arg-type]


def test_without_utc_dates_local_ones_are_read_in_their_zone_across_the_gap() -> None:
    when = observation(_row(), "site-1").event.when
    start = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert when == Timed(start, start + timedelta(hours=1), "Europe/Berlin")


@pytest.mark.parametrize(
    "fields",
    [
        {"start": None},
        {"start": wire.Moment("tomorrow")},
        {"start": wire.Moment("2026-03-29T05:30:00", "Europe/Berlin")},
        {"time_zone": "Mars/Olympus"},
        {"start": wire.Moment(utc_date="2026-03-29T05:30:00")},
    ],
)
def test_times_that_make_no_sense_raise(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        observation(_row(**fields), "site-1")


def test_a_zone_that_nobody_knows_is_no_matter_where_utc_dates_are_given() -> None:
    at = wire.Moment("2026-03-29T01:30:00", utc_date="2026-03-29T00:30:00Z")
    assert observation(_row(start=at, end=at, time_zone="Mars/Olympus"), "site-1").event.when == Timed(
        datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "Mars/Olympus"
    )


def test_texts_are_cut_to_what_wix_holds_and_empty_ones_are_null() -> None:
    body = mapping.texts(Event(title="t" * 300, location="", busy=False))
    assert body == {"title": "t" * 200, "location": None, "transparency": "TRANSPARENT"}


def test_notes_with_our_line_never_exceed_the_limit_and_hold_a_description_of_the_limit_declared() -> None:
    longest = "x" * mapping.LIMITS[Field.DESCRIPTION]
    assert line.split(mapping.notes(longest, LINE)) == (longest, MARK)
    cut = mapping.notes("x" * 6000, LINE)
    assert cut is not None
    assert len(cut) == 5000
    assert line.split(cut)[1] == MARK


_WORDS = st.text(st.characters(categories=["L", "N"], include_characters="-_.:"), min_size=1, max_size=30)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200)
_MARKS = st.builds(
    Mark,
    bridge=_WORDS,
    generation=st.integers(0, 999_999_999),
    key=_WORDS,
    digest=_WORDS.filter(lambda digest: digest != "-") | st.just(""),
    provider=_WORDS,
)


@given(text=_TEXTS | st.none(), mark=_MARKS)
@example(text="ends with a line\n", mark=MARK)
@example(text="\r\n", mark=MARK)
@example(text="a\r", mark=MARK)
@example(text=LINE, mark=MARK)
@example(text=f"copied\n\n{LINE}\n\nby a user", mark=MARK)
def test_text_and_mark_come_back_to_the_letter(text: str | None, mark: Mark) -> None:
    assert line.split(line.join(text, line.write(mark, ""))) == (text, mark)


@given(text=_TEXTS)
def test_text_without_our_line_stays_as_it_is(text: str) -> None:
    assert line.split(text) == (text, None)


@pytest.mark.parametrize(
    "notes",
    [
        f"see {LINE}",
        f"{LINE} and more",
        LINE.replace(" 2 ", " two "),
        LINE.replace("syncd", "Syncd"),
        LINE[:-1],
        LINE.replace(" 2 ", "  2 "),
    ],
)
def test_what_only_resembles_our_line_is_text(notes: str) -> None:
    assert line.split(notes) == (notes, None)


@pytest.mark.parametrize(
    ("notes", "text"),
    [
        (f"a\r\n\r\n{LINE}", "a"),
        (f"a\n{LINE}", "a"),
        (f"{LINE}\n\nadded later", "\n\nadded later"),
        (f"a\n\n{LINE}  \n", "a\n"),
        (LINE, None),
    ],
)
def test_our_line_is_found_where_people_or_wix_have_moved_it(notes: str, text: str | None) -> None:
    assert line.split(notes) == (text, MARK)


@pytest.mark.parametrize("bridge", ["", "two words", "a]b", "x" * 65])
def test_a_mark_that_would_not_be_read_back_is_not_written(bridge: str) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        line.write(Mark(bridge, 1, "k", "d"), "apple")


ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kathmandu"]


@given(
    start=st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    minutes=st.integers(0, 3000),
    zone=st.sampled_from(ZONES),
    later=st.booleans(),
)
@example(start=datetime(2026, 10, 25, 0, 30, tzinfo=UTC), minutes=45, zone="Europe/Berlin", later=False)
@example(start=datetime(2026, 3, 29, 0, 30, tzinfo=UTC), minutes=60, zone="Europe/Berlin", later=True)
def test_times_that_wix_takes_for_other_instants_are_noticed(
    start: datetime, minutes: int, zone: str, later: bool
) -> None:
    when = Timed(start, start + timedelta(minutes=minutes), zone)
    answered, right = _answer(when, mapping.times(when), later)
    assert mapping.is_mistaken(answered, mapping.times(when), when) is not right
    in_utc = mapping.times(when, in_utc=True)
    assert _answer(when, in_utc, later)[1] is True


def _answer(when: Timed, sent: dict[str, dict[str, str]], later: bool) -> tuple[wire.Event, bool]:
    """What Wix would answer, and whether those are the instants meant, to the minute."""
    from zoneinfo import ZoneInfo

    zone = str(sent["timeZone"])
    edges = [
        datetime.fromisoformat(sent[name]["localDate"]).replace(tzinfo=ZoneInfo(zone), fold=int(later))
        for name in ("start", "end")
    ]
    instants = [edge.astimezone(UTC) for edge in edges]
    moments = [
        wire.Moment(edge.replace(tzinfo=None).isoformat(), zone, instant.isoformat())
        for edge, instant in zip(edges, instants, strict=True)
    ]
    event = wire.Event(id="e", start=moments[0], end=moments[1], time_zone=zone)
    meant = [moment.replace(second=0, microsecond=0) for moment in (when.start, when.end)]
    return event, instants == meant


def test_other_local_times_than_sent_are_an_edit_and_no_mistake() -> None:
    when: When = Timed(SEEN, SEEN + timedelta(hours=1), "UTC")
    sent = mapping.times(when)
    moved = wire.Moment("2026-03-02T11:00:00", "UTC", "2026-03-02T11:00:00Z")
    assert not mapping.is_mistaken(wire.Event(id="e", start=moved, end=moved, time_zone="UTC"), sent, when)


def _refused(status: int, body: bytes = b"", **headers: str) -> Exception:
    reply = Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)
    return read_refusal(reply).error(Asked("an update", Permission.MANAGE, ref="e", writes=True), 7)


def _coded(code: str) -> bytes:
    return msgspec.json.encode({"message": "m", "details": {"applicationError": {"code": code}}})


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "", Rejected),
        (400, "invalid_grant", AuthRevoked),
        (401, "", AuthRevoked),
        (401, "invalid_client", Forbidden),
        (401, "BAD_CREDENTIALS", Forbidden),
        (403, "PERMISSION_DENIED", Forbidden),
        (403, "PREMIUM_FEATURE_NOT_ENABLED", Forbidden),
        (404, "EVENT_NOT_FOUND", Stale),
        (404, "SCHEDULE_NOT_FOUND", Rejected),
        (409, "REVISION_MISMATCH", Stale),
        (409, "ALREADY_EXISTS", Exists),
        (413, "", Rejected),
        (428, "ANY_CODE", Rejected),
        (429, "", Throttled),
        (500, "", Transient),
        (501, "", Rejected),
        (503, "", Transient),
        (504, "", Transient),
        (302, "", Transient),
    ],
)
def test_a_refusal_is_what_the_caller_does_next(status: int, code: str, error: type[Exception]) -> None:
    assert type(_refused(status, _coded(code))) is error


@pytest.mark.parametrize(("status", "applied"), [(500, True), (504, True), (408, False)])
def test_a_server_error_leaves_open_whether_a_write_was_applied(status: int, applied: bool) -> None:
    error = _refused(status)
    assert isinstance(error, Transient)
    assert error.applied is applied


def test_a_server_error_of_a_read_applied_nothing() -> None:
    error = read_refusal(Reply(503, {}, b"")).error(Asked("a list", Permission.READ))
    assert isinstance(error, Transient)
    assert error.applied is False


def test_a_collection_that_is_not_found_is_no_changed_item() -> None:
    assert type(read_refusal(Reply(404, {}, b"")).error(Asked("a query", Permission.READ))) is Transient


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"\xff\xfe", b"[]", b'"x"', b'{"details":7}', b""])
def test_a_body_that_is_no_envelope_is_tolerated(body: bytes) -> None:
    assert type(_refused(502, body)) is Transient


def test_a_refusal_names_fields_code_and_request_and_quotes_nothing() -> None:
    body = (FIXTURES / "refused_argument.json").read_bytes()
    error = _refused(400, body, x_wix_request_id="1764.5-a")
    assert str(error) == "Wix refused an update (400, event.title, request 1764.5-a)"


def test_a_plan_that_is_too_small_is_told_by_its_code_and_repair() -> None:
    error = _refused(403, (FIXTURES / "refused_plan.json").read_bytes())
    assert isinstance(error, Forbidden)
    assert (error.code, "plan" in error.hint) == ("PREMIUM_FEATURE_NOT_ENABLED", True)


@pytest.mark.parametrize(
    ("message", "name"),
    [("missing permission: SCOPE.DC-CALENDAR.READ-PI", "Read Calendar - Including PI"), ("no", "Manage Calendars")],
)
def test_a_missing_permission_is_named_by_what_wix_says_or_by_what_was_done(message: str, name: str) -> None:
    error = _refused(403, msgspec.json.encode({"message": message, "details": {}}))
    assert isinstance(error, Forbidden)
    assert f'"{name}"' in error.hint


def test_a_wrong_secret_names_the_setting() -> None:
    error = _refused(401, b'{"error":"invalid_client","error_description":"wrong s3cret"}')
    assert isinstance(error, Forbidden)
    assert "[wix]" in error.hint
    assert "s3cret" not in str(error)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("INVALID_ARGUMENT", Rejected),
        ("REVISION_MISMATCH", Stale),
        ("409", Stale),
        ("EVENT_NOT_FOUND", Stale),
        ("FAILED_PRECONDITION", Rejected),
        ("PERMISSION_DENIED", Forbidden),
        ("INTERNAL", Transient),
        ("RESOURCE_EXHAUSTED", Throttled),
        ("SOMETHING_NEW", Transient),
        ("", Transient),
    ],
)
def test_an_item_of_a_bulk_answer_is_judged_by_its_code(code: str, error: type[Exception]) -> None:
    assert type(item_error(code, Asked("updates", Permission.MANAGE, ref="e", writes=True))) is error
