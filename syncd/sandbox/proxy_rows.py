"""Rewrite a multistatus (RFC 4918, 13): drop, add, change, empty and refill its rows.

Not here: single-object answers and headers (proxy_delivery). Hrefs are matched percent-decoded.
"""

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote
from xml.sax.saxutils import escape

from lxml import etree

_DAV: Final = "{DAV:}"
_CALENDAR_DATA: Final = "{urn:ietf:params:xml:ns:caldav}calendar-data"
ROW_KINDS: Final = ("drop_rows", "set_row", "add_rows", "truncate_rows", "empty", "serve")
# Bytes that are served may be no XML: what reads rows comes before them.
REWRITING: Final = (*(kind for kind in ROW_KINDS if kind != "serve"), "weak_etag", "serve", "replace", "strip_etag")
"""Every kind that rewrites an answer, in the order in which they do."""


def parse_xml(body: bytes) -> etree._Element:
    """The root of an XML body; no entities, network or huge trees. Raises etree.XMLSyntaxError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    return etree.fromstring(body, parser)


def served_bytes(content: object) -> bytes:
    """The bytes a `serve` value stands for: text, {"text": …} or {"base64": …}."""
    if isinstance(content, Mapping):
        if "base64" in content:
            return base64.b64decode(content["base64"], validate=True)
        content = content["text"]
    return str(content).encode()


def substituted(text: str, pairs: Sequence[Sequence[str]]) -> str:
    """The text after each [pattern, replacement], `^` and `$` at every line."""
    for pattern, replacement in pairs:
        text = re.sub(pattern, replacement, text, flags=re.MULTILINE)
    return text


def served_etag(content: bytes) -> str:
    """A strong ETag for bytes that the server never stored."""
    return f'"served-{hashlib.sha256(content).hexdigest()[:16]}"'


class Multistatus:
    """One parsed answer. Each verb returns how many rows it touched; 0 means it had no effect."""

    def __init__(self, body: bytes) -> None:
        """Raises ValueError when the body is no multistatus."""
        try:
            self._root = parse_xml(body)
        except etree.XMLSyntaxError as exc:
            raise ValueError("the answer is no XML") from exc
        if self._root.tag != f"{_DAV}multistatus":
            raise ValueError("the answer is no multistatus")
        self._raw: dict[bytes, bytes] = {}

    def apply(self, kind: str, do: Mapping[str, Any]) -> int:
        """Carry out one of ROW_KINDS with the value a fault's `do` gives it."""
        value = do[kind]
        match kind:
            case "drop_rows":
                return self.drop(value)
            case "set_row":
                specs = value if isinstance(value, list) else [value]
                return min(self.set(spec) for spec in specs)
            case "add_rows":
                return self.add(value)
            case "truncate_rows":
                return self.truncate(value)
            case "empty":
                return self.empty(bare=value == "bare")
            case _:
                return min(self.serve(href, served_bytes(text)) for href, text in value.items())

    def facts(self) -> list[tuple[str, int, str | None, str | None]]:
        """Href, status, ETag and calendar-data of each row."""
        found = []
        for row in self._rows():
            line = row.findtext(f"{_DAV}status") or row.findtext(f"{_DAV}propstat/{_DAV}status") or ""
            code = next((part for part in line.split() if part.isdecimal()), "0")
            etag, text = (row.findtext(f".//{name}") for name in (f"{_DAV}getetag", _CALENDAR_DATA))
            found.append((row.findtext(f"{_DAV}href") or "", int(code), etag or None, text or None))
        return found

    def has(self, pattern: str) -> bool:
        """Whether a row's href matches."""
        return bool(self._matching(pattern))

    def drop(self, pattern: str) -> int:
        """Leave out the rows whose href matches."""
        return self._remove(self._matching(pattern))

    def truncate(self, count: int) -> int:
        """Keep the first `count` rows; the token stays, as if the answer were whole."""
        return self._remove(self._rows()[count:])

    def empty(self, *, bare: bool) -> int:
        """Leave out every row; `bare` takes the sync-token away too."""
        removed = self._remove(self._rows())
        if bare:
            removed += self._remove(self._root.findall(f"{_DAV}sync-token"))
        return removed

    def add(self, rows: list[Mapping[str, Any]]) -> int:
        """Append rows {href, status = 200, etag}; another status makes a row without properties."""
        for spec in rows:
            row = etree.SubElement(self._root, f"{_DAV}response")
            etree.SubElement(row, f"{_DAV}href").text = spec["href"]
            _write_row(row, spec)
        return len(rows)

    def set(self, spec: Mapping[str, Any]) -> int:
        """Give the rows matching `href` another status or etag."""
        rows = self._matching(spec["href"])
        for row in rows:
            _write_row(row, spec)
        return len(rows)

    def serve(self, pattern: str, content: bytes) -> int:
        """Answer `content` as calendar-data of the matching rows, even where the server had a 404.

        The bytes reach the client as they are, whether or not XML allows them.
        """
        rows = self._matching(pattern)
        for row in rows:
            marker = f"served-bytes-{len(self._raw)}".encode()
            self._raw[marker] = content
            prop = _ok_prop(row, new_etag=served_etag(content))
            for old in prop.findall(_CALENDAR_DATA):
                prop.remove(old)
            etree.SubElement(prop, _CALENDAR_DATA).text = marker.decode()
        return len(rows)

    def weaken(self) -> int:
        """Mark every getetag as weak (RFC 9110, 8.8.1)."""
        etags = self._root.iter(f"{_DAV}getetag")
        strong = [etag for etag in etags if (etag.text or "").startswith('"')]
        for etag in strong:
            etag.text = f"W/{etag.text}"
        return len(strong)

    def to_bytes(self) -> bytes:
        """The rewritten answer."""
        text = etree.tostring(self._root, xml_declaration=True, encoding="utf-8")
        for marker, content in self._raw.items():
            # Bytes that are no text cannot pass through the tree: they are spliced in here.
            quoted = escape(content.decode("latin-1")).encode("latin-1")
            text = text.replace(b">" + marker + b"<", b">" + quoted + b"<")
        return text

    def _rows(self) -> list[etree._Element]:
        return self._root.findall(f"{_DAV}response")

    def _matching(self, pattern: str) -> list[etree._Element]:
        return [row for row in self._rows() if re.search(pattern, unquote(row.findtext(f"{_DAV}href") or ""))]

    def _remove(self, elements: list[etree._Element]) -> int:
        for element in elements:
            self._root.remove(element)
        return len(elements)


def _write_row(row: etree._Element, spec: Mapping[str, Any]) -> None:
    status = spec.get("status", 200)
    if status != 200:
        _clear(row)
        etree.SubElement(row, f"{_DAV}status").text = _status_line(status)
        return
    prop = _ok_prop(row, new_etag=None)
    etag = spec.get("etag")
    if etag is not None:
        found = prop.find(f"{_DAV}getetag")
        element = etree.SubElement(prop, f"{_DAV}getetag") if found is None else found
        element.text = etag


def _ok_prop(row: etree._Element, *, new_etag: str | None) -> etree._Element:
    """The `prop` of the row's 200 propstat, made anew when the row has none."""
    for propstat in row.findall(f"{_DAV}propstat"):
        prop = propstat.find(f"{_DAV}prop")
        if prop is not None and " 200 " in (propstat.findtext(f"{_DAV}status") or "") + " ":
            return prop
    _clear(row)
    propstat = etree.SubElement(row, f"{_DAV}propstat")
    prop = etree.SubElement(propstat, f"{_DAV}prop")
    etree.SubElement(propstat, f"{_DAV}status").text = _status_line(200)
    if new_etag is not None:
        etree.SubElement(prop, f"{_DAV}getetag").text = new_etag
    return prop


def _clear(row: etree._Element) -> None:
    for child in list(row):
        if child.tag != f"{_DAV}href":
            row.remove(child)


def _status_line(status: int) -> str:
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"
