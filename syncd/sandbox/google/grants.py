"""Tokens: given for a code, refreshed, ended by people, by time and by the cap; and who a call's token stands for.

Not here: the endpoints (`oauth.py`) and the consent page (`consent.py`).
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final

from syncd.sandbox.google.errors import GoogleError
from syncd.sandbox.google.state import GoogleState
from syncd.sandbox.google.values import AccessToken, Grant

CALENDAR_SCOPE: Final = "https://www.googleapis.com/auth/calendar"
EMAIL_SCOPES: Final = frozenset({"email", "https://www.googleapis.com/auth/userinfo.email"})
ACCESS_SECONDS: Final = 3600
TESTING_DAYS: Final = 7


def add_grant(
    state: GoogleState, client_id: str, email: str, scopes: Collection[str], *, offline: bool = True
) -> Grant:
    """A person's consent, with a refresh token when offline; beyond the cap the oldest such token dies."""
    now = state.clock.now()
    refresh = f"1//{state.opaque('refresh', state.serial())}" if offline else None
    grant = Grant(client_id, email, frozenset(scopes), now, now, refresh)
    state.grants.append(grant)
    cap = state.switches["refresh_token_cap"]
    live = [g for g in of_person(state, client_id, email) if g.refresh_token and is_alive(state, g)]
    for oldest in live[: max(0, len(live) - cap)]:
        oldest.revoked = True
    return grant


def add_access(state: GoogleState, grant: Grant, scopes: Collection[str] | None = None) -> str:
    """A new access token of a grant; earlier ones stay good until they expire."""
    text = f"ya29.{state.opaque('access', state.serial())}"
    expires = state.clock.now() + timedelta(seconds=ACCESS_SECONDS)
    state.access_tokens[text] = AccessToken(grant, frozenset(scopes or grant.scopes), expires)
    return text


def of_person(state: GoogleState, client_id: str | None, email: str) -> list[Grant]:
    """Grants of one person to one client, or to all."""
    return [g for g in state.grants if g.email == email and client_id in (None, g.client_id)]


def is_alive(state: GoogleState, grant: Grant) -> bool:
    """Whether a grant still refreshes."""
    now = state.clock.now()
    account = state.accounts.get(grant.email)
    if grant.revoked or account is None or account.disabled:
        return False
    if state.switches["consent_testing"] and grant.issued + timedelta(days=TESTING_DAYS) <= now:
        return False
    idle = state.switches["refresh_token_idle_days"]
    return not idle or grant.used + timedelta(days=idle) > now


def find_refresh(state: GoogleState, token: str) -> Grant | None:
    """The living grant of a refresh token."""
    found = next((g for g in state.grants if g.refresh_token == token), None)
    return found if found is not None and is_alive(state, found) else None


def refresh(state: GoogleState, grant: Grant) -> str | None:
    """Note that a refresh token was used; a new one when they rotate."""
    grant.used = state.clock.now()
    if not state.switches["rotate_refresh_tokens"]:
        return None
    grant.refresh_token = f"1//{state.opaque('refresh', state.serial())}"
    return grant.refresh_token


def revoke(state: GoogleState, email: str, client_id: str | None = None) -> int:
    """End all that a person allowed a client (or any client): refresh tokens and access tokens. Returns how many."""
    ended = [g for g in of_person(state, client_id, email) if not g.revoked]
    for grant in ended:
        grant.revoked = True
    return len(ended)


def revoke_token(state: GoogleState, token: str) -> bool:
    """Either kind of token ends the whole grant. False for an unknown or dead one."""
    held = state.access_tokens.get(token)
    grant = held.grant if held is not None else find_refresh(state, token)
    if grant is None or grant.revoked:
        return False
    return revoke(state, grant.email, grant.client_id) > 0


def peek(state: GoogleState, authorization: str) -> AccessToken | None:
    """The living access token of an Authorization header."""
    kind, _, text = authorization.partition(" ")
    found = state.access_tokens.get(text.strip()) if kind.casefold() == "bearer" else None
    if found is None or found.grant.revoked or found.expires <= state.clock.now():
        return None
    account = state.accounts.get(found.grant.email)
    return None if account is None or account.disabled else found


def caller(state: GoogleState, authorization: str) -> AccessToken:
    """Who sends this header. 401 for an unknown, expired or ended token."""
    found = peek(state, authorization)
    if found is None:
        headers = {"www-authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'}
        raise GoogleError("authError", where=("header", "Authorization"), headers=headers)
    return found


def require(state: GoogleState, token: AccessToken, scopes: Collection[str]) -> None:
    """403 unless the token carries one of the scopes."""
    if not token.scopes & set(scopes):
        headers = {"www-authenticate": 'Bearer error="insufficient_scope"'}
        message = "Request had insufficient authentication scopes."
        raise GoogleError(state.switches["scope_reason"], message, status=403, headers=headers)
