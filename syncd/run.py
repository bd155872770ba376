"""The values that one run shares between reading, planning and applying. Spares cli, cycle and apply each other.

Not here: any doing.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from syncd.drain import Drain
from syncd.errors import SyncdError
from syncd.model import Connection, Plan, Side, Window
from syncd.ports import Clock, Owner, StateStore


@dataclass(frozen=True, slots=True)
class Rules:
    """The `[policy]` section and the bridge id: what a policy is made of, but for the window."""

    bridge: str
    window_past_days: int = 7
    window_future_days: int = 365
    on_clash: Side = Side.WIX
    write_back: str = "without_participants"
    description: str = "notes"
    import_details: str = "full"
    delete_limit: int = 10
    delete_share: float = 0.2
    delete_hard_limit: int = 100
    create_limit: int = 500

    @property
    def reading(self) -> str:
        """Under which policy items are stored and shown; another one means reading everything anew."""
        return f"{self.import_details}/{self.description}"

    def window(self, now: datetime) -> Window:
        """The window of the day that `now` lies in (UTC), so that it moves once a day and not with every pass."""
        midnight = datetime.combine(now.date(), time(), now.tzinfo)
        return Window(
            midnight - timedelta(days=self.window_past_days), midnight + timedelta(days=self.window_future_days + 1)
        )


@dataclass(frozen=True, slots=True)
class Pass:
    """One run over one or more connections.

    `run`: its id. `dry`: stop after the plan; `store` is then a snapshot. `unconfirmed`: plan for connections that
    nobody confirmed yet, too (only ever with `dry`). `progress`: told (what, done, of). `drain`: asked when the process
    is to end.
    """

    run: str
    store: StateStore
    clock: Clock
    owner: Owner
    rules: Rules
    lease_seconds: float = 180.0
    dry: bool = False
    unconfirmed: bool = False
    progress: Callable[[str, int, int], None] | None = None
    pause: Callable[[float], Coroutine[Any, Any, None]] | None = None
    drain: Drain = field(default_factory=Drain)

    def tell(self, what: str, done: int, of: int) -> None:
        if self.progress is not None:
            self.progress(what, done, of)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one connection. `skipped` says why nothing was done; `error` what stopped it."""

    connection: Connection
    plan: Plan | None = None
    written: int = 0
    failed: int = 0
    held: int = 0
    skipped: str | None = None
    error: SyncdError | None = None
