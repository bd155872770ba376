"""Requests of one account: refusals by reason, bearers, the hour of rest, hosts, what a request counts for."""

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from adapters.google import create, provider
from adapters.google.client import service
from adapters.google.refusals import (
    REST,
    TABLE,
    Asked,
    Barred,
    Deleted,
    Missing,
    Refusal,
    Resting,
    read_refusal,
)
from syncd.errors import (
    AdapterError,
    AuthRevoked,
    ConfigError,
    CursorExpired,
    Exists,
    Forbidden,
    Rejected,
    Stale,
    Throttled,
    Transient,
)
from syncd.model import Event
from syncd.ports import Edit
from syncd.sandbox.clock import SandboxClock
from tests.adapters.google_world import (
    BRIDGE,
    GRANT,
    NOW,
    WINDOW,
    MemoryShelf,
    World,
    draft,
    event,
    granted,
    key,
    shown,
    world,
)


@pytest.fixture
async def google() -> AsyncIterator[World]:
    async with world() as opened:
        yield opened


ITEM, WHOLE, READ = Asked("a write", "one", writes=True), Asked("a listing"), Asked("a listing", token=True)


def body(reason: str, **more: Any) -> bytes:
    rows = [{"domain": "calendar", "reason": reason, "message": "Anna's dentist"}]
    return json.dumps({"error": {"code": 400, "message": "Anna's dentist", "errors": rows, **more}}).encode()


@pytest.mark.parametrize(
    ("status", "reason", "asked", "error"),
    [
        (403, "rateLimitExceeded", ITEM, Throttled),
        (403, "userRateLimitExceeded", WHOLE, Throttled),
        (429, "rateLimitExceeded", WHOLE, Throttled),
        (429, "unheardOf", ITEM, Throttled),
        (403, "quotaExceeded", ITEM, Resting),
        (403, "dailyLimitExceeded", ITEM, Forbidden),
        (403, "accessNotConfigured", WHOLE, Forbidden),
        (403, "insufficientPermissions", ITEM, Forbidden),
        (403, "forbidden", ITEM, Barred),
        (403, "forbidden", WHOLE, Forbidden),
        (403, "forbiddenForNonOrganizer", ITEM, Barred),
        (403, "requiredAccessLevel", ITEM, Barred),
        (403, "unheardOf", ITEM, Rejected),
        (403, "unheardOf", WHOLE, Forbidden),
        (401, "authError", ITEM, AuthRevoked),
        (404, "notFound", ITEM, Missing),
        (410, "deleted", ITEM, Deleted),
        (410, "fullSyncRequired", READ, CursorExpired),
        (410, "updatedMinTooLongAgo", WHOLE, CursorExpired),
        (410, "unheardOf", READ, CursorExpired),
        (400, "invalid", READ, CursorExpired),
        (400, "invalid", ITEM, Rejected),
        (400, "eventTypeRestriction", ITEM, Rejected),
        (400, "timeRangeEmpty", ITEM, Rejected),
        (400, "badRequest", WHOLE, Transient),
        (409, "duplicate", ITEM, Exists),
        (409, "conflict", ITEM, Transient),
        (412, "conditionNotMet", ITEM, Stale),
        (500, "backendError", ITEM, Transient),
        (503, "unheardOf", WHOLE, Transient),
        (418, "unheardOf", ITEM, Rejected),
    ],
)
def test_each_reason_is_what_the_caller_does_next(
    status: int, reason: str, asked: Asked, error: type[AdapterError]
) -> None:
    made = read_refusal(status, body(reason)).error(asked, 7.0)
    assert type(made) is error
    assert (made.side, made.ref) == ("external", asked.ref)
    assert "dentist" not in f"{made} {made.hint}"


@pytest.mark.parametrize("reason", [reason for reason, row in TABLE.items() if row.error in (Forbidden, AuthRevoked)])
def test_what_a_person_must_repair_comes_with_the_repair(reason: str) -> None:
    made = Refusal(403, reason).error(WHOLE, 1.0)
    assert made.hint
    assert getattr(made, "code", reason) == reason


@pytest.mark.parametrize(("status", "applied"), [(500, True), (503, True), (409, False)])
def test_a_write_that_failed_at_google_may_have_been_applied(status: int, applied: bool) -> None:
    made = Refusal(status).error(ITEM, 1.0)
    assert isinstance(made, Transient)
    assert made.applied is applied
    read = Refusal(status).error(WHOLE, 1.0)
    assert isinstance(read, Transient)
    assert not read.applied


def test_a_reason_of_the_newer_envelope_counts_too() -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "SERVICE_DISABLED"}]
    content = json.dumps({"error": {"code": 403, "status": "PERMISSION_DENIED", "details": details}}).encode()
    assert read_refusal(403, content) == Refusal(403, "SERVICE_DISABLED")


@pytest.mark.parametrize(
    "content", [b"", b"<html>Anna</html>", b"[]", b'{"error": "text"}', b'{"error": {"errors": 3}}']
)
def test_an_answer_in_another_envelope_says_its_status_alone(content: bytes) -> None:
    assert read_refusal(502, content) == Refusal(502)


# --- over the wire ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("rateLimitExceeded", Throttled),
        ("userRateLimitExceeded", Throttled),
        ("dailyLimitExceeded", Forbidden),
        ("accessNotConfigured", Forbidden),
        ("insufficientPermissions", Forbidden),
        ("forbidden", Forbidden),
        ("backendError", Transient),
    ],
)
async def test_a_refused_listing_raises_for_the_calendar(google: World, reason: str, error: type[AdapterError]) -> None:
    google.refuse("events.list", reason)
    with pytest.raises(error) as caught:
        await google.calendar.read(WINDOW)
    assert google.delivered()
    assert type(caught.value) is error


@pytest.mark.parametrize(("told", "waits"), [(17, 17.0), (None, 1.0)])
async def test_a_refusal_by_rate_says_how_long_to_wait(google: World, told: int | None, waits: float) -> None:
    more = {} if told is None else {"retry_after": told}
    google.refuse("events.list", "rateLimitExceeded", **more)
    with pytest.raises(Throttled) as caught:
        await google.calendar.read(WINDOW)
    assert google.delivered()
    assert caught.value.retry_after == waits


async def test_refusals_by_rate_in_a_row_wait_longer_each_time(google: World) -> None:
    google.refuse("events.list", "rateLimitExceeded", times=3)
    waits = []
    for _ in range(3):
        with pytest.raises(Throttled) as caught:
            await google.calendar.read(WINDOW)
        waits.append(caught.value.retry_after)
    assert waits == [1.0, 2.0, 4.0]


async def test_a_refused_bearer_is_renewed_once_and_the_call_sent_again(google: World) -> None:
    google.refuse("events.list", "authError")
    before = google.shelf.grant.access_token
    assert (await google.calendar.read(WINDOW)).complete
    assert google.delivered()
    assert google.shelf.grant.access_token != before


async def test_a_bearer_refused_twice_means_that_access_was_taken_back(google: World) -> None:
    google.refuse("events.list", "authError", times=2)
    with pytest.raises(AuthRevoked):
        await google.calendar.read(WINDOW)
    assert len(google.delivered()) == 2


async def test_access_that_was_taken_back_in_the_middle_of_a_pass_is_told(google: World) -> None:
    await google.calendar.read(WINDOW)
    google.hands.revoke()
    with pytest.raises(AuthRevoked) as caught:
        await google.calendar.create([draft()])
    assert caught.value.hint
    assert google.titles() == []


async def test_a_read_whose_connection_breaks_is_sent_again_and_a_write_is_not(google: World) -> None:
    google.plant({"drop": "after"}, match={"operation": "events.list"})
    assert (await google.calendar.read(WINDOW)).complete
    assert google.delivered()
    google.forget()
    google.plant({"drop": "after"}, match={"operation": "events.insert"})
    with pytest.raises(Transient) as caught:
        await google.calendar.create([draft()])
    assert google.delivered()
    assert caught.value.applied
    assert google.operations() == ["events.insert"]
    assert google.titles() == ["Yoga"]


# --- the hour of rest -------------------------------------------------------------------------------------------------


async def test_after_quota_exceeded_nothing_is_written_for_an_hour_and_reading_goes_on(google: World) -> None:
    made = shown((await google.calendar.create([draft("one")]))[0])
    google.refuse("events.insert", "quotaExceeded")
    with pytest.raises(Throttled) as caught:
        await google.calendar.create([draft("two")])
    assert google.delivered()
    assert caught.value.retry_after == REST
    google.clock.advance(600)
    google.forget()
    for write in (
        google.calendar.create([draft("three"), draft("four")]),
        google.calendar.update([Edit(made.ref, Event(title="Tea"), made.version)]),
    ):
        with pytest.raises(Throttled) as caught:
            await write
        assert caught.value.retry_after == REST - 600
    assert [name for name in google.operations() if name not in ("events.get", "events.list")] == []
    assert len((await google.calendar.read(WINDOW)).observations) == 1
    google.clock.advance(REST - 600)
    shown((await google.calendar.create([draft("five")]))[0])


async def test_the_rest_is_kept_for_the_next_account_with_the_same_credentials(google: World) -> None:
    assert google.account.found == ""
    google.refuse("events.insert", "quotaExceeded")
    with pytest.raises(Throttled):
        await google.calendar.create([draft()])
    again = google.again()
    with pytest.raises(Throttled) as caught:
        await again.calendar.create([draft()])
    assert caught.value.retry_after == REST
    google.clock.advance(REST)
    assert again.account.found == ""
    await again.account.aclose()


@pytest.mark.parametrize("found", ["", "{}", "nonsense", '{"resting": "soon"}', '{"resting": "2030-01-01T00:00:00"}'])
async def test_what_an_earlier_account_found_may_be_anything(google: World, found: str) -> None:
    again = google.again()
    account = create(
        client_id="a", client_secret="b", shelf=google.shelf, clock=google.clock, bridge=BRIDGE, found=found
    )
    assert account.found == ""
    await account.aclose()
    await again.account.aclose()


# --- hosts and budget -------------------------------------------------------------------------------------------------


def test_every_request_of_the_library_lies_below_the_configured_address() -> None:
    built = service("http://127.0.0.1:9/")
    assert built is service("http://127.0.0.1:9/")
    one = built.events.list(calendarId="primary")
    assert one.uri.startswith("http://127.0.0.1:9/calendar/v3/calendars/primary/events?")
    assert built.batch == "http://127.0.0.1:9/batch/calendar/v3"
    assert service("https://www.googleapis.com").batch == "https://www.googleapis.com/batch/calendar/v3"


@pytest.mark.parametrize("name", ["base_url", "token_url", "revoke_url"])
@pytest.mark.parametrize("address", ["", "ftp://x.test", "www.googleapis.com", "https://[::1"])
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


def test_google_is_asked_for_consent_where_it_answers() -> None:
    asked = provider()
    assert asked.revoke_url == "https://oauth2.googleapis.com/revoke"
    assert not asked.rotates


async def test_parts_of_a_batch_count_one_by_one_against_the_quota(google: World) -> None:
    google.state.switches.set({"quota_user_per_minute": 20})
    outcomes = await google.calendar.create([draft(f"n{number}", event(title=f"n{number}")) for number in range(20)])
    assert len([shown(one) for one in outcomes]) == 20
    with pytest.raises(Throttled):
        await google.calendar.read(WINDOW)


async def test_another_account_s_grant_is_another_identity(google: World) -> None:
    other = granted(google.state, google.clock, "ben@gmail.example")
    assert other.identity != await google.account.identity()
    assert (await google.calendar.check()).identity == await google.account.identity()


async def test_an_old_bearer_is_renewed_before_the_first_request(google: World) -> None:
    google.shelf.grant = replace(google.shelf.grant, expires_at=NOW + timedelta(seconds=30))
    google.forget()
    await google.calendar.check()
    assert google.rows()[0]["path"] == "/token"
    assert len(google.shelf.saved) == 1


async def test_no_log_line_holds_an_address_a_token_or_a_text(google: World, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await google.calendar.create([draft("one", event(title="Anna's dentist")), draft("two")])
    dedicated = await google.account.make_calendar(key("calendar"), "Sessions")
    await google.account.open(dedicated.id, zone="UTC", collection="sessions").read(WINDOW)
    google.refuse("events.list", "backendError")
    with pytest.raises(Transient):
        await google.calendar.read(WINDOW)
    grant = google.shelf.grant
    secrets = ("dentist", "gmail.example", dedicated.id, grant.access_token, grant.refresh_token)
    assert not [secret for secret in secrets if secret in caplog.text]
