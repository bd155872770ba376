"""The discovery document as a validator of requests and answers: a JSON Schema made of its schemas.

Not here: what it cannot say (enumerations in prose, limits, error bodies).
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema
from googleapiclient.discovery_cache import get_static_doc

_DROPPED = ("id", "annotations", "default", "description", "required", "enumDescriptions", "deprecated")


@cache
def document() -> dict[str, Any]:
    text = get_static_doc("calendar", "v3")
    assert text is not None
    found: dict[str, Any] = json.loads(text)
    return found


def problems(method: str, body: object, status: int, answer: object) -> list[str]:
    """What is wrong with a call that was accepted (or with the envelope of a refusal)."""
    resource, _, name = method.partition(".")
    spec = document()["resources"][resource]["methods"][name]
    if status == 304:
        return [] if answer is None else [f"{method}: 304 with a body"]
    if status >= 400:
        return _refusal(method, status, answer)
    found = []
    if "request" in spec:
        schema = spec["request"]["$ref"]
        found += _errors(_request_validator(schema), _without_nulls(body))
        required = document()["schemas"][schema].get("properties", {})
        for field, known in required.items():
            if f"calendar.{method}" in known.get("annotations", {}).get("required", ()):
                assert isinstance(body, dict)
                found += [] if field in body else [f"{field} is required"]
    if "response" in spec:
        found += _errors(_answer_validator(spec["response"]["$ref"]), answer)
    elif answer is not None:
        found.append("a body where the document has none")
    return [f"{method}: {text}" for text in found]


def _refusal(method: str, status: int, answer: object) -> list[str]:
    good = isinstance(answer, dict) and answer["error"]["code"] == status and answer["error"]["errors"][0]["reason"]
    return [] if good else [f"{method}: no envelope with {status}"]


def _errors(validator: jsonschema.Draft202012Validator, value: object) -> list[str]:
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message}" for e in validator.iter_errors(value)]


@cache
def _answer_validator(schema: str) -> jsonschema.Draft202012Validator:
    return _validator(schema, loose_times=False)


@cache
def _request_validator(schema: str) -> jsonschema.Draft202012Validator:
    return _validator(schema, loose_times=True)


def _validator(schema: str, *, loose_times: bool) -> jsonschema.Draft202012Validator:
    """`loose_times`: a dateTime needs no offset, as in requests with a timeZone."""
    definitions = {name: _converted(found) for name, found in document()["schemas"].items()}
    if loose_times:
        del definitions["EventDateTime"]["properties"]["dateTime"]["format"]
    root = {"$ref": f"#/$defs/{schema}", "$defs": definitions}
    checker = jsonschema.FormatChecker(["date", "date-time"])
    return jsonschema.Draft202012Validator(root, format_checker=checker)


def _converted(spec: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in spec.items():
        if key in _DROPPED or (key == "type" and value == "any"):
            continue
        if key == "$ref":
            found["$ref"] = f"#/$defs/{value}"
        elif key == "properties":
            found["properties"] = {name: _converted(held) for name, held in value.items()}
            found["additionalProperties"] = False
        elif key in ("items", "additionalProperties"):
            found[key] = _converted(value)
        elif key == "format":
            found |= {"pattern": r"^\d+$"} if value == "int64" else {"format": value}
        else:
            found[key] = value
    return found


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(held) for key, held in value.items() if held is not None}
    return value
