"""The authority's endpoints beside the sign-in page: token, keys, discovery, sign-out (RFC 6749, 7636; OpenID Connect).

There is none to revoke a token, as in reality. Not here: how long tokens live (`grants.py`).
"""

import json
import re
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from syncd.sandbox import signing
from syncd.sandbox.asgi import Reply, Request
from syncd.sandbox.authorization import OAuthError, client_proof, is_fresh, page, proves, read_form, sent_back
from syncd.sandbox.microsoft import consent, grants
from syncd.sandbox.microsoft.authority import Client, Code, Grant
from syncd.sandbox.microsoft.errors import Json
from syncd.sandbox.microsoft.refusals import refusal
from syncd.sandbox.microsoft.state import MicrosoftState

_ADDRESS: Final = re.compile(
    r"/(?P<tenant>[^/]+)/(?P<endpoint>oauth2/v2\.0/(?:authorize|token|logout)|v2\.0/\.well-known/openid-configuration"
    r"|discovery/v2\.0/keys|(?:v2\.0/)?adminconsent)"
)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Tokens to be given: of which grant, with which scopes."""

    grant: Grant
    scopes: frozenset[str]
    nonce: str | None
    base: str


def endpoint(path: str) -> tuple[str, str] | None:
    """Tenant and short name (authorize, token, logout, openid-configuration, keys, adminconsent) of an address."""
    found = _ADDRESS.fullmatch(path)
    return None if found is None else (found["tenant"], found["endpoint"].rpartition("/")[2])


def answer(state: MicrosoftState, request: Request, do: Mapping[str, Any]) -> Reply:
    """The reply of an address that `endpoint` knows; 405 for another HTTP method."""
    tenant, name = endpoint(request.path) or ("", "")
    base = f"http://{request.headers.get('host', '')}"
    try:
        match request.method, name:
            case "GET" | "POST", "authorize":
                return consent.answer(state, tenant, request)
            case "GET" | "POST", "adminconsent":
                return consent.answer_admin(state, tenant, request)
            case "POST", "token":
                return _token_reply(state, tenant, request, do)
            case "GET", "keys":
                return Reply.of(200, signing.key_set(), {})
            case "GET", "openid-configuration":
                return Reply.of(200, _configuration(state, base, tenant), {})
            case "GET" | "POST", "logout":
                return _signed_out(state, request)
    except OAuthError as error:
        return error.reply()
    return Reply(405, b"", {"content-type": "text/html"})


def _token_reply(state: MicrosoftState, tenant: str, request: Request, do: Mapping[str, Any]) -> Reply:
    if "refuse_token" in do:
        told = {name: value for name, value in do["refuse_token"].items() if name != "code"}
        raise refusal(state, do["refuse_token"]["code"], told)
    if not consent.is_tenant(state, tenant):
        raise refusal(state, 90002)
    try:
        form = read_form(request)
    except OAuthError as error:
        raise refusal(state, 900144) from error
    answered = _token(state, request, form)
    return Reply.of(200, answered, {"cache-control": "no-store, no-cache", "pragma": "no-cache"})


def _token(state: MicrosoftState, request: Request, form: Mapping[str, str]) -> Json:
    client = _client(state, request, form)
    base = f"http://{request.headers.get('host', '')}"
    match form.get("grant_type"):
        case "authorization_code":
            code = _redeemed(state, client, form)
            grant = grants.add_grant(state, client.id, code.email, code.scopes)
            return _tokens(state, _Wanted(grant, code.scopes, code.nonce, base), form)
        case "refresh_token":
            return _from_refresh(state, client, form, base)
    raise refusal(state, 70003)


def _client(state: MicrosoftState, request: Request, form: Mapping[str, str]) -> Client:
    """By HTTP Basic or by the body."""
    ref, secret = client_proof(request, form)
    client = state.authority.clients.get(ref)
    if client is None:
        raise refusal(state, 700016)
    if not secret:
        raise refusal(state, 7000218)
    if client.secret != secret:
        raise refusal(state, 7000215)
    if client.expired:
        raise refusal(state, 7000222)
    return client


def _redeemed(state: MicrosoftState, client: Client, form: Mapping[str, str]) -> Code:
    """The code of a request, which is good once. Raises OAuthError for one that is not good, or not here."""
    text = form.get("code", "")
    code = state.authority.codes.pop(text, None)
    if code is None or code.client_id != client.id:
        raise refusal(state, 54005 if text in state.authority.redeemed else 70000)
    state.authority.redeemed.add(text)
    if not is_fresh(code.issued, state.clock.now()):
        raise refusal(state, 70008)
    if form.get("redirect_uri") != code.redirect_uri:
        raise refusal(state, 500112)
    if not proves(code.challenge, form.get("code_verifier"), plain=code.plain):
        raise refusal(state, 501481)
    return code


def _from_refresh(state: MicrosoftState, client: Client, form: Mapping[str, str], base: str) -> Json:
    text = form.get("refresh_token", "")
    token = state.authority.refresh_tokens.get(text)
    if token is None or token.grant.client_id != client.id:
        raise refusal(state, 70000)
    grant = token.grant
    if state.accounts[grant.email].disabled:
        raise refusal(state, 50057)
    if grant.ended is not None:
        raise refusal(state, 50173 if grant.ended == "password" else 65001)
    if grants.is_expired(state, token):
        raise refusal(state, 700082)
    scopes = grants.scopes_of(form["scope"], base) if form.get("scope") else grant.scopes
    if not scopes - consent.IDENTITY_SCOPES <= grant.scopes:
        raise refusal(state, 65001)
    return _tokens(state, _Wanted(grant, scopes & grant.scopes, None, base), form, renewing=text)


def _tokens(state: MicrosoftState, wanted: _Wanted, form: Mapping[str, str], renewing: str | None = None) -> Json:
    answered: Json = {
        "token_type": "Bearer",
        "scope": _shown_scopes(state, wanted),
        "expires_in": grants.ACCESS_SECONDS - 1,
        "ext_expires_in": grants.ACCESS_SECONDS - 1,
        "access_token": grants.add_access(state, wanted.grant, wanted.scopes),
    }
    if renewing is not None:
        rotated = grants.rotate(state, renewing)
        answered |= {} if rotated is None else {"refresh_token": rotated}
    elif grants.OFFLINE in wanted.scopes:
        answered["refresh_token"] = grants.add_refresh(state, wanted.grant)
    if "openid" in wanted.scopes:
        answered["id_token"] = signing.signed(_claims(state, wanted))
    if form.get("client_info") == "1":
        account = state.accounts[wanted.grant.email]
        told = json.dumps({"uid": account.oid, "utid": account.tid})
        answered["client_info"] = urlsafe_b64encode(told.encode()).decode().rstrip("=")
    return answered


def _shown_scopes(state: MicrosoftState, wanted: _Wanted) -> str:
    """Graph's own ones by switch as URIs below its address."""
    full = state.switches["token_scopes"] == "full"
    named = [
        scope if scope in consent.IDENTITY_SCOPES or not full else f"{wanted.base}/{scope}" for scope in wanted.scopes
    ]
    return " ".join(sorted(name for name in named if name != grants.OFFLINE))


def _claims(state: MicrosoftState, wanted: _Wanted) -> Json:
    """Address, name and object id only to those who were granted a scope for it."""
    account = state.accounts[wanted.grant.email]
    now = int(state.clock.now().timestamp())
    claims: Json = {
        "ver": "2.0",
        "iss": f"{wanted.base}/{account.tid}/v2.0",
        "aud": wanted.grant.client_id,
        "sub": state.opaque("sub", wanted.grant.client_id, account.oid)[:43],
        "tid": account.tid,
        "iat": now,
        "nbf": now,
        "exp": now + grants.ACCESS_SECONDS,
    }
    if "profile" in wanted.scopes:
        claims |= {"oid": account.oid, "name": account.name, "preferred_username": account.email}
    if "email" in wanted.scopes:
        claims["email"] = account.email
    return claims if wanted.nonce is None else {**claims, "nonce": wanted.nonce}


def _signed_out(state: MicrosoftState, request: Request) -> Reply:
    wanted = parse_qs(request.query).get("post_logout_redirect_uri", [""])[0]
    known = {uri for client in state.authority.clients.values() for uri in client.redirect_uris}
    return sent_back(wanted, {}) if wanted in known else page(200, "<h1>You signed out of your account</h1>")


def _configuration(state: MicrosoftState, base: str, tenant: str) -> Json:
    """For a tenant by name the issuer is a pattern, for another it is its own."""
    if not consent.is_tenant(state, tenant):
        raise refusal(state, 90002)
    own = next((account.tid for account in state.accounts.values() if consent.in_tenant(account, tenant)), tenant)
    issuer = "{tenantid}" if tenant in ("common", "organizations") else own
    return {
        "issuer": f"{base}/{issuer}/v2.0",
        "authorization_endpoint": f"{base}/{tenant}/oauth2/v2.0/authorize",
        "token_endpoint": f"{base}/{tenant}/oauth2/v2.0/token",
        "end_session_endpoint": f"{base}/{tenant}/oauth2/v2.0/logout",
        "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": sorted(consent.IDENTITY_SCOPES),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    }
