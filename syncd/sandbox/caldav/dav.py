"""WebDAV XML: reading what clients send, without entities or the network, and writing multistatus answers.

Not here: what properties say (`properties.py`), and which rows an answer has (`propfind.py`, `reports.py`).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from lxml import etree

Element = etree._Element  # noqa: SLF001 - the only name lxml has for it

NAMESPACES: Final = {
    "D": "DAV:",
    "C": "urn:ietf:params:xml:ns:caldav",
    "CS": "http://calendarserver.org/ns/",
    "A": "http://apple.com/ns/ical/",
}
CONTENT_TYPE: Final = "application/xml; charset=utf-8"
_BARE: Final[Any] = {None: NAMESPACES["D"]}
_FORMS: Final[Mapping[str, Any]] = {
    "prefixed": NAMESPACES,
    "default": {**{prefix: uri for prefix, uri in NAMESPACES.items() if prefix != "D"}, **_BARE},
    "mixed": NAMESPACES,
}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_NEVER: Final = re.compile("[\ud800-\udfff\ufffe\uffff]")
_RAW: Final = "\ue000"
"""Stands for a control character until the XML is written."""


class NotXmlError(ValueError):
    """The body is no XML, or XML that a server does not take."""


def tag(name: str) -> str:
    """`D:href` as lxml spells it."""
    prefix, _, local = name.partition(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def parsed(body: bytes) -> Element:
    """The root of a request body. Raises NotXmlError, also for a document type: no entity is ever looked at."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotXmlError("the body is not well-formed XML") from error
    docinfo: Any = None if root is None else root.getroottree().docinfo
    if docinfo is None or docinfo.doctype:
        raise NotXmlError("the body has a document type")
    return root


def properties_of(parent: Element) -> list[Element]:
    """The properties named in an element; those without a namespace are none."""
    return [prop for prop in parent if str(prop.tag).startswith("{")]


def element(name: str, text: str | None = None, /, *children: Element, **attributes: str) -> Element:
    """An element by its short name."""
    made = etree.Element(tag(name), attributes)
    made.text = None if text is None else writable(text)
    made.extend(children)
    return made


def hrefs(name: str, *paths: str) -> Element:
    """An element that holds addresses."""
    return element(name, None, *(element("D:href", path) for path in paths))


def names(name: str, *children: str) -> Element:
    """An element that holds empty ones."""
    return element(name, None, *(element(child) for child in children))


def writable(text: str) -> str:
    """The text with what XML cannot hold put aside until `serialised`."""
    text = _NEVER.sub("\ufffd", text)
    return _CONTROL.sub(lambda found: _RAW + chr(0xE100 + ord(found.group())), text)


@dataclass(slots=True)
class Row:
    """One `response`: a resource with properties, or with a `status` of its own."""

    href: str
    status: int | None = None
    found: list[Element] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Tags of properties that are not there."""
    forbidden: list[str] = field(default_factory=list)
    """Tags of properties that cannot be set."""
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Style:
    """How answers are written: `form` as the switch xml_form, `extra` as extra_propstat."""

    form: str
    extra: str


def multistatus(rows: Iterable[Row], style: Style, token: str | None = None) -> bytes:
    """The body of a 207."""
    root = etree.Element(tag("D:multistatus"), nsmap=_FORMS[style.form])
    for row in rows:
        root.append(_response(row, style))
    if token is not None:
        root.append(element("D:sync-token", token))
    return serialised(_mixed(root) if style.form == "mixed" else root)


def serialised(root: Element) -> bytes:
    """XML as bytes; control characters that were put aside stand in it raw, which is not well-formed."""
    found: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    if _RAW.encode() not in found:
        return found
    text = found.decode()
    for code in range(0x20):
        text = text.replace(_RAW + chr(0xE100 + code), chr(code))
    return text.encode()


def error(condition: str) -> bytes:
    """The body of a refusal that names what failed."""
    return serialised(names("D:error", condition))


def status_line(status: int) -> str:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"


def _response(row: Row, style: Style) -> Element:
    made = element("D:response", None, element("D:href", row.href))
    if row.status is not None:
        made.append(element("D:status", status_line(row.status)))
    else:
        made.extend(_propstats(row, style))
    if row.condition:
        made.append(names("D:error", row.condition))
    return made


def _propstats(row: Row, style: Style) -> Sequence[Element]:
    asked = [_tag_of(prop) for prop in row.found]
    found = [_propstat(200, row.found)] if row.found or not (row.missing or row.forbidden) else []
    if row.forbidden:
        found.append(_propstat(403, _empty(row.forbidden)))
    missing = [*row.missing, *(asked if style.extra == "repeats" else ())]
    if missing:
        found.append(_propstat(404, _empty(missing)))
    if style.extra == "bare":
        found.append(element("D:propstat", None, element("D:prop")))
    return found


def _propstat(status: int, props: Iterable[Element]) -> Element:
    return element("D:propstat", None, element("D:prop", None, *props), element("D:status", status_line(status)))


def _empty(tags: Iterable[str]) -> list[Element]:
    return [etree.Element(name) for name in tags]


def _mixed(old: Element, parent: Element | None = None) -> Element:
    """The same tree: an element of another namespace than its parent's declares it, as the default where it holds
    something, else with a prefix. It is built downwards: lxml drops declarations of what is attached later."""
    space = etree.QName(old).namespace
    inherited = parent is not None and etree.QName(parent).namespace == space
    prefix = None if parent is None or len(old) or old.text else "x"
    spaces: Any = {} if inherited or space is None else {prefix: space}
    attributes = {str(name): str(text) for name, text in old.attrib.items()}
    if parent is None:
        made = etree.Element(old.tag, attributes, nsmap=spaces)
    else:
        made = etree.SubElement(parent, old.tag, attributes, nsmap=spaces)
    made.text, made.tail = old.text, old.tail
    for child in old:
        _mixed(child, made)
    return made


def _tag_of(prop: Element) -> str:
    return str(prop.tag)
