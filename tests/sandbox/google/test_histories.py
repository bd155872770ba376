"""Random histories: whoever follows the sync tokens ends with what a full list shows."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from syncd.sandbox.clock import SandboxClock
from syncd.sandbox.google import GoogleState, Hands
from syncd.sandbox.google.errors import GoogleError
from syncd.sandbox.google.listing import Listing, list_events
from syncd.sandbox.google.state import View
from tests.sandbox.google.site import ANNA, START, Json

RULES = ("FREQ=WEEKLY;COUNT=6", "FREQ=DAILY;INTERVAL=5;COUNT=8", "FREQ=WEEKLY", "FREQ=MONTHLY;COUNT=3")


class Mirror:
    """Somebody who keeps a copy of a calendar by sync tokens."""

    def __init__(self, state: GoogleState, *, single: bool, size: int) -> None:
        self.state = state
        self.single = single
        self.size = size
        self.token: str | None = None
        self.rows: dict[str, Json] = {}

    def listed(self, **params: Any) -> tuple[list[Json], str]:
        rows: list[Json] = []
        view = View(self.state.calendars[ANNA])
        asked = {"singleEvents": self.single, "maxResults": self.size, **params}
        while True:
            page = list_events(Listing(self.state, view, ANNA, asked, {}))
            rows += page["items"]
            if "nextSyncToken" in page:
                return rows, page["nextSyncToken"]
            asked = {**asked, "pageToken": page["nextPageToken"]}

    def follow(self) -> None:
        rows, self.token = self.listed(**({"syncToken": self.token} if self.token else {"showDeleted": True}))
        for row in rows:
            if row["status"] == "cancelled":
                self.rows.pop(row["id"], None)
            else:
                self.rows[row["id"]] = row

    def truth(self) -> dict[str, Json]:
        rows, _ = self.listed(showDeleted=True)
        return {row["id"]: row for row in rows if row["status"] != "cancelled"}


class Person:
    """Does one random thing at a time."""

    def __init__(self, state: GoogleState, dice: random.Random) -> None:
        self.hands = Hands(state, ANNA)
        self.other = state.add_calendar(ANNA, "Other").id
        self.dice = dice

    def act(self) -> None:
        acts: list[Callable[[], object]] = [
            self._add,
            self.add_series,
            self._rename,
            self._move_in_time,
            self._delete,
            self._restore,
            self._split,
            self._toggle_rule,
            self._move_away,
        ]
        try:
            self.dice.choice(acts)()
        except (GoogleError, IndexError):
            # What is not possible in this state was refused, and nothing happened.
            return

    def _at(self) -> dict[str, Any]:
        start = START + timedelta(days=self.dice.randrange(1, 40), hours=self.dice.randrange(10))
        return {"start": start, "end": start + timedelta(hours=1)}

    def _add(self) -> None:
        self.hands.add("Single", **self._at())

    def add_series(self) -> None:
        self.hands.add("Series", **self._at(), recurrence=[f"RRULE:{self.dice.choice(RULES)}"])

    def _any(self) -> str:
        """A record, or an occurrence of a series."""
        event = self.dice.choice(self.hands.events())
        return self._occurrence(event.id) if event.is_master and self.dice.random() < 0.6 else event.id

    def _occurrence(self, master: str) -> str:
        rows, _ = Mirror(self.hands.state, single=True, size=2500).listed()
        return str(self.dice.choice([row["id"] for row in rows if row.get("recurringEventId") == master][:8]))

    def _master(self) -> str:
        return self.dice.choice([event.id for event in self.hands.events() if event.is_master])

    def _rename(self) -> None:
        self.hands.edit(self._any(), summary=f"Name {self.dice.randrange(100)}")

    def _move_in_time(self) -> None:
        self.hands.edit(self._any(), **self._at())

    def _delete(self) -> None:
        self.hands.delete(self._any())

    def _restore(self) -> None:
        records = View(self.hands.calendar).records()
        self.hands.restore(self.dice.choice([event.id for event in records if event.cancelled and not event.orphan]))

    def _split(self) -> None:
        self.hands.split(self._occurrence(self._master()), summary="Split")

    def _toggle_rule(self) -> None:
        event = self.dice.choice([event for event in self.hands.events() if event.series_id is None])
        self.hands.edit(event.id, recurrence=None if event.is_master else ["RRULE:FREQ=WEEKLY;COUNT=3"])

    def _move_away(self) -> None:
        self.hands.move(self._any(), self.other)


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("seed", range(25))
def test_following_the_tokens_ends_with_what_a_full_list_shows(seed: int, single: bool) -> None:
    dice = random.Random(seed)
    clock = SandboxClock(START, rate=0)
    state = GoogleState(clock)
    state.switches.set({"expansion_days": 60})
    state.add_account(ANNA)
    person = Person(state, dice)
    mirror = Mirror(state, single=single, size=dice.choice((1, 3, 250)))
    for _ in range(3):
        person.add_series()
    changes = 0
    for _ in range(40):
        before = state.calendars[ANNA].version
        person.act()
        changes += state.calendars[ANNA].version - before
        if dice.random() < 0.4:
            mirror.follow()
            assert mirror.rows == mirror.truth()
    mirror.follow()
    assert mirror.rows == mirror.truth()
    assert changes > 10
