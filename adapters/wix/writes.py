"""Writing blocks and sessions: what is sent for a draft, an edit and an erasure, and what is made of the answers.

Not here: the requests themselves (calls), the fields of one (mapping), reading (reads).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from msgspec import structs

from adapters.wix import calls, line, mapping, reads, wire
from adapters.wix.calls import Answer, Sent
from adapters.wix.client import PI, Installation
from adapters.wix.mapping import Row, observation
from adapters.wix.refusals import SIDE, Permission
from syncd.errors import AdapterError, Rejected, Stale, Transient
from syncd.model import UNSEEN, Mark, Unseen, When
from syncd.ports import Draft, Edit, Erasure, Outcome

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Home:
    """Where blocks are made: the schedule they lie on, the staff they block, the tag of their provider."""

    schedule: str
    resources: Sequence[str]
    provider: str


async def create(at: Installation, home: Home, drafts: Sequence[Draft]) -> Sequence[Outcome]:
    """Make blocks: a single one under its key, several without (their line in the notes is their key)."""
    prepared = [_block(home, draft) for draft in drafts]
    return await _write(at, prepared, lambda part: calls.create(at, part))


async def update(at: Installation, edits: Sequence[Edit], provider: str) -> Sequence[Outcome]:
    """Write the seen fields of each, at its revision. Notes hold description and mark: the other half is kept."""
    asked = [edit.ref.id for edit in edits if _needs_present(edit)]
    present = await reads.by_ids(at, asked) if asked else {}
    prepared = [_patch(at, edit, present, provider) for edit in edits]
    return await _write(at, prepared, lambda part: calls.update(at, part))


async def delete(at: Installation, erasures: Sequence[Erasure]) -> Sequence[Outcome]:
    """Cancel each that a fresh read still shows as it was planned for; a cancelled one is done (R28)."""
    present = await reads.by_ids(at, [one.ref.id for one in erasures])
    outcomes: list[Outcome | None] = []
    due: list[Row] = []
    for one in erasures:
        verdict = _still_due(at, one, present.get(one.ref.id))
        outcomes.append(None if isinstance(verdict, Row) else verdict)
        due += [verdict] if isinstance(verdict, Row) else []
    answers = iter(await _in_parts(due, lambda part: _cancel(at, part)))
    return [next(answers) if outcome is None else outcome for outcome in outcomes]


def _block(home: Home, draft: Draft) -> Sent | AdapterError:
    if isinstance(draft.event.when, Unseen):
        return Rejected("a block without a time", side=SIDE)
    try:
        ours = line.write(draft.mark, home.provider)
    except ValueError as error:
        return Rejected(str(error), side=SIDE)
    notes = mapping.notes(draft.event.description, ours)
    fields = {name: value for name, value in mapping.texts(draft.event).items() if value is not None}
    body = {
        "scheduleId": home.schedule,
        "type": "DEFAULT",
        "resources": [{"id": resource} for resource in home.resources],
        **fields,
        **mapping.times(draft.event.when),
        "notes": notes,
    }
    return Sent(body, draft.event.when, notes, key=draft.key)


def _needs_present(edit: Edit) -> bool:
    return edit.mark is not None or edit.event.description is not UNSEEN or edit.if_match is None


def _patch(at: Installation, edit: Edit, present: Mapping[str, Row], provider: str) -> Sent | Outcome:
    body = mapping.texts(edit.event)
    if not isinstance(edit.event.when, Unseen):
        body |= mapping.times(edit.event.when)
    notes: str | Unseen | None = UNSEEN
    revision = edit.if_match
    if _needs_present(edit):
        row = present.get(edit.ref.id)
        if row is None or row.event.cancelled or edit.if_match not in (None, str(row.event.revision)):
            return Stale("the session has changed since it was read", side=SIDE, ref=edit.ref.id)
        revision = str(row.event.revision)
        try:
            notes = _new_notes(edit, row, provider)
        except AdapterError as error:
            return error
        if notes != row.event.notes:
            body["notes"] = notes
        if not body:
            return _shown(at, row)
    if not body:
        return Rejected("an edit without a field", side=SIDE, ref=edit.ref.id)
    return Sent({"id": edit.ref.id, "revision": revision, **body}, edit.event.when, notes, ref=edit.ref.id)


def _new_notes(edit: Edit, row: Row, provider: str) -> str | None:
    """The present notes with description, mark or both replaced; a mark goes only where one is."""
    touched = edit.mark is not None or edit.event.description is not UNSEEN
    if not touched:
        return row.event.notes
    if not row.personal:
        hint = f'give the app the permission "{Permission.READ_PI}" and accept it on the site'
        raise Rejected(f"its notes cannot be seen ({PI})", side=SIDE, ref=edit.ref.id, hint=hint)
    text, mark = line.split(row.event.notes)
    if edit.event.description is UNSEEN and (mark is None or edit.mark is None):
        return row.event.notes
    shown = text if isinstance(edit.event.description, Unseen) else edit.event.description
    return mapping.notes(shown, _line(mark, edit, provider))


def _line(mark: Mark | None, edit: Edit, provider: str) -> str | None:
    if mark is None:
        return None
    tagged = replace(edit.mark, provider=edit.mark.provider or mark.provider) if edit.mark is not None else mark
    try:
        return line.write(tagged, provider)
    except ValueError as error:
        raise Rejected(str(error), side=SIDE, ref=edit.ref.id) from None


async def _write(
    at: Installation,
    prepared: Sequence[Sent | Outcome],
    send: Callable[[Sequence[Sent]], Awaitable[Sequence[Answer]]],
) -> Sequence[Outcome]:
    """Send what was prepared, each part checked and read again; what was decided before stays in its place."""

    async def part(sent: Sequence[Sent]) -> Sequence[Outcome]:
        return await _settled(at, sent, await send(sent))

    answers = iter(await _in_parts([one for one in prepared if isinstance(one, Sent)], part))
    return [next(answers) if isinstance(one, Sent) else one for one in prepared]


async def _in_parts(
    items: Sequence[T], send: Callable[[Sequence[T]], Awaitable[Sequence[Outcome]]]
) -> Sequence[Outcome]:
    """Send 50 at a time. Once a part was written, a later failure stands in place of what it left unwritten."""
    outcomes: list[Outcome] = []
    for start in range(0, len(items), calls.MOST):
        part = items[start : start + calls.MOST]
        try:
            outcomes += await send(part)
        except AdapterError as error:
            if not outcomes:
                raise
            unsent = len(items) - start - len(part)
            outcomes += [error] * len(part) + [Transient("not sent after a failure", side=SIDE)] * unsent
            break
    return outcomes


async def _settled(at: Installation, sent: Sequence[Sent], answers: Sequence[Answer]) -> Sequence[Outcome]:
    """What Wix holds now, read with PI fields; where it took the times for other instants, they are sent in UTC."""
    rows = await _read_back(at, sent, answers)
    for index, (one, row) in enumerate(zip(sent, rows, strict=True)):
        if isinstance(row, Row) and not isinstance(one.when, Unseen):
            rows[index] = await _in_utc(at, one, one.when, row)
    return [row if isinstance(row, AdapterError) else _shown(at, row) for row in rows]


async def _read_back(at: Installation, sent: Sequence[Sent], answers: Sequence[Answer]) -> list[Row | AdapterError]:
    now = at.clock.now()
    ids = [answer.id for answer in answers if isinstance(answer, wire.Event)]
    try:
        shown = await reads.by_ids(at, ids) if ids else {}
    except AdapterError:
        shown = {}  # the write is done: its own answer has to do
    rows: list[Row | AdapterError] = []
    for one, answer in zip(sent, answers, strict=True):
        if isinstance(answer, AdapterError):
            rows.append(answer)
            continue
        told = Row(answer, personal=False, seen_at=now)
        read = shown.get(answer.id)
        rows.append(read if read is not None and read.revision >= told.revision else _as_sent(one, told))
    return rows


def _as_sent(one: Sent, told: Row) -> Row:
    """The answer of a write, which carries no notes, with those that were sent; participants stay unseen."""
    if isinstance(one.notes, Unseen):
        return told
    return replace(told, event=_with_notes(told.event, one.notes))


def _with_notes(event: wire.Event, notes: str | None) -> wire.Event:
    return structs.replace(event, notes=notes)


async def _in_utc(at: Installation, one: Sent, when: When, row: Row) -> Row | AdapterError:
    if not mapping.is_mistaken(row.event, one.body, when):
        return row
    body = {"id": row.event.id, "revision": str(row.event.revision), **mapping.times(when, in_utc=True)}
    again = Sent(body, when, row.event.notes if row.personal else one.notes, ref=row.event.id)
    try:
        answers = await calls.update(at, [again])
    except AdapterError as error:
        return error
    (fixed,) = await _read_back(at, [again], answers)
    if isinstance(fixed, Row) and mapping.is_mistaken(fixed.event, body, when):
        return Rejected("Wix shows another time than was written", side=SIDE, ref=row.event.id)
    return fixed


def _shown(at: Installation, row: Row) -> Outcome:
    try:
        seen = observation(row, at.instance_id, at.namespace)
    except ValueError:
        return Transient("Wix answered without times", side=SIDE, ref=row.event.id, applied=True)
    if row.personal or row.event.notes is None:
        return seen
    text, _ = line.split(row.event.notes)
    return replace(seen, event=replace(seen.event, description=text))


async def _cancel(at: Installation, rows: Sequence[Row]) -> Sequence[Outcome]:
    answers = await calls.cancel(at, [row.event.id for row in rows])
    return [
        answer if isinstance(answer, AdapterError) else _cancelled(at, row, answer)
        for row, answer in zip(rows, answers, strict=True)
    ]


def _cancelled(at: Installation, row: Row, answer: wire.Event) -> Outcome:
    """The item as it was read right before, gone, at the revision of the answer."""
    event = structs.replace(
        row.event,
        status="CANCELLED",
        revision=answer.revision or row.event.revision,
        updated_date=answer.updated_date,
    )
    return _shown(at, replace(row, event=event, seen_at=at.clock.now()))


def _still_due(at: Installation, erasure: Erasure, row: Row | None) -> Row | Outcome:
    if row is None:
        return Stale("the session is not shown by its id", side=SIDE, ref=erasure.ref.id)
    if row.event.cancelled:
        return _shown(at, row)
    if erasure.if_match not in (None, str(row.event.revision)):
        return Stale("the session has changed since it was read", side=SIDE, ref=erasure.ref.id)
    if erasure.participants is not None and row.participants != erasure.participants:
        return Stale("the session's participants have changed, or are not shown", side=SIDE, ref=erasure.ref.id)
    return row
