"""Who asks: Basic credentials and the refusals of them.

Not here: what an account may do with a place (`service.py`, `calls.py`).
"""

import base64
import binascii

from syncd.sandbox.asgi import Request
from syncd.sandbox.caldav.errors import Refused
from syncd.sandbox.caldav.state import Account, CaldavState

_MOBILEME = 'X-MobileMe-AuthToken realm="MMCalDav", Basic realm="MMCalDav"'
_BASIC = 'Basic realm="Calendars"'


def caller(state: CaldavState, request: Request) -> Account:
    """The account of the credentials. 401 for none, for wrong ones, and where the account's own password is not taken.

    The answers to all three are the same.
    """
    account, password = _named(state, request)
    if account is not None and account.enabled and _fits(state, account, password):
        return account
    raise challenge(state)


def named(state: CaldavState, request: Request) -> str:
    """The address in the credentials, whether or not they are good; "" when there is none."""
    account, _ = _named(state, request)
    return "" if account is None else account.email


def challenge(state: CaldavState) -> Refused:
    """401 with what may be tried."""
    mobileme = state.switches.fires("challenge", "mobileme")
    return Refused(401, headers={"www-authenticate": _MOBILEME if mobileme else _BASIC})


def _fits(state: CaldavState, account: Account, password: str) -> bool:
    if password in account.app_passwords:
        return True
    return password == account.password and not state.switches.fires("passwords", "app_specific")


def _named(state: CaldavState, request: Request) -> tuple[Account | None, str]:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    if scheme.casefold() != "basic":
        return None, ""
    try:
        email, _, password = base64.b64decode(text, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None, ""
    return state.accounts.get(email), password
