"""Calendars of a mailbox: listed, made, renamed, deleted; shared ones; and the person who owns them."""

import pytest

from tests.sandbox.microsoft.site import ANNA, BERT, Site, calendar_path, draft, event_path


def test_a_new_mailbox_has_its_default_calendar(microsoft: Site) -> None:
    (calendar,) = microsoft.get("/me/calendars")["value"]
    assert (calendar["name"], calendar["isDefaultCalendar"], calendar["isRemovable"]) == ("Calendar", True, False)
    assert (calendar["canEdit"], calendar["owner"]) == (True, {"name": "Anna Weber", "address": ANNA})
    default = microsoft.get("/me/calendar")
    assert default.pop("@odata.context")
    assert default == calendar


def test_a_calendar_is_made_renamed_and_deleted(microsoft: Site) -> None:
    reply = microsoft.call("POST", "/me/calendars", json={"name": "Studio"})
    made = reply.json()
    assert (reply.status_code, made["name"], made["isDefaultCalendar"]) == (201, "Studio", False)
    path = calendar_path(made["id"])
    event = microsoft.create(f"{path}/events")
    renamed = microsoft.call("PATCH", path, json={"name": "Room"}).json()
    assert (renamed["id"], renamed["name"]) == (made["id"], "Room")
    assert renamed["changeKey"] != made["changeKey"]
    assert microsoft.call("DELETE", path).status_code == 204
    assert microsoft.refused("GET", path).code == "ErrorItemNotFound"
    assert microsoft.refused("GET", event_path(event["id"])).code == "ErrorItemNotFound"
    assert len(microsoft.get("/me/calendars")["value"]) == 1


def test_a_name_that_is_taken_is_refused_by_switch(microsoft: Site) -> None:
    microsoft.post("/me/calendars", {"name": "Studio"})
    refusal = microsoft.refused("POST", "/me/calendars", json={"name": "studio"})
    assert (refusal.status, refusal.code) == (409, "ErrorFolderExists")
    microsoft.switch(calendar_name_taken="accept")
    assert microsoft.call("POST", "/me/calendars", json={"name": "Studio"}).status_code == 201


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": 5}, {"name": "x" * 256}, {"title": "Studio"}])
def test_a_calendar_needs_a_name(microsoft: Site, body: dict[str, object]) -> None:
    assert microsoft.refused("POST", "/me/calendars", json=body).status == 400
    assert len(microsoft.state.listed(ANNA)) == 1


def test_the_default_calendar_cannot_be_deleted(microsoft: Site) -> None:
    default = microsoft.get("/me/calendar")
    assert microsoft.refused("DELETE", calendar_path(default["id"])).status == 400
    assert microsoft.get("/me/calendar")["id"] == default["id"]


def test_calendars_come_in_pages(microsoft: Site) -> None:
    for number in range(12):
        microsoft.state.add_calendar(ANNA, f"Calendar {number}")
    page = microsoft.get("/me/calendars")
    assert len(page["value"]) == 10
    assert len(microsoft.get(page["@odata.nextLink"])["value"]) == 3
    (first, *_) = microsoft.get("/me/calendars", params={"$select": "name"})["value"]
    assert set(first) == {"id", "name"}


def test_a_shared_calendar_names_its_owner_and_has_an_id_of_its_own(microsoft: Site) -> None:
    source = microsoft.state.default_calendar(BERT)
    shared = microsoft.state.share(source.id, ANNA, can_edit=True)
    event = microsoft.post("/me/events", draft(), email=BERT)
    found = microsoft.get("/me/calendars")["value"][1]
    assert (found["id"], found["owner"]["address"], found["canEdit"]) == (shared.id, BERT, True)
    assert found["id"] != source.id
    assert microsoft.get(f"{event_path(event['id'])}/calendar")["id"] == shared.id
    assert microsoft.patch(event["id"], subject="Ours")["subject"] == "Ours"
    assert microsoft.call("DELETE", calendar_path(shared.id)).status_code == 204
    assert microsoft.refused("GET", event_path(event["id"])).code == "ErrorItemNotFound"
    assert microsoft.get(event_path(event["id"]), email=BERT)["subject"] == "Ours"


def test_a_shared_calendar_goes_with_its_source(microsoft: Site) -> None:
    source = microsoft.state.add_calendar(BERT, "Team")
    shared = microsoft.state.share(source.id, ANNA, can_edit=False)
    assert microsoft.call("DELETE", calendar_path(source.id), email=BERT).status_code == 204
    assert microsoft.refused("GET", calendar_path(shared.id)).status == 404


@pytest.mark.parametrize(("ref", "code"), [("abc", "ErrorInvalidIdMalformed")])
def test_what_is_no_calendar_id_is_malformed(microsoft: Site, ref: str, code: str) -> None:
    assert microsoft.refused("GET", calendar_path(ref)).code == code


def test_the_calendar_of_another_mailbox_is_not_found(microsoft: Site) -> None:
    theirs = microsoft.state.default_calendar(BERT)
    assert microsoft.refused("GET", calendar_path(theirs.id)).code == "ErrorItemNotFound"


def test_a_person_and_their_settings(microsoft: Site) -> None:
    person = microsoft.get("/me")
    assert (person["mail"], person["userPrincipalName"], person["displayName"]) == (ANNA, ANNA, "Anna Weber")
    assert person["id"] == microsoft.state.accounts[ANNA].oid
    assert microsoft.get("/me/mailboxSettings")["timeZone"] == "W. Europe Standard Time"


def test_ids_that_are_not_there_are_not_translated(microsoft: Site) -> None:
    body = {"inputIds": ["abc"], "sourceIdType": "restId", "targetIdType": "restImmutableEntryId"}
    (found,) = microsoft.post("/me/translateExchangeIds", body)["value"]
    assert found["errorDetails"]["code"] == "ErrorInvalidId"
    assert microsoft.refused("POST", "/me/translateExchangeIds", json={**body, "sourceIdType": "mine"}).status == 400
    too_many = {**body, "inputIds": ["abc"] * 1001}
    assert microsoft.refused("POST", "/me/translateExchangeIds", json=too_many).status == 400
