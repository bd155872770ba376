"""The command line: which commands there are, and what their failures look like to a person.

Only click is imported here, so that `syncd --help` is quick; a command's module is imported when the command runs.
Not here: composing adapters and store (compose), tables and wording of plans (shown, plans), any decision.
"""

import importlib
import os
import sys
from pathlib import Path
from typing import Any, Final

import click

from syncd import __version__
from syncd.errors import ConfigError, Held, LeaseLost, StoreError, SyncdError

# DESIGN 6; the first that applies.
UNUSABLE: Final = 2
FAILED: Final = 1
HELD: Final = 4
CHANGES: Final = 3
FINE: Final = 0

# name → (module, what it does)
COMMANDS: Final = {
    "init": ("init", "Make a commented syncd.toml with a bridge id, and a key file."),
    "check": ("check", "Check configuration, database, sites and connections, all at once."),
    "schedules": ("schedules", "List what can be connected."),
    "calendars": ("calendars", "List the calendars of a connection's account."),
    "connect": ("connect", "Connect a schedule with an account's calendars."),
    "connections": ("connections", "List the connections."),
    "configure": ("configure", "Change what a connection imports and exports."),
    "pause": ("pause", "Stop a connection without removing anything."),
    "resume": ("pause", "Go on with a paused connection."),
    "disconnect": ("disconnect", "End a connection and remove what it made, on both sides."),
    "run": ("run", "Read, plan and apply: one pass over the connections."),
    "status": ("status", "Show how each connection is."),
    "override": ("override", "Show another title or description outside."),
    "holds": ("holds", "List what waits for a decision."),
    "approve": ("holds", "Do what a hold waits to do."),
    "reject": ("holds", "Refuse what a hold waits to do; it is put back."),
    "history": ("history", "List what was done, with its rule and outcome."),
    "migrate": ("migrate", "Bring the database to this version's tables."),
    "sandbox": ("sandbox", "Start a Wix site and calendars outside on this machine, with a studio to try."),
}


class Commands(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"syncd.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, what) for name, (_, what) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SyncdError as error:
            if ctx.meta.get("syncd.debug"):
                raise
            explain(error)
            sys.exit(code_of(error))


def code_of(error: SyncdError) -> int:
    """The exit code of what ended a command."""
    if isinstance(error, ConfigError | StoreError) and not isinstance(error, LeaseLost):
        return UNUSABLE
    return HELD if isinstance(error, Held) else FAILED


def explain(error: SyncdError) -> None:
    """What is wrong, where, and the next step, on standard error."""
    side, hint = getattr(error, "side", ""), getattr(error, "hint", "")
    for line in error.problems if isinstance(error, ConfigError) else [str(error)]:
        click.echo(f"syncd: {f'{side}: ' if side else ''}{line}", err=True)
    if hint:
        click.echo(f"  next: {hint}", err=True)


def config_file(ctx: click.Context) -> Path:
    """The configuration: named by --config before or after the command, else by SYNCD_CONFIG, else ./syncd.toml."""
    named = ctx.meta.get("syncd.config") or os.environ.get("SYNCD_CONFIG") or "syncd.toml"
    return Path(str(named))


def _remember(ctx: click.Context, param: click.Parameter, value: object) -> None:
    # Commands share `meta` with the group above them, so both places of an option end up here.
    if value:
        ctx.meta[f"syncd.{param.name}"] = value


def shared_options() -> list[click.Option]:
    """The options that every command takes, before or after its name."""
    return [
        click.Option(
            ["--config"],
            type=click.Path(dir_okay=False),
            metavar="FILE",
            help="The configuration.  [default: SYNCD_CONFIG, else ./syncd.toml]",
            expose_value=False,
            callback=_remember,
        ),
        click.Option(
            ["--debug"], is_flag=True, help="Show a traceback when it fails.", expose_value=False, callback=_remember
        ),
    ]


class Command(click.Command):
    """A command with the shared options behind its own."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params += shared_options()


main: Final = click.version_option(__version__, prog_name="syncd")(
    Commands(
        "syncd",
        help="Keeps Wix schedules and people's calendars the same, both ways.",
        params=[*shared_options()],
        context_settings={"help_option_names": ["-h", "--help"]},
    )
)
