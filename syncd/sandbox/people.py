"""Control routes that simulators make of plain functions: finding one, its switches, and the flags of an account.

Not here: log, faults and clock (`control.py`), and what people can do (each simulator's `people.py`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qs

from syncd.sandbox.control import CONTROL_PREFIX, ControlError, ControlReply, json_object
from syncd.sandbox.switching import Switches

Json = dict[str, Any]
Query = Mapping[str, list[str]]
Routes = Mapping[tuple[str, str], Callable[[Query, Json], Json]]
A = TypeVar("A")


def answered(routes: Routes, method: str, path: str, query: str, body: bytes) -> ControlReply | None:
    """The reply, or None when the route is not one of these. 400 for a bad request."""
    route = routes.get((method, path.removeprefix(CONTROL_PREFIX)))
    if route is None:
        return None
    try:
        return ControlReply(200, route(parse_qs(query), json_object(body)))
    except ControlError as error:
        return ControlReply(400, {"message": str(error)})


def switch_routes(switches: Switches) -> Routes:
    """`/switches`: shown, set, and back to their defaults."""

    def set_them(_query: Query, body: Json) -> Json:
        switches.set(body)
        return switches.to_json()

    def reset(_query: Query, _body: Json) -> Json:
        switches.reset()
        return switches.to_json()

    return {
        ("GET", "/switches"): lambda _query, _body: switches.to_json(),
        ("POST", "/switches"): set_them,
        ("DELETE", "/switches"): reset,
    }


def chosen(accounts: Mapping[str, A], name: object) -> A:
    """The account of an address; the first one without any. Raises ControlError when there is none."""
    found = next(iter(accounts.values()), None) if name is None else accounts.get(str(name))
    if found is None:
        raise ControlError("no such account")
    return found


def set_flags(account: object, body: Json, flags: Sequence[str]) -> Json:
    """Set what the body says of an account, all or none; returns how the flags are then."""
    wanted = {name: value for name, value in body.items() if name != "account"}
    if not set(wanted) <= set(flags) or not all(isinstance(value, bool) for value in wanted.values()):
        raise ControlError(f"known: {', '.join(flags)}, each true or false")
    for name, value in wanted.items():
        setattr(account, name, value)
    return {name: getattr(account, name) for name in flags}
