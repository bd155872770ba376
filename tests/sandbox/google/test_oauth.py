"""Consent, codes with PKCE, refreshing, revoking, and who a token stands for."""

import hashlib
import json
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import google_auth_httplib2  # type: ignore[import-untyped]
import httplib2
import httpx
import pytest
from google.auth.exceptions import RefreshError
from google.oauth2.credentials import Credentials
from joserfc import jwt
from joserfc.jwk import KeySet

from syncd.sandbox.google import grants, seed
from tests.sandbox.google.site import ANNA, BERT, Json, Site

CALENDAR = grants.CALENDAR_SCOPE
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ASKED = {
    "client_id": seed.CLIENT_ID,
    "redirect_uri": seed.REDIRECT_URI,
    "response_type": "code",
    "scope": f"openid email {CALENDAR}",
    "state": "s t&te",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "access_type": "offline",
    "nonce": "once",
}


def asked_silently(google: Site, **other: Any) -> dict[str, list[str]]:
    """What the browser brings back when `prompt=none` answers at once."""
    params = {**ASKED, "prompt": "none", "login_hint": ANNA, **other}
    reply = google.client.get("/o/oauth2/v2/auth", params={k: v for k, v in params.items() if v is not None})
    assert reply.status_code == 302, reply.text
    assert reply.headers["location"].startswith(seed.REDIRECT_URI)
    return parse_qs(urlsplit(reply.headers["location"]).query)


def exchanged(google: Site, code: str, **other: Any) -> httpx.Response:
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": seed.REDIRECT_URI,
        "client_id": seed.CLIENT_ID,
        "client_secret": seed.CLIENT_SECRET,
        "code_verifier": VERIFIER,
        **other,
    }
    return google.client.post("/token", data={k: v for k, v in form.items() if v is not None})


def connected(google: Site, **other: Any) -> Json:
    (code,) = asked_silently(google, **other)["code"]
    reply = exchanged(google, code)
    assert reply.status_code == 200, reply.text
    found: Json = reply.json()
    return found


def refreshed(google: Site, token: str, **other: Any) -> httpx.Response:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": token,
        "client_id": seed.CLIENT_ID,
        "client_secret": seed.CLIENT_SECRET,
        **other,
    }
    return google.client.post("/token", data=form)


def test_the_page_has_a_button_for_each_account_and_one_to_cancel(google: Site) -> None:
    reply = google.client.get("/o/oauth2/v2/auth", params=ASKED)
    assert reply.status_code == 200
    for text in (f'value="{ANNA}"', f'value="{BERT}"', 'name="deny"', f'value="{CALENDAR}" checked'):
        assert text in reply.text


def test_a_pressed_button_brings_a_code_with_the_state_and_the_ticked_scopes(google: Site) -> None:
    reply = google.client.post("/o/oauth2/v2/auth", params=ASKED, data={"account": BERT, "scope": ["email"]})
    back = parse_qs(urlsplit(reply.headers["location"]).query)
    assert back["state"] == ["s t&te"]
    assert back["scope"] == ["email openid"]
    answer = exchanged(google, back["code"][0]).json()
    assert answer["scope"] == "email openid"
    request = google.service(token=answer["access_token"]).events().list(calendarId="primary")
    assert google.refused(request).reason == "insufficientPermissions"


def test_an_app_that_is_not_verified_warns_and_has_a_limited_number_of_users(google: Site) -> None:
    google.switch(consent_users=1)
    assert "has not verified this app" in google.client.get("/o/oauth2/v2/auth", params=ASKED).text
    assert "code" in asked_silently(google)
    assert asked_silently(google)["state"] == ["s t&te"]
    connected(google)
    assert asked_silently(google, login_hint=BERT)["error"] == ["access_denied"]
    assert "code" in asked_silently(google)


def test_cancelling_brings_access_denied_with_the_state(google: Site) -> None:
    reply = google.client.post("/o/oauth2/v2/auth", params=ASKED, data={"deny": "1"})
    assert parse_qs(urlsplit(reply.headers["location"]).query) == {"state": ["s t&te"], "error": ["access_denied"]}


def test_nobody_to_answer_silently_is_login_required(google: Site) -> None:
    assert asked_silently(google, login_hint="nobody@gmail.example")["error"] == ["login_required"]


@pytest.mark.parametrize(
    ("other", "error"),
    [
        ({"client_id": "x"}, "invalid_client"),
        ({"redirect_uri": "http://127.0.0.1:1/x"}, "redirect_uri_mismatch"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "https://elsewhere.example"}, "invalid_scope"),
        ({"code_challenge_method": "S512"}, "invalid_request"),
    ],
)
def test_a_request_that_is_not_ours_is_shown_and_never_sent_back(google: Site, other: Json, error: str) -> None:
    reply = google.client.get("/o/oauth2/v2/auth", params={**ASKED, **other})
    assert reply.status_code == 400
    assert error in reply.text


def test_a_code_gives_tokens_that_work(google: Site) -> None:
    answer = connected(google)
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3599)
    listed = google.service(token=answer["access_token"]).calendarList().list().execute()
    assert [entry["id"] for entry in listed["items"]] == [ANNA]


def test_the_identity_token_is_signed_and_says_who(google: Site) -> None:
    answer = connected(google)
    keys = KeySet.import_key_set(google.client.get("/oauth2/v3/certs").json())
    claims = jwt.decode(answer["id_token"], keys).claims
    info = google.client.get(
        "/oauth2/v3/userinfo", headers={"Authorization": f"Bearer {answer['access_token']}"}
    ).json()
    assert (claims["email"], claims["aud"], claims["nonce"]) == (ANNA, seed.CLIENT_ID, "once")
    assert claims["iss"] == google.server.base_url
    assert info == {"sub": claims["sub"], "email": ANNA, "email_verified": True}


def test_without_a_scope_for_it_the_address_is_not_told(google: Site) -> None:
    answer = connected(google, scope=f"openid {CALENDAR}")
    payload = answer["id_token"].split(".")[1]
    claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["sub"] == google.state.accounts[ANNA].sub
    assert "email" not in claims


def test_a_code_is_good_once_for_ten_minutes_for_its_client_address_and_verifier(google: Site) -> None:
    (code,) = asked_silently(google)["code"]
    assert exchanged(google, code).status_code == 200
    assert exchanged(google, code).json()["error"] == "invalid_grant"
    for other in ({"code_verifier": "w" * 43}, {"code_verifier": None}):
        (code,) = asked_silently(google)["code"]
        assert exchanged(google, code, **other).json()["error"] == "invalid_grant"
    (code,) = asked_silently(google)["code"]
    wrong = exchanged(google, code, redirect_uri="http://127.0.0.1:1/x")
    assert (wrong.status_code, wrong.json()["error"]) == (400, "redirect_uri_mismatch")
    (code,) = asked_silently(google)["code"]
    google.clock.advance(600)
    assert exchanged(google, code).json()["error"] == "invalid_grant"


def test_codes_and_refresh_tokens_belong_to_one_client(google: Site) -> None:
    google.state.add_client("other", "other-secret", (seed.REDIRECT_URI,))
    other = {"client_id": "other", "client_secret": "other-secret"}
    (code,) = asked_silently(google)["code"]
    assert exchanged(google, code, **other).json()["error"] == "invalid_grant"
    token = connected(google)["refresh_token"]
    assert refreshed(google, token, **other).json()["error"] == "invalid_grant"


def test_a_client_proves_itself_by_basic_or_by_the_body(google: Site) -> None:
    token = connected(google)["refresh_token"]
    basic = b64encode(f"{seed.CLIENT_ID}:{seed.CLIENT_SECRET}".encode()).decode()
    assert b64decode(basic)
    form = {"grant_type": "refresh_token", "refresh_token": token}
    reply = google.client.post("/token", data=form, headers={"Authorization": f"Basic {basic}"})
    assert reply.status_code == 200
    for other in ({"client_secret": "wrong"}, {"client_id": "unknown"}):
        refused = refreshed(google, token, **other)
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert google.client.post("/token", json=form).json()["error"] == "invalid_request"
    assert refreshed(google, token, grant_type="password").json()["error"] == "unsupported_grant_type"


def test_a_refresh_token_comes_with_the_first_consent_or_when_asked_for(google: Site) -> None:
    assert "refresh_token" in connected(google)
    assert "refresh_token" not in connected(google)
    assert "refresh_token" in connected(google, prompt="none consent")
    assert "refresh_token" not in connected(google, login_hint=BERT, access_type="online")


def test_scopes_granted_before_are_added_when_asked_for(google: Site) -> None:
    connected(google)
    answer = connected(google, scope="openid", include_granted_scopes="true")
    assert answer["scope"] == f"email {CALENDAR} openid"
    assert connected(google, scope="openid")["scope"] == "openid"


def test_access_ends_after_an_hour_and_the_library_refreshes_by_itself(google: Site) -> None:
    answer = connected(google)
    google.clock.advance(3600)
    request = google.service(token=answer["access_token"]).events().list(calendarId="primary")
    with pytest.raises(RefreshError):
        request.execute()
    credentials = Credentials(  # type: ignore[no-untyped-call]
        token=answer["access_token"],
        refresh_token=answer["refresh_token"],
        token_uri=f"{google.server.base_url}/token",
        client_id=seed.CLIENT_ID,
        client_secret=seed.CLIENT_SECRET,
    )
    http = google_auth_httplib2.AuthorizedHttp(credentials, http=httplib2.Http(timeout=10))
    assert request.execute(http=http)["items"] == []
    http.close()
    assert [entry["status"] for entry in google.log()[-3:]] == [401, 200, 200]


def test_a_revoked_grant_ends_both_kinds_of_token(google: Site) -> None:
    answer = connected(google)
    reply = google.client.post("/revoke", params={"token": answer["access_token"]})
    assert reply.status_code == 200
    assert refreshed(google, answer["refresh_token"]).json()["error"] == "invalid_grant"
    reply = google.client.get(
        "/calendar/v3/calendars/primary/events", headers={"Authorization": f"Bearer {answer['access_token']}"}
    )
    assert (reply.status_code, reply.json()["error"]["errors"][0]["reason"]) == (401, "authError")
    assert google.client.post("/revoke", data={"token": answer["refresh_token"]}).json()["error"] == "invalid_token"


def test_a_person_takes_the_grant_back(google: Site) -> None:
    token = connected(google)["refresh_token"]
    assert google.hands.revoke() == 1
    assert refreshed(google, token).json()["error"] == "invalid_grant"


def test_in_testing_a_grant_dies_after_seven_days(google: Site) -> None:
    google.switch(consent_testing=True)
    answer = connected(google)
    assert answer["refresh_token_expires_in"] == 7 * 86400
    google.clock.advance(7 * 86400 - 1)
    assert refreshed(google, answer["refresh_token"]).status_code == 200
    google.clock.advance(1)
    assert refreshed(google, answer["refresh_token"]).json()["error"] == "invalid_grant"


def test_refresh_tokens_rotate_by_switch(google: Site) -> None:
    token = connected(google)["refresh_token"]
    assert "refresh_token" not in refreshed(google, token).json()
    google.switch(rotate_refresh_tokens=True)
    new = refreshed(google, token).json()["refresh_token"]
    assert refreshed(google, token).json()["error"] == "invalid_grant"
    assert refreshed(google, new).status_code == 200


def test_the_oldest_token_dies_beyond_the_cap_and_an_idle_one_in_time(google: Site) -> None:
    google.switch(refresh_token_cap=2)
    tokens = [connected(google, prompt="none consent")["refresh_token"] for _ in range(3)]
    assert [refreshed(google, token).status_code for token in tokens] == [400, 200, 200]
    google.clock.advance(184 * 86400)
    assert refreshed(google, tokens[2]).status_code == 400


def test_a_refresh_may_ask_for_less_and_never_for_more(google: Site) -> None:
    token = connected(google)["refresh_token"]
    assert refreshed(google, token, scope="openid").json()["scope"] == "openid"
    assert refreshed(google, token, scope=f"openid {CALENDAR}.acls").json()["error"] == "invalid_scope"


def test_the_configuration_names_endpoints_that_exist(google: Site) -> None:
    found = google.client.get("/.well-known/openid-configuration").json()
    for name in ("authorization_endpoint", "token_endpoint", "revocation_endpoint", "userinfo_endpoint", "jwks_uri"):
        assert google.client.get(found[name]).status_code != 404


def test_the_log_holds_no_token_no_code_and_no_secret(google: Site) -> None:
    answer = connected(google)
    refreshed(google, answer["refresh_token"])
    google.client.post("/revoke", params={"token": answer["access_token"]})
    text = google.client.get("/_sandbox/log").text
    for secret in (answer["access_token"], answer["refresh_token"], seed.CLIENT_SECRET, VERIFIER):
        assert secret not in text


def test_an_idle_token_lives_for_ever_by_switch(google: Site) -> None:
    google.switch(refresh_token_idle_days=0)
    token = connected(google)["refresh_token"]
    google.clock.advance(3650 * 86400)
    assert refreshed(google, token).status_code == 200
