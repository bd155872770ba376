"""A careful client beside a person, at every profile: it ends with what the calendar holds, and the quirks were met."""

import random

import pytest

from syncd.sandbox.caldav import PROFILES
from tests.sandbox.caldav.mirror import Mirror
from tests.sandbox.caldav.site import Site, event, running

ROUNDS = 60


def edited(dav: Site, mirror: Mirror, chance: random.Random, number: int) -> None:
    """One edit by the client or by the person."""
    name, text = f"n{number}.ics", event(f"LOCATION:Room {number}", uid=f"uid-{number}")
    known = [one for one in sorted(mirror.etags) if one in dav.hands.objects()]
    chosen = chance.choice(known) if known else None
    match chance.randrange(8):
        case 0 | 6:
            mirror.create(name, text)
        case 1 | 7:
            dav.hands.put(name, text)
        case 2 if chosen:
            mirror.update(chosen, mirror.texts[chosen].replace("SUMMARY:Yoga", f"SUMMARY:Yoga {number}"))
        case 3 if chosen:
            dav.hands.edit(chosen, ("^SUMMARY:.*", f"SUMMARY:By hand {number}"))
        case 4 if chosen:
            mirror.delete(chosen)
        case 5 if chosen:
            dav.hands.delete(chosen)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("profile", PROFILES)
def test_a_careful_client_ends_with_what_the_calendar_holds(profile: str, seed: int) -> None:
    chance = random.Random(f"{profile}/{seed}")
    with running(profile) as dav:
        mirror = Mirror.found(dav)
        dav.hands.put("ghost.ics", event(uid="ghost"))
        for number in range(8):
            dav.hands.put(f"first@{number}.ics", event(uid=f"first-{number}"))
        mirror.poll()
        for number in range(ROUNDS):
            dav.clock.advance(1)
            edited(dav, mirror, chance, number)
            if number == ROUNDS // 2:
                dav.state.expire_tokens()
            if chance.random() < 0.25:
                mirror.poll()
        mirror.audit()
        held = dav.hands.objects()
        assert mirror.lost == ({"ghost.ics"} if dav.state.switches["unreadable"] else set())
        assert mirror.texts == {name: text for name, text in held.items() if name not in mirror.lost}
        assert len(held) > 3
        told = dav.state.switches.to_json()
    never = [name for name, fired in told["fired"].items() if not fired and not told["known"][name]["careless"]]
    assert never == []


def test_deletions_behind_a_token_that_is_never_refused_are_found_by_a_full_listing_alone() -> None:
    with running("never-refuses-a-token") as dav:
        mirror = Mirror.found(dav)
        dav.put_all("a.ics", "b.ics")
        mirror.poll()
        dav.hands.delete("a.ics")
        for number in range(4):
            dav.hands.put(f"n{number}.ics", event(uid=f"n{number}"))
        mirror.poll()
        assert "a.ics" in mirror.texts
        mirror.audit()
        assert mirror.texts == dav.hands.objects()
