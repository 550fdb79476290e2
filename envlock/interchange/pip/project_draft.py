"""What is taken over from the tables of a pyproject.toml, as it comes together."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.interchange.group_names import group_named
from envlock.interchange.pip.index_names import NamedIndexes
from envlock.interchange.pip.pins import ForeignToml
from envlock.interchange.pip.pip_requirement import normalized_constraint, normalized_requirement
from envlock.interchange.pip.requirement_source import Folder, direct, is_direct
from envlock.interchange.pip.requirement_words import LOGIN, shown, without_logins
from envlock.interchange.source import Source
from envlock.model.imported import Remark
from envlock.model.spec import MAIN, EditableProject
from envlock.model.toml_lines import KeyPath


@dataclass
class Draft:
    """`wants` are requirements by group, in the order in which they stand; `moved` gives packages their own source."""

    document: ForeignToml
    source: Source
    wants: dict[str, list[str]] = field(default_factory=lambda: {MAIN: []})
    constraints: list[str] = field(default_factory=list)
    editable: dict[str, EditableProject] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    indexes: NamedIndexes = field(default_factory=NamedIndexes)
    moved: dict[str, Callable[[Requirement], Iterator[str]]] = field(default_factory=dict)
    exclude_newer: str | None = None
    used: set[object] = field(default_factory=set)  # indexes that are for what names them alone
    channels: list[str] = field(default_factory=list)
    platforms: list[str] = field(default_factory=list)
    conda: dict[tuple[str, str], list[str]] = field(default_factory=dict)  # by group and platform
    pip: dict[str, list[str]] = field(default_factory=dict)  # by platform

    @property
    def raw(self) -> dict[str, Any]:
        return self.document.root.raw

    def remark(self, path: KeyPath, what: str, why: str) -> None:
        remark = Remark(what=shown(what), why=why, line=self.document.line(path))
        self.remarks += [] if remark in self.remarks else [remark]

    def table(self, *path: str) -> dict[str, Any]:
        """The table at a path, empty where there is none."""
        found: Any = self.raw
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else {}

    def texts(self, path: KeyPath, value: Any) -> Iterator[tuple[KeyPath, str]]:
        """The strings of an array; what is something else is remarked."""
        if value is None:
            return
        for number, item in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(item, str):
                yield (*path, number), item
            else:
                self.remark((*path, number), str(item), "expected a string")

    def need(self, text: str, path: KeyPath, group: str = MAIN) -> None:
        """A requirement of a group; remarked where it has no form."""
        try:
            clean, login = without_logins(text)
            found = self._normalized(clean)
            requirement = Requirement(found)
            move = self.moved.get(requirement.name)
            self.wants.setdefault(group, []).extend(move(requirement) if move and not requirement.url else [found])
        except ValueError as error:
            self.remark(path, text, str(error))
            return
        if login:
            self.remark(path, text, LOGIN)

    def _normalized(self, text: str) -> str:
        if is_direct(text):
            return direct(text, Folder(self.source, self.source.path.parent))[0]
        return normalized_requirement(text)

    def limit(self, text: str, path: KeyPath) -> None:
        """A constraint."""
        try:
            self.constraints.append(normalized_constraint(text))
        except ValueError as error:
            self.remark(path, text, str(error))

    def group(self, text: str, path: KeyPath) -> str | None:
        """A group by the name that it has in env.toml; None of one that was not asked for, or can have none."""
        try:
            name = group_named(str(canonicalize_name(text)))
        except ValueError as error:
            self.remark(path, text, str(error))
            return None
        asked = {canonicalize_name(each) for each in self.source.groups}
        if asked and canonicalize_name(text) not in asked:
            return None
        self.wants.setdefault(name, [])
        return name

    def index(self, url: Any, path: KeyPath, *, name: str | None = None, default: bool = False) -> str | None:
        """An index; None where it has no form. Its URL is given back in one spelling."""
        if not isinstance(url, str):
            self.remark(path, str(url), "expected the address of an index")
            return None
        clean, login = without_logins(url)
        try:
            found = self.indexes.main(clean, name) if default else self.indexes.further(clean, name)
        except ValueError as error:
            self.remark(path, url, str(error))
            return None
        if login:
            self.remark(path, clean, LOGIN)
        return found
