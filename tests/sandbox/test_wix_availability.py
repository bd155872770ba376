"""Free time of staff: working hours minus what is OPAQUE and concerns them."""

from syncd.sandbox import studio
from tests.sandbox.wix_site import JONAS, MARA, Json, WixSite, at

MARA_TUESDAY = [("08:00", "08:30"), ("09:30", "17:00")]  # training 09:30 to 10:30 local


async def free(wix: WixSite, resource_id: str, day: str = "2026-11-24") -> list[tuple[str, str]]:
    """Free intervals of one day in UTC, by hour and minute."""
    params = {"from": f"{day}T00:00:00Z", "to": f"{day}T23:59:59Z"}
    answer = (await wix.client.get("/_sandbox/availability", params=params)).json()
    member = next(row for row in answer["staff"] if row["resourceId"] == resource_id)
    return [(slot["start"][11:16], slot["end"][11:16]) for slot in member["free"]]


async def test_working_hours_minus_what_is_booked(wix: WixSite) -> None:
    assert await free(wix, MARA.resource_id) == MARA_TUESDAY
    assert await free(wix, MARA.resource_id, "2026-11-28") == []


async def test_a_block_on_the_staff_schedule_closes_time_and_cancelling_opens_it(wix: WixSite) -> None:
    event = await wix.create(start=at("2026-11-24T12:00"), end=at("2026-11-24T13:00"))
    closed = [("08:00", "08:30"), ("09:30", "11:00"), ("12:00", "17:00")]
    assert await free(wix, MARA.resource_id) == closed
    await wix.cancel(event)
    assert await free(wix, MARA.resource_id) == MARA_TUESDAY


async def test_a_transparent_event_blocks_nobody(wix: WixSite) -> None:
    await wix.create(transparency="TRANSPARENT", start=at("2026-11-24T12:00"), end=at("2026-11-24T13:00"))
    assert await free(wix, MARA.resource_id) == MARA_TUESDAY


async def test_an_opaque_business_event_blocks_the_staff_it_links(wix: WixSite) -> None:
    before = await free(wix, JONAS.resource_id)
    links: list[Json] = [{"id": MARA.resource_id}]
    times = {"start": at("2026-11-24T16:00"), "end": at("2026-11-24T18:00")}
    await wix.create(scheduleId=studio.BUSINESS.id, resources=links, **times)
    assert await free(wix, MARA.resource_id) == [("08:00", "08:30"), ("09:30", "15:00")]
    assert await free(wix, JONAS.resource_id) == before


async def test_a_staff_member_linked_as_transparent_stays_free(wix: WixSite) -> None:
    links = [{"id": MARA.resource_id, "transparency": "TRANSPARENT"}]
    times = {"start": at("2026-11-24T16:00"), "end": at("2026-11-24T18:00")}
    await wix.create(scheduleId=studio.BUSINESS.id, resources=links, **times)
    assert await free(wix, MARA.resource_id) == MARA_TUESDAY


async def test_the_business_hours_count_where_a_staff_member_has_none(wix: WixSite) -> None:
    query: Json = {
        "filter": {
            "scheduleId": {"$eq": MARA.hours_schedule_id},
            "type": {"$eq": "WORKING_HOURS"},
        }
    }
    for master in await wix.query(recurrenceType=["MASTER"], query=query):
        await wix.cancel(master)
    wix.clock.advance(7 * 86400)
    assert await free(wix, MARA.resource_id, "2026-12-01") == [("08:00", "17:00")]


async def test_working_hours_follow_the_change_of_the_clock(wix: WixSite) -> None:
    assert (await free(wix, JONAS.resource_id, "2027-03-26"))[0][0] == "08:00"
    assert (await free(wix, JONAS.resource_id, "2027-03-29"))[0][0] == "07:00"


async def test_an_unreadable_window_is_400(wix: WixSite) -> None:
    reply = await wix.client.get("/_sandbox/availability", params={"from": "today"})
    assert reply.status_code == 400
