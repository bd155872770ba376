"""The sign-in page: one button for each account, what a browser is sent back with, and administrators' consent.

Not here: tokens (`grants.py`), the other endpoints (`oauth.py`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Final
from urllib.parse import parse_qs

from syncd.sandbox.asgi import Reply, Request
from syncd.sandbox.authorization import choices, page, sent_back
from syncd.sandbox.microsoft.authority import Code
from syncd.sandbox.microsoft.grants import OFFLINE, of_person, scopes_of
from syncd.sandbox.microsoft.refusals import NUMBERS, sentence
from syncd.sandbox.microsoft.state import MicrosoftState
from syncd.sandbox.microsoft.values import Account

TENANTS: Final = ("common", "organizations", "consumers")
IDENTITY_SCOPES: Final = frozenset({"openid", "profile", "email", "offline_access"})
_GRAPH_SCOPE: Final = re.compile(r"[A-Za-z]+(\.[A-Za-z]+)+")
_PROMPTS: Final = ("login", "none", "consent", "select_account", "")


@dataclass(frozen=True, slots=True)
class Asked:
    """A valid authorization request (RFC 6749, 4.1.1)."""

    tenant: str
    client_id: str
    redirect_uri: str
    scopes: frozenset[str]
    state: str | None
    challenge: str | None
    plain: bool
    prompt: str
    login_hint: str | None
    nonce: str | None
    by_form: bool

    def back(self, answer: Mapping[str, str]) -> Reply:
        """Send the browser to the client with an answer and the client's state."""
        told = dict(answer) if self.state is None else {**answer, "state": self.state}
        if not self.by_form:
            return sent_back(self.redirect_uri, told)
        fields = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">' for name, value in told.items()
        )
        form = f'<form method="post" action="{escape(self.redirect_uri)}">{fields}<button>Continue</button></form>'
        return page(200, f"{form}<script>document.forms[0].submit()</script>")

    def refused(self, number: int, error: str | None = None) -> Reply:
        """Send it back with an error."""
        return self.back({"error": error or NUMBERS[number][1], "error_description": sentence(number)})


class ConsentError(Exception):
    """A request that must not be sent back to its redirect address; the argument is the AADSTS number shown."""

    def __init__(self, number: int) -> None:
        super().__init__(sentence(number))


def in_tenant(account: Account, tenant: str) -> bool:
    """Whether an account may sign in there: by name, by id, or by the domain of its addresses."""
    if tenant in TENANTS:
        return tenant == "common" or account.personal == (tenant == "consumers")
    return tenant == account.tid or (tenant == account.email.partition("@")[2] and not account.personal)


def is_tenant(state: MicrosoftState, tenant: str) -> bool:
    """Whether a tenant exists."""
    return tenant in TENANTS or any(in_tenant(account, tenant) for account in state.accounts.values())


def answer(state: MicrosoftState, tenant: str, request: Request) -> Reply:
    """`authorize`: the page (GET), or what a pressed button brings (POST)."""
    try:
        asked = _read_asked(state, tenant, request)
    except ConsentError as error:
        return page(400, f"<h1>Sign in</h1><p>{escape(str(error))}</p>")
    if request.method == "POST":
        return _pressed(state, asked, request)
    if asked.prompt == "none":
        return _silent(state, asked)
    emails = [email for email, account in state.accounts.items() if in_tenant(account, tenant)]
    wanted = "".join(f"<li>{escape(scope)}</li>" for scope in sorted(asked.scopes))
    address = f"{request.path}?{request.query}"
    return page(200, f"<h1>Pick an account</h1><ul>{wanted}</ul>{choices(address, emails)}")


def answer_admin(state: MicrosoftState, tenant: str, request: Request) -> Reply:
    """`adminconsent`: an administrator allows a client for the whole tenant, and is sent back."""
    found = _parameters(request.query)
    client = state.authority.clients.get(found.get("client_id", ""))
    if client is None or found.get("redirect_uri") not in client.redirect_uris or tenant == "consumers":
        return page(400, f"<h1>Sign in</h1><p>{escape(sentence(700016 if client is None else 50011))}</p>")
    accounts = {
        email: account
        for email, account in state.accounts.items()
        if in_tenant(account, tenant) and not account.personal
    }
    if request.method != "POST":
        return page(200, f"<h1>Permissions requested</h1>{choices(f'{request.path}?{request.query}', accounts)}")
    form = parse_qs(request.body.decode("latin-1"))
    account = accounts.get(form.get("account", [""])[0])
    told = {"state": found["state"]} if "state" in found else {}
    if "deny" in form or account is None:
        refused = {"error": "access_denied", "error_description": sentence(65004)}
        return sent_back(found["redirect_uri"], refused | told)
    state.authority.approved.add((account.tid, client.id))
    return sent_back(found["redirect_uri"], {"admin_consent": "True", "tenant": account.tid} | told)


def _parameters(query: str) -> dict[str, str]:
    return {name: " ".join(values) for name, values in parse_qs(query).items()}


def _read_asked(state: MicrosoftState, tenant: str, request: Request) -> Asked:
    """Raises ConsentError for an unknown tenant, client or redirect address, and for what makes no sense."""
    found = _parameters(request.query)
    if not is_tenant(state, tenant):
        raise ConsentError(90002)
    client = state.authority.clients.get(found.get("client_id", ""))
    if client is None:
        raise ConsentError(700016)
    if found.get("redirect_uri") not in client.redirect_uris:
        raise ConsentError(50011)
    scopes = scopes_of(found.get("scope", ""), f"http://{request.headers.get('host', '')}")
    if not scopes or not all(scope in IDENTITY_SCOPES or _GRAPH_SCOPE.fullmatch(scope) for scope in scopes):
        raise ConsentError(70011)
    method, mode = found.get("code_challenge_method", "plain"), found.get("response_mode", "query")
    known = method in ("plain", "S256") and mode in ("query", "form_post") and found.get("prompt", "") in _PROMPTS
    if found.get("response_type") != "code" or not known:
        raise ConsentError(90023)
    return Asked(
        tenant=tenant,
        client_id=client.id,
        redirect_uri=found["redirect_uri"],
        scopes=scopes,
        state=found.get("state"),
        challenge=found.get("code_challenge"),
        plain=method == "plain",
        prompt=found.get("prompt", ""),
        login_hint=found.get("login_hint"),
        nonce=found.get("nonce"),
        by_form=mode == "form_post",
    )


def _silent(state: MicrosoftState, asked: Asked) -> Reply:
    """Without a page only what the person has consented to already."""
    account = state.accounts.get(asked.login_hint or "")
    if account is None or not in_tenant(account, asked.tenant):
        return asked.refused(50058)
    known = [grant.scopes for grant in of_person(state, asked.client_id, account.email) if grant.ended is None]
    if not asked.scopes <= frozenset().union(*known):
        return asked.refused(65001, "consent_required")
    return asked.back(_consented(state, asked, account, asked.scopes))


def _pressed(state: MicrosoftState, asked: Asked, request: Request) -> Reply:
    form = parse_qs(request.body.decode("latin-1"))
    account = state.accounts.get(form.get("account", [""])[0])
    if "deny" in form or account is None or not in_tenant(account, asked.tenant):
        return asked.refused(90094 if form.get("deny") == ["90094"] else 65004)
    authority = state.authority
    if account.tid in authority.closed and (account.tid, asked.client_id) not in authority.approved:
        return _needs_admin(state, asked, request)
    granted = frozenset(state.switches["granted_scopes"])
    scopes = asked.scopes & granted if granted else asked.scopes
    return asked.back(_consented(state, asked, account, scopes))


def _needs_admin(state: MicrosoftState, asked: Asked, request: Request) -> Reply:
    """Only an administrator can consent: the person is told so, and goes back without."""
    told = state.switches["admin_consent"]
    if told != "page":
        return asked.refused(90094, told)
    way_back = (
        f'<form method="post" action="{escape(f"{request.path}?{request.query}")}">'
        '<button name="deny" value="90094">Return to the application without granting consent</button></form>'
    )
    return page(200, f"<h1>Need admin approval</h1><p>{escape(sentence(90094))}</p>{way_back}")


def _consented(state: MicrosoftState, asked: Asked, account: Account, scopes: frozenset[str]) -> dict[str, str]:
    text = f"M.C5_{state.opaque('code', state.serial())}"
    state.authority.codes[text] = Code(
        client_id=asked.client_id,
        email=account.email,
        scopes=scopes,
        redirect_uri=asked.redirect_uri,
        challenge=asked.challenge,
        plain=asked.plain,
        offline=OFFLINE in scopes,
        nonce=asked.nonce,
        issued=state.clock.now(),
    )
    return {"code": text, "session_state": state.opaque("session", account.oid)[:32]}
