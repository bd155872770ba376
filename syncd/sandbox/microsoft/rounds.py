"""The rounds of calendarView/delta: tokens bound to a mailbox, a calendar and a window, pages, and how tokens die.

Not here: which rows a round tells (`delta.py`).
"""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import accumulate
from typing import Any, Final

from syncd.sandbox.microsoft.delta import Group, Round, groups, show_row
from syncd.sandbox.microsoft.errors import GraphError, Json
from syncd.sandbox.microsoft.listing import context, read_window
from syncd.sandbox.microsoft.reach import Reach
from syncd.sandbox.microsoft.render import Lens
from syncd.sandbox.microsoft.state import Calendar, DeltaToken, MicrosoftState, Rest

_UNSUPPORTED: Final = ("$filter", "$orderby", "$search", "$top", "$skip", "$count")
_MOST_ROWS: Final = 1000
_KEPT_RESTS: Final = 1000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a page of a round; `query` has names in lower case, `url` is its address without the query."""

    reach: Reach
    calendar: Calendar
    lens: Lens
    query: Mapping[str, str]
    url: str

    @property
    def state(self) -> MicrosoftState:
        """All of it."""
        return self.reach.state

    @property
    def do(self) -> Mapping[str, Any]:
        """What a planted fault asks for."""
        return self.reach.do

    @property
    def size(self) -> int:
        """Rows of a page: said by each request, for it is in no token."""
        wanted = self.lens.prefer.get("odata.maxpagesize", "")
        usual: int = self.state.switches["delta_page_size"]
        return min(int(wanted), _MOST_ROWS) if wanted.isdigit() and int(wanted) else usual


def page_number(state: MicrosoftState, skip_token: str | None) -> int:
    """Which page of a round a request asks for, from 1."""
    rest = state.rests.get(skip_token or "")
    return 1 if rest is None else rest.page


def delta_page(asked: Asked) -> Json:
    """One page. Raises GraphError."""
    if asked.do.get("expire_tokens"):
        asked.state.expire_delta_tokens(asked.calendar.id)
    if "gone_on_page" in asked.do:
        asked.state.expire_delta_tokens(asked.calendar.id)
        raise _dead(asked)
    _check_options(asked)
    token, skip = asked.query.get("$deltatoken"), asked.query.get("$skiptoken")
    if "bad_token" in asked.do and (token or skip):
        raise _unknown(str(asked.do["bad_token"]))
    if skip:
        return _page(asked, _rest(asked, skip))
    return _page(asked, _first(asked, _since(asked, token) if token else None))


def _check_options(asked: Asked) -> None:
    named = [name for name in _UNSUPPORTED if name in asked.query]
    if named:
        text = f"The following parameters are not supported with change tracking over the 'Events' resource: {named}."
        raise GraphError("ErrorInvalidUrlQuery", text)
    if "$expand" in asked.query:
        status = int(asked.state.switches["delta_expand_status"])
        raise GraphError("ErrorInvalidUrlQuery" if status == 400 else "UnknownError", status=status)
    if "$select" in asked.query and asked.state.switches["delta_select"] == "refuse":
        raise GraphError("ErrorInvalidUrlQuery")


def _since(asked: Asked, text: str) -> DeltaToken:
    """What a delta token stands for. 410 for a dead one, by switch 400, 404 or 410 for one that is none here."""
    state = asked.state
    token = state.delta_tokens.get(text)
    if token is None or (token.email, token.calendar_id) != (asked.lens.email, asked.calendar.id):
        if state.switches["delta_unknown_token"] == "410":
            raise _dead(asked)
        raise _unknown(state.switches["delta_unknown_token"])
    days = state.switches["delta_token_days"]
    old = days and token.issued + timedelta(days=days) <= state.clock.now()
    if text in state.dead_tokens or old or _evicted(state, text, token):
        raise _dead(asked)
    return token


def _evicted(state: MicrosoftState, text: str, token: DeltaToken) -> bool:
    kept = state.switches["delta_tokens_kept"]
    same = [known for known, meant in state.delta_tokens.items() if meant.email == token.email]
    return bool(kept) and text not in same[-kept:]


def _rest(asked: Asked, text: str) -> Rest:
    rest = asked.state.rests.get(text)
    if rest is None or (rest.email, rest.calendar_id) != (asked.lens.email, asked.calendar.id):
        raise _unknown(asked.state.switches["delta_unknown_token"])
    if text in asked.state.dead_tokens:
        raise _dead(asked)
    return rest


def _unknown(status: str) -> GraphError:
    if status == "410":
        return GraphError("SyncStateNotFound")
    return GraphError("BadRequest" if status == "400" else "ErrorItemNotFound", "Badly formed token.")


def _dead(asked: Asked) -> GraphError:
    code = asked.state.switches["delta_dead_code"]
    headers = {"location": f"{asked.url}?$deltatoken="} if asked.state.switches["delta_dead_location"] else {}
    return GraphError(code, status=410, headers=headers)


def _first(asked: Asked, since: DeltaToken | None) -> Rest:
    """A new round: its rows as they are now, and what its last page will give."""
    state = asked.state
    window = read_window(asked.query) if since is None else since.window
    view = asked.reach.view(state.mailbox_of(asked.calendar), state.switches["delta_lag_seconds"])
    floor = None if since is None else since.version
    found = groups(Round(state, asked.calendar, view, window, floor, asked.do))
    version = max(view.version, floor or 0)
    token = DeltaToken(asked.lens.email, asked.calendar.id, window, version, state.clock.now())
    empty = asked.do.get("empty_pages", state.switches["delta_empty_pages"])
    return Rest(asked.lens.email, asked.calendar.id, found, 1, token, empty=empty, empty_each=empty)


def _page(asked: Asked, rest: Rest) -> Json:
    shown, left = ((), rest.groups) if rest.empty else _divided(rest.groups, asked.size)
    answer: Json = {
        "@odata.context": context(asked.url, "Collection(event)"),
        "value": [show_row(row, asked.lens) for group in shown for row in group],
    }
    if asked.do.get("endless") or rest.endless:
        following = replace(rest, page=rest.page + 1, empty=0, endless=True)
    elif left or rest.empty:
        empty = rest.empty - 1 if rest.empty else rest.empty_each
        following = replace(rest, groups=left, page=rest.page + 1, empty=empty)
    else:
        return answer | {"@odata.deltaLink": f"{asked.url}?$deltatoken={_delta_text(asked.state, rest.to)}"}
    return answer | {"@odata.nextLink": f"{asked.url}?$skiptoken={_skip_text(asked.state, following)}"}


def _divided(found: tuple[Group, ...], size: int) -> tuple[tuple[Group, ...], tuple[Group, ...]]:
    """The groups of a page and those after it; a group that is larger than a page is a page."""
    rows = list(accumulate(len(group) for group in found))
    count = max(1, bisect_right(rows, size))
    return found[:count], found[count:]


def _skip_text(state: MicrosoftState, rest: Rest) -> str:
    text = f"R0usmcCM996atia{state.opaque('page', state.serial())[:48]}"
    state.rests[text] = rest
    while len(state.rests) > _KEPT_RESTS:
        state.rests.pop(next(iter(state.rests)))
    return text


def _delta_text(state: MicrosoftState, token: DeltaToken) -> str:
    text = f"R0usmcMDNGzmEm{state.opaque('delta', state.serial())[:48]}"
    state.delta_tokens[text] = token
    return text
