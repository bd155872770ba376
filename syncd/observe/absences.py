"""Absence needs proof (DESIGN 4): what seems to be missing is read directly, and then the collection must answer.

Not here: what seems to be missing (sightings), what follows of an absence (plan).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from syncd.errors import AuthRevoked
from syncd.model import Absence, Event, Gone, Observation, Ref
from syncd.observe.sightings import AGAIN, QUIET, Sightings
from syncd.ports import EARLIER, RETURNED

SURE: Final = ("tombstone", "cancelled")  # evidence that no later answer can take back
DENIED: Final = "told to be gone, and read as it was"
DOUBTS: Final = (EARLIER, RETURNED, DENIED)


async def look_again(of: Sightings) -> None:
    """Read directly what seems to be missing; then make sure that the collection itself still answers."""
    if not of.missing:
        return
    found = await of.subject.adapter.get(list(of.missing))
    absent: list[Observation] = []
    for ref, evidence in of.missing.items():
        seen = found.get(ref)
        if seen is not None and seen.absence is None:
            _take_direct(of, seen, evidence)
        else:
            absent.append(_absent(of, ref, seen, "listing" if evidence == AGAIN else evidence))
    if absent:
        await _prove(of, absent)


def _take_direct(of: Sightings, seen: Observation, evidence: str) -> None:
    """Accept a direct read. One that shows an earlier state, or denies a change, leaves the item unknown for now.

    A change that a cursor has passed would not be told again.
    """
    seen = of.store_form(seen)
    known = of.stored.get(seen.ref)
    if known is not None and of.is_replay(seen):
        gone = known.observation.absence
        was_gone = gone is not None and (gone.kind is Gone.GONE or gone.evidence == RETURNED)
        of.fresh[seen.ref] = _unknown(of, known.observation, RETURNED if was_gone else EARLIER)
    elif known is not None and _is_denied(of, known.observation, seen, evidence):
        of.fresh[seen.ref] = _unknown(of, known.observation, DENIED)
    else:
        of.fresh[seen.ref] = seen


def _is_denied(of: Sightings, before: Observation, seen: Observation, evidence: str) -> bool:
    if seen.version != before.version:
        return False
    if before.absence is not None and before.absence.evidence == DENIED:
        return of.now - before.absence.since < QUIET
    told = evidence not in (AGAIN, "replay") and of.changeset.cursor is not None
    return told and (evidence == "tombstone" or of.is_covered(before))


async def _prove(of: Sightings, absent: Sequence[Observation]) -> None:
    """An absence counts only if the collection answers afterwards, for the same account."""
    standing = await of.subject.adapter.check()
    if of.subject.identity is not None and standing.identity != of.subject.identity:
        raise AuthRevoked("another account answers than the one that was connected", side=of.subject.side)
    for seen in absent:
        assert seen.absence is not None  # noqa: S101 - made by _absent
        sure = seen.absence.evidence in SURE or seen.absence.kind is not Gone.GONE
        known = of.stored.get(seen.ref)
        if not sure and known is not None and known.changed_within(QUIET, of.now):
            seen = _unknown(of, seen, "not found right after it was changed")  # noqa: PLW2901
        of.fresh[seen.ref] = seen


def _unknown(of: Sightings, seen: Observation, why: str) -> Observation:
    """The item as unknown; it keeps the moment at which it was seen last, and the one of the first such doubt."""
    known = of.stored.get(seen.ref)
    before = known.observation.absence if known is not None else None
    goes_on = before is not None and before.kind is Gone.UNKNOWN and (why not in DOUBTS or before.evidence == why)
    since = before.since if before is not None and goes_on else of.now
    at = known.observation.seen_at if known is not None else of.now
    return replace(seen, absence=Absence(Gone.UNKNOWN, why, since), seen_at=at)


def _absent(of: Sightings, ref: Ref, seen: Observation | None, evidence: str) -> Observation:
    """The absence of an item, on top of what was known of it; found again, it has one more cycle behind it."""
    known = of.stored.get(ref)
    before = known.observation.absence if known is not None else None
    now = Absence(Gone.GONE, evidence, of.now)
    agrees = evidence in SURE and seen is not None and seen.absence is not None and seen.absence.kind is Gone.GONE
    if seen is not None and seen.absence is not None and not agrees:
        now = seen.absence
    if before is not None and before.kind is now.kind:
        proved = before.evidence in SURE and now.evidence not in SURE
        evidence = before.evidence if proved else now.evidence
        now = replace(now, since=before.since, cycles=before.cycles + of.subject.counts, evidence=evidence)
    base = known.observation if known is not None else seen
    if base is None:
        base = Observation(of.subject.side, ref, Event(), of.now)
    version = seen.version if seen is not None and seen.version is not None else base.version
    sequence = seen.sequence if seen is not None and seen.sequence is not None else base.sequence
    return replace(base, absence=now, seen_at=of.now, version=version, sequence=sequence)
