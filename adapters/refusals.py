"""What a refusal of a provider's API becomes: the request it answers, a row of a table, the error. For every provider.

Not here: the tables, by the codes of each provider (its folder), sending.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from syncd.errors import AdapterError, Forbidden, Rejected, Stale, Throttled, Transient

SIDE: Final = "external"
REST: Final = 3600.0  # seconds that an account's writes rest once it may write no more
AGAIN: Final = "the next pass tries again"
_WORD: Final = re.compile(r"[A-Za-z0-9_]{1,80}")


class Missing(Stale):
    """Not there, or no longer. Of the calendar or of the item is for the caller to ask."""


class Barred(Rejected):
    """The account has no right to do this to this item; perhaps to none in the calendar."""


class Resting(Throttled):
    """The account has used up what it may write: no write for an hour."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked: how errors call it, the item it concerns, whether it writes, whether it carries a sync token."""

    what: str
    ref: str = ""
    writes: bool = False
    token: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """What a refusal becomes; `alone`: the same where it concerns no item. And the repair for a person."""

    error: type[AdapterError]
    alone: type[AdapterError] | None = None
    hint: str = ""

    def kind(self, asked: Asked) -> type[AdapterError]:
        return self.alone if self.alone is not None and not asked.ref else self.error


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal in what of it may be shown. `by`: who refused; `code`: "" when none was told."""

    by: str
    status: int
    code: str = ""

    def error(self, kind: type[AdapterError], asked: Asked, wait: float, hint: str) -> AdapterError:
        """The error to raise, or to put in the place of an item. `wait`: seconds, for one that is throttled."""
        text = f"{asked.what}: {self.by} answered {self.status} {self.code}".rstrip()
        if issubclass(kind, Throttled):
            seconds = REST if issubclass(kind, Resting) else wait
            return kind(text, retry_after=seconds, side=SIDE, ref=asked.ref, hint=hint)
        if kind is Forbidden:
            return Forbidden(text, code=self.code or str(self.status), side=SIDE, ref=asked.ref, hint=hint)
        if issubclass(kind, Transient):
            applied = asked.writes and self.status >= 500
            return kind(text, side=SIDE, ref=asked.ref, hint=hint or AGAIN, applied=applied)
        return kind(text, side=SIDE, ref=asked.ref, hint=hint)


def unclear(by: str, asked: Asked) -> Transient:
    """An answer that is none: of a write nobody knows whether it took effect."""
    text = f"{asked.what}: {by} answered with something else"
    return Transient(text, side=SIDE, ref=asked.ref, hint=AGAIN, applied=asked.writes)


def is_item(error: Exception) -> bool:
    """Whether a failure is told of one item, so that others may be well."""
    return isinstance(error, Transient) and not isinstance(error, Throttled) and bool(error.ref)


def mapping_of(value: Any) -> Mapping[str, Any]:
    """A JSON object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def word(value: object) -> str:
    """A code that may be shown: nobody's text looks like this."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""
