"""msgraph-sdk as the client, with its typed models: each resource is read, each request of it is understood."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import httpx
import pytest
from kiota_abstractions.authentication import (
    AccessTokenProvider,
    AllowedHostsValidator,
    BaseBearerTokenAuthenticationProvider,
)
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.calendar import Calendar
from msgraph.generated.models.date_time_time_zone import DateTimeTimeZone
from msgraph.generated.models.event import Event
from msgraph.generated.models.event_type import EventType
from msgraph.generated.models.exchange_id_format import ExchangeIdFormat
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
from msgraph.generated.models.single_value_legacy_extended_property import SingleValueLegacyExtendedProperty
from msgraph.graph_request_adapter import GraphRequestAdapter, options
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]

from tests.sandbox.microsoft.site import ANNA, BERT, IMMUTABLE, WINDOW, Site, weekly

# Every module of its request builders warns of itself when it is imported, which their use does.
pytestmark = pytest.mark.filterwarnings("ignore:This class is deprecated", "ignore:GetQueryParameters is deprecated")

KEY = "String {6f1d4c2a-0b3e-4a57-9c8d-1e2f3a4b5c6d} Name key"


class _Token(AccessTokenProvider):
    def __init__(self, text: str) -> None:
        self._text = text

    async def get_authorization_token(self, uri: str, additional_authentication_context: Any = None) -> str:  # noqa: ARG002
        return self._text

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator(["127.0.0.1"])


@pytest.fixture
async def graph(microsoft: Site) -> AsyncIterator[GraphServiceClient]:
    """Anna's client, which asks for immutable ids where a test says so."""
    authentication = BaseBearerTokenAuthenticationProvider(_Token(microsoft.token()))
    async with httpx.AsyncHTTPTransport() as transport:  # the SDK's own wrapper does not close the one inside
        client = httpx.AsyncClient(transport=transport, trust_env=False)
        made = GraphClientFactory.create_with_default_middleware(client=client, options=options)
        adapter = GraphRequestAdapter(authentication, made)
        adapter.base_url = f"{microsoft.server.base_url}/v1.0"
        yield GraphServiceClient(request_adapter=adapter)


def query(builder: Any, **values: Any) -> Any:
    """The parameters of a GET by this builder."""
    kind = type(builder)
    return getattr(kind, f"{kind.__name__}GetQueryParameters")(**values)


def asking(parameters: Any = None, *prefer: str) -> Any:
    """A configuration of a request."""
    found: Any = RequestConfiguration(query_parameters=parameters)
    for entry in prefer or (IMMUTABLE,):
        found.headers.add("Prefer", entry)
    return found


def drafted(**fields: Any) -> Event:
    return Event(
        subject="Check",
        start=DateTimeTimeZone(date_time="2026-11-24T09:00:00", time_zone="W. Europe Standard Time"),
        end=DateTimeTimeZone(date_time="2026-11-24T10:00:00", time_zone="W. Europe Standard Time"),
        **fields,
    )


async def test_an_event_is_made_changed_and_deleted(microsoft: Site, graph: GraphServiceClient) -> None:
    draft = drafted(
        body=ItemBody(content_type=BodyType.Text, content="Notes"),
        single_value_extended_properties=[SingleValueLegacyExtendedProperty(id=KEY, value="k1")],
    )
    made = await graph.me.events.post(draft, asking())
    assert made is not None
    assert made.id is not None
    assert (made.type, made.body and made.body.content_type) == (EventType.SingleInstance, BodyType.Html)
    assert isinstance(made.created_date_time, datetime)
    changed = await graph.me.events.by_event_id(made.id).patch(Event(subject="New"), asking())
    assert changed is not None
    assert (changed.subject, changed.id) == ("New", made.id)
    item = graph.me.events.by_event_id(made.id)
    expand = [f"singleValueExtendedProperties($filter=id eq '{KEY}')"]
    read = await item.get(asking(query(item, expand=expand)))
    assert read is not None
    assert [(p.id, p.value) for p in read.single_value_extended_properties or []] == [(KEY, "k1")]
    await graph.me.events.by_event_id(made.id).delete()
    with pytest.raises(ODataError) as refused:
        await graph.me.events.by_event_id(made.id).delete()
    assert refused.value.response_status_code == 404
    assert refused.value.error is not None
    assert refused.value.error.code == "ErrorItemNotFound"
    assert microsoft.hands.events() == []


async def test_a_series_is_read_with_its_pattern_and_its_instances(microsoft: Site, graph: GraphServiceClient) -> None:
    ref = microsoft.create(recurrence=weekly(2))["id"]
    master = await graph.me.events.by_event_id(ref).get(asking())
    assert master is not None
    assert master.recurrence is not None
    assert master.recurrence.pattern is not None
    assert master.recurrence.pattern.type == RecurrencePatternType.Weekly
    view = graph.me.calendar_view
    page = await view.get(asking(query(view, start_date_time=WINDOW[0], end_date_time=WINDOW[1], top=1)))
    assert page is not None
    assert page.odata_next_link is not None
    rest = await graph.me.calendar_view.with_url(page.odata_next_link).get(asking())
    assert rest is not None
    found = [*(page.value or []), *(rest.value or [])]
    assert [(row.type, row.series_master_id) for row in found] == [(EventType.Occurrence, ref)] * 2


async def test_a_round_of_delta_is_followed_to_its_link(microsoft: Site, graph: GraphServiceClient) -> None:
    ref = microsoft.create(recurrence=weekly(3))["id"]
    single = microsoft.create()["id"]
    delta = graph.me.calendars.by_calendar_id(microsoft.state.default_calendar(ANNA).id).calendar_view.delta
    window = query(delta, start_date_time=WINDOW[0], end_date_time=WINDOW[1])
    first = await delta.get(asking(window, IMMUTABLE, "odata.maxpagesize=4"))
    assert first is not None
    assert first.odata_next_link is not None
    assert [row.type for row in first.value or []] == [EventType.SeriesMaster, *[EventType.Occurrence] * 3]
    last = await delta.with_url(first.odata_next_link).get(asking())
    assert last is not None
    assert last.odata_delta_link is not None
    assert [row.id for row in last.value or []] == [single]
    microsoft.delete(ref)
    after = await delta.with_url(last.odata_delta_link).get(asking())
    assert after is not None
    (gone,) = after.value or []
    assert (gone.id, gone.additional_data["@removed"]) == (ref, {"reason": "deleted"})


async def test_a_dead_token_is_told_with_its_place(microsoft: Site, graph: GraphServiceClient) -> None:
    microsoft.switch(delta_dead_location=True)
    link = microsoft.round().link
    microsoft.state.expire_delta_tokens()
    with pytest.raises(ODataError) as refused:
        await graph.me.calendar_view.delta.with_url(link).get(asking())
    assert refused.value.response_status_code == 410
    assert "location" in {name.casefold() for name in refused.value.response_headers or {}}


async def test_calendars_are_listed_made_and_deleted(graph: GraphServiceClient) -> None:
    made = await graph.me.calendars.post(Calendar(name="Studio"))
    assert made is not None
    assert made.id is not None
    listed = await graph.me.calendars.get()
    assert listed is not None
    assert [(c.name, c.can_edit, c.is_default_calendar) for c in listed.value or []] == [
        ("Calendar", True, True),
        ("Studio", True, False),
    ]
    assert listed.value is not None
    assert listed.value[0].owner is not None
    assert listed.value[0].owner.address == ANNA
    await graph.me.calendars.by_calendar_id(made.id).delete()
    default = await graph.me.calendar.get()
    assert default is not None
    assert default.id == listed.value[0].id


async def test_a_person_their_settings_and_their_ids(microsoft: Site, graph: GraphServiceClient) -> None:
    person = await graph.me.get()
    assert person is not None
    assert (person.mail, person.id) == (ANNA, microsoft.state.accounts[ANNA].oid)
    settings = await graph.me.mailbox_settings.get()
    assert settings is not None
    assert settings.time_zone == "W. Europe Standard Time"
    from msgraph.generated.users.item.translate_exchange_ids import translate_exchange_ids_post_request_body as module

    ref = microsoft.create()["id"]
    body = module.TranslateExchangeIdsPostRequestBody(
        input_ids=[ref],
        source_id_type=ExchangeIdFormat.RestImmutableEntryId,
        target_id_type=ExchangeIdFormat.RestId,
    )
    found = await graph.me.translate_exchange_ids.post(body)
    assert found is not None
    (translated,) = found.value or []
    assert translated.source_id == ref
    assert translated.target_id not in (None, ref)


async def test_an_invitation_is_read_with_its_people(microsoft: Site, graph: GraphServiceClient) -> None:
    event = microsoft.create(attendees=[{"emailAddress": {"address": BERT}}], isOnlineMeeting=True)
    read = await graph.me.events.by_event_id(event["id"]).get(asking())
    assert read is not None
    assert [a.email_address and a.email_address.address for a in read.attendees or []] == [BERT]
    assert read.online_meeting is not None
    assert read.online_meeting.join_url is not None


def test_an_answer_that_the_models_cannot_hold_is_noticed(microsoft: Site) -> None:
    hands = microsoft.hands
    event = hands.add("Check", microsoft.clock.now(), microsoft.clock.now(), showAs="busy")
    wrong = {**event.fields, "weather": "fine", "sensitivity": "secret"}
    hands.mailbox.put(replace(event, fields=wrong))
    microsoft.event(event.id)
    assert microsoft.problems == ["events.get: weather is unknown", "events.get: sensitivity was not understood"]
    microsoft.problems.clear()
