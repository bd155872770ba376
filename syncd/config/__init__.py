"""Reading `syncd.toml` and the environment into frozen Settings, every problem at once.

Any setting can be given by the environment as `SYNCD_SECTION__KEY`, any secret as the name of a file by `KEY_file`.
Not here: the keys (schema), where a key stands in a file (lines), what a wrong one was meant to be (unknown), whether
servers accept it (`check`).
"""

import os
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_origin

import msgspec
from msgspec import Struct
from msgspec.structs import FieldInfo

from syncd.config.kinds import allowed, choices, extra, struct_in
from syncd.config.lines import lines_of, syntax_problem
from syncd.config.schema import Secrets, Settings, Store
from syncd.config.unknown import PREFIX, misspelt_variables, unknown_key
from syncd.errors import ConfigError

__all__ = ["PREFIX", "Settings", "load"]

_LOOPBACK: Final = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?")
_ADDRESS: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>(?:\[[0-9a-fA-F:]+\]|[^\s/?#@:\[\]]+)(?::\d+)?)(?:[/?].*)?"
)
_SQLITE: Final = re.compile(r"(?P<head>sqlite(?:\+\w+)?:///)(?P<file>(?!/|:memory:)[^?]+)(?P<tail>.*)", re.DOTALL)


def load(file: Path, environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of a file, overruled by the environment (the process's own unless given).

    Raises ConfigError with every problem, each `file:line: what, and what is allowed`; no value of a secret is in it.
    """
    given = os.environ if environment is None else environment
    try:
        text = file.read_text(encoding="utf-8-sig")  # some editors put a mark in front
    except FileNotFoundError:
        raise ConfigError(
            [f"{file}: there is no such file: make one with `syncd init`, or name it by --config"]
        ) from None
    except UnicodeDecodeError:
        raise ConfigError([f"{file}: is not UTF-8: save it as plain text in UTF-8"]) from None
    except OSError as exc:
        raise ConfigError([f"{file}: cannot be read ({type(exc).__name__}): check its path and mode"]) from exc
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as exc:
        raise ConfigError([syntax_problem(file.name, str(exc))]) from None
    reader = _Reader(file.name, file.absolute().parent, lines_of(text))
    values = reader.struct(Settings, _with_environment(table, given, reader), ())
    if reader.problems:
        raise ConfigError([what for _, what in sorted(reader.problems)])
    return _rooted(msgspec.convert(values, Settings), reader.folder)


def _rooted(settings: Settings, folder: Path) -> Settings:
    """Relative paths count from the folder of the file."""
    url = _SQLITE.fullmatch(settings.store.url)
    store = settings.store
    if url is not None:
        store = Store(url=f"{url['head']}{folder / url['file']}{url['tail']}")
    return msgspec.structs.replace(
        settings, store=store, secrets=Secrets(key_file=str(folder / settings.secrets.key_file))
    )


@dataclass(slots=True)
class _Reader:
    """Goes through the tables with the schema and collects what is wrong. `sources`: path → variable that gave it."""

    file: str
    folder: Path
    lines: Mapping[tuple[str | int, ...], int]
    sources: dict[tuple[str | int, ...], str] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def struct(self, kind: type[Struct], table: Any, path: tuple[str | int, ...]) -> dict[str, Any]:
        """The values of a table that are right, for msgspec.convert; what is wrong is a problem."""
        if not isinstance(table, Mapping):
            self.problem(path, f"{_shown(path)} must be a table of keys")
            return {}
        known = {slot.encode_name: slot for slot in msgspec.structs.fields(kind)}
        table = self._secrets_from_files(known, dict(table), path)
        for name in table.keys() - known.keys():
            what = "key" if path or not isinstance(table[name], Mapping) else "section"
            self.problem((*path, name), unknown_key(name, known, what=what))
        for name, slot in known.items():
            if slot.required and name not in table:
                self.problem(path, f"{_shown((*path, name))} is missing: {allowed(slot.type)}")
        return {
            name: self._value(slot.type, table[name], (*path, name)) for name, slot in known.items() if name in table
        }

    def problem(self, path: tuple[str | int, ...], what: str) -> None:
        source = next((self.sources[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.sources), None)
        if source is None and path and path not in self.lines:  # a section that only variables know
            source = next((given for key, given in self.sources.items() if key[: len(path)] == path), None)
        line = next((self.lines[path[:n]] for n in range(len(path), -1, -1) if path[:n] in self.lines), 1)
        found = (0, f"{source}: {what}") if source else (line, f"{self.file}:{line}: {what}")
        self.problems.append(found)

    def _value(self, kind: Any, value: Any, path: tuple[str | int, ...]) -> Any:
        inner = struct_in(kind)
        if isinstance(kind, type) and issubclass(kind, Struct):
            return self.struct(kind, value, path)
        if inner is not None:
            if not isinstance(value, Sequence) or isinstance(value, str):
                self.problem(path, f"must be written as [[{'.'.join(map(str, path))}]]")
                return ()
            return [self.struct(inner, row, (*path, number)) for number, row in enumerate(value)]
        try:
            text = path in self.sources or any(path[:n] in self.sources for n in range(len(path)))
            checked = msgspec.convert(_listed(kind, value) if text else value, kind, strict=not text)
        except msgspec.ValidationError:
            quoted = "" if extra(kind, "secret") or not choices(kind) else f" is {value!r}, which"
            self.problem(path, f"{_shown(path)}{quoted} is not allowed: give {allowed(kind)}")
            return value
        self._check_address(kind, checked, path)
        return checked

    def _check_address(self, kind: Any, value: Any, path: tuple[str | int, ...]) -> None:
        """Plain http only where nobody can listen in."""
        rule = extra(kind, "url")
        for address in value if isinstance(value, tuple) else (value,):
            if rule is None or address is None:
                continue
            parts = _ADDRESS.fullmatch(address)
            near = parts is not None and _LOOPBACK.fullmatch(parts["host"]) is not None
            if parts is None or not (near or (rule == "any" and parts["scheme"] == "https")):
                self.problem(path, f"{_shown(path)} is not allowed: give {allowed(kind)}")

    def _secrets_from_files(
        self, known: Mapping[str, FieldInfo], table: dict[str, Any], path: tuple[str | int, ...]
    ) -> dict[str, Any]:
        for name, slot in known.items():
            asked = table.pop(f"{name}_file", None) if extra(slot.type, "secret") else None
            if asked is None:
                continue
            where = (*path, f"{name}_file")
            if name in table and not ({(*path, name), where} & self.sources.keys()):
                self.problem(where, f"{_shown(where)} stands beside {_shown((*path, name))}: give one of them")
                continue
            if where not in self.sources and (*path, name) in self.sources:
                continue  # the environment gives the value itself
            try:
                table[name] = (self.folder / str(asked)).read_text(encoding="utf-8").strip()
                if not table[name]:
                    self.problem(where, f"{_shown(where)} is an empty file: give one with the secret")
            except (OSError, UnicodeDecodeError) as exc:
                self.problem(
                    where, f"{_shown(where)} cannot be read ({type(exc).__name__}): give a file with the secret"
                )
        return table


def _with_environment(table: dict[str, Any], given: Mapping[str, str], reader: _Reader) -> dict[str, Any]:
    """The tables with the variables laid over them; which variable gave a value is noted in the reader."""
    for variable, meant in misspelt_variables(given):
        reader.problems.append((0, f"{variable}: is no setting: did you mean {meant}?"))
    merged = {name: dict(value) if isinstance(value, dict) else value for name, value in table.items()}
    for variable in sorted(given):
        name = variable.removeprefix(PREFIX).lower()
        if not variable.startswith(PREFIX) or ("__" not in name and name != "bridge_id"):
            continue
        path = tuple(name.split("__"))
        reader.sources[path] = variable
        inner: Any = merged
        for part in path[:-1]:
            inner = inner.setdefault(part, {}) if isinstance(inner, dict) else None
        if isinstance(inner, dict):
            inner[path[-1]] = given[variable]
        else:
            reader.problem(path, f"{_shown(path)} cannot be set by a variable: write it into the file")
    return merged


def _shown(path: tuple[str | int, ...]) -> str:
    """A path as a person writes it: `[policy] on_clash`, `[[wix.sites]] instance_id`."""
    names = [part for part in path if isinstance(part, str)]
    if path and isinstance(path[-1], int):
        return f"[[{'.'.join(names)}]]"
    if len(names) < 2:
        return "".join(names)
    brackets = ("[[", "]]") if any(isinstance(part, int) for part in path) else ("[", "]")
    return f"{brackets[0]}{'.'.join(names[:-1])}{brackets[1]} {names[-1]}"


def _listed(kind: Any, value: Any) -> Any:
    """A list in a variable is separated by commas."""
    if get_origin(kind) is tuple and isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value
