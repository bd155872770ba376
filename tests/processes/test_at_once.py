"""Two passes started at once on one database: one works, the other says so and is content."""

from tests.e2e.studio import Studio, local
from tests.processes.gates import Gate
from tests.processes.workers import Workshop, until


async def test_of_two_passes_at_once_one_works_and_the_other_names_what_it_left_alone(
    studio: Studio, workshop: Workshop, gate: Gate
) -> None:
    made = await studio.connect()
    studio.session("Yoga", local(7, "09:00"))
    gate.plant("apple", {"method": "PUT"})
    with workshop.pass_() as first:
        await until(lambda: gate.held == 1)
        with workshop.working("run", "--once") as second:
            assert await second.ended() == 0
        assert f"connection {made.id}" in second.said
        assert "skipped: another process works on this site" in second.said
        assert not first.is_over
        gate.let_go()
        done = await first.passed()
    assert (done["code"], done["written"], done["error"]) == (0, 1, None)
    assert set(await studio.exported()) == {"Yoga 20260309T090000"}
    await studio.assert_at_rest()
