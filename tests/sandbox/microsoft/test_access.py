"""Who may call what: tokens, permissions, mailboxes of other people and mailboxes that Graph does not reach."""

import json
from base64 import b64decode

import pytest

from syncd.sandbox.microsoft import grants
from tests.sandbox.microsoft.site import ANNA, BERT, Site, calendar_path, draft

EVENTS = "/v1.0/me/events"


def read(microsoft: Site, token: str, path: str = "/me/events", method: str = "GET") -> tuple[int, str]:
    """Status and error code of a call with this token."""
    body = draft() if method == "POST" else None
    reply = microsoft.call(method, path, headers={"Authorization": f"Bearer {token}"}, json=body)
    return reply.status_code, reply.json().get("error", {}).get("code", "")


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic eDp5", "Bearer"])
def test_without_a_good_token_it_is_401(microsoft: Site, header: str | None) -> None:
    url = f"{microsoft.server.base_url}{EVENTS}"
    reply = microsoft.client.get(url, headers={"Authorization": header} if header else {})
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert reply.headers["www-authenticate"].startswith("Bearer ")


def test_a_token_is_good_for_an_hour(microsoft: Site) -> None:
    token = microsoft.token()
    microsoft.clock.advance(grants.ACCESS_SECONDS - 1)
    assert read(microsoft, token)[0] == 200
    microsoft.clock.advance(1)
    assert read(microsoft, token) == (401, "InvalidAuthenticationToken")


def test_a_disabled_account_is_401(microsoft: Site) -> None:
    token = microsoft.token()
    microsoft.client.post(
        f"{microsoft.server.base_url}/_sandbox/accounts", json={"account": ANNA, "disabled": True}
    ).raise_for_status()
    assert read(microsoft, token) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize(("told", "status"), [("lives", 200), ("ends", 401)])
def test_an_access_token_outlives_its_grant_by_switch(microsoft: Site, told: str, status: int) -> None:
    microsoft.switch(revoked_access=told)
    token = microsoft.token()
    assert microsoft.hands.revoke() == 1
    assert read(microsoft, token)[0] == status


def test_a_claims_challenge_asks_for_a_new_sign_in(microsoft: Site) -> None:
    microsoft.fault({"claims_challenge": True}, {"operation": "events.list"})
    refusal = microsoft.refused("GET", "/me/events")
    assert (refusal.status, refusal.code) == (401, "InvalidAuthenticationToken")
    told = refusal.headers["www-authenticate"]
    assert 'error="insufficient_claims"' in told
    assert "access_token" in json.loads(b64decode(told.partition('claims="')[2].partition('"')[0]))
    microsoft.get("/me/events")


def test_each_operation_needs_its_permission(microsoft: Site) -> None:
    reader = microsoft.token(ANNA, "Calendars.Read")
    assert read(microsoft, reader)[0] == 200
    assert read(microsoft, reader, method="POST") == (403, "ErrorAccessDenied")
    for path in ("/me", "/me/mailboxSettings"):
        assert read(microsoft, reader, path) == (403, "ErrorAccessDenied")
    person = microsoft.token(BERT, "User.Read")
    assert read(microsoft, person, "/me")[0] == 200
    assert read(microsoft, person) == (403, "ErrorAccessDenied")
    assert microsoft.hands.events() == []


def test_users_with_ones_own_name_or_id_is_me_and_nobody_else(microsoft: Site) -> None:
    microsoft.create(subject="Mine")
    account = microsoft.state.accounts[ANNA]
    for user in (ANNA, ANNA.upper(), account.oid):
        assert [row["subject"] for row in microsoft.get(f"/users/{user}/events")["value"]] == ["Mine"]
    refusal = microsoft.refused("GET", f"/users/{BERT}/events")
    assert (refusal.status, refusal.code) == (403, "ErrorAccessDenied")


def test_another_persons_calendar_does_not_exist(microsoft: Site) -> None:
    theirs = microsoft.state.default_calendar(BERT).id
    assert microsoft.get(f"{calendar_path(theirs)}/events", email=BERT)["value"] == []
    assert microsoft.refused("GET", f"{calendar_path(theirs)}/events").status in (400, 404)


def test_a_mailbox_beyond_the_cloud_is_404_with_a_code_of_its_own(microsoft: Site) -> None:
    url = f"{microsoft.server.base_url}/_sandbox/accounts"
    microsoft.client.post(url, json={"account": ANNA, "enabled": False}).raise_for_status()
    refusal = microsoft.refused("GET", "/me/calendars")
    assert (refusal.status, refusal.code) == (404, "MailboxNotEnabledForRESTAPI")
    microsoft.get("/me/calendars", email=BERT)


def test_a_full_mailbox_takes_no_more_events(microsoft: Site) -> None:
    url = f"{microsoft.server.base_url}/_sandbox/accounts"
    microsoft.client.post(url, json={"account": ANNA, "full": True}).raise_for_status()
    refusal = microsoft.refused_draft()
    assert (refusal.status, refusal.code) == (507, "ErrorQuotaExceeded")
    assert microsoft.hands.events() == []
