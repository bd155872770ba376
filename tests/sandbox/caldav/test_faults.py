"""Faults on demand: the past shown to a read, answers spoiled, connections broken, and what the log says of it."""

from typing import Any

import httpx
import pytest

from tests.sandbox.caldav.site import Json, Site, condition, event, multiget, sync


def last(dav: Site) -> Json:
    return dav.log()[-1]


def three(dav: Site) -> None:
    dav.put_all("a.ics", "b.ics", "c.ics")


def test_a_planted_status_is_answered_and_nothing_happens(dav: Site) -> None:
    number = dav.fault({"status": 503, "headers": {"retry-after": "9"}}, {"method": "PUT"})
    reply = dav.put()
    assert (reply.status_code, reply.headers["retry-after"], reply.text) == (503, "9", "")
    assert (dav.fired(number), dav.hands.objects()) == (1, {})
    assert last(dav)["fault"] == f"{number}:headers+status"


@pytest.mark.parametrize(("when", "stored"), [("before", False), ("after", True)])
def test_a_dropped_put_is_carried_out_or_not(dav: Site, when: str, stored: bool) -> None:
    dav.fault({"drop": when}, {"method": "PUT"})
    with pytest.raises(httpx.RemoteProtocolError):
        dav.put("a.ics")
    assert ("a.ics" in dav.hands.objects()) is stored
    assert last(dav)["status"] is None


def test_a_put_held_back_is_carried_out_when_released(dav: Site) -> None:
    dav.fault({"apply_late": True}, {"method": "PUT"})
    with pytest.raises(httpx.RemoteProtocolError):
        dav.put("a.ics")
    assert dav.hands.objects() == {}
    assert dav.client.post(f"{dav.server.base_url}/_sandbox/faults/release").json() == {"released": 1}
    assert list(dav.hands.objects()) == ["a.ics"]


def test_a_connection_of_a_partition_is_broken_as_one_of_the_entry_host(dav: Site) -> None:
    dav.fault({"drop": "before"}, {"host": "partition-2"})
    assert dav.call("OPTIONS", "/").status_code == 200
    with pytest.raises(httpx.RemoteProtocolError):
        dav.call("OPTIONS", "/", host="partition-2")


def test_a_body_is_cut_short(dav: Site) -> None:
    three(dav)
    dav.fault({"cut_body": 40}, {"report": "sync-collection"})
    with pytest.raises(httpx.RemoteProtocolError):
        dav.sync()
    assert len(dav.sync().names) == 3


def test_a_token_is_refused_only_where_there_is_one(dav: Site) -> None:
    number = dav.fault({"refuse_token": 412})
    token = dav.sync().token
    assert dav.fired(number) == 0
    reply = dav.report(sync(token))
    assert (reply.status_code, condition(reply)) == (412, "D:valid-sync-token")
    assert dav.report(sync(token)).status_code == 207


def test_a_stale_listing_has_the_token_of_its_time(dav: Site) -> None:
    three(dav)
    dav.fault({"stale_writes": 1})
    stale = dav.sync()
    assert stale.names == ["a.ics", "b.ics"]
    assert dav.sync(stale.token).names == ["c.ics"]


def test_a_read_of_some_time_ago(dav: Site) -> None:
    dav.put("a.ics", event())
    dav.clock.advance(60)
    dav.put("a.ics", event("LOCATION:Hall"))
    dav.fault({"stale_seconds": 30}, times=2)
    assert "Hall" not in dav.get().text
    assert "Hall" not in dav.multiget("a.ics").row("a.ics").props["C:calendar-data"]
    assert "Hall" in dav.get().text


def test_an_old_row_is_named_although_nothing_has_happened_to_it(dav: Site) -> None:
    dav.put("a.ics", event())
    first = dav.get().headers["etag"]
    dav.put("a.ics", event("LOCATION:Hall"))
    dav.put_all("b.ics")
    token = dav.sync().token
    dav.fault({"replay_rows": {"href": "a", "back": 1}}, {"report": "sync-collection"})
    assert [(row.name, row.props["D:getetag"]) for row in dav.sync(token).rows] == [("a.ics", first)]


def test_a_fault_of_the_past_that_shows_the_present_is_marked_so(dav: Site) -> None:
    three(dav)
    dav.clock.advance(60)
    number = dav.fault({"stale_seconds": 1}, times=2)
    dav.sync()
    assert last(dav)["fault"] == f"{number}:stale_seconds (no effect)"
    dav.put_all("d.ics")
    dav.sync()
    assert last(dav)["fault"] == f"{number}:stale_seconds"


def test_a_look_at_the_present_counts_no_switch(dav: Site) -> None:
    three(dav)
    dav.switch(lists_itself=True)
    dav.fault({"stale_seconds": 1})
    dav.sync()
    assert dav.counts["lists_itself"] == 1


@pytest.mark.parametrize(
    ("do", "names"),
    [
        ({"truncate_rows": 1}, ["a.ics"]),
        ({"empty": True}, []),
        ({"drop_rows": "b.ics$"}, ["a.ics", "c.ics"]),
        ({"add_rows": [{"href": "/x/d.ics", "status": 404}]}, ["a.ics", "b.ics", "c.ics", "d.ics"]),
    ],
)
def test_rows_are_spoiled_as_the_fault_proxy_spoils_them(dav: Site, do: Json, names: list[str]) -> None:
    three(dav)
    number = dav.fault(do)
    told = dav.sync()
    assert (told.names, bool(told.token), dav.fired(number)) == (names, True, 1)


def test_a_row_and_an_object_are_served_with_other_bytes(dav: Site) -> None:
    three(dav)
    dav.fault({"serve": {"a.ics": "garbage"}}, times=2)
    assert dav.get().text == "garbage"
    told = dav.multiget("a.ics", "b.ics")
    assert (told.row("a.ics").props["C:calendar-data"], told.row("b.ics").props["C:calendar-data"][:5]) == (
        "garbage",
        "BEGIN",
    )


def test_etags_are_weakened_and_left_out(dav: Site) -> None:
    dav.fault({"strip_etag": True}, {"method": "PUT"})
    assert "etag" not in dav.put().headers
    dav.fault({"weak_etag": "all"}, {"method": "GET"})
    assert dav.get().headers["etag"].startswith('W/"')
    dav.fault({"weak_etag": "rows"})
    assert dav.sync().row("a.ics").props["D:getetag"].startswith('W/"')


@pytest.mark.parametrize(("answered", "matches"), [("outdated", False), ("theirs", True)])
def test_somebody_edits_right_behind_a_put(dav: Site, answered: str, matches: bool) -> None:
    dav.fault({"foreign_edit": {"replace": [["SUMMARY:.*", "SUMMARY:Theirs"]], "answer": answered}})
    reply = dav.put("a.ics", event())
    now = dav.get()
    assert "SUMMARY:Theirs" in now.text
    assert (reply.headers["etag"] == now.headers["etag"]) is matches
    assert dav.put("b.ics", event(uid="b")).headers["etag"] == dav.get("b.ics").headers["etag"]


def test_text_of_an_answer_is_replaced(dav: Site) -> None:
    three(dav)
    dav.fault({"replace": [["a[.]ics", "z.ics"]]})
    assert dav.sync().names == ["z.ics", "b.ics", "c.ics"]


def test_an_answer_is_made_longer_than_it_is(dav: Site) -> None:
    three(dav)
    dav.fault({"pad_body": 10_000})
    assert len(dav.report(sync()).content) - len(dav.report(sync()).content) == 10_000


@pytest.mark.parametrize(
    ("match", "hits"),
    [
        ({"report": "calendar-multiget"}, True),
        ({"report": "sync-collection"}, False),
        ({"account": "mara"}, True),
        ({"account": "paul"}, False),
        ({"host": "entry"}, True),
        ({"token": "."}, False),
        ({"body": "calendar-data"}, True),
        ({"path": "/home/$"}, True),
    ],
)
def test_a_fault_waits_for_what_it_matches(dav: Site, match: Json, hits: bool) -> None:
    dav.put_all("a.ics")
    dav.fault({"status": 500}, match)
    assert (dav.report(multiget(f"{dav.calendar}a.ics")).status_code == 500) is hits


@pytest.mark.parametrize(
    "do", [{"stale_writes": 0}, {"stale_seconds": -1}, {"replay": {"back": 1}}, {"refuse_token": 200}, {"what": 1}, {}]
)
def test_a_fault_that_makes_no_sense_is_refused(dav: Site, do: Json) -> None:
    reply = dav.client.post(f"{dav.server.base_url}/_sandbox/faults", json={"do": do})
    assert reply.status_code == 400


def test_a_slow_answer_ends_with_the_server(dav: Site) -> None:
    dav.fault({"delay_seconds": 3600}, {"method": "PUT"})

    async def close() -> None:
        dav.server.app.close()

    dav.on_loop(close)
    assert dav.put().status_code == 201


def test_the_log_tells_reports_by_name_and_writes_as_such(dav: Site) -> None:
    dav.put_all("a.ics")
    dav.sync()
    dav.multiget("a.ics")
    rows: list[tuple[Any, ...]] = [(row["operation"], row["write"], row["status"]) for row in dav.log()]
    assert rows == [("PUT", True, 201), ("sync-collection", False, 207), ("calendar-multiget", False, 207)]
    assert all("yoga" not in str(row).casefold() for row in dav.log())
