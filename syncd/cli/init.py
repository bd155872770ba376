"""`syncd init`: a commented configuration with a bridge id, and a key file. Never overwrites anything.

Not here: what the keys of the file mean (syncd.config.schema), the example itself (config/syncd.toml).
"""

import os
import secrets
from pathlib import Path
from typing import Final

import click

from syncd.cli import Command
from syncd.errors import ConfigError

_BRIDGE: Final = 'bridge_id = "changeme"'


@click.command("init", cls=Command)
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(file_okay=False, path_type=Path))
def init_command(folder: Path) -> None:
    """Make a commented syncd.toml with a bridge id, and a key file, in DIR (here unless named).

    The bridge id marks everything that this installation makes: keep it when you move to another machine.
    """
    config, keys = make(folder)
    click.echo(f"made {config} and {keys}")
    click.echo(f"next: fill in [wix] in {config}, then run: syncd migrate, syncd check")


def make(folder: Path) -> tuple[Path, Path]:
    """Both files, for their owner alone. Raises ConfigError, and makes nothing, when one of them is there."""
    from syncd.secrets import write_file

    config, keys = folder / "syncd.toml", folder / "syncd.key"
    there = [f"{path}: it is there already and stays as it is" for path in (config, keys) if os.path.lexists(path)]
    if there:
        raise ConfigError(there)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_file(keys)
        write_config(config, example().replace(_BRIDGE, f'bridge_id = "{new_bridge_id()}"'))
    except OSError as exc:
        raise ConfigError([f"{folder}: cannot be written ({exc.strerror}): check its owner and mode"]) from exc
    return config, keys


def new_bridge_id() -> str:
    """12 characters of 0-9a-f."""
    return secrets.token_hex(6)


def write_config(file: Path, text: str) -> None:
    """A new file for its owner alone: it may hold secrets. Raises FileExistsError."""
    handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)


def example() -> str:
    """The commented example: the one that was installed with the package, else the checkout's."""
    package = Path(__file__).resolve().parent.parent
    shipped = package / "_config" / "syncd.toml"
    return (shipped if shipped.is_file() else package.parent / "config" / "syncd.toml").read_text(encoding="utf-8")
