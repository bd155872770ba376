"""The rules of HTTP at Graph: paths, methods, bodies, ids of requests, preferences, errors as the SDK reads them."""

import asyncio
import ssl
import uuid
from typing import Any

import httpx
import pytest
from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from kiota_http.middleware.options import RetryHandlerOption
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.graph_request_adapter import GraphRequestAdapter, options
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]

from syncd.sandbox.microsoft.errors import CODES, Json
from syncd.sandbox.microsoft.preferences import preferences
from tests.sandbox.microsoft.site import IMMUTABLE, Site, draft

TLS = ssl.create_default_context()  # made once: it costs more than the server


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/me/nothing", 400, "BadRequest"),
        ("GET", "/me/calendars/x/nothing/y", 400, "BadRequest"),
        ("PUT", "/me/events", 405, "MethodNotAllowed"),
        ("POST", "/me/events/x", 405, "MethodNotAllowed"),
        ("DELETE", "/me/calendar", 405, "MethodNotAllowed"),
    ],
)
def test_what_does_not_exist_is_refused(microsoft: Site, method: str, path: str, status: int, code: str) -> None:
    refusal = microsoft.refused(method, path)
    assert (refusal.status, refusal.code) == (status, code)


def test_an_unknown_segment_is_404_by_switch_and_another_version_always(microsoft: Site) -> None:
    microsoft.switch(unknown_path="404")
    assert microsoft.refused("GET", "/me/nothing").code == "ResourceNotFound"
    microsoft.switch(unknown_path="400")
    elsewhere = f"{microsoft.server.base_url}/beta/me/events"
    assert microsoft.refused("GET", elsewhere).code == "ResourceNotFound"


def test_a_wrong_method_names_the_right_ones(microsoft: Site) -> None:
    assert microsoft.refused("PUT", "/me/events").headers["allow"] == "GET, POST"


def test_names_in_a_path_are_read_in_any_case_and_ids_are_not(microsoft: Site) -> None:
    event = microsoft.create()
    assert microsoft.get("/ME/Events")["value"][0]["id"] == event["id"]
    assert microsoft.refused("GET", f"/me/events/{event['id'].swapcase().replace('/', '%2F')}").status in (400, 404)


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("text/plain", b"{}", 415),
        ("application/x-www-form-urlencoded", b"subject=x", 415),
        ("application/json", b"{", 400),
        ("application/json", b"[]", 400),
        (None, b"{}", 400),
        (None, b"", 400),
    ],
)
def test_a_body_is_one_json_object(microsoft: Site, kind: str | None, body: bytes, status: int) -> None:
    headers = {} if kind is None else {"content-type": kind}
    refusal = microsoft.refused("POST", "/me/events", content=body, headers=headers)
    assert refusal.status == status
    assert microsoft.hands.events() == []


def test_the_type_of_a_body_may_stand_in_it(microsoft: Site) -> None:
    body = {"@odata.type": "#microsoft.graph.event", **draft()}
    reply = microsoft.call("POST", "/me/events", json=body, headers={"content-type": "application/json; charset=utf-8"})
    assert reply.status_code == 201


def test_a_query_option_stands_once_and_is_known(microsoft: Site) -> None:
    assert microsoft.refused("GET", "/me/events?$top=1&$top=2").code == "BadRequest"
    assert microsoft.refused("GET", "/me/events?window=1").code == "BadRequest"
    microsoft.switch(unknown_parameters="ignore")
    microsoft.get("/me/events?window=1")


def test_every_answer_bears_an_id_and_echoes_the_clients(microsoft: Site) -> None:
    own = str(uuid.uuid4())
    good = microsoft.call("GET", "/me/events", headers={"client-request-id": own})
    bad = microsoft.call("GET", "/me/nothing", headers={"client-request-id": own})
    assert good.headers["client-request-id"] == bad.headers["client-request-id"] == own
    assert good.headers["request-id"] != bad.headers["request-id"]
    assert bad.json()["error"]["innerError"] == {
        "date": "2026-11-20T12:00:00",
        "request-id": bad.headers["request-id"],
        "client-request-id": own,
    }


def test_the_code_stands_again_inside_an_error_by_switch(microsoft: Site) -> None:
    microsoft.switch(inner_codes=True)
    assert microsoft.refused("GET", "/me/nothing").error["innerError"]["code"] == "badRequest"


def test_preferences_come_in_one_header_or_several_in_any_case(microsoft: Site) -> None:
    event = microsoft.create()
    url = f"{microsoft.server.base_url}/v1.0/me/events"
    headers = [
        ("Authorization", f"Bearer {microsoft.token()}"),
        ("Prefer", 'OUTLOOK.TimeZone="Tokyo Standard Time"'),
        ("prefer", f'outlook.body-content-type="text", {IMMUTABLE.lower()}'),
    ]
    (row,) = microsoft.client.get(url, headers=headers).json()["value"]
    assert row["start"] == {"dateTime": "2026-11-24T17:00:00.0000000", "timeZone": "Tokyo Standard Time"}
    assert row["body"]["contentType"] == "text"
    assert row["id"] == event["id"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("respond-async", {"respond-async": ""}),
        ('IdType="ImmutableId",odata.maxpagesize=7', {"idtype": "ImmutableId", "odata.maxpagesize": "7"}),
        ('outlook.timezone="A, \\"B\\""; x="y,z" , Wait = 5', {"outlook.timezone": 'A, "B"', "wait": "5"}),
        ("odata.maxpagesize=1, odata.maxpagesize=2", {"odata.maxpagesize": "1"}),
    ],
)
def test_a_preference_has_a_name_and_perhaps_a_value(text: str, found: dict[str, str]) -> None:
    assert preferences({"prefer": text}) == found


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("code", CODES)
def test_every_error_is_one_that_the_sdk_understands(microsoft: Site, code: str) -> None:
    number = microsoft.fault({"error": {"code": code, "retry_after": 7}}, {"operation": "calendars.list"})
    error = asked_by_the_sdk(microsoft)
    assert microsoft.fired(number) == 1
    assert error.error is not None
    assert error.error.code == code
    assert error.response_status_code == CODES[code][0]
    assert error.error.inner_error is not None
    assert error.error.inner_error.request_id
    assert "7" in (error.response_headers or {})["retry-after"]


def asked_by_the_sdk(microsoft: Site) -> ODataError:
    """What msgraph-sdk raises when it lists calendars."""

    async def ask() -> ODataError:
        once = {**options, RetryHandlerOption.get_key(): RetryHandlerOption(should_retry=False)}
        async with httpx.AsyncHTTPTransport(verify=TLS) as wire:
            plain = httpx.AsyncClient(transport=wire)
            client = GraphClientFactory.create_with_default_middleware(options=once, client=plain)
            adapter = GraphRequestAdapter(AnonymousAuthenticationProvider(), client)
            adapter.base_url = f"{microsoft.server.base_url}/v1.0"
            headers = HeadersCollection()
            headers.add("Authorization", f"Bearer {microsoft.token()}")
            asked: RequestConfiguration[Any] = RequestConfiguration(headers=headers)
            try:
                await GraphServiceClient(request_adapter=adapter).me.calendars.get(asked)
            except ODataError as error:
                return error
            raise AssertionError("was not refused")

    return asyncio.run(ask())


def test_an_error_may_have_a_message_and_a_status_of_its_own(microsoft: Site) -> None:
    error: Json = {"code": "UnknownError", "status": 504, "message": "Too slow"}
    microsoft.fault({"error": error}, {"operation": "events.list"})
    refusal = microsoft.refused("GET", "/me/events")
    assert (refusal.status, refusal.code, refusal.message) == (504, "UnknownError", "Too slow")
