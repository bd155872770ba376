"""What a refused or failed write leaves behind: a quarantine row, or a value that an original will never take. Pure.

Rules R5a and R27. Not here: writes whose effect is not known (recover).
"""

from dataclasses import replace
from datetime import datetime, timedelta

from syncd.apply.ledger import Ledger
from syncd.errors import AdapterError, Rejected, Transient
from syncd.model import Create, Delete, Link, Quarantine, Update, Write, digest_of
from syncd.normalise import value_digest
from syncd.plan.merge import refusal
from syncd.ports import Changes, JournalRow, WriteState

FIRST = timedelta(minutes=1)
LONGEST = timedelta(hours=6)


def failed(ledger: Ledger, row: JournalRow, error: AdapterError, now: datetime) -> tuple[Changes, bool]:
    """What to record for a write that one item did not take, and whether another plan is due at once."""
    action = row.action
    assert isinstance(action, Create | Update | Delete)  # noqa: S101 - only items have outcomes of their own
    reason = f"{type(error).__name__.lower()}: {error}"
    closed = replace(row, state=WriteState.FAILED, closed_at=now, outcome=reason)
    changes = Changes(journal=[closed], history=[ledger.history(action, reason, now)])
    link = _refusing(ledger, action) if isinstance(error, Rejected) else None
    if link is not None:
        return replace(changes, links=[link]), True
    if isinstance(action, Delete):
        return changes, False
    row_of = _quarantine(ledger, action, error, now)
    return replace(changes, quarantine=[(ledger.connection.id, action.item, row_of)]), False


def _refusing(ledger: Ledger, action: Write) -> Link | None:
    """An original that will not take an edit: the link remembers, and the next plan puts the copy back (R5a)."""
    item = ledger.items.get(action.item)
    link = item.link if item is not None else None
    if item is None or link is None or link.origin is not action.side or isinstance(action, Create):
        return None
    if isinstance(action, Update):
        refused = {refusal(action.side, change.field): value_digest(change.after) for change in action.changes}
    else:
        refused = {f"rejected:{action.side}:deleted": str(action.if_match)}
    link = replace(link, refused={**link.refused, **refused})
    ledger.items[action.item] = replace(item, link=link)
    return link


def _quarantine(ledger: Ledger, action: Write, error: AdapterError, now: datetime) -> Quarantine:
    digest = digest_of(action)
    item = ledger.items.get(action.item)
    before = item.quarantine.get(digest) if item is not None else None
    attempts = before.attempts + 1 if before is not None else 1
    wait = min(FIRST * 2 ** min(attempts - 1, 10), LONGEST)
    permanent = not isinstance(error, Transient)
    return Quarantine(digest, f"{type(error).__name__.lower()}: {error}", attempts, permanent, now + wait)
