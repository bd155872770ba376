"""The seeded studio, its outside events, and the raw view of everything."""

from datetime import UTC, date, datetime, timedelta

import pytest

from syncd.sandbox import studio
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.wix import WixState
from tests.sandbox.wix_site import AYLIN, JONAS, MARA, Json, WixSite

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


async def sessions_of(wix: WixSite, staff: studio.Staff) -> list[Json]:
    """Both ways of finding what concerns a staff member, merged by id."""
    found: dict[str, Json] = {}
    for condition in (
        {"scheduleId": {"$eq": staff.schedule_id}},
        {"resources.id": {"$hasSome": [staff.resource_id]}},
    ):
        query = {"filter": condition, "cursorPaging": {"limit": 1000}}
        found |= {row["id"]: row for row in await wix.query(query=query, fields=["PI_FIELDS"])}
    return list(found.values())


@pytest.mark.parametrize("staff", [MARA, JONAS, AYLIN], ids=lambda staff: staff.name)
async def test_each_staff_member_has_a_years_worth_of_sessions(wix: WixSite, staff: studio.Staff) -> None:
    rows = await sessions_of(wix, staff)
    assert 50 <= len(rows) <= 120
    assert {row["type"] for row in rows} == {"CLASS", "APPOINTMENT", "DEFAULT"}
    assert any(row["participants"]["total"] for row in rows)
    assert not any(row["participants"]["total"] for row in rows if row["type"] == "DEFAULT")


async def test_two_equal_classes_lie_in_two_rooms(wix: WixSite) -> None:
    north = await wix.get(wix.seeded.sessions["open_north"])
    south = await wix.get(wix.seeded.sessions["open_south"])
    assert (north["title"], north["start"], north["end"]) == (south["title"], south["start"], south["end"])
    assert {row["resources"][1]["type"] for row in (north, south)} == {"ROOM"}
    assert north["resources"][1]["id"] != south["resources"][1]["id"]


async def test_one_outside_event_equals_a_session_in_title_and_time(wix: WixSite) -> None:
    session = await wix.get(wix.seeded.sessions["team_meeting"])
    twin = next(row for row in studio.external_events(NOW) if row["title"] == session["title"])
    assert twin["start"] == datetime.fromisoformat(session["start"]["utcDate"])
    assert twin["end"] == datetime.fromisoformat(session["end"]["utcDate"])


def test_outside_events_are_of_every_kind() -> None:
    rows = studio.external_events(NOW)
    keys = {"uid", "title", "description", "location", "start", "end", "zone", "private", "free", "rrule"}
    assert all(set(row) == keys for row in rows)
    assert len({row["uid"] for row in rows}) == len(rows) == 7
    assert sum(row["private"] for row in rows) == 2
    assert sum(row["free"] for row in rows) == 1
    assert sum(row["rrule"] is not None for row in rows) == 1
    (all_day,) = [row for row in rows if not isinstance(row["start"], datetime)]
    assert all_day["end"] - all_day["start"] == timedelta(days=1)


def test_everything_follows_the_clock() -> None:
    assert studio.next_monday(NOW) == date(2026, 11, 23)
    assert studio.next_monday(datetime(2026, 11, 23, 1, tzinfo=UTC)) == date(2026, 11, 30)
    clock = SandboxClock(datetime(2027, 3, 26, 8, tzinfo=UTC), rate=0)
    seeded = studio.seed_wix(WixState(clock), clock)
    meeting = seeded.site.events.get(seeded.sessions["team_meeting"])
    assert meeting is not None
    assert meeting.span.start.isoformat() == "2027-04-01T09:00:00"
    assert meeting.span.start_utc == datetime(2027, 4, 1, 7, tzinfo=UTC)


def test_the_studio_is_the_same_in_every_run() -> None:
    clock = SandboxClock(NOW, rate=0)
    first, second = (studio.seed_wix(WixState(clock), clock) for _ in range(2))
    assert first.sessions == second.sessions


def test_overrides_name_what_exists() -> None:
    clock = SandboxClock(NOW, rate=0)
    seeded = studio.seed_wix(WixState(clock), clock)
    for override in studio.OVERRIDES:
        ref = override.get("schedule")
        assert ref in {s.id for s in studio.SCHEDULES} or override["session"] in seeded.sessions


async def test_raw_hides_nothing(wix: WixSite) -> None:
    event = await wix.cancel(await wix.create(notes="private"))
    master, rows = await wix.series()
    await wix.update(master, title="x", recurrenceRule={"frequency": "WEEKLY", "days": ["FRIDAY"]})
    params = {"instance_id": studio.INSTANCE_ID}
    raw = (await wix.client.get("/_sandbox/raw", params=params)).json()
    by_id = {row["id"]: row for row in raw["events"]}
    assert by_id[event["id"]]["notes"] == "private"
    assert by_id[event["id"]]["status"] == "CANCELLED"
    assert by_id[rows[0]["id"]]["retired"] is True
    assert master["id"] in by_id
    assert len(raw["schedules"]) == 10


async def test_raw_of_an_unknown_site_is_400(wix: WixSite) -> None:
    reply = await wix.client.get("/_sandbox/raw", params={"instance_id": "nowhere"})
    assert reply.status_code == 400


async def test_bookings_raise_revision_and_keep_the_kind(wix: WixSite) -> None:
    master = await wix.get(wix.seeded.sessions["pilates_wednesday"])
    first = (await wix.instances(master))[0]
    answer = await wix.people("participants", {"eventId": first["id"], "total": 2})
    assert answer["event"]["participants"]["total"] == 2
    after = await wix.get(first["id"])
    assert (after["revision"], after["recurrenceType"]) == ("2", "INSTANCE")
    for body in ({"eventId": "x", "total": 1}, {"eventId": first["id"], "total": -1}):
        assert (await wix.client.post("/_sandbox/participants", json=body)).status_code == 400
