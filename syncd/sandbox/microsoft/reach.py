"""What one person reaches: the calendars in their list, the events in those, and the state of it that a fault shows.

Not here: what an answer says of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from syncd.sandbox.history import Past
from syncd.sandbox.microsoft.errors import GraphError
from syncd.sandbox.microsoft.ids import is_calendar_id
from syncd.sandbox.microsoft.state import Calendar, Mailbox, MicrosoftState, View
from syncd.sandbox.microsoft.values import Account, Event


@dataclass(frozen=True, slots=True)
class Reach:
    """One person's. `do` is what a planted fault asks for."""

    state: MicrosoftState
    account: Account
    do: Mapping[str, Any]

    def calendar(self, ref: str | None = None) -> Calendar:
        """By id, or the default one. 400 for what is no id, 404 when it is not in the list."""
        found = self.state.calendar(self.account.email, ref)
        if found is not None:
            return found
        raise GraphError("ErrorItemNotFound" if is_calendar_id(ref or "") else "ErrorInvalidIdMalformed")

    def calendars(self) -> list[Calendar]:
        """All in the list."""
        return self.state.listed(self.account.email)

    def view(self, mailbox: Mailbox, lag: int = 0) -> View:
        """A mailbox in the state that a reader is shown; `lag` is in seconds."""
        replayed = self.do.get("replay", {})
        undone = self.do.get("stale_writes", 0)
        late = max(lag, self.do.get("stale_seconds", 0))
        if late:
            shown = mailbox.version_at(self.state.clock.now() - timedelta(seconds=late))
            undone = max(undone, mailbox.version - shown)
        past = Past(undone=min(undone, mailbox.version), back=replayed.get("back", 0), ids=replayed.get("id", ""))
        return View(mailbox, past)

    def find(self, ref: str, calendar_ref: str | None = None) -> tuple[Calendar, Event]:
        """A living event or occurrence, and the calendar in the list where it is. 400 and 404 as for calendars."""
        wanted = [self.calendar(calendar_ref)] if calendar_ref is not None else self.calendars()
        try:
            for calendar in wanted:
                event = self.view(self.state.mailbox_of(calendar)).find(ref)
                if event is not None and event.calendar_id == calendar.events_in:
                    return calendar, event
        except ValueError as error:
            raise GraphError("ErrorInvalidIdMalformed") from error
        raise GraphError("ErrorItemNotFound")
