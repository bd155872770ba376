"""A process of syncd that stops itself (SIGSTOP) at one exact point, once.

Python imports this when it starts with this folder on PYTHONPATH. STOP_AT tells the point: `journalled`, `leaving` or
`answered`, the method and a pattern for the path. Not here: what becomes of it then (the tests).
"""

import os
import re
import signal
import sys
from collections.abc import Sequence
from typing import Any


def _plant(point: str, method: str, path: str) -> None:
    from adapters.http import Http, Reply
    from syncd.apply.writes import Writer

    send, call = Http.request, Writer._call
    left = [1]

    def stop() -> None:
        if left:
            left.pop()
            os.kill(os.getpid(), signal.SIGSTOP)

    async def request(self: Http, verb: str, url: str, **more: Any) -> Reply:
        is_meant = verb == method and re.search(path, url) is not None
        if is_meant and point == "leaving":
            stop()
        reply = await send(self, verb, url, **more)
        if is_meant and point == "answered":
            stop()
        return reply

    async def journalled(self: Writer, calendar: Any, rows: Sequence[Any], *more: Any) -> None:
        if point == "journalled" and any(row.action.kind == method for row in rows):
            stop()
        await call(self, calendar, rows, *more)

    Http.request = request  # type: ignore[method-assign, assignment]
    Writer._call = journalled  # type: ignore[method-assign, assignment]


if "STOP_AT" in os.environ and {"syncd", "run"} <= set(sys.orig_argv):
    _plant(*os.environ["STOP_AT"].split(" "))
