"""Bodies: a new event, the fields that a change sends, our mark as properties; and which of it comes back."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from adapters.microsoft.bodies import LIMITS, changes, put
from adapters.microsoft.drafts import (
    BRIDGE,
    KEY,
    MADE,
    PROPERTIES,
    REST,
    expanded,
    mark_from,
    new_event,
    of_anyone,
    of_keys,
    properties,
    sought,
)
from adapters.microsoft.mapping import observation
from adapters.sights import View
from syncd.errors import Rejected
from syncd.model import AllDay, Event, Field, Mark, Timed
from syncd.normalise import key_of, lies_at
from syncd.ports import Draft

BERLIN = "Europe/Berlin"
NOW = datetime(2026, 11, 20, 8, tzinfo=UTC)
VIEW = View("cal", BERLIN, True, NOW)
NAME = key_of("bridge-1", "schedule", "session-1", 1)
MARK = Mark("bridge-1", 1, NAME, "digest-1", "session-1", "wix", frozenset({Field.TITLE, Field.DESCRIPTION}))


def hour(start: datetime, tzid: str = BERLIN) -> Timed:
    return Timed(start, start + timedelta(hours=1), tzid)


YOGA = Event(hour(datetime(2026, 12, 1, 9, tzinfo=UTC)), "Yoga", "Bring a mat", "Studio", True)
ROW: Mapping[str, Any] = {
    "id": "AAMk1",
    "@odata.etag": 'W/"1"',
    "type": "singleInstance",
    "subject": "Yoga",
    "body": {"contentType": "text", "content": "Bring a mat\r\n"},
    "start": {"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "UTC"},
    "end": {"dateTime": "2026-12-01T10:00:00.0000000", "timeZone": "UTC"},
    "originalStartTimeZone": "W. Europe Standard Time",
    "isAllDay": False,
    "location": {"displayName": "Studio"},
    "showAs": "busy",
    "attendees": [],
    "isOnlineMeeting": False,
    "isOrganizer": True,
}


def draft(event: Event = YOGA, mark: Mark = MARK) -> Draft:
    return Draft(mark.key, event, mark)


def patch(wanted: Event, row: Mapping[str, Any] = ROW, home: str = BERLIN) -> dict[str, Any]:
    return changes(row, wanted, observation(row, VIEW).event, home)


# --- a new event ------------------------------------------------------------------------------------------------------


def test_a_new_event_says_what_it_is_and_nobody_is_invited_or_reminded() -> None:
    assert new_event(draft(), BERLIN) == {
        "transactionId": NAME,
        "isReminderOn": False,
        "isAllDay": False,
        "start": {"dateTime": "2026-12-01T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-12-01T10:00:00.0000000", "timeZone": "UTC"},
        "subject": "Yoga",
        "body": {"contentType": "text", "content": "Bring a mat"},
        "location": {"displayName": "Studio"},
        "showAs": "busy",
        PROPERTIES: properties(MARK),
    }


def test_the_same_draft_is_the_same_body_to_the_letter() -> None:
    again = Draft(NAME, Event(YOGA.when, "Yoga", "Bring a mat", "Studio", True), MARK)
    assert json.dumps(new_event(draft(), BERLIN)) == json.dumps(new_event(again, BERLIN))


def test_days_are_midnights_of_the_place_where_they_are_looked_at() -> None:
    body = new_event(draft(YOGA.put({Field.WHEN: AllDay(date(2027, 3, 27), date(2027, 3, 29))})), BERLIN)
    assert body["isAllDay"] is True
    assert body["start"] == {"dateTime": "2027-03-27T00:00:00.0000000", "timeZone": "W. Europe Standard Time"}
    assert body["end"] == {"dateTime": "2027-03-29T00:00:00.0000000", "timeZone": "W. Europe Standard Time"}


def test_days_at_a_place_whose_zone_microsoft_does_not_have_are_midnights_in_utc() -> None:
    body = new_event(draft(YOGA.put({Field.WHEN: AllDay(date(2027, 3, 27), date(2027, 3, 28))})), "Nowhere/City")
    assert body["start"] == {"dateTime": "2027-03-27T00:00:00.0000000", "timeZone": "UTC"}


def test_hours_on_the_day_the_clocks_change_are_their_instants() -> None:
    for hours in (0, 1):  # both are two o'clock in Berlin
        when = Timed(datetime(2026, 10, 25, hours, tzinfo=UTC), datetime(2026, 10, 25, hours, 30, tzinfo=UTC), BERLIN)
        body = new_event(draft(YOGA.put({Field.WHEN: when})), BERLIN)
        assert body["start"] == {"dateTime": f"2026-10-25T0{hours}:00:00.0000000", "timeZone": "UTC"}


def test_what_is_empty_is_left_out_and_free_time_is_free() -> None:
    body = new_event(draft(Event(YOGA.when, None, None, None, False)), BERLIN)
    assert body["showAs"] == "free"
    assert not {"subject", "body", "location", "attendees"} & body.keys()


def test_texts_are_cut_to_what_microsoft_takes() -> None:
    body = new_event(draft(Event(YOGA.when, "t" * 999, "d" * 9999, "l" * 999, True)), BERLIN)
    lengths = len(body["subject"]), len(body["body"]["content"]), len(body["location"]["displayName"])
    assert lengths == (LIMITS[Field.TITLE], LIMITS[Field.DESCRIPTION], LIMITS[Field.LOCATION])


@pytest.mark.parametrize("bad", [Draft("' or 1 eq 1", YOGA, MARK), Draft("", YOGA, MARK), Draft(NAME, Event(), MARK)])
def test_what_no_calendar_can_hold_is_refused(bad: Draft) -> None:
    with pytest.raises(Rejected):
        new_event(bad, BERLIN)


# --- the mark ---------------------------------------------------------------------------------------------------------


def test_the_mark_comes_back_as_it_was_written() -> None:
    assert mark_from({PROPERTIES: properties(MARK)}) == MARK


def test_bridge_and_key_stand_alone_so_that_each_can_be_looked_for() -> None:
    told = {one["id"]: one["value"] for one in properties(MARK)}
    assert (told[BRIDGE], told[KEY]) == ("bridge-1", NAME)
    assert set(told) == {MADE, BRIDGE, KEY, REST}
    assert len({name.split(" Name ")[0] for name in told}) == 1
    assert all(len(value) <= 255 for value in told.values())


def test_an_original_with_a_name_beyond_measure_is_left_out() -> None:
    long = Mark("bridge-1", 2, NAME, "digest-1", "x" * 2000)
    assert mark_from({PROPERTIES: properties(long)}) == Mark("bridge-1", 2, NAME, "digest-1")


@pytest.mark.parametrize(
    "rows",
    [
        None,
        "syncd",
        [],
        ["syncd"],
        [{"id": BRIDGE, "value": "bridge-1"}],
        [{"id": KEY, "value": NAME}],
        [{"id": BRIDGE, "value": ""}, {"id": KEY, "value": NAME}],
        [{"id": BRIDGE, "value": 7}, {"id": KEY, "value": NAME}],
    ],
)
def test_what_is_no_mark_is_none(rows: object) -> None:
    assert mark_from({PROPERTIES: rows}) is None


@pytest.mark.parametrize("rest", ["", "{", "[1]", '"x"', '{"g":"7"}', '{"g":-1}', '{"g":true}', "[" * 9999])
def test_a_mark_whose_rest_was_spoilt_still_says_whose_it_is(rest: str) -> None:
    rows = [{"id": BRIDGE, "value": "bridge-1"}, {"id": KEY, "value": NAME}, {"id": REST, "value": rest}]
    assert mark_from({PROPERTIES: rows}) == Mark("bridge-1", 1, NAME, "")


def test_the_set_of_the_properties_may_come_back_in_the_other_case() -> None:
    shouted = [{"id": one["id"].replace("{31dfb0f0", "{31DFB0F0"), "value": one["value"]} for one in properties(MARK)]
    assert shouted != properties(MARK)
    assert mark_from({PROPERTIES: shouted}) == MARK


def test_an_event_with_our_mark_lies_where_its_key_puts_it_whatever_its_uid() -> None:
    row = {**ROW, "iCalUId": "040000008200E00074C5B7101A82E008"}
    assert observation(row, VIEW).traits.uid == "040000008200E00074C5B7101A82E008"
    ours = observation({**row, PROPERTIES: properties(MARK)}, VIEW)
    assert ours.traits.mark == MARK
    assert lies_at(NAME, ours)


def test_looking_for_keys_asks_for_equality_and_quotes() -> None:
    assert of_anyone() == f"{PROPERTIES}/any(ep: ep/id eq '{MADE}' and ep/value eq 'syncd')"
    assert of_keys(["o'neil"]) == f"{PROPERTIES}/any(ep: ep/id eq '{KEY}' and ep/value eq 'o''neil')"
    assert of_keys(["a", "b"]).split(" or ") == [
        f"{PROPERTIES}/any(ep: ep/id eq '{KEY}' and ep/value eq 'a')",
        f"{PROPERTIES}/any(ep: ep/id eq '{KEY}' and ep/value eq 'b')",
    ]
    assert sought(["a", "b'", "a", ""]) == ["a"]
    assert all(f"id eq '{name}'" in expanded() for name in (BRIDGE, KEY, REST))


# --- a change ---------------------------------------------------------------------------------------------------------


def test_only_what_differs_is_sent() -> None:
    assert patch(Event(title="Pilates", location="Studio")) == {"subject": "Pilates"}
    assert patch(Event(location="Garden", busy=False)) == {"location": {"displayName": "Garden"}, "showAs": "free"}


def test_what_it_shows_already_is_not_sent_though_the_server_spells_it_otherwise() -> None:
    assert patch(YOGA) == {}
    assert patch(Event(description="Bring a mat")) == {}
    out_of_office = {**ROW, "showAs": "oof"}
    assert patch(Event(busy=True), out_of_office) == {}


def test_empty_texts_are_sent_as_such_and_not_as_null() -> None:
    assert patch(Event(title=None, description=None, location=None)) == {
        "subject": "",
        "body": {"contentType": "text", "content": ""},
        "location": {"displayName": ""},
    }


def test_hours_of_a_single_event_are_sent_in_utc() -> None:
    when = hour(datetime(2027, 7, 1, 9, tzinfo=UTC), "America/New_York")
    assert patch(Event(when=when)) == {
        "start": {"dateTime": "2027-07-01T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2027-07-01T10:00:00.0000000", "timeZone": "UTC"},
    }


def test_the_same_instants_in_another_zone_are_no_change() -> None:
    assert patch(Event(when=hour(datetime(2026, 12, 1, 9, tzinfo=UTC), "UTC"))) == {}


def test_hours_become_days_and_days_hours_with_all_that_belongs_to_it() -> None:
    days = AllDay(date(2026, 12, 1), date(2026, 12, 2))
    body = patch(Event(when=days))
    assert set(body) == {"isAllDay", "start", "end"}
    assert body["isAllDay"] is True
    row = {**ROW, "isAllDay": True, "start": body["start"], "end": body["end"]}
    assert observation(row, VIEW).event.when == days
    back = patch(Event(when=YOGA.when), row)
    assert (set(back), back["isAllDay"]) == ({"isAllDay", "start", "end"}, False)


@pytest.mark.parametrize(
    ("start", "local"),
    [
        (datetime(2027, 3, 27, 8, tzinfo=UTC), "2027-03-27T09:00:00.0000000"),
        (datetime(2027, 3, 28, 8, tzinfo=UTC), "2027-03-28T10:00:00.0000000"),
        (datetime(2026, 10, 25, 8, tzinfo=UTC), "2026-10-25T09:00:00.0000000"),
    ],
)
@pytest.mark.parametrize("kind", ["occurrence", "exception", "seriesMaster"])
def test_what_repeats_is_moved_in_the_zone_of_its_series(kind: str, start: datetime, local: str) -> None:
    body = patch(Event(when=hour(start)), {**ROW, "type": kind})
    assert body["start"] == {"dateTime": local, "timeZone": "W. Europe Standard Time"}
    assert body["end"]["timeZone"] == "W. Europe Standard Time"


def test_an_hour_that_a_zone_has_twice_is_sent_in_utc() -> None:
    first, second = (hour(datetime(2026, 10, 25, hours, tzinfo=UTC)) for hours in (0, 1))
    row = {**ROW, "type": "occurrence"}
    assert patch(Event(when=second), row)["start"] == {"dateTime": "2026-10-25T01:00:00.0000000", "timeZone": "UTC"}
    assert patch(Event(when=first), row)["start"] == {"dateTime": "2026-10-25T00:00:00.0000000", "timeZone": "UTC"}


@pytest.mark.parametrize("zone", ["tzone://Microsoft/Custom", "", None])
def test_an_occurrence_of_a_series_in_a_zone_without_a_name_is_moved_in_utc(zone: str | None) -> None:
    row = {**ROW, "type": "occurrence", "originalStartTimeZone": zone}
    body = patch(Event(when=hour(datetime(2027, 3, 1, 9, tzinfo=UTC))), row)
    assert body["start"] == {"dateTime": "2027-03-01T09:00:00.0000000", "timeZone": "UTC"}


@pytest.mark.parametrize("online", [{"isOnlineMeeting": True}, {"onlineMeeting": {"joinUrl": "https://x.test"}}])
def test_the_text_of_an_online_meeting_is_never_written_and_its_other_fields_are(online: Mapping[str, Any]) -> None:
    row = {**ROW, **online}
    with pytest.raises(Rejected) as caught:
        patch(Event(title="Pilates", description="Bring two mats"), row)
    assert "mats" not in f"{caught.value} {caught.value.hint}"
    assert patch(Event(title="Pilates", description="Bring a mat"), row) == {"subject": "Pilates"}


def test_every_field_of_a_new_event_reads_back_as_it_was_meant() -> None:
    when = AllDay(date(2027, 3, 27), date(2027, 3, 29))
    for given in (YOGA, YOGA.put({Field.WHEN: when, Field.BUSY: False})):
        body: dict[str, Any] = {}
        for field in Field:
            put(body, field, given.get(field), BERLIN)
        shown = observation({**ROW, **body}, VIEW).event
        assert shown == given
