"""A strict stand-in for Google Calendar v3 and Google's OAuth. Its behaviour follows Google's discovery document and
guides; where they are silent, vague or contradicted by reports, a named switch decides.

Not here: sharing (acl), quickAdd, watching lists and settings: their methods answer 404.
"""

from syncd.sandbox.google.hands import Hands
from syncd.sandbox.google.server import GoogleServer
from syncd.sandbox.google.state import GoogleState

__all__ = ["GoogleServer", "GoogleState", "Hands"]
