"""env.lock as lines that diff well: what was asked, image, bases, and one line for a package of several platforms.

Nothing is hidden: what has no words in a line is in the digest at its end, so that a package rebuilt under the same
version is another line. Read by patterns instead of a TOML parser: git asks for two of these at each commit of a log.
"""

import hashlib
import re
from collections.abc import Iterator
from typing import NamedTuple

_SHOWN = 8  # digits of a digest
_COMMIT = 12
# as the writer has it, whose module would take longer to load than all else here
_HEAD = "# Made by `envlock lock`. Do not edit: change env.toml and lock again.\nlock-version = 1\n"
_STRING = r'"(?:[^"\\\n]|\\.)*"'
_KEY = rf"(?:[A-Za-z0-9_-]+|{_STRING})"
_PAIR = re.compile(rf"({_KEY}) = (?:\[\n((?:    {_STRING},\n)+)\]|(\[\]|{_STRING}|[0-9]+|true|false))\n")
_TABLE = re.compile(rf"(\[\[?)({_KEY}(?:\.{_KEY})*)\]\]?\n((?:{_PAIR.pattern})*)")
_STRINGS = re.compile(_STRING)
_PART = re.compile(_KEY)
_KINDS = ("debian", "conda", "pip")


class _Line(NamedTuple):
    """What is said of some platforms alike; lines are in this order."""

    name: str
    kind: int
    words: str


def lock_lines(text: str) -> str | None:
    """The lines of a lock, each with its line end; None of what is not exactly in the form of `writer`."""
    if not text.startswith(_HEAD):
        return None
    settings: list[str] = []
    bases: dict[str, list[str]] = {}
    packages: dict[_Line, list[tuple[str, str]]] = {}
    for table in text.removeprefix(_HEAD).removeprefix("\n").split("\n\n"):
        found = _TABLE.fullmatch(f"{table.rstrip(chr(10))}\n")
        if not found:
            return None
        path, fields = _parts(found[2]), _fields(found[3])
        if path[0] != "platform":
            settings += _settings(path, fields, array=found[1] == "[[")
        elif found[1] == "[[" and path[-1] in _KINDS:
            packages.setdefault(_package(path[-1], fields), []).append((path[1], found[3]))
        else:
            for words in _base(path[2:], fields):
                bases.setdefault(words, []).append(path[1])
    parts = (settings, _on_platforms(bases), [_shown(line, packages[line]) for line in sorted(packages)])
    return "\n".join("".join(f"{line}\n" for line in part) for part in parts if part)


def _parts(header: str) -> tuple[str, ...]:
    return tuple(map(_bare, _PART.findall(header)))


def _fields(text: str) -> dict[str, tuple[str, ...]]:
    """The values by key: several of an array, one of all else."""
    found = {}
    for key, items, single in _PAIR.findall(text):
        values = _STRINGS.findall(items) if items else [single]
        found[_bare(key)] = tuple(map(_bare, values))
    return found


def _bare(value: str) -> str:
    """Without its quotes; other escapes stay, so that a line stays one."""
    return value[1:-1].replace('\\"', '"') if value.startswith('"') else value


def _settings(path: tuple[str, ...], fields: dict[str, tuple[str, ...]], *, array: bool) -> Iterator[str]:
    of = (next(iter(fields.values()), ()) if array else ()) or ()
    for key, values in fields.items():
        yield from (" ".join((*path, *of, key, value)) for value in values)


def _base(path: tuple[str, ...], fields: dict[str, tuple[str, ...]]) -> Iterator[str]:
    for key, values in fields.items():
        yield from (" ".join((*path, key, value)) for value in values)
    if not fields:
        yield "nothing"  # is wanted there, and that is locked


def _on_platforms(bases: dict[str, list[str]]) -> list[str]:
    return [f"{words}  {', '.join(platforms)}" for words, platforms in bases.items()]


def _package(kind: str, fields: dict[str, tuple[str, ...]]) -> _Line:
    def first(key: str) -> str:
        return fields.get(key, ("",))[0]

    commit = f"@{first('commit')[:_COMMIT]}" if "commit" in fields else ""
    places = [first(key) for key in ("channel", "index", "url", "path", "git") if key in fields]
    place = places[0] if places else f"debian {first('archive')}".rstrip()
    words = [f"{first('version')}  {place}{commit}"]
    words += ["to be built"] if "builds" in fields else []
    words += [f"of {', '.join(fields['groups'])}"] if "groups" in fields else []
    return _Line(first("name"), _KINDS.index(kind), "  ".join(words))


def _shown(line: _Line, locked: list[tuple[str, str]]) -> str:
    digest = hashlib.sha256("\0".join(part for each in sorted(locked) for part in each).encode()).hexdigest()
    platforms = ", ".join(dict.fromkeys(platform for platform, _ in locked))
    return f"{line.name} {line.words}  {platforms}  #{digest[:_SHOWN]}"
