"""What simple commands of a shell script would answer, as far as that is known without running them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from posixpath import basename, dirname

# in place of text that nobody knows; no script has this character
UNKNOWN = "\0"
_FOLDERS = ("/usr/sbin", "/usr/bin", "/usr/local/bin")
# there as far as scripts are concerned, as somebody does its work
_PLAYED = frozenset({"update-alternatives"})
_TRIPLES = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
# files that only a version before would have left
_LEFT_OVER = (".dpkg-bak", ".dpkg-old", ".dpkg-new", ".dpkg-dist", ".dpkg-tmp", ".dpkg-remove", ".dpkg-backup")
_MOST_TERMS = 200


@dataclass(frozen=True, slots=True)
class Place:
    """What stands at a path: `link` by itself, the rest where links lead to."""

    link: bool = False
    folder: bool = False
    file: bool = False
    executable: bool = False
    filled: bool = False

    @property
    def exists(self) -> bool:
        return self.folder or self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Whose script is read, and where it would run; `place` is None where nobody knows the files."""

    package: str
    script: str = "postinst"
    architecture: str | None = None
    place: Callable[[str], Place | None] | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """What dpkg hands to its scripts."""
        return {
            "DPKG_MAINTSCRIPT_PACKAGE": self.package,
            "DPKG_MAINTSCRIPT_NAME": self.script,
            "DPKG_MAINTSCRIPT_ARCH": self.architecture or UNKNOWN,
            "DPKG_ROOT": "",
            "DPKG_ADMINDIR": "/var/lib/dpkg",
        }

    def look(self, path: str) -> Place | None:
        if path.startswith("/") and basename(path) in _PLAYED:
            return Place(file=True, executable=True, filled=True)
        if path.endswith(_LEFT_OVER):
            return Place()
        return self.place(path) if self.place and path and UNKNOWN not in path else None

    def program(self, name: str) -> str | None:
        """Where a program is, "" for nowhere; None where nobody knows."""
        paths = [name] if "/" in name else [f"{folder}/{name}" for folder in _FOLDERS]
        places = [(path, self.look(path)) for path in paths]
        if found := next((path for path, place in places if place and place.executable), None):
            return found
        return "" if all(place for _, place in places) else None

    def output(self, words: Sequence[str]) -> str | None:
        """What a command prints, without the end of the line; None where nobody knows."""
        if UNKNOWN in "".join(words):
            return None
        reader = _OUTPUTS.get(basename(words[0]) if words else "")
        return reader(self, words[1:]) if reader else None


def status(words: Sequence[str], known: Known) -> bool | None:
    """Whether a command succeeds; None where nobody knows."""
    reader = _STATUS.get(words[0])
    return reader(known, words[1:]) if reader else None


def _tested(known: Known, words: Sequence[str]) -> bool | None:
    if len(words) > _MOST_TERMS:
        return None
    return _either(known, [word for word in words if word not in {"]", "(", ")"}])


def _either(known: Known, words: list[str]) -> bool | None:
    """`a -o b`, by what `a` and `b` are."""
    return _any(_both(known, part) for part in _parts(words, "-o"))


def _both(known: Known, words: list[str]) -> bool | None:
    met = _any(_not(_one(known, part)) for part in _parts(words, "-a"))
    return _not(met)


def _any(results: Iterable[bool | None]) -> bool | None:
    found = list(results)
    return True if True in found else None if None in found else False


def _not(result: bool | None) -> bool | None:
    return None if result is None else not result


def _parts(words: list[str], operator: str) -> list[list[str]]:
    """The words between an operator, which is one only behind something that it can join."""
    parts: list[list[str]] = [[]]
    for word in words:
        if word == operator and parts[-1] and parts[-1] != ["!"]:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts


def _one(known: Known, words: list[str]) -> bool | None:
    if words[:1] == ["!"]:
        return _not(_one(known, words[1:]))
    match words:
        case []:
            return False
        case [text]:
            return True if text.strip(UNKNOWN) else None if text else False
        case [operator, text]:
            reader = _UNARY.get(operator)
            return reader(known, text) if reader else None
        case [one, operator, other]:
            return _compared(one, operator, other)
    return None


def _compared(one: str, operator: str, other: str) -> bool | None:
    if UNKNOWN in one or UNKNOWN in other:
        return None
    if operator in {"=", "==", "!="}:
        return (one == other) == (operator != "!=")
    try:
        first, second = int(one), int(other)
    except ValueError:
        return None
    order = {"-eq": first == second, "-ne": first != second, "-lt": first < second}
    return {**order, "-le": first <= second, "-gt": first > second, "-ge": first >= second}.get(operator)


def _text(known: Known, text: str) -> bool | None:  # noqa: ARG001 - as all readers are called
    return True if text.strip(UNKNOWN) else None if text else False


def _file(attribute: str) -> Callable[[Known, str], bool | None]:
    def read(known: Known, path: str) -> bool | None:
        if not path:
            return False
        place = known.look(path)
        return getattr(place, attribute) if place else None

    return read


_UNARY: Mapping[str, Callable[[Known, str], bool | None]] = {
    "-n": _text,
    "-z": lambda known, text: _not(_text(known, text)),
    "-e": _file("exists"),
    "-r": _file("exists"),
    "-w": _file("exists"),
    "-f": _file("file"),
    "-d": _file("folder"),
    "-x": lambda known, path: _not(_any([_not(_file("exists")(known, path)), _not(_executable(known, path))])),
    "-s": _file("filled"),
    "-L": _file("link"),
    "-h": _file("link"),
}


def _executable(known: Known, path: str) -> bool | None:
    place = known.look(path)
    return place.executable or place.folder if place else None


def _compared_versions(known: Known, words: Sequence[str]) -> bool | None:  # noqa: ARG001
    """`dpkg --compare-versions "$2" lt 1.2`: nothing was installed before."""
    match words:
        case ["--compare-versions", "", operator, other] if other and UNKNOWN not in other:
            return {
                **dict.fromkeys(("lt", "le", "ne", "<", "<<", "<=", "gt-nl", "ge-nl"), True),
                **dict.fromkeys(("gt", "ge", "eq", ">", ">>", ">=", "lt-nl", "le-nl"), False),
            }.get(operator)
    return None


def _located(known: Known, words: Sequence[str]) -> bool | None:
    names = [word for word in words if not word.startswith("-")]
    return None if len(names) != 1 or (found := known.program(names[0])) is None else bool(found)


def _location(known: Known, words: Sequence[str]) -> str | None:
    names = [word for word in words if not word.startswith("-")]
    return known.program(names[0]) if len(names) == 1 else None


def _asked_of_dpkg(known: Known, words: Sequence[str]) -> str | None:
    return known.architecture if list(words) == ["--print-architecture"] else None


def _diverted(known: Known, words: Sequence[str]) -> str | None:  # noqa: ARG001
    """On a new root nothing is diverted."""
    match words:
        case ["--truename", path]:
            return path
        case ["--listpackage" | "--list", *_]:
            return ""
    return None


_STATUS: Mapping[str, Callable[[Known, Sequence[str]], bool | None]] = {
    "[": _tested,
    "test": _tested,
    "true": lambda *_: True,
    ":": lambda *_: True,
    "false": lambda *_: False,
    "dpkg": _compared_versions,
    "which": _located,
    "type": _located,
    "command": _located,
    # what somebody who administrates the machine may have said before: on a new one nobody has
    "dpkg-statoverride": lambda _, words: False if "--list" in words else None,
}
_OUTPUTS: Mapping[str, Callable[[Known, Sequence[str]], str | None]] = {
    "dpkg": _asked_of_dpkg,
    "dpkg-architecture": lambda known, words: (
        _TRIPLES.get(known.architecture or "") if "".join(words) == "-qDEB_HOST_MULTIARCH" else None
    ),
    "dpkg-divert": _diverted,
    "which": _location,
    "command": _location,
    **dict.fromkeys(("[", "test", ":", "true"), lambda *_: ""),
    "mktemp": lambda *_: f"/tmp/{UNKNOWN}",
    "tempfile": lambda *_: f"/tmp/{UNKNOWN}",
    "echo": lambda _, words: " ".join(words) if words[:1] not in (["-n"], ["-e"], ["-E"]) else None,
    "basename": lambda _, words: basename(words[0]) if len(words) == 1 else None,
    "dirname": lambda _, words: dirname(words[0]) if len(words) == 1 else None,
}
