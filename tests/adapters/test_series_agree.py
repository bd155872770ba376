"""Series as the product reads them, on three kinds of calendars, equal a walk through the days that none knows of.

One library expands what CalDAV stores, others what the simulators of Google and Microsoft answer. A corpus by seed:
daily, weekly, monthly and yearly series, by day and by date, zones on both sides of both changes of the clock, days
left out, occurrences moved and cancelled, series split, whole days. Not here: single shapes (test_apple_series,
test_microsoft_series, tests/sandbox), names of zones (test_microsoft_zones).
"""

import random
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from adapters.apple.reading import Seen, seen
from syncd.model import AllDay, ChangeSet, Observation, Timed, Window
from tests.adapters import microsoft_world
from tests.adapters.apple_world import LOOK, body, ics
from tests.adapters.google_world import world as google_world
from tests.naive_series import DAYS, Series
from tests.proving import PROVE

WINDOW = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2028, 4, 1, tzinfo=UTC))
WINDOWS = {
    "Europe/Berlin": "W. Europe Standard Time",
    "America/New_York": "Eastern Standard Time",
    "Australia/Sydney": "AUS Eastern Standard Time",
    "Asia/Kolkata": "India Standard Time",
    "Europe/London": "GMT Standard Time",
    "Africa/Casablanca": "Morocco Standard Time",  # an hour back for Ramadan, and forth after it
}
ZONES = tuple(WINDOWS)
HOUR = timedelta(hours=1)
SEEDS = range(200 if PROVE else 24)
Shown = tuple[str, datetime | date]


@dataclass(frozen=True)
class Story:
    """One series and what its owner did to it. Numbers count its occurrences from 0; None: not done."""

    series: Series
    whole: bool = False
    moved: int | None = None
    cancelled: int | None = None
    split: int | None = None

    @staticmethod
    def told(seed: int) -> "Story":
        dice = random.Random(seed)
        first = datetime.fromisoformat(dice.choice(("2027-03-10", "2027-10-20", "2026-12-29")))
        whole = dice.random() < 0.25
        first += timedelta(days=dice.randrange(15), minutes=0 if whole else 30 * dice.randrange(48))
        name = DAYS[first.weekday()]
        rules = (
            "FREQ=DAILY",
            f"FREQ=WEEKLY;BYDAY={','.join(sorted({name, dice.choice(DAYS)}))}",
            f"FREQ=MONTHLY;BYDAY={(first.day - 1) // 7 + 1}{name}",
            f"FREQ=MONTHLY;BYMONTHDAY={first.day}",
            "FREQ=YEARLY",
            *((f"FREQ=MONTHLY;BYDAY=-1{name}",) if first.day + 7 > monthrange(first.year, first.month)[1] else ()),
        )
        rule = dice.choice(rules) + f";INTERVAL={dice.randrange(1, 3)};COUNT={dice.choice((7, 12))}"
        series = Series(rule, first.isoformat(), "UTC" if whole else dice.choice(ZONES))
        days = [moment.astimezone(ZoneInfo(series.zone)).date() for moment in series.starts(WINDOW.end)]
        if dice.random() < 0.5 and len(days) > 5:
            series = replace(series, without=(dice.choice(days[4:]),))
        numbers = [number if number < len(days) else None for number in dice.sample((1, 2, 3), 3)]
        moved, cancelled, split = (number if dice.random() < 0.5 else None for number in numbers)
        return Story(series, whole, None if whole else moved, cancelled, split if len(days) > 5 else None)

    @property
    def starts(self) -> list[datetime]:
        """As the rule has them, nothing done yet."""
        return self.series.starts(WINDOW.end)

    def expected(self) -> list[Shown]:
        found: list[Shown] = []
        for number, start in enumerate(self.starts):
            if number == self.cancelled:
                continue
            title = "Later" if self.split is not None and number >= self.split else "Class"
            moved = start + 2 * HOUR if number == self.moved else start
            found.append((title, start.date() if self.whole else moved))
        return sorted(found, key=str)


def shown(observations: Iterable[Observation]) -> list[Shown]:
    found: list[Shown] = []
    for one in observations:
        when = one.event.when
        assert isinstance(when, AllDay | Timed)
        found.append((str(one.event.title), when.first if isinstance(when, AllDay) else when.start))
    return sorted(found, key=str)


def through_caldav(story: Story) -> list[Shown]:
    """The objects that a calendar app would store: a split is two series."""
    cut = story.split if story.split is not None else len(story.starts)
    parts = [("Class", story.starts[:cut]), ("Later", story.starts[cut:])]
    objects = {f"{title}.ics": _object(story, title, part) for title, part in parts if part}
    read = seen(LOOK, {name: body(text) for name, text in objects.items()}, WINDOW)
    assert all(isinstance(one, Seen) for one in read), read
    return shown(item for one in read if isinstance(one, Seen) for item in one.observations)


def _object(story: Story, title: str, starts: list[datetime]) -> str:
    series, zone = story.series, ZoneInfo(story.series.zone)
    rule = ";".join(part for part in series.rule.split(";") if not part.startswith("COUNT"))
    last = starts[-1].astimezone(UTC)
    until = f"{last:%Y%m%d}" if story.whole else f"{last:%Y%m%dT%H%M%SZ}"
    first = starts[0].astimezone(zone)
    length = timedelta(days=1) if story.whole else HOUR
    gone = [day for day in series.without if starts[0] <= _moment(series, day) <= starts[-1]]
    if story.cancelled is not None and story.starts[story.cancelled] in starts:
        gone.append(story.starts[story.cancelled].astimezone(zone).date())
    lines = [
        _edge("DTSTART", first, story),
        _edge("DTEND", first + length, story),
        f"RRULE:{rule};UNTIL={until}",
        *(_edge("EXDATE", datetime.combine(day, series.began.time(), zone), story) for day in gone),
        f"SUMMARY:{title}",
    ]
    text = ics(*lines, uid=title)
    if story.moved is None or story.starts[story.moved] not in starts:
        return text
    start = story.starts[story.moved]
    local = datetime.combine(start.astimezone(zone).date(), series.began.time(), zone)
    exception = [
        "BEGIN:VEVENT",
        f"UID:{title}",
        _edge("RECURRENCE-ID", local, story),
        f"DTSTART:{start + 2 * HOUR:%Y%m%dT%H%M%SZ}",
        f"DTEND:{start + 3 * HOUR:%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{title}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return text.replace("END:VCALENDAR", "\r\n".join(exception))


def _moment(series: Series, day: date) -> datetime:
    return datetime.combine(day, series.began.time(), ZoneInfo(series.zone)).astimezone(UTC)


def _edge(name: str, local: datetime, story: Story) -> str:
    if story.whole:
        return f"{name};VALUE=DATE:{local:%Y%m%d}"
    return f"{name};TZID={story.series.zone}:{local:%Y%m%dT%H%M%S}"


async def through_google(story: Story) -> list[Shown]:
    """The same by the hands of somebody in the calendar's own app."""
    async with google_world() as world:
        series, zone = story.series, ZoneInfo(story.series.zone)
        start: date = series.began.date() if story.whole else series.began.replace(tzinfo=zone)
        end = start + (timedelta(days=1) if story.whole else HOUR)
        rules = [f"RRULE:{series.rule}"]
        for day in series.without:
            stamp = f"{day:%Y%m%d}T{series.began:%H%M%S}"
            rules.append(f"EXDATE;VALUE=DATE:{day:%Y%m%d}" if story.whole else f"EXDATE;TZID={series.zone}:{stamp}")
        master = world.hands.add("Class", start, end, zone=series.zone, recurrence=rules).id
        names = [f"{master}_{one:%Y%m%d}" + ("" if story.whole else f"T{one:%H%M%S}Z") for one in story.starts]
        if story.split is not None:
            master = world.hands.split(names[story.split], summary="Later").id
            names[story.split :] = [f"{master}_{name.rpartition('_')[2]}" for name in names[story.split :]]
        if story.moved is not None:
            moved = story.starts[story.moved] + 2 * HOUR
            world.hands.edit(names[story.moved], start=moved, end=moved + HOUR)
        if story.cancelled is not None:
            world.hands.delete(names[story.cancelled])
        changes = await world.calendar.read(WINDOW)
        assert changes.complete
        return shown(changes.observations)


async def through_microsoft(story: Story, *, later: Series | None = None) -> list[Shown]:
    """By the hands of somebody in Outlook, read before and after what they did. `later`: a new time for the series.

    Days left out are occurrences deleted one by one: there is no other way.
    """
    async with microsoft_world.world() as world:
        series, hands = story.series, world.hands
        zone = WINDOWS.get(series.zone, "W. Europe Standard Time")
        master = hands.add("Class", *_ends(series, whole=story.whole), zone=zone, rrule=series.rule).id
        before = await world.calendar.read(WINDOW)
        assert before.cursor is not None
        assert len(before.observations) == len(replace(series, without=()).starts(WINDOW.end))
        ids = _ids(world, master)
        if story.split is not None:
            ids |= _ids(world, hands.split(ids[_day(story, story.split)], subject="Later").id)
        if story.moved is not None:
            moved = story.starts[story.moved] + 2 * HOUR
            hands.edit(ids[_day(story, story.moved)], start=moved, end=moved + HOUR)
        gone = [] if story.cancelled is None else [_day(story, story.cancelled)]
        for day in [*series.without, *gone]:
            hands.delete(ids[day])
        if later is not None:
            start, end = _ends(later, whole=story.whole)
            hands.edit(master, start=start, end=end, zone=zone, rrule=later.rule)
        changed = await microsoft_world.since(world, before.cursor, before)
        listed = await world.calendar.read(WINDOW)
        assert listed.complete
        assert shown(folded(before, changed)) == shown(listed.observations)
        return shown(listed.observations)


def folded(before: ChangeSet, changed: ChangeSet) -> list[Observation]:
    """What is there by an earlier reading and by what changed since: of a series that came, exactly what came."""
    gone = {removal.group for removal in changed.removed}
    kept = {
        one.ref.id: one
        for one in before.observations
        if one.traits.group not in gone
        and one.ref.id in changed.groups.get(one.traits.group or one.ref.id, {one.ref.id})
    }
    return list((kept | {one.ref.id: one for one in changed.observations}).values())


def _ids(world: microsoft_world.World, master: str) -> dict[date, str]:
    """The occurrences of a series by their days in it."""
    found = world.hands.occurrences(master, WINDOW.end.date())
    return {one.day: one.id for one in found if one.day is not None}


def _day(story: Story, number: int) -> date:
    return story.starts[number].astimezone(ZoneInfo(story.series.zone)).date()


def _ends(series: Series, *, whole: bool) -> tuple[date, date]:
    if whole:
        return series.began.date(), series.began.date() + timedelta(days=1)
    start = series.began.replace(tzinfo=ZoneInfo(series.zone))
    return start, (start.astimezone(UTC) + HOUR)


FIFTH = "a fifth weekday of the month"
SHORT = "only months that have the day: of others Outlook takes the last one"


def unpatterned(series: Series) -> str:
    """Why Graph has no pattern for a rule; "" where it has one (reference/microsoft.md, 1.3 and 10)."""
    if "BYDAY=5" in series.rule:
        return FIFTH
    return SHORT if "BYMONTHDAY" in series.rule and series.began.day > 28 else ""


PATTERNED = [seed for seed in SEEDS if not unpatterned(Story.told(seed).series)]


@pytest.mark.parametrize("seed", SEEDS)
async def test_caldav_and_google_read_what_a_walk_through_the_days_finds(seed: int) -> None:
    story = Story.told(seed)
    expected = story.expected()
    assert expected
    assert through_caldav(story) == expected
    assert await through_google(story) == expected


@pytest.mark.parametrize("seed", PATTERNED)
async def test_microsoft_reads_what_a_walk_through_the_days_finds(seed: int) -> None:
    story = Story.told(seed)
    assert await through_microsoft(story) == story.expected()


@pytest.mark.parametrize("seed", PATTERNED[:: 1 if PROVE else 4])
async def test_of_a_series_that_was_rescheduled_nothing_is_left_at_its_earlier_times(seed: int) -> None:
    """Its exceptions and deleted days with it; what was split off before stays as it was."""
    story = Story.told(seed)
    began = story.series.began + timedelta(days=1, hours=0 if story.whole else 3)
    later = Series("FREQ=DAILY;COUNT=4", began.isoformat(), story.series.zone)
    first = [("Class", one.date() if story.whole else one) for one in later.starts(WINDOW.end)]
    rest = [one for one in story.expected() if one[0] == "Later"]
    assert await through_microsoft(story, later=later) == sorted([*first, *rest], key=str)


@pytest.mark.parametrize(
    ("named", "iana", "hour"),
    [
        ("W. Europe Standard Time", "Europe/Berlin", "02:30"),
        ("GMT Standard Time", "Europe/London", "01:30"),
        ("Eastern Standard Time", "America/New_York", "02:30"),
        ("Cuba Standard Time", "America/Havana", "00:30"),
        ("AUS Eastern Standard Time", "Australia/Sydney", "02:30"),
        ("Lord Howe Standard Time", "Australia/Lord_Howe", "01:45"),
        ("Morocco Standard Time", "Africa/Casablanca", "02:30"),
    ],
)
async def test_a_series_in_a_zone_that_windows_names_is_at_its_hour_on_each_day(
    named: str, iana: str, hour: str
) -> None:
    """Nights too in which that hour is skipped, or comes twice."""
    series = Series("FREQ=DAILY;COUNT=400", f"2026-12-01T{hour}", iana)
    expected = series.starts(WINDOW.end)
    assert len({one.astimezone(ZoneInfo(iana)).utcoffset() for one in expected}) == 2
    async with microsoft_world.world() as world:
        start, end = _ends(series, whole=False)
        master = world.hands.add("Class", start, end, zone=named, rrule=series.rule)
        assert master.start.zone == named
        found = (await world.calendar.read(WINDOW)).observations
    whens = [one.event.when for one in found if isinstance(one.event.when, Timed)]
    assert sorted(when.start for when in whens) == expected
    assert {when.tzid for when in whens} == {iana}


def test_few_rules_have_no_pattern_and_each_is_known_by_name() -> None:
    reasons = [unpatterned(Story.told(seed).series) for seed in range(200)]
    assert set(reasons) == {"", FIFTH, SHORT}
    assert reasons.count("") > 180


def test_the_corpus_holds_what_it_is_about() -> None:
    stories = [Story.told(seed) for seed in SEEDS]
    kinds = {story.series.rule.split(";")[0] for story in stories}
    assert kinds == {"FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY", "FREQ=YEARLY"}
    assert {story.series.zone for story in stories} > set(ZONES)
    for told in ("whole", "moved", "cancelled", "split"):
        assert sum(getattr(story, told) not in (None, False) for story in stories) > 3, told
    assert sum(bool(story.series.without) for story in stories) > 3
    assert sum(len(offsets(story)) == 2 for story in stories) > 3


def offsets(story: Story) -> set[timedelta | None]:
    """Of its occurrences from UTC."""
    return {one.astimezone(ZoneInfo(story.series.zone)).utcoffset() for one in story.starts}
