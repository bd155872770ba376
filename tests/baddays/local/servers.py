"""PostgreSQL servers that are not well: one refuses, one never answers. Enough of the protocol to be believed.

Not here: a real one (tests/postgres).
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

_SSL_REQUEST = 80877103
_ASK_PASSWORD = b"R" + struct.pack("!II", 8, 3)


@dataclass
class Ill:
    """A server on loopback. `refusal`: its words once it has the password; None: it never says anything.

    `passwords`: what it was given. `guests`: how many came.
    """

    refusal: str | None
    port: int = 0
    passwords: list[str] = field(default_factory=list)
    guests: int = 0

    def serve(self, listener: socket.socket) -> None:
        """Until the listener is closed."""
        kept = []
        while True:
            try:
                guest, _ = listener.accept()
            except OSError:
                break
            self.guests += 1
            kept.append(guest)
            if self.refusal is not None:
                self._refuse(guest, self.refusal)
        for guest in kept:
            guest.close()

    def _refuse(self, guest: socket.socket, words: str) -> None:
        length, code = struct.unpack("!II", _exactly(guest, 8))
        if code == _SSL_REQUEST:
            guest.sendall(b"N")
            length, _ = struct.unpack("!II", _exactly(guest, 8))
        _exactly(guest, length - 8)
        guest.sendall(_ASK_PASSWORD)
        length = struct.unpack("!I", _exactly(guest, 5)[1:])[0]
        self.passwords.append(_exactly(guest, length - 4).rstrip(b"\0").decode())
        body = b"SFATAL\0VFATAL\0C28P01\0M" + words.encode() + b"\0\0"
        guest.sendall(b"E" + struct.pack("!I", len(body) + 4) + body)
        guest.close()


def _exactly(guest: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length:
        part = guest.recv(length - len(found))
        if not part:
            raise EOFError("the guest went away")
        found += part
    return found


@contextlib.contextmanager
def ill(refusal: str | None) -> Iterator[Ill]:
    """Listening while the block runs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Ill(refusal, listener.getsockname()[1])
        thread = threading.Thread(target=server.serve, args=(listener,))
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
