"""A strict stand-in for calendars in Microsoft Graph v1.0 and for Microsoft's authority. Its behaviour follows the
published reference; where that is silent, vague or contradicted by reports, a named switch decides.

Not here: sharing, categories' colours, calendar groups, attachments, meeting answers by clients: their paths answer 404.
"""

from syncd.sandbox.microsoft.hands import Hands
from syncd.sandbox.microsoft.server import MicrosoftServer
from syncd.sandbox.microsoft.state import MicrosoftState

__all__ = ["Hands", "MicrosoftServer", "MicrosoftState"]
