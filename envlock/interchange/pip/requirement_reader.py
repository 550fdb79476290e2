"""Files of requirements that name one another, read as pip reads them: what they ask for, and what is left out."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from packaging.requirements import Requirement

from envlock.errors import EnvlockError
from envlock.interchange.addresses import Surroundings
from envlock.interchange.foreign_text import foreign_text
from envlock.interchange.pip.beside import editable_project
from envlock.interchange.pip.index_names import NamedIndexes
from envlock.interchange.pip.pip_requirement import normalized_constraint, normalized_requirement
from envlock.interchange.pip.requirement_lines import joined
from envlock.interchange.pip.requirement_options import why_not
from envlock.interchange.pip.requirement_source import Folder, direct, is_direct, resolved
from envlock.interchange.pip.requirement_words import LOGIN, Words, filled, shown, words_of
from envlock.interchange.source import Source
from envlock.model.imported import Remark
from envlock.model.spec import EditableProject
from envlock.system.secrets import redact
from envlock.system.text_file import display

_MOST_FILES = 100
_LARGEST = 4 << 20  # of each
_CONTROL = re.compile(r"[\0-\x08\x0e-\x1f\x7f]")
_FILLED = "filled in from this machine's environment: env.toml has the value that it has now"
_LIMITED_HASHES = "the hashes of a constraint are not kept: env.lock has those of what is chosen"
_NO_REPOSITORY = "it is outside of the folder of the first file, and no repository is around both: `git init` makes one"
_NOT_EDITABLE = "it is installed, and not checked out to be edited"


class Origin(NamedTuple):
    """Where a line stands: the file (by path or URL), how a remark calls that, and the line's number."""

    path: Path | None
    url: str | None
    shown: str
    line: int = 0
    limits: bool = False  # of constraints


class Asked(NamedTuple):
    """A requirement, normalised, with the hashes (`sha256:HEX`) that it allows."""

    requirement: str
    hashes: tuple[str, ...]
    origin: Origin
    text: str


@dataclass
class RequirementReader:
    """What has been read so far, in order."""

    source: Source
    asked: list[Asked] = field(default_factory=list)
    limits: list[Asked] = field(default_factory=list)
    editable: dict[str, EditableProject] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    indexes: NamedIndexes = field(default_factory=NamedIndexes)
    texts: list[tuple[Origin, str]] = field(default_factory=list)
    _read: set[tuple[str, bool]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.indexes = NamedIndexes(self.source.default_index)

    def text(self, text: str, origin: Origin) -> None:
        """A whole file."""
        self.texts.append((origin, text))
        for number, line in joined(text):
            self.line(line, origin._replace(line=number))

    def line(self, line: str, origin: Origin) -> None:
        """One line, without comments; what of it is not carried over is remarked."""
        try:
            if _CONTROL.search(line):
                raise ValueError("it holds a control character")
            found = filled(line, self.source.environment)
            self._words(words_of(found.text), origin)
        except ValueError as error:
            self.remark(line, str(error), origin)
            return
        if found.login:
            self.remark(line, LOGIN, origin)
        for name in found.variables:
            self.remark(f"${{{name}}}", _FILLED, origin)

    def remark(self, what: str, why: str, origin: Origin) -> None:
        self.remarks.append(Remark(what=shown(what), why=why, file=origin.shown, line=origin.line))

    def _words(self, words: Words, origin: Origin) -> None:
        for name, value in words.options:
            if words.requirement and name == "--hash":
                continue
            read = None if words.requirement else _READERS.get(name)
            why = why_not(name)
            if read:
                self._carefully(read, f"{name} {value}", value, origin)
            elif why:
                self.remark(f"{name} {value}".strip(), why, origin)
        if words.requirement:
            (self._constraint if origin.limits else self._requirement)(words, origin)

    def _carefully(
        self, read: Callable[["RequirementReader", str, Origin], None], what: str, value: str, origin: Origin
    ) -> None:
        try:
            read(self, value, origin)
        except ValueError as error:
            self.remark(what, str(error), origin)

    def _requirement(self, words: Words, origin: Origin) -> None:
        text, hashes = words.requirement, words.values("--hash")
        if is_direct(text):
            requirement, told = direct(text, self._folder(origin))
        else:
            requirement, told = normalized_requirement(text), ()
        hashes = tuple(dict.fromkeys(each.lower() for each in (*hashes, *told)))
        self.asked.append(Asked(requirement, hashes, origin, text))

    def _constraint(self, words: Words, origin: Origin) -> None:
        self.limits.append(Asked(normalized_constraint(words.requirement), (), origin, words.requirement))
        if words.values("--hash"):
            self.remark(words.requirement, _LIMITED_HASHES, origin)

    def _folder(self, origin: Origin) -> Folder:
        return Folder(self.source, origin.path.parent if origin.path else None)

    def nested(self, value: str, origin: Origin) -> None:
        """`-r FILE`: relative to the file that names it, as pip has it."""
        self._file(value, origin._replace(limits=False))

    def nested_limits(self, value: str, origin: Origin) -> None:
        """`-c FILE`."""
        self._file(value, origin._replace(limits=True))

    def _file(self, value: str, origin: Origin) -> None:
        inner = _nested(value, origin)
        key = (inner.url or str(inner.path and resolved(inner.path)), inner.limits)
        if key in self._read:
            return
        if len(self._read) >= _MOST_FILES:
            raise ValueError(f"more than {_MOST_FILES} files name one another")
        self._read.add(key)
        if inner.url:
            text = self.source.fetch(inner.url)
        else:
            assert inner.path
            _require_inside(inner.path, self.source)
            text = _text(inner.path)
        self.text(text, inner)

    def edit(self, value: str, origin: Origin) -> None:
        """`-e`: a folder of the repository; of a git repository what it gives is installed."""
        if origin.limits:
            raise ValueError("a constraint limits versions: it is no project")
        if "+" in value.partition("://")[0] or " @ " in value:
            self._requirement(Words(value, ()), origin)
            self.remark(f"-e {value}", _NOT_EDITABLE, origin)
            return
        path, bracket, extras = value.partition("[")
        path = unquote(urlsplit(path).path) if path.startswith("file:") else path
        folder, _, marker = extras.partition(";") if bracket else path.partition(";")
        if marker:
            raise ValueError("a project that is installed editable is so on every platform: take its marker out")
        path = path if bracket else folder.strip()
        names = tuple(sorted({each.strip() for each in (folder if bracket else "").strip(" ]").split(",")} - {""}))
        there = self._folder(origin).local(path)
        before = self.editable.get(there)
        names = tuple(sorted({*names, *(before.extras if before else ())}))
        self.editable[there] = editable_project(self.source, there, names)

    def index(self, value: str, _origin: Origin) -> None:
        """`--index-url`."""
        self.indexes.main(value)

    def further_index(self, value: str, _origin: Origin) -> None:
        """`--extra-index-url`."""
        self.indexes.further(value)


def read_requirements(source: Source) -> RequirementReader:
    """All that a file of requirements says, and the files that it names; ValueError of a file that is none."""
    if len(source.text) > _LARGEST:
        raise ValueError(f"it is larger than {_LARGEST >> 20} MiB: that is no list of requirements")
    reader = RequirementReader(source)
    reader._read.add((str(source.path.resolve()), False))
    reader.text(source.text, Origin(source.path, None, ""))
    return reader


def merged(asked: list[Asked], reader: RequirementReader) -> list[Asked]:
    """Of what stands there more than once with one marker, one that says all of it."""
    found: dict[tuple[str, str], Asked] = {}
    for each in asked:
        requirement = Requirement(each.requirement)
        key = requirement.name, str(requirement.marker)
        before = found.get(key)
        found[key] = _both(before, each, reader) if before else each
    return list(found.values())


def _both(before: Asked, after: Asked, reader: RequirementReader) -> Asked:
    one, two = Requirement(before.requirement), Requirement(after.requirement)
    if one.url and two.url and one.url != two.url:
        reader.remark(after.text, f"it stands there before as `{before.requirement}`", after.origin)
        return before
    if (one.url or two.url) and (one.specifier or two.specifier):
        without, with_url = (before, after) if two.url else (after, before)
        reader.remark(without.text, f"`{with_url.requirement}` says which it is", without.origin)
    one.url = one.url or two.url
    one.extras |= two.extras
    one.specifier = (one.specifier & two.specifier) if not one.url else type(one.specifier)("")
    hashes = tuple(dict.fromkeys((*before.hashes, *after.hashes)))
    return before._replace(requirement=normalized_requirement(str(one)), hashes=hashes)


def _nested(value: str, origin: Origin) -> Origin:
    if value.startswith("file:") and not origin.url:
        path = Path(unquote(urlsplit(value).path))
        return origin._replace(path=path, url=None, shown=display(path))
    if "://" in value or origin.url:
        url = urljoin(origin.url or "", value)
        return origin._replace(path=None, url=url, shown=redact(url))
    assert origin.path
    path = origin.path.parent / value
    return origin._replace(path=path, url=None, shown=display(path))


def _require_inside(path: Path, source: Source) -> None:
    """ValueError for what is outside of the repository; where there is none, of the folder of the first file."""
    root = Surroundings(source.path.parent).root
    if not resolved(path).is_relative_to(root):
        raise ValueError("it leaves the repository" if (root / ".git").exists() else _NO_REPOSITORY)


def _text(path: Path) -> str:
    """ValueError says why there is none."""
    name = display(path)
    if not path.is_file():
        raise ValueError(f"`{name}` {'is no file' if path.exists() else 'does not exist'}")
    try:
        return foreign_text(path, limit=_LARGEST)
    except EnvlockError as error:
        raise ValueError(error.message) from None


_READERS: dict[str, Callable[[RequirementReader, str, Origin], None]] = {
    "--requirement": RequirementReader.nested,
    "--constraint": RequirementReader.nested_limits,
    "--editable": RequirementReader.edit,
    "--index-url": RequirementReader.index,
    "--extra-index-url": RequirementReader.further_index,
}
