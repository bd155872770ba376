"""What a request prefers: the Prefer header (RFC 7240), from one or several headers, in any case.

Not here: what a preference changes (`render.py`, `delta.py`).
"""

import re
from collections.abc import Mapping

_PREFERENCE = re.compile(
    r'\s*([^\s=,;"]+)\s*(?:=\s*("(?:\\.|[^"\\])*"|[^\s,;"]*))?([^,"]*(?:"(?:\\.|[^"\\])*"[^,"]*)*)(?:,|$)'
)


def preferences(headers: Mapping[str, str]) -> dict[str, str]:
    """By name in lower case: the value without its quotes, "" for none. Of a repeated preference the first counts.

    `IdType="ImmutableId"` is {"idtype": "ImmutableId"}. Parameters of a preference are passed over.
    """
    found: dict[str, str] = {}
    for match in _PREFERENCE.finditer(headers.get("prefer", "")):
        name, value = match.group(1).casefold(), match.group(2) or ""
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        found.setdefault(name, value)
    return found
