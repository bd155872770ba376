"""The methods of Calendar v3 as the bundled discovery document lists them: routes, parameters, scopes, schemas.

Not here: what the methods do (`routes.py`). The document is read when the first request asks for it.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote

from googleapiclient.discovery_cache import get_static_doc

from syncd.sandbox.google.errors import GoogleError, Json, invalid, required
from syncd.sandbox.google.moments import read_instant

SERVICE_PATH = "/calendar/v3/"
BATCH_PATH = "/batch/calendar/v3"
_READING = ("get", "list", "instances", "query")
_TRUE_FALSE = {"true": True, "false": False}
_IGNORED = ("alt", "prettyPrint", "key", "quotaUser", "userIp", "access_token")


@dataclass(frozen=True, slots=True)
class Method:
    """One documented method. `id` is short: `events.list`."""

    id: str
    http_method: str
    pattern: re.Pattern[str]
    parameters: Mapping[str, Mapping[str, Any]]
    request: str | None
    scopes: frozenset[str]

    @property
    def write(self) -> bool:
        """Whether it changes calendars, calendar lists or events."""
        resource, _, name = self.id.partition(".")
        return name not in _READING and name != "watch" and resource != "channels"


@cache
def document() -> Json:
    """The discovery document."""
    text = get_static_doc("calendar", "v3")
    if text is None:
        raise RuntimeError("google-api-python-client has no document of calendar v3")
    found: Json = json.loads(text)
    return found


@cache
def methods() -> tuple[Method, ...]:
    """All documented methods."""
    shared = document()["parameters"]
    return tuple(
        Method(
            id=f"{resource}.{name}",
            http_method=spec["httpMethod"],
            pattern=re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(SERVICE_PATH + spec["path"]))),
            parameters={**shared, **spec.get("parameters", {})},
            request=spec.get("request", {}).get("$ref"),
            scopes=frozenset(spec["scopes"]),
        )
        for resource, group in document()["resources"].items()
        for name, spec in group["methods"].items()
    )


def find_method(http_method: str, raw_path: str) -> tuple[Method, Mapping[str, str]] | None:
    """The method of a request and its decoded path parameters."""
    for method, params in _fitting(raw_path):
        if method.http_method == http_method:
            return method, params
    return None


def has_path(raw_path: str) -> bool:
    """Whether some method has this path."""
    return any(True for _ in _fitting(raw_path))


def _fitting(raw_path: str) -> Iterator[tuple[Method, Mapping[str, str]]]:
    for method in methods():
        match = method.pattern.fullmatch(raw_path)
        if match:
            yield method, {name: unquote(text) for name, text in match.groupdict().items()}


def read_parameters(method: Method, query: Mapping[str, list[str]], *, strict: bool) -> Json:
    """Query parameters with their types; repeated ones as tuples. 400 for what the document does not allow."""
    found: Json = {}
    for name, texts in query.items():
        spec = method.parameters.get(name)
        if name in _IGNORED or (spec is None and not strict):
            continue
        if spec is None or spec["location"] != "query":
            raise GoogleError("badRequest", f"Unknown name: {name}", ("parameter", name))
        values = [_read(name, spec, text) for text in texts]
        if len(values) > 1 and not spec.get("repeated"):
            raise invalid(name, f"{name} must not be repeated")
        found[name] = tuple(values) if spec.get("repeated") else values[0]
    for name, spec in method.parameters.items():
        if spec.get("required") and spec["location"] == "query" and name not in found:
            raise required(name)
    return found


def _read(name: str, spec: Mapping[str, Any], text: str) -> Any:
    if spec["type"] == "boolean":
        if text not in _TRUE_FALSE:
            raise invalid(name, f"Invalid boolean value: {name}")
        return _TRUE_FALSE[text]
    if spec["type"] == "integer":
        return _read_integer(name, spec, text)
    if spec.get("format") == "date-time":
        return read_instant(text, name)
    if "enum" in spec and text not in spec["enum"]:
        raise invalid(name, f"Invalid value for {name}")
    return text


def _read_integer(name: str, spec: Mapping[str, Any], text: str) -> int:
    if not re.fullmatch(r"-?\d{1,9}", text):
        raise invalid(name, f"Invalid integer value: {name}")
    number = int(text)
    if number < int(spec.get("minimum", number)) or number > int(spec.get("maximum", number)):
        raise invalid(name, f"Invalid value for {name}: out of range")
    return number


def check_body(value: object, schema: str, *, strict: bool, nulls: bool = False) -> Json:
    """The JSON object of a request whose fields have the documented types. `nulls`: null is allowed, as in a patch."""
    if not isinstance(value, dict):
        raise GoogleError("parseError")
    _check(value, {"$ref": schema}, "", strict=strict, nulls=nulls)
    return value


_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "array": (list,),
    "object": (dict,),
}


def _check(value: object, spec: Mapping[str, Any], path: str, *, strict: bool, nulls: bool) -> None:
    if value is None and (nulls or not path):
        return
    if "$ref" in spec:
        spec = document()["schemas"][spec["$ref"]]
    kind = spec.get("type", "any")
    if kind == "any":
        return
    if not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        raise invalid(path, f"Invalid value for: {path}")
    if isinstance(value, list):
        for entry in value:
            _check(entry, spec["items"], f"{path}[]", strict=strict, nulls=False)
    if isinstance(value, dict):
        _check_fields(value, spec, path, strict=strict, nulls=nulls)


def _check_fields(value: Json, spec: Mapping[str, Any], path: str, *, strict: bool, nulls: bool) -> None:
    for name, entry in value.items():
        where = f"{path}.{name}" if path else name
        known = spec.get("properties", {}).get(name) or spec.get("additionalProperties")
        if known is not None:
            _check(entry, known, where, strict=strict, nulls=nulls)
        elif strict:
            raise invalid(where, f"Unknown name: {where}")
