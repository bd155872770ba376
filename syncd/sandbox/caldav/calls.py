"""One request as the operations see it. Not here: how it was let in (`service.py`, `access.py`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from syncd.sandbox.asgi import Reply, Request
from syncd.sandbox.caldav import dav
from syncd.sandbox.caldav.dav import Element, NotXmlError, Row, Style
from syncd.sandbox.caldav.errors import Refused
from syncd.sandbox.caldav.paths import Addresses, Place
from syncd.sandbox.caldav.state import Account, CaldavState, Calendar
from syncd.sandbox.caldav.switches import CountedSwitches
from syncd.sandbox.history import Past


@dataclass(frozen=True, slots=True)
class Call:
    """A request of an account, or of nobody, for a place. `do` is a fault's; `past` the state that a read shows."""

    state: CaldavState
    request: Request
    account: Account | None
    place: Place
    at: Addresses
    do: Mapping[str, Any]
    past: Past

    @property
    def switches(self) -> CountedSwitches:
        """The switches of the server."""
        return self.state.switches

    def owner(self) -> Account:
        """Whose the place is. 404 where it is nobody's."""
        if self.place.account is None:
            raise Refused(404)
        return self.place.account

    def calendar(self) -> Calendar:
        """The calendar of the place. 404 where there is none."""
        if self.place.calendar is None:
            raise Refused(404)
        return self.place.calendar

    def writable(self) -> Calendar:
        """The calendar of the place, for a write. 403 where it may only be read."""
        calendar = self.calendar()
        if not calendar.writable or calendar.special:
            raise Refused(403, "D:need-privileges")
        return calendar

    def xml(self) -> Element:
        """The body. 400 where it is no XML."""
        try:
            return dav.parsed(self.request.body)
        except NotXmlError:
            raise Refused(400) from None

    def multistatus(self, rows: list[Row], token: str | None = None) -> Reply:
        """The 207 of these rows."""
        for name in ("xml_form", "extra_propstat"):
            if rows:
                self.switches.fire(name)
        style = Style(self.switches["xml_form"], self.switches["extra_propstat"])
        body = dav.multistatus(rows, style, token)
        return Reply(207, body, {"content-type": dav.CONTENT_TYPE})
