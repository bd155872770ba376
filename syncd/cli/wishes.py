"""The options that say what a connection imports and exports, shared by connect and configure.

Not here: what a wish comes to (syncd.connections).
"""

from collections.abc import Callable
from typing import TypedDict, TypeVar

import click

from syncd.connections import Wish
from syncd.model import Target

F = TypeVar("F", bound=Callable[..., object])


class WishOptions(TypedDict):
    """By the names that click gives them; None where nothing was said."""

    imports: bool | None
    exports: bool | None
    calendar: tuple[str, ...]
    target: str | None


def wish_options(command: F) -> F:
    """Adds them to a command."""
    target = click.Choice([one.value for one in (Target.PRIMARY, Target.DEDICATED)])
    for option in (
        click.option("--target", type=target, help="Export to the primary calendar, or to one that is made for it."),
        click.option(
            "--calendar", multiple=True, metavar="NAME", help="Import from this one (id or name); may be repeated."
        ),
        click.option("--export/--no-export", "exports", default=None, help="Whether sessions are shown outside."),
        click.option("--import/--no-import", "imports", default=None, help="Whether events outside block time."),
    ):
        command = option(command)
    return command


def wish_of(options: WishOptions, *, new_calendar: bool = False) -> Wish:
    """What the options ask for."""
    return Wish(
        imports=options["imports"],
        exports=options["exports"],
        calendars=options["calendar"] or None,
        target=Target(options["target"]) if options["target"] else None,
        new_calendar=new_calendar,
    )
