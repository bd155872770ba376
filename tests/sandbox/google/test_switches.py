"""The named switches for what the documentation leaves open, and the routes of the sandbox alone."""

from pathlib import Path

import pytest

from syncd.sandbox.google.switches import SWITCHES
from tests.sandbox.google.site import ANNA, Json, Site


def test_switches_are_listed_with_meaning_and_default(google: Site) -> None:
    answer = google.client.get("/_sandbox/switches").json()
    assert set(answer["switches"]) == set(SWITCHES)
    assert all(answer["known"][name]["meaning"] for name in SWITCHES)
    assert all(answer["switches"][name] == answer["known"][name]["default"] for name in SWITCHES)


def test_every_switch_is_tried_by_a_test() -> None:
    here = Path(__file__).parent
    text = "".join(path.read_text() for path in here.glob("test_*.py"))
    assert [name for name in SWITCHES if f"{name}=" not in text] == []


@pytest.mark.parametrize("body", [{"unknown": 1}, {"list_order": "none"}, {"short_pages": -1}, {"token_scopes": [1]}])
def test_an_unknown_switch_or_value_is_400_and_changes_nothing(google: Site, body: Json) -> None:
    reply = google.client.post("/_sandbox/switches", json={"patch_units": 1} | body)
    assert reply.status_code == 400
    assert google.state.switches["patch_units"] == 3


def test_switches_are_set_and_reset_over_http(google: Site) -> None:
    google.client.post("/_sandbox/switches", json={"patch_units": 1})
    assert google.state.switches["patch_units"] == 1
    google.client.delete("/_sandbox/switches")
    assert google.state.switches["patch_units"] == 3


def test_a_list_has_the_order_of_the_switch(google: Site) -> None:
    for ref in ("bbbbb", "aaaaa", "ccccc"):
        google.insert(id=ref)
    found = {}
    for order in ("id", "created", "reversed"):
        google.switch(list_order=order)
        found[order] = [row["id"][0] for row in google.rows()]
    assert found == {"id": ["a", "b", "c"], "created": ["b", "a", "c"], "reversed": ["c", "a", "b"]}


def test_tokens_of_different_queries_are_the_same_text_by_switch(google: Site) -> None:
    google.switch(sync_token_shared=True)
    single, plain = (google.pages(singleEvents=single)[-1]["nextSyncToken"] for single in (True, False))
    assert single == plain
    assert google.rows(syncToken=single) == []


def test_a_filtered_query_gives_a_token_by_switch(google: Site) -> None:
    assert "nextSyncToken" not in google.pages(orderBy="updated")[-1]
    google.switch(sync_token_with_filters=True)
    assert "nextSyncToken" in google.pages(orderBy="updated")[-1]


def test_an_empty_answer_gives_a_new_token_or_the_same(google: Site) -> None:
    _, token = google.sync()
    google.clock.advance(60)
    assert google.sync(token)[1] != token
    google.switch(empty_answer_token="same")
    assert google.sync(token)[1] == token


@pytest.mark.parametrize(("kept", "count"), [("kept", 1), ("none", 0), ("gap", 0)])
def test_tombstones_in_a_full_list_after_410(google: Site, kept: str, count: int) -> None:
    google.switch(full_list_tombstones=kept)
    event = google.insert()
    google.hands.delete(event["id"])
    google.fault({"gone_on_page": 1})
    assert google.refused(google.events.list(calendarId="primary")).status == 410
    assert len(google.rows(showDeleted=True)) == count


def test_scopes_a_person_unticks_are_not_granted(google: Site) -> None:
    google.switch(token_scopes=["openid"])
    params = {
        "client_id": "sandbox-client.apps.googleusercontent.com",
        "redirect_uri": "http://127.0.0.1:8765/oauth/callback/google",
        "response_type": "code",
        "scope": "openid https://www.googleapis.com/auth/calendar",
        "prompt": "none",
        "login_hint": ANNA,
    }
    reply = google.client.get("/o/oauth2/v2/auth", params=params)
    assert reply.headers["location"].endswith("&scope=openid")


def test_sync_tokens_expire_over_http(google: Site) -> None:
    _, token = google.sync()
    assert google.client.post("/_sandbox/sync_tokens/expire", json={"calendarId": "x"}).json() == {"expired": 0}
    assert google.client.post("/_sandbox/sync_tokens/expire").json() == {"expired": 1}
    request = google.events.list(calendarId="primary", singleEvents=True, syncToken=token)
    assert google.refused(request).reason == "fullSyncRequired"
    assert google.sync()[1] != token


def test_grants_end_over_http(google: Site) -> None:
    token = google.token()
    assert google.client.delete(f"/_sandbox/grants?account={ANNA}").json() == {"revoked": 1}
    reply = google.client.get("/calendar/v3/colors", headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 401


def test_the_raw_state_shows_deleted_events_too(google: Site) -> None:
    event = google.insert()
    google.hands.delete(event["id"])
    raw = google.client.get("/_sandbox/raw").json()["calendars"][ANNA]
    assert [(row["id"], row["status"]) for row in raw["events"]] == [(event["id"], "cancelled")]


def test_unknown_accounts_flags_and_routes_are_refused(google: Site) -> None:
    before = google.log()
    for body in ({"account": "x"}, {"sleepy": True}, {"disabled": 1}):
        assert google.client.post("/_sandbox/accounts", json=body).status_code == 400
    assert google.client.get("/_sandbox/nothing").status_code == 404
    assert google.client.get("/_sandbox/clock").json() == {"now": "2026-11-20T12:00:00Z", "rate": 0.0}
    assert google.log() == before
