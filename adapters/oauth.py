"""OAuth 2: the code flow with PKCE (RFC 6749, 4.1; RFC 7636), renewal, revocation; and a bearer that is always fresh.

A provider's endpoints and habits are a value. Not here: where grants are kept (syncd.ports.Shelf), what the API of a
provider says (its folder). Authlib makes and reads the messages; they are sent by adapters.http.
"""

import asyncio
import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec
from authlib.common.security import generate_token
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7009 import prepare_revoke_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from adapters.http import Http, Reply, retry_after
from syncd.errors import AdapterError, AuthRevoked, Forbidden, Throttled, Transient
from syncd.ports import Clock, Grant, Shelf

SIDE: Final = "external"
LIFE: Final = timedelta(minutes=10)
MARGIN: Final = timedelta(seconds=60)
SKEW: Final = timedelta(minutes=5)
_LONGEST_LIFE: Final = 86_400  # seconds
_FORM: Final = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}
_BUSY_SECONDS: Final = 60.0
_AGAIN: Final = "the next pass tries again"
_ANEW: Final = "begin again: syncd connect prints a new link"
_RECONNECT: Final = "connect the account again: syncd connect with the same schedule keeps everything"
_CLIENT: Final = "check client_id and client_secret (has the secret expired?), and that this client still exists"
_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,60}")

# Refusals by their code (RFC 6749, 4.1.2.1 and 5.2, and what providers add); any other one stops the connection too.
_HINTS: Final[Mapping[str, str]] = {
    "access_denied": "consent was refused: open a new link and agree to everything it asks for",
    "admin_policy_enforced": "the account's administrator does not allow this application: ask them to trust it",
    "org_internal": "the consent screen is for one organisation only: use an account of it, or make it External",
    "invalid_client": _CLIENT,
    "unauthorized_client": _CLIENT,
    "deleted_client": _CLIENT,
    "redirect_uri_mismatch": "add the redirect address to the client, to the letter",
    "invalid_scope": "allow the calendar scope on the consent screen",
}
_PASSING: Final = frozenset({"server_error", "temporarily_unavailable", "slow_down"})
# A renewal that asks for a person (OpenID Connect Core, 3.1.2.6) is one that no longer works without them.
_ENDED: Final = frozenset({"invalid_grant", "interaction_required", "login_required", "consent_required"})


@dataclass(frozen=True, slots=True)
class Provider:
    """Endpoints and habits of one provider. `issuers`: pattern of the whole `iss`. `required`: scopes that must have

    been granted. `extra`: parameters of the consent URL. `rotates`: a refresh token serves once. `young_hint`: what
    to tell beside a refusal of a grant that is younger than `young`. `resource`: what scopes may be told without.
    `says_scopes`: a renewal names them. `identity`: claims that together are the account for ever; `address`: claims
    of which the first that is there is its e-mail address. `admin_hint`: what to do about a refusal whose description
    matches the pattern `admin_signs`: an administrator has to agree first.
    """

    auth_url: str
    token_url: str
    revoke_url: str | None
    issuers: str
    scopes: tuple[str, ...]
    required: tuple[str, ...]
    extra: Mapping[str, str] = field(default_factory=dict)
    rotates: bool = False
    young: timedelta = timedelta(0)
    young_hint: str = ""
    resource: str = ""
    says_scopes: bool = False
    identity: tuple[str, ...] = ("sub",)
    address: tuple[str, ...] = ("email",)
    admin_signs: str = ""
    admin_hint: str = ""

    def told(self, scope: str) -> str:
        """A scope in the form in which scopes are compared."""
        return scope.removeprefix(self.resource).casefold()


@dataclass(frozen=True, slots=True)
class Client:
    """Ours at the provider."""

    id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Begun:
    """A consent that is under way. Its caller stores it, and gives it away once: to `finish`, before `until`."""

    state: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str
    nonce: str = field(repr=False)
    until: datetime


class _Answer(msgspec.Struct, frozen=True):
    """Of the token endpoint (RFC 6749, 5.1; OpenID Connect Core, 3.1.3.3)."""

    access_token: str
    expires_in: int = 3600
    refresh_token: str = ""
    scope: str | None = None
    id_token: str = ""

    @property
    def life(self) -> timedelta:
        """How long the access token serves; whatever is told, it is renewed after a day."""
        return timedelta(seconds=max(0, min(self.expires_in, _LONGEST_LIFE)))


class _Refusal(msgspec.Struct, frozen=True):
    error: str = ""
    error_description: str = ""


class _Claims(msgspec.Struct, frozen=True):
    """Of an ID token (OpenID Connect Core, 2): what is checked."""

    iss: str
    aud: str | list[str]
    exp: float
    nonce: str = ""


@dataclass(frozen=True, slots=True)
class _Owner:
    """Who consented."""

    identity: str
    email: str


def begin(
    provider: Provider, client: Client, redirect_uri: str, now: datetime, login_hint: str | None = None
) -> tuple[str, Begun]:
    """The address that a person opens, and what has to be kept until they come back."""
    begun = Begun(generate_token(43), generate_token(64), redirect_uri, generate_token(43), now + LIFE)
    url: str = prepare_grant_uri(
        provider.auth_url,
        client.id,
        "code",
        redirect_uri,
        " ".join(provider.scopes),
        begun.state,
        nonce=begun.nonce,
        code_challenge=create_s256_code_challenge(begun.verifier),
        code_challenge_method="S256",
        login_hint=login_hint,
        **provider.extra,
    )
    return url, begun


async def finish(  # noqa: PLR0913, PLR0917 - what a consent consists of
    provider: Provider, client: Client, begun: Begun, returned: str | Mapping[str, str], now: datetime, http: Http
) -> Grant:
    """The grant of a consent. `returned`: the callback's parameters, or its whole address line.

    Not to be repeated: the code serves once. Raises Forbidden for a refusal, for what belongs to another try or comes
    too late, and when scopes are missing; AuthRevoked for a code that is refused.
    """
    code = _code(provider, begun, _parameters(returned), now)
    form = {"redirect_uri": begun.redirect_uri, "code": code, "code_verifier": begun.verifier}
    reply = await _post(http, provider.token_url, _body(client, "authorization_code", form), repeatable=False)
    if reply.status != 200:
        raise _refused(provider, reply, now, _ANEW)
    answer = _answered(reply)
    owner = _owner(provider, client, begun, answer.id_token, now)
    if not answer.refresh_token:
        hint = "remove this application's access in the settings of the account, then connect again"
        raise Forbidden("the consent gives no lasting access", code="NO_REFRESH_TOKEN", side=SIDE, hint=hint)
    until = now + answer.life
    scopes = _granted(provider, answer.scope)
    return Grant(answer.access_token, answer.refresh_token, until, scopes, owner.identity, owner.email, now)


async def refresh(provider: Provider, client: Client, grant: Grant, now: datetime, http: Http) -> Grant:
    """The grant with a new access token, and a new refresh token where the provider gave one.

    Raises AuthRevoked when the grant has ended, Forbidden when the client is refused.
    """
    scopes = {"scope": " ".join(provider.scopes)} if provider.says_scopes else {}
    body = _body(client, "refresh_token", {"refresh_token": grant.refresh_token, **scopes})
    reply = await _post(http, provider.token_url, body, repeatable=not provider.rotates)
    if reply.status != 200:
        young = provider.young_hint if now - grant.granted_at < provider.young else ""
        raise _refused(provider, reply, now, f"{_RECONNECT}; {young}" if young else _RECONNECT)
    answer = _answered(reply)
    granted = grant.scopes if answer.scope is None else _granted(provider, answer.scope)
    until = now + answer.life
    lasting = answer.refresh_token or grant.refresh_token
    return Grant(answer.access_token, lasting, until, granted, grant.identity, grant.email, grant.granted_at)


async def revoke(provider: Provider, grant: Grant, now: datetime, http: Http) -> bool:
    """End the whole grant (RFC 7009); whether the provider can. May be repeated."""
    if provider.revoke_url is None:
        return False
    body, _ = prepare_revoke_token_request(grant.refresh_token)
    reply = await _post(http, provider.revoke_url, body, repeatable=True)
    if reply.status != 200 and _refusal_code(reply) not in ("invalid_token", "invalid_grant"):
        raise _refused(provider, reply, now, "remove this application's access in the settings of the account")
    return True


class Tokens:
    """The bearer of one account, renewed before it ends: once in this process and, by the shelf's turn, among all.

    A renewed grant is saved before its access token is used. A crash between answer and saving: where refresh tokens
    last, the stored one goes on to serve; where they rotate (`Provider.rotates`) it serves only as long as the
    provider lets the replaced one live, after that the account has to be connected again (R21).
    """

    def __init__(self, provider: Provider, client: Client, shelf: Shelf, http: Http, clock: Clock) -> None:
        self._provider = provider
        self._client = client
        self._shelf = shelf
        self._http = http
        self._clock = clock
        self._renewing = asyncio.Lock()
        self._grant: Grant | None = None

    async def grant(self) -> Grant:
        """The grant as it was last seen here."""
        if self._grant is None:
            self._grant = await self._shelf.load()
        return self._grant

    async def bearer(self, refused: str = "") -> str:
        """An access token with a minute or more to live, and not the one that was `refused`."""
        async with self._renewing:
            grant = await self.grant()
            if not self._serves(grant, refused):
                grant = self._grant = await self._renewed(refused)
            return grant.access_token

    async def end(self) -> None:
        """Revoke the grant, where the provider can. May be repeated."""
        await revoke(self._provider, await self.grant(), self._clock.now(), self._http)

    def _serves(self, grant: Grant, refused: str) -> bool:
        is_fresh = self._clock.now() + MARGIN < grant.expires_at
        return is_fresh and bool(grant.access_token) and grant.access_token != refused

    async def _renewed(self, refused: str) -> Grant:
        async with self._shelf.turn():
            stored = await self._shelf.load()
            if self._serves(stored, refused):  # another process was quicker
                return stored
            renewed = await refresh(self._provider, self._client, stored, self._clock.now(), self._http)
            await self._shelf.save(renewed, instead_of=stored)
            return renewed


# --- messages ---------------------------------------------------------------------------------------------------------


def _parameters(returned: str | Mapping[str, str]) -> Mapping[str, str]:
    """The parameters of a callback, of a whole address line, or of its query alone, as people paste them."""
    if not isinstance(returned, str):
        return returned
    try:
        parts = urlsplit(returned.strip().strip("\"'<>"))
    except ValueError:
        return {}
    return dict(parse_qsl(parts.query or parts.path))


def _code(provider: Provider, begun: Begun, given: Mapping[str, str], now: datetime) -> str:
    """The code of the answer to this very try (RFC 6749, 10.12)."""
    if not compare_digest(given.get("state", "").encode(), begun.state.encode()):
        hint = "paste the whole address line of the page that the newest link led to, or begin again"
        raise Forbidden("what came back does not belong to this try", code="STATE", side=SIDE, hint=hint)
    if now >= begun.until:
        raise Forbidden("the answer came too late", code="EXPIRED", side=SIDE, hint=_ANEW)
    if "error" in given:
        code = _word(given["error"])
        if code in _PASSING:
            raise Transient(f"the consent failed ({code})", side=SIDE, hint=_ANEW)
        hint = _admin_hint(provider, given.get("error_description", "")) or _HINTS.get(code, _ANEW)
        raise Forbidden(f"the consent was not given ({code})", code=code, side=SIDE, hint=hint)
    if not given.get("code"):
        raise Forbidden("what came back holds no code", code="NO_CODE", side=SIDE, hint=_ANEW)
    return given["code"]


def _body(client: Client, kind: str, form: Mapping[str, str]) -> str:
    body: str = prepare_token_request(kind, **form, client_id=client.id, client_secret=client.secret)
    return body


async def _post(http: Http, url: str, body: str, *, repeatable: bool) -> Reply:
    return await http.request("POST", url, headers=_FORM, content=body.encode(), side=SIDE, repeatable=repeatable)


def _answered(reply: Reply) -> _Answer:
    try:
        return msgspec.json.decode(reply.body, type=_Answer)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Transient("the token endpoint answered with something else", side=SIDE, hint=_AGAIN) from None


def _granted(provider: Provider, scope: str | None) -> tuple[str, ...]:
    """What was granted; an answer that does not say grants what was asked for (RFC 6749, 5.1)."""
    granted = provider.scopes if scope is None else tuple(scope.split())
    told = {provider.told(name) for name in granted}
    missing = [name for name in provider.required if provider.told(name) not in told]
    if missing:
        text = f"the consent leaves out {', '.join(missing)}"
        raise Forbidden(text, code="SCOPE", side=SIDE, hint="connect again and leave every box ticked")
    return granted


def _owner(provider: Provider, client: Client, begun: Begun, token: str, now: datetime) -> _Owner:
    """Who consented. The token came straight from the token endpoint, over TLS, so that its signature need not be

    checked (OpenID Connect Core, 3.1.3.7, rule 6); issuer, audience, end and nonce are.
    """
    try:
        text = token.split(".")[1]
        body = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        claims = msgspec.json.decode(body, type=_Claims)
        named = msgspec.json.decode(body, type=dict[str, Any])
        identity = _identity(provider, named)
    except (IndexError, ValueError, msgspec.MsgspecError):
        raise Transient("the token endpoint does not say whose account it is", side=SIDE, hint=_ANEW) from None
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    wrong = [
        name
        for name, right in (
            ("iss", re.fullmatch(provider.issuers, claims.iss) is not None),
            ("aud", client.id in audience),
            ("exp", claims.exp + SKEW.total_seconds() > now.timestamp()),
            ("nonce", compare_digest(claims.nonce.encode(), begun.nonce.encode())),
        )
        if not right
    ]
    if wrong:
        text = f"the account's token is not for us ({', '.join(wrong)})"
        raise Forbidden(text, code="ID_TOKEN", side=SIDE, hint=f"check the clock of this machine, then {_ANEW}")
    email = next((named[name] for name in provider.address if isinstance(named.get(name), str)), "")
    return _Owner(identity, email)


def _identity(provider: Provider, named: Mapping[str, Any]) -> str:
    """Raises ValueError when a claim is missing, or is no text."""
    parts = [named.get(name) for name in provider.identity]
    if not all(isinstance(part, str) and part for part in parts):
        raise ValueError("a claim is missing")
    return ".".join(map(str, parts))


def _refused(provider: Provider, reply: Reply, now: datetime, hint: str) -> AdapterError:
    """What a refusal of the token endpoint means. `hint`: what to do when the grant itself is refused."""
    code = _refusal_code(reply)
    text = f"the token endpoint answered {reply.status} {code}".strip()
    if reply.status == 429:
        wait = retry_after(reply.headers, now)
        return Throttled(text, retry_after=_BUSY_SECONDS if wait is None else wait, side=SIDE, hint=_AGAIN)
    if reply.status >= 500 or code in _PASSING or not code:
        return Transient(text, side=SIDE, hint=_AGAIN)
    admin = _admin_hint(provider, _refusal(reply).error_description)
    if code in _ENDED:
        return AuthRevoked(text, side=SIDE, hint=admin or hint)
    return Forbidden(text, code=code, side=SIDE, hint=admin or _HINTS.get(code, _CLIENT))


def _admin_hint(provider: Provider, description: str) -> str:
    """What to do when an administrator has to agree first; else nothing. No text of the description is told."""
    signs = provider.admin_signs
    return provider.admin_hint if signs and re.search(signs, description) else ""


def _refusal(reply: Reply) -> _Refusal:
    try:
        return msgspec.json.decode(reply.body, type=_Refusal)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _Refusal()


def _refusal_code(reply: Reply) -> str:
    word = _refusal(reply).error
    return _word(word) if word else ""


def _word(text: str) -> str:
    return text if _CODE.fullmatch(text) else "other"
