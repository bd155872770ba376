"""Sign-in and consent, tenants, codes with PKCE, refreshing and rotation, refusals with their AADSTS numbers."""

from base64 import b64encode
from html import unescape

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from syncd.sandbox.microsoft import grants
from syncd.sandbox.microsoft.errors import Json
from tests.sandbox.microsoft.sign_in import (
    BACK,
    CALENDAR,
    SECRET,
    VERIFIER,
    authority,
    brought,
    claims,
    connected,
    consented,
    control,
    exchanged,
    page,
    pressed,
    refreshed,
    refused,
    token,
)
from tests.sandbox.microsoft.site import ANNA, BERT, CLIENT_ID, Site


@pytest.mark.parametrize(
    ("tenant", "emails"), [("common", {ANNA, BERT}), ("consumers", {ANNA}), ("organizations", {BERT})]
)
def test_the_page_has_a_button_for_each_account_of_the_tenant(microsoft: Site, tenant: str, emails: set[str]) -> None:
    reply = page(microsoft, tenant)
    assert reply.status_code == 200
    assert {email for email in (ANNA, BERT) if f'value="{email}"' in reply.text} == emails
    assert 'name="deny"' in reply.text
    assert f"<li>{CALENDAR}</li>" in reply.text


def test_a_tenant_is_named_by_its_id_or_domain_too(microsoft: Site) -> None:
    tid = microsoft.state.accounts[BERT].tid
    for tenant in (tid, "contoso.example"):
        assert f'value="{BERT}"' in page(microsoft, tenant).text
        assert f'value="{ANNA}"' not in page(microsoft, tenant).text
        assert brought(pressed(microsoft, {"account": ANNA}, tenant))["error"] == "access_denied"
    assert "AADSTS90002" in page(microsoft, "nowhere.example").text
    assert refused(token(microsoft, "nowhere.example")) == ("invalid_request", 90002)


def test_a_pressed_button_brings_a_code_with_the_state(microsoft: Site) -> None:
    back = brought(pressed(microsoft, {"account": ANNA}))
    assert back["state"] == "s t&te"
    answer = exchanged(microsoft, back["code"]).json()
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3599)
    rows = microsoft.call("GET", "/me/events", headers={"Authorization": f"Bearer {answer['access_token']}"})
    assert rows.json()["value"] == []


def test_cancelling_brings_access_denied_with_the_state(microsoft: Site) -> None:
    back = brought(pressed(microsoft, {"deny": "1"}))
    assert (back["error"], back["state"]) == ("access_denied", "s t&te")
    assert back["error_description"].startswith("AADSTS65004")


def test_a_form_carries_the_answer_when_asked_for(microsoft: Site) -> None:
    reply = pressed(microsoft, {"account": ANNA}, response_mode="form_post")
    assert reply.status_code == 200
    assert f'action="{BACK}"' in reply.text
    assert 'name="code"' in reply.text
    assert 'name="state" value="s t&te"' in unescape(reply.text)


def test_without_a_page_only_what_was_consented_to_already(microsoft: Site) -> None:
    nobody = brought(page(microsoft, prompt="none", login_hint="nobody@outlook.example"))
    assert nobody["error"] == "login_required"
    assert brought(page(microsoft, prompt="none", login_hint=ANNA))["error"] == "consent_required"
    connected(microsoft)
    assert "code" in brought(page(microsoft, prompt="none", login_hint=ANNA))
    wider = brought(page(microsoft, prompt="none", login_hint=ANNA, scope=f"openid {CALENDAR} Mail.Read"))
    assert wider["error"] == "consent_required"


@pytest.mark.parametrize(
    ("other", "number"),
    [
        ({"client_id": "x"}, 700016),
        ({"redirect_uri": "http://127.0.0.1:1/x"}, 50011),
        ({"response_type": "token"}, 90023),
        ({"scope": ""}, 70011),
        ({"scope": "https://elsewhere.example/thing"}, 70011),
        ({"code_challenge_method": "S512"}, 90023),
        ({"response_mode": "pigeon"}, 90023),
        ({"prompt": "loud"}, 90023),
    ],
)
def test_a_request_that_is_not_ours_is_shown_and_never_sent_back(microsoft: Site, other: Json, number: int) -> None:
    reply = page(microsoft, **other)
    assert reply.status_code == 400
    assert f"AADSTS{number}" in reply.text


def test_the_identity_token_is_signed_and_says_who(microsoft: Site) -> None:
    answer = connected(microsoft)
    account = microsoft.state.accounts[ANNA]
    keys = microsoft.client.get(f"{microsoft.server.base_url}/common/discovery/v2.0/keys").json()
    found = jwt.decode(answer["id_token"], KeySet.import_key_set(keys)).claims
    assert found["iss"] == f"{microsoft.server.base_url}/{account.tid}/v2.0"
    assert (found["aud"], found["nonce"], found["ver"]) == (CLIENT_ID, "once", "2.0")
    assert (found["oid"], found["tid"]) == (account.oid, account.tid)
    assert (found["email"], found["preferred_username"], found["name"]) == (ANNA, ANNA, "Anna Weber")


def test_the_subject_differs_between_clients_and_the_object_id_does_not(microsoft: Site) -> None:
    microsoft.state.add_client("other", SECRET, (BACK,))
    first = claims(connected(microsoft))
    code = consented(microsoft, client_id="other")
    second = claims(exchanged(microsoft, code, client_id="other").json())
    assert first["sub"] != second["sub"]
    assert first["oid"] == second["oid"]


def test_without_a_scope_for_it_address_name_and_id_are_not_told(microsoft: Site) -> None:
    bare = claims(connected(microsoft, scope=f"openid {CALENDAR}"))
    assert {"oid", "email", "name", "preferred_username"}.isdisjoint(bare)
    assert "email" not in claims(connected(microsoft, scope=f"openid profile {CALENDAR}"))


def test_without_offline_access_there_is_nothing_to_refresh(microsoft: Site) -> None:
    assert "refresh_token" not in connected(microsoft, scope=f"openid {CALENDAR}")


def test_a_code_is_good_once_for_ten_minutes_for_its_client_address_and_verifier(microsoft: Site) -> None:
    code = consented(microsoft)
    assert exchanged(microsoft, code).status_code == 200
    assert refused(exchanged(microsoft, code)) == ("invalid_grant", 54005)
    assert refused(exchanged(microsoft, "nonsense")) == ("invalid_grant", 70000)
    for other in ({"code_verifier": "w" * 43}, {"code_verifier": None}):
        assert refused(exchanged(microsoft, consented(microsoft), **other)) == ("invalid_grant", 501481)
    assert refused(exchanged(microsoft, consented(microsoft), redirect_uri="http://127.0.0.1/x"))[1] == 500112
    code = consented(microsoft)
    microsoft.clock.advance(600)
    assert refused(exchanged(microsoft, code)) == ("invalid_grant", 70008)


def test_codes_and_refresh_tokens_belong_to_one_client(microsoft: Site) -> None:
    microsoft.state.add_client("other", SECRET, (BACK,))
    text = connected(microsoft)["refresh_token"]
    for reply in (
        exchanged(microsoft, consented(microsoft), client_id="other"),
        refreshed(microsoft, text, client_id="other"),
    ):
        assert refused(reply) == ("invalid_grant", 70000)


def test_a_client_proves_itself_by_basic_or_by_the_body(microsoft: Site) -> None:
    text = connected(microsoft)["refresh_token"]
    basic = b64encode(f"{CLIENT_ID}:{SECRET}".encode()).decode()
    form = {"grant_type": "refresh_token", "refresh_token": text}
    url = authority(microsoft, "token")
    assert microsoft.client.post(url, data=form, headers={"Authorization": f"Basic {basic}"}).status_code == 200
    wrong = refreshed(microsoft, text, client_secret="wrong")
    assert (wrong.status_code, refused(wrong)) == (401, ("invalid_client", 7000215))
    assert refused(refreshed(microsoft, text, client_secret=None)) == ("invalid_client", 7000218)
    assert refused(refreshed(microsoft, text, client_id="unknown")) == ("unauthorized_client", 700016)
    assert refused(microsoft.client.post(url, json=form)) == ("invalid_request", 900144)
    assert refused(refreshed(microsoft, text, grant_type="password")) == ("unsupported_grant_type", 70003)


def test_an_expired_secret_is_no_matter_of_the_person(microsoft: Site) -> None:
    text = connected(microsoft)["refresh_token"]
    assert control(microsoft, "POST", "/apps", {"expired": True}) == {"client_id": CLIENT_ID, "expired": True}
    reply = refreshed(microsoft, text)
    assert (reply.status_code, refused(reply)) == (401, ("invalid_client", 7000222))
    control(microsoft, "POST", "/apps", {"expired": False})
    assert refreshed(microsoft, text).status_code == 200


def test_each_refresh_gives_a_new_token_and_the_replaced_one_lives_on_for_a_while(microsoft: Site) -> None:
    first = connected(microsoft)["refresh_token"]
    second = refreshed(microsoft, first).json()["refresh_token"]
    assert second != first
    microsoft.clock.advance(86399)
    assert refreshed(microsoft, first).status_code == 200
    microsoft.clock.advance(1)
    assert refused(refreshed(microsoft, first)) == ("invalid_grant", 700082)
    assert refreshed(microsoft, second).status_code == 200


def test_a_replaced_token_dies_at_once_by_switch_or_is_not_replaced(microsoft: Site) -> None:
    text = connected(microsoft)["refresh_token"]
    microsoft.switch(refresh_rotation="never")
    assert "refresh_token" not in refreshed(microsoft, text).json()
    microsoft.switch(refresh_rotation="always", replaced_token_seconds=0)
    second = refreshed(microsoft, text).json()["refresh_token"]
    assert refused(refreshed(microsoft, text))[1] == 700082
    assert refreshed(microsoft, second).status_code == 200


def test_a_refresh_token_dies_of_age_by_switch(microsoft: Site) -> None:
    text = connected(microsoft)["refresh_token"]
    microsoft.clock.advance(90 * 86400)
    assert refused(refreshed(microsoft, text)) == ("invalid_grant", 700082)
    microsoft.switch(refresh_token_days=0)
    assert refreshed(microsoft, text).status_code == 200


@pytest.mark.parametrize(
    ("why", "number", "suberror"), [("withdrawn", 65001, "consent_required"), ("password", 50173, "bad_token")]
)
def test_a_person_ends_the_grant(microsoft: Site, why: str, number: int, suberror: str) -> None:
    text = connected(microsoft)["refresh_token"]
    assert control(microsoft, "DELETE", f"/grants?account={ANNA}&why={why}") == {"revoked": 1}
    reply = refreshed(microsoft, text)
    assert refused(reply) == ("invalid_grant", number)
    assert reply.json()["suberror"] == suberror
    assert refreshed(microsoft, connected(microsoft)["refresh_token"]).status_code == 200


def test_a_disabled_account_refreshes_no_more(microsoft: Site) -> None:
    text = connected(microsoft)["refresh_token"]
    control(microsoft, "POST", "/accounts", {"account": ANNA, "disabled": True})
    assert refused(refreshed(microsoft, text)) == ("invalid_grant", 50057)


def test_a_refresh_may_ask_for_less_and_never_for_more(microsoft: Site) -> None:
    text = connected(microsoft)["refresh_token"]
    less = refreshed(microsoft, text, scope="openid offline_access").json()
    assert less["scope"] == "openid"
    assert "id_token" in less
    assert refused(refreshed(microsoft, text, scope=f"{CALENDAR} Mail.Read")) == ("invalid_grant", 65001)


def test_scopes_are_told_as_addresses_or_short(microsoft: Site) -> None:
    text = connected(microsoft)["refresh_token"]
    full = f"{microsoft.server.base_url}/{CALENDAR}"
    assert refreshed(microsoft, text).json()["scope"] == f"email {full} openid profile"
    microsoft.switch(token_scopes="short")
    assert refreshed(microsoft, text).json()["scope"] == f"{CALENDAR} email openid profile"
    for spelt in (full, f"{grants.RESOURCE}{CALENDAR}", CALENDAR.lower()):
        assert refreshed(microsoft, text, scope=spelt).json()["scope"] == CALENDAR


def test_what_a_person_did_not_grant_is_refused_at_the_call(microsoft: Site) -> None:
    microsoft.switch(granted_scopes=["openid", "offline_access"])
    answer = connected(microsoft)
    assert answer["scope"] == "openid"
    refusal = microsoft.refused("GET", "/me/events", headers={"Authorization": f"Bearer {answer['access_token']}"})
    assert (refusal.status, refusal.code) == (403, "ErrorAccessDenied")


def test_only_an_administrator_can_consent_for_a_closed_tenant(microsoft: Site) -> None:
    control(microsoft, "POST", "/tenants", {"account": BERT, "closed": True})
    reply = pressed(microsoft, {"account": BERT})
    assert reply.status_code == 200
    assert "AADSTS90094" in reply.text
    back = brought(pressed(microsoft, {"deny": "90094"}))
    assert (back["error"], back["error_description"][:11]) == ("access_denied", "AADSTS90094")
    for error in ("access_denied", "consent_required"):
        microsoft.switch(admin_consent=error)
        back = brought(pressed(microsoft, {"account": BERT}))
        assert (back["error"], back["error_description"][:11]) == (error, "AADSTS90094")
    assert "code" in brought(pressed(microsoft, {"account": ANNA}))


def test_an_administrator_consents_for_the_whole_tenant(microsoft: Site) -> None:
    control(microsoft, "POST", "/tenants", {"account": BERT, "closed": True})
    url = f"{microsoft.server.base_url}/organizations/v2.0/adminconsent"
    asked = {"client_id": CLIENT_ID, "redirect_uri": BACK, "state": "1", "scope": CALENDAR}
    shown = microsoft.client.get(url, params=asked).text
    assert f'value="{BERT}"' in shown
    assert f'value="{ANNA}"' not in shown
    refusal = brought(microsoft.client.post(url, params=asked, data={"deny": "1"}))
    assert (refusal["error"], refusal["state"]) == ("access_denied", "1")
    back = brought(microsoft.client.post(url, params=asked, data={"account": BERT}))
    assert back == {"admin_consent": "True", "tenant": microsoft.state.accounts[BERT].tid, "state": "1"}
    assert "access_token" in connected(microsoft, BERT)


@pytest.mark.parametrize(
    ("told", "error", "status"),
    [
        ({"code": 50076}, "interaction_required", 400),
        ({"code": 50076, "error": "invalid_grant", "suberror": "basic_action"}, "invalid_grant", 400),
        ({"code": 90033}, "temporarily_unavailable", 503),
        ({"code": 7000222}, "invalid_client", 401),
    ],
)
def test_the_token_endpoint_refuses_on_demand(microsoft: Site, told: Json, error: str, status: int) -> None:
    text = connected(microsoft)["refresh_token"]
    number = microsoft.fault({"refuse_token": told})
    reply = refreshed(microsoft, text)
    assert microsoft.fired(number) == 1
    assert (reply.status_code, refused(reply)) == (status, (error, told["code"]))
    assert refreshed(microsoft, text).status_code == 200


def test_the_configuration_names_endpoints_that_exist(microsoft: Site) -> None:
    base = microsoft.server.base_url
    found = microsoft.client.get(f"{base}/common/v2.0/.well-known/openid-configuration").json()
    assert found["issuer"] == f"{base}/{{tenantid}}/v2.0"
    for name in ("authorization_endpoint", "token_endpoint", "end_session_endpoint", "jwks_uri"):
        assert microsoft.client.get(found[name]).status_code != 404
    assert not any("revo" in name for name in found)
    tid = microsoft.state.accounts[BERT].tid
    own = microsoft.client.get(f"{base}/{tid}/v2.0/.well-known/openid-configuration").json()
    assert own["issuer"] == f"{base}/{tid}/v2.0"
    nowhere = microsoft.client.get(f"{base}/nowhere.example/v2.0/.well-known/openid-configuration")
    assert refused(nowhere) == ("invalid_request", 90002)


def test_signing_out_leads_back_to_known_addresses_only(microsoft: Site) -> None:
    url = authority(microsoft, "logout")
    assert microsoft.client.get(url, params={"post_logout_redirect_uri": BACK}).headers["location"] == BACK
    assert microsoft.client.get(url, params={"post_logout_redirect_uri": "http://elsewhere.example"}).status_code == 200


def test_the_log_holds_no_token_no_code_and_no_secret(microsoft: Site) -> None:
    code = consented(microsoft)
    answer = exchanged(microsoft, code).json()
    refreshed(microsoft, answer["refresh_token"])
    text = microsoft.client.get(f"{microsoft.server.base_url}/_sandbox/log").text
    assert "/common/oauth2/v2.0/token" in text
    for secret in (code, answer["access_token"], answer["refresh_token"], VERIFIER, "s+t%26te"):
        assert secret not in text
