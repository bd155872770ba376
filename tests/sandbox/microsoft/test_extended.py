"""singleValueExtendedProperties: written, looked up, shown on demand, never in delta."""

from typing import Any

import pytest

from tests.sandbox.microsoft.site import ANNA, Site, calendar_path, draft, event_path, weekly

GUID = "{6f1d4c2a-0b3e-4a57-9c8d-1e2f3a4b5c6d}"
KEY = f"String {GUID} Name key"
MARK = f"String {GUID} Name mark"
LOOK_UP = "singleValueExtendedProperties/any(ep: ep/id eq '{}' and ep/value eq '{}')"


def marked(value: str = "k1", **fields: Any) -> dict[str, Any]:
    properties = [{"id": KEY, "value": value}, {"id": MARK, "value": "ours"}]
    return draft(singleValueExtendedProperties=properties, **fields)


def found(site: Site, name: str, value: str, path: str = "/me/events") -> list[str]:
    rows = site.get(path, params={"$filter": LOOK_UP.format(name, value)})["value"]
    return [row["id"] for row in rows]


def expanded(site: Site, ref: str, *names: str) -> dict[str, str]:
    wanted = " or ".join(f"id eq '{name}'" for name in names)
    row = site.get(event_path(ref), params={"$expand": f"singleValueExtendedProperties($filter={wanted})"})
    return {entry["id"]: entry["value"] for entry in row.get("singleValueExtendedProperties", [])}


def test_properties_are_shown_when_they_are_asked_for(microsoft: Site) -> None:
    event = microsoft.post("/me/events", marked())
    assert "singleValueExtendedProperties" not in event
    assert expanded(microsoft, event["id"], KEY) == {KEY: "k1"}
    assert expanded(microsoft, event["id"], KEY, MARK) == {KEY: "k1", MARK: "ours"}
    assert expanded(microsoft, event["id"], f"String {GUID} Name Key") == {}
    assert expanded(microsoft, event["id"], KEY.replace("6f1d", "6F1D")) == {KEY: "k1"}


def test_expanding_without_a_filter_is_refused(microsoft: Site) -> None:
    event = microsoft.create()
    params = {"$expand": "singleValueExtendedProperties"}
    assert microsoft.refused("GET", event_path(event["id"]), params=params).status == 400


def test_a_patch_replaces_one_and_keeps_the_others(microsoft: Site) -> None:
    event = microsoft.post("/me/events", marked())
    microsoft.patch(event["id"], singleValueExtendedProperties=[{"id": KEY, "value": "k2"}])
    assert expanded(microsoft, event["id"], KEY, MARK) == {KEY: "k2", MARK: "ours"}


def test_a_look_up_knows_names_by_their_case_and_values_without(microsoft: Site) -> None:
    event = microsoft.post("/me/events", marked("k1"))
    microsoft.post("/me/events", marked("k2"))
    assert found(microsoft, KEY, "K1") == [event["id"]]
    assert found(microsoft, f"String {GUID} Name KEY", "k1") == []
    assert len(found(microsoft, MARK, "ours")) == 2


def test_a_look_up_of_the_mailbox_covers_all_calendars_and_one_of_a_calendar_its_own(microsoft: Site) -> None:
    other = microsoft.state.add_calendar(ANNA, "Other")
    event = microsoft.post(f"{calendar_path(other.id)}/events", marked())
    assert found(microsoft, KEY, "k1") == [event["id"]]
    assert found(microsoft, KEY, "k1", f"{calendar_path(other.id)}/events") == [event["id"]]
    assert found(microsoft, KEY, "k1", "/me/calendar/events") == []


def test_several_look_ups_in_one(microsoft: Site) -> None:
    refs = {microsoft.post("/me/events", marked(f"k{n}"))["id"] for n in range(3)}
    text = " or ".join(LOOK_UP.format(KEY, f"k{n}") for n in range(5))
    rows = microsoft.get("/me/events", params={"$filter": text, "$top": "50"})["value"]
    assert {row["id"] for row in rows} == refs
    one = f"singleValueExtendedProperties/any(x: x/id eq '{KEY}' and (x/value eq 'k0' or x/value eq 'k1'))"
    assert len(microsoft.get("/me/events", params={"$filter": one})["value"]) == 2


def test_a_quote_in_a_value_is_written_twice(microsoft: Site) -> None:
    event = microsoft.post("/me/events", marked("it's"))
    assert found(microsoft, KEY, "it''s") == [event["id"]]


@pytest.mark.parametrize("text", ["subject", "any(", "title eq 'x'", "subject eq 'x", "singleValueExtendedProperties"])
def test_a_filter_that_makes_no_sense_is_refused(microsoft: Site, text: str) -> None:
    refusal = microsoft.refused("GET", "/me/events", params={"$filter": text})
    assert (refusal.status, refusal.code) == (400, "ErrorInvalidUrlQueryFilter")


def test_a_look_up_may_lag_behind(microsoft: Site) -> None:
    microsoft.switch(property_lag_seconds=30)
    event = microsoft.post("/me/events", marked())
    assert microsoft.event(event["id"])["id"] == event["id"]
    assert found(microsoft, KEY, "k1") == []
    microsoft.clock.advance(30)
    assert found(microsoft, KEY, "k1") == [event["id"]]


def test_a_view_refuses_the_filter_and_may_drop_the_expansion(microsoft: Site) -> None:
    microsoft.post("/me/events", marked())
    window = {"startDateTime": "2026-11-01T00:00:00", "endDateTime": "2026-12-01T00:00:00"}
    params = {**window, "$filter": LOOK_UP.format(KEY, "k1")}
    assert microsoft.refused("GET", "/me/calendarView", params=params).status == 500
    microsoft.switch(property_filter_on_view="works")
    assert len(microsoft.get("/me/calendarView", params=params)["value"]) == 1
    params = {**window, "$expand": f"singleValueExtendedProperties($filter=id eq '{KEY}')"}
    (row,) = microsoft.get("/me/calendarView", params=params)["value"]
    assert row["singleValueExtendedProperties"] == [{"id": KEY, "value": "k1"}]
    microsoft.switch(property_expand_on_view="dropped")
    (row,) = microsoft.get("/me/calendarView", params=params)["value"]
    assert "singleValueExtendedProperties" not in row


def test_occurrences_show_the_properties_of_their_series(microsoft: Site) -> None:
    microsoft.post("/me/events", marked(recurrence=weekly(2)))
    assert expanded(microsoft, microsoft.view()[1]["id"], KEY) == {KEY: "k1"}


def test_delta_never_shows_them(microsoft: Site) -> None:
    microsoft.post("/me/events", marked())
    (row,) = microsoft.round().rows
    assert "singleValueExtendedProperties" not in row


@pytest.mark.parametrize("copied", [True, False])
def test_a_copy_by_hand_carries_them_by_switch(microsoft: Site, copied: bool) -> None:
    microsoft.switch(copied_properties=copied)
    event = microsoft.post("/me/events", marked())
    copy = microsoft.hands.copy(event["id"])
    assert copy.id != event["id"]
    assert len(found(microsoft, KEY, "k1")) == (2 if copied else 1)
