"""What kind of password a server takes, told by its shape before it is sent. Pure.

Not here: what the server says of it (client).
"""

import re
from typing import Final
from urllib.parse import urlsplit

from adapters.apple.hosts import domain_of

_APPLE: Final = "icloud.com"
_SHAPE: Final = re.compile(r"[a-z]{4}(?:-[a-z]{4}){3}", re.IGNORECASE)

WARNING: Final = (
    "this does not look like an app-specific password (xxxx-xxxx-xxxx-xxxx). Apple takes no other here, and the "
    "account's own password opens everything it has: sign in at account.apple.com, choose Sign-In and Security, then "
    "App-Specific Passwords, and make one for syncd (two-factor authentication has to be on). To see that it works, "
    "try it in a calendar app first"
)


def is_no_app_password(url: str, password: str) -> bool:
    """Whether the password at this address would have to be an app-specific one, and cannot be."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return False
    return domain_of(host) == _APPLE and _SHAPE.fullmatch(password) is None
