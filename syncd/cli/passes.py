"""One pass over connections, dry or real, site by site; and the exit code that its results have.

Not here: what a pass does (cycle), options and printing (run, connect, disconnect).
"""

from collections.abc import Sequence
from dataclasses import replace

from syncd.cli import CHANGES, FAILED, FINE, HELD, UNUSABLE, code_of
from syncd.cli.accounts import Accounts
from syncd.cli.compose import House
from syncd.connections import is_alive
from syncd.errors import StoreError, SyncdError
from syncd.model import Connection, Reason, Status
from syncd.ports import StateStore
from syncd.run import Pass, Result
from syncd.secrets import Keys
from syncd.site import sync_site


async def one_pass(house: House, work: Pass, chosen: Sequence[Connection]) -> list[Result]:
    """A pass over the chosen connections, in their order. What stops one site or connection is in its result.

    `work.dry`: `work.store` must be a snapshot.
    """
    if not chosen:
        return []
    every = await work.store.connections()
    keys = house.keys()
    results: dict[str, Result] = {}
    for site in dict.fromkeys(one.site for one in chosen):
        wanted = {one.id for one in chosen if one.site == site}
        # The others of the site must learn what is read, but have no turn.
        group = [one if one.id in wanted else replace(one, paused=True) for one in every if one.site == site]
        results |= {result.connection.id: result for result in await _one_site(house, work, keys, group)}
    return [results[one.id] for one in chosen if one.id in results]


async def _one_site(house: House, work: Pass, keys: Keys, group: Sequence[Connection]) -> list[Result]:
    try:
        site = house.site(group[0].site)
    except SyncdError as error:
        return [Result(one, error=error) for one in group]
    try:
        accounts = Accounts(house, work.store, keys)
        results = await sync_site(work, site, group, accounts.of)
        if not work.dry:
            await accounts.keep()
        return results
    except StoreError as error:
        return [Result(one, error=error) for one in group]
    finally:
        await site.aclose()


def exit_code(results: Sequence[Result], *, dry: bool, tell_changes: bool) -> int:
    """DESIGN 6: the first that applies. Connections that nobody confirmed count as held."""
    if any(result.error is not None and code_of(result.error) == UNUSABLE for result in results):
        return UNUSABLE
    if any(_failed(result) for result in results):
        return FAILED
    if any(result.held or is_unconfirmed(result.connection) for result in results):
        return HELD
    changes = any(result.plan is not None and not result.plan.changes_nothing for result in results)
    return CHANGES if dry and tell_changes and changes else FINE


def _failed(result: Result) -> bool:
    connection = result.connection
    lost_now = connection.reason is Reason.SCHEDULE_LOST and result.plan is not None
    in_error = connection.status is Status.ERROR and not connection.paused
    return result.error is not None or lost_now or in_error


def is_unconfirmed(connection: Connection) -> bool:
    """Whether it waits until somebody has accepted its first plan (R29)."""
    return not connection.confirmed and is_alive(connection) and not connection.disconnecting


async def choose(store: StateStore, names: Sequence[str]) -> Sequence[Connection]:
    """The named connections, or all. Raises ConfigError for a name that is none."""
    from syncd.connections import existing

    if not names:
        return await store.connections()
    return [await existing(store, name) for name in dict.fromkeys(names)]
