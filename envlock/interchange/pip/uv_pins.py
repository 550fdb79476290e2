"""Packages of a uv.lock as pins: where each is from, as env.toml says it."""

from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from envlock.interchange.pip.beside import beside
from envlock.interchange.pip.pins import ForeignToml, Indexes, asked, git_source, query_of
from envlock.interchange.pip.uv_packages import UvLocked
from envlock.interchange.source import Source
from envlock.model.imported import PinnedPip, Remark


@dataclass
class UvPins:
    """The pins that packages come to; what none can be made of is remarked, once."""

    document: ForeignToml
    source: Source
    indexes: Indexes
    remarks: list[Remark] = field(default_factory=list)
    _known: dict[int, PinnedPip | None] = field(default_factory=dict)

    def of(self, package: UvLocked) -> PinnedPip | None:
        """A pin without groups, extras and Pythons."""
        if id(package) not in self._known:
            self._known[id(package)] = self._tried(package)
        return self._known[id(package)]

    def _tried(self, package: UvLocked) -> PinnedPip | None:
        try:
            return self._pinned(package)
        except ValueError as error:
            line = self.document.line(package.at)
            what = f"{package.name} {package.version}".strip()
            self.remarks.append(Remark(file=self.document.name, what=what, why=str(error), line=line))
            return None

    def _pinned(self, package: UvLocked) -> PinnedPip:
        pin = PinnedPip(name=package.name, version=package.version)
        if package.origin.kind == "registry" and "://" in package.origin.text:
            return replace(pin, index=self.indexes.seen(package.origin.text, package.name), files=package.files)
        source = self._source(package)
        asked(package.name, source)
        named = tuple(replace(file, name=source.rpartition("/")[2]) for file in package.files[:1])
        return replace(pin, source=source, files=() if package.origin.kind in ("git", "directory") else named)

    def _source(self, package: UvLocked) -> str:
        """As after `NAME @`; ValueError where env.toml has no form for it."""
        kind, text = package.origin
        if kind == "git":
            commit = urlsplit(text).fragment
            return git_source(self.indexes.address(text, package.name), commit, query_of(text).get("subdirectory"))
        if package.subdirectory:
            raise ValueError("it is in a folder of an archive, for which env.toml has no form")
        if kind == "url":
            return self.indexes.address(text, package.name)
        if kind == "registry":
            return self._in_folder(package)
        return beside(self.source, text)

    def _in_folder(self, package: UvLocked) -> str:
        """The one file of a folder of wheels."""
        if len(package.files) != 1:
            raise ValueError("several files of it lie in a folder, and env.toml names one: `NAME @ ./FILE.whl`")
        return beside(self.source, f"{package.origin.text.rstrip('/')}/{package.files[0].name}")
