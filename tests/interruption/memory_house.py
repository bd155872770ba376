"""One installation in the memory world, whose site keeps whole minutes, as the real one does (reference/wix.md, 3.1).

Not here: people's hands on it (memory_stage), the calls of a process (memory_wire).
"""

from dataclasses import replace

from adapters.memory import FULL, MemorySite
from adapters.memory_site import Scope
from syncd.model import Event, Field, Ref, Side, Timed
from syncd.run import Result, Rules
from syncd.site import sync_site
from syncd.store import SqlStore
from tests.cycle.bench import SITE_ID, Bench
from tests.interruption.scenario import Scenario


class MinuteSite(MemorySite):
    """A site that drops the seconds of every time."""

    def _within(self, scope: Scope) -> MemorySite:
        return MinuteSite(self._world, self.collection, self.capabilities, rewrites=self._rewrites, scope=scope)

    def _fit(self, event: Event, ref: Ref) -> Event:
        fitting = super()._fit(event, ref)
        if not isinstance(fitting.when, Timed):
            return fitting
        start, end = (moment.replace(second=0, microsecond=0) for moment in (fitting.when.start, fitting.when.end))
        return fitting.put({Field.WHEN: Timed(start, end, fitting.when.tzid)})


class House(Bench):
    """A bench with such a site."""

    async def sync_all(self) -> list[Result]:
        site = MinuteSite(self.world, SITE_ID, self.inside)
        return await sync_site(self.work(), site, await self.store.connections(), self._account)


def house_for(scenario: Scenario, store: SqlStore) -> House:
    """An installation with the settings of a scenario, on this store."""
    policy = dict(scenario.policy)
    if "on_clash" in policy:
        policy["on_clash"] = Side(policy["on_clash"])
    outside = replace(FULL, max_batch=scenario.batch, mails_guests=scenario.mails_guests)
    return House(store, rules=Rules(bridge="bridge-1", **policy), outside=outside)
