"""An account that is opened with what an earlier one found: when that is believed, and when it is discovered again."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

import adapters.apple
from syncd.errors import CalendarGone, Forbidden
from syncd.ports import Account
from syncd.sandbox.radicale import RadicaleServer
from tests.adapters.apple_world import BRIDGE, EMAIL, PASSWORD, WINDOW, StillClock, World, running_radicale, world_on

NO_PRINCIPAL = r"<(\w+:)?current-user-principal>.*?</(\w+:)?current-user-principal>"


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    with running_radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
async def world(radicale: RadicaleServer) -> AsyncIterator[World]:
    async with world_on(radicale) as one:
        yield one


@asynccontextmanager
async def opened(world: World, found: str) -> AsyncIterator[Account]:
    """A new account with the same credentials, as a new process opens it."""
    account = adapters.apple.create(
        url=world.proxy.base_url, email=EMAIL, password=PASSWORD, clock=StillClock(), bridge=BRIDGE, found=found
    )
    world.forget()
    try:
        yield account
    finally:
        await account.aclose()


def calendar_id(world: World) -> str:
    return world.path.removeprefix("/anna%40example.test/")


async def test_what_was_found_opens_the_next_account_without_discovery(world: World) -> None:
    async with opened(world, world.account.found) as account:
        assert await account.identity() == "/anna@example.test/"
        calendar = account.open(calendar_id(world), zone="UTC", collection="c")
        cursor = (await calendar.read(WINDOW)).cursor
        assert world.requests() == ["sync-collection"]
        assert cursor is not None
        assert account.found == world.account.found


async def test_what_was_found_says_nothing_about_another_entry_address(world: World) -> None:
    found = world.account.found.replace(world.proxy.base_url, "http://127.0.0.1:9")
    async with opened(world, found) as account:
        assert await account.identity() == "/anna@example.test/"
        assert world.requests() == ["PROPFIND", "PROPFIND"]


@pytest.mark.parametrize("found", ["", "{}", "no JSON", '{"entry": 1}'])
async def test_what_cannot_be_understood_is_discovered(world: World, found: str) -> None:
    async with opened(world, found) as account:
        assert await account.identity() == "/anna@example.test/"
        assert account.found == world.account.found


async def test_an_absence_is_proved_by_what_the_server_says_now(world: World) -> None:
    async with opened(world, world.account.found) as account:
        calendar = account.open(calendar_id(world), zone="UTC", collection="c")
        assert (await calendar.check()).identity == "/anna@example.test/"
        assert world.requests() == ["PROPFIND"]


async def test_where_the_calendar_names_no_principal_it_is_asked_for_anew(world: World) -> None:
    async with opened(world, world.account.found) as account:
        calendar = account.open(calendar_id(world), zone="UTC", collection="c")
        world.plant({"replace": [[NO_PRINCIPAL, ""]]}, match={"method": "PROPFIND"})
        assert (await calendar.check()).identity == "/anna@example.test/"
        assert world.proxy.faults.to_json()["faults"][-1]["fired"] == 1
        assert world.requests() == ["PROPFIND", "PROPFIND", "PROPFIND"]


async def test_a_calendar_is_made_only_where_discovery_leads_now(world: World) -> None:
    async with opened(world, world.account.found) as account:
        await account.make_calendar("later", "Sessions")
        assert world.requests() == ["PROPFIND", "PROPFIND", "PROPFIND", "MKCALENDAR"]


async def test_after_a_failure_the_next_account_discovers_again(world: World) -> None:
    async with opened(world, world.account.found) as account:
        world.plant({"status": 403}, match={"method": "PROPFIND"}, times=-1)
        calendar = account.open(calendar_id(world), zone="UTC", collection="c")
        with pytest.raises(Forbidden):
            await calendar.check()
        assert account.found == ""


async def test_a_refused_token_does_not_put_the_address_in_doubt(world: World) -> None:
    async with opened(world, world.account.found) as account:
        world.plant({"status": 403}, match={"report": "sync-collection"})
        calendar = account.open(calendar_id(world), zone="UTC", collection="c")
        await calendar.read(WINDOW)  # by PROPFIND, then
        assert world.proxy.faults.to_json()["faults"][-1]["fired"] == 1
        assert account.found == world.account.found


async def test_a_lost_calendar_is_gone_only_after_discovery(world: World) -> None:
    async with opened(world, world.account.found) as account:
        calendar = account.open("never-made/", zone="UTC", collection="c")
        with pytest.raises(CalendarGone):
            await calendar.check()
        assert world.requests() == ["PROPFIND", "PROPFIND", "PROPFIND"]
