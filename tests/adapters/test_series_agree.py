"""Series as the product reads them, on two kinds of calendars, equal a walk through the days that neither knows of.

One library expands what CalDAV stores, another one what the Google simulator answers. A corpus by seed: daily, weekly
and monthly series, by day and by date, zones on both sides of both changes of the clock, days left out, occurrences
moved and cancelled, series split, whole days. Not here: single shapes (test_apple_series, tests/sandbox/google).
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from adapters.apple.reading import Seen, seen
from syncd.model import AllDay, Observation, Timed, Window
from tests.adapters.apple_world import LOOK, body, ics
from tests.adapters.google_world import world as google_world
from tests.naive_series import DAYS, Series
from tests.proving import PROVE

WINDOW = Window(datetime(2026, 10, 1, tzinfo=UTC), datetime(2028, 4, 1, tzinfo=UTC))
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "Europe/London")
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


def shown(observations: Iterator[Observation]) -> list[Shown]:
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
        return shown(iter(changes.observations))


@pytest.mark.parametrize("seed", SEEDS)
async def test_both_read_what_a_walk_through_the_days_finds(seed: int) -> None:
    story = Story.told(seed)
    expected = story.expected()
    assert expected
    assert through_caldav(story) == expected
    assert await through_google(story) == expected


def test_the_corpus_holds_what_it_is_about() -> None:
    stories = [Story.told(seed) for seed in SEEDS]
    kinds = {story.series.rule.split(";")[0] for story in stories}
    assert kinds == {"FREQ=DAILY", "FREQ=WEEKLY", "FREQ=MONTHLY"}
    assert {story.series.zone for story in stories} > set(ZONES)
    for told in ("whole", "moved", "cancelled", "split"):
        assert sum(getattr(story, told) not in (None, False) for story in stories) > 3, told
    assert sum(bool(story.series.without) for story in stories) > 3
    assert sum(len(offsets(story)) == 2 for story in stories) > 3


def offsets(story: Story) -> set[timedelta | None]:
    """Of its occurrences from UTC."""
    return {one.astimezone(ZoneInfo(story.series.zone)).utcoffset() for one in story.starts}
