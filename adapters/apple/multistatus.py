"""WebDAV XML: the bodies we ask with, and what a multistatus says of each href (RFC 4918, 4791, 6578).

Not here: sending (client), what the answers mean for a calendar (account, collection).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote, urlsplit
from xml.sax.saxutils import escape

from lxml import etree

_PREFIXES: Final = {
    "D": "DAV:",
    "C": "urn:ietf:params:xml:ns:caldav",
    "CS": "http://calendarserver.org/ns/",
    "A": "http://apple.com/ns/ical/",
}
_NAMESPACES: Final = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _PREFIXES.items())
_HEAD: Final = '<?xml version="1.0" encoding="utf-8"?>\n'


def tag(name: str) -> str:
    """`D:href` as lxml spells it."""
    prefix, _, local = name.partition(":")
    return f"{{{_PREFIXES[prefix]}}}{local}"


class NotXmlError(ValueError):
    """The body is not the multistatus it should be."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a multistatus says of one href. `path` is decoded and has no host; `href` is as the server wrote it.

    `status`: of the resource as a whole. `props`: those of the propstats with 200, others are as good as absent.
    """

    href: str
    path: str
    status: int
    props: "Mapping[str, etree._Element]"

    def text(self, name: str) -> str | None:
        found = self.props.get(tag(name))
        return None if found is None else (found.text or None)

    def names(self, name: str) -> frozenset[str]:
        """Tags of the elements inside a property, at any depth."""
        found = self.props.get(tag(name))
        return (
            frozenset() if found is None else frozenset(str(inner.tag) for inner in found.iter() if inner is not found)
        )

    def hrefs(self, name: str) -> tuple[str, ...]:
        found = self.props.get(tag(name))
        inner = () if found is None else found.iter(tag("D:href"))
        return tuple(href.text.strip() for href in inner if href.text)

    @property
    def etag(self) -> str | None:
        """The strong ETag, quotes included; a weak one is none."""
        text = self.fingerprint
        return text if text and not text.startswith("W/") else None

    @property
    def fingerprint(self) -> str | None:
        """The ETag, be it weak: enough to see that something has changed."""
        return (self.text("D:getetag") or "").strip() or None


@dataclass(frozen=True, slots=True)
class Multistatus:
    rows: tuple[Row, ...]
    token: str | None


def parsed(body: bytes) -> Multistatus:
    """A multistatus as values. Raises NotXmlError; entities and the network are never touched."""
    # One parser each: lxml parsers are not to be shared between threads.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXmlError("the answer is not well-formed XML") from error
    if root is None or root.tag != tag("D:multistatus"):
        raise NotXmlError("the answer is no multistatus")
    token = root.findtext(tag("D:sync-token"))
    return Multistatus(tuple(_row(response) for response in root.iterfind(tag("D:response"))), token or None)


def _row(response: "etree._Element") -> Row:
    href = (response.findtext(tag("D:href")) or "").strip()
    props: dict[str, etree._Element] = {}
    for propstat in response.iterfind(tag("D:propstat")):
        if _code(propstat.findtext(tag("D:status"))) in (200, None):
            for prop in propstat.iterfind(tag("D:prop")):
                props.update({str(child.tag): child for child in prop})
    status = _code(response.findtext(tag("D:status")))
    return Row(href, path_of(href), 200 if status is None else status, props)


def _code(line: str | None) -> int | None:
    """The number in `HTTP/1.1 404 Not Found`; 0 when it cannot be read."""
    if line is None:
        return None
    parts = line.split()
    return int(parts[1]) if len(parts) > 1 and parts[1].isascii() and parts[1].isdigit() else 0


def path_of(href: str) -> str:
    """The decoded path of an href, the same for `@` and `%40`, with a host or without one."""
    try:
        return unquote(urlsplit(href).path)
    except ValueError:
        return ""


def conditions(body: bytes) -> frozenset[str]:
    """Names of the preconditions in an error body (RFC 4918, 16), without namespaces; empty when it has none."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(body, parser) if body else None
    except (etree.XMLSyntaxError, ValueError):
        return frozenset()
    if root is None or root.tag != tag("D:error"):
        return frozenset()
    return frozenset(etree.QName(child).localname for child in root if isinstance(child.tag, str))


def propfind(*names: str) -> str:
    """Named properties; `allprop` leaves out resourcetype on some servers."""
    return f"{_HEAD}<D:propfind {_NAMESPACES}><D:prop>{_empty(names)}</D:prop></D:propfind>"


def sync_collection(token: str) -> str:
    """Changes with their ETags only. No DAV:limit: some servers cut at it without saying so."""
    return (
        f"{_HEAD}<D:sync-collection {_NAMESPACES}><D:sync-token>{escape(token)}</D:sync-token>"
        "<D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>"
    )


def multiget(hrefs: Iterable[str]) -> str:
    rows = "".join(f"<D:href>{escape(href)}</D:href>" for href in hrefs)
    return (
        f"{_HEAD}<C:calendar-multiget {_NAMESPACES}><D:prop><D:getetag/><C:calendar-data/></D:prop>"
        f"{rows}</C:calendar-multiget>"
    )


def mkcalendar(name: str, colour: str = "", order: int | None = None) -> str:
    """A calendar for events alone: Apple's servers take one component type only. `order`: among others, as Apple's

    apps show them.
    """
    shown = f"<A:calendar-color>{escape(colour)}</A:calendar-color>" if colour else ""
    shown += "" if order is None else f"<A:calendar-order>{order}</A:calendar-order>"
    return (
        f"{_HEAD}<C:mkcalendar {_NAMESPACES}><D:set><D:prop><D:displayname>{escape(name)}</D:displayname>{shown}"
        '<C:supported-calendar-component-set><C:comp name="VEVENT"/></C:supported-calendar-component-set>'
        "</D:prop></D:set></C:mkcalendar>"
    )


def _empty(names: Iterable[str]) -> str:
    return "".join(f"<{name}/>" for name in names)
