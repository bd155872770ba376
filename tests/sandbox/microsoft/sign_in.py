"""Signing in as the tests do it: the page, the pressed button, codes and refresh tokens at the token endpoint.

Not here: what is asserted.
"""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from syncd.sandbox.microsoft.errors import Json
from tests.sandbox.microsoft.site import ANNA, CLIENT_ID, Site

SECRET = "secret"
BACK = "http://127.0.0.1/back"
CALENDAR = "Calendars.ReadWrite"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
ASKED = {
    "client_id": CLIENT_ID,
    "redirect_uri": BACK,
    "response_type": "code",
    "scope": f"openid profile email offline_access {CALENDAR}",
    "state": "s t&te",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
    "nonce": "once",
}


def authority(microsoft: Site, name: str, tenant: str = "common") -> str:
    return f"{microsoft.server.base_url}/{tenant}/oauth2/v2.0/{name}"


def page(microsoft: Site, tenant: str = "common", **other: Any) -> httpx.Response:
    params = {key: value for key, value in {**ASKED, **other}.items() if value is not None}
    return microsoft.client.get(authority(microsoft, "authorize", tenant), params=params)


def pressed(microsoft: Site, button: Json, tenant: str = "common", **other: Any) -> httpx.Response:
    params = {key: value for key, value in {**ASKED, **other}.items() if value is not None}
    return microsoft.client.post(authority(microsoft, "authorize", tenant), params=params, data=button)


def brought(reply: httpx.Response) -> dict[str, str]:
    """What the browser brings back to the client."""
    assert reply.status_code == 302, reply.text
    assert reply.headers["location"].startswith(BACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(reply.headers["location"]).query).items()}


def consented(microsoft: Site, email: str = ANNA, **other: Any) -> str:
    """The code of a consent."""
    return brought(pressed(microsoft, {"account": email}, **other))["code"]


def token(microsoft: Site, tenant: str = "common", **form: Any) -> httpx.Response:
    base = {"client_id": CLIENT_ID, "client_secret": SECRET}
    whole = {key: value for key, value in {**base, **form}.items() if value is not None}
    return microsoft.client.post(authority(microsoft, "token", tenant), data=whole)


def exchanged(microsoft: Site, code: str, **other: Any) -> httpx.Response:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
    return token(microsoft, **{**form, **other})


def connected(microsoft: Site, email: str = ANNA, **other: Any) -> Json:
    reply = exchanged(microsoft, consented(microsoft, email, **other))
    assert reply.status_code == 200, reply.text
    found: Json = reply.json()
    return found


def refreshed(microsoft: Site, text: str, **other: Any) -> httpx.Response:
    return token(microsoft, **{"grant_type": "refresh_token", "refresh_token": text, **other})


def refused(reply: httpx.Response) -> tuple[str, int]:
    """Error and AADSTS number."""
    assert reply.status_code >= 400, reply.text
    told = reply.json()
    (number,) = told["error_codes"]
    assert told["error_description"].startswith(f"AADSTS{number}: ")
    assert {"timestamp", "trace_id", "correlation_id"} <= set(told)
    return told["error"], number


def claims(answer: Json) -> Json:
    payload = answer["id_token"].split(".")[1]
    found: Json = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def control(microsoft: Site, method: str, path: str, body: Json | None = None) -> Json:
    reply = microsoft.client.request(method, f"{microsoft.server.base_url}/_sandbox{path}", json=body)
    assert reply.status_code == 200, reply.text
    found: Json = reply.json()
    return found
