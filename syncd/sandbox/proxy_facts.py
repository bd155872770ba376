"""What the fault proxy understands of a request: its kind, for matching faults and for the log.

Not here: what happens to the request (proxy_delivery).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lxml import etree

from syncd.sandbox.proxy_rows import parse_xml
from syncd.sandbox.proxy_wire import Request

WRITES: Final = frozenset({"PUT", "DELETE", "MKCALENDAR", "MKCOL", "PROPPATCH", "POST", "PATCH", "MOVE", "COPY"})


@dataclass(frozen=True, slots=True)
class Facts:
    """`report` is the local name of a REPORT's root, `hrefs` how many objects it names."""

    write: bool
    report: str | None = None
    hrefs: int = 0
    token: str = ""

    @property
    def matchable(self) -> Mapping[str, str]:
        """The facts a fault may match beside method, path and body."""
        return {"report": self.report or "", "token": self.token}


def facts_of(request: Request) -> Facts:
    """The facts of any request; a REPORT whose body is no XML has none of its own."""
    write = request.method in WRITES
    if request.method != "REPORT":
        return Facts(write)
    try:
        root = parse_xml(request.body)
    except etree.XMLSyntaxError:
        return Facts(write)
    return Facts(
        write,
        report=etree.QName(root).localname,
        hrefs=len(root.findall("{DAV:}href")),
        token=(root.findtext("{DAV:}sync-token") or "").strip(),
    )
