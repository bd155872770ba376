"""Who may ask: tokens by client credentials, permission scopes, and the limit of requests per minute.

Not here: what the permitted calls do.
"""

import hashlib
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from syncd.sandbox.wix.errors import Json, WixError, forbidden
from syncd.sandbox.wix.state import Site, WixState
from syncd.sandbox.wix.values import Caller

TOKEN_SECONDS = 14400

MANAGE = "SCOPE.DC-CALENDAR.MANAGE"
READ = "SCOPE.DC-CALENDAR.READ-PUBLIC"
READ_PI = "SCOPE.DC-CALENDAR.READ-PI"
MANAGE_EXTERNAL = "SCOPE.DC-BOOKINGS.MANAGE-EXTERNAL-CALENDARS"
ALL_SCOPES = frozenset({MANAGE, READ, READ_PI, MANAGE_EXTERNAL})


class OAuthError(Exception):
    """A refusal in the shape of RFC 6749, 5.2."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error

    def body(self) -> Json:
        """`error` and `error_description`."""
        return {"error": self.error, "error_description": str(self)}


@dataclass(frozen=True, slots=True)
class Grant:
    """A token that was given out."""

    instance_id: str
    app_id: str
    issued: datetime
    expires: datetime


@dataclass(slots=True)
class Access:
    """Tokens given out so far and the requests of the last minute."""

    state: WixState
    _grants: dict[str, Grant] = field(default_factory=dict)
    _recent: dict[tuple[str, str], deque[datetime]] = field(default_factory=dict)

    def token(self, body: Mapping[str, object]) -> Json:
        """A new access token; earlier ones stay good until they expire. Raises OAuthError."""
        names = ("grant_type", "client_id", "client_secret", "instance_id")
        values = {name: body.get(name) for name in names}
        missing = [name for name, value in values.items() if not isinstance(value, str)]
        if missing:
            raise OAuthError(400, "invalid_request", f"missing: {', '.join(missing)}")
        grant_type, app_id, secret, instance_id = (str(values[name]) for name in names)
        if grant_type != "client_credentials":
            raise OAuthError(400, "unsupported_grant_type", f"{grant_type} is not supported")
        if self.state.apps.get(app_id) != secret:
            raise OAuthError(401, "invalid_client", "unknown client or wrong secret")
        site = self.state.sites.get(instance_id)
        if site is None or app_id not in site.scopes:
            raise OAuthError(400, "invalid_grant", "the app is not installed there")
        now = self.state.clock.now()
        grant = Grant(instance_id, app_id, now, now + timedelta(seconds=TOKEN_SECONDS))
        text = f"{instance_id}/{app_id}/{len(self._grants)}"
        token = f"OauthNG.JWS.{hashlib.sha256(text.encode()).hexdigest()}"
        self._grants[token] = grant
        return {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}

    def token_info(self, body: Mapping[str, object]) -> Json:
        """What a token stands for; `active` false for an unknown or expired one."""
        token = body.get("token")
        if not isinstance(token, str):
            raise OAuthError(400, "invalid_request", "missing: token")
        grant = self._grant(token)
        if grant is None:
            return {"active": False}
        return {
            "active": True,
            "subjectType": "APP",
            "subjectId": grant.app_id,
            "clientId": grant.app_id,
            "instanceId": grant.instance_id,
            "iat": int(grant.issued.timestamp()),
            "exp": int(grant.expires.timestamp()),
        }

    def revoke_all(self) -> int:
        """Make every token given out so far unknown."""
        count = len(self._grants)
        self._grants = {f"revoked/{token}": grant for token, grant in self._grants.items()}
        return count

    def caller(self, authorization: str) -> tuple[Caller, Site]:
        """Who sends this header, bare or with Bearer. Raises 401, or 429 over the limit."""
        token = authorization.removeprefix("Bearer ").strip()
        grant = self._grant(token)
        if grant is None:
            raise WixError(401, "no token, or a stale or unknown one")
        site = self.state.sites.get(grant.instance_id)
        if site is None or grant.app_id not in site.scopes:
            raise WixError(401, "the app was removed from the site")
        self._count(grant)
        return Caller(grant.instance_id, grant.app_id, site.scopes[grant.app_id]), site

    def _grant(self, token: str) -> Grant | None:
        grant = self._grants.get(token)
        if grant is None or grant.expires <= self.state.clock.now() or token.startswith("revoked/"):
            return None
        return grant

    def _count(self, grant: Grant) -> None:
        limit = self.state.switches["rate_limit_per_minute"]
        now = self.state.clock.now()
        recent = self._recent.setdefault((grant.instance_id, grant.app_id), deque())
        while recent and not now - timedelta(minutes=1) < recent[0] <= now:
            recent.popleft()
        if limit and len(recent) >= limit:
            headers = {"Retry-After": "60"} if self.state.switches["retry_after"] else {}
            raise WixError(429, "too many requests", headers=headers)
        recent.append(now)


def require(caller: Caller, *scopes: str) -> None:
    """403 unless the app was granted one of these."""
    if not caller.scopes & set(scopes):
        raise forbidden(f"missing permission: {' or '.join(scopes)}")


def sees_pi(caller: Caller, site: Site, wanted: list[str]) -> bool:
    """Whether the answer may carry personal data. 403 when asked for and not granted (a switch)."""
    if not wanted:
        return False
    if READ_PI in caller.scopes:
        return True
    if site.switches["pi_without_permission"] == "403":
        raise forbidden(f"missing permission: {READ_PI}")
    return False
