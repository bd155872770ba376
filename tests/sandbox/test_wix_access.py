"""Tokens, permissions, sites kept apart, and the limit of requests."""

import pytest

from syncd.sandbox import studio
from syncd.sandbox.wix.access import ALL_SCOPES, MANAGE, READ, READ_PI
from tests.sandbox.wix_site import EVENTS, EXTERNAL, SCHEDULES, WixSite, draft, window


async def test_client_credentials_give_a_token_for_four_hours(wix: WixSite) -> None:
    reply = await wix.log_in()
    assert reply.status_code == 200
    assert reply.json()["token_type"] == "Bearer"
    assert reply.json()["expires_in"] == 14400


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"client_secret": "wrong"}, 401, "invalid_client"),
        ({"client_id": "nobody"}, 401, "invalid_client"),
        ({"instance_id": "elsewhere"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"instance_id": None}, 400, "invalid_request"),
    ],
)
async def test_a_refused_token_is_answered_as_oauth_does(
    wix: WixSite, change: dict[str, str | None], status: int, error: str
) -> None:
    reply = await wix.log_in(**change)
    assert reply.status_code == status
    assert reply.json()["error"] == error
    assert reply.json()["error_description"]


@pytest.mark.parametrize("prefix", ["", "Bearer "])
async def test_the_token_is_taken_bare_and_with_bearer(wix: WixSite, prefix: str) -> None:
    reply = await wix.call("GET", f"{EVENTS}/view", token=prefix + wix.token)
    assert reply.status_code == 200


@pytest.mark.parametrize("token", ["", "invented", "Bearer invented"])
async def test_an_unknown_token_is_401(wix: WixSite, token: str) -> None:
    reply = await wix.call("GET", f"{EVENTS}/view", token=token)
    assert reply.status_code == 401
    assert reply.json()["details"] == {}


async def test_a_token_is_good_until_its_last_second_and_then_401(wix: WixSite) -> None:
    wix.clock.advance(14399)
    await wix.ok("GET", f"{EVENTS}/view")
    wix.clock.advance(1)
    await wix.refused(401, "GET", f"{EVENTS}/view")


async def test_revoked_tokens_are_401_and_a_new_one_works(wix: WixSite) -> None:
    await wix.client.delete("/_sandbox/tokens")
    await wix.refused(401, "GET", f"{EVENTS}/view")
    wix.token = (await wix.log_in()).json()["access_token"]
    await wix.ok("GET", f"{EVENTS}/view")


async def test_token_info_names_the_instance_and_knows_expiry(wix: WixSite) -> None:
    info = await wix.client.post("/oauth2/token-info", json={"token": wix.token})
    assert info.json()["instanceId"] == studio.INSTANCE_ID
    assert info.json()["exp"] - info.json()["iat"] == 14400
    wix.clock.advance(14400)
    info = await wix.client.post("/oauth2/token-info", json={"token": wix.token})
    assert info.json() == {"active": False}


async def test_a_token_sees_only_its_own_site(wix: WixSite) -> None:
    other = wix.state.add_site("other-instance")
    other.scopes[studio.APP_ID] = ALL_SCOPES
    theirs = (await wix.log_in(instance_id="other-instance")).json()["access_token"]
    mine = wix.seeded.sessions["team_meeting"]
    assert (await wix.call("GET", f"{EVENTS}/{mine}", token=theirs)).status_code == 404
    reply = await wix.call("POST", f"{EVENTS}/query", window(), token=theirs)
    assert reply.json()["events"] == []


@pytest.mark.parametrize(
    ("left", "method", "path"),
    [
        ([READ], "POST", EVENTS),
        ([MANAGE], "POST", f"{EVENTS}/query"),
        ([MANAGE], "POST", f"{SCHEDULES}/query"),
        ([READ, MANAGE], "GET", f"{EXTERNAL}/connections"),
    ],
)
async def test_a_missing_permission_is_403(wix: WixSite, left: list[str], method: str, path: str) -> None:
    await wix.people("permissions", {"scopes": left})
    body = {"event": draft()} if path == EVENTS else {}
    details = await wix.refused(403, method, path, body if method == "POST" else None)
    assert details["applicationError"]["code"] == "PERMISSION_DENIED"


async def test_pi_fields_without_the_permission_are_403(wix: WixSite) -> None:
    await wix.people("permissions", {"scopes": [READ, MANAGE]})
    await wix.refused(403, "POST", f"{EVENTS}/query", window(fields=["PI_FIELDS"]))


async def test_pi_fields_without_the_permission_are_left_out_by_switch(wix: WixSite) -> None:
    await wix.people("permissions", {"scopes": [READ, MANAGE]})
    await wix.switch(pi_without_permission="omit")
    rows = await wix.query(fields=["PI_FIELDS"])
    assert rows
    assert all("participants" not in row and "notes" not in row for row in rows)


async def test_reading_with_pi_permission_alone_is_enough_to_read(wix: WixSite) -> None:
    await wix.people("permissions", {"scopes": [READ_PI]})
    assert await wix.query(fields=["PI_FIELDS"])


async def test_the_201st_request_of_a_minute_is_429_until_the_minute_is_over(wix: WixSite) -> None:
    for _ in range(200):
        await wix.ok("GET", f"{EVENTS}/view")
    assert await wix.refused(429, "GET", f"{EVENTS}/view") == {}
    wix.clock.advance(59)
    await wix.refused(429, "GET", f"{EVENTS}/view")
    wix.clock.advance(1)
    await wix.ok("GET", f"{EVENTS}/view")


async def test_limit_and_retry_after_are_settings(wix: WixSite) -> None:
    await wix.switch(rate_limit_per_minute=1, retry_after=True)
    await wix.ok("GET", f"{EVENTS}/view")
    reply = await wix.call("GET", f"{EVENTS}/view")
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "60")
    await wix.switch(rate_limit_per_minute=0)
    await wix.ok("GET", f"{EVENTS}/view")


async def test_every_answer_has_a_request_id(wix: WixSite) -> None:
    first = await wix.call("GET", f"{EVENTS}/view")
    second = await wix.call("GET", f"{EVENTS}/nowhere")
    assert first.headers["x-wix-request-id"] != second.headers["x-wix-request-id"]
