"""requirements.in, line by line: as pip reads it, without what pip would take from this machine."""

import re
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path

from envlock.interchange.addresses import Surroundings
from envlock.interchange.written import Written, refused, text_of

_COMMENT = re.compile(r"(?:^|(?<=\s))#.*$")
_OPTION = re.compile(r"(?P<name>--?[A-Za-z][A-Za-z-]*)(?:\s*=\s*|\s+|$)(?P<value>.*)", re.DOTALL)
_SHORT = re.compile(r"(?P<name>-[recif])(?P<value>[^-\s].*)", re.DOTALL)
_INNER_OPTION = re.compile(r"\s--[a-z]")
_VARIABLE = re.compile(r"\$\{[A-Z0-9_]+\}")
_DEEPEST = 32


class Reading:
    """Files that name one another, each read once; `files` as they are named, be they links."""

    def __init__(self) -> None:
        self.files: list[Path] = []
        self._read: set[tuple[Path, str]] = set()

    def lines(self, path: Path, kind: str = "pip") -> Iterator[Written]:
        """What a file of requirements (or constraints: `kind`) and those that it names say; ValueError where it cannot
        be read."""
        if (path.resolve(), kind) in self._read:
            return
        text = text_of(path)
        self.files += [path] if path not in self.files else []
        self._read.add((path.resolve(), kind))
        for number, line in joined(text):
            for written in self.line(line, path, number):
                yield _limiting(written) if kind == "constraint" and written.file == path else written

    def line(self, text: str, path: Path, number: int) -> Iterator[Written]:
        """What one line says: a requirement, or an option that has an equivalent."""
        if _VARIABLE.search(text):
            yield refused(
                path, number, "environment variables are not filled in here: what is locked would depend on them"
            )
        elif text.startswith("-"):
            yield from self._option(text, path, number)
        elif _INNER_OPTION.search(text):
            yield refused(path, number, _inner(text))
        else:
            yield Written("pip", " ".join(text.split()), path, number)

    def _option(self, text: str, path: Path, number: int) -> Iterator[Written]:
        found = _SHORT.fullmatch(text) or _OPTION.fullmatch(text)
        name = found["name"] if found else text.split(maxsplit=1)[0]
        read = _OPTIONS.get(name)
        if not found or not read:
            yield refused(path, number, _REASONS.get(name, f"the option `{name}` has no equivalent in env.toml"))
            return
        try:
            words = shlex.split(found["value"])
        except ValueError:
            words = []
        if len(words) == 1:
            yield from read(self, words[0], path, number)
        else:
            yield refused(path, number, f"expected one value after `{name}`")

    def nested(self, value: str, path: Path, number: int, kind: str = "pip") -> Iterator[Written]:
        """`-r FILE`: relative to the file that names it."""
        if len(self.files) >= _DEEPEST:
            yield refused(path, number, f"more than {_DEEPEST} files of requirements name one another")
            return
        try:
            if "://" in value:
                raise ValueError("only a file of this repository can be named")
            Surroundings(path.parent).inside(value)
            yield from self.lines(path.parent / value, kind)
        except ValueError as error:
            yield refused(path, number, str(error))

    def limits(self, value: str, path: Path, number: int) -> Iterator[Written]:
        """`-c FILE`."""
        yield from self.nested(value, path, number, "constraint")


def joined(text: str) -> Iterator[tuple[int, str]]:
    """Lines as they are meant, with the number of their first: continued by `\\`, without comments."""
    first, parts = 1, list[str]()
    for number, line in enumerate(text.split("\n"), start=1):
        first = first if parts else number
        comment = line.lstrip().startswith("#")
        parts.append("" if comment else line.removesuffix("\\"))
        if line.endswith("\\") and not comment:
            continue
        whole = _COMMENT.sub("", "".join(parts)).strip()
        parts = []
        if whole:
            yield first, whole
    if parts:
        whole = _COMMENT.sub("", "".join(parts)).strip()
        yield from [(first, whole)] if whole else []


def _inner(text: str) -> str:
    if "--hash" in text:
        return "hashes stand in env.lock: name the file that this one was compiled from"
    return "options after a requirement have no equivalent in env.toml"


def _editable(_reading: Reading, value: str, path: Path, number: int) -> Iterator[Written]:
    if "://" in value:
        yield refused(
            path, number, "only a folder of this repository is installed editable: write `NAME @ git+https://…`"
        )
    else:
        yield Written("editable", value if value.startswith((".", "/")) else f"./{value}", path, number)


def _limiting(written: Written) -> Written:
    """What stands in a file of constraints, where pip asks for nothing; files named by `-r` in one are requirements."""
    if written.kind == "editable":
        return refused(written.file, written.line, "a constraint limits versions: it is no project")
    return written._replace(kind="constraint") if written.kind == "pip" else written


def _index(_reading: Reading, value: str, path: Path, number: int) -> Iterator[Written]:
    yield Written("index", value, path, number)


_OPTIONS: dict[str, Callable[[Reading, str, Path, int], Iterator[Written]]] = {
    "-r": Reading.nested,
    "--requirement": Reading.nested,
    "-c": Reading.limits,
    "--constraint": Reading.limits,
    "-e": _editable,
    "--editable": _editable,
    "-i": _index,
    "--index-url": _index,
    "--extra-index-url": _index,
}
_REASONS = {
    "--pre": "`--pre` has no equivalent in env.toml: ask for the pre-release by its version, such as `x>=2.0a1`",
}
