"""The named switches for what the reference leaves open, and the routes of the sandbox alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx
import pytest

from syncd.sandbox.microsoft.errors import Json
from syncd.sandbox.microsoft.switches import SWITCHES
from tests.sandbox.microsoft.site import ANNA, BERT, Site

UNCERTAIN: Final[Mapping[str, tuple[str, ...]]] = {
    "deleting the master does not remove each occurrence (1.3)": ("delta_deleted_series",),
    "a second calendar of one name (2.1)": ("calendar_name_taken",),
    "status of ErrorDuplicateTransactionId (2.2)": ("transaction_status", "transaction_names_event"),
    "retention of a transactionId, and its reuse after deletion (2.2)": (
        "transaction_days",
        "transaction_after_delete",
    ),
    "If-Match on events (2.3)": ("if_match",),
    "extended properties on calendarView (2.4)": ("property_expand_on_view", "property_filter_on_view"),
    "limits of subject and location (2.5)": ("subject_limit", "subject_excess"),
    "null in a PATCH clears (2.5)": ("null_clears",),
    "life of a subscription (4)": ("subscription_minutes", "subscription_above"),
}
"""What reference/microsoft.md marks with U, or reports in contradiction, and the switches that flip it."""


def control(microsoft: Site, method: str, path: str, body: Json | None = None) -> httpx.Response:
    return microsoft.client.request(method, f"{microsoft.server.base_url}/_sandbox{path}", json=body)


def test_switches_are_listed_with_meaning_and_default(microsoft: Site) -> None:
    answer = control(microsoft, "GET", "/switches").json()
    assert set(answer["switches"]) == set(SWITCHES)
    assert all(answer["known"][name]["meaning"] for name in SWITCHES)
    assert all(answer["switches"][name] == answer["known"][name]["default"] for name in SWITCHES)


@pytest.mark.parametrize("row", UNCERTAIN)
def test_what_is_uncertain_has_a_switch(row: str) -> None:
    assert [name for name in UNCERTAIN[row] if name not in SWITCHES] == []


def test_every_switch_is_tried_by_a_test() -> None:
    here = Path(__file__).parent
    text = "".join(path.read_text() for path in here.glob("test_*.py"))
    assert [name for name in SWITCHES if f"{name}=" not in text] == []


@pytest.mark.parametrize(
    "body", [{"unknown": 1}, {"batch_order": "none"}, {"quota_requests": -1}, {"granted_scopes": [1]}]
)
def test_an_unknown_switch_or_value_is_400_and_changes_nothing(microsoft: Site, body: Json) -> None:
    assert control(microsoft, "POST", "/switches", {"retry_after": 1} | body).status_code == 400
    assert microsoft.state.switches["retry_after"] == 10


def test_switches_are_set_and_reset_over_http(microsoft: Site) -> None:
    control(microsoft, "POST", "/switches", {"retry_after": 1})
    assert microsoft.state.switches["retry_after"] == 1
    control(microsoft, "DELETE", "/switches")
    assert microsoft.state.switches["retry_after"] == 10


def test_delta_tokens_expire_over_http(microsoft: Site) -> None:
    link = microsoft.round().link
    assert control(microsoft, "POST", "/delta_tokens/expire", {"calendarId": "x"}).json() == {"expired": 0}
    assert control(microsoft, "POST", "/delta_tokens/expire").json() == {"expired": 1}
    assert microsoft.refused("GET", link).status == 410
    microsoft.round()


def test_grants_end_over_http(microsoft: Site) -> None:
    microsoft.switch(revoked_access="ends")
    token = microsoft.token()
    assert control(microsoft, "DELETE", f"/grants?account={ANNA}").json() == {"revoked": 1}
    reply = microsoft.call("GET", "/me", headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 401
    assert control(microsoft, "DELETE", f"/grants?account={ANNA}&why=boredom").status_code == 400


def test_the_raw_state_shows_deleted_events_too(microsoft: Site) -> None:
    event = microsoft.create()
    microsoft.hands.delete(event["id"])
    raw = control(microsoft, "GET", f"/raw?account={ANNA}").json()["calendars"]
    (calendar,) = raw.values()
    assert calendar["isDefaultCalendar"] is True
    assert [(row["id"], row["deleted"]) for row in calendar["events"]] == [(event["id"], True)]


def test_mails_to_guests_are_shown(microsoft: Site) -> None:
    guest = {"emailAddress": {"address": BERT}, "type": "required"}
    event = microsoft.create(attendees=[guest])
    (mail,) = control(microsoft, "GET", "/mails").json()["mails"]
    assert (mail["to"], mail["kind"]) == (BERT, "invitation")
    assert mail["event_id"] == event["id"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/accounts", {"account": "x"}),
        ("/accounts", {"sleepy": True}),
        ("/accounts", {"disabled": 1}),
        ("/tenants", {"closed": 1}),
        ("/tenants", {"open": True}),
        ("/apps", {"client_id": "x", "expired": True}),
        ("/apps", {"secret": "new"}),
        ("/lifecycle", {}),
    ],
)
def test_what_people_cannot_do_is_400(microsoft: Site, path: str, body: Json) -> None:
    assert control(microsoft, "POST", path, body).status_code == 400


def test_an_opened_tenant_consents_again(microsoft: Site) -> None:
    tid = microsoft.state.accounts[BERT].tid
    assert control(microsoft, "POST", "/tenants", {"account": BERT, "closed": True}).json()["tenant"] == tid
    assert microsoft.state.authority.closed == {tid}
    control(microsoft, "POST", "/tenants", {"account": BERT, "closed": False})
    assert microsoft.state.authority.closed == set()


def test_routes_of_the_sandbox_are_not_logged_and_unknown_ones_are_404(microsoft: Site) -> None:
    assert control(microsoft, "GET", "/nothing").status_code == 404
    assert control(microsoft, "GET", "/clock").json() == {"now": "2026-11-20T12:00:00Z", "rate": 0.0}
    assert microsoft.log() == []
