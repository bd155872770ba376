"""Kinds of fault inside the answers of calendars and events, beyond those that every request can meet.

stale_seconds       s: a read shows the mailbox as it was s seconds ago; a round of delta tells the rest later
stale_writes        k: the same, before its last k versions were written
replay              {"back": k, "id": regular expression = any}: a read shows events k versions before their newest;
                    a round of delta tells those first, whether they changed or not, and the present ones after them
truncate            n: a list or round with its first n rows only, which claims to be whole
empty               true: a list or round without rows, which claims to be whole
expire_tokens       true: the calendar's delta tokens expire before the round is read
gone_on_page        n: 410 on page n of a round (1 is the first); a request for another page is passed over
bad_token           400 or 404: a request with a token is refused as if the token were none
endless             true: the round never comes to its end, each page links to another with the same rows
empty_pages         n: so many empty pages before each page with rows
split_series        true: pages part the rows of a series
slim_only           true: edited occurrences come as slim as plain ones
missing_master      true: a series comes without its master
foreign_edit        {fields}: the person edits the event between a write and its answer, which shows the edit

Not here: kinds of the frame (`app.py`), and which operation understands which (`routes.py`).
"""

from collections.abc import Mapping
from typing import Final

from syncd.sandbox.asgi import is_replay
from syncd.sandbox.control import Check, is_count, is_number


def _is_true(value: object) -> bool:
    return value is True


def _is_above_zero(value: object) -> bool:
    return is_number(value) and value > 0  # type: ignore[operator]


def _is_positive_count(value: object) -> bool:
    return is_count(value) and value > 0  # type: ignore[operator]


ANSWER_KINDS: Final[Mapping[str, Check]] = {
    "stale_seconds": _is_above_zero,
    "stale_writes": _is_positive_count,
    "replay": is_replay,
    "truncate": is_count,
    "empty": _is_true,
    "expire_tokens": _is_true,
    "gone_on_page": _is_positive_count,
    "bad_token": lambda value: value in (400, 404) and isinstance(value, int),
    "endless": _is_true,
    "empty_pages": _is_positive_count,
    "split_series": _is_true,
    "slim_only": _is_true,
    "missing_master": _is_true,
    "foreign_edit": lambda value: isinstance(value, dict) and bool(value),
}
"""What `do` of a fault may hold for them."""
