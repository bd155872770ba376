"""Every version of every object that the fault proxy has seen, and answers rewritten to show an earlier one.

What was never asked through the proxy is not known: its versions are those that a client has seen or written. Not
here: the other rewriting kinds (proxy_rows), when it is done (proxy_delivery).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import unquote

from syncd.sandbox.proxy_facts import facts_of
from syncd.sandbox.proxy_rows import Multistatus
from syncd.sandbox.proxy_wire import Request, Response

_KEPT: Final = 50  # versions of one object
_UNREAD: Final = 2_000  # exchanges that are kept as they were: most of them are never asked for
_GONE: Final = (404, 410)


@dataclass(frozen=True, slots=True)
class Version:
    """One state of an object. `etag`: None while it is not there. `text`: None where only the ETag was seen."""

    etag: str | None = None
    text: str | None = None


@dataclass(slots=True)
class Past:
    """The versions of objects by decoded path, oldest first; each begins with not being there."""

    _versions: dict[str, list[Version]] = field(default_factory=dict)
    _unread: list[tuple[Request, Response]] = field(default_factory=list)

    def note(self, request: Request, response: Response) -> None:
        """Learn from one exchange with the server."""
        self._unread.append((request, response))
        if len(self._unread) == _UNREAD:
            self._read()

    def _read(self) -> None:
        unread, self._unread = self._unread, []
        for request, response in unread:
            self._learn(request, response)

    def _learn(self, request: Request, response: Response) -> None:
        path, etag = request.decoded_path, response.header("etag")
        match request.method:
            case "PUT" if response.status < 300 and etag is not None:
                self._add(path, Version(etag, request.body.decode("utf-8", "replace")))
            case "GET" if response.status == 200 and etag is not None:
                self._add(path, Version(etag, response.body.decode("utf-8", "replace")))
            case "DELETE" if response.status < 300:
                self._add(path, Version())
            case "REPORT" | "PROPFIND" if response.status == 207:
                self._note_rows(response)

    def shown(self, request: Request, response: Response, spec: Mapping[str, Any]) -> Response:
        """The answer with the objects that match `href` as they were `back` versions before their newest.

        A sync-collection names them though nothing may have happened to them since its token.
        """
        self._read()
        back, pattern = spec.get("back", 1), spec.get("href", "")
        earlier = {
            path: versions[max(0, len(versions) - 1 - back)]
            for path, versions in self._versions.items()
            if re.search(pattern, path)
        }
        if request.method == "GET":
            wanted = earlier.get(request.decoded_path)
            return response if wanted is None else _single(response, wanted)
        try:
            rows = Multistatus(response.body)
        except ValueError:
            return response
        before = [fact[:3] for fact in rows.facts()]
        for path, version in earlier.items():
            _put_row(rows, request, path, version)
        told = [fact[:3] for fact in rows.facts()]
        return replace(response, body=rows.to_bytes()) if told != before else response

    def _note_rows(self, response: Response) -> None:
        try:
            rows = Multistatus(response.body).facts()
        except ValueError:
            return
        for href, status, etag, text in rows:
            if status in _GONE:
                self._add(unquote(href), Version())
            elif etag is not None:
                self._add(unquote(href), Version(etag, text))

    def _add(self, path: str, version: Version) -> None:
        if path.endswith("/"):
            return
        known = self._versions.setdefault(path, [Version()])
        last = known[-1]
        if version.etag != last.etag:
            known.append(version)
            del known[1:-_KEPT]
        elif last.text is None:
            known[-1] = version


def _single(response: Response, version: Version) -> Response:
    if version.etag is None:
        return Response(404)
    if version.text is None:
        return response
    headers = (("content-type", "text/calendar; charset=utf-8"), ("etag", version.etag))
    return Response(200, headers, version.text.encode())


def _put_row(rows: Multistatus, request: Request, path: str, version: Version) -> None:
    """Let a multistatus show one object in a version."""
    exact, facts = f"^{re.escape(path)}$", facts_of(request)
    inside = path.startswith(request.decoded_path) and "/" not in path.removeprefix(request.decoded_path)
    if not rows.has(exact):
        if facts.report == "sync-collection" and inside and (version.etag is not None or facts.token):
            rows.add([_row(path, version)])
    elif facts.report in (None, "sync-collection"):  # None: a PROPFIND
        if version.etag is None and not facts.token:
            rows.drop(exact)
        else:
            rows.set(_row(exact, version))
    elif version.etag is None or version.text is not None:
        rows.set(_row(exact, version))
        if version.text is not None:
            rows.serve(exact, version.text.encode())


def _row(href: str, version: Version) -> dict[str, Any]:
    return {"href": href, "status": 404} if version.etag is None else {"href": href, "etag": version.etag}
