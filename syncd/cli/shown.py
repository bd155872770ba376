"""How values are shown: tables, JSON, times, progress. Colour, frames and bars only on a terminal.

rich is imported only where something is drawn. Not here: plans (plans), which columns a command has (the commands).
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final, TextIO, cast
from zoneinfo import ZoneInfo

import click

from syncd.model import AllDay, Timed, When, plain

Progress = Callable[[str, int, int], None]
NOTHING: Final = "-"


def on_terminal() -> bool:
    """Whether a person reads standard output."""
    return sys.stdout.isatty()


def may_show_text(show_text: bool) -> bool:
    """Whether titles may be printed: on a terminal, or where they were asked for."""
    return show_text or on_terminal()


def print_json(value: Any) -> None:
    """One document; values of the model become plain ones."""
    click.echo(json.dumps(_plain(value), ensure_ascii=False, indent=2 if on_terminal() else None))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return plain(value)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
    """A framed table on a terminal, aligned text elsewhere. Empty tables are not printed."""
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        return
    if on_terminal():
        _framed(columns, cells, title)
        return
    if title:
        click.echo(title)
    every = [[name.upper() for name in columns], *cells]
    widths = [max(len(row[number]) for row in every) for number in range(len(columns))]
    for row in every:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _framed(columns: Sequence[str], cells: Sequence[Sequence[str]], title: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left")
    for name in columns:
        table.add_column(name, overflow="fold")
    for row in cells:
        table.add_row(*(Text(text) for text in row))
    Console(file=sys.stdout).print(table)


def _cell(value: object) -> str:
    """One line of text. Control characters in what people wrote may not reach a terminal."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return moment(value)
    return one_line(str(value))


def one_line(text: str) -> str:
    """The text without control characters, line ends shown as ⏎."""
    joined = text.replace("\r\n", "\n").replace("\n", " ⏎ ")
    return "".join(c if c.isprintable() else "�" for c in joined)


def moment(value: datetime) -> str:
    """A moment in the zone of this machine, to the minute."""
    return value.astimezone().strftime("%Y-%m-%d %H:%M")


def interval(when: When) -> str:
    """A time as its organiser sees it."""
    if isinstance(when, AllDay):
        days = (when.until - when.first).days
        return f"{when.first} all day" + (f" ({days} days)" if days > 1 else "")
    return _timed(when)


def _timed(when: Timed) -> str:
    try:
        zone = ZoneInfo(when.tzid)
    except (KeyError, ValueError, OSError):  # a name that no database has
        return f"{when.start.isoformat()} - {when.end.isoformat()}"
    start, end = when.start.astimezone(zone), when.end.astimezone(zone)
    last = end.strftime("%H:%M") if end.date() == start.date() else end.strftime("%Y-%m-%d %H:%M")
    return f"{start.strftime('%a %Y-%m-%d %H:%M')} - {last} {when.tzid}"


@contextmanager
def progress() -> Iterator[Progress | None]:
    """A bar on standard error, on a terminal only."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress as Bars

    from syncd.telemetry import Steady

    with Bars(console=Console(file=cast(TextIO, Steady(sys.stderr))), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def tell(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=of)
            bars.update(tasks[what], completed=done, total=of)

        yield tell


def ask(question: str, *, yes: bool) -> bool:
    """Whether a person agrees; `yes` answers for them. Without an answer it is no."""
    if yes:
        return True
    try:
        return click.confirm(question, default=False, err=True)
    except click.Abort:
        click.echo("", err=True)
        return False
