"""What the switches change, each as one look at a running server.

Not here: what is expected of it (test_switches).
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

import httpx

from tests.sandbox.caldav.site import (
    PAUL,
    Site,
    answer,
    condition,
    event,
    in_range,
    multiget,
    propfind,
    query,
    set_to,
    sync,
)

WEEKLY = "RRULE:FREQ=WEEKLY;COUNT=3"
IN_DECEMBER = in_range("20261201T000000Z", "20261231T000000Z")
TWO_TYPES = (
    '<C:supported-calendar-component-set><C:comp name="VEVENT"/><C:comp name="VTODO"/>'
    "</C:supported-calendar-component-set>"
)
GUEST = ("ORGANIZER:mailto:mara@icloud.example", "ATTENDEE:mailto:guest@example.test")


def status(
    method: str, path: str = "{home}", body: str = "", host: str = "entry", **headers: str
) -> Callable[[Site], int]:
    """The status of one request; {home}, {calendar} and {principal} in the path."""

    def look(dav: Site) -> int:
        paul = dav.at.home_path(dav.state.accounts[PAUL])
        at = path.format(home=dav.home, calendar=dav.calendar, principal=dav.principal, paul=paul)
        return dav.call(method, at, body, host=host, **headers).status_code

    return look


def put(text: str, name: str = "a.ics", **headers: str) -> Callable[[Site], int]:
    return lambda dav: dav.put(name, text, **headers).status_code


def after(*steps: Callable[[Site], Any]) -> Callable[[Site], Any]:
    """What the last of several steps sees."""

    def look(dav: Site) -> Any:
        seen = None
        for step in steps:
            seen = step(dav)
        return seen

    return look


def home_set(dav: Site) -> str:
    (row,) = dav.propfind(dav.principal, "C:calendar-home-set").rows
    return row.props["C:calendar-home-set"].replace(dav.state.urls["partition-1"], "PARTITION")


def href(dav: Site) -> str:
    (row,) = dav.propfind(dav.calendar, "D:resourcetype").rows
    return row.href.replace(dav.state.urls["entry"], "ENTRY").replace(dav.state.urls["partition-1"], "PARTITION")


def moved(dav: Site) -> int:
    dav.switch(home_host="partition")
    dav.hands.move_partition()
    reply = dav.call("PROPFIND", dav.home, host="partition-1", depth="0")
    if reply.status_code == 301:
        assert reply.headers["location"] == dav.state.urls["partition-2"] + dav.home
    return reply.status_code


def at_entry(dav: Site) -> int:
    dav.switch(home_host="partition")
    return dav.call("PROPFIND", dav.home, depth="0").status_code


def challenge(dav: Site) -> str:
    return dav.call("PROPFIND", "/", anonymous="yes", depth="0").headers["www-authenticate"].partition(" ")[0]


def spelling(dav: Site) -> tuple[str, str]:
    """The tags of the second element and of a property of another namespace."""
    text = dav.call("PROPFIND", dav.calendar, propfind("CS:getctag"), depth="0").text
    return text.split("<")[3].rstrip(">"), text.partition("ctag-")[0].rpartition("<")[2]


def listed(dav: Site) -> list[str]:
    return [row.href.split("/")[-2] for row in dav.propfind(dav.home, "D:resourcetype", depth="1").rows[1:]]


def found(name: str, path: str = "{calendar}") -> Callable[[Site], bool]:
    def look(dav: Site) -> bool:
        at = path.format(calendar=dav.calendar, principal=dav.principal)
        return name in dav.propfind(at, name).rows[0].props

    return look


def everything(dav: Site) -> bool:
    return "D:resourcetype" in answer(dav.call("PROPFIND", dav.calendar, depth="0")).rows[0].props


def three_statuses(dav: Site) -> list[int]:
    return [status("OPTIONS")(dav) for _ in range(3)]


def mails(dav: Site) -> list[str]:
    dav.put("a.ics", event(*GUEST))
    dav.put("a.ics", event(GUEST[0], "ATTENDEE:mailto:other@example.test"))
    dav.delete()
    return [f"{mail.to.partition('@')[0]} {mail.kind}" for mail in dav.state.mailed]


def colour(dav: Site) -> str | None:
    dav.proppatch(set_to("<A:calendar-color>blue</A:calendar-color>"))
    return dav.propfind(dav.calendar, "A:calendar-color").rows[0].props.get("A:calendar-color")


def display_name(dav: Site) -> str:
    dav.proppatch(set_to("<D:displayname>A &amp; B</D:displayname>"))
    return dav.propfind(dav.calendar, "D:displayname").rows[0].props["D:displayname"]


def recreated(dav: Site) -> list[str]:
    dav.put_all("a.ics")
    assert dav.call("DELETE", dav.calendar).status_code == 204
    assert dav.mkcalendar("home").status_code == 201
    return list(dav.hands.objects())


def second_uid(dav: Site) -> tuple[int, str]:
    dav.put("a.ics", event(uid="same"))
    reply = dav.put("b.ics", event(uid="same"))
    return reply.status_code, condition(reply)


def uid_elsewhere(dav: Site) -> int:
    dav.hands.make_calendar("other")
    dav.put("a.ics", event(uid="same"))
    return dav.put(f"{dav.home}other/b.ics", event(uid="same")).status_code


def put_deleted(dav: Site) -> int:
    dav.put_all("a.ics")
    dav.delete()
    return dav.put("a.ics").status_code


def stars(dav: Site) -> tuple[int, int]:
    dav.put_all("a.ics")
    return dav.put("a.ics", if_match="*").status_code, dav.put("new.ics", if_match="*").status_code


def put_etag(dav: Site) -> bool:
    return "etag" in dav.put("a.ics").headers


def kept_body(dav: Site) -> bool:
    dav.put("a.ics", event())
    return dav.stored() == event()


def etag_forms(dav: Site) -> list[bool]:
    """Weak or not: a plain GET, a compressed one, a row, a PUT."""
    made = dav.put("a.ics", event("DESCRIPTION:" + "long " * 100))
    plain, zipped = dav.get(), dav.get(accept_encoding="gzip")
    assert plain.text == zipped.text
    row = dav.multiget("a.ics").row("a.ics").props["D:getetag"]
    return [
        text.startswith("W/") for text in (plain.headers["etag"], zipped.headers["etag"], row, made.headers["etag"])
    ]


def too_large(dav: Site) -> tuple[int, str]:
    reply = dav.put("a.ics", event("DESCRIPTION:" + "x" * 2000))
    return reply.status_code, condition(reply)


def control_character(dav: Site) -> tuple[int, bool]:
    reply = dav.put("a.ics", event("LOCATION:a\x07b"))
    return reply.status_code, b"\x07" in dav.report(multiget(f"{dav.calendar}a.ics")).content


def sync_status(token: str = "", limit: int = 0, depth: str = "0") -> Callable[[Site], tuple[int, str]]:
    def look(dav: Site) -> tuple[int, str]:
        reply = dav.report(sync(token, limit), depth=depth)
        return reply.status_code, condition(reply) if reply.status_code != 207 else ""

    return look


def token_after(writes: int = 0, *, suffix: str = "", deletes: bool = False) -> Callable[[Site], int]:
    def look(dav: Site) -> int:
        dav.put_all("a.ics")
        token = dav.sync().token
        for number in range(writes):
            dav.put(f"more-{number}.ics")
        if deletes:
            dav.delete()
        return dav.report(sync(token + suffix)).status_code

    return look


def after_a_deletion(dav: Site) -> list[str]:
    dav.put_all("a.ics", "b.ics")
    dav.delete()
    return sorted(dav.sync().names)


def rows_at_first(limit: int = 0) -> Callable[[Site], Any]:
    def look(dav: Site) -> Any:
        for name in ("a.ics", "b.ics", "c.ics"):
            dav.put(name)
        reply = dav.report(sync("", limit))
        if reply.status_code != 207:
            return reply.status_code
        told = answer(reply)
        return [row.status or row.name for row in told.rows], told.token == dav.sync().token

    return look


def missing_row(dav: Site) -> Any:
    dav.put_all("a.ics")
    reply = dav.report(multiget(f"{dav.calendar}a.ics", f"{dav.calendar}gone.ics"))
    return [(row.name, row.status) for row in answer(reply).rows] if reply.status_code == 207 else reply.status_code


def bodies_of_four(dav: Site) -> list[tuple[str, bool]]:
    names = ["a.ics", "b-ghost.ics", "c.ics", "d.ics"]
    for name in names:
        dav.hands.put(name, event(uid=name))
    assert sorted(dav.sync().names) == names
    alone = [dav.multiget(name).rows for name in names if "ghost" not in name]
    assert all("C:calendar-data" in rows[0].props for rows in alone)
    return [(row.name[0], "C:calendar-data" in row.props) for row in dav.multiget(*names).rows]


def all_four() -> list[tuple[str, bool]]:
    return [(name, True) for name in "abcd"]


def query_rows(inner: str, *lines: str) -> Callable[[Site], Any]:
    def look(dav: Site) -> Any:
        dav.put("a.ics", event(*lines))
        reply = dav.report(query(inner), depth="1")
        return answer(reply).names if reply.status_code == 207 else reply.status_code

    return look


def query_without_depth(dav: Site) -> list[str]:
    dav.put_all("a.ics")
    return answer(dav.report(query('<C:comp-filter name="VEVENT"/>'))).names


def has_mark(dav: Site) -> bool:
    dav.put("a.ics", event(WEEKLY))
    return "X-RECURRENCE-EXCEPTION" in dav.query(IN_DECEMBER).rows[0].props["C:calendar-data"]


@contextmanager
def asking(dav: Site) -> Iterator[Future[httpx.Response]]:
    """A multiget on its way: begun, and held where the server is slow; the server's end ends it."""

    async def close() -> None:
        dav.server.app.close()

    dav.put_all("a.ics")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(dav.report, multiget(f"{dav.calendar}a.ics"))
        while not asked.done() and not (dav.counts["multiget_seconds"] or dav.counts["multiget_milliseconds"]):
            wait([asked], timeout=0.01)
        try:
            yield asked
        finally:
            dav.on_loop(close)
            assert asked.result(10).status_code == 207


def is_held(dav: Site) -> bool:
    with asking(dav) as asked:
        return not asked.done()


def second_multiget(dav: Site) -> int:
    """A second one while the first is on its way."""
    dav.switch(multiget_seconds=30)
    with asking(dav) as asked:
        assert not asked.done()
        dav.switch(multiget_seconds=0)
        return dav.report(multiget(f"{dav.calendar}a.ics")).status_code
