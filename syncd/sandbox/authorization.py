"""What simulated authorization servers do alike: forms, PKCE, refusals, the way back (RFC 6749 and 7636).

Not here: what a server grants and how it words itself (each simulator's `oauth.py` and `consent.py`).
"""

import hashlib
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Any, Final, Generic, TypeVar
from urllib.parse import parse_qs, parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from syncd.sandbox.asgi import Reply, Request

_CODE_LIFE: Final = timedelta(minutes=10)


G = TypeVar("G")


@dataclass(frozen=True)  # slots and a subscripted alias do not go together (Python 3.11)
class Access(Generic[G]):
    """What an access token stands for, with a simulator's own kind of grant."""

    grant: G
    scopes: frozenset[str]
    expires: datetime


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code and all that it is bound to (RFC 6749, 4.1; RFC 7636)."""

    client_id: str
    email: str
    scopes: frozenset[str]
    redirect_uri: str
    challenge: str | None
    plain: bool
    offline: bool
    nonce: str | None
    issued: datetime


class OAuthError(Exception):
    """A refusal in the shape of RFC 6749, 5.2; `more` joins it."""

    def __init__(self, error: str, description: str, status: int = 400, more: Mapping[str, Any] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.more = dict(more or {})

    def reply(self) -> Reply:
        """`error` and `error_description`."""
        return Reply.of(self.status, {"error": self.error, "error_description": str(self), **self.more}, {})


def read_form(request: Request) -> dict[str, str]:
    """The fields of a form. Raises OAuthError for what is none, or repeats one."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip()
    if kind != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "a form is needed")
    found = parse_qs(request.body.decode("latin-1"))
    if any(len(values) > 1 for values in found.values()):
        raise OAuthError("invalid_request", "a parameter is repeated")
    return {name: values[0] for name, values in found.items()}


def client_proof(request: Request, form: Mapping[str, str]) -> tuple[str, str]:
    """Id and secret of a client, by HTTP Basic or by the body. Raises OAuthError for what is no Basic."""
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    if kind.casefold() != "basic":
        return form.get("client_id", ""), form.get("client_secret", "")
    try:
        ref, _, secret = map(unquote, b64decode(text, validate=True).decode().partition(":"))
    except ValueError as error:
        raise OAuthError("invalid_client", "Unauthorized", 401) from error
    return ref, secret


def is_fresh(issued: datetime, now: datetime) -> bool:
    """Whether a code is still good."""
    return issued + _CODE_LIFE > now


def proves(challenge: str | None, verifier: str | None, *, plain: bool) -> bool:
    """Whether a verifier belongs to a challenge; neither may come without the other (RFC 7636, 4.6)."""
    if challenge is None or verifier is None:
        return challenge is verifier
    if plain:
        return verifier == challenge
    digest = hashlib.sha256(verifier.encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=") == challenge


def sent_back(redirect_uri: str, told: Mapping[str, str]) -> Reply:
    """The browser goes back to the client."""
    parts = urlsplit(redirect_uri)
    query = urlencode([*parse_qsl(parts.query), *told.items()])
    return Reply(302, b"", {"location": urlunsplit(parts._replace(query=query))})


def page(status: int, content: str) -> Reply:
    """A page of the sign-in."""
    text = f"<!doctype html><html><head><title>Sign in</title></head><body>{content}</body></html>"
    return Reply(status, text.encode(), {"content-type": "text/html; charset=utf-8"})


def choices(address: str, emails: Iterable[str], before: str = "") -> str:
    """A form with a button for each account, and one to cancel."""
    buttons = "".join(f'<button name="account" value="{escape(email)}">{escape(email)}</button> ' for email in emails)
    return (
        f'<form method="post" action="{escape(address)}">{before}{buttons}'
        '<button name="deny" value="1">Cancel</button></form>'
    )
