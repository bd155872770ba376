"""The studio's account: what lies in its calendars, tokens that work at once, and what a client is told."""

from syncd.sandbox import studio
from syncd.sandbox.microsoft import MicrosoftState, seed
from syncd.sandbox.microsoft.errors import Json
from syncd.sandbox.microsoft.seed import SeededAccount
from tests.sandbox.microsoft.site import Site, calendar_path


def seeded(microsoft: Site) -> SeededAccount:
    return seed.seed_account(microsoft.state, studio.external_events(microsoft.clock.now()))


def asked(microsoft: Site, account: SeededAccount, path: str) -> Json:
    reply = microsoft.call("GET", path, headers={"Authorization": f"Bearer {account.access_token}"})
    assert reply.status_code == 200, reply.text
    found: Json = reply.json()
    return found


def test_the_outside_events_lie_in_the_default_calendar(microsoft: Site) -> None:
    account = seeded(microsoft)
    rows = asked(microsoft, account, f"{calendar_path(account.calendars[0][0])}/events?$top=50")["value"]
    found = {row["subject"]: row for row in rows}
    assert set(found) == set(account.events) == {row["title"] for row in studio.external_events(microsoft.clock.now())}
    assert found["Therapy"]["sensitivity"] == "private"
    assert found["Friend in town"]["showAs"] == "free"
    assert (found["Moving house"]["isAllDay"], found["Moving house"]["start"]["dateTime"][:10]) == (True, "2026-12-04")
    assert found["Lunch run"]["recurrence"]["range"]["numberOfOccurrences"] == 10
    assert found["Dentist"]["location"]["displayName"] == "Hauptstr. 5, Berlin"
    assert found["Dentist"]["start"] == {"dateTime": "2026-11-24T14:00:00.0000000", "timeZone": "UTC"}
    assert found["Dentist"]["originalStartTimeZone"] == "W. Europe Standard Time"
    assert "insurance card" in found["Dentist"]["body"]["content"]


def test_there_are_three_calendars_and_the_last_cannot_be_written(microsoft: Site) -> None:
    account = seeded(microsoft)
    rows = asked(microsoft, account, "/me/calendars")["value"]
    assert [(row["id"], row["name"]) for row in rows] == account.calendars
    assert [row["isDefaultCalendar"] for row in rows] == [True, False, False]
    assert [row["canEdit"] for row in rows] == [True, True, False]
    holidays = asked(microsoft, account, f"{calendar_path(account.calendars[2][0])}/events")["value"]
    assert {row["subject"] for row in holidays} == {"Christmas Day", "New Year's Day"}


def test_the_facts_are_what_a_client_needs(microsoft: Site) -> None:
    account = seeded(microsoft)
    facts = seed.facts(microsoft.server.base_url, [account])
    (told,) = facts["accounts"]
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    listed = microsoft.client.get(f"{facts['base_url']}/me/calendars", headers=headers).json()["value"]
    assert [{"id": row["id"], "name": row["name"]} for row in listed] == told["calendars"]
    form = {
        "grant_type": "refresh_token",
        "refresh_token": told["refresh_token"],
        "client_id": facts["client_id"],
        "client_secret": facts["client_secret"],
    }
    assert microsoft.client.post(f"{facts['authority']}/common/oauth2/v2.0/token", data=form).status_code == 200


def test_two_accounts_share_one_app(microsoft: Site) -> None:
    seeded(microsoft)
    other = seed.seed_account(microsoft.state, [], "second@outlook.example", "Second")
    assert other.events == {}
    assert list(microsoft.state.authority.clients).count(seed.CLIENT_ID) == 1


def test_the_same_seed_makes_the_same_world(microsoft: Site) -> None:
    worlds = [MicrosoftState(microsoft.clock) for _ in range(2)]
    first, second = (seed.seed_account(world, studio.external_events(microsoft.clock.now())) for world in worlds)
    assert first == second
