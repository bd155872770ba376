"""`connect google`: the link, the answer by callback or by paste, what is stored, what a failed try leaves behind."""

import dataclasses
from contextlib import AbstractContextManager

import httpx
import pytest

from syncd.sandbox.google import Hands, seed
from tests.cli import consents
from tests.cli.conftest import JONAS, Studio
from tests.cli.consents import Waiting, free_port, taken

EMAIL = seed.EMAIL


@pytest.fixture
def port(studio: Studio) -> int:
    """Where the answer comes to; the client at Google knows the address."""
    number = free_port(studio)
    clients = studio.sandbox.google.state.clients
    known = (f"http://127.0.0.1:{number}/oauth/callback/google",)
    clients[seed.CLIENT_ID] = dataclasses.replace(clients[seed.CLIENT_ID], redirect_uris=known)
    return number


def asked(studio: Studio, *more: str) -> AbstractContextManager[Waiting]:
    return consents.asked(studio, "google", EMAIL, *more)


@pytest.mark.usefixtures("port")
def test_the_answer_comes_back_by_itself(studio: Studio) -> None:
    with asked(studio, "--yes") as waiting:
        page = httpx.get(waiting.agree())
        out, err = waiting.ended(0)
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert "go back to the terminal" in page.text
    assert f"account {EMAIL}" in err
    assert "its primary calendar" in out
    (one,) = studio.json("connections")
    assert (one["provider"], one["email"], one["target"], one["calendars"]) == ("google", EMAIL, "primary", ["primary"])


def test_the_address_line_may_be_pasted_instead(studio: Studio, port: int) -> None:
    with taken(port), asked(studio, "--yes") as waiting:
        waiting.ended(0, say=f"\n{waiting.agree()}\n")
    assert len(studio.json("connections")) == 1


@pytest.mark.usefixtures("port")
def test_the_same_command_again_renews_the_access_and_keeps_the_calendar_exported_to(studio: Studio) -> None:
    for more in (("--target", "dedicated"), ()):
        with asked(studio, "--yes", *more) as waiting:
            httpx.get(waiting.agree())
            waiting.ended(0)
    (one,) = studio.json("connections")
    assert (one["target"], one["calendars"]) == ("dedicated", ["primary"])


@pytest.mark.usefixtures("port")
def test_a_question_behind_the_pasted_line_is_answered_by_the_next_one(studio: Studio) -> None:
    with asked(studio) as waiting:
        out, _ = waiting.ended(0, say=f"{waiting.agree()}\ny\n")
    assert "confirmed: the next" in out


def test_an_answer_to_another_try_is_refused_and_leaves_nothing_behind(studio: Studio, port: int) -> None:
    with asked(studio, "--yes") as waiting:
        address = waiting.agree(state="another")
        assert httpx.get(address).status_code == 400
        assert httpx.get(f"http://127.0.0.1:{port}/other").status_code == 404
        _, err = waiting.ended(1, say=f"{address}\n")
    assert "does not belong to this try" in err
    assert studio.json("connections") == []


@pytest.mark.usefixtures("port")
def test_a_refused_consent_names_what_to_try_in_order(studio: Studio) -> None:
    with asked(studio, "--yes") as waiting:
        _, err = waiting.ended(1, say=f"{waiting.refuse()}\n")
    assert "access_denied" in err
    assert "  1. start again with a new link" in err
    assert "5 to 10 minutes apart" in err
    assert studio.json("connections") == []


def test_without_a_client_of_ours_nobody_is_sent_anywhere(studio: Studio) -> None:
    studio.settings["SYNCD_GOOGLE__CLIENT_ID"] = ""
    studio.settings["SYNCD_GOOGLE__CLIENT_SECRET"] = ""
    result = studio.run("connect", "google", "--schedule", JONAS.schedule_id, code=2)
    assert "[google] client_id is missing" in result.stderr
    assert "[google] client_secret is missing" in result.stderr


@pytest.mark.usefixtures("port")
def test_an_unknown_schedule_is_refused_before_a_link_is_shown(studio: Studio) -> None:
    result = studio.run("connect", "google", "--schedule", "nobody", code=2)
    assert "there is no schedule nobody" in result.stderr
    assert "http://127.0.0.1" not in result.stderr


@pytest.mark.usefixtures("port")
def test_the_next_pass_syncs_both_ways_and_a_second_one_writes_nothing(studio: Studio) -> None:
    with asked(studio, "--yes") as waiting:
        httpx.get(waiting.agree())
        waiting.ended(0)
    before = {event.id for event in Hands(studio.sandbox.google.state, EMAIL).events()}
    studio.run("run", "--once")
    after = {event.id for event in Hands(studio.sandbox.google.state, EMAIL).events()}
    assert before < after
    assert any(write.startswith("POST /calendar/v3/bulk") for write in studio.writes())
    studio.advance(660)
    studio.run("run", "--once")
    assert studio.writes() == []
