"""What one plan is made from: pending items with all that the rules ask about them, and the policy.

Not here: the values themselves (fields, state), and the plan (actions).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from syncd.model.fields import Field, Pair, Ref, Side, Window
from syncd.model.state import Connection, Link, Observation, Overrides


class Decision(StrEnum):
    WAITING = "waiting"
    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """An action that failed (R27), named by its digest, which holds the item's versions.

    `permanent` ones wait for a newer observation; others are tried again from `retry_at` on.
    """

    action: str
    reason: str
    attempts: int
    permanent: bool
    retry_at: datetime


@dataclass(frozen=True, slots=True)
class FieldWrite:
    """One field that we wrote on one side: `value` is its digest. For R32."""

    side: Side
    field: Field
    value: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Pending:
    """Work left for a connection: one item of one side. `stamp` rises whenever the item is touched again."""

    side: Side
    ref: Ref
    since: datetime
    stamp: int


@dataclass(frozen=True, slots=True)
class Item:
    """One pending thing as the planner sees it: a link with both its sides, or one unlinked side.

    `exported_by`: how many connections export the session. `decisions`: action digest → what a person said.
    `frozen`: an intent is still open, so nothing may be planned. `linked_elsewhere`: a live link of another
    connection of this installation made the item. Of an unlinked external item with our mark: `wix` is the session the
    mark names, as it is stored, and `claim` the newest link of this connection for it, in any state.
    `former`: what lies at the link's former copy (R30).
    `twin`: an unlinked block of ours equals a linked one in time, title and home (R29).
    """

    link: Link | None = None
    wix: Observation | None = None
    external: Observation | None = None
    overrides: Overrides = Overrides()
    exported_by: int = 1
    pending: tuple[Pending, ...] = ()
    decisions: Mapping[str, Decision] = field(default_factory=dict)
    quarantine: Mapping[str, Quarantine] = field(default_factory=dict)
    recent: tuple[FieldWrite, ...] = ()
    generations: int = 0  # copies ever made for this original, tombstones included
    frozen: bool = False
    linked_elsewhere: bool = False
    claim: Link | None = None
    former: Observation | None = None
    twin: bool = False

    def at(self, side: Side) -> Observation | None:
        return self.wix if side is Side.WIX else self.external

    def put(self, side: Side, seen: Observation | None) -> "Item":
        """This item with another observation on one side."""
        return replace(self, wix=seen) if side is Side.WIX else replace(self, external=seen)


@dataclass(frozen=True, slots=True)
class Policy:
    """The `[policy]` section, plus what the adapters are capable of where a rule depends on it."""

    window: Window
    bridge: str
    on_clash: Side = Side.WIX
    write_back: str = "without_participants"
    description: str = "notes"
    import_details: str = "full"
    delete_limit: int = 10
    delete_share: float = 0.2
    delete_hard_limit: int = 100
    create_limit: int = 500
    mails_guests: bool = True
    late_writes: bool = False
    limits: Pair[Mapping[Field, int]] = Pair({}, {})


@dataclass(frozen=True, slots=True)
class Workload:
    """Everything one plan is made from; all of it stored state.

    `neighbours`: unlinked items of either side that are not pending but may be adopted or matched.
    `linked`: live links. `deleted_24h`: deletions done in the last 24 hours that count for R15, in acts.
    `empty`: sides whose complete listing shows none of at least 5 linked items. `doubtful`: why nothing may be
    done now. `careful`: deletions need approval in this pass. `complete`: sides whose present reading
    covers everything (R29).
    """

    connection: Connection
    items: tuple[Item, ...]
    neighbours: tuple[Item, ...] = ()
    linked: int = 0
    deleted_24h: int = 0
    empty: frozenset[Side] = frozenset()
    doubtful: str | None = None
    careful: bool = False
    complete: frozenset[Side] = frozenset()
