"""Passwords by their shape: what Apple's server cannot take is known before it is sent."""

import pytest

from adapters.apple import ICLOUD
from adapters.apple.passwords import WARNING, is_no_app_password


@pytest.mark.parametrize("password", ["abcd-efgh-ijkl-mnop", "ABCD-EFGH-IJKL-MNOP"])
def test_an_app_specific_password_is_known_by_its_shape(password: str) -> None:
    assert not is_no_app_password(ICLOUD, password)


@pytest.mark.parametrize(
    "password", ["Summer2026!", "abcd-efgh-ijkl", "abcd-efgh-ijkl-mnop-qrst", "abcd-efgh-ijkl-mno1", "abcdefghijklmnop"]
)
@pytest.mark.parametrize("url", [ICLOUD, "https://p42-caldav.icloud.com:443/7/", "https://CalDAV.iCloud.com"])
def test_any_other_password_for_an_apple_account_is_suspect(url: str, password: str) -> None:
    assert is_no_app_password(url, password)


@pytest.mark.parametrize("url", ["https://cal.example.com/", "http://127.0.0.1:5232/", "https://icloud.com.a.net", ""])
def test_other_servers_take_what_passwords_they_like(url: str) -> None:
    assert not is_no_app_password(url, "Summer2026!")
    assert not is_no_app_password("https://[::1", "Summer2026!")


def test_the_warning_says_where_such_a_password_is_made_and_how_to_try_it() -> None:
    for word in ("account.apple.com", "App-Specific Passwords", "two-factor", "calendar app first"):
        assert word in WARNING
