"""What the referee must not overlook. Not here: any life."""

from datetime import timedelta

import pytest

from syncd.model import Event, Ref, Timed
from tests.cycle.bench import at, event
from tests.interruption.hands import HOME, MADE, SITE, Lying
from tests.interruption.referee import amiss, betrayed, in_minutes

YOGA = Lying(SITE, event("Yoga", at(1, 9), description="Bring a mat"), ours=False, private=False, ref=Ref("site", "1"))


@pytest.mark.parametrize(
    ("place", "right"),
    [(SITE, Event(title="Pilates")), (SITE, Event(title="Yoga", when=at(1, 10))), (MADE, Event(title="Yoga"))],
    ids=["another title", "another time", "another place"],
)
def test_what_lies_nowhere_where_it_should_is_told(place: str, right: Event) -> None:
    assert len(amiss([YOGA], [(place, right)])) == 1


def test_what_lies_where_it_should_is_compared_in_the_fields_told_alone() -> None:
    assert amiss([YOGA], [(SITE, Event(title="Yoga")), (SITE, Event(description="Bring a mat"))]) == []


@pytest.mark.parametrize(("lying", "stored"), [([YOGA], ""), ([], "{'title': 'Bring a mat'}")], ids=["shown", "stored"])
def test_a_secret_is_betrayed_by_the_site_and_by_the_store(lying: list[Lying], stored: str) -> None:
    assert len(betrayed(["Bring a mat"], lying, stored)) == 1


def test_a_secret_may_lie_where_it_is_from() -> None:
    at_home = Lying(HOME, YOGA.event, ours=False, private=True, ref=Ref("home", "1"))
    assert betrayed(["Bring a mat"], [at_home], "nothing") == []


def test_a_time_with_seconds_is_the_same_to_the_site_as_its_minute_and_not_as_the_next() -> None:
    when = at(1, 9)
    late, later = (_shifted(when, seconds) for seconds in (59, 60))
    assert in_minutes(late) == when
    assert in_minutes(later) != when


def _shifted(when: Timed, seconds: int) -> Timed:
    by = timedelta(seconds=seconds)
    return Timed(when.start + by, when.end + by, when.tzid)
