"""`connect microsoft`: link, answer, who has to agree first, calendars to choose from, what a failed try leaves behind.

Not here: the steps that every consent has (consents), the end of a secret (test_check).
"""

import re
from contextlib import AbstractContextManager
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from syncd.sandbox.microsoft import Hands, MicrosoftState, seed
from tests.cli import consents
from tests.cli.conftest import JONAS, Studio
from tests.cli.consents import Waiting, address_of, free_port, taken

EMAIL = seed.EMAIL
PUPIL = "mia@school.example"


@pytest.fixture
def port(studio: Studio) -> int:
    """Where the answer comes to; the registration at Microsoft knows the address."""
    number = free_port(studio)
    registration = _state(studio).authority.clients[seed.CLIENT_ID]
    registration.redirect_uris = (f"http://localhost:{number}/oauth/callback/microsoft",)
    return number


def asked(studio: Studio, *more: str, account: str = EMAIL) -> AbstractContextManager[Waiting]:
    return consents.asked(studio, "microsoft", account, *more)


def test_the_answer_comes_back_by_itself(studio: Studio, port: int) -> None:
    with asked(studio, "--yes", "--email", EMAIL) as waiting:
        query = parse_qs(urlsplit(waiting.link).query)
        page = httpx.get(waiting.agree())
        out, err = waiting.ended(0)
    assert urlsplit(waiting.link).path == "/common/oauth2/v2.0/authorize"
    assert query["redirect_uri"] == [f"http://localhost:{port}/oauth/callback/microsoft"]
    assert {"offline_access", "openid"} <= set(query["scope"][0].split())
    assert (query["code_challenge_method"], query["login_hint"]) == (["S256"], [EMAIL])
    assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
    assert f"account {EMAIL}" in err
    assert re.search(r"^  Calendar \(default\)$", err, re.MULTILINE)
    assert re.search(rf"^  {seed.SECOND}$", err, re.MULTILINE)
    assert re.search(rf"^  {seed.HOLIDAYS} \(read-only", err, re.MULTILINE)
    assert "a calendar made for them; 1 of its calendars blocks time" in out
    (one,) = studio.json("connections")
    default = _state(studio).default_calendar(EMAIL).id
    told = (one["provider"], one["email"], one["target"], one["calendars"])
    assert told == ("microsoft", EMAIL, "dedicated", [default])


def test_the_address_line_may_be_pasted_instead(studio: Studio, port: int) -> None:
    with taken(port), asked(studio, "--yes") as waiting:
        waiting.ended(0, say=f"\n{waiting.agree()}\n")
    assert len(studio.json("connections")) == 1


@pytest.mark.usefixtures("port")
def test_the_same_command_again_renews_the_access_and_keeps_the_calendar_exported_to(studio: Studio) -> None:
    for more in (("--target", "primary"), ()):
        with asked(studio, "--yes", *more) as waiting:
            httpx.get(waiting.agree())
            waiting.ended(0)
    (one,) = studio.json("connections")
    assert one["target"] == "primary"
    assert len(_state(studio).authority.grants) == 3  # the seed's is not ours


@pytest.mark.usefixtures("port")
def test_of_several_calendars_those_that_are_named_block_and_the_read_only_one_is_never_written(
    studio: Studio,
) -> None:
    with asked(studio, "--yes", "--calendar", "Calendar", "--calendar", seed.HOLIDAYS) as waiting:
        httpx.get(waiting.agree())
        out, _ = waiting.ended(0)
    assert "2 of its calendars block time" in out
    state = _state(studio)
    own = {calendar.name: calendar.id for calendar in state.listed(EMAIL)}
    (one,) = studio.json("connections")
    assert one["calendars"] == [own["Calendar"], own[seed.HOLIDAYS]]
    before = {name: Hands(state, EMAIL, ref).events() for name, ref in own.items()}
    studio.run("run", "--once")
    (made,) = [calendar for calendar in state.listed(EMAIL) if calendar.name not in own]
    assert Hands(state, EMAIL, made.id).events() != []
    assert {name: Hands(state, EMAIL, ref).events() for name, ref in own.items()} == before
    assert any(write.startswith("POST /calendar/v3/bulk") for write in studio.writes())
    studio.advance(660)
    studio.run("run", "--once")
    assert studio.writes() == []
    listed = {row["name"]: row for row in studio.json("calendars", one["id"])}
    assert (listed[seed.HOLIDAYS]["writable"], listed["Calendar"]["default"]) == (False, True)


@pytest.mark.usefixtures("port")
def test_a_calendar_that_is_not_there_is_refused_with_those_that_are(studio: Studio) -> None:
    with asked(studio, "--yes", "--calendar", "Nothing") as waiting:
        httpx.get(waiting.agree())
        _, err = waiting.ended(2)
    assert "Nothing" in err
    assert seed.SECOND in err
    assert studio.json("connections") == []


@pytest.mark.prove  # the same steps at every provider
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
    assert "administrator" not in err
    assert studio.json("connections") == []


@pytest.mark.usefixtures("port")
@pytest.mark.parametrize(
    "shown", ["page", *(pytest.param(one, marks=pytest.mark.prove) for one in ("access_denied", "consent_required"))]
)
def test_where_an_administrator_has_to_agree_first_the_address_for_it_is_printed_and_works(
    studio: Studio, shown: str
) -> None:
    state = _state(studio)
    state.add_account(PUPIL)
    state.authority.closed.add(state.accounts[PUPIL].tid)
    state.switches.set({"admin_consent": shown})
    with asked(studio, "--yes", account=PUPIL) as waiting:
        pressed = waiting.press()
        if shown == "page":
            assert "Need admin approval" in pressed.text
        answer = waiting.refuse("90094") if shown == "page" else address_of(pressed)
        assert "AADSTS90094" in answer
        _, err = waiting.ended(1, say=f"{answer}\n")
    assert studio.json("connections") == []
    assert "an administrator has to agree for this organisation first" in err
    (address,) = re.findall(r"http\S+/adminconsent\S+", err)
    query = parse_qs(urlsplit(address).query)
    assert (query["client_id"], query["scope"][0].rpartition("/")[2]) == ([seed.CLIENT_ID], "Calendars.ReadWrite")
    assert "admin_consent=True" in address_of(httpx.post(address, data={"account": PUPIL}))
    with asked(studio, "--yes", account=PUPIL) as waiting:
        httpx.get(waiting.agree())
        waiting.ended(0)
    assert [one["email"] for one in studio.json("connections")] == [PUPIL]


@pytest.mark.prove  # the same steps at every provider
@pytest.mark.usefixtures("port")
def test_a_consent_that_leaves_the_calendars_out_is_told_and_leaves_nothing_behind(studio: Studio) -> None:
    _state(studio).switches.set({"granted_scopes": ["openid", "profile", "email", "offline_access"]})
    with asked(studio, "--yes") as waiting:
        httpx.get(waiting.agree())
        _, err = waiting.ended(1)
    assert "the consent leaves out Calendars.ReadWrite" in err
    assert studio.json("connections") == []


@pytest.mark.usefixtures("port")
def test_a_secret_that_has_expired_is_told_as_ours_and_leaves_nothing_behind(studio: Studio) -> None:
    _state(studio).authority.clients[seed.CLIENT_ID].expired = True
    with asked(studio, "--yes") as waiting:
        httpx.get(waiting.agree())
        _, err = waiting.ended(1)
    assert "invalid_client" in err
    assert "check client_id and client_secret (has the secret expired?)" in err
    assert studio.json("connections") == []


@pytest.mark.usefixtures("port")
def test_an_account_without_a_mailbox_is_told_and_leaves_nothing_behind(studio: Studio) -> None:
    _state(studio).accounts[EMAIL].enabled = False
    with asked(studio, "--yes") as waiting:
        httpx.get(waiting.agree())
        _, err = waiting.ended(1)
    assert "MailboxNotEnabledForRESTAPI" in err
    assert "connect one that has" in err
    assert studio.json("connections") == []


def test_without_a_client_of_ours_nobody_is_sent_anywhere(studio: Studio) -> None:
    studio.settings["SYNCD_MICROSOFT__CLIENT_ID"] = ""
    studio.settings["SYNCD_MICROSOFT__CLIENT_SECRET"] = ""
    result = studio.run("connect", "microsoft", "--schedule", JONAS.schedule_id, code=2)
    assert "[microsoft] client_id is missing" in result.stderr
    assert "[microsoft] client_secret is missing" in result.stderr


def test_a_tenant_that_is_none_is_refused_before_a_link_is_shown(studio: Studio) -> None:
    studio.settings["SYNCD_MICROSOFT__TENANT"] = "my tenant/.."
    result = studio.run("connect", "microsoft", "--schedule", JONAS.schedule_id, code=2)
    assert "[microsoft] tenant must be common" in result.stderr
    assert "http" not in result.stderr


def _state(studio: Studio) -> MicrosoftState:
    return studio.sandbox.microsoft.state
