"""The account: discovery, its calendars, the dedicated one; and that passwords and texts stay where they belong."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator

import pytest

import adapters.apple
from adapters.apple import multistatus
from adapters.apple.account import holds_events, is_writable
from adapters.apple.client import Session
from adapters.apple.multistatus import NotXmlError
from syncd.errors import AuthRevoked, ConfigError, Forbidden, SyncdError, Transient
from syncd.model import Event
from syncd.ports import Edit
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.proxy import FaultProxy
from syncd.sandbox.radicale import RadicaleServer
from tests.adapters.apple_world import (
    BRIDGE,
    EMAIL,
    NOW,
    PASSWORD,
    WINDOW,
    StillClock,
    World,
    draft,
    event,
    running_radicale,
    shown,
    world_on,
)


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    with running_radicale(tmp_path_factory.mktemp("radicale")) as server:
        yield server


@pytest.fixture
async def world(radicale: RadicaleServer) -> AsyncIterator[World]:
    async with world_on(radicale) as one:
        yield one


async def test_the_identity_is_the_principals_path_without_a_host(world: World) -> None:
    assert await world.account.identity() == "/anna@example.test/"


async def test_calendars_are_listed_with_names_and_one_default(world: World) -> None:
    await world.raw.request("MKCALENDAR", "/anna%40example.test/private/")
    listed = await world.account.calendars()
    assert [one.id for one in listed if one.default] == ["private/"]
    assert listed[0].id == "private/"
    named = {one.id for one in listed if one.name == "Studio" and one.writable}
    assert world.path.removeprefix("/anna%40example.test/") in named


async def test_at_most_eight_writes_are_allowed_at_once() -> None:
    for wanted, allowed in ((2, 2), (50, 8)):
        account = adapters.apple.create(
            email=EMAIL, password=PASSWORD, clock=StillClock(), bridge=BRIDGE, max_in_flight=wanted
        )
        assert account.capabilities.max_in_flight == allowed
        await account.aclose()


async def test_calls_side_by_side_ask_once_whose_calendar_it_is(world: World) -> None:
    account = adapters.apple.create(
        url=world.proxy.base_url, email=EMAIL, password=PASSWORD, clock=StillClock(), bridge=BRIDGE
    )
    try:
        await account.identity()
        name = world.path.removeprefix("/anna%40example.test/")
        calendar = account.open(name, zone="Europe/Berlin", collection="cal-of-anna")
        world.forget()
        await asyncio.gather(calendar.get([]), calendar.get([]))
    finally:
        await account.aclose()
    assert world.requests() == ["PROPFIND"]


async def test_making_a_calendar_again_finds_the_one_that_is_there(world: World) -> None:
    first = await world.account.make_calendar("once", "Classes & more")
    world.forget()
    again = await world.account.make_calendar("once", "Another name")
    assert (again.id, again.name) == (first.id, "Classes & more")
    assert first.id == world.account.calendar_id("once")
    assert world.requests() == ["PROPFIND"]


async def test_a_calendar_whose_making_lost_its_answer_is_found(world: World) -> None:
    world.plant({"drop": "after"}, match={"method": "MKCALENDAR"})
    with pytest.raises(Transient) as lost:
        await world.account.make_calendar("lost", "Studio")
    assert lost.value.applied
    assert (await world.account.make_calendar("lost", "Studio")).name == "Studio"


async def test_a_new_calendar_is_for_events_alone_with_a_colour_behind_the_others(world: World) -> None:
    made = await world.account.make_calendar("shown", "Classes")
    asked = await world.raw.request(
        "PROPFIND",
        f"/anna%40example.test/{made.id}",
        headers={"depth": "0"},
        content=multistatus.propfind(
            "D:displayname", "A:calendar-color", "A:calendar-order", "C:supported-calendar-component-set"
        ),
    )
    (row,) = multistatus.parsed(asked.content).rows
    assert [row.text(name) for name in ("D:displayname", "A:calendar-color", "A:calendar-order")] == [
        "Classes", "#0F766EFF", "1000",
    ]  # fmt: skip
    components = row.props[multistatus.tag("C:supported-calendar-component-set")]
    assert [part.get("name") for part in components] == ["VEVENT"]


@pytest.mark.parametrize("status", [207, 400, 424])
async def test_a_server_that_refuses_a_property_is_asked_for_a_plain_calendar(world: World, status: int) -> None:
    world.plant({"status": status}, match={"method": "MKCALENDAR"})
    made = await world.account.make_calendar(f"plain-{status}", "Classes")
    assert (made.id, made.name) == (f"syncd-plain-{status}/", "Classes")
    assert world.requests() == ["PROPFIND", "MKCALENDAR", "PROPFIND", "MKCALENDAR"]


async def test_a_calendar_that_its_owner_renamed_and_recoloured_is_the_same(world: World) -> None:
    name = world.path.removeprefix("/anna%40example.test/")
    changed = (
        '<D:propertyupdate xmlns:D="DAV:" xmlns:A="http://apple.com/ns/ical/"><D:set><D:prop>'
        "<D:displayname>Mine</D:displayname><A:calendar-color>#ff0000ff</A:calendar-color>"
        "</D:prop></D:set></D:propertyupdate>"
    )
    assert (await world.raw.request("PROPPATCH", world.path, content=changed)).status_code == 207
    assert {one.id: one.name for one in await world.account.calendars()}[name] == "Mine"
    shown((await world.calendar.create([draft("key-1")]))[0])
    assert (await world.account.make_calendar(name.removeprefix("syncd-").rstrip("/"), "Studio")).name == "Mine"


async def test_an_account_that_refuses_new_calendars_is_forbidden(world: World) -> None:
    world.plant({"status": 403}, match={"method": "MKCALENDAR"})
    with pytest.raises(Forbidden):
        await world.account.make_calendar("refused", "Studio")


async def test_a_calendar_that_lies_there_although_making_it_was_refused_is_taken(world: World) -> None:
    await world.account.make_calendar("there", "Studio")
    world.plant({"status": 404}, match={"method": "PROPFIND"})
    assert (await world.account.make_calendar("there", "Studio")).id == world.account.calendar_id("there")


@pytest.mark.parametrize("status", [500, 503])
async def test_an_error_is_never_a_list_without_calendars(world: World, status: int) -> None:
    world.plant({"status": status}, match={"method": "PROPFIND"})
    with pytest.raises(Transient):
        await world.account.calendars()


async def test_an_empty_answer_is_never_a_list_without_calendars(world: World) -> None:
    world.plant({"empty": True}, match={"method": "PROPFIND"})
    with pytest.raises(Transient):
        await world.account.calendars()


async def test_a_wrong_password_is_one_request_and_says_what_to_do(radicale: RadicaleServer) -> None:
    proxy = FaultProxy(radicale.base_url, SandboxClock(NOW, rate=0))
    await proxy.start()
    account = adapters.apple.create(
        url=proxy.base_url, email=EMAIL, password="wrong", clock=StillClock(), bridge=BRIDGE
    )
    try:
        with pytest.raises(AuthRevoked) as refused:
            await account.identity()
    finally:
        await account.aclose()
        await proxy.stop()
    assert "app-specific password" in refused.value.hint
    assert len(proxy.log.to_json()["requests"]) == 1


async def test_a_home_on_an_address_that_was_not_configured_gets_no_password(radicale: RadicaleServer) -> None:
    proxy = FaultProxy(radicale.base_url, SandboxClock(NOW, rate=0))
    await proxy.start()
    proxy.plant(
        {
            "do": {"replace": [["<(\\w*:?)href>/anna", "<\\1href>https://caldav.elsewhere.test/anna"]]},
            "match": {"method": "PROPFIND"},
            "times": -1,
        }
    )
    account = adapters.apple.create(
        url=proxy.base_url, email=EMAIL, password=PASSWORD, clock=StillClock(), bridge=BRIDGE
    )
    try:
        with pytest.raises(Forbidden) as refused:
            await account.calendars()
    finally:
        await account.aclose()
        await proxy.stop()
    assert refused.value.code == "ORIGIN"


async def test_a_home_on_another_loopback_port_is_followed(radicale: RadicaleServer) -> None:
    proxy = FaultProxy(radicale.base_url, SandboxClock(NOW, rate=0))
    await proxy.start()
    home = f"<\\1href>{radicale.base_url}/anna"
    proxy.plant({"do": {"replace": [["<(\\w*:?)href>/anna", home]]}, "match": {"method": "PROPFIND"}, "times": -1})
    account = adapters.apple.create(
        url=proxy.base_url, email=EMAIL, password=PASSWORD, clock=StillClock(), bridge=BRIDGE
    )
    try:
        made = await account.make_calendar("far", "Far")
        assert await account.identity() == "/anna@example.test/"
        assert made.id in {one.id for one in await account.calendars()}
    finally:
        await account.aclose()
        await proxy.stop()


async def test_a_redirect_to_another_host_is_not_followed(world: World) -> None:
    world.plant({"status": 301, "headers": {"Location": "https://caldav.elsewhere.test/"}}, times=-1)
    with pytest.raises(SyncdError):
        await world.calendar.check()


async def test_a_moved_address_is_discovered_again_and_the_request_repeated(world: World) -> None:
    world.plant({"status": 421}, match={"report": "sync-collection"})
    assert (await world.calendar.read(WINDOW)).complete


@pytest.mark.parametrize("url", ["caldav.icloud.com", "ftp://caldav.icloud.com", "https://", "http://[::1"])
def test_an_address_that_is_none_is_a_mistake_in_the_configuration(url: str) -> None:
    with pytest.raises(ConfigError):
        adapters.apple.create(url=url, email=EMAIL, password=PASSWORD, clock=StillClock(), bridge=BRIDGE)


async def test_plain_http_to_a_distant_host_is_refused_before_anything_is_sent() -> None:
    session = Session("http://calendar.example.test/", EMAIL, PASSWORD, StillClock())
    try:
        with pytest.raises(Forbidden):
            await session.propfind("http://calendar.example.test/", multistatus.propfind("D:resourcetype"))
    finally:
        await session.close()


async def test_no_log_line_and_no_error_holds_a_password_an_address_or_a_text(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("caldav", "caldav.response", "httpx", "httpcore", ""):
        caplog.set_level(logging.DEBUG, logger=name)
    secret = event(title="Secret title", description="Secret text", location="Secret place")
    errors: list[str] = []
    made = shown((await world.calendar.create([draft("key-1", secret)]))[0])
    for do in ({"status": 401}, {"status": 500, "body": "Secret title"}, {"replace": [["^", "<"]]}, {"drop": "after"}):
        world.plant(do)
        try:
            await world.calendar.read(WINDOW)
        except SyncdError as error:
            errors += [str(error), repr(error), str(getattr(error, "hint", ""))]
    await world.calendar.update([Edit(made.ref, Event(title="Secret again"), made.version)])
    world.plant({"serve": {"key-1": "BEGIN:VCALENDAR\r\nSecret title\r\nSUMMARY:Secret"}}, times=-1)
    broken = (await world.calendar.read(WINDOW)).broken
    assert len(errors) >= 9
    told = json.dumps([caplog.text, errors, [one.reason for one in broken]])
    for word in ("Secret", PASSWORD, EMAIL, "Authorization", "Basic "):
        assert word not in told, word


# answers, without a server


def rows(inner: str) -> tuple[multistatus.Row, ...]:
    names = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav" xmlns:CS="http://calendarserver.org/ns/"'
    return multistatus.parsed(f"<multistatus {names}>{inner}</multistatus>".encode()).rows


def collection(kinds: str, rest: str = "") -> multistatus.Row:
    (row,) = rows(
        f"<response><href>https://p42.example.test:443/1/a%40b/</href><propstat><prop><resourcetype>{kinds}</resourcetype>"
        f"{rest}</prop><status>HTTP/1.1 200 OK</status></propstat><propstat><prop><displayname/></prop>"
        "<status>HTTP/1.1 404 Not Found</status></propstat></response>"
    )
    return row


def test_properties_come_from_the_propstat_that_was_found_and_paths_have_no_host() -> None:
    row = collection("<collection/><C:calendar/>")
    assert (row.path, row.text("D:displayname"), row.status) == ("/1/a@b/", None, 200)


@pytest.mark.parametrize(
    ("kinds", "components", "is_one"),
    [
        ("<C:calendar/>", "", True),
        ("<C:calendar/>", '<C:comp name="VEVENT"/>', True),
        ("<C:calendar/>", '<C:comp name="VTODO"/>', False),
        ("<C:calendar/><CS:subscribed/>", '<C:comp name="VEVENT"/>', False),
        ("<C:schedule-inbox/>", "", False),
    ],
)
def test_which_collections_are_calendars_for_events(kinds: str, components: str, is_one: bool) -> None:
    part = f"<C:supported-calendar-component-set>{components}</C:supported-calendar-component-set>"
    assert holds_events(collection(kinds, part if components else "")) is is_one


@pytest.mark.parametrize(("privilege", "writable"), [("read", False), ("write-content", True), ("all", True)])
def test_privileges_say_whether_a_calendar_may_be_written(privilege: str, writable: bool) -> None:
    held = f"<current-user-privilege-set><privilege><{privilege}/></privilege></current-user-privilege-set>"
    assert is_writable(collection("<C:calendar/>", held)) is writable


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"<html/>",
        b"<multistatus xmlns='DAV:'><response>",
        b"<!DOCTYPE a [<!ENTITY b 'x'><!ENTITY c '" + b"&b;" * 1000 + b"'>]><multistatus>&c;",
    ],
)
def test_what_is_no_multistatus_is_an_error_and_not_an_empty_list(hostile: bytes) -> None:
    with pytest.raises(NotXmlError):
        multistatus.parsed(hostile)


def test_an_entity_that_names_a_file_is_never_opened() -> None:
    head = b"<!DOCTYPE a [<!ENTITY f SYSTEM 'file:///etc/hostname'>]>"
    text = head + b"<multistatus xmlns='DAV:'><response><href>/a&f;</href></response></multistatus>"
    (row,) = multistatus.parsed(text).rows
    assert row.href == "/a"
