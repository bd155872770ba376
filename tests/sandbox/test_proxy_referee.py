"""The `caldav` library as an outside client of the proxy: what works for strangers works for us."""

import logging
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest
from caldav.aio import AsyncDAVClient

from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.proxy import FaultProxy
from syncd.sandbox.radicale import RadicaleServer
from tests.sandbox.caldav_account import EMAIL, PASSWORD, event, running_radicale


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    with running_radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
async def proxy(radicale: RadicaleServer) -> AsyncIterator[FaultProxy]:
    proxy = FaultProxy(radicale.base_url, SandboxClock(datetime(2030, 1, 1, tzinfo=UTC)))
    await proxy.start()
    yield proxy
    await proxy.stop()


@pytest.fixture
async def principal(proxy: FaultProxy) -> AsyncIterator[Any]:
    logging.getLogger("caldav").setLevel(logging.CRITICAL)
    client = AsyncDAVClient(
        url=proxy.base_url,
        username=EMAIL,
        password=PASSWORD,
        auth_type="basic",
        features="radicale",
        timeout=10,
        enable_rfc6764=False,
    )
    async with client:
        yield await client.get_principal()


async def test_discovery_finds_a_calendar_made_through_the_proxy(proxy: FaultProxy, principal: Any) -> None:
    made = await principal.make_calendar(name="Studio A", supported_calendar_component_set=["VEVENT"])

    found = {unquote(str(item.url)): item for item in await principal.get_calendars()}

    address = unquote(str(made.url))
    assert address.startswith(proxy.base_url)
    assert await found[address].get_display_name() == "Studio A"


async def test_events_put_through_the_proxy_are_synced_and_fetched(principal: Any) -> None:
    calendar = await principal.make_calendar(name="Studio B")
    for number in range(3):
        await calendar.add_event(event(f"Class {number}", f"uid-{number}").decode())

    listed = await calendar.get_objects_by_sync_token(load_objects=False, disable_fallback=True)
    fetched = await calendar.multiget([item.url for item in listed])

    assert sorted(item.icalendar_component["summary"] for item in fetched) == [
        "Class 0",
        "Class 1",
        "Class 2",
    ]


async def test_sync_shows_a_deletion_as_a_deleted_url(principal: Any) -> None:
    calendar = await principal.make_calendar(name="Studio C")
    kept = await calendar.add_event(event("Kept", "uid-kept").decode())
    gone = await calendar.add_event(event("Gone", "uid-gone").decode())
    first = await calendar.get_objects_by_sync_token(load_objects=False, disable_fallback=True)

    await gone.delete()
    later = await calendar.get_objects_by_sync_token(first.sync_token, load_objects=False, disable_fallback=True)

    assert {str(item.url) for item in first} == {str(kept.url), str(gone.url)}
    assert [str(url) for url in later.deleted_urls] == [str(gone.url)]


async def test_row_dropped_by_the_proxy_is_missing_for_the_library(proxy: FaultProxy, principal: Any) -> None:
    calendar = await principal.make_calendar(name="Studio D")
    first = await calendar.add_event(event("One", "uid-one").decode())
    await calendar.add_event(event("Two", "uid-two").decode())
    proxy.plant({"do": {"drop_rows": "uid-one"}, "match": {"report": "sync-collection"}})

    listed = await calendar.get_objects_by_sync_token(load_objects=False, disable_fallback=True)

    assert "uid-one" in str(first.url)
    assert len(list(listed)) == 1


async def test_connection_broken_after_the_commit_is_an_error_for_the_library(
    proxy: FaultProxy, principal: Any
) -> None:
    calendar = await principal.make_calendar(name="Studio E")
    proxy.plant({"do": {"drop": "after"}, "match": {"method": "PUT"}})

    with pytest.raises(Exception, match="disconnected"):
        await calendar.add_event(event("Once", "uid-once").decode())

    assert len(await calendar.get_events()) == 1
