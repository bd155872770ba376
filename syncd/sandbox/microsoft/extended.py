"""singleValueExtendedProperties: how they are written, shown on demand, and named.

Not here: queries for them (`filters.py`).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from syncd.sandbox.microsoft.errors import GraphError, Json

_TYPES: Final = "String|Integer|Boolean|Double|SystemTime|CLSID|Long|Short|Float|Binary"
_ID = re.compile(rf"(?:{_TYPES})(?:Array)? (?:\{{[0-9A-Fa-f-]{{36}}\}} (?:Name \S.*|Id 0x[0-9A-Fa-f]+)|0x[0-9A-Fa-f]+)")
_LONGEST_ID: Final = 512
_LONGEST_VALUE: Final = 32 * 1024


def check_id(text: object) -> str:
    """The id of a property in its one spelling: the GUID in lower case, the name as it is. 400 for what is none."""
    if not isinstance(text, str) or len(text) > _LONGEST_ID or not _ID.fullmatch(text):
        raise GraphError("ErrorInvalidParameter", "The id of an extended property is malformed.")
    return re.sub(r"\{[^}]*\}", lambda found: found[0].lower(), text)


def written_properties(before: Mapping[str, str], entries: Iterable[Any] | None) -> dict[str, str]:
    """The properties after a write: those named replace, the others stay; null removes one."""
    found = dict(before)
    for entry in entries or ():
        if not isinstance(entry, Mapping) or not isinstance(entry.get("value"), str | None):
            raise GraphError("RequestBodyRead", "Cannot convert the value of 'singleValueExtendedProperties'.")
        name = check_id(entry.get("id"))
        value = entry.get("value")
        if value is None:
            found.pop(name, None)
        elif len(value) > _LONGEST_VALUE:
            raise GraphError("ErrorPropertyValidationFailure", "The value of an extended property is too long.")
        else:
            found[name] = value
    return found


def shown_properties(properties: Mapping[str, str], wanted: Iterable[str]) -> Json:
    """What an answer with $expand adds; nothing for an event that has none of them."""
    found = [{"id": name, "value": properties[name]} for name in wanted if name in properties]
    return {"singleValueExtendedProperties": found} if found else {}
