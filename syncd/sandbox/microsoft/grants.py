"""Tokens: given, refreshed, rotated, ended by people and by time; and who a call's token stands for.

Not here: the endpoints (`oauth.py`) and the consent page (`consent.py`).
"""

from base64 import b64encode
from collections.abc import Collection
from datetime import timedelta
from typing import Final

from syncd.sandbox.microsoft.authority import AccessToken, Grant, RefreshToken
from syncd.sandbox.microsoft.errors import GraphError
from syncd.sandbox.microsoft.operations import OPERATIONS
from syncd.sandbox.microsoft.state import MicrosoftState

ACCESS_SECONDS: Final = 3600
OFFLINE: Final = "offline_access"
RESOURCE: Final = "https://graph.microsoft.com/"
_SPELLING: Final = {scope.casefold(): scope for operation in OPERATIONS for scope in operation.scopes}
_GRAPH: Final = "00000003-0000-0000-c000-000000000000"


def add_grant(state: MicrosoftState, client_id: str, email: str, scopes: Collection[str]) -> Grant:
    """A person's consent; what the person allowed this client before is kept."""
    earlier = [g.scopes for g in of_person(state, client_id, email) if g.ended is None]
    grant = Grant(client_id, email, frozenset(scopes).union(*earlier), state.clock.now())
    state.authority.grants.append(grant)
    return grant


def add_access(state: MicrosoftState, grant: Grant, scopes: Collection[str] | None = None) -> str:
    """A new access token of a grant; earlier ones stay good until they expire."""
    text = f"EwB{state.opaque('access', state.serial())}"
    expires = state.clock.now() + timedelta(seconds=ACCESS_SECONDS)
    wanted = grant.scopes if scopes is None else scopes
    state.authority.access_tokens[text] = AccessToken(grant, frozenset(wanted) - {OFFLINE}, expires)
    return text


def add_refresh(state: MicrosoftState, grant: Grant) -> str:
    """A new refresh token of a grant."""
    text = f"M.C1_{state.opaque('refresh', state.serial())}"
    state.authority.refresh_tokens[text] = RefreshToken(grant, state.clock.now())
    return text


def of_person(state: MicrosoftState, client_id: str | None, email: str) -> list[Grant]:
    """Grants of one person to one client, or to all."""
    return [g for g in state.authority.grants if g.email == email and client_id in (None, g.client_id)]


def is_expired(state: MicrosoftState, token: RefreshToken) -> bool:
    """Whether a refresh token is too old, or was replaced too long ago."""
    now = state.clock.now()
    days = state.switches["refresh_token_days"]
    if days and token.issued + timedelta(days=days) <= now:
        return True
    left = timedelta(seconds=state.switches["replaced_token_seconds"])
    return token.replaced is not None and token.replaced + left <= now


def rotate(state: MicrosoftState, text: str) -> str | None:
    """The refresh token that replaces a living one, which may live on for a while; None when they do not rotate."""
    if state.switches["refresh_rotation"] == "never":
        return None
    token = state.authority.refresh_tokens[text]
    if token.replaced is None:
        token.replaced = state.clock.now()
    return add_refresh(state, token.grant)


def revoke(state: MicrosoftState, email: str, client_id: str | None = None, why: str = "withdrawn") -> int:
    """End all that a person allowed a client (or any client): `withdrawn`, or by a new `password`. Returns how many."""
    ended = [g for g in of_person(state, client_id, email) if g.ended is None]
    for grant in ended:
        grant.ended = why
    return len(ended)


def peek(state: MicrosoftState, authorization: str) -> AccessToken | None:
    """The living access token of an Authorization header."""
    kind, _, text = authorization.partition(" ")
    found = state.authority.access_tokens.get(text.strip()) if kind.casefold() == "bearer" else None
    if found is None or found.expires <= state.clock.now():
        return None
    if found.grant.ended is not None and state.switches["revoked_access"] == "ends":
        return None
    account = state.accounts.get(found.grant.email)
    return None if account is None or account.disabled else found


def caller(state: MicrosoftState, authorization: str, base_url: str) -> AccessToken:
    """Who sends this header. 401 for an unknown, expired or ended token."""
    found = peek(state, authorization)
    if found is None:
        message = "" if authorization else "Access token is empty."
        raise GraphError("InvalidAuthenticationToken", message, headers=_challenge(base_url))
    return found


def challenge(base_url: str) -> GraphError:
    """401 that only a person can resolve, by signing in again with these claims."""
    claims = b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1795176000"}}}').decode()
    more = f', error="insufficient_claims", claims="{claims}"'
    message = (
        "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
        "TokenIssuedBeforeRevocationTimestamp"
    )
    return GraphError("InvalidAuthenticationToken", message, headers=_challenge(base_url, more))


def require(token: AccessToken, scopes: Collection[str]) -> None:
    """403 unless the token carries one of the scopes."""
    if not token.scopes & set(scopes):
        raise GraphError("ErrorAccessDenied")


def _challenge(base_url: str, more: str = "") -> dict[str, str]:
    where = f'authorization_uri="{base_url}/common/oauth2/authorize", client_id="{_GRAPH}"'
    return {"www-authenticate": f'Bearer realm="", {where}{more}'}


def scopes_of(text: str, base_url: str) -> frozenset[str]:
    """Scopes as they were asked for, without the address of Graph before them; known ones in their own spelling."""
    words = (word.removeprefix(RESOURCE).removeprefix(f"{base_url}/") for word in text.split())
    return frozenset(_SPELLING.get(word.casefold(), word) for word in words)
