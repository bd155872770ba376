"""Which value of the model lies in which column: a row for each value, and the value of each row.

Not here: the text form of nested values (codec), the tables (tables), statements.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import RowMapping

from syncd.model import (
    UNSEEN,
    Absence,
    Connection,
    Cursor,
    Decision,
    Event,
    Former,
    Link,
    LinkState,
    MakeCalendar,
    Observation,
    Override,
    Pair,
    Pending,
    Quarantine,
    Ref,
    Side,
    Traits,
    Unseen,
    When,
    Window,
    Write,
    instants,
)
from syncd.ports import HistoryRow, HoldRow, JournalRow, Note, WriteState
from syncd.store.codec import Codec

Row = dict[str, Any]

EVENT: Final = Codec[Event](Event)
TRAITS: Final = Codec[Traits](Traits)
ABSENCE: Final = Codec[Absence](Absence)
ACTION: Final = Codec[Write | MakeCalendar](Write | MakeCalendar)
CONNECTION: Final = Codec[Connection](Connection)
PLAIN: Final = Codec[Mapping[str, object]](Mapping[str, object])
TEXTS_BY_NAME: Final = Codec[Mapping[str, str]](Mapping[str, str])
_COUNT: Final = Codec[int | Unseen | None](int | Unseen | None)
_FORMER: Final = Codec[Former | None](Former | None)


def ref_row(side: Side, ref: Ref) -> Row:
    return {"side": side.value, "collection": ref.collection, "ref": ref.id}


def item_name(side: Side, ref: Ref) -> str:
    """How an unlinked item is named; a linked one bears its link's id."""
    return f"{side.value}|{ref.collection}|{ref.id}"


def match_key(event: Event) -> str | None:
    """Equal for items that may be the same by content (R13b, R31): same instants, same title but for case."""
    if isinstance(event.when, Unseen):
        return None
    first, last = instants(event.when)
    title = event.title.strip().casefold() if isinstance(event.title, str) else ""
    text = f"{first.isoformat()}/{last.isoformat()}/{title}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def observation_row(observation: Observation) -> Row:
    traits, absence, ref = observation.traits, observation.absence, observation.ref
    starts_at, ends_at = _span(observation.event.when)
    return {
        "collection": ref.collection,
        "ref": ref.id,
        "group_key": traits.group or ref.id,
        "version": observation.version,
        "fingerprint": observation.fingerprint,
        "sequence": observation.sequence,
        "seen_at": observation.seen_at,
        "starts_at": starts_at,
        "ends_at": ends_at,
        "event": EVENT.dump(observation.event),
        "traits": TRAITS.dump(traits),
        "gone": absence and absence.kind.value,
        "absence": absence and ABSENCE.dump(absence),
        "match_key": match_key(observation.event),
        "mark_key": traits.mark and traits.mark.key,
        "home": traits.home,
        "series": traits.series,
        "original_start": traits.original_start,
    }


def _span(when: When | Unseen) -> tuple[Any, Any]:
    return (None, None) if when is UNSEEN else instants(when)


def observation_of(side: Side, row: RowMapping) -> Observation:
    return Observation(
        side=side,
        ref=Ref(row["collection"], row["ref"]),
        event=EVENT.load(row["event"]),
        seen_at=row["seen_at"],
        version=row["version"],
        fingerprint=row["fingerprint"],
        sequence=row["sequence"],
        traits=TRAITS.load(row["traits"]),
        absence=ABSENCE.load(row["absence"]) if row["absence"] is not None else None,
    )


def link_row(link: Link) -> Row:
    row: Row = {
        "id": link.id,
        "connection": link.connection,
        "origin": link.origin.value,
        "state": link.state.value,
        "generation": link.generation,
        "participants": _COUNT.dump(link.participants),
        "former": _FORMER.dump(link.former),
        "refused": TEXTS_BY_NAME.dump(link.refused),
        "adrift": " ".join(link.adrift),
    }
    for side in Side:
        ref = link.refs[side]
        row[f"{side.value}_collection"] = ref and ref.collection
        row[f"{side.value}_ref"] = ref and ref.id
        row[f"{side.value}_base"] = EVENT.dump(link.bases[side])
        row[f"{side.value}_made"] = link.made[side]
    row["original_collection"] = row[f"{link.origin.value}_collection"]
    row["original_ref"] = row[f"{link.origin.value}_ref"]
    return row


def link_of(row: RowMapping) -> Link:
    return Link(
        id=row["id"],
        connection=row["connection"],
        origin=Side(row["origin"]),
        refs=Pair(*(_ref(row[f"{side.value}_collection"], row[f"{side.value}_ref"]) for side in Side)),
        bases=Pair(*(EVENT.load(row[f"{side.value}_base"]) for side in Side)),
        made=Pair(*(row[f"{side.value}_made"] for side in Side)),
        generation=row["generation"],
        state=LinkState(row["state"]),
        participants=_COUNT.load(row["participants"]),
        former=_FORMER.load(row["former"]),
        refused=TEXTS_BY_NAME.load(row["refused"]),
        adrift=tuple(row["adrift"].split()),
    )


def _ref(collection: str | None, ref: str | None) -> Ref | None:
    return None if collection is None or ref is None else Ref(collection, ref)


def pending_of(row: RowMapping) -> Pending:
    return Pending(Side(row["side"]), Ref(row["collection"], row["ref"]), row["since"], row["stamp"])


def cursor_of(row: RowMapping) -> Cursor:
    return Cursor(row["token"], Window(row["window_start"], row["window_end"]))


def connection_row(connection: Connection) -> Row:
    return {
        "id": connection.id,
        "site": connection.site,
        "schedule": connection.schedule.id,
        "status": connection.status.value,
        "body": CONNECTION.dump(connection),
    }


def connection_of(row: RowMapping) -> Connection:
    return CONNECTION.load(row["body"])


def journal_row(entry: JournalRow) -> Row:
    return {
        "id": entry.id,
        "connection": entry.connection,
        "run": entry.run,
        "side": entry.side.value,
        "calendar": entry.calendar,
        "item": entry.action.item,
        "action": ACTION.dump(entry.action),
        "opened_at": entry.opened_at,
        "state": entry.state.value,
        "bulk": entry.bulk,
        "closed_at": entry.closed_at,
        "outcome": entry.outcome,
    }


def journal_of(row: RowMapping) -> JournalRow:
    return JournalRow(
        id=row["id"],
        connection=row["connection"],
        run=row["run"],
        side=Side(row["side"]),
        calendar=row["calendar"],
        action=ACTION.load(row["action"]),
        opened_at=row["opened_at"],
        state=WriteState(row["state"]),
        bulk=row["bulk"],
        closed_at=row["closed_at"],
        outcome=row["outcome"],
    )


def history_row(entry: HistoryRow) -> Row:
    """Without `id`, which the database gives."""
    return {
        "at": entry.at,
        "run": entry.run,
        "connection": entry.connection,
        "item": entry.item,
        "kind": entry.kind,
        "rule": entry.rule,
        "outcome": entry.outcome,
        "side": entry.side and entry.side.value,
        "collection": entry.ref and entry.ref.collection,
        "ref": entry.ref and entry.ref.id,
        "detail": entry.detail,
        "action": PLAIN.dump(entry.action),
        "wix": None if entry.wix is None else PLAIN.dump(entry.wix),
        "external": None if entry.external is None else PLAIN.dump(entry.external),
        "counts": entry.counts,
        "act": entry.act,
        "fields": TEXTS_BY_NAME.dump(entry.fields),
    }


def history_of(row: RowMapping) -> HistoryRow:
    return HistoryRow(
        at=row["at"],
        run=row["run"],
        connection=row["connection"],
        item=row["item"],
        kind=row["kind"],
        rule=row["rule"],
        outcome=row["outcome"],
        side=None if row["side"] is None else Side(row["side"]),
        ref=_ref(row["collection"], row["ref"]),
        detail=row["detail"],
        action=PLAIN.load(row["action"]),
        wix=None if row["wix"] is None else PLAIN.load(row["wix"]),
        external=None if row["external"] is None else PLAIN.load(row["external"]),
        counts=row["counts"],
        act=row["act"],
        fields=TEXTS_BY_NAME.load(row["fields"]),
        id=row["id"],
    )


def hold_row(entry: HoldRow) -> Row:
    return {
        "connection": entry.connection,
        "action": entry.action,
        "group_key": entry.group,
        "item": entry.item,
        "rule": entry.rule,
        "reason": entry.reason,
        "body": PLAIN.dump(entry.body),
        "since": entry.since,
        "decision": entry.decision.value,
        "decided_at": entry.decided_at,
    }


def hold_of(row: RowMapping) -> HoldRow:
    return HoldRow(
        action=row["action"],
        group=row["group_key"],
        connection=row["connection"],
        item=row["item"],
        rule=row["rule"],
        reason=row["reason"],
        body=PLAIN.load(row["body"]),
        since=row["since"],
        decision=Decision(row["decision"]),
        decided_at=row["decided_at"],
    )


def quarantine_row(connection: str, item: str, entry: Quarantine) -> Row:
    return {
        "connection": connection,
        "item": item,
        "action": entry.action,
        "reason": entry.reason,
        "attempts": entry.attempts,
        "permanent": entry.permanent,
        "retry_at": entry.retry_at,
    }


def quarantine_of(row: RowMapping) -> Quarantine:
    return Quarantine(row["action"], row["reason"], row["attempts"], row["permanent"], row["retry_at"])


def note_row(entry: Note) -> Row:
    return {
        "connection": entry.connection,
        "item": entry.item,
        "rule": entry.rule,
        "reason": entry.reason,
        "at": entry.at,
    }


def note_of(row: RowMapping) -> Note:
    return Note(row["connection"], row["item"], row["rule"], row["reason"], row["at"])


def override_of(row: RowMapping) -> Override:
    return Override(row["title"], row["description"])
