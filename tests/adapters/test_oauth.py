"""The code flow, renewal and revocation, against the simulator's consent page and token endpoint over real HTTP."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
import pytest

from adapters.google import SCOPE, provider, web
from adapters.http import Http
from adapters.oauth import Begun, Client, Provider, Tokens, begin, finish, refresh, revoke
from syncd.errors import AuthRevoked, Forbidden, Throttled, Transient
from syncd.ports import Grant
from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.google import GoogleServer, GoogleState
from syncd.sandbox.google.seed import CLIENT_ID, CLIENT_SECRET, REDIRECT_URI
from tests.adapters.google_world import EMAIL, NOW, MemoryShelf, granted

OURS = Client(CLIENT_ID, CLIENT_SECRET)


@dataclass
class Scene:
    server: GoogleServer
    clock: SandboxClock
    provider: Provider
    http: Http
    grant: Grant

    async def press(self, url: str, **form: Any) -> str:
        """What a person's browser is sent back with after a button of the consent page."""
        async with httpx.AsyncClient(trust_env=False) as browser:
            asked = dict(parse_qsl(urlsplit(url).query))
            pressed = {"account": EMAIL, "scope": asked["scope"].split(), **form}
            return str((await browser.post(url, data=pressed)).headers["location"])

    async def consented(self, **form: Any) -> tuple[Begun, str]:
        url, begun = begin(self.provider, OURS, REDIRECT_URI, NOW)
        return begun, await self.press(url, **form)

    def tokens(self, shelf: MemoryShelf) -> Tokens:
        return Tokens(self.provider, OURS, shelf, self.http, self.clock)

    def refuse(self, do: dict[str, Any]) -> None:
        self.server.app.faults.add({"match": {"path": "/token"}, "do": do})

    def asked(self) -> list[str]:
        return [row["path"] for row in self.server.app.log.to_json()["requests"]]

    def delivered(self) -> list[str]:
        return [row["fault"] for row in self.server.app.log.to_json()["requests"] if row["fault"]]


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    clock = SandboxClock(NOW, rate=0)
    server = GoogleServer(GoogleState(clock))
    await server.start()
    base = server.base_url
    asked = provider(auth_url=f"{base}/o/oauth2/v2/auth", token_url=f"{base}/token", revoke_url=f"{base}/revoke")
    http = web(base)
    yield Scene(server, clock, asked, http, granted(server.state, clock))
    await http.aclose()
    await server.stop()


# --- the consent ------------------------------------------------------------------------------------------------------


def test_the_link_asks_for_lasting_access_and_holds_a_challenge_and_not_the_verifier() -> None:
    url, begun = begin(provider(), OURS, REDIRECT_URI, NOW, login_hint=EMAIL)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith("https://accounts.google.com/o/oauth2/v2/auth?")
    assert asked["scope"] == f"openid {SCOPE}"
    assert (asked["access_type"], asked["prompt"], asked["response_type"]) == ("offline", "consent", "code")
    assert (asked["code_challenge_method"], asked["login_hint"], asked["state"]) == ("S256", EMAIL, begun.state)
    assert asked["nonce"] == begun.nonce
    assert begun.verifier not in url
    assert CLIENT_SECRET not in url
    assert begun.until == NOW + timedelta(minutes=10)


def test_every_try_has_secrets_of_its_own_that_its_text_does_not_show() -> None:
    one, other = (begin(provider(), OURS, REDIRECT_URI, NOW)[1] for _ in range(2))
    assert not {one.state, one.verifier, one.nonce} & {other.state, other.verifier, other.nonce}
    assert not [secret for secret in (one.state, one.verifier, one.nonce) if secret in repr(one)]
    assert CLIENT_SECRET not in repr(OURS)


@pytest.mark.parametrize("form", ["line", "quoted", "parameters", "query"])
async def test_a_consent_becomes_a_grant_from_whatever_form_of_the_answer(scene: Scene, form: str) -> None:
    begun, line = await scene.consented()
    query = urlsplit(line).query
    forms: dict[str, Any] = {
        "line": line,
        "quoted": f' "{line}"\n',
        "parameters": dict(parse_qsl(query)),
        "query": query,
    }
    grant = await finish(scene.provider, OURS, begun, forms[form], NOW, scene.http)
    assert grant.identity == scene.server.state.accounts[EMAIL].sub
    assert grant.refresh_token
    assert set(grant.scopes) == {"openid", SCOPE}
    assert NOW + timedelta(minutes=59) < grant.expires_at <= NOW + timedelta(hours=1)
    assert grant.granted_at == NOW
    assert grant.access_token not in repr(grant)
    assert grant.refresh_token not in repr(grant)


async def test_the_code_is_shown_to_the_token_endpoint_with_the_verifier_alone(scene: Scene) -> None:
    begun, line = await scene.consented()
    stolen = replace(begun, verifier="another-verifier-that-somebody-made-up-and-that-is-long")
    with pytest.raises(AuthRevoked):
        await finish(scene.provider, OURS, stolen, line, NOW, scene.http)


@pytest.mark.parametrize("returned", ["https://example.test/?code=x&state=other", "", "nonsense", {"code": "x"}])
async def test_what_belongs_to_another_try_is_refused_before_anything_is_sent(scene: Scene, returned: Any) -> None:
    _, begun = begin(scene.provider, OURS, REDIRECT_URI, NOW)
    with pytest.raises(Forbidden) as caught:
        await finish(scene.provider, OURS, begun, returned, NOW, scene.http)
    assert caught.value.code == "STATE"
    assert caught.value.hint
    assert scene.asked() == []


async def test_an_answer_after_ten_minutes_is_refused(scene: Scene) -> None:
    begun, line = await scene.consented()
    with pytest.raises(Forbidden, match="too late"):
        await finish(scene.provider, OURS, begun, line, NOW + timedelta(minutes=10), scene.http)


async def test_a_refused_consent_says_so_and_what_to_do(scene: Scene) -> None:
    begun, line = await scene.consented(deny="1")
    assert "access_denied" in line
    with pytest.raises(Forbidden) as caught:
        await finish(scene.provider, OURS, begun, line, NOW, scene.http)
    assert caught.value.code == "access_denied"
    assert "agree" in caught.value.hint


async def test_a_box_left_unticked_is_named(scene: Scene) -> None:
    begun, line = await scene.consented(scope=["openid"])
    with pytest.raises(Forbidden) as caught:
        await finish(scene.provider, OURS, begun, line, NOW, scene.http)
    assert caught.value.code == "SCOPE"
    assert SCOPE in str(caught.value)


async def test_a_code_serves_once(scene: Scene) -> None:
    begun, line = await scene.consented()
    await finish(scene.provider, OURS, begun, line, NOW, scene.http)
    with pytest.raises(AuthRevoked):
        await finish(scene.provider, OURS, begun, line, NOW, scene.http)


async def test_a_consent_without_lasting_access_is_refused(scene: Scene) -> None:
    once = replace(scene.provider, extra={"prompt": "select_account"})
    url, begun = begin(once, OURS, REDIRECT_URI, NOW)
    line = await scene.press(url)
    with pytest.raises(Forbidden) as caught:
        await finish(once, OURS, begun, line, NOW, scene.http)
    assert caught.value.code == "NO_REFRESH_TOKEN"


async def test_a_lost_answer_to_a_code_is_not_asked_for_again(scene: Scene) -> None:
    begun, line = await scene.consented()
    scene.refuse({"drop": "after"})
    with pytest.raises(Transient):
        await finish(scene.provider, OURS, begun, line, NOW, scene.http)
    assert scene.delivered()
    assert scene.asked().count("/token") == 1


@pytest.mark.parametrize(
    ("claim", "value"),
    [("iss", "https://elsewhere.test"), ("aud", "another-client"), ("exp", 1_000_000.0), ("nonce", "another")],
)
async def test_an_identity_that_is_not_meant_for_us_is_refused(scene: Scene, claim: str, value: Any) -> None:
    begun, line = await scene.consented()
    base, sub = scene.server.base_url, "42"
    claims = {"iss": base, "aud": CLIENT_ID, "exp": NOW.timestamp() + 60, "nonce": begun.nonce, "sub": sub}
    scene.refuse(_answer(claims | {claim: value}))
    with pytest.raises(Forbidden) as caught:
        await finish(scene.provider, OURS, begun, line, NOW, scene.http)
    assert caught.value.code == "ID_TOKEN"
    assert claim in str(caught.value)


@pytest.mark.parametrize(("life", "hours"), [(10**15, 24), (-5, 0), (60, 1 / 60)])
async def test_times_beyond_all_reckoning_are_no_end_of_the_consent(scene: Scene, life: int, hours: float) -> None:
    begun, line = await scene.consented()
    claims = {"iss": scene.server.base_url, "aud": CLIENT_ID, "exp": 1e300, "nonce": begun.nonce, "sub": "42"}
    scene.refuse(_answer(claims, expires_in=life))
    grant = await finish(scene.provider, OURS, begun, line, NOW, scene.http)
    assert grant.expires_at == NOW + timedelta(hours=hours)


def _answer(claims: dict[str, Any], expires_in: int = 60) -> dict[str, Any]:
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    answer = {"access_token": "a", "expires_in": expires_in, "refresh_token": "r", "id_token": f"e30.{body}.sig"}
    return {"status": 200, "body": json.dumps(answer)}


# --- renewal ----------------------------------------------------------------------------------------------------------


async def test_a_bearer_is_asked_for_only_when_the_old_one_is_about_to_end(scene: Scene) -> None:
    shelf = MemoryShelf(scene.grant)
    tokens = scene.tokens(shelf)
    assert await tokens.bearer() == scene.grant.access_token
    scene.clock.advance(3600 - 61)
    assert await tokens.bearer() == scene.grant.access_token
    assert scene.asked() == []
    scene.clock.advance(2)
    assert await tokens.bearer() != scene.grant.access_token
    assert scene.asked() == ["/token"]


async def test_a_refused_bearer_is_renewed_whatever_its_age(scene: Scene) -> None:
    tokens = scene.tokens(MemoryShelf(scene.grant))
    assert await tokens.bearer(refused=scene.grant.access_token) != scene.grant.access_token


async def test_many_who_ask_at_once_renew_once(scene: Scene) -> None:
    shelf = MemoryShelf(replace(scene.grant, expires_at=NOW))
    tokens = scene.tokens(shelf)
    bearers = await asyncio.gather(*(tokens.bearer() for _ in range(20)))
    assert len(set(bearers)) == 1
    assert shelf.turns == 1, "the lease is asked for once, too"
    assert scene.asked() == ["/token"]


async def test_two_processes_on_one_shelf_renew_once(scene: Scene) -> None:
    shelf = MemoryShelf(replace(scene.grant, expires_at=NOW))
    one, other = scene.tokens(shelf), scene.tokens(shelf)
    bearers = await asyncio.gather(one.bearer(), other.bearer())
    assert shelf.turns == 2
    assert bearers[0] == bearers[1] == shelf.grant.access_token
    assert scene.asked() == ["/token"]


async def test_a_process_whose_bearer_was_refused_uses_what_another_has_renewed(scene: Scene) -> None:
    shelf = MemoryShelf(scene.grant)
    one, other = scene.tokens(shelf), scene.tokens(shelf)
    await other.bearer()
    renewed = await one.bearer(refused=scene.grant.access_token)
    assert await other.bearer(refused=scene.grant.access_token) == renewed
    assert scene.asked() == ["/token"]


async def test_a_rotated_refresh_token_is_saved_before_the_bearer_is_given(scene: Scene) -> None:
    scene.server.state.switches.set({"rotate_refresh_tokens": True})
    shelf = MemoryShelf(replace(scene.grant, expires_at=NOW))
    bearer = await scene.tokens(shelf).bearer()
    assert [one.access_token for one in shelf.saved] == [bearer]
    assert shelf.grant.refresh_token != scene.grant.refresh_token
    assert shelf.grant.granted_at == scene.grant.granted_at
    assert shelf.grant.identity == scene.grant.identity


async def test_a_bearer_that_could_not_be_saved_is_not_given(scene: Scene) -> None:
    class Full(MemoryShelf):
        async def save(self, grant: Grant, instead_of: Grant) -> None:  # noqa: ARG002
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        await scene.tokens(Full(replace(scene.grant, expires_at=NOW))).bearer()


async def test_after_a_crash_before_saving_the_stored_refresh_token_goes_on_to_serve(scene: Scene) -> None:
    old = replace(scene.grant, expires_at=NOW)
    await refresh(scene.provider, OURS, old, NOW, scene.http)
    assert await scene.tokens(MemoryShelf(old)).bearer()


async def test_a_grant_that_was_taken_back_says_so_and_is_not_saved(scene: Scene) -> None:
    shelf = MemoryShelf(replace(scene.grant, expires_at=NOW))
    await revoke(scene.provider, scene.grant, NOW, scene.http)
    with pytest.raises(AuthRevoked) as caught:
        await scene.tokens(shelf).bearer()
    assert "connect the account again" in caught.value.hint
    assert "Testing" not in caught.value.hint
    assert shelf.saved == []


@pytest.mark.parametrize(("days", "told"), [(7, True), (9, False)])
async def test_a_young_grant_that_ended_asks_about_the_consent_screen(scene: Scene, days: int, told: bool) -> None:
    scene.server.state.switches.set({"consent_testing": True})
    granted_at = scene.clock.now()
    scene.clock.advance(days * 86_400)
    old = replace(scene.grant, granted_at=granted_at, expires_at=granted_at)
    with pytest.raises(AuthRevoked) as caught:
        await refresh(scene.provider, OURS, old, scene.clock.now(), scene.http)
    assert ("still in Testing?" in caught.value.hint) is told


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        ({"status": 401, "body": '{"error": "invalid_client"}'}, Forbidden),
        ({"status": 401, "body": '{"error": "deleted_client"}'}, Forbidden),
        ({"status": 400, "body": '{"error": "unauthorized_client"}'}, Forbidden),
        ({"status": 400, "body": '{"error": "invalid_grant", "error_description": "anna"}'}, AuthRevoked),
        ({"status": 400, "body": '{"error": "temporarily_unavailable"}'}, Transient),
        ({"status": 400, "body": "no JSON"}, Transient),
        ({"status": 500, "body": '{"error": "invalid_grant"}'}, Transient),
        ({"status": 200, "body": "[]"}, Transient),
        ({"status": 429, "headers": {"Retry-After": "17"}, "body": "{}"}, Throttled),
    ],
)
async def test_each_refusal_of_the_token_endpoint_is_what_the_caller_does_next(
    scene: Scene, reply: dict[str, Any], error: type[Exception]
) -> None:
    scene.refuse(reply)
    with pytest.raises(error) as caught:
        await refresh(scene.provider, OURS, scene.grant, NOW, scene.http)
    assert scene.delivered()
    assert type(caught.value) is error
    assert getattr(caught.value, "hint", "")
    assert "anna" not in str(caught.value)
    assert getattr(caught.value, "retry_after", 17) == 17


async def test_a_renewal_whose_answer_is_lost_is_asked_for_again_where_refresh_tokens_last(scene: Scene) -> None:
    scene.refuse({"drop": "after"})
    grant = await refresh(scene.provider, OURS, scene.grant, NOW, scene.http)
    assert scene.delivered()
    assert grant.access_token != scene.grant.access_token


async def test_a_renewal_whose_answer_is_lost_is_not_repeated_where_they_rotate(scene: Scene) -> None:
    scene.refuse({"drop": "after"})
    with pytest.raises(Transient):
        await refresh(replace(scene.provider, rotates=True), OURS, scene.grant, NOW, scene.http)
    assert scene.asked() == ["/token"]


async def test_a_revoked_grant_may_be_revoked_again(scene: Scene) -> None:
    assert await revoke(scene.provider, scene.grant, NOW, scene.http)
    assert await revoke(scene.provider, scene.grant, NOW, scene.http)
    assert not await revoke(replace(scene.provider, revoke_url=None), scene.grant, NOW, scene.http)


async def test_tokens_are_sent_to_no_host_but_those_of_the_configuration(scene: Scene) -> None:
    elsewhere = replace(scene.provider, token_url="https://elsewhere.test/token")
    with pytest.raises(Forbidden) as caught:
        await refresh(elsewhere, OURS, scene.grant, NOW, scene.http)
    assert caught.value.code == "ORIGIN"
