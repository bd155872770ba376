"""What a documented switch is. Not here: which there are."""

from dataclasses import dataclass
from typing import Final

from syncd.sandbox.switching import Switch

BOOL: Final = (True, False)


@dataclass(frozen=True, slots=True)
class Documented(Switch):
    """A switch with its evidence.

    `careless`: only a client that errs, goes to a limit or has luck meets its behaviour, so that its never firing says
    nothing against a run.
    """

    evidence: str = ""
    careless: bool = False
