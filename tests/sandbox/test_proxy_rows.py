"""Faults that rewrite an answer: rows, served bytes, etags; each beside what the server holds."""

import base64
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
from lxml import etree

from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.proxy import FaultProxy
from syncd.sandbox.radicale import RadicaleServer
from tests.sandbox.caldav_account import Account, account_through, running_radicale, sync_token


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    with running_radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
async def anna(radicale: RadicaleServer) -> AsyncIterator[Account]:
    proxy = FaultProxy(radicale.base_url, SandboxClock(datetime(2030, 1, 1, tzinfo=UTC)))
    async with account_through(proxy, radicale) as account:
        yield account


async def test_truncated_rows_leave_a_well_formed_listing_with_its_token(anna: Account) -> None:
    await anna.put_all("a.ics", "b.ics", "c.ics")
    whole = await anna.sync()
    await anna.plant({"truncate_rows": 2}, match={"report": "sync-collection"})

    short = await anna.sync()

    assert len(anna.rows(short)) == 2
    assert sync_token(short) == sync_token(whole)


async def test_empty_listing_has_no_rows_and_keeps_its_token(anna: Account) -> None:
    await anna.put()
    await anna.plant({"empty": True}, match={"report": "sync-collection"})

    answer = await anna.sync()

    assert anna.rows(answer) == {}
    assert sync_token(answer) is not None
    assert await anna.stored() is not None


async def test_bare_empty_listing_has_no_token_either(anna: Account) -> None:
    await anna.put()
    await anna.plant({"empty": "bare"}, match={"report": "sync-collection"})

    answer = await anna.sync()

    assert (anna.rows(answer), sync_token(answer)) == ({}, None)


async def test_dropped_row_is_missing_from_a_multiget_and_nowhere_else(anna: Account) -> None:
    await anna.put_all("a.ics", "b.ics")
    await anna.plant({"drop_rows": "/b[.]"}, match={"report": "calendar-multiget"})

    assert set(anna.rows(await anna.multiget("a.ics", "b.ics"))) == {"a.ics"}
    assert set(anna.rows(await anna.multiget("a.ics", "b.ics"))) == {"a.ics", "b.ics"}


async def test_row_pattern_that_matches_nothing_is_logged_as_without_effect(anna: Account) -> None:
    await anna.put()
    await anna.plant({"drop_rows": "/nowhere"})

    assert set(anna.rows(await anna.sync())) == {"a.ics"}

    assert anna.last()["fault"] == "1:drop_rows (no effect)"


async def test_added_rows_stand_beside_the_real_ones(anna: Account) -> None:
    await anna.put()
    added = [
        {"href": anna.calendar + "ghost.ics", "etag": '"1"'},
        {"href": anna.calendar + "gone.ics", "status": 404},
        {"href": anna.calendar},
    ]
    await anna.plant({"add_rows": added})

    rows = anna.rows(await anna.sync())

    assert set(rows) == {"a.ics", "ghost.ics", "gone.ics", ""}
    assert (rows["ghost.ics"].status, rows["ghost.ics"].etag) == (200, '"1"')
    assert rows["gone.ics"].status == 404


async def test_row_set_to_404_says_gone_while_the_server_has_it(anna: Account) -> None:
    await anna.put_all("a.ics", "b.ics")
    await anna.plant({"set_row": {"href": "a[.]ics$", "status": 404}})

    rows = anna.rows(await anna.sync())

    assert (rows["a.ics"].status, rows["a.ics"].etag, rows["b.ics"].status) == (404, None, 200)
    assert await anna.stored("a.ics") is not None


async def test_row_can_be_given_another_etag(anna: Account) -> None:
    await anna.put_all("a.ics", "b.ics")
    true = anna.rows(await anna.sync())
    await anna.plant({"set_row": [{"href": "/a[.]", "etag": '"old"'}]})

    rows = anna.rows(await anna.sync())

    assert rows["a.ics"].etag == '"old"'
    assert rows["b.ics"] == true["b.ics"]


async def test_row_of_a_deleted_object_can_come_back_to_life(anna: Account) -> None:
    await anna.plant({"set_row": {"href": "/a[.]", "status": 200, "etag": '"7"'}})

    row = anna.rows(await anna.multiget("a.ics"))["a.ics"]

    assert (row.status, row.etag) == (200, '"7"')


async def test_served_text_replaces_one_object_in_a_multiget(anna: Account) -> None:
    await anna.put_all("a.ics", "b.ics")
    await anna.plant({"serve": {"/a[.]": "no <calendar> & nothing"}})

    rows = anna.rows(await anna.multiget("a.ics", "b.ics"))

    assert rows["a.ics"].text == "no <calendar> & nothing"
    assert "SUMMARY:Yoga" in (rows["b.ics"].text or "")
    assert "SUMMARY:Yoga" in (await anna.stored("a.ics") or "")


async def test_served_bytes_that_xml_cannot_hold_reach_the_client_as_they_are(anna: Account) -> None:
    await anna.put()
    odd = base64.b64encode(b"\x00\xff\xfeBEGIN").decode()
    await anna.plant({"serve": {"/a[.]": {"base64": odd}}})

    answer = await anna.multiget("a.ics")

    assert b">\x00\xff\xfeBEGIN</" in answer.content
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(answer.content)


async def test_served_object_exists_for_the_client_where_the_server_has_none(anna: Account) -> None:
    await anna.plant({"serve": {"/ghost": {"text": "BEGIN:VCALENDAR"}}}, times=2)

    row = anna.rows(await anna.multiget("ghost.ics"))["ghost.ics"]
    single = await anna.web.get(anna.calendar + "ghost.ics")

    assert (row.status, row.text) == (200, "BEGIN:VCALENDAR")
    assert (single.status_code, single.text) == (200, "BEGIN:VCALENDAR")
    assert row.etag == single.headers["etag"]


async def test_served_bytes_of_a_get_keep_the_true_etag(anna: Account) -> None:
    put = await anna.put()
    await anna.plant({"serve": {"/a[.]": {"base64": "/w=="}}}, match={"method": "GET"})

    answer = await anna.web.get(anna.calendar + "a.ics")

    assert (answer.content, answer.headers["etag"]) == (b"\xff", put.headers["etag"])


async def test_object_of_twenty_megabytes_can_be_served(anna: Account) -> None:
    await anna.put()
    size = 20 * 1024 * 1024
    anna.proxy.plant({"do": {"serve": {"/a[.]": "x" * size}}})

    answer = await anna.multiget("a.ics")

    assert len(answer.content) > size
    assert anna.last()["bytes_out"] == len(answer.content)


async def test_stripped_etag_is_missing_from_the_answer_to_a_put(anna: Account) -> None:
    await anna.plant({"strip_etag": True}, match={"method": "PUT"})

    bare, usual = await anna.put("a.ics"), await anna.put("b.ics")

    assert (bare.status_code, "etag" in bare.headers, "etag" in usual.headers) == (201, False, True)


async def test_weak_etag_in_the_header_alone_leaves_reports_strong(anna: Account) -> None:
    await anna.put()
    await anna.plant({"weak_etag": True}, match={"method": "GET"})

    single = await anna.web.get(anna.calendar + "a.ics")
    strong = anna.rows(await anna.sync())["a.ics"].etag

    assert single.headers["etag"] == f"W/{strong}"


async def test_weak_etags_in_rows(anna: Account) -> None:
    put = await anna.put()
    await anna.plant({"weak_etag": "rows"})

    assert anna.rows(await anna.sync())["a.ics"].etag == f"W/{put.headers['etag']}"


async def test_text_of_an_answer_can_be_replaced(anna: Account) -> None:
    await anna.put()
    await anna.plant({"replace": [["/a[.]ics", "/moved.ics"]]})

    assert set(anna.rows(await anna.sync())) == {"moved.ics"}


async def test_rows_are_dropped_added_and_served_by_one_fault(anna: Account) -> None:
    await anna.put_all("a.ics", "b.ics")
    do = {
        "drop_rows": "/a[.]",
        "add_rows": [{"href": anna.calendar + "c.ics", "etag": '"3"'}],
        "serve": {"/c[.]": "BEGIN"},
    }
    await anna.plant(do, match={"report": "calendar-multiget"})

    rows = anna.rows(await anna.multiget("a.ics", "b.ics"))

    assert set(rows) == {"b.ics", "c.ics"}
    assert (rows["c.ics"].etag, rows["c.ics"].text) == ('"3"', "BEGIN")
