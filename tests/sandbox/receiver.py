"""A loopback address that remembers each POST, as a receiver of notifications.

Not here: what is notified.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any


@dataclass(frozen=True)
class Got:
    """One POST: path with query, headers as they were written, body."""

    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Got], tuple[int, str, str]]
"""From a POST to status, content type and text."""


def _nothing(_got: Got) -> tuple[int, str, str]:
    return 204, "text/plain", ""


class Receiver:
    """`answer` may be replaced; what asked is in `got`."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.answer: Answer = _nothing
        outer = self

        class Handled(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                got = Got(self.path, dict(self.headers.items()), body)
                outer.got.append(got)
                status, kind, text = outer.answer(got)
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                """Nothing on the terminal."""

        self.server = HTTPServer(("127.0.0.1", 0), Handled)
        self.address = f"http://127.0.0.1:{self.server.server_port}/push"


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that listens in a thread of its own."""
    found = Receiver()
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()
