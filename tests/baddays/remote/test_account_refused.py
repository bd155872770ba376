"""An account that refuses, loses a calendar, or makes none: told with the repair, nothing deleted. R19, R21, R22."""

import json
import socket

import httpx
import pytest

from syncd.cli.compose import Credentials, seal
from syncd.model import Reason, Status
from tests.baddays.remote.day import (
    BENS_COPIES,
    BENS_SITE,
    COPIES,
    OLD_COPIES,
    OLD_SITE,
    SITE,
    Day,
)
from tests.e2e.studio import PASSWORD, local


def test_a_wrong_password_stops_one_connection_until_it_is_connected_again(day: Day) -> None:
    day.news()
    studio = day.studio
    wrong = seal(studio.house.keys(), Credentials(studio.email, "wrong"))
    day.on(studio.store.put_credentials(day.anna, wrong))
    said = day.run(code=1)
    assert day.answered(401) == 1
    assert "the server refuses the credentials (401)" in said.about(day.anna)
    assert "app-specific password" in said.about(day.anna)
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)  # an outage looks the same
    assert "it may pass" in day.stands(day.anna)["detail"]
    studio.clock.advance(300)
    said = day.run(code=1)
    row = said.logged("pass stopped", day.anna)
    assert (row["side"], row["error"], "app-specific password" in row["next"]) == ("external", "AuthRevoked", True)
    assert said.logged("connection stopped", day.anna)["reason"] == "TOKEN_REVOKED"
    stands = day.stands(day.anna)
    assert (stands["status"], stands["reason"]) == ("ERROR", "TOKEN_REVOKED")
    assert "app-specific password" in stands["detail"]
    assert {where for where, _, _ in day.checked()} == {f"connection {day.anna}"}
    assert day.on(day.everything()) == (OLD_SITE | BENS_SITE | {"Pilates 2026-03-04T09:00"}, OLD_COPIES | BENS_COPIES)
    studio.forget_requests()
    again = day.run(code=1)
    assert day.answered(401) == 0
    assert "app-specific password" in again.about(day.anna)
    day.syncd("connect", "apple", *_who(day, "anna"), "--calendar", "home/", "--yes", say=f"{PASSWORD}\n")
    day.run()
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_the_creation_of_the_calendar_is_refused_until_the_account_lets_us(day: Day) -> None:
    studio = day.studio
    third = day.on(_third(day))
    day.outside({"status": 403}, match={"method": "MKCALENDAR"})
    day.news()
    said = day.run(code=1)
    assert [(method, status) for method, _, status in day.delivered()] == [("MKCALENDAR", 403)]
    assert "the calendar for the sessions could not be made" in said.about(third)
    assert "let the account make calendars, then `syncd configure` with `--new-calendar`" in said.about(third)
    assert said.logged("connection stopped", third)["reason"] == "EXTERNAL_CALENDAR_CREATION_FAILED"
    stands = day.stands(third)
    assert (stands["status"], stands["reason"]) == ("ERROR", "EXTERNAL_CALENDAR_CREATION_FAILED")
    assert "--new-calendar" in stands["detail"]
    assert [
        (what, "--new-calendar" in step) for where, what, step in day.checked() if where == f"connection {third}"
    ] == [("status", True)]
    assert day.on(day.everything()) == (SITE, COPIES)
    studio.forget_requests()
    day.run(code=1)
    assert day.delivered() == []
    day.over()
    day.syncd("configure", third, "--new-calendar")
    day.run()
    assert day.on(day.status(third)) == (Status.SYNCED, None)
    assert len(day.on(_dedicated(day))) == 3
    day.on(day.at_rest())


def test_a_calendar_deleted_while_it_is_being_filled_loses_nothing(day: Day) -> None:
    studio = day.studio
    before = day.on(_dedicated(day))
    for number in range(6):
        studio.session("Pilates", local(3 + number, "09:00"))
    calendar = day.on(day.connection(day.anna)).calendar
    root, auth = str(studio.outside.web.base_url), (studio.email, PASSWORD)
    deleted: list[int] = []

    def tell(what: str, done: int, of: int) -> None:
        if what == "write" and done == 2 and of == 6 and not deleted:
            deleted.append(httpx.delete(f"{root.rstrip('/')}{studio.outside.root}{calendar}", auth=auth).status_code)

    results = day.on(day.passed(progress=tell))
    assert deleted == [200]
    assert str(results[day.anna].error) == "the calendar is not there any more"
    assert day.on(day.status(day.anna)) == (Status.ERROR, Reason.EXTERNAL_CALENDAR_DELETED)
    site = set(day.on(studio.at_wix()))
    assert len(site) == 10
    for _ in range(2):
        studio.clock.advance(660)
        said = day.run(code=1)
        assert "--new-calendar" in said.about(day.anna)
    assert set(day.on(studio.at_wix())) == site
    day.syncd("configure", day.anna, "--new-calendar")
    day.run()
    day.on(day.at_rest())
    assert len(day.on(_dedicated(day))) == len(before) == 2
    assert len(day.on(day.everything())[1]) == 8
    assert set(day.on(studio.at_wix())) == site


def test_objects_that_are_not_found_before_their_calendar_is_not_found_were_not_deleted(day: Day) -> None:
    """The calendar goes while it is read: 404 for each event first, for the collection when it is asked for."""
    studio = day.studio
    day.news()
    name = next(iter(day.on(studio.outside.objects("home/"))))
    day.on(studio.outside.edit("home/", name, ("SUMMARY:Dentist|SUMMARY:Errand", "SUMMARY:Bank")))
    day.outside({"set_row": {"href": r"/home/.+\.ics$", "status": 404}}, match={"report": "calendar-multiget"})
    day.outside({"status": 404}, match={"path": r"/home/.*\.ics$", "method": "GET"})
    day.outside({"status": 404}, match={"path": "/home/$", "method": "PROPFIND"}, skip=1)
    said = day.run(code=1)
    methods = [method for method, path, _ in day.delivered() if "/home/" in path]
    assert (methods[0], methods[-1]) == ("REPORT", "PROPFIND")
    assert "the calendar is not there any more" in said.about(day.anna)
    assert "external: home/: " in said.about(day.anna)
    assert day.on(day.status(day.anna)) == (Status.ERROR, Reason.EXTERNAL_CALENDAR_DELETED)
    for _ in range(2):
        studio.clock.advance(660)
        day.run(code=1)
    assert not [row for row in studio.written() if "cancel" in row or row.startswith("DELETE")]
    assert day.on(day.everything())[0] >= OLD_SITE
    day.over()
    day.on(day.configure(day.anna, calendars=("home/",)))
    day.run()
    day.on(day.at_rest())
    assert len(day.on(day.everything())[0]) == len(SITE)


def test_a_sync_token_refused_again_and_again_costs_one_listing_each_and_no_loop(day: Day) -> None:
    day.news()
    day.outside({"refuse_token": 403})
    for number in range(3):
        studio = day.studio
        studio.forget_requests()
        day.run()
        refused = day.delivered()
        calendars = 4 if number else 2  # the two that we made have never been read before
        assert [status for _, _, status in refused] == [403] * calendars
        assert len({path for _, path, _ in refused}) == calendars
        if number:
            reports = [row for row in studio.requests() if row == "sync-collection"]
            assert len(reports) == 8
            assert "calendar-multiget" not in studio.requests()
            assert studio.written() == []
        studio.clock.advance(660)
    assert day.on(day.everything()) == (SITE, COPIES)
    day.over()
    day.on(day.at_rest())


def test_a_calendar_server_that_cannot_be_reached_stops_the_connections_to_it_alone(day: Day) -> None:
    studio = day.studio
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    there = day.on(studio.store.credentials(day.anna))
    away = Credentials(studio.email, PASSWORD, f"http://127.0.0.1:{port}/")
    day.on(studio.store.put_credentials(day.anna, seal(studio.house.keys(), away)))
    day.news()
    said = day.run(code=1)
    assert "failed: external: PROPFIND to 127.0.0.1: ConnectError" in said.about(day.anna)
    assert "next: check the network and the configured address" in said.about(day.anna)
    assert "check the network" in day.stands(day.anna)["detail"]
    assert day.on(day.status(day.anna)) == (Status.SYNCED, None)
    assert "2 written, 0 failed" in said.about(day.ben)
    assert there is not None
    day.on(studio.store.put_credentials(day.anna, there))
    day.run()
    assert day.on(day.everything()) == (SITE, COPIES)
    day.on(day.at_rest())


def test_the_calendar_of_another_connection_is_refused_and_both_are_named(day: Day) -> None:
    studio = day.studio
    before = json.loads(day.syncd("connections", "--json").text)
    studio.forget_requests()
    done = day.refused("configure", day.ben, "--calendar", "home/", code=2)
    assert f"calendar home/ belongs to connection {day.anna}" in done
    assert "schedule Ben" in done
    assert f"disconnect {day.anna} first" in done
    done = day.refused("connect", "apple", *_who(day, "business"), "--calendar", "home/", code=2, say=f"{PASSWORD}\n")
    assert f"calendar home/ belongs to connection {day.anna}" in done
    assert json.loads(day.syncd("connections", "--json").text) == before
    assert studio.written() == []
    day.news()
    day.run()
    assert day.on(day.everything()) == (SITE, COPIES)


def _who(day: Day, schedule: str) -> tuple[str, ...]:
    return ("--schedule", day.studio.rows[schedule].id, "--email", day.studio.email, "--password-stdin")


async def _third(day: Day) -> str:
    """A connection whose calendar is not made yet: the whole business, exported only."""
    return (await day.studio.connect("business", imports=False, calendars=None)).id


async def _dedicated(day: Day) -> list[str]:
    return [name for name in await day.studio.outside.calendars() if name.startswith("syncd-")]
