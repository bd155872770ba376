"""Descriptions: Google's are HTML as soon as somebody edits one in its own app, ours are text. Pure.

What holds no markup that the app writes is taken to the letter, and text that looks like markup is escaped on its
way out, so that every text of ours comes back as it was. Not here: any other field.
"""

import html
import re
from html.parser import HTMLParser
from typing import Final

_TAGS: Final = "a|b|i|u|s|br|p|div|span|ul|ol|li|em|strong|font|h[1-6]|html-blob|blockquote|pre|code|table|tr|td"
_MARKUP: Final = re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]*)?/?>|&(?:[a-z]+|#\d+|#x[0-9a-f]+);", re.IGNORECASE)
_BREAKS: Final = frozenset({"p", "div", "ul", "ol", "tr", "blockquote", "pre", "table", "h1", "h2", "h3", "h4"})
_BLANK_LINES: Final = re.compile(r"\n{3,}")


def to_text(description: str) -> str:
    """The text of a description, links with their address behind them."""
    if _MARKUP.search(description) is None:
        return description
    reader = _Reader()
    reader.feed(description)
    reader.close()
    return "".join(reader.pieces).replace("\xa0", " ")


def to_markup(text: str, limit: int) -> str:
    """A description that `to_text` gives back as this text, cut to what Google takes."""
    written = _escaped(text[:limit])
    while len(written) > limit:
        text = text[: min(len(text), limit) - (len(written) - limit + 5) // 6]
        written = _escaped(text)
    return written


def _escaped(text: str) -> str:
    return html.escape(text, quote=False) if _MARKUP.search(text) else text


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._links: list[tuple[str, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.pieces.append("\n")
        elif tag == "li":
            self._line()
            self.pieces.append("- ")
        elif tag in _BREAKS:
            self._line()
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.pieces)))

    def handle_endtag(self, tag: str) -> None:
        if tag in _BREAKS or tag == "li":
            self._line()
        elif tag == "a" and self._links:
            address, start = self._links.pop()
            shown = "".join(self.pieces[start:])
            if address and address.removeprefix("mailto:") not in shown:
                self.pieces.append(f" ({address})")

    def handle_data(self, data: str) -> None:
        self.pieces.append(data)

    def unknown_decl(self, data: str) -> None:
        self.pieces.append(f"<![{data}]>")

    def _line(self) -> None:
        if self.pieces and not self.pieces[-1].endswith("\n"):
            self.pieces.append("\n")
