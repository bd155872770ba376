"""A studio on which days go badly: simulators in a thread, the command line in the test's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import pytest

from tests.baddays.remote.day import Day, looping
from tests.baddays.remote.google_day import GoogleDay
from tests.baddays.remote.microsoft_day import MicrosoftDay
from tests.cli.conftest import logging_as_before
from tests.e2e.conftest import ground, radicale
from tests.e2e.studio import Ground, studio_on

__all__ = ["ground", "logging_as_before", "radicale"]


D = TypeVar("D", bound=Day)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What the sides do to us is the adapters' affair; one database is enough."""
    return sqlite_url


@pytest.fixture
def day(ground: Ground) -> Iterator[Day]:
    """Two people connected, and all that they have is synced."""
    with _beginning(Day, ground) as one:
        yield one


@pytest.fixture
def google_day(ground: Ground) -> Iterator[GoogleDay]:
    """Two people with accounts at Google, and all that they have is synced."""
    with _beginning(GoogleDay, replace(ground, provider="google")) as one:
        yield one


@pytest.fixture
def microsoft_day(ground: Ground) -> Iterator[MicrosoftDay]:
    """Two people with mailboxes at Microsoft, and all that they have is synced."""
    with _beginning(MicrosoftDay, replace(ground, provider="microsoft")) as one:
        yield one


@contextmanager
def _beginning(kind: type[D], ground: Ground) -> Iterator[D]:
    with looping() as loop:
        context = studio_on(ground)
        day = kind(None, ground.folder / "syncd.toml", loop)  # type: ignore[arg-type]
        day.studio = day.on(context.__aenter__())
        try:
            with day.config.open("a") as config:
                config.write(f'\n[service]\nclock_url = "{day.studio.wix.base_url}/_sandbox/clock"\n')
            day.on(day.begin())
            yield day
        finally:
            day.on(context.__aexit__(None, None, None))
