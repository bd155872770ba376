"""The `caldav` library, unmodified, as an outside client: what works for strangers works for us. A test per verb."""

import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from caldav.aio import AsyncDAVClient
from caldav.elements import dav as elements
from caldav.lib.error import AuthorizationError, DAVError

from tests.sandbox.caldav.site import APP_PASSWORD, MARA, PASSWORD, Site, event, running

# The library's table has a profile of its own for the servers that are simulated here.
SERVERS = {"strict": None, "icloud": "icloud", "radicale": "radicale", "strict-uid": "cyrus", "nextcloud": "nextcloud"}


@pytest.fixture(params=SERVERS)
def dav(request: pytest.FixtureRequest) -> Any:
    logging.getLogger("caldav").setLevel(logging.CRITICAL)
    with running(request.param) as site:
        # The library tells hosts apart by name, not by port.
        site.state.urls["entry"] = site.server.base_url.replace("127.0.0.1", "localhost")
        yield site


def client(dav: Site, password: str = APP_PASSWORD) -> AsyncDAVClient:
    features = SERVERS[dav.state.switches.profile]
    known: dict[str, Any] = {"features": features} if features else {}
    where: dict[str, Any] = {"url": f"{dav.state.urls['entry']}/", "username": MARA, "password": password}
    return AsyncDAVClient(**where, **known, auth_type="basic", timeout=10, enable_rfc6764=False)


@pytest.fixture
async def principal(dav: Site) -> AsyncIterator[Any]:
    async with client(dav) as opened:
        yield await opened.get_principal()


@pytest.fixture
async def calendar(principal: Any) -> Any:
    return await principal.make_calendar(name="Studio", cal_id="studio", supported_calendar_component_set=["VEVENT"])


async def test_propfind_finds_principal_home_and_calendars(dav: Site, principal: Any) -> None:
    found = await principal.get_calendars()
    assert [str(await one.get_display_name()) for one in found] == ["Home"]
    assert str(principal.url).endswith(dav.principal.replace("%40", "@")) or str(principal.url).endswith(dav.principal)


async def test_mkcalendar_makes_one_and_proppatch_renames_it(dav: Site, calendar: Any) -> None:
    await calendar.set_properties([_display_name("Renamed")])
    made = dav.state.calendar(dav.hands.account, "studio")
    assert made is not None
    assert "Renamed" in made.props["{DAV:}displayname"]


async def test_put_stores_and_get_reads_an_event(dav: Site, calendar: Any) -> None:
    made = await calendar.add_event(event(uid="one"))
    await made.load()
    assert made.icalendar_component["summary"] == "Yoga"
    assert dav.hands.objects() == {}


async def test_put_again_changes_it(calendar: Any) -> None:
    made = await calendar.add_event(event(uid="one"))
    await made.load()
    made.icalendar_component["summary"] = "Pilates"
    await made.save()
    (found,) = await calendar.get_events()
    assert found.icalendar_component["summary"] == "Pilates"


async def test_delete_removes_an_event(calendar: Any) -> None:
    made = await calendar.add_event(event(uid="one"))
    await made.delete()
    assert await calendar.get_events() == []


async def test_sync_collection_tells_what_came_and_went(calendar: Any) -> None:
    kept = await calendar.add_event(event(uid="kept"))
    first = await calendar.get_objects_by_sync_token(load_objects=False, disable_fallback=True)
    made = await calendar.add_event(event(uid="made"))
    later = await calendar.get_objects_by_sync_token(first.sync_token, load_objects=False, disable_fallback=True)
    assert [_path(one.url) for one in later if _path(one.url) != _path(calendar.url)] == [_path(made.url)]
    assert _path(kept.url) in [_path(one.url) for one in first]


async def test_multiget_reads_many(calendar: Any) -> None:
    made = [await calendar.add_event(event(uid=f"uid-{number}")) for number in range(3)]
    found = await calendar.multiget([one.url for one in made])
    assert sorted(one.icalendar_component["uid"] for one in found) == ["uid-0", "uid-1", "uid-2"]


async def test_a_query_by_time_finds_series_and_expands_them(calendar: Any) -> None:
    await calendar.add_event(event("RRULE:FREQ=WEEKLY;COUNT=3", uid="series"))
    start, end = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
    (whole,) = await calendar.search(start=start, end=end, event=True)
    assert "RRULE" in whole.data
    found = await calendar.search(start=start, end=end, event=True, expand=True, server_expand=True)
    assert len({str(part["dtstart"].dt) for one in found for part in one.icalendar_instance.walk("VEVENT")}) == 2


async def test_delete_removes_a_calendar(dav: Site, principal: Any, calendar: Any) -> None:
    assert len(await principal.get_calendars()) == 2
    await calendar.delete()
    assert dav.state.calendar(dav.hands.account, "studio") is None


async def test_the_accounts_own_password_is_refused_where_it_is_not_taken(dav: Site) -> None:
    async with client(dav, PASSWORD) as opened:
        if dav.state.switches["passwords"] == "any":
            assert str((await opened.get_principal()).url)
            return
        with pytest.raises(AuthorizationError):
            await opened.get_principal()
    assert dav.counts["passwords"] > 0


async def test_an_event_without_an_end_is_refused_where_it_is(dav: Site, calendar: Any) -> None:
    if dav.state.switches["event_without_end"] == "stored":
        assert await calendar.add_event(event(uid="one", end=None))
        return
    with pytest.raises(DAVError):
        await calendar.add_event(event(uid="one", end=None))
    assert dav.counts["event_without_end"] > 0


def _display_name(text: str) -> Any:
    return elements.DisplayName(text)


def _path(url: Any) -> str:
    return unquote(urlsplit(str(url)).path)
