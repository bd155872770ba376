"""What people do past every rule, and states that are copied and gone back to."""

import pytest

from syncd.sandbox.caldav import CaldavServer, Hands
from tests.sandbox.caldav.site import MARA, PAUL, Site, event, sync


def test_a_person_adds_edits_and_deletes_what_clients_then_see(dav: Site) -> None:
    token = dav.sync().token
    dav.hands.put("a.ics", event())
    dav.hands.edit("a.ics", ("SUMMARY:.*", "SUMMARY:Pilates"))
    assert "SUMMARY:Pilates\r\n" in dav.get().text
    first = dav.sync(token)
    assert first.names == ["a.ics"]
    dav.hands.delete("a.ics")
    assert dav.sync(first.token).removed == ["a.ics"]


def test_a_person_is_held_back_by_no_switch(dav: Site) -> None:
    dav.switch(event_without_end="404", uid_scope="account", busy_every=1)
    dav.hands.put("a.ics", event(end=None))
    dav.hands.put("b.ics", event(end=None))
    dav.hands.put("c.ics", b"no calendar at all")
    assert list(dav.hands.objects()) == ["a.ics", "b.ics", "c.ics"]
    assert not dav.counts


def test_an_edit_of_what_is_not_there_is_an_error(dav: Site) -> None:
    dav.hands.put("a.ics", event())
    with pytest.raises(ValueError, match="LOCATION"):
        dav.hands.edit("a.ics", ("LOCATION:.*", "LOCATION:Hall"))
    with pytest.raises(KeyError):
        dav.hands.delete("none.ics")


def test_a_person_renames_and_recolours_a_calendar(dav: Site) -> None:
    dav.hands.change_calendar(name="Mine & yours", colour="#FF0000FF", order="3")
    (row,) = dav.propfind(dav.calendar, "D:displayname", "A:calendar-color", "A:calendar-order").rows
    assert sorted(row.props.values()) == ["#FF0000FF", "3", "Mine & yours"]


def test_a_person_deletes_a_calendar(dav: Site) -> None:
    dav.hands.delete_calendar()
    assert dav.call("PROPFIND", dav.calendar, depth="0").status_code == 404
    with pytest.raises(KeyError):
        dav.hands.objects()


def test_two_people_have_their_own(dav: Site) -> None:
    Hands(dav.state, PAUL).make_calendar("home")
    Hands(dav.state, PAUL).put("his.ics", event())
    assert (dav.sync().names, list(Hands(dav.state, PAUL).objects())) == ([], ["his.ics"])


def test_a_copy_and_its_original_do_not_change_each_other(dav: Site) -> None:
    dav.hands.put("a.ics", event())
    copied = dav.state.copy()
    dav.hands.put("b.ics", event(uid="b"))
    Hands(copied, MARA).delete("a.ics")
    assert (list(dav.hands.objects()), list(Hands(copied, MARA).objects())) == (["a.ics", "b.ics"], [])


def test_a_running_server_goes_back_to_a_copy(dav: Site) -> None:
    dav.put("a.ics", event())
    before, token = dav.state.copy(), dav.sync().token
    dav.put("a.ics", event("LOCATION:Hall"))
    dav.delete()
    later = dav.sync(token).token
    dav.state.become(before)
    assert dav.stored() == event()
    assert dav.report(sync(later)).status_code == 403
    dav.put("b.ics", event(uid="b"))
    assert dav.sync().names == ["a.ics", "b.ics"]


def test_two_servers_that_do_the_same_say_the_same(dav: Site) -> None:
    before = dav.state.copy()
    first = dav.put("a.ics", event()).headers["etag"], dav.sync().token
    dav.state.become(before)
    assert (dav.put("a.ics", event()).headers["etag"], dav.sync().token) == first


def test_a_server_is_made_of_a_state_and_tells_its_hosts(dav: Site) -> None:
    assert isinstance(dav.server, CaldavServer)
    assert set(dav.state.urls) == {"entry", "partition-1", "partition-2"}
    assert len(set(dav.state.urls.values())) == 3
