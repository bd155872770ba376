"""What a configuration may say, what is said of a wrong one, and where values come from."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest

from syncd.config import Settings, load
from syncd.config.lines import lines_of
from syncd.errors import ConfigError

LEAST = 'bridge_id = "abcd1234"\n'


def read(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> Settings:
    file = folder / "syncd.toml"
    file.write_text(text)
    return load(file, environment or {})


def problems(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as refused:
        read(folder, text, environment)
    return refused.value.problems


def test_a_bridge_id_is_enough_and_everything_else_has_a_default(tmp_path: Path) -> None:
    settings = read(tmp_path, LEAST)
    assert settings.policy.write_back == "without_participants"
    assert settings.policy.on_clash == "wix"
    assert (settings.policy.delete_limit, settings.policy.delete_share, settings.policy.delete_hard_limit) == (
        10,
        0.2,
        100,
    )
    assert (settings.service.poll_seconds, settings.service.lease_seconds, settings.service.drain_seconds) == (
        300,
        180,
        30,
    )
    assert settings.wix.base_url == "https://www.wixapis.com"
    assert (settings.retention.history_days, settings.retention.journal_days) == (90, 30)


def test_the_shipped_example_is_a_configuration_and_its_comments_are_the_defaults(tmp_path: Path) -> None:
    example = (Path(__file__).parent.parent / "config" / "syncd.toml").read_text().replace("changeme", "abcd1234")
    plain = read(tmp_path, example)
    lines = [line.removeprefix("# ") if _is_setting(line) else line for line in example.splitlines()]
    without = ("instance_id", "alert_email", "client_secret_expires")  # which have no default
    spelled = "\n".join(line for line in lines if not any(name in line for name in without))
    assert read(tmp_path, spelled.replace("# [[wix.sites]]", "")) == plain


def test_every_other_example_is_a_configuration_once_its_secrets_are_there(tmp_path: Path) -> None:
    folder = Path(__file__).parent.parent / "config"
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "database_url").write_text("postgresql://syncd:word@db/syncd\n")
    (tmp_path / "secrets" / "wix_app_secret").write_text("hunter2\n")
    for example in sorted(folder.glob("*.toml")):
        settings = read(tmp_path, example.read_text().replace("changeme", "abcd1234"))
        assert settings.store.url.startswith(("postgresql://", "sqlite:///")), example.name


def _is_setting(line: str) -> bool:
    name, _, value = line.removeprefix("# ").partition(" = ")
    return line.startswith("# ") and name.isidentifier() and bool(value)


def test_paths_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    settings = read(tmp_path, LEAST + '[store]\nurl = "sqlite:///state/x.db?timeout=3"\n[secrets]\nkey_file = "k"\n')
    assert settings.store.url == f"sqlite:///{tmp_path}/state/x.db?timeout=3"
    assert settings.secrets.key_file == str(tmp_path / "k")


@pytest.mark.parametrize("url", ["sqlite:////var/x.db", "sqlite:///:memory:", "postgresql://u:p@db/syncd"])
def test_an_absolute_address_of_the_database_stays_as_it_is(tmp_path: Path, url: str) -> None:
    assert read(tmp_path, LEAST + f'[store]\nurl = "{url}"\n').store.url == url


def test_every_problem_is_told_at_once_with_its_line_and_what_is_allowed(tmp_path: Path) -> None:
    text = """\
bridge_id = "UPPER"
[polcy]
[policy]
on_clash = "me"
delete_share = 3
pol_seconds = 3
lease_seconds = 3
colour = "red"
[wix]
base_url = "http://wix.example"
[[wix.sites]]
instance_id = "a"
[[wix.sites]]
[service]
port = 70000
"""
    assert problems(tmp_path, text) == (
        "syncd.toml:1: bridge_id is not allowed: give 4 to 32 characters of a-z and 0-9, as `syncd init` writes it",
        "syncd.toml:2: unknown section 'polcy': did you mean 'policy'?",
        "syncd.toml:4: [policy] on_clash is 'me', which is not allowed: give one of wix, external",
        "syncd.toml:5: [policy] delete_share is not allowed: give a number from 0 to 1",
        "syncd.toml:6: unknown key 'pol_seconds' here: did you mean 'poll_seconds' of [service]?",
        "syncd.toml:7: unknown key 'lease_seconds' here: it belongs to [service]",
        (
            "syncd.toml:8: unknown key 'colour': allowed are create_limit, delete_hard_limit, delete_limit, "
            "delete_share, description, import_details, on_clash, window_future_days, window_past_days, write_back"
        ),
        "syncd.toml:10: [wix] base_url is not allowed: give an https address; plain http on loopback addresses only",
        "syncd.toml:13: [[wix.sites]] instance_id is missing: a text that is not empty",
        "syncd.toml:15: [service] port is not allowed: give a port from 1 to 65535",
    )


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("[wix]\napp_secret_fil = 'x'", "unknown key 'app_secret_fil': did you mean 'app_secret_file'?"),
        ("[wix]\nApp-ID = 'x'", "unknown key 'App-ID': did you mean 'app_id'?"),
        ("[[wix.site]]\ninstance_id = 'x'", "unknown key 'site': did you mean 'sites'?"),
        ("[wix]\nclient_id = 'x'", "unknown key 'client_id' here: it belongs to [google] or [microsoft]"),
        ("[polic]", "unknown section 'polic': did you mean 'policy'?"),
    ],
)
def test_the_nearest_name_is_suggested(tmp_path: Path, line: str, meant: str) -> None:
    (problem,) = problems(tmp_path, LEAST + line)
    assert problem.partition(": ")[2] == meant


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("policy = 3", "policy must be a table of keys"),
        ("wix.sites = ['a']", "[[wix.sites]] must be a table of keys"),
        ("[wix]\nsites = 'a'", "must be written as [[wix.sites]]"),
        ("[wix.sites]\ninstance_id = 'a'", "must be written as [[wix.sites]]"),
    ],
)
def test_what_is_no_table_is_told_how_to_be_written(tmp_path: Path, text: str, says: str) -> None:
    assert problems(tmp_path, LEAST + text)[-1].endswith(f": {says}")


def test_a_mark_that_editors_put_in_front_is_no_problem_and_another_encoding_is(tmp_path: Path) -> None:
    file = tmp_path / "syncd.toml"
    file.write_bytes(b"\xef\xbb\xbf" + LEAST.encode())
    assert load(file, {}).bridge_id == "abcd1234"
    file.write_bytes(LEAST.encode("utf-16"))
    with pytest.raises(ConfigError, match="save it as plain text in UTF-8"):
        load(file, {})


def test_what_is_no_toml_is_told_with_its_line(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, LEAST + "\n[wix\n")
    assert problem.startswith("syncd.toml:3: this is not TOML: ")


def test_a_missing_file_names_the_next_step(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="make one with `syncd init`"):
        load(tmp_path / "syncd.toml", {})


@pytest.mark.parametrize(
    "url", ["http://localhost:1/x", "http://127.0.0.1:8080", "http://127.9.9.9", "http://[::1]:1", "https://a.example"]
)
def test_plain_http_is_taken_on_loopback_and_https_anywhere(tmp_path: Path, url: str) -> None:
    assert read(tmp_path, LEAST + f'[apple]\nurl = "{url}"\n').apple.url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example/",
        "http://10.0.0.1",
        "ftp://localhost",
        "localhost",
        "http://localhost.example",
        "https://",
    ],
)
def test_plain_http_elsewhere_and_other_schemes_are_refused(tmp_path: Path, url: str) -> None:
    (problem,) = problems(tmp_path, LEAST + f'[apple]\nurl = "{url}"\n')
    assert problem.startswith("syncd.toml:3: [apple] url is not allowed")


def test_the_clock_is_read_on_loopback_only(tmp_path: Path) -> None:
    assert read(tmp_path, LEAST + '[service]\nclock_url = "http://127.0.0.1:1/_sandbox/clock"\n').service.clock_url
    assert problems(tmp_path, LEAST + '[service]\nclock_url = "https://time.example"\n')


def test_the_environment_overrules_the_file(tmp_path: Path) -> None:
    given = {
        "SYNCD_BRIDGE_ID": "ffff0000",
        "SYNCD_SERVICE__POLL_SECONDS": "60",
        "SYNCD_POLICY__DELETE_LIMIT": "3",
        "SYNCD_API__REDIRECT_ORIGINS": "https://a.example, https://b.example",
        "SYNCD_CONFIG": "elsewhere.toml",
        "SYNCD_REQUIRE_PG": "1",
    }
    settings = read(tmp_path, LEAST + "[service]\npoll_seconds = 5\n", given)
    assert settings.bridge_id == "ffff0000"
    assert settings.service.poll_seconds == 60
    assert settings.policy.delete_limit == 3
    assert settings.api.redirect_origins == ("https://a.example", "https://b.example")


def test_a_wrong_variable_is_named_instead_of_a_line(tmp_path: Path) -> None:
    given = {"SYNCD_LOG__FORMAT": "xml", "SYNCD_POLICY__DELETE_LIMIT": "ten", "SYNCD_LOG__COLOR": "on"}
    assert [line.partition(":")[0] for line in problems(tmp_path, LEAST, given)] == [
        "SYNCD_LOG__COLOR",
        "SYNCD_LOG__FORMAT",
        "SYNCD_POLICY__DELETE_LIMIT",
    ]


def test_a_section_that_only_a_variable_names_is_blamed_on_the_variable(tmp_path: Path) -> None:
    found = problems(tmp_path, LEAST, {"SYNCD_POLCY__ON_CLASH": "wix"})
    assert found == ("SYNCD_POLCY__ON_CLASH: unknown section 'polcy': did you mean 'policy'?",)


def test_a_variable_with_one_underscore_too_few_is_not_passed_over(tmp_path: Path) -> None:
    given = {"SYNCD_WIX_APP_SECRET": "hunter2", "SYNCD_STORE_URL_FILE": "x", "SYNCD_SERVICE_ACCOUNT": "another's"}
    assert problems(tmp_path, LEAST, given) == (
        "SYNCD_STORE_URL_FILE: is no setting: did you mean SYNCD_STORE__URL_FILE?",
        "SYNCD_WIX_APP_SECRET: is no setting: did you mean SYNCD_WIX__APP_SECRET?",
    )


def test_a_number_in_quotes_is_no_number_in_a_file(tmp_path: Path) -> None:
    assert problems(tmp_path, LEAST + '[policy]\ndelete_limit = "3"\n')


def test_a_secret_may_be_the_name_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("hunter2\n")
    assert read(tmp_path, LEAST + '[wix]\napp_secret_file = "word"\n').wix.app_secret == "hunter2"
    given = {"SYNCD_WIX__APP_SECRET_FILE": str(tmp_path / "word")}
    assert read(tmp_path, LEAST + '[wix]\napp_secret = "old"\n', given).wix.app_secret == "hunter2"


def test_a_secret_given_twice_or_in_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "word").write_text("hunter2\n")
    assert "stands beside" in problems(tmp_path, LEAST + '[wix]\napp_secret_file = "word"\napp_secret = "x"\n')[0]
    assert "cannot be read" in problems(tmp_path, LEAST + '[wix]\napp_secret_file = "nope"\n')[0]
    (tmp_path / "nothing").write_text("\n")
    assert "is an empty file" in problems(tmp_path, LEAST + '[wix]\napp_secret_file = "nothing"\n')[0]


def test_no_value_of_a_secret_is_quoted(tmp_path: Path) -> None:
    found = problems(tmp_path, LEAST + '[alerts]\nurl = "http://hooks.example/T0K3N"\n[wix]\napp_secret = 4711\n')
    assert len(found) == 2
    assert not any("T0K3N" in line or "4711" in line for line in found)


def test_keys_that_later_parts_use_are_accepted(tmp_path: Path) -> None:
    text = """
[google]
client_id = "a"
client_secret = "b"
[microsoft]
tenant = "common"
client_secret_expires = "2030-01-31"
[mail]
from = "syncd@example.org"
[alerts]
repeat_hours = 12
[api]
clients = ["one"]
"""
    settings = read(tmp_path, LEAST + text)
    assert settings.mail.sender == "syncd@example.org"
    assert settings.microsoft.client_secret_expires == date(2030, 1, 31)


@pytest.mark.parametrize(("written", "right"), [('"2030-01-31"', True), ("2030-01-31", True), ('"2030-02-30"', False)])
def test_the_end_of_a_secret_is_a_day_of_the_calendar(tmp_path: Path, written: str, right: bool) -> None:
    text = LEAST + f"[microsoft]\nclient_secret_expires = {written}\n"
    if right:
        assert read(tmp_path, text).microsoft.client_secret_expires == date(2030, 1, 31)
    else:
        assert "[microsoft] client_secret_expires" in problems(tmp_path, text)[0]
        assert "a date, 2030-12-31" in problems(tmp_path, text)[0]


def test_lines_are_found_in_tables_rows_dotted_keys_and_past_long_texts() -> None:
    text = 'a = """\n[no]\nb = 1\n"""\n[t] # x\n"k" = 1\n[[t.rows]]\nz = 1\n[[t.rows]]\nz.y = 2\n'
    assert lines_of(text) == {
        (): 1,
        ("a",): 1,
        ("t",): 5,
        ("t", "k"): 6,
        ("t", "rows"): 7,
        ("t", "rows", 0): 7,
        ("t", "rows", 0, "z"): 8,
        ("t", "rows", 1): 9,
        ("t", "rows", 1, "z", "y"): 10,
    }
