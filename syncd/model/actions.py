"""What syncd is about to do: rules, actions, plans. Plans compare, print, turn into JSON and have a digest.

Not here: deciding (plan), doing (apply), wording for people (cli).
"""

import dataclasses
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar, Final, TypeAlias

from syncd.model.fields import UNSEEN, Event, Field, Pair, Ref, Side, Value
from syncd.model.state import Link, LinkState, Mark, Override


class Rule(Enum):
    """The rules of RULES.md by id."""

    R1 = "R1"
    R2 = "R2"
    R3 = "R3"
    R4 = "R4"
    R5 = "R5"
    R5A = "R5a"
    R6 = "R6"
    R7 = "R7"
    R8 = "R8"
    R9 = "R9"
    R10 = "R10"
    R11 = "R11"
    R12 = "R12"
    R13 = "R13"
    R14 = "R14"
    R15 = "R15"
    R16 = "R16"
    R17 = "R17"
    R18 = "R18"
    R19 = "R19"
    R20 = "R20"
    R21 = "R21"
    R22 = "R22"
    R23 = "R23"
    R24 = "R24"
    R25 = "R25"
    R26 = "R26"
    R27 = "R27"
    R28 = "R28"
    R29 = "R29"
    R30 = "R30"
    R31 = "R31"
    R32 = "R32"


@dataclass(frozen=True, slots=True)
class Change:
    """One field of one item: what it shows now, what it will show, and by which rule.

    `loser`: the value of the edit that did not win (R10, R11, R5a); it goes to the history.
    """

    field: Field
    before: Value
    after: Value
    why: Rule
    loser: Value = UNSEEN


@dataclass(frozen=True, slots=True)
class Create:
    """Make the copy of `link`'s original on `side`, once per `key`.

    `event`: the fields as the original's side shows them; they are that side's base once the copy is there.
    `calendar`: the collection it is made in, None for the dedicated calendar that the plan makes first.
    `link`: the link to store, its ref and base on `side` to be filled from the answer. `seen`: the fingerprint of the
    original it was planned from.
    """

    kind: ClassVar[str] = "create"
    item: str
    side: Side
    calendar: str | None
    event: Event
    key: str
    mark: Mark
    link: Link
    why: Rule
    seen: str | None = None
    ordered: bool = False

    @property
    def ref(self) -> Ref | None:
        return None


@dataclass(frozen=True, slots=True)
class Update:
    """Write some fields of one item, if it is still at `if_match`. Bases advance for exactly these fields.

    `agreed`: the values that the other side's base takes, in that side's own form.
    `refused`: entries for the link's `refused` (R5a). `seen`: the version of the other side it was planned from.
    """

    kind: ClassVar[str] = "update"
    item: str
    side: Side
    ref: Ref
    if_match: str | None
    changes: tuple[Change, ...]
    agreed: Event
    why: Rule
    mark: Mark | None = None
    refused: Mapping[str, str] = field(default_factory=dict)
    seen: str | None = field(default=None, compare=False)
    ordered: bool = False

    @property
    def event(self) -> Event:
        """The fields to write, every other one unseen."""
        return Event().put({change.field: change.after for change in self.changes})


@dataclass(frozen=True, slots=True)
class Delete:
    """Remove one item, if it is still at `if_match` (in Wix: cancel it, after a fresh read).

    `then`: the state the link takes; None dissolves it, so that no more is remembered than its spent generation.
    `act`: deletions of one act on a series share it (R15). `guard`: the participants count must still be the same right
    before (R28). `former`: the item is the link's former copy (R30); the link itself stays. `losers`: edits that are
    lost (R11).
    """

    kind: ClassVar[str] = "delete"
    item: str
    side: Side
    ref: Ref
    if_match: str | None
    why: Rule
    then: LinkState | None = LinkState.TOMBSTONE
    act: str = ""
    original: bool = False
    guard: bool = False
    former: bool = False
    ordered: bool = False
    losers: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Adopt:
    """Pair two items that lie there already; writes nothing. `lost`: fields whose override was lost (DESIGN 4)."""

    kind: ClassVar[str] = "adopt"
    item: str
    link: Link
    why: Rule
    lost: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Relink:
    """The item of a link is now known by another ref (R31); its absence and its reappearance are one move.

    `adopted`: it is not ours, but something a person made in its place: it is never deleted by us (R13).
    """

    kind: ClassVar[str] = "relink"
    item: str
    side: Side
    old: Ref
    new: Ref
    adopted: bool = False
    why: Rule = Rule.R31


@dataclass(frozen=True, slots=True)
class Release:
    """Let go of an item without removing anything. `then` as in Delete. `losers`: edits that are lost (R11).

    `bases`: what the side that stays shows now; a dismissed link is measured against it (R3).
    """

    kind: ClassVar[str] = "release"
    item: str
    why: Rule
    then: LinkState | None
    reason: str
    losers: tuple[Change, ...] = ()
    bases: Pair[Event] = Pair(Event(), Event())


@dataclass(frozen=True, slots=True)
class SetOverride:
    """An edit outside becomes the session's override (R8): local. `agreed`: what both bases take for these fields."""

    kind: ClassVar[str] = "override"
    item: str
    session: Ref
    override: Override
    agreed: Pair[Event]
    changes: tuple[Change, ...]
    why: Rule = Rule.R8


@dataclass(frozen=True, slots=True)
class Settle:
    """Local agreement: bases take these fields; nothing is written on either side.

    `losers`: edits that are left outside and will never be carried over (R5a). `leaves_former`: the copy in the
    calendar used before may not be removed, or is gone: the link lets go of it.
    """

    kind: ClassVar[str] = "settle"
    item: str
    why: Rule
    bases: Pair[Event] = Pair(Event(), Event())
    reason: str = ""
    losers: tuple[Change, ...] = ()
    refused: Mapping[str, str] = field(default_factory=dict)
    listed: bool = False
    leaves_former: bool = False


@dataclass(frozen=True, slots=True)
class Skip:
    """Nothing is done. `stays`: the item stays pending. `listed`: it is left as it is and shown by `status`."""

    kind: ClassVar[str] = "skip"
    item: str
    why: Rule
    reason: str
    stays: bool = False
    listed: bool = False


@dataclass(frozen=True, slots=True)
class MakeCalendar:
    """Make the dedicated calendar, under a name and an id derived from bridge, schedule and generation."""

    kind: ClassVar[str] = "make_calendar"
    side: ClassVar[Side] = Side.EXTERNAL
    item: str
    name: str
    key: str
    why: Rule = Rule.R1


@dataclass(frozen=True, slots=True)
class Recover:
    """An open intent that a dry run could not settle by looking (DESIGN 4)."""

    kind: ClassVar[str] = "recover"
    item: str
    write: str
    why: Rule = Rule.R24


Write: TypeAlias = Create | Update | Delete
WRITES: Final = (Create, Update, Delete)  # for isinstance: a union is built anew, and asked slowly, at each call
Local: TypeAlias = Adopt | Relink | Release | SetOverride | Settle


@dataclass(frozen=True, slots=True)
class Hold:
    """Actions that wait for a person. Approval covers exactly these: refs and versions are inside them."""

    kind: ClassVar[str] = "hold"
    item: str
    actions: tuple[Write, ...]
    why: Rule
    reason: str


Action: TypeAlias = Write | Local | Skip | Hold | MakeCalendar | Recover


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered actions of one connection."""

    connection: str
    actions: tuple[Action, ...]

    @property
    def digest(self) -> str:
        """Equal for equal plans, whatever the process or the database (16 hex characters)."""
        return digest_of(self.actions)

    def writes(self) -> tuple[Write | MakeCalendar, ...]:
        return tuple(action for action in self.actions if isinstance(action, (*WRITES, MakeCalendar)))

    def holds(self) -> tuple[Hold, ...]:
        return tuple(action for action in self.actions if isinstance(action, Hold))

    @property
    def changes_nothing(self) -> bool:
        """Whether nothing would be written, held or settled."""
        return all(isinstance(action, Skip) for action in self.actions)

    def counts(self) -> Counter[tuple[str, str]]:
        """How many actions of each (kind, rule id)."""
        return Counter((action.kind, action.why.value) for action in self.actions)

    def to_json(self, *, show_text: bool = True) -> dict[str, Any]:
        """The plan as plain JSON values. Without `show_text` titles, descriptions and locations are left out."""
        return {
            "connection": self.connection,
            "digest": self.digest,
            "actions": [action_json(action, show_text=show_text) for action in self.actions],
        }


def action_json(action: Action, *, show_text: bool = True) -> dict[str, Any]:
    """One action as plain JSON values, `kind` and `rule` first."""
    body: dict[str, Any] = {"kind": action.kind, "rule": action.why.value}
    for slot in dataclasses.fields(action):
        if slot.name != "why":
            body[slot.name] = plain(getattr(action, slot.name), show_text=show_text)
    return body


def plain(value: Any, *, show_text: bool = True) -> Any:
    """A value of the model as plain JSON: dates as ISO 8601 in their own zone, unseen fields left out."""
    match value:
        case Enum():
            return value.value
        case datetime() | date():
            return value.isoformat()
        case Event():
            shown = {name: value.get(name) for name in Field if value.get(name) is not UNSEEN}
            return {name.value: _text(item, show_text) for name, item in shown.items()}
        case Change():
            row = {"field": value.field.value, "rule": value.why.value}
            texts = {"before": value.before, "after": value.after, "loser": value.loser}
            return row | {key: _text(item, show_text) for key, item in texts.items() if item is not UNSEEN}
        case Create() | Update() | Delete():
            return action_json(value, show_text=show_text)
        case Override():
            return _texts(value, show_text)
        case frozenset() | set():
            return sorted(plain(item, show_text=show_text) for item in value)
        case tuple() | list():
            return [plain(item, show_text=show_text) for item in value]
        case Mapping():
            return {str(plain(key)): plain(item, show_text=show_text) for key, item in sorted(value.items())}
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {
                slot.name: plain(getattr(value, slot.name), show_text=show_text) for slot in dataclasses.fields(value)
            }
    return value


def _texts(value: Override, show_text: bool) -> dict[str, Any]:
    texts = {"title": value.title, "description": value.description}
    return {name: _text(text, show_text) for name, text in texts.items()}


def _text(value: Value, show_text: bool) -> Any:
    if isinstance(value, str) and not show_text:
        return "…"
    return plain(value, show_text=show_text)


def digest_of(value: Any, length: int = 16) -> str:
    """A hex digest of any value of the model, `length` characters long, stable across processes."""
    if isinstance(value, Create | Update | Delete):
        value = (value.kind, action_json(value))
    elif isinstance(value, Iterable) and not isinstance(value, str | Mapping):
        value = [action_json(item) if hasattr(item, "why") and hasattr(item, "kind") else plain(item) for item in value]
    else:
        value = plain(value)
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:length]
