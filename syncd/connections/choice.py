"""Which calendars of an account a wish means: names to ids, the primary one, the dedicated one. Asks nobody.

Not here: who else has a calendar (the package), what becomes of the items in it (the next cycle).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from syncd.connections.values import Names, Wish
from syncd.model import Connection, Reason, Status, SyncConfig, Target
from syncd.ports import Account, CalendarInfo

_OF_A_CALENDAR: Final = (Reason.EXTERNAL_CALENDAR_DELETED, Reason.EXTERNAL_CALENDAR_CREATION_FAILED)
_GENERATIONS: Final = 9  # dedicated calendars that a lost database may have had before


@dataclass(slots=True)
class Choice:
    """Which calendars of an account a wish means."""

    names: Names
    account: Account
    connection: Connection
    listed: Sequence[CalendarInfo]
    problems: list[str] = field(default_factory=list)

    def placed(self, config: SyncConfig, wish: Wish) -> Connection:
        """The connection with the calendar it exports to; a former one awaits removal of our copies (R30)."""
        old = self.connection
        if wish.new_calendar and config.target is not Target.DEDICATED:
            self.problems.append("--new-calendar goes with --target dedicated")
        if wish.new_calendar:
            healthy = replace(old, status=Status.CONNECTED, reason=None, detail=None, next_due_at=None)
            return self._moved(replace(healthy, calendar_generation=old.calendar_generation + 1), None)
        if old.calendar is not None and config.target is old.config.target:
            return old
        if config.target is Target.PRIMARY:
            return self._moved(old, self._primary(must_write=config.exports))
        return self._dedicated()

    def _dedicated(self) -> Connection:
        """With the dedicated calendar of an earlier time, if the account still has it; else it is made by the plan."""
        there = {info.id for info in self.listed}
        for generation in range(_GENERATIONS, 0, -1):
            name = self._dedicated_id(generation)
            if name is not None and name in there and generation >= self.connection.calendar_generation:
                return self._moved(replace(self.connection, calendar_generation=generation), name)
        return self._moved(self.connection, None)

    def _moved(self, connection: Connection, calendar: str | None) -> Connection:
        old = self.connection.calendar
        left = old is not None and old != calendar and any(info.id == old for info in self.listed)
        retired = tuple(name for name in self.connection.retired if name != calendar)
        return replace(connection, calendar=calendar, retired=(*retired, str(old)) if left else retired)

    def _primary(self, *, must_write: bool) -> str | None:
        primary = self._default()
        if primary is None:
            self.problems.append("the account has no calendar of its own: choose --target dedicated")
        elif must_write and not primary.writable:
            self.problems.append(f"calendar {primary.name} may not be written: choose --target dedicated")
        return None if primary is None else primary.id

    def imported(self, config: SyncConfig, wish: Wish, placed: Connection) -> SyncConfig:
        """The configuration with the ids of the calendars imported from; never the dedicated one."""
        if wish.calendars is None and config.calendars is not None:
            return config
        if wish.calendars is not None:
            found = [self._meant(name) for name in wish.calendars]
            ids = tuple(dict.fromkeys(info.id for info in found if info is not None))
        elif not config.imports:
            return config
        else:
            default = self._default()
            if default is None:
                self.problems.append("the account has no calendar to import from: make one there, or use --no-import")
            ids = () if default is None else (default.id,)
        exported = placed.calendar if config.target is Target.DEDICATED else None
        own = self._own_ids(exported) & set(ids)
        if own:
            self.problems.append(f"calendar {min(own)} is the one that is exported to: choose others to import from")
        return replace(config, calendars=ids)

    def healed(self, connection: Connection) -> Connection:
        """The connection without the error of a calendar, once it needs none that is not there (R22)."""
        wanting = connection.config.exports and connection.calendar is None
        if connection.reason is Reason.EXTERNAL_CALENDAR_CREATION_FAILED and wanting:
            return connection
        if connection.reason not in _OF_A_CALENDAR:
            return connection
        there = {info.id for info in self.listed}
        chosen = set(connection.config.calendars or ()) if connection.config.imports else set()
        used = chosen | ({connection.calendar} if connection.calendar is not None else set())
        if not used <= there:
            return connection
        return replace(connection, status=Status.CONNECTED, reason=None, detail=None, next_due_at=None)

    def _meant(self, name: str) -> CalendarInfo | None:
        found = [info for info in self.listed if info.id == name] or [info for info in self.listed if info.name == name]
        if len(found) == 1:
            return found[0]
        have = ", ".join(f"{info.name} ({info.id})" for info in self.listed)
        which = "no" if not found else "more than one"
        self.problems.append(f"the account has {which} calendar {name!r}: it has {have or 'none'}")
        return None

    def _default(self) -> CalendarInfo | None:
        """The default calendar, else the first that we did not make."""
        old = self.connection
        own = self._own_ids(old.calendar if old.config.target is Target.DEDICATED else None)
        others = [info for info in self.listed if info.id not in own]
        return next((info for info in others if info.default), others[0] if others else None)

    def _own_ids(self, calendar: str | None) -> set[str]:
        """The calendars that were made for our copies: this one, and those that the key gives."""
        derived = {self._dedicated_id(generation) for generation in range(1, _GENERATIONS + 1)}
        return {name for name in derived | {calendar} if name is not None}

    def _dedicated_id(self, generation: int) -> str | None:
        return self.account.calendar_id(self.names.calendar_key(self.connection.schedule.id, generation))
