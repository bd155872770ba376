"""Who may call how often: tokens, scopes, quotas, usage limits, and parameters that do not exist."""

import pytest

from syncd.sandbox.google import grants
from tests.sandbox.google.site import ANNA, BERT, Site, draft

EVENTS = "/calendar/v3/calendars/primary/events"


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic eDp5", "Bearer"])
def test_without_a_good_token_it_is_401(google: Site, header: str | None) -> None:
    reply = google.client.get(EVENTS, headers={"Authorization": header} if header else {})
    assert reply.status_code == 401
    assert reply.json()["error"]["errors"][0]["reason"] == "authError"
    assert "www-authenticate" in reply.headers


def test_a_disabled_account_is_401(google: Site) -> None:
    token = google.token()
    google.client.post("/_sandbox/accounts", json={"account": ANNA, "disabled": True})
    assert google.client.get(EVENTS, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_the_narrow_scopes_suffice_for_events_and_for_nothing_else(google: Site) -> None:
    narrow = (f"{grants.CALENDAR_SCOPE}.events", f"{grants.CALENDAR_SCOPE}.calendarlist.readonly")
    service = google.service(token=google.token(ANNA, *narrow))
    service.events().insert(calendarId="primary", body=draft()).execute()
    assert service.calendarList().list().execute()["items"][0]["primary"] is True
    refusal = google.refused(service.calendars().insert(body={"summary": "New"}))
    assert (refusal.status, refusal.reason) == (403, "insufficientPermissions")
    google.switch(scope_reason="forbidden")
    assert google.refused(service.calendars().get(calendarId="primary")).reason == "forbidden"


def test_a_reader_cannot_write_and_a_stranger_sees_nothing(google: Site) -> None:
    google.state.calendars[ANNA].roles[BERT] = "reader"
    theirs = google.service(BERT).events()
    refusal = google.refused(theirs.insert(calendarId=ANNA, body=draft()))
    assert (refusal.status, refusal.reason) == (403, "requiredAccessLevel")
    assert google.refused(google.events.list(calendarId=BERT)).status == 404


def test_a_reader_sees_the_time_of_a_private_event_alone(google: Site) -> None:
    google.insert(visibility="private", description="Secret")
    google.state.calendars[ANNA].roles[BERT] = "reader"
    (row,) = google.service(BERT).events().list(calendarId=ANNA).execute()["items"]
    assert "summary" not in row
    assert "description" not in row
    assert row["visibility"] == "private"


def test_the_user_quota_is_a_sliding_minute(google: Site) -> None:
    google.switch(quota_user_per_minute=3, retry_after=20)
    for _ in range(3):
        google.rows()
        google.clock.advance(10)
    refusal = google.refused(google.events.list(calendarId="primary"))
    assert (refusal.status, refusal.reason) == (403, "userRateLimitExceeded")
    assert refusal.headers["retry-after"] == "20"
    google.service(BERT).events().list(calendarId="primary").execute()
    google.clock.advance(31)
    google.rows()


def test_the_project_quota_counts_all_users(google: Site) -> None:
    google.switch(quota_project_per_minute=1, quota_status="429")
    google.rows()
    refusal = google.refused(google.service(BERT).events().list(calendarId="primary"))
    assert (refusal.status, refusal.reason) == (429, "rateLimitExceeded")
    assert "retry-after" not in refusal.headers


def test_a_patch_counts_three_times(google: Site) -> None:
    event = google.insert()
    google.clock.advance(61)
    google.switch(quota_user_per_minute=3)
    patch = google.events.patch(calendarId="primary", eventId=event["id"], body={"summary": "New"})
    patch.execute()
    assert google.refused(patch).reason == "userRateLimitExceeded"
    google.clock.advance(61)
    google.switch(patch_units=1)
    for _ in range(3):
        patch.execute()


def test_exceeded_usage_limits_make_the_account_read_only(google: Site) -> None:
    event = google.insert()
    google.client.post("/_sandbox/accounts", json={"account": ANNA, "usage_limited": True})
    for request in (
        google.events.insert(calendarId="primary", body=draft()),
        google.events.delete(calendarId="primary", eventId=event["id"]),
        google.service().calendars().insert(body={"summary": "New"}),
    ):
        refusal = google.refused(request)
        assert (refusal.status, refusal.reason) == (403, "quotaExceeded")
    assert len(google.rows()) == 1
    google.hands.edit(event["id"], summary="By hand")


def test_creating_too_much_makes_the_account_read_only_for_hours(google: Site) -> None:
    google.switch(usage_events=2, usage_hours=1)
    google.insert(id="first")
    google.insert(id="second")
    request = google.events.insert(calendarId="primary", body=draft(id="third"))
    assert google.refused(request).reason == "quotaExceeded"
    assert len(google.rows()) == 2
    google.clock.advance(3600)
    google.insert(id="third")


def test_many_guests_or_calendars_do_the_same(google: Site) -> None:
    google.switch(usage_guests=2, usage_calendars=1)
    google.insert(attendees=[{"email": "a@x.example"}, {"email": "b@x.example"}])
    assert google.refused(google.events.insert(calendarId="primary", body=draft())).reason == "quotaExceeded"
    theirs = google.service(BERT).calendars()
    theirs.insert(body={"summary": "New"}).execute()
    assert google.refused(theirs.insert(body={"summary": "New"})).reason == "quotaExceeded"


def test_writes_to_one_calendar_in_one_second_are_limited_by_switch(google: Site) -> None:
    google.switch(calendar_writes_per_second=1)
    google.insert(id="first")
    refusal = google.refused(google.events.insert(calendarId=ANNA, body=draft(id="second")))
    assert (refusal.status, refusal.reason) == (403, "rateLimitExceeded")
    google.rows()
    google.clock.advance(1)
    google.insert(id="second")


def test_a_project_without_the_api_is_refused(google: Site) -> None:
    google.switch(api_enabled=False)
    refusal = google.refused(google.events.list(calendarId="primary"))
    assert (refusal.status, refusal.reason) == (403, "accessNotConfigured")


@pytest.mark.parametrize(
    "query",
    [
        "window=1",
        "singleEvents=yes",
        "maxResults=0",
        "maxResults=many",
        "timeMin=2026-11-24T09:00:00",
        "timeMin=soon",
        "orderBy=name",
        "eventTypes=party",
        "timeZone=Mars/Base",
        "timeMin=2026-11-25T00:00:00Z&timeMax=2026-11-24T00:00:00Z",
        "pageToken=made-up",
        "singleEvents=true&singleEvents=true",
    ],
)
def test_parameters_that_the_document_does_not_allow_are_400(google: Site, query: str) -> None:
    reply = google.client.get(f"{EVENTS}?{query}", headers={"Authorization": f"Bearer {google.token()}"})
    assert reply.status_code == 400


def test_unknown_parameters_and_fields_are_ignored_by_switch(google: Site) -> None:
    google.switch(unknown_parameters="ignore", unknown_fields="ignore")
    headers = {"Authorization": f"Bearer {google.token()}"}
    assert google.client.get(f"{EVENTS}?window=1", headers=headers).status_code == 200
    google.state.inspect = None
    assert google.client.post(EVENTS, json=draft(unheardOf=1), headers=headers).status_code == 200


def test_a_large_page_is_clamped_or_refused_by_switch(google: Site) -> None:
    assert google.rows(maxResults=9999) == []
    google.switch(max_results_above="refuse")
    assert google.refused(google.events.list(calendarId="primary", maxResults=2501)).status == 400


def test_a_body_needs_json_and_its_type(google: Site) -> None:
    headers = {"Authorization": f"Bearer {google.token()}"}
    for content, kind in (("{", "application/json"), ("[]", "application/json"), ("{}", "text/plain")):
        reply = google.client.post(EVENTS, content=content, headers={**headers, "content-type": kind})
        assert reply.status_code == 400
