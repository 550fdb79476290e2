"""`@EXPLICIT`: the URLs and hashes of one platform's conda packages, and conda-lock's `# pip` lines for the rest."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import unquote

from envlock.errors import UserInputError
from envlock.interchange.conda.conda_pins import (
    Channels,
    NoPackage,
    chosen_platforms,
    file_url,
    for_subdirs,
    md5_of,
    refuse_twice,
    sha256_of,
    unhashed,
)
from envlock.interchange.pip.pip_pins import Distribution, Indexes, pip_pin
from envlock.interchange.source import Source
from envlock.model.imported import Imported, Pinned, PinnedConda, PinnedPip, Remark
from envlock.model.spec import MAIN, CondaSpec, EnvSpec
from envlock.system.secrets import redact
from envlock.system.text_file import display

_PLATFORM = re.compile(r"#\s*platform:\s*(\S+)\s*")
_PIP = re.compile(r"# pip (?P<name>\S+) @ (?P<url>\S+?)(?:#sha256=(?P<own>\w+)|\s+--hash=sha256:(?P<sha256>\w+))?\s*")


def is_one(_path: Path, text: str) -> bool:
    return "@EXPLICIT" in (line.strip() for line in text.split("\n"))


def read(source: Source) -> Imported:
    """Every package of the one platform; UserInputError names file and line."""
    found = _Lines(source)
    for number, line in enumerate(source.text.split("\n"), start=1):
        try:
            found.add(line.strip(), number)
        except ValueError as error:
            raise UserInputError(f"{display(source.path)}:{number}: {error}") from None
    return found.imported()


@dataclass(slots=True)
class _Lines:
    """What the lines so far came to: `begun` by `@EXPLICIT`."""

    source: Source
    begun: bool = False
    platform: str = ""
    conda: list[PinnedConda] = field(default_factory=list)
    pip: list[PinnedPip] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    channels: Channels = field(init=False)
    indexes: Indexes = field(init=False)

    def __post_init__(self) -> None:
        self.channels = Channels(self.source.path.parent)
        self.indexes = Indexes((), self.source.default_index)

    def add(self, line: str, number: int) -> None:
        if stated := _PLATFORM.fullmatch(line):
            self.platform = stated[1]
        elif pip := _PIP.fullmatch(line):
            self._distribution(pip, number)
        elif line == "@EXPLICIT":
            self.begun = True
        elif line and not line.startswith("#"):
            self._package(line, number)

    def _package(self, line: str, number: int) -> None:
        if not self.begun:
            raise ValueError("expected `@EXPLICIT` before the first URL")
        url, _, stated = line.partition("#")
        try:
            found = self.channels.package(file_url(url, self.channels.folder), line=number)
        except NoPackage as error:
            self.remarks.append(Remark(what=redact(url), why=str(error), line=number))
            return
        kind, _, value = stated.rpartition(":")
        sha256 = kind == "sha256" or (not kind and len(value) == 64)
        self.conda.append(replace(found, sha256=sha256_of(value)) if sha256 else replace(found, md5=md5_of(value)))

    def _distribution(self, found: re.Match[str], number: int) -> None:
        sha256 = found["own"] or found["sha256"]
        place = found["url"]
        try:
            package = Distribution(
                name=found["name"],
                version=_version(place),
                place=place,
                sha256=None if place.startswith("git+") else sha256_of(sha256),
                groups=(MAIN,),
                line=number,
            )
            self.pip.append(pip_pin(package, self.indexes))
        except ValueError as error:
            self.remarks.append(Remark(what=f"# pip {found['name']}", why=str(error), line=number))

    def imported(self) -> Imported:
        (platform, *others), unknown = chosen_platforms([self._platform()], self.source)
        assert not others
        packages = tuple(for_subdirs(sorted(self.conda, key=lambda p: p.name), platform))
        refuse_twice(packages, platform)
        names = self.channels.names
        pinned = Pinned(platform=platform, conda=packages, pip=tuple(sorted(self.pip, key=lambda p: p.name)))
        return Imported(
            spec=EnvSpec(name="", platforms=(platform,), conda=CondaSpec(channels=names) if names else CondaSpec()),
            remarks=(*unknown, *self.channels.remarks, *self.indexes.remarks, *self.remarks, *unhashed([pinned])),
            pinned=(pinned,),
        )

    def _platform(self) -> str:
        """As a comment says, else the only one that packages are of, else the one that was asked for."""
        if self.platform:
            return self.platform
        found = {package.subdir for package in self.conda} - {"noarch"}
        named = sorted(found or self.source.platforms)
        if len(named) != 1:
            raise ValueError("it does not say which platform it is for: say so by `--platform`")
        return named[0]


def _version(url: str) -> str:
    """The version that the name of a wheel tells; "" where it tells none."""
    file = unquote(url.partition("#")[0].rpartition("/")[2])
    return file.split("-")[1] if file.endswith(".whl") and file.count("-") >= 4 else _sdist_version(file)


def _sdist_version(file: str) -> str:
    stem = file.removesuffix(".tar.gz").removesuffix(".zip")
    return stem.rpartition("-")[2] if stem != file and "-" in stem else ""
