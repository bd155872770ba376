"""The errors of syncd, each named for what its caller does next.

Not here: wording for people (cli), and the tables that translate a provider's errors (adapters).

    SyncdError
    ├─ ConfigError        every problem listed at once; exit 2
    ├─ AdapterError       .side .ref
    │  ├─ Transient       try again; Throttled, its child, adds .retry_after (seconds)
    │  ├─ CursorExpired   read everything again
    │  ├─ Stale           changed since we read it: read it again, it stays pending
    │  ├─ Exists          already there under this key: read and adopt
    │  ├─ Rejected        this item never like this: settle it (R5a) or quarantine it
    │  ├─ CalendarGone    R22
    │  ├─ Forbidden       premium, consent, read-only: stop this connection, tell a person
    │  └─ AuthRevoked     R21
    ├─ Held               waits for a person (R15, R28, R29)
    ├─ Stopped            the process is to end: leave the rest to the next pass
    └─ StoreError         LeaseLost, its child: another process took over, stop and write nothing
"""

from collections.abc import Sequence


class SyncdError(Exception):
    """Anything syncd raises on purpose."""


class ConfigError(SyncdError):
    """The configuration cannot be used. `problems` holds one line each, `file:line: what, and what is allowed`."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class AdapterError(SyncdError):
    """A side refused or failed. `ref` names the item, if one is concerned; `hint` is the repair step for a person.

    The message never holds a title, a description, a location, an address or a secret.
    """

    def __init__(self, message: str, *, side: str = "", ref: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.side = side
        self.ref = ref
        self.hint = hint

    @property
    def told(self) -> str:
        """Where, what, and the repair step, in one line for a person. Not for the log: `ref` may hold an address."""
        where = f"{self.ref}: " if self.ref else ""
        return f"{where}{self}: {self.hint}" if self.hint else f"{where}{self}"


class Transient(AdapterError):
    """Try again later. `applied` tells whether the call may have taken effect (its reply was lost)."""

    def __init__(self, message: str, *, side: str = "", ref: str = "", hint: str = "", applied: bool = False) -> None:
        super().__init__(message, side=side, ref=ref, hint=hint)
        self.applied = applied


class Throttled(Transient):
    """Too many requests; nothing was applied. `retry_after` is in seconds."""

    def __init__(self, message: str, *, retry_after: float, side: str = "", ref: str = "", hint: str = "") -> None:
        super().__init__(message, side=side, ref=ref, hint=hint)
        self.retry_after = retry_after


class CursorExpired(AdapterError):
    """The cursor is refused or doubtful: read the whole window and compare."""


class Stale(AdapterError):
    """The item is no longer at the version we named: read it again, it stays pending."""


class Exists(AdapterError):
    """An item lies already under this key: read it and adopt it."""


class Rejected(AdapterError):
    """This item will never be taken like this: settle it (R5a) or quarantine it (R27)."""


class CalendarGone(AdapterError):
    """The collection itself is gone (R22), never said of a single item."""


class Forbidden(AdapterError):
    """Premium, consent, read-only: stop this connection and tell a person. `code` is the provider's own."""

    def __init__(self, message: str, *, code: str = "", side: str = "", ref: str = "", hint: str = "") -> None:
        super().__init__(message, side=side, ref=ref, hint=hint)
        self.code = code


class AuthRevoked(AdapterError):
    """The grant is refused (R21). `passing`: an outage looks the same, so that it counts when it comes again later."""

    def __init__(self, message: str, *, side: str = "", ref: str = "", hint: str = "", passing: bool = False) -> None:
        super().__init__(message, side=side, ref=ref, hint=hint)
        self.passing = passing


class Held(SyncdError):
    """An action waits for a person (R15, R28, R29)."""


class Stopped(SyncdError):
    """The process was asked to end: what is not begun is left to the next pass."""


class StoreError(SyncdError):
    """The database failed, is unreachable, not migrated, or newer than this program."""


class LeaseLost(StoreError):
    """Another process holds the lease now; whatever was being recorded was not."""
