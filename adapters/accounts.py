"""An account whose owner granted access: whose it is, what it tells the next one, calendars that may be gone.

Not here: requests and calendars (the account of each provider), the grant itself (adapters.oauth).
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from adapters.batches import Pause
from adapters.oauth import Tokens
from adapters.pace import Pace
from adapters.refusals import AGAIN, SIDE, Missing
from syncd.errors import Transient


class Client(Protocol):
    """The wire of an account."""

    tokens: Tokens
    pace: Pace

    async def aclose(self) -> None: ...


C = TypeVar("C", bound=Client)
T = TypeVar("T")


class GrantedAccount(ABC, Generic[C]):
    """One account. `pause`: waits some seconds. `known_writable`: calendars, as some answer had them."""

    def __init__(self, client: C, bridge: str, found: str = "", pause: Pause = asyncio.sleep) -> None:
        self.client = client
        self.bridge = bridge
        self.pause = pause
        self.known_writable: dict[str, bool] = {}
        client.pace.remember(found)

    @property
    def found(self) -> str:
        """Until when this account may write nothing, if its provider said so."""
        return self.client.pace.found

    async def identity(self) -> str:
        return (await self.client.tokens.grant()).identity

    async def answering(self, calendar: str, ask: Callable[[], Awaitable[T]]) -> T:
        """What `ask` gives; when it finds nothing, the calendar itself is asked: it may be the one that is gone."""
        try:
            return await ask()
        except Missing as error:
            await self.about(calendar)
            raise Transient(str(error), side=SIDE, hint=AGAIN) from error

    async def aclose(self) -> None:
        await self.client.aclose()

    @abstractmethod
    async def about(self, calendar: str) -> Mapping[str, Any]:
        """What the calendar says of itself. Raises CalendarGone when it is not there, nor in the account's list."""
