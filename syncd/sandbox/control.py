"""What every simulator shares beside its protocol: the request log, faults on demand, and their control routes.

Not here: how a fault is carried out. `Faults.take` says which one is due; the server acts on its `do`.
"""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from syncd.sandbox.clock import SandboxClock, parse_rfc3339

Check = Callable[[object], bool]

CONTROL_PREFIX = "/_sandbox"


class ControlError(ValueError):
    """A control request that cannot be understood; answered with 400 and this text."""


def is_number(value: object) -> bool:
    """True for a JSON number (bool is not one)."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_count(value: object) -> bool:
    """True for a whole number, 0 or more."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


class RequestLog:
    """Requests answered (or broken on purpose), oldest first. Numbers go on rising after a reset."""

    def __init__(self) -> None:
        self._entries: list[dict[str, Any]] = []
        self._last = 0

    def append(self, entry: Mapping[str, Any]) -> int:
        """Add `at method path query status bytes_in bytes_out write fault` and perhaps more; returns its `n`."""
        self._last += 1
        self._entries.append({"n": self._last, **entry})
        return self._last

    def to_json(self, since: int = 0) -> dict[str, Any]:
        """Entries with `n` greater than `since`, and the last number given."""
        return {"requests": [entry for entry in self._entries if entry["n"] > since], "last": self._last}

    def reset(self) -> None:
        """Forget all entries."""
        self._entries.clear()


COMMON_KINDS: Mapping[str, Check] = {
    "status": lambda value: is_count(value) and 100 <= value <= 599,  # type: ignore[operator]
    "headers": lambda value: isinstance(value, dict) and all(isinstance(text, str) for text in value.values()),
    "body": lambda value: isinstance(value, str | dict),
    "drop": lambda value: value in ("before", "after"),
    "delay_seconds": lambda value: is_number(value) and value >= 0,  # type: ignore[operator]
    "apply_late": lambda value: value is True,
}
COMMON_MATCHES = ("method", "path", "body")


@dataclass(slots=True)
class Fault:
    """One planted fault. `skip` matching requests pass first; then it fires `times` times (-1: until cleared)."""

    id: int
    match: Mapping[str, str]
    do: Mapping[str, Any]
    skip: int = 0
    times: int = 1
    fired: int = 0
    seen: int = 0

    @property
    def name(self) -> str:
        """Number and kinds, as the request log shows them."""
        return f"{self.id}:{'+'.join(sorted(self.do))}"

    def to_json(self) -> dict[str, Any]:
        """The spec with what has happened so far."""
        return {
            "id": self.id,
            "match": dict(self.match),
            "skip": self.skip,
            "times": self.times,
            "do": dict(self.do),
            "seen": self.seen,
            "fired": self.fired,
        }

    def _matches(self, facts: Mapping[str, str]) -> bool:
        for key, wanted in self.match.items():
            have = facts.get(key, "")
            hit = have.upper() == wanted.upper() if key == "method" else re.search(wanted, have)
            if not hit:
                return False
        return True

    def due(self, facts: Mapping[str, str]) -> bool:
        """Count a matching request and say whether the fault may fire on it."""
        if not self._matches(facts):
            return False
        self.seen += 1
        return self.seen > self.skip and (self.times == -1 or self.fired < self.times)


@dataclass(slots=True)
class Faults:
    """The faults of one simulator. `kinds` and `matches` name what it understands beyond the common ones."""

    kinds: Mapping[str, Check] = field(default_factory=dict)
    matches: tuple[str, ...] = ()
    _faults: list[Fault] = field(default_factory=list)
    _last: int = 0

    def add(self, spec: Mapping[str, Any]) -> int:
        """Plant one fault and return its id. Raises ControlError for anything not understood."""
        _only(spec, ("match", "skip", "times", "do"), "fault")
        match, do = spec.get("match", {}), spec.get("do")
        if not isinstance(match, dict) or not isinstance(do, dict) or not do:
            raise ControlError("a fault needs an object 'do', and 'match' must be an object")
        self._check_match(match)
        self._check_do(do)
        skip, times = spec.get("skip", 0), spec.get("times", 1)
        if not is_count(skip) or not (times == -1 or (is_count(times) and times > 0)):
            raise ControlError("skip must be 0 or more, times 1 or more, or -1")
        self._last += 1
        self._faults.append(Fault(self._last, match, do, skip, times))
        return self._last

    def clear(self) -> None:
        """Remove all faults; fired counts are forgotten too."""
        self._faults.clear()

    def take(
        self,
        method: str,
        path: str,
        body: bytes,
        facts: Mapping[str, str] | None = None,
        fits: Callable[[Mapping[str, Any]], bool] = lambda _: True,
    ) -> Fault | None:
        """The first planted fault due for this request, counted as fired; others due stay so.

        `facts` feeds the extra `matches`; a fault whose `do` does not fit this request is passed over uncounted.
        """
        text = body.decode("utf-8", "replace")
        seen = {"method": method, "path": path, "body": text, **(facts or {})}
        due = [fault for fault in self._faults if fits(fault.do) and fault.due(seen)]
        if not due:
            return None
        due[0].fired += 1
        return due[0]

    def to_json(self) -> dict[str, Any]:
        """All faults with `seen` and `fired`."""
        return {"faults": [fault.to_json() for fault in self._faults]}

    def _check_match(self, match: Mapping[str, Any]) -> None:
        _only(match, (*COMMON_MATCHES, *self.matches), "match")
        for key, pattern in match.items():
            if not isinstance(pattern, str):
                raise ControlError(f"match.{key} must be a string")
            try:
                re.compile(pattern)
            except re.error as error:
                raise ControlError(f"match.{key} is no regular expression: {error}") from error

    def _check_do(self, do: Mapping[str, Any]) -> None:
        known = {**COMMON_KINDS, **self.kinds}
        _only(do, tuple(known), "do")
        for key, value in do.items():
            if not known[key](value):
                raise ControlError(f"do.{key} has a value that makes no sense")
        if ("headers" in do or "body" in do) and "status" not in do:
            raise ControlError("do.headers and do.body go with do.status")


@dataclass(frozen=True, slots=True)
class ControlReply:
    """Status and JSON body of a control request."""

    status: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ControlRoutes:
    """`/_sandbox/log`, `/faults`, `/faults/release` and `/clock`; for any server, whatever its framework."""

    clock: SandboxClock
    log: RequestLog
    faults: Faults
    release: Callable[[], Awaitable[int]]
    """Applies what `apply_late` held back and returns how many requests that were."""

    async def answer(self, method: str, path: str, query: str, body: bytes) -> ControlReply | None:
        """The reply, or None when the route is not one of these. Never raises for a bad request: 400."""
        try:
            return await self._route(method, path.removeprefix(CONTROL_PREFIX), query, body)
        except ControlError as error:
            return ControlReply(400, {"message": str(error)})

    async def _route(self, method: str, path: str, query: str, body: bytes) -> ControlReply | None:
        match method, path:
            case "GET", "/log":
                return ControlReply(200, self.log.to_json(_since(query)))
            case "DELETE", "/log":
                self.log.reset()
                return ControlReply(200, self.log.to_json())
            case "GET", "/faults":
                return ControlReply(200, self.faults.to_json())
            case "POST", "/faults":
                return ControlReply(200, {"id": self.faults.add(json_object(body))})
            case "DELETE", "/faults":
                self.faults.clear()
                return ControlReply(200, self.faults.to_json())
            case "POST", "/faults/release":
                return ControlReply(200, {"released": await self.release()})
            case "GET", "/clock":
                return ControlReply(200, self.clock.to_json())
            case "POST", "/clock":
                _move(self.clock, json_object(body))
                return ControlReply(200, self.clock.to_json())
        return None


def json_object(body: bytes) -> dict[str, Any]:
    """The request's JSON object. Raises ControlError for anything else."""
    try:
        value = json.loads(body or b"{}")
    except ValueError as error:
        raise ControlError("the body is not JSON") from error
    if not isinstance(value, dict):
        raise ControlError("the body must be a JSON object")
    return value


def _move(clock: SandboxClock, spec: Mapping[str, Any]) -> None:
    _only(spec, ("now", "advance_seconds", "rate"), "clock")
    try:
        if "now" in spec:
            clock.set(parse_rfc3339(str(spec["now"])))
        if "advance_seconds" in spec:
            clock.advance(_number(spec, "advance_seconds"))
        if "rate" in spec:
            clock.rate = _number(spec, "rate")
    except (ValueError, OverflowError) as error:
        raise ControlError(str(error)) from error


def _number(spec: Mapping[str, Any], key: str) -> float:
    if not is_number(spec[key]):
        raise ControlError(f"{key} must be a number")
    return float(spec[key])


def _since(query: str) -> int:
    text = parse_qs(query).get("since", ["0"])[0]
    if not text.isdecimal():
        raise ControlError("since must be a whole number")
    return int(text)


def _only(spec: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    unknown = sorted(set(spec) - set(known))
    if unknown:
        raise ControlError(f"unknown in {where}: {', '.join(unknown)} (known: {', '.join(known)})")
