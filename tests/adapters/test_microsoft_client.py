"""Requests of one account: bearers, hosts and links, what every request says.

Not here: refusals by code (test_microsoft_refusals), batches (test_microsoft_batch), what is asked (the other tests of
the adapter).
"""

import json
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from adapters.microsoft import CALENDARS, create, provider
from adapters.microsoft.client import Client
from adapters.microsoft.refusals import (
    Asked,
)
from adapters.refusals import REST
from syncd.errors import (
    AdapterError,
    AuthRevoked,
    ConfigError,
    Forbidden,
    Throttled,
    Transient,
)
from syncd.sandbox.clock import SandboxClock
from tests.adapters.microsoft_world import (
    BRIDGE,
    GRANT,
    NOW,
    WINDOW,
    MemoryShelf,
    World,
    cursor_of,
    draft,
    event,
    key,
    put,
    shown,
    world,
)


@pytest.fixture
async def microsoft() -> AsyncIterator[World]:
    async with world() as opened:
        yield opened


WHOLE = Asked("a listing")


class Recorder(httpx.AsyncHTTPTransport):
    """Carries requests, and keeps what each of them said: address and headers, those of parts of batches too."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, dict[str, str]]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/$batch"):
            parts = json.loads(await request.aread())["requests"]
            self.said += [(one["url"], one["headers"]) for one in parts]
        elif request.url.path.startswith("/v1.0"):
            self.said.append((str(request.url), dict(request.headers)))
        return await super().handle_async_request(request)


async def test_every_request_and_each_page_asks_for_lasting_ids_utc_and_plain_text(microsoft: World) -> None:
    recorder = Recorder()
    opened = microsoft.again(recorder)
    microsoft.switch(delta_empty_pages=1)
    put(microsoft, "Tea")
    put(microsoft, "Coffee")
    await opened.calendar.read(await cursor_of(opened))
    await opened.calendar.create([draft("one"), draft("two")])
    await opened.account.calendars()
    await opened.account.aclose()
    assert len(recorder.said) >= 9
    for address, headers in recorder.said:
        prefer = headers["prefer"]
        assert all(
            wish in prefer
            for wish in ('IdType="ImmutableId"', 'outlook.timezone="UTC"', 'outlook.body-content-type="text"')
        )
        assert ("odata.maxpagesize" in prefer) == ("/delta" in address)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ApplicationThrottled", Throttled),
        ("ErrorAccessDenied", Forbidden),
        ("MailboxNotEnabledForRESTAPI", Forbidden),
        ("ErrorInvalidRequest", Transient),
    ],
)
async def test_a_refused_listing_raises_for_the_calendar(
    microsoft: World, code: str, error: type[AdapterError]
) -> None:
    microsoft.refuse("calendarView.delta", code)
    with pytest.raises(error) as caught:
        await microsoft.calendar.read(WINDOW)
    assert microsoft.delivered()
    assert type(caught.value) is error


@pytest.mark.parametrize("form", ["seconds", "date"])
async def test_a_refusal_by_rate_says_how_long_to_wait(microsoft: World, form: str) -> None:
    microsoft.switch(retry_after_form=form)
    microsoft.refuse("calendarView.delta", "ApplicationThrottled", retry_after=17)
    with pytest.raises(Throttled) as caught:
        await microsoft.calendar.read(WINDOW)
    assert microsoft.delivered()
    assert caught.value.retry_after == 17.0


async def test_refusals_by_rate_in_a_row_wait_longer_each_time(microsoft: World) -> None:
    microsoft.switch(retry_after=0)
    microsoft.refuse("calendarView.delta", "TooManyRequests", times=3)
    waits = []
    for _ in range(3):
        with pytest.raises(Throttled) as caught:
            await microsoft.calendar.read(WINDOW)
        waits.append(caught.value.retry_after)
    assert waits == [1.0, 2.0, 4.0]


async def test_a_refused_bearer_is_renewed_once_and_the_call_sent_again(microsoft: World) -> None:
    microsoft.refuse("calendarView.delta", "InvalidAuthenticationToken")
    before = microsoft.shelf.grant
    assert (await microsoft.calendar.read(WINDOW)).complete
    assert microsoft.delivered()
    assert microsoft.shelf.grant.access_token != before.access_token
    assert microsoft.shelf.grant.refresh_token != before.refresh_token, "a renewal brings another one, and it is kept"


async def test_a_bearer_refused_twice_means_that_access_was_taken_back(microsoft: World) -> None:
    microsoft.plant({"claims_challenge": True}, match={"operation": "calendarView.delta"}, times=2)
    with pytest.raises(AuthRevoked):
        await microsoft.calendar.read(WINDOW)
    assert len(microsoft.delivered()) == 2


async def test_access_that_was_taken_back_in_the_middle_of_a_pass_is_told(microsoft: World) -> None:
    microsoft.switch(revoked_access="ends")
    await microsoft.calendar.read(WINDOW)
    microsoft.hands.revoke()
    with pytest.raises(AuthRevoked) as caught:
        await microsoft.calendar.create([draft()])
    assert caught.value.hint
    assert microsoft.titles() == []


async def test_a_read_whose_connection_breaks_is_sent_again_and_a_write_is_not(microsoft: World) -> None:
    microsoft.plant({"drop": "after"}, match={"operation": "calendarView.delta"})
    assert (await microsoft.calendar.read(WINDOW)).complete
    assert microsoft.delivered()
    microsoft.forget()
    microsoft.plant({"drop": "after"}, match={"operation": "events.create"})
    with pytest.raises(Transient) as caught:
        await microsoft.calendar.create([draft()])
    assert microsoft.delivered()
    assert caught.value.applied
    assert microsoft.operations() == ["events.create"]
    assert microsoft.titles() == ["Yoga"]


@pytest.mark.parametrize("content", ["[]", "text", '"text"', ""])
async def test_an_answer_that_is_no_object_says_nothing(microsoft: World, content: str) -> None:
    microsoft.plant({"status": 200, "body": content}, match={"operation": "calendars.get"})
    with pytest.raises(Transient):
        await microsoft.calendar.check()
    assert microsoft.delivered()


async def test_an_old_bearer_is_renewed_before_the_first_request(microsoft: World) -> None:
    microsoft.shelf.grant = replace(microsoft.shelf.grant, expires_at=NOW + timedelta(seconds=30))
    microsoft.forget()
    await microsoft.calendar.check()
    assert str(microsoft.rows()[0]["path"]).endswith("/common/oauth2/v2.0/token")
    assert len(microsoft.shelf.saved) == 1


async def test_no_log_line_holds_an_address_a_token_or_a_text(
    microsoft: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await microsoft.calendar.create([draft("one", event(title="Anna's dentist")), draft("two")])
    dedicated = await microsoft.account.make_calendar(key("calendar"), "Sessions")
    await microsoft.open(dedicated.id).read(WINDOW)
    microsoft.refuse("calendarView.delta", "ErrorInvalidRequest")
    with pytest.raises(Transient):
        await microsoft.calendar.read(WINDOW)
    grant = microsoft.shelf.grant
    secrets = ("dentist", "outlook.example", dedicated.id, grant.access_token, grant.refresh_token)
    assert not [secret for secret in secrets if secret in caplog.text]


# --- a full mailbox ---------------------------------------------------------------------------------------------------


async def test_in_a_full_mailbox_nothing_is_written_for_an_hour_and_reading_goes_on(microsoft: World) -> None:
    microsoft.refuse("events.create", "ErrorQuotaExceeded")
    with pytest.raises(Throttled) as caught:
        await microsoft.calendar.create([draft("one")])
    assert microsoft.delivered()
    assert caught.value.retry_after == REST
    microsoft.clock.advance(600)
    microsoft.forget()
    again = microsoft.again()
    for opened in (microsoft, again):
        with pytest.raises(Throttled) as caught:
            await opened.calendar.create([draft("two"), draft("three")])
        assert caught.value.retry_after == REST - 600
    assert microsoft.operations() == []
    assert (await again.calendar.read(WINDOW)).complete
    microsoft.clock.advance(REST - 600)
    assert again.account.found == ""
    shown((await again.calendar.create([draft("four")]))[0])
    await again.account.aclose()


# --- hosts and links --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v1.0/me/calendarView/delta?$skiptoken=1",
        "http://127.0.0.1:1/v1.0/me/calendarView/delta?$skiptoken=1",
        "{base}/beta/me/calendarView/delta?$skiptoken=1",
        "{base}/v1.0/../other",
        "{base}/v1.0",
        "{host}:x/v1.0/me",
        "//evil.example/v1.0/me",
        "/v1.0/me",
        "http://[::1",
        7,
        "",
    ],
)
@pytest.mark.parametrize("which", ["@odata.nextLink", "@odata.deltaLink"])
async def test_a_link_that_leads_elsewhere_is_not_followed(microsoft: World, link: Any, which: str) -> None:
    base = microsoft.server.base_url
    told = link.format(base=base, host=base.rpartition(":")[0]) if isinstance(link, str) else link
    answer = json.dumps({"value": [], which: told})
    microsoft.plant({"status": 200, "body": answer}, match={"operation": "calendarView.delta"})
    with pytest.raises(Transient):
        await microsoft.calendar.read(WINDOW)
    assert microsoft.delivered()
    assert len(microsoft.rows()) == 1


async def test_a_cursor_holds_no_host_and_serves_where_the_api_lies_now(microsoft: World) -> None:
    cursor = await cursor_of(microsoft)
    assert cursor.token.startswith("/me/calendars/")
    assert "127.0.0.1" not in cursor.token
    again = microsoft.again()
    assert (await again.calendar.read(cursor)).complete
    await again.account.aclose()


async def test_a_bearer_goes_to_the_host_of_the_api_alone(microsoft: World) -> None:
    from adapters.microsoft.builders import Doorman

    doorman = Doorman("https://graph.example/v1.0", microsoft.account.client.tokens.bearer)
    assert await doorman.authorization("https://graph.example/v1.0/me") == f"Bearer {microsoft.seeded.access_token}"
    assert await doorman.authorization("https://other.example/v1.0/me") == ""


async def test_ids_are_encoded_in_paths_and_requests_lie_below_the_configured_address(microsoft: World) -> None:
    client: Client = microsoft.account.client
    call = client.get(WHOLE, client.me.events.by_event_id("a/b+c=="))
    assert call.url == f"{client.root}/me/events/a%2Fb%2Bc%3D%3D"
    view = client.me.calendars.by_calendar_id("x/y").calendar_view.delta
    assert client.get(WHOLE, view, start_date_time="a", end_date_time="b").url.startswith(
        f"{client.root}/me/calendars/x%2Fy/calendarView/delta()?"
    )


def test_nothing_of_the_library_is_loaded_before_the_first_request() -> None:
    code = (
        "import sys, adapters.microsoft; "
        "print([name for name in sys.modules if name.startswith(('msgraph', 'kiota', 'azure'))])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["base_url", "authority"])
@pytest.mark.parametrize("address", ["", "ftp://x.test", "graph.microsoft.com", "https://[::1"])
def test_an_address_that_is_none_is_named_before_anything_is_sent(name: str, address: str) -> None:
    settings: dict[str, Any] = {name: address}
    with pytest.raises(ConfigError):
        create(
            client_id="a",
            client_secret="b",
            shelf=MemoryShelf(GRANT),
            clock=SandboxClock(NOW),
            bridge=BRIDGE,
            **settings,
        )


# --- what a consent is asked for with ---------------------------------------------------------------------------------


def test_microsoft_is_asked_for_consent_where_it_answers() -> None:
    asked = provider()
    assert asked.auth_url == "https://login.microsoftonline.com/common/oauth2/v2.0/authorize"
    assert asked.token_url == "https://login.microsoftonline.com/common/oauth2/v2.0/token"
    assert asked.revoke_url is None
    assert {"openid", "offline_access", CALENDARS} <= set(asked.scopes)
    assert asked.required == (CALENDARS,)
    assert (asked.identity, asked.resource) == (("oid", "tid"), "https://graph.microsoft.com/")


@pytest.mark.parametrize("tenant", ["common", "organizations", "consumers", "9188040d-6c67-4c5b-b112-36a304b66dad"])
def test_an_administrator_is_sent_to_a_page_of_their_own(tenant: str) -> None:
    asked = provider(tenant=tenant, client_id="our client", redirect_uri="http://localhost:8765/x")
    place = "organizations" if tenant == "common" else tenant
    assert f"https://login.microsoftonline.com/{place}/v2.0/adminconsent?client_id=our+client" in asked.admin_hint
    assert "redirect_uri=http%3A%2F%2Flocalhost" in asked.admin_hint


@pytest.mark.parametrize("tenant", ["", "a/b", "common?", "x" * 200])
def test_a_tenant_that_is_none_is_refused(tenant: str) -> None:
    with pytest.raises(ConfigError):
        provider(tenant=tenant)
