"""A process of syncd that stops itself (SIGSTOP) at one exact point, once.

Python imports this when it starts with this folder on PYTHONPATH. STOP_AT tells the point, and patterns for a method
and a path. `planned`: writes are to be made, none is journalled. `journalled`: an intent is, of an action of this kind;
it is not sent. `leaving`, `answered`: before and after a request. `recorded`: everything that was written is recorded,
the pass is not over. Not here: what becomes of it then (the tests).
"""

import os
import re
import signal
import sys
from collections.abc import Sequence
from typing import Any


class _Point:
    """`name`: at which point; it comes once."""

    def __init__(self, name: str, method: str, path: str) -> None:
        self.name, self.method, self.path = name, method, path
        self._is_over = False

    def stop(self, name: str) -> None:
        if name == self.name and not self._is_over:
            self._is_over = True
            os.kill(os.getpid(), signal.SIGSTOP)

    def means(self, method: str, path: str = "-") -> bool:
        return bool(re.fullmatch(self.method, method) and re.search(self.path, path))


def _plant(point: _Point) -> None:
    from adapters.http import Http, Reply
    from syncd.apply import Applying
    from syncd.apply.writes import Report, Writer
    from syncd.model import Create, Delete, Plan, Update

    send, call, apply = Http.request, Writer._call, Applying.apply

    async def request(self: Http, verb: str, url: str, **more: Any) -> Reply:
        is_meant = point.means(verb, url)
        if is_meant:
            point.stop("leaving")
        reply = await send(self, verb, url, **more)
        if is_meant:
            point.stop("answered")
        return reply

    async def journalled(self: Writer, calendar: Any, rows: Sequence[Any], *more: Any) -> None:
        if any(point.means(row.action.kind) for row in rows):
            point.stop("journalled")
        await call(self, calendar, rows, *more)

    async def applied(self: Applying, plan: Plan) -> Report:
        if any(isinstance(action, Create | Update | Delete) for action in plan.actions):
            point.stop("planned")
        report = await apply(self, plan)
        if report.done:
            point.stop("recorded")
        return report

    Http.request = request  # type: ignore[method-assign, assignment]
    Writer._call = journalled  # type: ignore[method-assign, assignment]
    Applying.apply = applied  # type: ignore[method-assign]


if "STOP_AT" in os.environ and {"syncd", "run"} <= set(sys.orig_argv):
    _plant(_Point(*os.environ["STOP_AT"].split(" ")))
