"""What the authority (login.microsoftonline.com) remembers, as values: clients, codes, grants, tokens.

Not here: how long they are good (`grants.py`), the pages (`consent.py`) and endpoints (`oauth.py`).
"""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from syncd.sandbox import authorization


@dataclass(slots=True)
class Client:
    """An app registration of a confidential client. An expired secret is refused with a code of its own."""

    id: str
    secret: str
    redirect_uris: tuple[str, ...]
    expired: bool = False


@dataclass(slots=True)
class Grant:
    """What one person allowed one client. `ended` says why it is over: withdrawn or password."""

    client_id: str
    email: str
    scopes: frozenset[str]
    issued: datetime
    ended: str | None = None


@dataclass(slots=True)
class RefreshToken:
    """One refresh token of a grant; `replaced` is when a newer one was given for it."""

    grant: Grant
    issued: datetime
    replaced: datetime | None = None


AccessToken: TypeAlias = authorization.Access[Grant]
Code: TypeAlias = authorization.Code


@dataclass(slots=True)
class Authority:
    """All of it: `MicrosoftState.authority`."""

    clients: dict[str, Client] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    redeemed: set[str] = field(default_factory=set)
    """Codes that were good once."""
    grants: list[Grant] = field(default_factory=list)
    access_tokens: dict[str, AccessToken] = field(default_factory=dict)
    refresh_tokens: dict[str, RefreshToken] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    """Tenants whose people cannot consent on their own."""
    approved: set[tuple[str, str]] = field(default_factory=set)
    """(tenant, client) that an administrator consented to."""

    def copy(self) -> "Authority":
        """The same, which does not change with this one."""
        return deepcopy(self)
