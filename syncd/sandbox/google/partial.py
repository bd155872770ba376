"""Partial answers: the `fields` parameter, such as `items(id,start/dateTime),nextPageToken`.

Not here: whole answers (`render.py`).
"""

import re
from typing import Any

from syncd.sandbox.google.errors import Json, invalid

_TOKEN = re.compile(r"[\w*]+|[(),/]")
Mask = dict[str, "Mask | None"]


def select(answer: Json, fields: str) -> Json:
    """The answer with what `fields` names alone. 400 for what cannot be read."""
    tokens = _TOKEN.findall(fields)
    if "".join(tokens) != fields or not tokens:
        raise invalid("fields", "Invalid field selection")
    mask = _read(tokens)
    if tokens:
        raise invalid("fields", "Invalid field selection")
    found: Json = _masked(answer, mask)
    return found


def _read(tokens: list[str]) -> Mask:
    """Consumes a list of paths up to its end or a closing parenthesis."""
    mask: Mask = {}
    while True:
        _read_path(tokens, mask)
        if not tokens or tokens[0] != ",":
            return mask
        tokens.pop(0)


def _read_path(tokens: list[str], mask: Mask) -> None:
    if not tokens or not re.match(r"[\w*]", tokens[0]):
        raise invalid("fields", "Invalid field selection")
    name = tokens.pop(0)
    if tokens and tokens[0] == "/":
        tokens.pop(0)
        below: Mask = {}
        _read_path(tokens, below)
        mask[name] = {**(mask.get(name) or {}), **below}
    elif tokens and tokens[0] == "(":
        tokens.pop(0)
        mask[name] = _read(tokens)
        if not tokens or tokens.pop(0) != ")":
            raise invalid("fields", "Invalid field selection")
    else:
        mask[name] = None


def _masked(value: Any, mask: Mask | None) -> Any:
    if mask is None or "*" in mask:
        return value
    if isinstance(value, list):
        return [_masked(entry, mask) for entry in value]
    if isinstance(value, dict):
        return {key: _masked(held, mask[key]) for key, held in value.items() if key in mask}
    return value
