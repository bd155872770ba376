"""The studio's account: what lies in the calendar, and tokens that work at once."""

from syncd.sandbox import studio
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.google import GoogleState, seed
from tests.sandbox.google.site import ANNA, START, Site


def test_the_outside_events_lie_in_the_primary_calendar(google: Site) -> None:
    seeded = seed.seed_account(google.state, studio.external_events(google.clock.now()))
    service = google.service(token=seeded.access_token)
    rows = service.events().list(calendarId="primary").execute()["items"]
    found = {row["summary"]: row for row in rows}
    assert set(found) == set(seeded.events) == {row["title"] for row in studio.external_events(google.clock.now())}
    assert found["Therapy"]["visibility"] == "private"
    assert found["Friend in town"]["transparency"] == "transparent"
    assert found["Moving house"]["start"] == {"date": "2026-12-04"}
    assert found["Lunch run"]["recurrence"] == ["RRULE:FREQ=WEEKLY;COUNT=10"]
    assert found["Dentist"]["location"] == "Hauptstr. 5, Berlin"
    assert found["Dentist"]["start"]["dateTime"].endswith("15:00:00+01:00")


def test_the_facts_are_what_a_client_needs(google: Site) -> None:
    seeded = seed.seed_account(google.state, [])
    facts = seed.facts(google.server.base_url, [seeded])
    assert google.client.get(facts["auth_url"]).status_code == 400
    (account,) = facts["accounts"]
    form = {"grant_type": "refresh_token", "refresh_token": account["refresh_token"]}
    reply = google.client.post(facts["token_url"], data=form, auth=(facts["client_id"], facts["client_secret"]))
    assert reply.status_code == 200
    assert google.service(token=account["access_token"]).events().list(calendarId=seed.EMAIL).execute()["items"] == []


def test_a_running_simulator_goes_back_to_where_a_copy_was_made(google: Site) -> None:
    google.insert(id="first")
    _, token = google.sync()
    before = google.state.copy()
    for _ in range(2):
        google.insert(id="second")
        google.hands.edit("first", summary="New")
        google.hands.revoke()
        assert before.calendars[ANNA].version == 1
        google.state.become(before)
        assert {row["summary"] for row in google.rows()} == {"Check"}
        assert google.sync(token)[0] == {}


def test_two_seeded_states_are_the_same() -> None:
    found = []
    for _ in range(2):
        clock = SandboxClock(START, rate=0)
        found.append(seed.seed_account(GoogleState(clock), studio.external_events(clock.now())))
    assert found[0] == found[1]
