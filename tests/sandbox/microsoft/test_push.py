"""Subscriptions: the handshake, how long they live, notifications and lifecycle events that a receiver gets."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from kiota_serialization_json.json_parse_node import JsonParseNode
from msgraph.generated.models.subscription import Subscription

from syncd.sandbox.clock import rfc3339
from syncd.sandbox.microsoft.errors import Json
from tests.sandbox.microsoft.site import ANNA, BERT, HOUR, IMMUTABLE, Site, calendar_path
from tests.sandbox.receiver import Got, Receiver, receiving


def agrees(got: Got) -> tuple[int, str, str]:
    """The answer of a receiver that wants its notifications."""
    asked = parse_qs(urlsplit(got.path).query).get("validationToken")
    return (200, "text/plain", asked[0]) if asked else (202, "text/plain", "")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        found.answer = agrees
        yield found


def body(microsoft: Site, address: str, minutes: int = 60, **fields: Any) -> Json:
    until = rfc3339(microsoft.clock.now() + timedelta(minutes=minutes))
    base: Json = {
        "changeType": "created,updated,deleted",
        "notificationUrl": address,
        "resource": "me/events",
        "expirationDateTime": until,
        "clientState": "hidden",
    }
    return {key: value for key, value in (base | fields).items() if value is not None}


def subscribe(microsoft: Site, address: str, *prefer: str, minutes: int = 60, **fields: Any) -> Json:
    return microsoft.post("/subscriptions", body(microsoft, address, minutes, **fields), *prefer)


def delivered(microsoft: Site, receiver: Receiver) -> list[Json]:
    """All that was told since the last time, without handshakes."""
    microsoft.on_loop(microsoft.server.app.deliver_pushes)
    got, receiver.got = receiver.got, []
    return [row for one in got if one.body for row in json.loads(one.body)["value"]]


def test_an_address_is_asked_before_it_gets_anything(microsoft: Site, receiver: Receiver) -> None:
    life = receiver.address.replace("/push", "/life")
    answer = subscribe(microsoft, receiver.address, lifecycleNotificationUrl=life, clientState="a b&c")
    assert [urlsplit(got.path).path for got in receiver.got] == ["/push", "/life"]
    assert all(got.headers["content-type"].startswith("text/plain") for got in receiver.got)
    model = JsonParseNode(answer).get_object_value(Subscription)
    assert (model.client_state, model.lifecycle_notification_url, model.additional_data) == (
        "a b&c",
        life,
        {"@odata.context": answer["@odata.context"]} if "@odata.context" in answer else {},
    )
    assert microsoft.get("/subscriptions")["value"] == [answer]
    assert microsoft.log()[0]["status"] == 201


@pytest.mark.parametrize(
    "answer",
    [
        lambda got: (500, "text/plain", agrees(got)[2]),
        lambda got: (202, "text/plain", agrees(got)[2]),
        lambda got: (200, "application/json", agrees(got)[2]),
        lambda _got: (200, "text/plain", "something else"),
        lambda got: (200, "text/plain", urlsplit(got.path).query.partition("=")[2]),
    ],
)
def test_an_address_that_does_not_agree_gets_no_subscription(microsoft: Site, receiver: Receiver, answer: Any) -> None:
    receiver.answer = answer
    refusal = microsoft.refused("POST", "/subscriptions", json=body(microsoft, receiver.address))
    assert (refusal.status, refusal.code) == (400, "ValidationError")
    assert len(receiver.got) == 1
    assert microsoft.get("/subscriptions")["value"] == []


def test_nobody_there_is_no_agreement(microsoft: Site) -> None:
    refusal = microsoft.refused("POST", "/subscriptions", json=body(microsoft, "http://127.0.0.1:9/push"))
    assert refusal.code == "ValidationError"


def test_changes_are_told_by_kind_with_the_clients_state(microsoft: Site, receiver: Receiver) -> None:
    subscription = subscribe(microsoft, receiver.address, IMMUTABLE)
    delivered(microsoft, receiver)
    event = microsoft.create()
    (row,) = delivered(microsoft, receiver)
    account = microsoft.state.accounts[ANNA]
    assert row == {
        "subscriptionId": subscription["id"],
        "subscriptionExpirationDateTime": subscription["expirationDateTime"],
        "clientState": "hidden",
        "tenantId": account.tid,
        "changeType": "created",
        "resource": f"Users/{account.oid}/Events/{event['id']}",
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.Event",
            "@odata.id": f"Users/{account.oid}/Events/{event['id']}",
            "@odata.etag": event["@odata.etag"],
            "id": event["id"],
        },
    }
    microsoft.hands.edit(event["id"], subject="By hand")
    assert [row["changeType"] for row in delivered(microsoft, receiver)] == ["updated"]
    microsoft.hands.delete(event["id"])
    assert [row["changeType"] for row in delivered(microsoft, receiver)] == ["deleted"]
    assert delivered(microsoft, receiver) == []


def test_only_what_was_asked_for_is_told(microsoft: Site, receiver: Receiver) -> None:
    second = microsoft.post("/me/calendars", {"name": "Second"})
    subscribe(microsoft, receiver.address, changeType="deleted", resource=f"me/calendars/{second['id']}/events")
    delivered(microsoft, receiver)
    microsoft.create()
    kept = microsoft.create(f"{calendar_path(second['id'])}/events")
    assert delivered(microsoft, receiver) == []
    microsoft.hands.delete(microsoft.create()["id"])
    assert delivered(microsoft, receiver) == []
    microsoft.delete(kept["id"])
    assert [row["changeType"] for row in delivered(microsoft, receiver)] == ["deleted"]


def test_an_event_that_moves_away_is_deleted_there(microsoft: Site, receiver: Receiver) -> None:
    second = microsoft.post("/me/calendars", {"name": "Second"})["id"]
    event = microsoft.hands.add("Moves", *HOUR)
    subscribe(microsoft, receiver.address)
    delivered(microsoft, receiver)
    microsoft.hands.move(event.id, second)
    assert [row["changeType"] for row in delivered(microsoft, receiver)] == ["deleted"]


@pytest.mark.parametrize(
    "fields",
    [
        {"changeType": "renamed"},
        {"changeType": None},
        {"notificationUrl": None},
        {"notificationUrl": "http://hooks.example/push"},
        {"lifecycleNotificationUrl": "ftp://127.0.0.1/push"},
        {"resource": "me/messages"},
        {"resource": None},
        {"expirationDateTime": None},
        {"expirationDateTime": "soon"},
        {"expirationDateTime": "2026-11-20T11:59:00Z"},
        {"expirationDateTime": "2026-11-24T00:00:00Z"},
        {"clientState": "x" * 129},
        {"includeResourceData": True},
        {"colour": "red"},
    ],
)
def test_a_subscription_that_makes_no_sense_is_400(microsoft: Site, fields: Json) -> None:
    asked = body(microsoft, "https://hooks.example/push", **fields)
    refusal = microsoft.refused("POST", "/subscriptions", json=asked)
    assert (refusal.status, refusal.code) == (400, "InvalidRequest")


def test_another_persons_events_cannot_be_subscribed(microsoft: Site) -> None:
    asked = body(microsoft, "https://hooks.example/push", resource=f"users/{BERT}/events")
    assert microsoft.refused("POST", "/subscriptions", json=asked).status == 403
    unknown = body(microsoft, "https://hooks.example/push", resource="me/calendars/AAMkAGunknown/events")
    assert microsoft.refused("POST", "/subscriptions", json=unknown).status == 404


def test_plain_http_on_loopback_is_refused_by_switch(microsoft: Site, receiver: Receiver) -> None:
    microsoft.switch(push_loopback_http=False)
    asked = body(microsoft, receiver.address)
    assert microsoft.refused("POST", "/subscriptions", json=asked).code == "InvalidRequest"
    assert receiver.got == []


def test_a_longer_life_is_refused_or_cut_by_switch(microsoft: Site, receiver: Receiver) -> None:
    longest = rfc3339(microsoft.clock.now() + timedelta(minutes=4230))
    assert subscribe(microsoft, receiver.address, minutes=4230)["expirationDateTime"] == longest
    asked = body(microsoft, receiver.address, 4231)
    assert microsoft.refused("POST", "/subscriptions", json=asked).status == 400
    microsoft.switch(subscription_above="clamp")
    assert microsoft.post("/subscriptions", asked)["expirationDateTime"] == longest
    microsoft.switch(subscription_minutes=10080)
    assert microsoft.post("/subscriptions", asked)["expirationDateTime"] == asked["expirationDateTime"]


def test_a_subscription_is_renewed_until_it_has_expired(microsoft: Site, receiver: Receiver) -> None:
    path = f"/subscriptions/{subscribe(microsoft, receiver.address)['id']}"
    microsoft.clock.advance(3599)
    until = rfc3339(microsoft.clock.now() + timedelta(minutes=60))
    reply = microsoft.call("PATCH", path, json={"expirationDateTime": until})
    assert reply.json()["expirationDateTime"] == until
    assert microsoft.refused("PATCH", path, json={"clientState": "new"}).status == 400
    microsoft.clock.advance(3600)
    for method, more in (("GET", {}), ("PATCH", {"json": {"expirationDateTime": until}}), ("DELETE", {})):
        refusal = microsoft.refused(method, path, **more)
        assert (refusal.status, refusal.code) == (404, "ResourceNotFound")
    delivered(microsoft, receiver)
    microsoft.create()
    assert delivered(microsoft, receiver) == []


def test_a_subscription_is_its_owners_alone(microsoft: Site, receiver: Receiver) -> None:
    path = f"/subscriptions/{subscribe(microsoft, receiver.address)['id']}"
    assert microsoft.refused("GET", path, email=BERT).status == 404
    assert microsoft.get("/subscriptions", email=BERT)["value"] == []
    assert microsoft.call("DELETE", path).status_code == 204
    assert microsoft.refused("GET", path).status == 404


def test_notifications_are_dropped_doubled_or_held_by_switch(microsoft: Site, receiver: Receiver) -> None:
    subscribe(microsoft, receiver.address)
    delivered(microsoft, receiver)
    microsoft.switch(push_delivery="drop")
    microsoft.create()
    assert delivered(microsoft, receiver) == []
    microsoft.switch(push_delivery="twice")
    microsoft.create()
    assert len(delivered(microsoft, receiver)) == 2
    microsoft.switch(push_delivery="held")
    microsoft.create()
    assert receiver.got == []
    released = microsoft.client.post(f"{microsoft.server.base_url}/_sandbox/pushes/release").json()
    assert released == {"sent": 1}
    assert len(delivered(microsoft, receiver)) == 1


@pytest.mark.parametrize("event", ["reauthorizationRequired", "missed", "subscriptionRemoved"])
def test_lifecycle_events_go_to_their_own_address(microsoft: Site, receiver: Receiver, event: str) -> None:
    life = receiver.address.replace("/push", "/life")
    ref = subscribe(microsoft, receiver.address, lifecycleNotificationUrl=life)["id"]
    receiver.got.clear()
    url = f"{microsoft.server.base_url}/_sandbox/lifecycle"
    assert microsoft.client.post(url, json={"event": event, "subscription": ref}).json() == {"told": 1}
    microsoft.on_loop(microsoft.server.app.deliver_pushes)
    assert [got.path for got in receiver.got] == ["/life"]
    (row,) = delivered(microsoft, receiver)
    assert (row["subscriptionId"], row["lifecycleEvent"], row["clientState"]) == (ref, event, "hidden")
    assert "changeType" not in row
    known = [one["id"] for one in microsoft.get("/subscriptions")["value"]]
    assert known == ([] if event == "subscriptionRemoved" else [ref])
    assert microsoft.client.post(url, json={"event": "party"}).status_code == 400


def test_nothing_is_sent_beyond_loopback(microsoft: Site) -> None:
    subscribe(microsoft, "https://hooks.example/push")
    microsoft.create()
    microsoft.on_loop(microsoft.server.app.deliver_pushes)
    unsent = microsoft.server.app.subscriptions.outbox.unsent
    assert [message.address for message in unsent] == ["https://hooks.example/push"]


def test_a_receiver_that_went_away_harms_nothing(microsoft: Site, receiver: Receiver) -> None:
    subscribe(microsoft, receiver.address)
    receiver.answer = lambda _got: (500, "text/plain", "")
    assert microsoft.create()["id"]
    assert len(delivered(microsoft, receiver)) == 1
