"""Faults of both simulators that make reads lie, and the proof that they did.

Not here: what a lie must not lead to (test_site, test_outside).
"""

import re
from typing import Any, Final

from tests.e2e.studio import Studio

QUERY: Final = {"method": "POST", "path": "/events/query$"}
BY_ID: Final = {"method": "GET", "path": "/events(/[^/]+)?$"}
LISTING: Final = {"report": "sync-collection"}
MULTIGET: Final = {"report": "calendar-multiget"}
GET: Final = {"method": "GET"}

Spec = dict[str, Any]


def at_site(studio: Studio, do: Spec, *matches: Spec, times: int = -1) -> None:
    for match in matches:
        studio.wix.app.faults.add({"match": match, "do": do, "times": times})


def outside(studio: Studio, do: Spec, *matches: Spec, times: int = -1) -> None:
    for match in matches:
        studio.proxy.plant({"match": match, "do": do, "times": times})


def earlier(name: str = "", back: int = 1) -> Spec:
    """An object outside as it was, by its file name."""
    return {"replay_rows": {"href": f"/{re.escape(name)}$" if name else "[.]ics$", "back": back}}


async def lied_to(studio: Studio, *kinds: str, passes: int = 2) -> None:
    """Passes a minute apart, then the truth again. Fails unless a fault of each of these kinds took effect."""
    studio.forget_requests()
    for _ in range(passes):
        await studio.attempt()
        studio.clock.advance(60)
    told = [*studio.wix.app.log.to_json()["requests"], *studio.person.log.to_json()["requests"]]
    faults = {row["fault"].partition(":")[2] for row in told if row["fault"]}
    studio.wix.app.faults.clear()
    studio.person.heal()
    assert faults >= set(kinds), faults


async def undisturbed(studio: Studio, *kinds: str, passes: int = 2) -> None:
    """The same, and nothing at all was written meanwhile; then a pass that is told the truth."""
    await lied_to(studio, *kinds, passes=passes)
    assert studio.written() == []
    await studio.settle(1)
