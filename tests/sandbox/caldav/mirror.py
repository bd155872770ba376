"""A careful client that keeps a copy of one calendar, as reference/caldav.md (0, 2, 3) says that one should.

Not here: the product. What this client needs from a server is all that any client may count on.
"""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from tests.sandbox.caldav.site import DATA, Answer, Row, Site, answer, multiget, propfind, sync

_REFUSED = {400, 403, 409, 410, 412, 418, 501}
_TRIES = 6


@dataclass
class Mirror:
    """The calendar at `path` on `host`; `texts` and `etags` by file name are what it knows of it."""

    dav: Site
    host: str
    path: str
    texts: dict[str, str] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    """Listed and never shown."""
    token: str = ""

    @classmethod
    def found(cls, dav: Site) -> "Mirror":
        """The first calendar with events, by discovery."""
        (root,) = _asked(dav, "/", "D:current-user-principal").rows
        (person,) = _asked(dav, root.props["D:current-user-principal"], "C:calendar-home-set", "D:displayname").rows
        home = person.props["C:calendar-home-set"]
        host = next((name for name, url in dav.state.urls.items() if home.startswith(url)), "entry")
        kinds = ("D:resourcetype", "C:supported-calendar-component-set", "D:displayname")
        rows = answer(_sent(dav, "PROPFIND", urlsplit(home).path, propfind(*kinds), host, depth="1")).rows
        path = next(urlsplit(row.href).path for row in rows if "C:calendar" in row.props["D:resourcetype"].split())
        return cls(dav, host, path)

    def send(self, method: str, name: str = "", body: str = "", **headers: str) -> httpx.Response:
        return _sent(self.dav, method, self.path + name, body, self.host, **headers)

    def create(self, name: str, text: str) -> None:
        assert self.send("PUT", name, text, if_none_match="*").status_code == 201

    def update(self, name: str, text: str) -> bool:
        """Whether it was still as this client knows it."""
        reply = self.send("PUT", name, text, if_match=self.etags[name])
        assert reply.status_code in (204, 412), reply.status_code
        return reply.status_code == 204

    def delete(self, name: str) -> None:
        assert self.send("DELETE", name, if_match=self.etags[name]).status_code in (200, 204, 404, 412)

    def poll(self) -> None:
        """Changes since the token, or everything where there is none or it is refused."""
        reply = self.send("REPORT", body=sync(self.token))
        if reply.status_code in _REFUSED:
            self.audit()
            return
        etags, gone, self.token = self._pages(answer(reply))
        self._take(etags, gone)

    def audit(self) -> None:
        """Everything: what is not listed is gone, whatever a token said."""
        reply = self.send("REPORT", body=sync())
        if reply.status_code in _REFUSED:
            told = answer(self.send("PROPFIND", body=propfind("D:getetag", "D:resourcetype"), depth="1"))
            etags = {row.name: row.props["D:getetag"] for row in told.rows if row.name}
        else:
            etags, _, self.token = self._pages(answer(reply))
        self._take(etags, set(self.texts) - set(etags))

    def _pages(self, told: Answer) -> tuple[dict[str, str], set[str], str]:
        etags: dict[str, str] = {}
        gone: set[str] = set()
        while True:
            for row in told.rows:
                if row.status == 404:
                    gone.add(row.name)
                    etags.pop(row.name, None)
                elif row.name and row.status is None:
                    etags[row.name] = row.props["D:getetag"]
                    gone.discard(row.name)
            if all(row.status != 507 for row in told.rows):
                return etags, gone, told.token
            told = answer(self.send("REPORT", body=sync(told.token)))

    def _take(self, etags: dict[str, str], gone: set[str]) -> None:
        for name in gone:
            self.texts.pop(name, None)
            self.etags.pop(name, None)
        wanted = [name for name, etag in etags.items() if self.etags.get(name) != etag]
        rows = self._bodies(wanted)
        for name in wanted:
            row = rows.get(name) or self._bodies([name]).get(name)
            if row is None:
                self.lost.add(name)
                continue
            self.texts[name], self.etags[name] = row.props[DATA], row.props["D:getetag"]

    def _bodies(self, names: list[str]) -> dict[str, Row]:
        hrefs = [self.path + name for name in names]
        reply = self.send("REPORT", body=multiget(*hrefs)) if hrefs else None
        if reply is None or reply.status_code == 404:
            return {}
        return {row.name: row for row in answer(reply).rows if DATA in row.props}


def _asked(dav: Site, path: str, *names: str) -> Answer:
    return answer(_sent(dav, "PROPFIND", path, propfind(*names), "entry", depth="0"))


def _sent(dav: Site, method: str, path: str, body: str, host: str, **headers: str) -> httpx.Response:
    """Sent again while the server is too busy."""
    for _ in range(_TRIES):
        reply = dav.call(method, path, body.encode(), host=host, **headers)
        if reply.status_code not in (429, 503):
            return reply
    raise AssertionError("the server stays busy")
