"""A strict stand-in for the calendar surface of Wix: OAuth, Events V3, Schedules V3, Events View, and the reading half
of External Calendars V2. Its behaviour follows Wix's documentation; where that is silent, a named switch decides.

Not here: listing events by contact or by member (both answer 404), connecting or changing external calendars, webhooks,
and the Bookings APIs proper: bookings appear only as a number of participants.
"""

from syncd.sandbox.wix.server import WixServer
from syncd.sandbox.wix.state import WixState

__all__ = ["WixServer", "WixState"]
