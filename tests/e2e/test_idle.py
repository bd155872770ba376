"""What a pass costs in which nothing changed: one request for each calendar, and the site's own."""

import pytest

from syncd.cli.compose import seal
from tests.e2e.studio import Studio, local


def asked_of_wix(studio: Studio) -> list[str]:
    rows = studio.wix.app.log.to_json()["requests"]
    return [row["path"].rsplit("/", 2)[-2] + "/" + row["path"].rsplit("/", 1)[-1] for row in rows]


async def test_an_idle_pass_makes_one_request_for_each_calendar_and_one_query_of_schedules(studio: Studio) -> None:
    await studio.connect()
    studio.session("Yoga", local(1, "09:00"))
    await studio.person.event("Dentist", local(2, "15:00"))
    await studio.settle()
    studio.clock.advance(660)
    studio.forget_requests()
    await studio.sync()
    assert studio.requests() == list(studio.person.idle)
    assert asked_of_wix(studio) == ["oauth2/token", "schedules/query", "events/query", "events/query"]


@pytest.mark.outside("apple")  # the addresses of the others need no discovery
async def test_new_credentials_are_discovered_once_and_then_remembered(studio: Studio) -> None:
    connection = await studio.connect()
    await studio.settle()
    same = seal(studio.house.keys(), studio.person.credentials())
    await studio.store.put_credentials(connection.id, same)
    studio.forget_requests()
    await studio.sync()
    assert studio.requests().count("PROPFIND") == 2
    assert await studio.store.credentials(connection.id) != same
    studio.forget_requests()
    await studio.sync()
    assert "PROPFIND" not in studio.requests()


async def test_what_each_schedule_is_gets_found_out_again_after_a_day(studio: Studio) -> None:
    await studio.connect()
    await studio.settle()
    studio.clock.advance(24 * 3600)
    studio.forget_requests()
    await studio.sync()
    assert asked_of_wix(studio).count("events/query") == 3
