"""Credentials at rest: sealed with the keys of one file, each known by an id, so that keys can be exchanged.

Not here: where sealed credentials lie (store), what is in them (cli composes, adapters use).
"""

import os
import re
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from syncd.errors import ConfigError

_LINE: Final = re.compile(r"([A-Za-z0-9_-]{1,32}):([A-Za-z0-9_-]{43}=)")
_SEALED: Final = re.compile(rb"([A-Za-z0-9_-]{1,32}):(.+)", re.DOTALL)
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class Keys:
    """The keys of one file. The first seals, all of them open."""

    def __init__(self, keys: Mapping[str, str], origin: str) -> None:
        self._ids = tuple(keys)
        self._fernet = MultiFernet([Fernet(key) for key in keys.values()])
        self._origin = origin

    def __repr__(self) -> str:
        return f"Keys({', '.join(self._ids)})"

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the keys, the sealing one first."""
        return self._ids

    def seal(self, content: bytes) -> bytes:
        """The content encrypted and signed, led by the id of the key. Never twice the same."""
        return self._ids[0].encode() + b":" + self._fernet.encrypt(content)

    def open(self, sealed: bytes) -> bytes:
        """The content. Raises ConfigError that names the id of the key it takes, and changes nothing."""
        parts = _SEALED.fullmatch(sealed)
        if parts is None:
            raise ConfigError([f"{self._origin}: the stored credentials are damaged: connect once more"])
        try:
            return self._fernet.decrypt(parts[2])
        except InvalidToken:
            name = parts[1].decode()
            what = "is not the one they were sealed with" if name in self._ids else "is not in the file"
            raise ConfigError(
                [f"{self._origin}: stored credentials need the key {name!r}, which {what}: put that key back"]
            ) from None


def load(file: Path) -> Keys:
    """The keys of a file with one `id:key` a line; blank lines and lines that begin with # do not count.

    Raises ConfigError when it is missing, readable by others than its owner, or holds anything else.
    """
    try:
        with file.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            content = stream.read(65_536)
    except FileNotFoundError:
        raise ConfigError([f"{file}: there is no key file: put it back, or make one with `syncd init`"]) from None
    except OSError as exc:
        raise ConfigError([f"{file}: the key file cannot be read ({type(exc).__name__}): check its owner"]) from exc
    if mode & _OTHERS:
        raise ConfigError([f"{file}: others than its owner may use the key file: run chmod 600 {file}"])
    return Keys(_parsed(content.decode("utf-8", "replace"), file), str(file))


def _parsed(text: str, file: Path) -> Mapping[str, str]:
    keys: dict[str, str] = {}
    problems = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = _LINE.fullmatch(line.strip())
        if parts is None:
            problems.append(f"{file}:{number}: this is no key: give id:key, the key of 44 characters")
        elif parts[1] in keys:
            problems.append(f"{file}:{number}: there is a second key {parts[1]!r}: give each an id of its own")
        else:
            keys[parts[1]] = parts[2]
    if not keys and not problems:
        problems.append(f"{file}: there is no key in the file: put it back, or make one with `syncd init`")
    if problems:
        raise ConfigError(problems)
    return keys


def new_line() -> str:
    """A line for the key file: a random id and a random key."""
    return f"{secrets.token_hex(4)}:{Fernet.generate_key().decode()}"


def write_file(file: Path) -> None:
    """A new key file with one key, for its owner alone. Raises FileExistsError: a key is never overwritten."""
    handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as stream:
        stream.write(new_line() + "\n")
