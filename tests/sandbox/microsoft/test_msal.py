"""MSAL as a referee: Microsoft's own client signs in, refreshes, and learns that a consent was withdrawn."""

from typing import Any

import msal  # type: ignore[import-untyped]
import pytest

from tests.sandbox.microsoft.sign_in import BACK, CALENDAR, SECRET, brought
from tests.sandbox.microsoft.site import ANNA, CLIENT_ID, Site


class Rewriting:
    """MSAL's HTTP client: asks the simulator for what MSAL wants from the authority it insists on."""

    authority = "https://login.microsoftonline.com"

    def __init__(self, microsoft: Site) -> None:
        self.base = microsoft.server.base_url
        self.client = microsoft.client

    def get(self, url: str, **more: Any) -> "Told":
        return self._asked("GET", url, **more)

    def post(self, url: str, **more: Any) -> "Told":
        return self._asked("POST", url, **more)

    def close(self) -> None:
        """Nothing of its own is open."""

    def _asked(self, method: str, url: str, **more: Any) -> "Told":
        sent: Any = {name: more.get(name) for name in ("params", "data", "headers")}
        reply = self.client.request(method, url.replace(self.authority, self.base), **sent)
        return Told(reply.status_code, reply.text.replace(self.base, self.authority), dict(reply.headers))


class Told:
    """An answer as MSAL reads it."""

    def __init__(self, status_code: int, text: str, headers: dict[str, str]) -> None:
        self.status_code, self.text, self.headers = status_code, text, headers

    def raise_for_status(self) -> None:
        assert self.status_code < 400


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_msal_signs_a_person_in_and_refreshes(microsoft: Site) -> None:
    app = msal.ConfidentialClientApplication(
        CLIENT_ID,
        client_credential=SECRET,
        authority=f"{Rewriting.authority}/common",
        instance_discovery=False,
        http_client=Rewriting(microsoft),
    )
    flow = app.initiate_auth_code_flow([CALENDAR], redirect_uri=BACK, response_mode="query")
    url = flow["auth_uri"].replace(Rewriting.authority, microsoft.server.base_url)
    back = brought(microsoft.client.post(url, data={"account": ANNA}))
    answer = app.acquire_token_by_auth_code_flow(flow, back)
    account = microsoft.state.accounts[ANNA]
    assert answer.get("error") is None, answer
    assert answer["id_token_claims"]["oid"] == account.oid
    (known,) = app.get_accounts()
    assert known["home_account_id"] == f"{account.oid}.{account.tid}"
    again = app.acquire_token_silent_with_error([CALENDAR], known, force_refresh=True)
    assert again["access_token"] != answer["access_token"]
    microsoft.hands.revoke()
    dead = app.acquire_token_silent_with_error([CALENDAR], known, force_refresh=True)
    assert (dead["error"], dead["suberror"]) == ("invalid_grant", "consent_required")
