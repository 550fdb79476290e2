"""poetry.lock, of several releases, taken over with every pin; its files are found on the index by name and hash."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import EnvlockError
from envlock.interchange.foreign import FOREIGN, foreign_of
from envlock.interchange.pip.poetry_packages import limits_of
from envlock.interchange.source import Source
from envlock.lockfile.reader import read_lock
from envlock.model.imported import Imported
from tests.support.index_server import IndexServer, WheelFolders, serve_index
from tests.support.projects import MINOR, Project, Result
from tests.support.tiny_project import NO_PROXY
from tests.support.tiny_wheels import write_wheel

INDEX = "https://index.test/simple/"
SHA256 = "a" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"
END = '[metadata]\nlock-version = "{}"\npython-versions = "{}"\ncontent-hash = "0"\n'


def read(text: str, folder: Path = Path("/nowhere"), **more: Any) -> Imported:
    path = folder / "poetry.lock"
    kind = foreign_of(path, text)
    assert kind == "poetry.lock"
    return FOREIGN[kind].read(Source(path=path, text=text, default_index=INDEX, **more))


def package(name: str, *lines: str, sha256: str = SHA256, version: str = "1.0") -> str:
    files = f'files = [{{file = "{name}-{version}-py3-none-any.whl", hash = "sha256:{sha256}"}}]'
    return "\n".join([f'[[package]]\nname = "{name}"\nversion = "{version}"', *lines, files, ""])


TODAY = "\n".join(
    [
        package("always", 'groups = ["main"]', "optional = false"),
        package("both", 'groups = ["main", "dev"]', 'markers = {main = "sys_platform == \\"win32\\""}'),
        package("fork", 'groups = ["main"]', 'markers = "python_version < \\"3.12\\""', version="1.0"),
        package("fork", 'groups = ["main"]', 'markers = "python_version >= \\"3.12\\""', version="2.0"),
        package("server", 'groups = ["main"]', "optional = true", 'markers = "extra == \\"web\\""'),
        package("tester", 'groups = ["dev"]'),
        '[extras]\nweb = ["server"]\n',
        END.format("2.1", "^3.10"),
    ]
)


def test_groups_extras_and_markers() -> None:
    imported = read(TODAY)
    (pinned,) = imported.pinned
    assert [(p.name, p.version, p.groups, p.marker) for p in pinned.pip] == [
        ("always", "1.0", ("main",), None),
        ("both", "1.0", ("dev",), None),
        ("fork", "1.0", ("main",), "python_full_version < '3.12.0'"),
        ("fork", "2.0", ("main",), "python_full_version >= '3.12.0'"),
        ("server", "1.0", ("web",), None),
        ("tester", "1.0", ("dev",), None),
    ]
    assert (imported.spec.python, pinned.requires_python) == (None, "<4.0,>=3.10")
    assert [remark.what for remark in imported.remarks] == ["python-versions: ^3.10"]
    (windows,) = read(TODAY, platforms=("win-64",), groups=("web",)).pinned
    assert {p.name: p.groups for p in windows.pip} == {n: ("main",) for n in ("always", "both", "fork")} | {
        "server": ("web",)
    }


OLDER = "\n".join(
    [
        package(
            "top", "optional = false", "[package.dependencies]", 'below = "*"', 'old = {version = "*", markers = "M"}'
        )
        .replace("files = ", "[package.x]\nfiles = ")
        .replace("M", "python_version < '3.12'"),
        package("below", "optional = false"),
        package("old", "optional = false"),
        package("loop", "optional = false", "[package.dependencies]", 'pool = "*"').replace(
            "files", "[package.y]\nfiles"
        ),
        package("pool", "optional = false", "[package.dependencies]", 'loop = "*"').replace(
            "files", "[package.z]\nfiles"
        ),
        package("server", "optional = true"),
        '[extras]\nweb = ["server (>=1)"]\n',
        END.format("1.1", "3.11.*"),
        "[metadata.files]",
        *(
            f'{name} = [{{file = "{name}-1.0-py3-none-any.whl", hash = "sha256:{SHA256}"}}]'
            for name in ("top", "below", "old", "loop", "pool", "server")
        ),
    ]
)


def test_older_releases_are_followed_from_what_nothing_needs() -> None:
    imported = read(OLDER)
    (pinned,) = imported.pinned
    assert {p.name: p.groups for p in pinned.pip} == {
        **{name: ("main",) for name in ("top", "below", "old", "loop", "pool")},
        "server": ("web",),
    }
    assert all(p.files[0].sha256 == SHA256 for p in pinned.pip)
    assert imported.spec.python == "3.11"
    assert [remark.what for remark in imported.remarks] == ["groups of packages"]
    (newer,) = read(OLDER.replace('"3.11.*"', '">=3.12"')).pinned
    assert "old" not in {p.name for p in newer.pip}


SOURCES = (
    (
        f'type = "git"\nurl = "git@host.test:a/b.git"\nresolved_reference = "{COMMIT}"',
        f"git+ssh://git@host.test/a/b.git@{COMMIT}",
    ),
    (
        f'type = "git"\nurl = "https://host.test/b.git"\nresolved_reference = "{COMMIT}"\nsubdirectory = "py"',
        f"git+https://host.test/b.git@{COMMIT}#subdirectory=py",
    ),
    ('type = "url"\nurl = "https://host.test/x-1.0-py3-none-any.whl"', "https://host.test/x-1.0-py3-none-any.whl"),
    ('type = "directory"\nurl = "lib/x"', "./lib/x"),
)


@pytest.mark.parametrize(("lines", "source"), SOURCES, ids=[source for _, source in SOURCES])
def test_sources_of_their_own(tmp_path: Path, lines: str, source: str) -> None:
    (tmp_path / "lib/x").mkdir(parents=True)
    text = package("x", 'groups = ["main"]') + f"[package.source]\n{lines}\n" + END.format("2.1", "*")
    imported = read(text, tmp_path)
    assert ([p.source for p in imported.pinned[0].pip], imported.remarks) == ([source], ())


WRONG = (
    (END.format("3.0", "*"), "`metadata.lock-version`: expected version 1 or 2"),
    ("", "`metadata.lock-version`: missing"),
    (package("x", 'markers = "no marker"') + END.format("2.1", "*"), "poetry.lock:4: `package[0].markers`"),
    ("[[package]]\nversion = 1\n" + END.format("2.1", "*"), "poetry.lock:2: `package[0].version`: expected a string"),
)


@pytest.mark.parametrize(("text", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_is_wrong_is_said_with_its_place(text: str, message: str) -> None:
    with pytest.raises(EnvlockError) as caught:
        read(text, Path.cwd())
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("said", "limits"),
    [
        ("^3.9", "<4.0,>=3.9"),
        ("~3.11", "<3.12,>=3.11"),
        ("~3", "<4.0,>=3"),
        (">=3.8 <3.12", "<3.12,>=3.8"),
        ("3.11.*", "==3.11.*"),
        ("~=3.9", "~=3.9"),
        ("*", None),
        ("^3.8 || ^4.0", None),
    ],
)
def test_what_poetry_says_of_pythons(said: str, limits: str | None) -> None:
    assert limits_of(said) == limits


# --- to the end


@dataclass(frozen=True)
class Place:
    index: IndexServer
    cache: Path
    hashes: dict[str, str]

    def imported(self, folder: Path, text: str) -> tuple[Project, Result]:
        folder.mkdir()
        (folder / "poetry.lock").write_text(text)
        project = Project(folder=folder, cache=self.cache, variables=NO_PROXY)
        return project, project.call("import", "poetry.lock", "--base", "scratch", "--python", MINOR, "--name", "poet")

    def package(self, name: str, sha256: str | None = None) -> str:
        """As Poetry writes one that is from another index than the default one: files by name and hash alone."""
        source = f'[package.source]\ntype = "legacy"\nurl = "{self.index.url}"\nreference = "ours"\n'
        return package(name, 'groups = ["main"]', sha256=sha256 or self.hashes[name]) + source


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    root = tmp_path_factory.mktemp("place")
    files = {
        "alpha": write_wheel(root / "wheels", "alpha", requires=["beta"]),
        "beta": write_wheel(root / "wheels", "beta"),
        "dated": write_wheel(root / "wheels", "dated", "2020.6.20"),
    }
    hashes = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    with serve_index(WheelFolders((root / "wheels",))) as index:
        yield Place(index, root / "cache", hashes)


def test_files_are_found_by_name(place: Place, tmp_path: Path) -> None:
    dated = place.package("dated").replace('version = "1.0"', 'version = "2020.06.20"').replace("-1.0-", "-2020.6.20-")
    text = place.package("alpha") + place.package("beta") + dated + END.format("2.1", f"{MINOR}.*")
    project, result = place.imported(tmp_path / "env", text)
    assert (result.code, "not carried over" in result.stderr) == (0, False), result
    lock = read_lock(project.lockfile)
    assert {p.name: p.sha256 for p in lock.platforms[0].pip} == place.hashes
    assert lock.inputs.pip == ("alpha", "dated")
    project.must("install", "--prefix", tmp_path / "prefix")


def test_another_file_on_the_index_is_refused(place: Place, tmp_path: Path) -> None:
    text = place.package("beta", SHA256) + END.format("2.1", f"{MINOR}.*")
    project, result = place.imported(tmp_path / "env", text)
    assert result.code == 2
    assert f"`beta` 1.0: `beta-1.0-py3-none-any.whl` is pinned with sha256 {SHA256}" in result.stderr
    assert not project.manifest.exists()


def test_a_file_that_cannot_be_installed_stands_for_no_other(place: Place, tmp_path: Path) -> None:
    text = place.package("beta").replace(".whl", ".egg") + END.format("2.1", f"{MINOR}.*")
    _, result = place.imported(tmp_path / "env", text)
    assert result.code == 2
    assert "has no `beta-1.0-py3-none-any.egg`" in result.stderr
