"""Objects shown as they were before, in listings, multigets and single reads, while the server holds newer ones."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.proxy import FaultProxy
from syncd.sandbox.radicale import RadicaleServer
from tests.sandbox.caldav_account import Account, account_through, event, running_radicale, sync_token

REPORTS = {"method": "REPORT"}


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    with running_radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
async def anna(radicale: RadicaleServer) -> AsyncIterator[Account]:
    proxy = FaultProxy(radicale.base_url, SandboxClock(datetime(2030, 1, 1, tzinfo=UTC)))
    async with account_through(proxy, radicale) as account:
        yield account


async def written(anna: Account, *titles: str) -> list[str]:
    """One object in these versions; their ETags."""
    return [(await anna.put(body=event(title))).headers["etag"] for title in titles]


async def test_a_multiget_shows_an_object_with_the_etag_and_the_text_of_before(anna: Account) -> None:
    first, second = await written(anna, "First", "Second")
    await anna.plant({"replay_rows": {}}, match=REPORTS)

    stale, true = [anna.rows(await anna.multiget("a.ics"))["a.ics"] for _ in range(2)]

    assert (stale.etag, "SUMMARY:First" in (stale.text or "")) == (first, True)
    assert (true.etag, "SUMMARY:Second" in (true.text or "")) == (second, True)


async def test_a_plain_read_shows_it_too(anna: Account) -> None:
    first, _ = await written(anna, "First", "Second")
    await anna.plant({"replay_rows": {}}, match={"method": "GET"})

    answer = await anna.web.get(anna.calendar + "a.ics")

    assert (answer.headers["etag"], "SUMMARY:First" in answer.text) == (first, True)
    assert "SUMMARY:Second" in (await anna.stored() or "")


async def test_any_version_can_be_shown_and_before_the_first_there_is_none(anna: Account) -> None:
    first, _, _ = await written(anna, "First", "Second", "Third")
    for back in (2, 3, 9):
        await anna.plant({"replay_rows": {"back": back}}, match=REPORTS)

    shown = [anna.rows(await anna.multiget("a.ics"))["a.ics"] for _ in range(3)]

    assert [(row.status, row.etag) for row in shown] == [(200, first), (404, None), (404, None)]


async def test_a_listing_names_an_object_in_an_earlier_version_though_nothing_happened_to_it(anna: Account) -> None:
    first, _ = await written(anna, "First", "Second")
    token = sync_token(await anna.sync()) or ""
    await anna.plant({"replay_rows": {}}, match={"report": "sync-collection"})

    stale, true = await anna.sync(token), await anna.sync(token)

    assert {name: row.etag for name, row in anna.rows(stale).items()} == {"a.ics": first}
    assert sync_token(stale) == sync_token(true)
    assert anna.rows(true) == {}


async def test_a_listing_hides_what_was_made_last_and_says_gone_to_who_has_a_token(anna: Account) -> None:
    token = sync_token(await anna.sync()) or ""
    await anna.put()
    await anna.plant({"replay_rows": {}}, match=REPORTS, times=2)

    whole, changes = anna.rows(await anna.sync()), anna.rows(await anna.sync(token))

    assert (whole, changes["a.ics"].status) == ({}, 404)
    assert set(anna.rows(await anna.sync())) == {"a.ics"}


async def test_a_deleted_object_can_be_shown_once_more(anna: Account) -> None:
    (etag,) = await written(anna, "First")
    token = sync_token(await anna.sync()) or ""
    assert (await anna.web.delete(anna.calendar + "a.ics")).status_code == 200
    await anna.plant({"replay_rows": {}}, match=REPORTS, times=2)

    listed, read = anna.rows(await anna.sync(token)), anna.rows(await anna.multiget("a.ics"))

    assert [(row.status, row.etag) for row in (listed["a.ics"], read["a.ics"])] == [(200, etag)] * 2
    assert anna.rows(await anna.multiget("a.ics"))["a.ics"].status == 404


async def test_only_the_objects_that_match_are_shown_as_before(anna: Account) -> None:
    for title in ("First", "Second"):
        for name in ("a.ics", "b.ics"):
            await anna.put(name, event(title, uid=name))
    await anna.plant({"replay_rows": {"href": "/b[.]"}}, match=REPORTS)

    rows = anna.rows(await anna.multiget("a.ics", "b.ics"))

    assert "SUMMARY:Second" in (rows["a.ics"].text or "")
    assert "SUMMARY:First" in (rows["b.ics"].text or "")


async def test_what_somebody_else_wrote_is_known_once_a_client_has_read_it(anna: Account) -> None:
    path = anna.calendar + "a.ics"
    for title in ("First", "Second"):
        await anna.direct.put(path, content=event(title))
        await anna.multiget("a.ics")
    await anna.direct.put(path, content=event("Third"))
    await anna.plant({"replay_rows": {}}, match=REPORTS, times=2)

    texts = [anna.rows(await anna.multiget("a.ics"))["a.ics"].text or "" for _ in range(2)]

    assert ["SUMMARY:Second" in text for text in texts] == [True, True]


async def test_an_object_without_an_earlier_version_to_show_is_logged_as_without_effect(anna: Account) -> None:
    spec: dict[str, Any] = {"replay_rows": {"href": "/nowhere"}}
    await anna.put()
    await anna.plant(spec, match=REPORTS)

    assert anna.rows(await anna.multiget("a.ics"))["a.ics"].status == 200

    assert anna.last()["fault"] == "1:replay_rows (no effect)"


async def test_a_put_answered_with_the_etag_of_somebody_elses_edit_is_what_it_says(anna: Account) -> None:
    theirs = {"replace": [["SUMMARY:Mine", "SUMMARY:Theirs"]], "answer": "theirs"}
    await anna.plant({"foreign_edit": theirs})

    answer = await anna.put(body=event("Mine"))

    row = anna.rows(await anna.multiget("a.ics"))["a.ics"]
    assert row.etag == answer.headers["etag"]
    assert "SUMMARY:Theirs" in (row.text or "")
