"""Rows as the groups that the core compares: an event by itself, or a series with what a round shows of it. Pure.

A round that shows anything of a series shows all of it within the window: an occurrence that was deleted is told by
nothing else (reference/microsoft.md, 1.3). Not here: reading (listing, marks), fields (mapping).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from adapters.microsoft.drafts import PROPERTIES, mark_from
from adapters.microsoft.mapping import (
    MASTER,
    TRANSACTION,
    filled,
    is_cancelled,
    is_slim,
    observation,
    series_of,
    version_of,
)
from adapters.sights import MalformedError, Resource, Sights, View
from syncd.model import UNSEEN, Broken, Window

UNREAD: Final = "the series is not to be read"


@dataclass(slots=True)
class Group:
    """An event, or a series: `rows` are its occurrences then, `master` what they have in common, where that is known.

    `name`: the id of the event or of the series.
    """

    name: str
    is_series: bool = False
    rows: list[Resource] = field(default_factory=list)
    master: Resource | None = None

    @property
    def fingerprint(self) -> str | None:
        """Changes with anything that is shown of it; None where a row has no version."""
        if not self.is_series:
            return version_of(self.rows[0]) if self.rows else None
        versions = {row["id"]: version_of(row) for row in [*self.rows, *([self.master] if self.master else [])]}
        if None in versions.values():
            return None
        return hashlib.sha256(repr(sorted(versions.items())).encode()).hexdigest()[:32]

    @property
    def lacks_master(self) -> bool:
        """Whether what its occurrences have in common is told by none of the rows."""
        return self.is_series and self.master is None and any(is_slim(row) for row in self.rows)

    def marked(self, told: Resource) -> "Group":
        """The same with our mark as a direct read told it, and with what the read told of the series."""
        properties = told.get(PROPERTIES) or []
        if not self.is_series:
            ours = {name: told[name] for name in (TRANSACTION,) if told.get(name)} | {PROPERTIES: properties}
            single: list[Resource] = [{**row, **ours} for row in self.rows]
            return Group(self.name, rows=single)
        read = told if "subject" in told else None
        master = {**found, PROPERTIES: properties} if (found := self.master or read) else None
        rows: list[Resource] = [{**filled(row, master), PROPERTIES: properties} for row in self.rows]
        if master is not None and mark_from(master) is not None:
            rows.append(master)  # an item of ours that somebody repeats stays one; its occurrences are copies
        return Group(self.name, is_series=True, rows=rows, master=master)


def grouped(rows: Iterable[Resource]) -> tuple[dict[str, Group], list[str]]:
    """Groups by name, and the names of those that were called off as a whole."""
    groups: dict[str, Group] = {}
    cancelled: dict[str, None] = {}
    for row in rows:
        series = series_of(row)
        if series is not None:
            group = groups.setdefault(series, Group(series))
            group.is_series = True
            group.rows += [] if is_cancelled(row) else [row]
        elif is_cancelled(row):
            cancelled[row["id"]] = None
        elif row.get("type") == MASTER:
            group = groups.setdefault(row["id"], Group(row["id"]))
            group.is_series, group.master = True, row
        else:
            groups[row["id"]] = Group(row["id"], rows=[row])
    for name in cancelled:
        groups.pop(name, None)
    return groups, list(cancelled)


def sighted(groups: Iterable[Group], prints: Mapping[str, str | None], view: View, window: Window) -> Sights:
    """Each group by itself: the items that it holds within the window, or why one cannot be read.

    `prints`: fingerprints as the listing gave them.
    """
    sights = Sights()
    for group in groups:
        fingerprint = prints.get(group.name)
        held: set[str] = set()
        broken: Broken | None = None
        for row in group.rows:
            try:
                seen = observation(row, view, fingerprint)
            except MalformedError as error:
                broken = Broken(group.name, str(error), fingerprint)
                held.add(row["id"])  # it is there, whenever it is
                continue
            when = seen.event.when
            if when is not UNSEEN and window.meets(when):
                held.add(row["id"])
                sights.observations.append(seen)
        sights.broken += [broken] if broken is not None else []
        if broken is None or group.is_series:
            sights.groups[group.name] = frozenset(held)
    return sights
