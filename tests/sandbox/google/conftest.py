"""The running simulator for tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.sandbox.google.site import Site, running


@pytest.fixture
def google() -> Iterator[Site]:
    """Two empty accounts at noon UTC, Friday 2026-11-20. What breaks the discovery document fails the test."""
    with running() as site:
        yield site
        assert site.problems == []
