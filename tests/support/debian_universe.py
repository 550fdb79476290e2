"""Indexes of Debian archives as tests want them: real ones, or as they are written down; and who judges a choice."""

import hashlib
import lzma
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from debian.deb822 import Packages, PkgRelation
from debian.debian_support import NativeVersion

from envlock.debian.release import IndexFile
from envlock.model.lock import DebianPackage
from tests.support.cache import AMBIENT, cache_folder, made_once, recipe_key
from tests.support.debian_archive import Archive, archive
from tests.support.debian_packages import SUITE, SUITES
from tests.support.processes import CommandError, run
from tests.support.services import require

_SETTINGS = """\
Dir "{folder}"; Dir::State "{folder}/state"; Dir::State::status "{folder}/status"; Dir::Cache "{folder}/cache";
Dir::Etc "{folder}"; Dir::Etc::parts "/dev/null"; Dir::Etc::sourceparts "/dev/null"; Dir::Log "{folder}";
Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "{architecture}"; APT::Architectures {{ "{architecture}"; }};
APT::Sandbox::User "root"; APT::Install-Recommends "false"; APT::Get::Always-Include-Phased-Updates "true";
Acquire::Languages "none"; Debug::NoLocking "true";
"""
_RELATIONS = {"<<": (-1,), "<=": (-1, 0), "=": (0,), ">=": (0, 1), ">>": (1,)}

Stanza = Mapping[str, str]


def index_file(path: Path, suite: str = SUITE, architecture: str = "amd64") -> IndexFile:
    """A file as an index of a suite."""
    return IndexFile(
        archive="security" if suite.endswith("-security") else "main",
        suite=suite,
        component="main",
        architecture=architecture,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        path=path,
    )


def written_index(folder: Path, packages: Iterable[Stanza], suite: str = SUITE) -> IndexFile:
    """An index of packages of which only what matters is stated: "Package", and what is not as usual."""
    path = folder / suite / "Packages"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(map(_stanza, packages)))
    return index_file(path, suite)


def _stanza(fields: Stanza) -> str:
    name, version = fields["Package"], fields.get("Version", "1.0")
    usual = {
        "Version": version,
        "Architecture": "amd64",
        "Filename": f"pool/main/{name[0]}/{name}/{name}_{version.replace(':', '')}_amd64.deb",
        "Size": "1000",
        "SHA256": hashlib.sha256(repr(sorted(fields.items())).encode()).hexdigest(),
    }
    return "".join(f"{key}: {value}\n" for key, value in {"Package": name, **usual, **fields}.items())


def indexes_of(made: Archive, architecture: str = "amd64") -> tuple[IndexFile, ...]:
    """The indexes of a test archive, compressed as a mirror has them."""
    path = f"main/binary-{architecture}/Packages.xz"
    return tuple(index_file(made.release(suite) / path, suite, architecture) for suite in SUITES)


@cache
def real_indexes() -> tuple[IndexFile, ...]:
    """All of Debian as this machine's apt knows it, where it does; else what is in the shared test archive."""
    whole = _lists_of_apt()
    if len(whole) < len(SUITES):
        return indexes_of(archive())
    key = recipe_key(*(whole[suite] for suite in SUITES))
    folder = made_once(f"debian-indexes-{key}", lambda target: _unpack(whole, target))
    return tuple(index_file(folder / suite, suite) for suite in SUITES)


def _lists_of_apt() -> dict[str, Path]:
    line = "$(RELEASE)|$(ORIGIN)|$(COMPONENT)|$(ARCHITECTURE)|$(FILENAME)"
    try:
        targets = run(("apt-get", "indextargets", "--format", line, "Created-By: Packages")).splitlines()
    except (CommandError, OSError):
        return {}
    found = (target.split("|", 4) for target in targets)
    return {
        suite: Path(path)
        for suite, origin, component, architecture, path in found
        if suite in SUITES and (origin, component, architecture) == ("Debian", "main", "amd64") and Path(path).exists()
    }


def _unpack(lists: Mapping[str, Path], folder: Path) -> None:
    for suite in SUITES:
        text = run(("/usr/lib/apt/apt-helper", "cat-file", lists[suite]), environment={**AMBIENT, "LC_ALL": "C.UTF-8"})
        (folder / suite).write_text(text)


@dataclass(frozen=True)
class Apt:
    """Apt in folders of its own, which knows these indexes and has nothing installed."""

    folder: Path

    def choice(self, names: Sequence[str]) -> dict[str, str] | None:
        """Name and version of all that it would install; None where it says that this cannot be."""
        try:
            printed = self._run("install", "--simulate", "--no-install-recommends", *names)
        except CommandError:
            return None
        words = (line.split() for line in printed.splitlines() if line.startswith("Inst "))
        return {name.partition(":")[0]: version.lstrip("(") for _, name, version, *_ in words}

    def _run(self, *words: str) -> str:
        settings = {"APT_CONFIG": str(self.folder / "apt.conf"), "LC_ALL": "C"}
        return run((require("apt-get", "apt"), "-qq", *words), environment={**os.environ, **settings})

    def update(self) -> None:
        self._run("update")


def apt_of(folder: Path, files: Sequence[IndexFile]) -> Apt:
    """The judge of these indexes, given to it as an archive on disk that nobody signed."""
    for part in ("state/lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "apt.conf").write_text(_SETTINGS.format(folder=folder, architecture=files[0].architecture))
    lines = [f"deb [trusted=yes] file:{folder}/archive {file.suite} {file.component}\n" for file in files]
    (folder / "sources.list").write_text("".join(lines))
    for file in files:
        _place(folder / "archive/dists" / file.suite, file)
    apt = Apt(folder)
    apt.update()
    return apt


def _place(folder: Path, file: IndexFile) -> None:
    packed = file.path.read_bytes()
    data = lzma.decompress(packed) if file.path.suffix == ".xz" else packed
    name = f"{file.component}/binary-{file.architecture}/Packages"
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_bytes(data)
    (folder / "Release").write_text(
        f"Suite: {file.suite}\nCodename: {file.suite}\nArchitectures: {file.architecture}\nComponents: main\n"
        f"Date: Sat, 07 Jun 2025 09:30:00 UTC\n"
        f"SHA256:\n {hashlib.sha256(data).hexdigest()} {len(data)} {name}\n"
    )


def stanzas(file: IndexFile) -> Iterable[Packages]:
    """The entries of an index as python-debian reads them."""
    with file.path.open("rb") as stream:
        yield from Packages.iter_paragraphs(stream, use_apt_pkg=False)


def wrong(packages: Iterable[DebianPackage], roots: Iterable[str]) -> list[str]:
    """What does not hold of a choice, found with python-debian's reading of relations, and none of ours."""
    chosen = {package.name: package for package in packages}
    found = [f"env.toml: {root}" for root in roots if not _is_met(root, chosen.values())]
    for package in chosen.values():
        found += [f"{package.name}: {item}" for item in package.requires if not _is_met(item, chosen.values())]
        others = [other for other in chosen.values() if other is not package]
        found += [f"{package.name} refuses {item}" for item in package.conflicts if _is_met(item, others)]
    return found


def _is_met(item: str, packages: Iterable[DebianPackage]) -> bool:
    ((*alternatives,),) = _parsed(item)
    return any(_meets(package, relation) for relation in alternatives for package in packages)


@cache
def _parsed(text: str) -> "list[list[PkgRelation.ParsedRelation]]":
    return PkgRelation.parse_relations(text)


def _meets(package: DebianPackage, relation: "PkgRelation.ParsedRelation") -> bool:
    if relation["archqual"] not in (None, "any", "native", "amd64", package.architecture):
        return False
    names = {package.name: package.version}
    for item in package.provides:
        (((provided),),) = _parsed(item)
        names.setdefault(provided["name"], (provided["version"] or ("", ""))[1])
    asked = relation["version"]
    if relation["name"] not in names or not asked:
        return relation["name"] in names
    ours, theirs = names[relation["name"]], NativeVersion(asked[1])
    order = (NativeVersion(ours) > theirs) - (NativeVersion(ours) < theirs) if ours else None
    return order in _RELATIONS[asked[0]]


def index_cache_folder() -> Path:
    """Where tests keep what they know of real indexes: it is made once a machine."""
    return cache_folder() / "debian-index-cache"
