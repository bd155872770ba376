"""Grants at rest: renewed once by whoever needs it first, kept apart from any pass, and never lost to other news."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import msgspec
import pytest

from syncd import config
from syncd.cli.clients import GOOGLE
from syncd.cli.compose import Credentials, House, new_id, seal
from syncd.cli.connect import stored
from syncd.cli.sandbox import granted
from syncd.connections import Request, Wish, confirm
from syncd.errors import AuthRevoked, Transient
from syncd.model import Target
from syncd.ports import Account, Grant
from syncd.store import SqlStore
from tests.cli.conftest import JONAS, Studio

T = TypeVar("T")


@pytest.fixture
def google(studio: Studio) -> Studio:
    """The studio with its second staff member connected, by a grant whose access token has come to its end."""

    async def connected(house: House, store: SqlStore) -> None:
        now = house.clock.now()
        grant = replace(granted(studio.sandbox), granted_at=now)
        credentials = Credentials(grant.email, grant=grant)
        wish = Wish(target=Target.PRIMARY)
        sealed = seal(house.keys(), credentials)
        request = Request(new_id(), GOOGLE, JONAS.schedule_id, credentials.email, sealed, wish)
        await confirm(house.desk(store), await stored(house, store, credentials, request))
        await store.put_credentials(request.id, seal(house.keys(), ended(credentials, now - timedelta(minutes=1))))

    within(studio, connected)
    studio.writes()
    return studio


def ended(credentials: Credentials, when: datetime) -> Credentials:
    assert credentials.grant is not None
    return msgspec.structs.replace(credentials, grant=replace(credentials.grant, expires_at=when))


def within(studio: Studio, work: Callable[[House, SqlStore], Awaitable[T]]) -> T:
    """Do something with the store of the studio."""

    async def done() -> T:
        house = House(config.load(studio.config, {}), studio.sandbox.clock)
        async with house.store() as store:
            return await work(house, store)

    return asyncio.run(done())


def kept(studio: Studio) -> Credentials:
    async def read(house: House, store: SqlStore) -> Credentials:
        (connection,) = await store.connections()
        _, credentials = await house.credentials_of(store, house.keys(), connection)
        return credentials

    return within(studio, read)


def grant_of(studio: Studio) -> Grant:
    found = kept(studio).grant
    assert found is not None
    return found


def renewals(studio: Studio) -> int:
    rows = studio.inside(studio.sandbox.google.app.log.to_json)["requests"]
    return sum(row["path"] == "/token" for row in rows)


def test_a_dry_run_keeps_the_grant_that_it_renewed_and_writes_nothing_else(google: Studio) -> None:
    before = grant_of(google)
    google.run("run", "--once", "--dry-run")
    after = grant_of(google)
    assert after.access_token != before.access_token
    assert set(after.scopes) == set(before.scopes)
    lasting = (after.refresh_token, after.identity, after.email, after.granted_at)
    assert lasting == (before.refresh_token, before.identity, before.email, before.granted_at)
    assert renewals(google) == 1
    google.run("run", "--once", "--dry-run")
    assert renewals(google) == 1
    assert google.writes() == []


async def opened(house: House, store: SqlStore) -> Account:
    (connection,) = await store.connections()
    return await house.account_of(store, house.keys(), connection)


def test_two_that_need_it_at_once_renew_it_once(google: Studio) -> None:
    async def both(house: House, store: SqlStore) -> None:
        accounts = [await opened(house, store) for _ in range(2)]
        await asyncio.gather(*(account.calendars() for account in accounts))
        for account in accounts:
            await account.aclose()

    within(google, both)
    assert renewals(google) == 1


def test_a_turn_that_another_process_keeps_is_given_up_with_a_word(
    google: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syncd.cli.grants._TRIES", 2)
    monkeypatch.setattr("syncd.cli.grants._PAUSE", 0)

    async def kept_out(house: House, store: SqlStore) -> None:
        from syncd.store import this_process

        account = await opened(house, store)
        (connection,) = await store.connections()
        assert await store.acquire(f"account:{connection.id}", this_process(), 60) is not None
        with pytest.raises(Transient, match="another process"):
            await account.calendars()
        await account.aclose()

    within(google, kept_out)
    assert renewals(google) == 0


def test_news_of_the_account_are_kept_though_its_grant_was_renewed_in_the_same_pass(google: Studio) -> None:
    fault = {"match": {"operation": "events.insert"}, "do": {"error": "quotaExceeded"}, "times": -1}
    google.inside(lambda: google.sandbox.google.app.faults.add(fault))
    google.run("run", "--once", code=1)
    assert renewals(google) == 1
    assert "resting" in kept(google).found
    assert grant_of(google).expires_at > google.sandbox.clock.now()


def test_a_grant_without_a_connection_is_renewed_in_hand(google: Studio) -> None:
    async def asked(house: House, _: SqlStore) -> None:
        now = house.clock.now()
        grant = granted(google.sandbox)
        account = house.account(GOOGLE, ended(Credentials(grant=grant), now))
        assert [info.default for info in await account.calendars()][:1] == [True]
        await account.aclose()
        nobody = house.account(GOOGLE, Credentials())
        with pytest.raises(AuthRevoked, match="no grant"):
            await nobody.calendars()
        await nobody.aclose()

    within(google, asked)
    assert renewals(google) == 1
