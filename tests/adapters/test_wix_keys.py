"""Our blocks found again by their keys, over HTTP.

Not here: sessions of a window and by id (test_wix_reading), how a block is made (test_wix_writing).
"""

import pytest

from syncd.errors import Forbidden, Transient
from syncd.sandbox.wix import events
from syncd.sandbox.wix.access import ALL_SCOPES, READ_PI
from tests.adapters.wix_studio import APP, BRIDGE, draft, seen, studio


async def test_our_blocks_are_found_by_key_the_oldest_of_several() -> None:
    async with studio() as at:
        (first,) = await at.blocks.create([draft("k1")])
        await at.blocks.create([draft("k2")])
        at.clock.advance(60)
        copy = at.raw(seen(first).ref.id)
        events.create(at.site, APP, {"scheduleId": at.anna.id, **_times(copy), "notes": copy.fields["notes"]})
        found = await at.adapter.find(["k1", "k3"])
    assert set(found) == {"k1"}
    assert found["k1"].ref == seen(first).ref
    assert found["k1"].traits.mark is not None


def _times(event: object) -> dict[str, object]:
    span = event.span  # type: ignore[attr-defined]
    return {
        "start": {"localDate": span.start.isoformat()},
        "end": {"localDate": span.end.isoformat()},
        "timeZone": span.zone,
    }


async def test_a_cancelled_block_and_one_of_another_bridge_are_not_found() -> None:
    async with studio() as at:
        (gone,) = await at.blocks.create([draft("k1")])
        events.cancel(at.site, seen(gone).ref.id)
        line = "[syncd apple other-bridge 1 k2 d]"
        assert BRIDGE not in line
        events.create(at.site, APP, {"scheduleId": at.anna.id, **_times(at.raw(seen(gone).ref.id)), "notes": line})
        assert await at.adapter.find(["k1", "k2"]) == {}


async def test_keys_that_cannot_be_seen_are_not_taken_for_absent() -> None:
    async with studio() as at:
        await at.blocks.create([draft("k1")])
        at.site.scopes[APP] = ALL_SCOPES - {READ_PI}
        with pytest.raises(Forbidden, match="does not show the notes") as caught:
            await at.adapter.find(["k1"])
    assert "Including PI" in caught.value.hint


async def test_a_listing_of_blocks_that_breaks_off_finds_nothing_for_sure() -> None:
    async with studio() as at:
        body = {"events": [], "pagingMetadata": {"hasNext": True}}
        at.fault("events/query", {"status": 200, "body": body})
        with pytest.raises(Transient):
            await at.adapter.find(["k1"])
