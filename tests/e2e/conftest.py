"""A studio per test, with whoever keeps the account outside; one calendar server for all, with an account for each.

A test that asks for `studio` runs with each provider unless `outside(…)` names those that it is about. `make test`
takes one of them, the providers taking turns, and for each rule one test at least with each; `make prove` takes all.
"""

import asyncio
import itertools
import zlib
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator

import pytest

from syncd.sandbox.radicale import RadicaleServer
from tests.e2e.studio import PASSWORD, Ground, Studio, studio_on
from tests.proving import PROVE
from tests.reach import PROVIDERS

_people = itertools.count(1)
_PEOPLE = 500


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "policy(**settings): what stands in [policy] of the studio's configuration")
    config.addinivalue_line("markers", "outside(*providers): who may keep the account; more than one take turns")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "studio" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("outside")
        metafunc.parametrize("ground", marker.args if marker else PROVIDERS, indirect=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if PROVE:
        return
    spare = _spare(items)
    config.hook.pytest_deselected(items=[item for item in items if item in spare])
    items[:] = [item for item in items if item not in spare]


def _spare(items: list[pytest.Item]) -> set[pytest.Item]:
    """Tests with the provider whose turn it is not, unless a rule would go without that provider."""
    spare, reached = set(), set()
    late: dict[tuple[str, str], list[pytest.Item]] = defaultdict(list)
    for item in items:
        provider = _provider(item)
        if provider is None:
            continue
        rules = [(str(rule), provider) for mark in item.iter_markers("rule") for rule in mark.args]
        alone = item.get_closest_marker("outside")
        turns = PROVIDERS if alone is None else alone.args
        if provider == turns[(zlib.crc32(_sort_of(item).encode()) >> 1) % len(turns)]:
            reached.update(rules)
            continue
        spare.add(item)
        for rule in rules:
            late[rule].append(item)
    for rule, found in late.items():
        if rule not in reached:
            spare.discard(found[0])
    return spare


def _sort_of(item: pytest.Item) -> str:
    """The test's name, the same with each provider and database."""
    params = item.callspec.params if isinstance(item, pytest.Function) else {}
    name = item.nodeid
    for turn in ("ground", "database_url"):
        name = name.replace(str(params.get(turn, "[")), "")
    return name


def _provider(item: pytest.Item) -> str | None:
    call = getattr(item, "callspec", None)
    return None if call is None else call.params.get("ground")


@pytest.fixture(scope="session")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RadicaleServer]:
    accounts = {f"anna{number}@example.test": PASSWORD for number in range(1, _PEOPLE)}
    server = RadicaleServer(tmp_path_factory.mktemp("radicale"), accounts)
    asyncio.run(server.start())
    try:
        yield server
    finally:
        asyncio.run(server.stop())


@pytest.fixture
def ground(
    request: pytest.FixtureRequest,
    radicale: RadicaleServer,
    database_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Ground:
    """The ground of this test; `@pytest.mark.policy(…)` sets `[policy]`."""
    marker = request.node.get_closest_marker("policy")
    policy = dict(marker.kwargs) if marker is not None else {}
    folder = tmp_path_factory.mktemp("studio")
    email, provider = f"anna{next(_people)}@example.test", getattr(request, "param", PROVIDERS[0])
    return Ground(database_url, radicale.base_url, email, folder, policy, provider)


@pytest.fixture
async def studio(ground: Ground) -> AsyncIterator[Studio]:
    async with studio_on(ground) as one:
        yield one
