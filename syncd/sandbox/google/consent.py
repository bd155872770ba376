"""The consent page: one button per seeded account, and what a browser is sent back with.

Not here: tokens (`grants.py`), the other endpoints (`oauth.py`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qs

from syncd.sandbox.asgi import Reply
from syncd.sandbox.authorization import choices, page, sent_back
from syncd.sandbox.google.grants import of_person
from syncd.sandbox.google.state import GoogleState
from syncd.sandbox.google.values import Code

AUTH_PATH = "/o/oauth2/v2/auth"
_KNOWN_SCOPES = ("openid", "email", "profile", "https://www.googleapis.com/auth/")


@dataclass(frozen=True, slots=True)
class Asked:
    """A valid authorization request (RFC 6749, 4.1.1)."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str | None
    challenge: str | None
    plain: bool
    offline: bool
    prompts: frozenset[str]
    login_hint: str | None
    nonce: str | None
    merged: bool

    def back(self, answer: Mapping[str, str]) -> Reply:
        """Send the browser to the client with an answer and the client's state."""
        told = dict(answer) if self.state is None else {"state": self.state, **answer}
        return sent_back(self.redirect_uri, told)


class ConsentError(Exception):
    """A request that must not be sent back to its redirect address; shown to the person."""


def answer_get(state: GoogleState, query: str) -> Reply:
    """The page; with `prompt=none` and `login_hint` the browser goes back at once."""
    try:
        asked = read_asked(state, query)
    except ConsentError as error:
        return page(400, f"<h1>Error 400: {escape(str(error))}</h1>")
    if "none" not in asked.prompts:
        return page(200, _choices(state, asked, query))
    if asked.login_hint not in state.accounts:
        return asked.back({"error": "login_required"})
    ticked = state.switches["token_scopes"] or asked.scopes
    return asked.back(_consented(state, asked, asked.login_hint, ticked))


def answer_post(state: GoogleState, query: str, body: bytes) -> Reply:
    """A button of the page was pressed: `account` chosen with the ticked `scope`s, or `deny`."""
    try:
        asked = read_asked(state, query)
    except ConsentError as error:
        return page(400, f"<h1>Error 400: {escape(str(error))}</h1>")
    form = parse_qs(body.decode("latin-1"))
    email = form.get("account", [""])[0]
    if "deny" in form or email not in state.accounts:
        return asked.back({"error": "access_denied"})
    ticked = state.switches["token_scopes"] or form.get("scope", [])
    return asked.back(_consented(state, asked, email, ticked))


def read_asked(state: GoogleState, query: str) -> Asked:
    """Raises ConsentError for an unknown client or redirect address, and for what makes no sense."""
    found = {name: " ".join(values) for name, values in parse_qs(query).items()}
    client = state.clients.get(found.get("client_id", ""))
    if client is None:
        raise ConsentError("invalid_client")
    if found.get("redirect_uri") not in client.redirect_uris:
        raise ConsentError("redirect_uri_mismatch")
    if found.get("response_type") != "code":
        raise ConsentError("unsupported_response_type")
    scopes = tuple(dict.fromkeys(found.get("scope", "").split()))
    if not scopes or not all(scope.startswith(_KNOWN_SCOPES) for scope in scopes):
        raise ConsentError("invalid_scope")
    method = found.get("code_challenge_method", "plain")
    if method not in ("plain", "S256") or found.get("access_type", "online") not in ("online", "offline"):
        raise ConsentError("invalid_request")
    return Asked(
        client_id=client.id,
        redirect_uri=found["redirect_uri"],
        scopes=scopes,
        state=found.get("state"),
        challenge=found.get("code_challenge"),
        plain=method == "plain",
        offline=found.get("access_type") == "offline",
        prompts=frozenset(found.get("prompt", "").split()),
        login_hint=found.get("login_hint"),
        nonce=found.get("nonce"),
        merged=found.get("include_granted_scopes") == "true",
    )


def _consented(state: GoogleState, asked: Asked, email: str, ticked: list[str] | tuple[str, ...]) -> dict[str, str]:
    known = {grant.email for grant in state.grants if grant.client_id == asked.client_id}
    most = state.switches["consent_users"]
    if most and email not in known and len(known) >= most:
        return {"error": "access_denied"}
    scopes = frozenset(asked.scopes) & ({"openid"} | set(ticked))
    earlier = [grant for grant in of_person(state, asked.client_id, email) if not grant.revoked]
    if asked.merged:
        scopes = scopes.union(*(grant.scopes for grant in earlier))
    code = f"4/0A{state.opaque('code', state.serial())[:60]}"
    state.codes[code] = Code(
        client_id=asked.client_id,
        email=email,
        scopes=scopes,
        redirect_uri=asked.redirect_uri,
        challenge=asked.challenge,
        plain=asked.plain,
        # A refresh token comes with the first consent only, unless consent is asked for again.
        offline=asked.offline and (not earlier or "consent" in asked.prompts),
        nonce=asked.nonce,
        issued=state.clock.now(),
    )
    return {"code": code, "scope": " ".join(sorted(scopes))}


def _choices(state: GoogleState, asked: Asked, query: str) -> str:
    boxes = "".join(
        f'<label><input type="checkbox" name="scope" value="{escape(scope)}" checked> {escape(scope)}</label><br>'
        for scope in asked.scopes
    )
    unverified = state.switches["consent_testing"] or state.switches["consent_users"]
    warning = "<p>Google has not verified this app.</p>" if unverified else ""
    return f"<h1>Choose an account</h1>{warning}{choices(f'{AUTH_PATH}?{query}', state.accounts, boxes)}"
