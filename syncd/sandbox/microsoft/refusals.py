"""Failures of the authority: RFC 6749's errors with AADSTS numbers, ids and a time.

Not here: when they happen (`oauth.py`, `consent.py`), and Graph's own errors (`errors.py`).
"""

import uuid
from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final

from syncd.sandbox.authorization import OAuthError
from syncd.sandbox.microsoft.state import MicrosoftState

NUMBERS: Final[Mapping[int, tuple[int, str, str | None, str]]] = {
    50011: (400, "invalid_request", None, "The redirect URI specified in the request does not match those configured."),
    50020: (400, "invalid_request", None, "The user account does not exist in this tenant."),
    50057: (400, "invalid_grant", None, "The user account is disabled."),
    50058: (400, "login_required", None, "A silent sign-in request was sent but no user is signed in."),
    50076: (400, "interaction_required", "basic_action", "You must use multi-factor authentication."),
    50173: (400, "invalid_grant", "bad_token", "The provided grant has expired due to it being revoked."),
    54005: (400, "invalid_grant", None, "The authorization code was already redeemed."),
    65001: (
        400,
        "invalid_grant",
        "consent_required",
        "The user or administrator has not consented to this application.",
    ),
    65004: (400, "access_denied", None, "User declined to consent to access the app."),
    70000: (400, "invalid_grant", None, "The provided value for the code or refresh token is not valid."),
    70003: (400, "unsupported_grant_type", None, "The app requested an unsupported grant type."),
    70008: (400, "invalid_grant", None, "The provided authorization code has expired."),
    70011: (400, "invalid_scope", None, "The provided value for the input parameter 'scope' is not valid."),
    90002: (400, "invalid_request", None, "Tenant not found."),
    90023: (400, "invalid_request", None, "A parameter has a value that is not supported."),
    90033: (503, "temporarily_unavailable", None, "A transient error has occurred. Please try again."),
    90094: (400, "access_denied", None, "Admin consent is required for the permissions requested by this application."),
    500112: (400, "invalid_client", None, "The reply address does not match the one of the authorization request."),
    501481: (400, "invalid_grant", None, "The Code_Verifier does not match the code_challenge."),
    700016: (400, "unauthorized_client", None, "Application was not found in the directory."),
    700082: (400, "invalid_grant", None, "The refresh token has expired due to inactivity."),
    900144: (400, "invalid_request", None, "The request body must contain a form, each parameter once."),
    7000215: (401, "invalid_client", None, "Invalid client secret provided."),
    7000218: (401, "invalid_client", None, "The request must contain 'client_assertion' or 'client_secret'."),
    7000222: (401, "invalid_client", None, "The provided client secret keys are expired."),
}
"""By AADSTS number: status at the token endpoint, error, suberror, text."""


def refusal(state: MicrosoftState, number: int, told: Mapping[str, Any] | None = None) -> OAuthError:
    """A refusal by its number; `told` may hold another error, suberror or status."""
    status, error, suberror, _ = NUMBERS[number]
    wanted = {"status": status, "error": error, "suberror": suberror, **(told or {})}
    now = state.clock.now().astimezone(UTC)
    trace, correlation = (str(uuid.UUID(state.opaque(kind, state.serial())[:32])) for kind in ("trace", "correlation"))
    stamp = f"{now:%Y-%m-%d %H:%M:%S}Z"
    text = f"{sentence(number)} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {stamp}"
    more: dict[str, Any] = {
        "error_codes": [number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={number}",
    }
    if wanted["suberror"] is not None:
        more["suberror"] = wanted["suberror"]
    return OAuthError(wanted["error"], text, wanted["status"], more)


def sentence(number: int) -> str:
    """What a person reads: the number and its text."""
    return f"AADSTS{number}: {NUMBERS[number][3]}"


def is_refusal(value: object) -> bool:
    """Whether a planted refusal makes sense: {"code": number, "error", "suberror", "status"}, all but code optional."""
    if not isinstance(value, dict) or not {"code"} <= set(value) <= {"code", "error", "suberror", "status"}:
        return False
    texts = all(isinstance(value.get(name, ""), str) for name in ("error", "suberror"))
    return value["code"] in NUMBERS and texts and value.get("status", 400) in (400, 401, 500, 503)
