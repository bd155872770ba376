"""Push channels: what may be opened, how long it lives, and the messages that a receiver gets."""

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from tests.sandbox.google.site import ANNA, BERT, Json, Site
from tests.sandbox.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def numbers(receiver: Receiver) -> list[tuple[str, str]]:
    return [(m.headers["X-Goog-Resource-State"], m.headers["X-Goog-Message-Number"]) for m in receiver.got]


def body(address: str, **fields: Any) -> Json:
    return {"id": "channel-1", "type": "web_hook", "address": address, "token": "secret", **fields}


def watch(google: Site, address: str, **fields: Any) -> Json:
    channel: Json = google.events.watch(calendarId="primary", body=body(address, **fields)).execute()
    return channel


def delivered(google: Site) -> None:
    """Waits for all messages on their way."""
    google.on_loop(google.server.app.deliver_pushes)


def test_a_channel_says_sync_then_exists_with_growing_numbers(google: Site, receiver: Receiver) -> None:
    channel = watch(google, receiver.address)
    delivered(google)
    google.insert()
    delivered(google)
    google.hands.edit(google.rows()[0]["id"], summary="By hand")
    delivered(google)
    assert numbers(receiver) == [("sync", "1"), ("exists", "4"), ("exists", "7")]
    first = receiver.got[0].headers
    assert first["X-Goog-Channel-ID"] == "channel-1"
    assert first["X-Goog-Channel-Token"] == "secret"
    assert first["X-Goog-Resource-ID"] == channel["resourceId"]
    expires = parsedate_to_datetime(first["X-Goog-Channel-Expiration"])
    assert int(expires.timestamp()) * 1000 == int(channel["expiration"])


def test_a_channel_lives_at_most_seven_days(google: Site, receiver: Receiver) -> None:
    now = int(google.clock.now().timestamp())
    asked: tuple[tuple[Json, int], ...] = (
        ({}, 7 * 86400),
        ({"params": {"ttl": "60"}}, 60),
        ({"params": {"ttl": "99999999"}}, 7 * 86400),
        ({"expiration": str((now + 120) * 1000)}, 120),
    )
    for number, (fields, seconds) in enumerate(asked):
        channel = watch(google, receiver.address, id=f"channel-{number}", **fields)
        assert int(channel["expiration"]) == (now + seconds) * 1000
    delivered(google)
    receiver.got.clear()
    google.clock.advance(7 * 86400)
    google.insert()
    delivered(google)
    assert receiver.got == []


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"address": "http://hooks.example/push"}, "webhookUrlNotHttps"),
        ({"id": "white space"}, "invalid"),
        ({"id": "x" * 65}, "invalid"),
        ({"id": None}, "required"),
        ({"type": "carrier-pigeon"}, "invalid"),
        ({"token": "x" * 257}, "invalid"),
        ({"params": {"ttl": "soon"}}, "invalid"),
        ({"expiration": "1000"}, "invalid"),
    ],
)
def test_a_channel_that_makes_no_sense_is_400(google: Site, fields: Json, reason: str) -> None:
    asked = {key: value for key, value in (body("https://hooks.example/push") | fields).items() if value is not None}
    refusal = google.refused(google.events.watch(calendarId="primary", body=asked))
    assert (refusal.status, refusal.reason) == (400, reason)


def test_a_refused_channel_may_have_no_reason_of_its_own(google: Site) -> None:
    google.switch(push_errors="badRequest")
    request = google.events.watch(calendarId="primary", body=body("http://hooks.example/push"))
    assert google.refused(request).reason == "badRequest"


def test_plain_http_on_loopback_is_refused_by_switch(google: Site, receiver: Receiver) -> None:
    google.switch(push_loopback_http=False)
    request = google.events.watch(calendarId="primary", body=body(receiver.address))
    assert google.refused(request).reason == "webhookUrlNotHttps"


def test_an_id_is_used_once_and_holiday_calendars_do_not_push(google: Site, receiver: Receiver) -> None:
    watch(google, receiver.address)
    request = google.events.watch(calendarId="primary", body=body(receiver.address))
    assert google.refused(request).reason == "channelIdNotUnique"
    holidays = google.state.add_calendar(ANNA, "Holidays", "holidays", "reader").id
    request = google.events.watch(calendarId=holidays, body=body(receiver.address, id="channel-2"))
    assert google.refused(request).reason == "pushNotSupportedForRequestedResource"


def test_a_channel_is_stopped_by_who_opened_it(google: Site, receiver: Receiver) -> None:
    channel = watch(google, receiver.address)
    asked = {"id": channel["id"], "resourceId": channel["resourceId"]}
    assert google.refused(google.service(BERT).channels().stop(body=asked)).status == 404
    assert google.refused(google.service().channels().stop(body={**asked, "resourceId": "x"})).status == 404
    assert google.service().channels().stop(body=asked).execute() == ""
    assert google.refused(google.service().channels().stop(body=asked)).status == 404
    google.insert()
    delivered(google)
    assert [state for state, _ in numbers(receiver)] == ["sync"]


def test_messages_are_dropped_doubled_or_held_by_switch(google: Site, receiver: Receiver) -> None:
    watch(google, receiver.address)
    delivered(google)
    google.switch(push_delivery="drop")
    google.insert()
    delivered(google)
    google.switch(push_delivery="twice", push_number_step=1)
    google.insert()
    delivered(google)
    assert numbers(receiver) == [("sync", "1"), ("exists", "5"), ("exists", "5")]
    google.switch(push_delivery="held")
    google.insert()
    assert len(receiver.got) == 3
    assert google.client.post("/_sandbox/pushes/release").json() == {"sent": 1}
    assert numbers(receiver)[3:] == [("exists", "6")]


def test_a_calendar_that_goes_away_says_so_once(google: Site, receiver: Receiver) -> None:
    watch(google, receiver.address)
    google.hands.remove_calendar()
    delivered(google)
    delivered(google)
    assert [state for state, _ in numbers(receiver)] == ["sync", "not_exists"]


def test_the_longest_life_is_a_switch(google: Site, receiver: Receiver) -> None:
    google.switch(push_ttl_days=1)
    expires = int(watch(google, receiver.address)["expiration"]) // 1000
    assert expires == int(google.clock.now().timestamp()) + 86400


def test_nothing_is_sent_beyond_loopback(google: Site) -> None:
    watch(google, "https://hooks.example/push")
    delivered(google)
    assert [message.address for message in google.server.app.channels.outbox.unsent] == ["https://hooks.example/push"]


def test_a_receiver_that_is_not_there_harms_nothing(google: Site) -> None:
    watch(google, "http://127.0.0.1:9/push")
    delivered(google)
    assert google.insert()["status"] == "confirmed"
    delivered(google)
