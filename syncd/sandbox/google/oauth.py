"""The OAuth endpoints beside the consent page: token, revoke, userinfo, keys, discovery (RFC 6749, 7009, 7636, 8414).

Not here: how long tokens live (`grants.py`).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import parse_qs

from syncd.sandbox import signing
from syncd.sandbox.asgi import Reply, Request
from syncd.sandbox.authorization import OAuthError, client_proof, is_fresh, proves, read_form
from syncd.sandbox.google import consent, grants
from syncd.sandbox.google.errors import GoogleError, Json
from syncd.sandbox.google.state import GoogleState
from syncd.sandbox.google.values import Client, Code, Grant

PATHS: Final = (
    consent.AUTH_PATH,
    "/token",
    "/revoke",
    "/oauth2/v3/userinfo",
    "/oauth2/v3/certs",
    "/.well-known/openid-configuration",
)


def answer(state: GoogleState, request: Request) -> Reply:
    """The reply of one of PATHS; 405 for another HTTP method."""
    base = f"http://{request.headers.get('host', '')}"
    try:
        match request.method, request.path:
            case "GET", consent.AUTH_PATH:
                return consent.answer_get(state, request.query)
            case "POST", consent.AUTH_PATH:
                return consent.answer_post(state, request.query, request.body)
            case "POST", "/token":
                return Reply.of(200, _token(state, request, base), {"cache-control": "no-store"})
            case "POST", "/revoke":
                return _revoke(state, request)
            case "GET" | "POST", "/oauth2/v3/userinfo":
                return Reply.of(200, _userinfo(state, request), {})
            case "GET", "/oauth2/v3/certs":
                return Reply.of(200, signing.key_set(), {})
            case "GET", "/.well-known/openid-configuration":
                return Reply.of(200, _configuration(base), {})
    except OAuthError as error:
        return error.reply()
    except GoogleError as error:
        return Reply.of(error.status, error.envelope(), error.headers)
    return Reply(405, b"", {"content-type": "text/html"})


def _token(state: GoogleState, request: Request, base: str) -> Json:
    form = read_form(request)
    client = _client(state, request, form)
    match form.get("grant_type"):
        case "authorization_code":
            return _from_code(state, client, form, base)
        case "refresh_token":
            return _from_refresh(state, client, form)
    raise OAuthError("unsupported_grant_type", "Invalid grant_type")


def _client(state: GoogleState, request: Request, form: Mapping[str, str]) -> Client:
    """By HTTP Basic or by the body."""
    ref, secret = client_proof(request, form)
    client = state.clients.get(ref)
    if client is None:
        raise OAuthError("invalid_client", "The OAuth client was not found.", 401)
    if client.secret != secret:
        raise OAuthError("invalid_client", "Unauthorized", 401)
    return client


def _from_code(state: GoogleState, client: Client, form: Mapping[str, str], base: str) -> Json:
    code = state.codes.pop(form.get("code", ""), None)
    if code is None or code.client_id != client.id or not is_fresh(code.issued, state.clock.now()):
        raise OAuthError("invalid_grant", "Bad Request")
    if form.get("redirect_uri") != code.redirect_uri:
        raise OAuthError("redirect_uri_mismatch", "Bad Request")
    if not proves(code.challenge, form.get("code_verifier"), plain=code.plain):
        raise OAuthError("invalid_grant", "Invalid code verifier.")
    grant = grants.add_grant(state, client.id, code.email, code.scopes, offline=code.offline)
    answered = _tokens(state, grant, grant.scopes)
    if grant.refresh_token is not None:
        answered["refresh_token"] = grant.refresh_token
    if "openid" in grant.scopes:
        answered["id_token"] = signing.signed(_claims(state, grant, code, base))
    return answered


def _from_refresh(state: GoogleState, client: Client, form: Mapping[str, str]) -> Json:
    grant = grants.find_refresh(state, form.get("refresh_token", ""))
    if grant is None or grant.client_id != client.id:
        raise OAuthError("invalid_grant", "Token has been expired or revoked.")
    scopes = frozenset(form["scope"].split()) if "scope" in form else grant.scopes
    if not scopes <= grant.scopes:
        raise OAuthError("invalid_scope", "Some requested scopes were invalid.")
    rotated = grants.refresh(state, grant)
    answered = _tokens(state, grant, scopes)
    return answered if rotated is None else {**answered, "refresh_token": rotated}


def _tokens(state: GoogleState, grant: Grant, scopes: frozenset[str]) -> Json:
    answered: Json = {
        "access_token": grants.add_access(state, grant, scopes),
        "expires_in": grants.ACCESS_SECONDS - 1,
        "scope": " ".join(sorted(scopes)),
        "token_type": "Bearer",
    }
    if state.switches["consent_testing"] and grant.refresh_token is not None:
        left = grant.issued + timedelta(days=grants.TESTING_DAYS) - state.clock.now()
        answered["refresh_token_expires_in"] = int(left.total_seconds())
    return answered


def _claims(state: GoogleState, grant: Grant, code: Code, base: str) -> Json:
    now = int(state.clock.now().timestamp())
    claims = {
        "iss": base,
        "azp": grant.client_id,
        "aud": grant.client_id,
        **_identity(state, grant, grant.scopes),
        "iat": now,
        "exp": now + grants.ACCESS_SECONDS,
    }
    return claims if code.nonce is None else {**claims, "nonce": code.nonce}


def _identity(state: GoogleState, grant: Grant, scopes: frozenset[str]) -> Json:
    """`sub` always; the address only to those who were granted a scope for it."""
    account = state.accounts[grant.email]
    found: Json = {"sub": account.sub}
    if scopes & grants.EMAIL_SCOPES:
        found |= {"email": account.email, "email_verified": True}
    return found


def _userinfo(state: GoogleState, request: Request) -> Json:
    token = grants.caller(state, request.headers.get("authorization", ""))
    if not token.scopes & {"openid", *grants.EMAIL_SCOPES}:
        grants.require(state, token, ("openid",))
    return _identity(state, token.grant, token.scopes)


def _revoke(state: GoogleState, request: Request) -> Reply:
    texts = parse_qs(request.query).get("token") or [read_form(request).get("token", "")]
    if not grants.revoke_token(state, texts[0]):
        raise OAuthError("invalid_token", "Token expired or revoked")
    return Reply.of(200, {}, {})


def _configuration(base: str) -> Json:
    return {
        "issuer": base,
        "authorization_endpoint": f"{base}{consent.AUTH_PATH}",
        "token_endpoint": f"{base}/token",
        "revocation_endpoint": f"{base}/revoke",
        "userinfo_endpoint": f"{base}/oauth2/v3/userinfo",
        "jwks_uri": f"{base}/oauth2/v3/certs",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["plain", "S256"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    }
