"""Objects of every legal shape: what is not edited is not sent, what is edited is all that changes.

Generated (corpus/objects), read, normalised as the core does, written back. Not here: what is not legal
(test_apple_hostile), what single properties mean (test_apple_mapping, test_apple_content).
"""

import dataclasses
import itertools
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.apple.reading import Seen, seen, split
from syncd.errors import Rejected
from syncd.model import AllDay, Event, Field, Observation, Timed, Value, Window, identical
from syncd.normalise import canonical, clean
from tests.adapters.apple_world import LOOK, NOW, body, stored
from tests.adapters.corpus.objects import ALL, SHAPES, TEXTS, Drawn, objects
from tests.proving import PROVE

YEAR: Final = Window(datetime(2026, 12, 1, tzinfo=UTC), datetime(2028, 3, 1, tzinfo=UTC))
STAMP: Final = f"{NOW:%Y%m%dT%H%M%SZ}"
STAMPS: Final = {"DTSTAMP", "LAST-MODIFIED"}
# The properties of a VEVENT that say a field, and whether clients order by its changes (RFC 5545, 3.8.7.4).
SAID: Final = {
    Field.TITLE: ({"SUMMARY"}, False),
    Field.DESCRIPTION: ({"DESCRIPTION"}, False),
    Field.LOCATION: ({"LOCATION"}, True),
    Field.BUSY: ({"TRANSP", "STATUS"}, False),
    Field.WHEN: ({"DTSTART", "DTEND", "DURATION"}, True),
}
# An exception that is new has these of its own, or none.
OWN: Final = {"RRULE", "RDATE", "EXDATE", "RECURRENCE-ID", "DTSTART", "DTEND", "DURATION", "CREATED"}
EVERY: Final = {"series", "override", "range", "alarm", "zone", "dates", "unknown", "folded"}
many = settings(
    max_examples=100 if PROVE else 4,
    deadline=None,
    derandomize=not PROVE,
    database=None,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def of_every_shape(check: Callable[[st.DataObject, Drawn], None]) -> None:
    """The check on objects of each zone and shape."""
    for zone, shape in itertools.product(ALL, SHAPES):
        many(given(st.data(), objects(zone, shape))(check))()


def shown(text: str) -> dict[str, Observation]:
    """The items of an object as the core keeps them, by the original start of each."""
    (found,) = seen(LOOK, {"a.ics": body(text)}, YEAR)
    assert isinstance(found, Seen), found
    return {split(item.ref)[1] or "": canonical(item) for item in found.observations}


def written_back(text: str, rid: str, event: Event) -> tuple[bool, str]:
    held = stored(text)
    changed = held.edit(rid or None, event, None, NOW)
    return changed, held.calendar.serialised()


# the text, taken apart here once more


def blocks(text: str) -> list[list[str]]:
    """The logical lines of each VEVENT, as they came; what stands outside is the first block."""
    found: list[list[str]] = [[]]
    inside = False
    for raw in re.split(r"\r\n(?![ \t])", text.removesuffix("\r\n")):
        plain = unfolded(raw).upper()
        if plain == "BEGIN:VEVENT":
            found.append([])
            inside = True
        found[-1 if inside else 0].append(raw)
        inside = inside and plain != "END:VEVENT"
    return found


def unfolded(raw: str) -> str:
    return re.sub(r"\r\n[ \t]", "", raw)


def name_of(raw: str) -> str:
    return re.split("[:;]", unfolded(raw), maxsplit=1)[0].upper()


def others(block: Sequence[str], names: set[str]) -> list[str]:
    """The lines of a VEVENT but its own of these names; alarms are kept whole."""
    kept, depth = [], 0
    for raw in block:
        depth += {"BEGIN": 1, "END": -1}.get(name_of(raw), 0)
        if depth > 1 or name_of(raw) not in names:
            kept.append(raw)
    return kept


def value_of(block: Sequence[str], name: str) -> str | None:
    lines = [unfolded(raw) for raw in block if name_of(raw) == name]
    return lines[0].partition(":")[2] if lines else None


# nothing to say


def test_what_is_written_back_unchanged_changes_no_byte() -> None:
    reached: Counter[str] = Counter()

    def kept(_data: st.DataObject, drawn: Drawn) -> None:
        items = shown(drawn.text)
        assert items
        for rid, item in items.items():
            assert written_back(drawn.text, rid, item.event) == (False, drawn.text)
        reached.update(drawn.kinds)

    of_every_shape(kept)
    assert reached.keys() >= EVERY


# one field


@st.composite
def edits(draw: st.DrawFn, item: Observation) -> tuple[Field, Value]:
    """One field, and a value that it does not have."""
    field = draw(st.sampled_from(list(Field)))
    if field is Field.BUSY:
        return field, not item.event.busy
    if field is not Field.WHEN:
        text = draw(TEXTS.map(lambda text: text.strip()).filter(bool) | st.none())
        return field, "Other" if text == item.event.get(field) else text
    when = item.event.when
    later = timedelta(days=draw(st.integers(1, 3)))
    if isinstance(when, AllDay):
        return field, AllDay(when.first + later, when.until + later)
    assert isinstance(when, Timed)
    moved = draw(st.sampled_from([timedelta(), later]))
    return field, Timed(when.start + moved, when.end + later, when.tzid)


@dataclasses.dataclass(frozen=True)
class Change:
    """One edit of one item: the object before and after it."""

    before: str
    after: str
    rid: str
    field: Field

    def blocks(self) -> tuple[list[str], list[str]]:
        """The VEVENT that was edited, before and after; of a new exception, what it was made from.

        Asserts that nothing else has changed, but a definition that a new time brought along.
        """
        old, new = blocks(self.before), blocks(self.after)
        assert others_kept(old[0], new[0], brings_zone=self.field is Field.WHEN)
        if len(new) == len(old):
            (at,) = [number for number in range(1, len(old)) if old[number] != new[number]]
            return old[at], new[at]
        assert new[:-1][1:] == old[1:]
        assert self.rid
        copied = others(new[-1], self.free())
        made = next((block for block in old[1:] if others(block, self.free()) == copied), None)
        assert made is not None, "an exception holds what the series says"
        return made, new[-1]

    def free(self) -> set[str]:
        return OWN | STAMPS | SAID[self.field][0] | {"SEQUENCE", "BEGIN", "END"}


def others_kept(old: list[str], new: list[str], *, brings_zone: bool) -> bool:
    if old == new:
        return True
    at = next(number for number, raw in enumerate(old) if raw != new[number])
    added = len(new) - len(old)
    block = new[at : at + added]
    return brings_zone and block[0] == "BEGIN:VTIMEZONE" and new[:at] + new[at + added :] == old


def test_an_edit_of_one_field_changes_that_field_alone() -> None:
    reached: Counter[str] = Counter()

    def changes(data: st.DataObject, drawn: Drawn) -> None:
        items = shown(drawn.text)
        rid = data.draw(st.sampled_from(sorted(items)))
        field, value = data.draw(edits(items[rid]))
        try:
            changed, after = written_back(drawn.text, rid, Event().put({field: value}))
        except Rejected:
            assert "range" in drawn.kinds
            reached["rejected"] += 1
            return
        assert changed
        change = Change(drawn.text, after, rid, field)
        old, new = change.blocks()
        names, ordered = SAID[field]
        free = change.free() if is_new(change) else names | STAMPS | {"SEQUENCE"}
        assert others(old, free) == others(new, free)
        assert (value_of(new, "DTSTAMP"), value_of(new, "LAST-MODIFIED")) == (STAMP, STAMP)
        ordered |= value_of(old, "STATUS") != value_of(new, "STATUS")
        assert int(value_of(new, "SEQUENCE") or 0) == int(value_of(old, "SEQUENCE") or 0) + ordered
        assert_shown(shown(after), items, rid, field, value)
        reached.update({*drawn.kinds, field.value, "new" if is_new(change) else "in place"})

    of_every_shape(changes)
    wanted = {*EVERY, *(field.value for field in Field), "new", "in place"}
    assert reached.keys() >= wanted


# one occurrence


def test_an_occurrence_that_is_taken_out_leaves_all_others_as_they_were() -> None:
    reached: Counter[str] = Counter()

    def taken_out(data: st.DataObject, drawn: Drawn) -> None:
        items = shown(drawn.text)
        if "series" not in drawn.kinds:
            return
        rid = data.draw(st.sampled_from(sorted(items)))
        held = stored(drawn.text)
        try:
            assert held.remove(rid, NOW)
        except Rejected:
            assert "range" in drawn.kinds
            assert held.calendar.serialised() == drawn.text
            return
        after = held.calendar.serialised()
        assert {key: one.event for key, one in shown(after).items()} == {
            key: one.event for key, one in items.items() if key != rid
        }
        (master, *old), (changed, *new) = blocks(drawn.text)[1:], blocks(after)[1:]
        assert blocks(after)[0] == blocks(drawn.text)[0]
        assert all(block in old for block in new)
        assert len(old) - len(new) in (0, 1)
        free = STAMPS | {"SEQUENCE"}
        (line,) = [raw for raw in others(changed, free) if raw not in master]
        assert name_of(line) == "EXDATE"
        assert [raw for raw in others(changed, free) if raw != line] == others(master, free)
        assert int(value_of(changed, "SEQUENCE") or 0) == int(value_of(master, "SEQUENCE") or 0) + 1
        reached.update({*drawn.kinds, "exception" if len(old) > len(new) else "plain"})

    of_every_shape(taken_out)
    assert reached.keys() >= {*EVERY, "plain", "exception"}


def is_new(change: Change) -> bool:
    return len(blocks(change.after)) > len(blocks(change.before))


def assert_shown(
    after: dict[str, Observation], before: dict[str, Observation], rid: str, field: Field, value: Value
) -> None:
    """The item shows the new value and all others what they showed."""
    assert identical(after[rid].event.get(field), clean(Event().put({field: value})).get(field))
    assert {key: item.event for key, item in after.items() if key != rid} == {
        key: item.event for key, item in before.items() if key != rid
    }
    rest = [other for other in Field if other is not field]
    assert all(identical(after[rid].event.get(one), before[rid].event.get(one)) for one in rest)
