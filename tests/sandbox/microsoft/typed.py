"""msgraph-sdk's typed models as a validator of answers: what they cannot hold, or read as nothing, is wrong.

Not here: what an answer should say.
"""

import json
import re
from collections.abc import Hashable, Iterator
from typing import Any

from kiota_abstractions.serialization import Parsable
from kiota_serialization_json.json_parse_node import JsonParseNode
from msgraph.generated.models.calendar import Calendar
from msgraph.generated.models.event import Event
from msgraph.generated.models.mailbox_settings import MailboxSettings
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.user import User

_ROWS = {"events.list", "events.instances", "calendarView.list", "calendarView.delta"}
_MODELS: dict[str, type[Parsable]] = {
    "events.get": Event,
    "events.create": Event,
    "events.update": Event,
    "events.calendar": Calendar,
    "calendars.get": Calendar,
    "calendars.create": Calendar,
    "calendars.update": Calendar,
    "me.get": User,
    "mailboxSettings.get": MailboxSettings,
}
_NEWER = {"occurrenceId", "existingEventId"}
"""Properties of the service that the models do not have yet."""


# The models cost milliseconds an object (reference/microsoft.md, 7.1): one of each form tells as much as all of them.
_right: set[Hashable] = set()


def problems(operation: str, status: int, answer: object) -> list[str]:
    """What is wrong with one answer; of those that look alike but for ids, texts and moments, one is looked at."""
    form = (operation, status, _form(answer))
    if form in _right:
        return []
    found = _problems(operation, status, answer)
    if not found:
        _right.add(form)
    return found


def _form(value: object) -> Hashable:
    """Names, kinds and words of a value."""
    if isinstance(value, dict):
        return tuple((name, _form(value[name])) for name in sorted(value))
    if isinstance(value, list):
        return frozenset(map(_form, value))
    if isinstance(value, str):
        return value if value.isalpha() else re.sub(r"\w+", "w", value) if len(value) < 40 else "…"
    return value if isinstance(value, bool) else type(value).__name__


def _problems(operation: str, status: int, answer: object) -> list[str]:
    if status >= 400:
        return [] if isinstance(answer, dict) and _parsed(answer, ODataError).error else [f"{operation}: no error"]
    if not isinstance(answer, dict):
        return [] if answer is None and status == 204 else [f"{operation}: {status} without an object"]
    if operation in _ROWS or operation == "calendars.list":
        model = Calendar if operation == "calendars.list" else Event
        rows = answer["value"]
        links = [name for name in ("@odata.nextLink", "@odata.deltaLink") if name in answer]
        if len(links) != 1 and operation == "calendarView.delta":
            return [f"{operation}: links {links}"]
        return [found for row in rows for found in _lost(row, model, operation)]
    model_of_one = _MODELS.get(operation)
    return [] if model_of_one is None else list(_lost(answer, model_of_one, operation))


def _parsed(answer: dict[str, Any], model: Any) -> Any:
    return JsonParseNode(json.loads(json.dumps(answer))).get_object_value(model)


def _lost(answer: dict[str, Any], model: Any, where: str) -> Iterator[str]:
    found = _parsed(answer, model)
    yield from _left_over(found, where)
    for name, value in answer.items():
        if "@" in name or name in _NEWER or value in (None, "", [], {}):
            continue
        if getattr(found, _snake(name), name) in (None, []):
            yield f"{where}: {name} was not understood"


def _left_over(model: Any, where: str) -> Iterator[str]:
    """Names that a model, or one inside it, has no place for."""
    for name in getattr(model, "additional_data", None) or {}:
        if "@" not in name and name not in _NEWER:
            yield f"{where}: {name} is unknown"
    for value in vars(model).values():
        for inner in value if isinstance(value, list) else (value,):
            if isinstance(inner, Parsable) and hasattr(inner, "additional_data"):
                yield from _left_over(inner, where)


def _snake(name: str) -> str:
    text = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
    return {"i_cal_u_id": "i_cal_u_id", "type": "type"}.get(text, text)
