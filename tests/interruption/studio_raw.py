"""Both sides of a studio read raw: the simulator's own rows, and the files of the calendar server.

Nothing of the adapters is asked. Not here: people's acts (studio_hands), objects (studio_ics).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from syncd.model import AllDay, Ref, Timed, When
from syncd.model import Event as Fields
from syncd.sandbox.wix.state import Site
from syncd.sandbox.wix.values import Event as Row
from syncd.sandbox.wix.values import Span
from tests.interruption import studio_ics
from tests.interruption.hands import SITE, Lying

_LINE: Final = re.compile(r"(?:\n\n)?\[syncd [^\]\n]+\]\s*\Z")
_WORKING_HOURS: Final = "WORKING_HOURS"


def sessions(site: Site) -> list[Lying]:
    """Every confirmed session and block of the site."""
    rows = [row for row in site.events.all() if row.confirmed and not row.retired]
    kept = [row for row in rows if row.recurrence != "MASTER" and row.type != _WORKING_HOURS]
    return [_lying(row, Ref(site.instance_id, row.id)) for row in kept]


def split_notes(notes: str | None) -> tuple[str | None, str]:
    """What people read in the notes, and our line with the blank one before it, or nothing."""
    found = _LINE.search(notes or "")
    if not notes or found is None:
        return notes, ""
    return notes[: found.start()] or None, found[0]


def _lying(row: Row, ref: Ref) -> Lying:
    notes, line = split_notes(row.fields.get("notes"))
    place = row.fields.get("location") or {}
    event = Fields(
        when=_when(row.span),
        title=row.fields.get("title"),
        description=notes,
        location=place.get("name") or place.get("address"),
        busy=row.fields.get("transparency") != "TRANSPARENT",
    )
    return Lying(SITE, event, bool(line), False, ref)


def _when(span: Span) -> When:
    if span.all_day:
        return AllDay(span.start.date(), span.end.date())
    return Timed(span.start_utc, span.end_utc, span.zone)


@dataclass(frozen=True, slots=True)
class Shelves:
    """The files of one account at the calendar server. A calendar is named by its id, with a slash at its end."""

    folder: Path

    def calendars(self) -> list[str]:
        """The ids of all calendars."""
        if not self.folder.exists():
            return []
        return sorted(f"{one.name}/" for one in self.folder.iterdir() if (one / ".Radicale.props").exists())

    def objects(self, calendar: str) -> dict[str, str]:
        """File name → text of every object in a calendar."""
        return {file.name: file.read_bytes().decode() for file in sorted((self.folder / calendar).glob("*.ics"))}

    def text(self, calendar: str, name: str) -> str:
        return (self.folder / calendar / name).read_bytes().decode()

    def lying(self, calendar: str, place: str, collection: str) -> Iterator[Lying]:
        """Everything in one calendar, occurrences one by one."""
        for name, text in self.objects(calendar).items():
            for one in studio_ics.shown(text):
                ref = Ref(collection, name if one.rid is None else f"{name}#{one.rid}")
                yield Lying(place, one.event, one.ours, one.private, ref)
