"""What several requests in one have in common, whatever a provider frames them in: waits, places, shared refusals.

Not here: the framing (batch of each provider).
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

from adapters.refusals import Resting
from syncd.errors import AuthRevoked, Exists, Rejected, Stale, Throttled

ROUNDS: Final = 3
PATIENCE: Final = 8.0  # seconds that refused parts are waited for inside one call
Pause: TypeAlias = Callable[[float], Awaitable[object]]
Answer: TypeAlias = Any  # a resource, or the AdapterError in its place


async def alone(answer: Awaitable[Answer]) -> Answer:
    """The answer of a call that is sent by itself, with what concerns its item in its place; the rest is raised."""
    try:
        return await answer
    except (Stale, Exists, Rejected) as error:
        return error


def raise_common(answers: Sequence[Answer]) -> None:
    """What every part says in the same words concerns the account and not the items."""
    for kind in (AuthRevoked, Throttled):
        found = [one for one in answers if isinstance(one, kind)]
        if found and len(found) == len(answers):
            raise max(found, key=lambda one: getattr(one, "retry_after", 0.0))


def is_rate(answer: Answer) -> bool:
    """Whether a part was refused for its rate alone: it was not applied, and is taken later."""
    return isinstance(answer, Throttled) and not isinstance(answer, Resting)
