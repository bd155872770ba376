"""How a pass hears that its process is to end, and what is left to say when nobody listens any more.

Not here: what ending means for a pass (drain).
"""

import asyncio
import errno
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import click

from syncd.drain import Drain
from syncd.errors import SyncdError
from syncd.telemetry import quiet

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_GONE: Final = frozenset({errno.EPIPE, errno.EIO})  # a pipe whose reader ended, a terminal that was closed


@contextmanager
def heeding(drain: Drain) -> Iterator[None]:
    """SIGTERM, Ctrl-C and the end of the terminal ask the pass to end; the next of them, to end at once."""
    loop = asyncio.get_running_loop()
    heard = [one for one in _SIGNALS if signal.getsignal(one) is not signal.SIG_IGN]  # `nohup` means it

    def ask() -> None:
        if not drain.is_asked:
            _say("asked to end: what is under way is finished first; ask again to end at once")
        drain.ask()

    for one in heard:
        loop.add_signal_handler(one, ask)
    try:
        yield
    finally:
        for one in heard:
            loop.remove_signal_handler(one)


def tell_what_was_cut(drain: Drain) -> None:
    """On standard error, when writes were broken off."""
    if drain.has_cut:
        _say("writes were broken off before their answer: the next pass finds out what became of them")


@contextmanager
def printing() -> Iterator[None]:
    """Around what is printed when all is done: a reader who has gone away changes nothing about how it went.

    Raises SyncdError when the output cannot be written for another reason, such as a full disk.
    """
    try:
        yield
    except OSError as error:
        quiet(sys.stdout)
        if error.errno not in _GONE:
            raise SyncdError(f"the output cannot be written: {error.strerror}; `syncd history` has it too") from error


def _say(what: str) -> None:
    try:
        click.echo(f"syncd: {what}", err=True)
    except OSError:
        quiet(sys.stderr)
