"""The proxy where nothing goes wrong on purpose: its log, delays, control routes, addresses, HTTP."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.proxy import LOOPBACK, FaultProxy
from syncd.sandbox.proxy_wire import ClientStream, Response
from syncd.sandbox.radicale import RadicaleServer
from tests.sandbox.caldav_account import EMAIL, PASSWORD, Account, account_through, running_radicale, sync_token

NEW_YEAR = datetime(2030, 1, 1, tzinfo=UTC)


class Waits:
    """Stands for the passing of time: remembers each wait and does not wait."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    with running_radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
async def anna(radicale: RadicaleServer, waits: Waits) -> AsyncIterator[Account]:
    frozen = SandboxClock(NEW_YEAR, rate=0)
    proxy = FaultProxy(radicale.base_url, frozen, sleep=waits)
    async with account_through(proxy, radicale) as account:
        yield account


async def exchanged(proxy: FaultProxy, sent: bytes) -> bytes:
    """What the proxy answers to raw bytes until it closes the connection."""
    reader, writer = await asyncio.open_connection(LOOPBACK, int(proxy.base_url.rsplit(":")[-1]))
    writer.write(sent)
    answer = await reader.read()
    writer.close()
    return answer


async def test_write_is_logged_with_method_href_status_and_bytes(anna: Account) -> None:
    put = await anna.put()

    assert anna.last() == {
        "n": 1,
        "at": "2030-01-01T00:00:00Z",
        "method": "PUT",
        "path": anna.calendar + "a.ics",
        "href": anna.calendar.replace("%40", "@") + "a.ics",
        "query": "",
        "status": 201,
        "server_status": 201,
        "bytes_in": len(put.request.content),
        "bytes_out": len(put.content),
        "write": True,
        "report": None,
        "hrefs": 0,
        "fault": None,
    }


async def test_reports_are_logged_by_kind_and_multigets_with_their_number(anna: Account) -> None:
    await anna.put_all("a.ics", "b.ics")
    await anna.sync()
    await anna.multiget("a.ics", "b.ics", "c.ics")

    log = (await anna.web.get("/_sandbox/log?since=2")).json()["requests"]

    assert [(line["report"], line["hrefs"], line["write"]) for line in log] == [
        ("sync-collection", 0, False),
        ("calendar-multiget", 3, False),
    ]


@pytest.mark.parametrize(
    ("method", "write"),
    [("PROPPATCH", True), ("MKCALENDAR", True), ("DELETE", True), ("PROPFIND", False)],
)
async def test_methods_that_change_something_are_logged_as_writes(anna: Account, method: str, write: bool) -> None:
    await anna.web.request(method, anna.calendar + "nothing/")

    assert (anna.last()["method"], anna.last()["write"]) == (method, write)


async def test_log_is_emptied_and_control_requests_are_not_in_it(anna: Account) -> None:
    await anna.put()
    await anna.web.get("/_sandbox/clock")

    before = (await anna.web.get("/_sandbox/log")).json()
    after = (await anna.web.delete("/_sandbox/log")).json()

    assert [line["method"] for line in before["requests"]] == ["PUT"]
    assert after == {"requests": [], "last": 1}


async def test_log_holds_no_credentials_and_no_content(anna: Account) -> None:
    await anna.put()

    text = (await anna.web.get("/_sandbox/log")).text

    assert "Basic" not in text
    assert "Yoga" not in text


async def test_log_is_written_in_the_time_of_the_shared_clock(anna: Account) -> None:
    moved = await anna.web.post("/_sandbox/clock", json={"advance_seconds": 90})
    await anna.put()

    assert moved.json() == {"now": "2030-01-01T00:01:30Z", "rate": 0.0}
    assert anna.last()["at"] == "2030-01-01T00:01:30Z"


async def test_delay_setting_is_spent_on_each_request_but_not_on_control(anna: Account, waits: Waits) -> None:
    answer = await anna.web.post("/_sandbox/settings", json={"delay_seconds": 0.05})
    await anna.put()
    await anna.sync()

    assert answer.json() == {"delay_seconds": 0.05}
    assert waits.seconds == [0.05, 0.05]


async def test_delay_of_a_fault_comes_on_top_and_the_request_still_passes(anna: Account, waits: Waits) -> None:
    anna.proxy.delay_seconds = 0.05
    anna.proxy.plant({"do": {"delay_seconds": 3}})

    assert (await anna.put()).status_code == 201

    assert waits.seconds == [0.05, 3]
    assert anna.last()["fault"] == "1:delay_seconds"


@pytest.mark.parametrize("settings", [{"delay_seconds": -1}, {"delay_seconds": "x"}, {"speed": 1}])
async def test_settings_that_make_no_sense_are_refused(anna: Account, settings: dict[str, object]) -> None:
    assert (await anna.web.post("/_sandbox/settings", json=settings)).status_code == 400
    assert (await anna.web.get("/_sandbox/settings")).json() == {"delay_seconds": 0.0}


async def test_unknown_control_route_is_not_passed_to_the_server(anna: Account) -> None:
    assert (await anna.web.get("/_sandbox/nothing")).status_code == 404
    assert anna.proxy.log.to_json()["requests"] == []


async def test_move_to_an_address_of_the_proxy_moves_on_the_server(anna: Account) -> None:
    await anna.put("a.ics")
    target = f"{anna.proxy.base_url}{anna.calendar}b.ics"

    moved = await anna.web.request("MOVE", anna.calendar + "a.ics", headers={"Destination": target})

    assert moved.status_code == 201
    assert await anna.stored("a.ics") is None
    assert await anna.stored("b.ics") is not None


async def test_absolute_addresses_of_the_server_become_the_proxys() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = ClientStream(reader, writer)
        await client.read()
        body = f"<multistatus xmlns='DAV:'><href>{own}/x/</href></multistatus>".encode()
        headers = (("content-type", "text/xml"), ("location", f"{own}/y/"))
        await client.answer(Response(207, headers, body))
        await client.close()

    server = await asyncio.start_server(answer, LOOPBACK, 0)
    own = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
    proxy = FaultProxy(own, SandboxClock(NEW_YEAR))
    await proxy.start()
    async with server, httpx.AsyncClient() as web:
        found = await web.request("PROPFIND", f"{proxy.base_url}/")
    await proxy.stop()

    assert f"<href>{proxy.base_url}/x/</href>" in found.text
    assert found.headers["location"] == f"{proxy.base_url}/y/"
    assert int(found.headers["content-length"]) == len(found.content)


async def test_two_proxies_before_one_server_have_faults_of_their_own(anna: Account, radicale: RadicaleServer) -> None:
    second = FaultProxy(radicale.base_url, anna.proxy.clock)
    await second.start()
    anna.proxy.plant({"do": {"status": 500}})

    async with httpx.AsyncClient(base_url=second.base_url, auth=(EMAIL, PASSWORD)) as web:
        seen = (await web.get(anna.home)).status_code
    await second.stop()

    assert seen != 500
    assert (await anna.put()).status_code == 500


async def test_token_of_one_sync_shows_only_later_changes(anna: Account) -> None:
    await anna.put("a.ics")
    token = sync_token(await anna.sync()) or ""
    await anna.put("b.ics")
    await anna.web.delete(anna.calendar + "a.ics")

    rows = anna.rows(await anna.sync(token))

    assert {name: row.status for name, row in rows.items()} == {"a.ics": 404, "b.ics": 200}


async def test_head_has_the_headers_and_no_body(anna: Account) -> None:
    await anna.put()

    head = await anna.web.head(anna.calendar + "a.ics")

    assert (head.status_code, head.content) == (200, b"")
    assert "etag" in head.headers
    assert (await anna.web.get(anna.calendar + "a.ics")).content


async def test_answers_are_not_compressed_so_that_faults_can_read_them(anna: Account) -> None:
    await anna.put()

    answer = await anna.web.get(anna.calendar + "a.ics", headers={"Accept-Encoding": "gzip, deflate"})

    assert "content-encoding" not in answer.headers


async def test_client_that_expects_100_continue_is_told_to_go_on(anna: Account) -> None:
    request = (
        b"POST /_sandbox/clock HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        b"Expect: 100-continue\r\nConnection: close\r\n\r\n"
    )
    port = int(anna.proxy.base_url.rsplit(":")[-1])
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    writer.write(request)

    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    writer.write(b"{}")
    assert (await reader.read()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_bytes_that_are_no_http_end_their_connection_only(anna: Account) -> None:
    assert await exchanged(anna.proxy, b"\x16\x03\x01 hello\r\n\r\n") == b""

    assert (await anna.put()).status_code == 201


async def test_unreachable_server_is_a_502_in_the_log_too() -> None:
    closed = await asyncio.start_server(lambda _reader, _writer: None, LOOPBACK, 0)
    port = closed.sockets[0].getsockname()[1]
    closed.close()
    await closed.wait_closed()
    proxy = FaultProxy(f"http://{LOOPBACK}:{port}", SandboxClock(NEW_YEAR))
    await proxy.start()

    async with httpx.AsyncClient(base_url=proxy.base_url) as web:
        answer = await web.get("/")
    await proxy.stop()

    assert answer.status_code == 502
    line = proxy.log.to_json()["requests"][0]
    assert (line["status"], line["server_status"]) == (502, None)


async def test_stopped_proxy_closes_open_connections_and_its_port(anna: Account) -> None:
    await anna.put()  # leaves a connection open for the next request

    await anna.proxy.stop()
    await anna.proxy.stop()

    with pytest.raises(httpx.TransportError):
        await anna.put("b.ics")
