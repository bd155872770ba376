"""The running simulator for tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.sandbox.microsoft.site import Site, running


@pytest.fixture
def microsoft() -> Iterator[Site]:
    """Two empty mailboxes at noon UTC, Friday 2026-11-20. What msgraph-sdk's models cannot read fails the test."""
    with running() as site:
        yield site
        assert site.problems == []
