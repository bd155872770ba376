"""What the tests of lying reads start from: empty databases, and the studio of the end-to-end tests on SQLite."""

import itertools
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import ground, radicale, studio

__all__ = ["ground", "radicale", "studio"]


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What reads tell is the adapters' affair; one database is enough."""
    return sqlite_url


@pytest.fixture
def fresh_url(sqlite_template: Path, tmp_path: Path) -> Callable[[], str]:
    """Gives the URL of another empty, migrated database each time."""
    numbers = itertools.count(1)

    def url() -> str:
        copy = tmp_path / f"syncd-{next(numbers)}.db"
        shutil.copy(sqlite_template, copy)
        return f"sqlite+aiosqlite:///{copy}"

    return url
