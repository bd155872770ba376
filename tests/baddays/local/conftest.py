"""Places and studios for what goes wrong on one's own machine."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from syncd.secrets import write_file
from tests.baddays.local.place import Place
from tests.cli.conftest import connected, logging_as_before, studio, synced

__all__ = ["connected", "logging_as_before", "studio", "synced"]


@pytest.fixture
def place(sqlite_template: Path) -> Iterator[Place]:
    """A folder that another user may enter, unlike pytest's own; what lies in it keeps its modes."""
    with tempfile.TemporaryDirectory(prefix="syncd-place-") as name:
        made = Place(Path(name))
        made.folder.chmod(0o755)
        made.configure("")
        write_file(made.key)
        shutil.copy(sqlite_template, made.database)
        made.store_connection()
        yield made
