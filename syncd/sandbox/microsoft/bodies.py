"""The body of an event: stored as HTML, answered as a whole page or as text.

Not here: which body is written where (`event_body.py`).
"""

import html
import re
from typing import Final

_HEAD: Final = '<html>\r\n<head>\r\n<meta http-equiv="Content-Type" content="text/html; charset=utf-8">\r\n</head>\r\n'
_PAGE = re.compile(r"<body[^>]*>(.*)</body>", re.IGNORECASE | re.DOTALL)
_UNSHOWN = re.compile(r"<(head|style|script)\b.*?</\1>|<!--.*?-->", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"[ \t]*<br\s*/?>\s*|</(?:p|div|li|tr|h\d)>\s*", re.IGNORECASE)
_TAG = re.compile(r"<[^>]+>")
_LINK = re.compile(r"\bhttps?://[^\s<>\"]+")
_LONGEST_PREVIEW: Final = 255

JOIN_LINE: Final = "_" * 80


def from_text(text: str, *, stronger: bool = False) -> str:
    """What is stored of a plain text. `stronger` adds what Outlook does on bad days: links are named twice."""
    lines = html.escape(text.replace("\r\n", "\n").replace("\r", "\n").strip(), quote=False)
    if stronger:
        lines = re.sub(r"\n{2,}", "\n", _LINK.sub(lambda link: f'<a href="{link[0]}">{link[0]}</a>', lines))
    return "<br>\r\n".join(line.rstrip() for line in lines.split("\n")) if lines else ""


def from_html(text: str, *, stronger: bool = False) -> str:
    """What is stored of a page or a fragment."""
    found = _PAGE.search(text)
    inner = _UNSHOWN.sub("", found.group(1) if found else text).strip()
    inner = re.sub(r"\r?\n", "\r\n", inner)
    return re.sub(r"\s*(style|class)=\"[^\"]*\"", "", inner) if stronger else inner


def as_html(stored: str) -> str:
    """The whole page; nothing at all for an empty body."""
    return f"{_HEAD}<body>\r\n{stored}\r\n</body>\r\n</html>\r\n" if stored else ""


def as_text(stored: str) -> str:
    """As `outlook.body-content-type="text"` gives it: CRLF, without trailing blanks."""
    flat = re.sub(r"\s*\r?\n\s*", " ", _BREAK.sub("\x00", stored))
    text = html.unescape(_TAG.sub(_linked, flat).replace("\x00", "\n"))
    return "\r\n".join(line.strip(" \t") for line in text.strip().split("\n"))


def _linked(tag: re.Match[str]) -> str:
    """Where a link points stands before what it shows."""
    found = re.match(r'<a\s[^>]*href="([^"]*)"', tag[0], re.IGNORECASE)
    return f"<{found.group(1)}>".replace("<", "&lt;").replace(">", "&gt;") if found else ""


def preview(stored: str) -> str:
    """`bodyPreview`."""
    return as_text(stored)[:_LONGEST_PREVIEW]


def join_block(url: str) -> str:
    """What an online meeting has at the end of its body."""
    return (
        f'<br>\r\n<div class="me-email-text">{JOIN_LINE}<br>\r\nMicrosoft Teams meeting<br>\r\n'
        f'<a href="{url}">Join the meeting now</a><br>\r\n{JOIN_LINE}</div>'
    )
