"""The operations on calendars and events: how a request reaches them and how they answer.

Not here: HTTP itself and faults (`app.py`), paths and permissions (`operations.py`), and what the operations do
(`listing.py`, `delta.py`, `writing.py`, `calendars.py`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from syncd.sandbox.microsoft.authority import AccessToken
from syncd.sandbox.microsoft.errors import Json
from syncd.sandbox.microsoft.state import MicrosoftState
from syncd.sandbox.microsoft.values import Account


@dataclass(frozen=True, slots=True)
class Call:
    """One permitted request. `do` is what a planted fault asks for.

    `url` is the address without its query, as the client wrote it, for the links of an answer. `path` holds decoded
    parameters (calendar, event), `query` the options as they were sent, once each. `prefer` has names in lower case
    and values without quotes. `told` takes headers of the answer.
    """

    state: MicrosoftState
    account: Account
    token: AccessToken
    url: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Json
    headers: Mapping[str, str]
    prefer: Mapping[str, str]
    do: Mapping[str, Any] = field(default_factory=dict)
    told: dict[str, str] = field(default_factory=dict)


Answer = Callable[[Call], "Json | None"]
"""None is 204; the operations in CREATED answer 201."""
