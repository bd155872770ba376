"""calendarView/delta: which rows a round tells, in which order; what has become of the events that changed.

A round is made of groups: an event alone, or a series whole within the window. Not here: tokens and pages
(`rounds.py`), how a row looks (`render.py`).
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from syncd.sandbox.history import Past
from syncd.sandbox.microsoft.errors import Json
from syncd.sandbox.microsoft.listing import Window, expanded, meets, spoiled
from syncd.sandbox.microsoft.render import Lens, render_removed, render_slim, render_whole
from syncd.sandbox.microsoft.state import Calendar, MicrosoftState, View
from syncd.sandbox.microsoft.values import Event

Kind = Literal["whole", "slim", "removed"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a round."""

    kind: Kind
    event: Event


Group = tuple[Row, ...]

_SHOWN: Final = {"whole": render_whole, "slim": render_slim, "removed": render_removed}


@dataclass(frozen=True, slots=True)
class Round:
    """What is asked: a calendar within a window, in the state of `view`; `since` is the count of the last round.

    `do` is what a planted fault asks for.
    """

    state: MicrosoftState
    calendar: Calendar
    view: View
    window: Window
    since: int | None
    do: Mapping[str, Any]

    @property
    def place(self) -> str:
        """The calendar id that events bear."""
        return self.calendar.events_in


def show_row(row: Row, lens: Lens) -> Json:
    """A row as a page has it."""
    return _SHOWN[row.kind](row.event, lens)


def groups(round_: Round) -> tuple[Group, ...]:
    """All rows of a round, as switches and faults leave them; those of one series stay together."""
    present = replace(round_, view=View(round_.view.mailbox, Past(undone=round_.view.past.undone)))
    found = _all(present) if present.since is None else _changed(present, present.since)
    found = _ordered([*_replayed(round_, present), *found], round_.state)
    if round_.state.switches["delta_repeats"] and found:
        found.append(found[0])
    if round_.state.switches["delta_split_series"] or round_.do.get("split_series"):
        found = [(row,) for group in found for row in group]
    found = [group for group in (_without(group, round_.do) for group in found) if group]
    return tuple(_cut(found, round_.do))


def _cut(found: list[Group], do: Mapping[str, Any]) -> list[Group]:
    if "truncate" not in do and "empty" not in do:
        return found
    return [(row,) for row in spoiled([row for group in found for row in group], do)]


def _without(group: Group, do: Mapping[str, Any]) -> Group:
    if do.get("missing_master"):
        group = tuple(row for row in group if row.kind == "removed" or not row.event.is_master)
    if do.get("slim_only"):
        group = tuple(replace(row, kind="slim") if _can_be_slim(row) else row for row in group)
    return group


def _can_be_slim(row: Row) -> bool:
    return row.kind == "whole" and row.event.series_id is not None


def _all(round_: Round) -> list[Group]:
    found = (_present(event, round_.view, round_.window) for event in round_.view.living(round_.place))
    return [group for group in found if group]


def _present(event: Event, view: View, window: Window) -> Group:
    """The rows of a living event within the window; none when it lies outside."""
    if not event.is_master:
        return (Row("whole", event),) if meets(event, window) else ()
    rows = expanded(event, view, window)
    if not rows:
        return ()
    return (Row("whole", event), *(Row("whole" if row.exception else "slim", row) for row in rows))


def _changed(round_: Round, since: int) -> list[Group]:
    """A group for each event or series that was written since."""
    before = View(round_.view.mailbox, Past(undone=max(0, round_.view.mailbox.version - since)))
    written: dict[str, None] = {}
    for record in round_.view.records():
        if record.version > since:
            written[_ref(record)] = None
    found = (_difference(ref, before, round_) for ref in written)
    return [group for group in found if group]


def _difference(ref: str, before: View, round_: Round) -> Group:
    now, then = round_.view.record(ref), before.record(ref)
    if now is not None and not now.deleted and now.calendar_id == round_.place:
        rows = _present(now, round_.view, round_.window)
        if rows:
            return rows
    return _removed(now, then, before, round_)


def _removed(now: Event | None, then: Event | None, before: View, round_: Round) -> Group:
    """An event that left the window, or that changed outside it."""
    here = next((event for event in (now, then) if event is not None and event.calendar_id == round_.place), None)
    if here is None:
        return ()
    was_here = then is not None and not then.deleted and then.calendar_id == round_.place
    shown = _present(then, before, round_.window) if then is not None and was_here else ()
    if not shown and not round_.state.switches["delta_outside_removed"]:
        return ()
    gone = [Row("removed", here)]
    if round_.state.switches["delta_deleted_series"] == "all":
        gone += [Row("removed", row.event) for row in shown if row.event.series_id is not None]
    return tuple(gone)


def _replayed(round_: Round, present: Round) -> list[Group]:
    """Rows of the past that a fault tells again, with what has become of them after each."""
    if not round_.view.past.back:
        return []
    shown = _all(present)
    old = [group for group in _all(round_) if group not in shown]
    return [told for group in old for told in (group, _difference(_ref(group[0].event), round_.view, present)) if told]


def _ref(event: Event) -> str:
    return event.series_id or event.id


def _ordered(found: list[Group], state: MicrosoftState) -> list[Group]:
    match state.switches["delta_order"]:
        case "reversed":
            return [group[::-1] for group in reversed(found)]
        case "shuffled":
            dice = random.Random(state.serial())
            mixed = [tuple(dice.sample(group, len(group))) for group in found]
            dice.shuffle(mixed)
            return mixed
    return found
