"""What people do in their own apps and on their provider's pages: objects, calendars, passwords.

None of it is refused, by no rule and no switch, and none of it mails guests. Not here: what clients do (`objects.py`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from syncd.sandbox.caldav import ical
from syncd.sandbox.caldav.state import HOSTS, Account, CaldavState, Calendar, Stored
from syncd.sandbox.history import opaque

_NAME: Final = '<displayname xmlns="DAV:">{}</displayname>'
_PROPS: Final = {
    "name": ("{DAV:}displayname", _NAME),
    "colour": (
        "{http://apple.com/ns/ical/}calendar-color",
        '<calendar-color xmlns="http://apple.com/ns/ical/">{}</calendar-color>',
    ),
    "order": (
        "{http://apple.com/ns/ical/}calendar-order",
        '<calendar-order xmlns="http://apple.com/ns/ical/">{}</calendar-order>',
    ),
}


@dataclass(frozen=True, slots=True)
class Hands:
    """One person at one calendar, named by its last segment."""

    state: CaldavState
    email: str
    calendar_ref: str = "home"

    @property
    def account(self) -> Account:
        """Whose hands they are."""
        return self.state.accounts[self.email]

    @property
    def calendar(self) -> Calendar:
        """Raises KeyError when it is gone."""
        found = self.state.calendar(self.account, self.calendar_ref)
        if found is None:
            raise KeyError(self.calendar_ref)
        return found

    # objects

    def objects(self) -> dict[str, str]:
        """File name → text of every object."""
        return {stored.id: stored.body.decode(errors="replace") for stored in self.calendar.living()}

    def text(self, name: str) -> str:
        """One object. Raises KeyError."""
        return self.objects()[name]

    def put(self, name: str, text: str | bytes) -> Stored:
        """Store anything at all under a file name, even what a server would refuse."""
        body = text.encode() if isinstance(text, str) else text
        try:
            uid = ical.read(body.decode()).uid
        except (UnicodeDecodeError, ical.NotCalendarError):
            uid = opaque("uid", self.calendar_ref, name)
        return self.calendar.put(name, body, uid)

    def edit(self, name: str, *changes: tuple[str, str]) -> Stored:
        """Replace patterns in an object: its lines unfolded, each ended by a bare newline, where `.*` and `$` stop.

        Raises ValueError for one that is not there.
        """
        text = "".join(f"{line}\n" for line in ical.unfolded(self.text(name)))
        for pattern, new in changes:
            if not re.search(pattern, text, re.MULTILINE):
                raise ValueError(f"{pattern} is not in the object")
            text = re.sub(pattern, new, text, flags=re.MULTILINE)
        return self.put(name, text.replace("\n", "\r\n"))

    def delete(self, name: str) -> None:
        """Delete an object. Raises KeyError."""
        stored = self.calendar.get(name)
        if stored is None:
            raise KeyError(name)
        self.calendar.remove(stored)

    # calendars

    def make_calendar(self, slug: str, name: str = "", *, components: tuple[str, ...] = ("VEVENT",)) -> Calendar:
        """A new calendar in the person's home."""
        calendar = self.state.add_calendar(self.email, slug, components=components)
        calendar.props["{DAV:}displayname"] = _NAME.format(escape(name or slug))
        return calendar

    def change_calendar(self, **props: str) -> None:
        """`name`, `colour` or `order` of the calendar."""
        for key, value in props.items():
            tag, form = _PROPS[key]
            self.calendar.props[tag] = form.format(escape(value))

    def share(self, *, writable: bool) -> None:
        """Whether the calendar may be written, as one that somebody else shares may not."""
        self.calendar.writable = writable

    def delete_calendar(self) -> None:
        """Delete the calendar with all that is in it."""
        self.state.bury(self.calendar)

    def props(self) -> Mapping[str, str]:
        """Properties of the calendar as XML, by tag."""
        return self.calendar.props

    # the account

    def change_password(self, password: str) -> None:
        """The account's own; it ends every app-specific one (A)."""
        self.account.password = password
        self.account.app_passwords.clear()

    def add_app_password(self, password: str) -> None:
        """An app-specific password more."""
        self.account.app_passwords.append(password)

    def revoke_app_password(self, password: str) -> None:
        """End one of them. Raises ValueError for one that there is not."""
        self.account.app_passwords.remove(password)

    def move_partition(self) -> str:
        """The provider moves the account's calendars to its other partition; returns which that is."""
        self.account.host = next(host for host in HOSTS[1:] if host != self.account.host)
        return self.account.host
