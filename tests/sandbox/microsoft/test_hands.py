"""What people do in Outlook, as a client then reads it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from syncd.sandbox.microsoft.hands import Hands
from tests.sandbox.microsoft.site import ANNA, BERT, CLIENT_ID, HOUR, Site, calendar_path, event_path, shown, starts


def test_events_are_added_timed_and_all_day(microsoft: Site) -> None:
    timed = microsoft.hands.add("Dentist", *HOUR, location="Room 1", body="Bring the card", showAs="oof")
    whole = microsoft.hands.add("Moving", date(2026, 11, 25), date(2026, 11, 27))
    first = microsoft.event(timed.id, 'outlook.body-content-type="text", IdType="ImmutableId"')
    assert (first["subject"], first["start"], first["showAs"]) == ("Dentist", shown("2026-11-24T08:00"), "oof")
    assert (first["location"]["displayName"], first["body"]["content"]) == ("Room 1", "Bring the card")
    second = microsoft.event(whole.id)
    assert (second["isAllDay"], second["end"]) == (True, shown("2026-11-27T00:00"))


def test_an_edit_moves_and_clears(microsoft: Site) -> None:
    event = microsoft.hands.add("Dentist", *HOUR, location="Room 1")
    microsoft.hands.edit(event.id, start=HOUR[0] + timedelta(hours=2), location=None)
    read = microsoft.event(event.id)
    assert (read["start"], read["end"]) == (shown("2026-11-24T10:00"), shown("2026-11-24T11:00"))
    assert read["location"]["displayName"] == ""
    microsoft.hands.edit(event.id, start=date(2026, 11, 24), end=date(2026, 11, 25))
    assert microsoft.event(event.id)["isAllDay"] is True


def test_a_series_by_its_rule_and_one_occurrence_of_it(microsoft: Site) -> None:
    hands = microsoft.hands
    master = hands.add("Run", *HOUR, rrule="FREQ=WEEKLY;COUNT=4")
    second, third = hands.occurrences(master.id, date(2027, 1, 1))[1:3]
    hands.edit(second.id, subject="Long run")
    hands.delete(third.id)
    assert [row["subject"] for row in microsoft.view()] == ["Run", "Long run", "Run"]
    assert [event.type for event in hands.occurrences(master.id, date(2027, 1, 1))] == [
        "occurrence",
        "exception",
        "occurrence",
    ]
    hands.edit(master.id, start=HOUR[0] + timedelta(days=1), rrule="FREQ=WEEKLY;COUNT=4")
    assert [row["subject"] for row in microsoft.view()] == ["Run"] * 4
    assert starts(microsoft.view())[0] == "2026-11-25T08:00"


def test_a_series_is_split(microsoft: Site) -> None:
    hands = microsoft.hands
    master = hands.add("Run", *HOUR, rrule="FREQ=WEEKLY;COUNT=4", location="Park")
    third = hands.occurrences(master.id, date(2027, 1, 1))[2]
    later = hands.split(third.id, subject="Walk")
    rows = microsoft.view()
    assert [row["subject"] for row in rows] == ["Run", "Run", "Walk", "Walk"]
    assert starts(rows)[2] == "2026-12-08T08:00"
    assert {row["location"]["displayName"] for row in rows} == {"Park"}
    assert later.id != master.id
    whole = hands.split(hands.occurrences(later.id, date(2027, 1, 1))[0].id, subject="Ride")
    assert (whole.id, microsoft.view()[3]["subject"]) == (later.id, "Ride")


def test_a_split_at_another_time(microsoft: Site) -> None:
    hands = microsoft.hands
    master = hands.add("Run", *HOUR, rrule="FREQ=WEEKLY;COUNT=3")
    second = hands.occurrences(master.id, date(2027, 1, 1))[1]
    hands.split(second.id, start=second.start.instant + timedelta(hours=1), end=second.end.instant + timedelta(hours=1))
    assert starts(microsoft.view()) == ["2026-11-24T08:00", "2026-12-01T09:00", "2026-12-08T09:00"]


def test_an_event_is_moved_with_its_exceptions(microsoft: Site) -> None:
    other = microsoft.state.add_calendar(ANNA, "Other")
    master = microsoft.hands.add("Run", *HOUR, rrule="FREQ=WEEKLY;COUNT=2")
    second = microsoft.hands.occurrences(master.id, date(2027, 1, 1))[1]
    microsoft.hands.edit(second.id, subject="Long run")
    microsoft.hands.move(master.id, other.id)
    assert microsoft.view() == []
    there = Hands(microsoft.state, ANNA, other.id)
    assert [event.fields["subject"] for event in there.occurrences(master.id, date(2027, 1, 1))] == ["Run", "Long run"]


def test_a_deleted_event_is_restored(microsoft: Site) -> None:
    event = microsoft.hands.add("Dentist", *HOUR)
    link = microsoft.round().link
    microsoft.hands.delete(event.id)
    after = microsoft.round(link)
    assert after.removed == [event.id]
    microsoft.hands.restore(event.id)
    assert [row["id"] for row in microsoft.round(after.link).rows] == [event.id]


@pytest.mark.parametrize(
    ("response", "shows"),
    [("accepted", "busy"), ("tentativelyAccepted", "tentative"), ("declined", "free")],
)
def test_an_invitation_is_answered(microsoft: Site, response: str, shows: str) -> None:
    ref = microsoft.hands.invite("Board", *HOUR, BERT).id
    assert microsoft.event(ref)["showAs"] == "tentative"
    microsoft.hands.answer(ref, response)
    read = microsoft.event(ref)
    assert (read["responseStatus"]["response"], read["showAs"], read["isOrganizer"]) == (response, shows, False)
    assert read["responseStatus"]["time"].startswith("2026-11-20T12:00")


def test_a_meeting_is_cancelled_and_stays(microsoft: Site) -> None:
    ref = microsoft.hands.invite("Board", *HOUR, BERT).id
    microsoft.hands.cancel(ref)
    assert microsoft.event(ref)["isCancelled"] is True


def test_an_event_becomes_an_online_meeting(microsoft: Site) -> None:
    ref = microsoft.hands.add("Board", *HOUR, body="Agenda").id
    microsoft.hands.meet_online(ref)
    read = microsoft.event(ref, 'outlook.body-content-type="text"')
    assert read["body"]["content"].startswith("Agenda\r\n")
    assert read["onlineMeeting"]["joinUrl"] in read["body"]["content"]
    private = microsoft.hands.edit(ref, sensitivity="private")
    assert private.fields["onlineMeeting"] is not None


def test_a_calendar_to_be_read_alone_is_filled_by_hand(microsoft: Site) -> None:
    holidays = microsoft.state.add_calendar(ANNA, "Holidays", can_edit=False)
    Hands(microsoft.state, ANNA, holidays.id).add("Christmas", date(2026, 12, 25), date(2026, 12, 26))
    (row,) = microsoft.get(f"{calendar_path(holidays.id)}/events")["value"]
    assert row["subject"] == "Christmas"


def test_a_calendar_is_renamed_and_removed(microsoft: Site) -> None:
    other = microsoft.state.add_calendar(ANNA, "Other")
    hands = Hands(microsoft.state, ANNA, other.id)
    event = hands.add("Dentist", *HOUR)
    hands.rename_calendar("New")
    assert microsoft.get(calendar_path(other.id))["name"] == "New"
    hands.remove_calendar()
    assert microsoft.refused("GET", calendar_path(other.id)).status == 404
    assert microsoft.refused("GET", event_path(event.id)).status == 404


def test_what_was_allowed_is_taken_back(microsoft: Site) -> None:
    assert microsoft.call("GET", "/me").is_success
    token = microsoft._tokens[ANNA]
    assert microsoft.hands.revoke(CLIENT_ID) == 1
    headers = {"Authorization": f"Bearer {token}"}
    assert microsoft.call("GET", "/me", headers=headers).is_success  # until it expires
    microsoft.clock.advance(3600)
    assert microsoft.call("GET", "/me", headers=headers).status_code == 401


def test_nothing_done_by_hand_mails_anybody(microsoft: Site) -> None:
    event = microsoft.hands.add("Board", *HOUR, attendees=[{"emailAddress": {"address": BERT}}])
    microsoft.hands.edit(event.id, subject="New")
    microsoft.hands.delete(event.id)
    assert microsoft.state.mailed == []


def test_a_state_becomes_what_its_copy_was(microsoft: Site) -> None:
    event = microsoft.hands.add("Dentist", *HOUR)
    link = microsoft.round().link
    kept = microsoft.state.copy()
    microsoft.hands.edit(event.id, subject="New")
    later = microsoft.hands.add("Later", datetime(2026, 12, 1, 8, tzinfo=UTC), datetime(2026, 12, 1, 9, tzinfo=UTC))
    assert len(microsoft.round(link).rows) == 2
    microsoft.state.become(kept)
    assert microsoft.event(event.id)["subject"] == "Dentist"
    assert microsoft.refused("GET", event_path(later.id)).status == 404
    assert microsoft.round(link).rows == []
    assert [row["subject"] for row in microsoft.get("/me/events")["value"]] == ["Dentist"]
