"""A strict stand-in for calendars in Microsoft Graph v1.0 and for Microsoft's authority. Its behaviour follows the
published reference; where that is silent, vague or contradicted by reports, a named switch decides.

Not here: permissions of calendars, calendar groups, attachments, open extensions, answers to invitations by clients.
"""

from syncd.sandbox.microsoft.hands import Hands
from syncd.sandbox.microsoft.server import MicrosoftServer
from syncd.sandbox.microsoft.state import MicrosoftState

__all__ = ["Hands", "MicrosoftServer", "MicrosoftState"]
