"""A strict stand-in for CalDAV servers: the RFCs to begin with, and by named switches what servers are known to do.

Not here: groups, delegation, ACL, COPY and MOVE, locks, inboxes with anything in them, reports on principals.
"""

from syncd.sandbox.caldav.hands import Hands
from syncd.sandbox.caldav.profiles import PROFILES
from syncd.sandbox.caldav.server import CaldavServer
from syncd.sandbox.caldav.state import CaldavState

__all__ = ["PROFILES", "CaldavServer", "CaldavState", "Hands"]
