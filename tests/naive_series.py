"""A third opinion on series: goes through the days one by one and asks whether each is one of the rule's.

Knows DAILY, WEEKLY (BYDAY, weeks from Monday), MONTHLY (BYMONTHDAY, or one BYDAY with a number) and YEARLY, each with
INTERVAL, COUNT or UNTIL (a UTC stamp), and days taken out or put in. Not here: anything the simulator or the product
uses for the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True)
class Series:
    """A rule that begins at a local time in a zone; `without` and `with_` are days."""

    rule: str
    first: str
    zone: str
    without: Sequence[date] = ()
    with_: Sequence[date] = ()

    @property
    def began(self) -> datetime:
        """Naive local time."""
        return datetime.fromisoformat(self.first)

    def starts(self, until: datetime) -> list[datetime]:
        """UTC starts before `until`."""
        parts = dict(part.split("=") for part in self.rule.split(";"))
        days = list(self._counted(parts, until))
        wanted = (set(days) | set(self.with_)) - set(self.without)
        found = sorted(self._moment(day) for day in wanted)
        return [moment for moment in found if moment < until]

    def _counted(self, parts: dict[str, str], until: datetime) -> Iterator[date]:
        left = int(parts.get("COUNT", "100000"))
        last = until
        if "UNTIL" in parts:
            last = datetime.strptime(parts["UNTIL"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) + timedelta(seconds=1)
        day = self.began.date()
        while left and self._moment(day) < min(last, until):
            if self._fits(day, parts):
                left -= 1
                yield day
            day += timedelta(days=1)

    def _fits(self, day: date, parts: dict[str, str]) -> bool:
        first = self.began.date()
        interval = int(parts.get("INTERVAL", "1"))
        months = (day.year - first.year) * 12 + day.month - first.month
        match parts["FREQ"]:
            case "DAILY":
                return (day - first).days % interval == 0
            case "WEEKLY":
                weeks = (_monday(day) - _monday(first)).days // 7
                return weeks % interval == 0 and DAYS[day.weekday()] in _names(parts, first)
            case "MONTHLY":
                return months % interval == 0 and _fits_month(day, parts, first)
        return months % (12 * interval) == 0 and day.day == first.day

    def _moment(self, day: date) -> datetime:
        return datetime.combine(day, self.began.time(), ZoneInfo(self.zone)).astimezone(UTC)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _names(parts: dict[str, str], first: date) -> list[str]:
    return parts["BYDAY"].split(",") if "BYDAY" in parts else [DAYS[first.weekday()]]


def _fits_month(day: date, parts: dict[str, str], first: date) -> bool:
    if "BYDAY" not in parts:
        return day.day == int(parts.get("BYMONTHDAY", first.day))
    number, name = int(parts["BYDAY"][:-2]), parts["BYDAY"][-2:]
    if DAYS[day.weekday()] != name:
        return False
    if number > 0:
        return (day.day - 1) // 7 + 1 == number
    return (day + timedelta(days=7 * -number)).month != day.month and (day + timedelta(days=7)).month != day.month
