"""Schedules whose kind was found out before: one query, and no look at events."""

from tests.adapters.wix_studio import studio


async def test_known_schedules_are_asked_for_in_one_query_and_keep_their_kind() -> None:
    from syncd.sandbox.wix import schedules

    async with studio() as at:
        found = {one.name: one for one in await at.adapter.schedules()}
    async with studio() as at:
        schedules.update(at.site, {"id": at.anna.id, "revision": "1", "name": "Anna M."})
        before = len(at.requests())
        (anna,) = await at.adapter.schedules([found["Anna"]])
        assert [row["path"] for row in at.requests()[before:]] == ["/calendar/v3/schedules/query"]
    assert (anna.id, anna.kind, anna.name) == (found["Anna"].id, found["Anna"].kind, "Anna M.")
