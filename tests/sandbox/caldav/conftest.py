"""The running simulator for tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.sandbox.caldav.site import Site, running


@pytest.fixture
def dav() -> Iterator[Site]:
    """Two accounts, the first with an empty calendar `home`, at noon UTC, Friday 2026-11-20; the RFCs' server."""
    with running() as site:
        yield site
