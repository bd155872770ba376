"""How a connection stands, and that a plan for one that stands badly does nothing: R19, R20, R21, R22."""

from dataclasses import replace
from datetime import timedelta

import pytest

from syncd.connections import objections
from syncd.errors import AdapterError, AuthRevoked, CalendarGone, Forbidden, Throttled, Transient
from syncd.model import Connection, Item, MakeCalendar, Reason, Rule, Schedule, Side, Status
from syncd.normalise import calendar_key
from syncd.ports import ForeignConnection
from syncd.standing import PATIENCE, after_error, counts, verify
from tests.rules.build import (
    BRIDGE,
    CONNECTION,
    DENTIST,
    NOW,
    STAFF,
    absent,
    connection,
    copy_outside,
    event,
    linked,
    new,
    outside,
    session,
)
from tests.rules.expect import planned, skip, written

OWNED = replace(STAFF, owner="user-1")
OWNED_CONNECTION = connection(schedule=OWNED)


def work() -> list[Item]:
    """Work that an ordinary connection would do."""
    gone = linked(absent(session()), copy_outside(session()))
    return [new(session(event("Pilates"), id="s2")), gone, new(outside(DENTIST))]


def stopped(rule: Rule) -> list[object]:
    return [skip("connection", rule, stays=True)]


def read(one: Connection, schedule: Schedule | None) -> tuple[Connection, str | None]:
    return verify(one, schedule, synced_elsewhere=False)


def test_an_ordinary_connection_would_do_this_work() -> None:
    assert sorted(one.kind for one in written(*work())) == ["create", "create", "delete"]


# R19


def test_r19_a_schedule_that_wix_syncs_itself_is_refused_and_skipped() -> None:
    after, doubt = verify(CONNECTION, STAFF, synced_elsewhere=True)
    assert (after.status, after.reason, doubt) == (Status.ERROR, Reason.SYNCED_BY_WIX, None)
    assert planned(*work(), connection=after) == stopped(Rule.R19)


def test_r19_it_stays_so_while_wix_syncs_it() -> None:
    once, _ = verify(CONNECTION, STAFF, synced_elsewhere=True)
    again, _ = verify(once, STAFF, synced_elsewhere=True)
    assert again.reason is Reason.SYNCED_BY_WIX


def test_r19_it_goes_on_when_wix_does_no_longer() -> None:
    before, _ = verify(CONNECTION, STAFF, synced_elsewhere=True)
    after, doubt = verify(before, STAFF, synced_elsewhere=False)
    assert (after.status, after.reason, after.detail, doubt) == (Status.CONNECTED, None, None, None)
    assert written(*work(), connection=after)


@pytest.mark.parametrize("name", [STAFF.id, STAFF.external_id])
def test_r19_such_a_schedule_cannot_be_connected(name: str) -> None:
    (problem,) = objections(STAFF, [ForeignConnection(name, "calendar", "CONNECTED")])
    assert STAFF.id in problem


def test_r19_the_connection_of_another_schedule_is_no_objection() -> None:
    assert objections(STAFF, [ForeignConnection("schedule-2", "calendar", "CONNECTED")]) == []


# R20


def test_r20_a_cancelled_schedule_disconnects_and_nothing_is_removed() -> None:
    after, _ = read(CONNECTION, replace(STAFF, active=False))
    assert (after.status, after.reason) == (Status.DISCONNECTED, Reason.SCHEDULE_LOST)
    assert planned(*work(), connection=after) == stopped(Rule.R20)


def test_r20_a_missing_schedule_disconnects_after_two_reads() -> None:
    once, doubt = read(CONNECTION, None)
    assert (once.status, bool(doubt)) == (Status.SYNCED, True)
    twice, _ = read(once, None)
    assert twice.status is Status.DISCONNECTED
    assert planned(*work(), connection=twice) == stopped(Rule.R20)


def test_r20_cancellations_read_while_the_schedule_is_in_doubt_are_not_acted_on() -> None:
    once, doubt = read(CONNECTION, None)
    assert written(*work(), connection=once, doubtful=doubt) == []


def test_r20_a_schedule_that_is_there_again_clears_the_doubt() -> None:
    once, _ = read(CONNECTION, None)
    back, doubt = read(once, STAFF)
    assert (back, doubt) == (CONNECTION, None)
    assert read(back, None)[0].status is Status.SYNCED


def test_r20_another_owner_disconnects_after_two_reads() -> None:
    other = replace(OWNED, owner="user-2")
    once, doubt = read(OWNED_CONNECTION, other)
    assert (once.status, bool(doubt)) == (Status.SYNCED, True)
    twice, _ = read(once, other)
    assert twice.status is Status.DISCONNECTED
    assert planned(*work(), connection=twice) == stopped(Rule.R20)


def test_r20_an_owner_that_is_not_told_is_no_change_and_is_not_forgotten() -> None:
    once, doubt = read(OWNED_CONNECTION, replace(OWNED, owner=None))
    assert (once, doubt) == (OWNED_CONNECTION, None)
    assert read(once, replace(OWNED, owner="user-2"))[1] is not None


def test_r20_an_owner_told_for_the_first_time_is_no_change() -> None:
    after, doubt = read(CONNECTION, OWNED)
    assert (after.status, after.schedule.owner, doubt) == (Status.SYNCED, "user-1", None)


def test_r20_one_read_of_each_doubt_is_not_two_reads_of_one() -> None:
    once, _ = read(OWNED_CONNECTION, None)
    twice, _ = read(once, replace(OWNED, owner="user-2"))
    assert twice.status is Status.SYNCED


# R21


def test_r21_revoked_access_is_an_error_with_the_repair_and_deletes_nothing() -> None:
    after = after_error(CONNECTION, AuthRevoked("the grant was revoked", side=Side.EXTERNAL, hint="connect again"), NOW)
    assert (after.status, after.reason) == (Status.ERROR, Reason.TOKEN_REVOKED)
    assert planned(*work(), connection=after) == stopped(Rule.R21)
    assert (after.calendar, after.config) == (CONNECTION.calendar, CONNECTION.config)


REFUSED = AuthRevoked("refused", side=Side.EXTERNAL, hint="connect again", passing=True)


def test_r21_a_refusal_that_may_pass_ends_no_connection_the_first_time() -> None:
    after = after_error(CONNECTION, REFUSED, NOW)
    assert (after.status, after.reason, after.refused_at) == (Status.SYNCED, None, NOW)
    assert "it may pass" in str(after.detail)
    assert planned(*work(), connection=after) != stopped(Rule.R21)


def test_r21_the_same_refusal_again_within_minutes_is_still_the_first() -> None:
    once = after_error(CONNECTION, REFUSED, NOW)
    soon = after_error(once, REFUSED, NOW + PATIENCE - timedelta(seconds=1))
    assert (soon.status, soon.refused_at) == (Status.SYNCED, NOW)


def test_r21_the_same_refusal_minutes_later_ends_it() -> None:
    once = after_error(CONNECTION, REFUSED, NOW)
    between = after_error(once, Transient("the server is away", side=Side.EXTERNAL), NOW + PATIENCE / 2)
    twice = after_error(between, REFUSED, NOW + PATIENCE)
    assert (twice.status, twice.reason) == (Status.ERROR, Reason.TOKEN_REVOKED)
    assert twice.detail == REFUSED.told
    assert planned(*work(), connection=twice) == stopped(Rule.R21)


def test_r21_a_refusal_for_good_needs_no_second_one() -> None:
    once = after_error(CONNECTION, REFUSED, NOW)
    final = AuthRevoked("another account answers", side=Side.EXTERNAL)
    assert after_error(once, final, NOW).reason is Reason.TOKEN_REVOKED


def test_r21_what_a_person_has_to_repair_stays_on_show_while_a_refusal_may_pass() -> None:
    gone = after_error(CONNECTION, CalendarGone("no such calendar", side=Side.EXTERNAL), NOW)
    after = after_error(gone, REFUSED, NOW)
    assert (after.status, after.reason, after.detail) == (gone.status, gone.reason, gone.detail)


def test_r23_a_connection_that_is_being_ended_remembers_a_refusal_too() -> None:
    after = after_error(replace(CONNECTION, status=Status.DISCONNECTED, disconnecting=True), REFUSED, NOW)
    assert (after.status, after.refused_at) == (Status.DISCONNECTED, NOW)
    assert not counts(after, REFUSED, NOW)
    assert counts(after, REFUSED, NOW + PATIENCE)


@pytest.mark.parametrize("side", [Side.WIX, "wix"], ids=["named", "spelt"])
@pytest.mark.parametrize("error", [AuthRevoked, Forbidden, CalendarGone])
def test_r21_access_refused_by_the_site_is_not_the_accounts_fault(error: type[AdapterError], side: str) -> None:
    after = after_error(CONNECTION, error("the app was removed", side=side, hint="install it again"), NOW)
    assert (after.status, after.reason) == (Status.SYNCED, None)
    assert after.detail == "the app was removed: install it again"


def test_r21_what_a_person_has_to_repair_stays_on_show_while_something_else_is_passing() -> None:
    refused = after_error(CONNECTION, AuthRevoked("refused", side=Side.EXTERNAL, hint="connect again"), NOW)
    assert after_error(refused, Transient("the site is away", side=Side.WIX), NOW) == refused


@pytest.mark.parametrize(
    "error",
    [Transient("the server is busy", side=Side.EXTERNAL), Throttled("slower", retry_after=3, side=Side.EXTERNAL)],
)
def test_r21_a_passing_failure_changes_no_status(error: AdapterError) -> None:
    after = after_error(CONNECTION, error, NOW)
    assert (after.status, after.reason) == (Status.SYNCED, None)


# R22


def test_r22_a_calendar_that_is_gone_is_an_error_and_nothing_is_deleted_in_wix() -> None:
    after = after_error(CONNECTION, CalendarGone("no such calendar", side=Side.EXTERNAL), NOW)
    assert (after.status, after.reason) == (Status.ERROR, Reason.EXTERNAL_CALENDAR_DELETED)
    assert planned(*work(), connection=after) == stopped(Rule.R22)


def test_r22_a_calendar_that_cannot_be_made_is_an_error() -> None:
    refused = Forbidden("too many calendars", code="CALENDAR_CREATION_FAILED", side=Side.EXTERNAL)
    after = after_error(connection(calendar=None), refused, NOW)
    assert (after.status, after.reason) == (Status.ERROR, Reason.EXTERNAL_CALENDAR_CREATION_FAILED)
    assert planned(*work(), connection=after) == stopped(Rule.R22)


def test_r22_no_new_calendar_is_made_by_itself() -> None:
    after = after_error(CONNECTION, CalendarGone("no such calendar", side=Side.EXTERNAL), NOW)
    assert not [one for one in planned(*work(), connection=after) if isinstance(one, MakeCalendar)]


def test_r22_a_new_calendar_on_request_has_a_name_of_its_own() -> None:
    asked = connection(calendar=None, calendar_generation=2)
    key = calendar_key(BRIDGE, STAFF.id, 2)
    assert planned(new(session()), connection=asked)[0] == MakeCalendar("calendar", "Ada", key)
    assert key != calendar_key(BRIDGE, STAFF.id, 1)
