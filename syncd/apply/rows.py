"""Rows on their way into one transaction, collected while an outcome is worked out. Pure.

Not here: working it out (ledger).
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from syncd.model import UNSEEN, Create, Field, Link, Observation, Override, Pending, Ref, Side, Update
from syncd.model.actions import Action
from syncd.normalise import value_digest
from syncd.ports import Changes, HistoryRow, HoldRow, JournalRow, Note, Touch


@dataclass(slots=True)
class Rows:
    """Rows on their way into one transaction."""

    observations: list[Observation] = field(default_factory=list)
    wrote: list[tuple[Side, Ref, datetime]] = field(default_factory=list)
    links: dict[str, Link] = field(default_factory=dict)
    moved: list[tuple[Ref, Ref]] = field(default_factory=list)
    touched: list[Touch] = field(default_factory=list)
    cleared: list[tuple[str, Pending]] = field(default_factory=list)
    journal: list[JournalRow] = field(default_factory=list)
    history: list[HistoryRow] = field(default_factory=list)
    holds: list[HoldRow] = field(default_factory=list)
    void: list[tuple[str, str]] = field(default_factory=list)
    lifted: list[tuple[str, str]] = field(default_factory=list)
    overrides: list[tuple[Ref, Override]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    quieted: list[tuple[str, str]] = field(default_factory=list)

    def changes(self) -> Changes:
        return Changes(
            observations=self.observations,
            wrote=self.wrote,
            links=list(self.links.values()),
            moved_overrides=self.moved,
            touched=self.touched,
            cleared=self.cleared,
            journal=self.journal,
            history=self.history,
            holds=self.holds,
            void=self.void,
            lifted=self.lifted,
            overrides=self.overrides,
            notes=self.notes,
            quieted=self.quieted,
        )


def written_fields(action: Action) -> dict[str, str]:
    """Field → digest of what was written, for R32."""
    if isinstance(action, Update):
        return {change.field.value: value_digest(change.after) for change in action.changes}
    if isinstance(action, Create):
        return {
            name.value: value_digest(action.event.get(name)) for name in Field if action.event.get(name) is not UNSEEN
        }
    return {}


def join(parts: Sequence[Changes]) -> Changes:
    """Several outcomes as one transaction, in their order."""
    if len(parts) == 1:
        return parts[0]
    merged: dict[str, Any] = {}
    for slot in dataclasses.fields(Changes):
        values = [getattr(part, slot.name) for part in parts]
        if slot.name == "cursors":
            merged[slot.name] = {key: value for part in values for key, value in part.items()}
        elif slot.name in ("cursors_of", "audited"):
            merged[slot.name] = next((value for value in values if value), values[0])
        else:
            merged[slot.name] = [row for part in values for row in part]
    return Changes(**merged)
