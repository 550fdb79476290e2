"""pylock.toml and uv.lock taken over with every pin, as the tools that wrote them install them."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker

from envlock.errors import EnvlockError
from envlock.interchange.foreign import FOREIGN, foreign_of
from envlock.interchange.pip.pins import utc_time
from envlock.interchange.pip.pythons import Spans, python_key
from envlock.interchange.source import Source
from envlock.lockfile.reader import read_lock
from envlock.model.digest import lock_hashes
from envlock.model.imported import Imported, Pinned
from envlock.model.platform import PLATFORMS
from tests.support.index_server import IndexServer, WheelFolders, serve_index
from tests.support.processes import run
from tests.support.projects import MINOR, Project, Result
from tests.support.tiny_project import NO_PROXY
from tests.support.tiny_sources import write_project, write_sdist
from tests.support.tiny_wheels import write_wheel

INDEX = "https://index.test/simple/"
SHA256 = "a" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"
NATIVE = ("manylinux_2_17_x86_64.manylinux2014_x86_64", "macosx_11_0_arm64", "win_amd64")
PYPROJECT = """
[project]
name = "acme-train"
version = "0.1"
requires-python = ">=3.10"
dependencies = [
    "alpha[more]>=1",
    "forked==1.0 ; python_version < '3.12'",
    "forked==2.0 ; python_version >= '3.12'",
    "native",
    "winonly ; sys_platform == 'win32'",
    "source",
]
[project.optional-dependencies]
web = ["server>=1", "acme-train[tools]"]
tools = ["tool ; python_version < '3.13'"]
[dependency-groups]
dev = ["tester"]
"""


def read(text: str, *, name: str, folder: Path = Path("/nowhere"), **more: Any) -> Imported:
    """What a text comes to, read as the kind of file that it is."""
    path = folder / name
    kind = foreign_of(path, text)
    assert kind
    return FOREIGN[kind].read(Source(path=path, text=text, default_index=INDEX, **more))


@dataclass(frozen=True)
class Place:
    """A project that uv has locked, in `folder`, from an index over `wheels`."""

    folder: Path
    wheels: Path
    index: IndexServer
    cache: Path

    def uv(self, *arguments: str) -> str:
        return run(("uv", *arguments), folder=self.folder, environment=self.environment())

    def environment(self) -> dict[str, str]:
        return {**Project(folder=self.folder, cache=self.cache).environment(), **NO_PROXY, "UV_NO_CONFIG": "1"}

    def project(self, folder: Path) -> Project:
        return Project(folder=folder, cache=self.cache, variables=NO_PROXY)

    def imported(self, file: Path | str, folder: Path, *more: str) -> Project:
        """What an import into a new folder makes of a file."""
        result = self.tried(file, folder, *more)
        assert result.code == 0, result
        return self.project(folder)

    def tried(self, file: Path | str, folder: Path, *more: str, python: str = MINOR) -> Result:
        folder.mkdir(parents=True)
        options = ("--base", "scratch", "--python", python, *more)
        return self.project(folder).call("import", self.folder / file, *options)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    root = tmp_path_factory.mktemp("place")
    wheels, folder = root / "wheels", root / "project"
    write_wheel(wheels, "alpha", "1.1", requires=["beta", 'gamma ; extra == "more"'], extras=["more"])
    for name in ("beta", "gamma", "winonly", "server", "tool", "tester"):
        write_wheel(wheels, name)
    write_wheel(wheels, "forked", "1.0")
    write_wheel(wheels, "forked", "2.0")
    for tag in NATIVE:
        write_wheel(wheels, "native", tag=f"py3-none-{tag}")
    write_project(root / "source", "source")
    write_sdist(wheels, root / "source", "source")
    folder.mkdir()
    with serve_index(WheelFolders((wheels,))) as index:
        (folder / "pyproject.toml").write_text(PYPROJECT)
        place = Place(folder, wheels, index, root / "cache")
        place.uv("lock", "--quiet", "--default-index", index.url)
        yield place


@pytest.fixture(scope="module")
def from_uv(place: Place, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """uv.lock, imported for two platforms."""
    folder = tmp_path_factory.mktemp("from_uv") / "env"
    return place.imported("uv.lock", folder, "--platform", "linux-64", "--platform", "win-64")


def pins(project: Project, platform: str = "linux-64") -> dict[str, str]:
    locked = read_lock(project.lockfile).platform(platform)
    assert locked
    return {package.name: package.version for package in locked.pip}


def files(project: Project, platform: str = "linux-64") -> dict[str, tuple[str, str]]:
    locked = read_lock(project.lockfile).platform(platform)
    assert locked
    return {package.name: (package.file, package.sha256) for package in locked.pip}


# --- the tools themselves as judges


def test_uv_lock_is_what_uv_installs(place: Place, from_uv: Project, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    place.uv("venv", "--quiet", "--python", MINOR, str(venv))
    exported = tmp_path / "requirements.txt"
    everything = ("--all-extras", "--all-groups", "--no-emit-project", "--no-header")
    exported.write_text(place.uv("export", "--quiet", "--frozen", *everything))
    place.uv("pip", "sync", "--quiet", "--python", str(venv), "--default-index", place.index.url, str(exported))
    listed = json.loads(place.uv("pip", "list", "--format", "json", "--python", str(venv)))
    assert pins(from_uv) == {each["name"]: each["version"] for each in listed}
    from_uv.must("install", "--prefix", tmp_path / "prefix", "--group", "dev", "--group", "web", "--group", "tools")
    assert _installed(tmp_path / "prefix") == _installed(venv)


def _installed(prefix: Path) -> set[str]:
    """The names, with versions, of the distributions in a prefix."""
    return {path.name for path in prefix.glob("lib/python*/site-packages/*.dist-info")}


def test_what_uv_lock_asks_for_stands_in_env_toml(from_uv: Project) -> None:
    locked = read_lock(from_uv.lockfile)
    assert locked.inputs.pip == (
        "alpha[more]>=1",
        'forked==1.0; python_full_version < "3.12"',
        'forked==2.0; python_full_version >= "3.12"',
        "native",
        "source",
        'winonly; sys_platform == "win32"',
    )
    assert {name: wants.pip for name, wants in locked.inputs.groups} == {
        "dev": ("tester",),
        "tools": ('tool; python_full_version < "3.13"',),
        "web": ("server>=1", 'tool; python_full_version < "3.13"'),
    }
    assert from_uv.call("check").code == 0


def test_each_platform_has_its_files(from_uv: Project) -> None:
    assert files(from_uv)["native"][0] == "native-1.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    assert files(from_uv, "win-64")["native"][0] == "native-1.0-py3-none-win_amd64.whl"
    assert set(pins(from_uv, "win-64")) - set(pins(from_uv)) == {"winonly"}
    assert files(from_uv)["source"][0] == "source-1.0.tar.gz"


def test_forks_follow_the_python(place: Place, tmp_path: Path) -> None:
    text = (place.folder / "uv.lock").read_text()
    (pinned,) = read(text, name="uv.lock").pinned
    forked = {each.version: each.marker for each in pinned.pip if each.name == "forked"}
    assert forked == {"1.0": "python_full_version < '3.12.0'", "2.0": "python_full_version >= '3.12.0'"}
    newer, older = (
        place.tried("uv.lock", tmp_path / python, "--group", "web", python=python) for python in ("3.13", "3.11")
    )
    assert (newer.code, older.code) == (0, 0), (newer, older)
    found = [pins(place.project(tmp_path / python)) for python in ("3.13", "3.11")]
    assert [(each["forked"], "tool" in each, "tester" in each) for each in found] == [
        ("2.0", False, False),
        ("1.0", True, False),
    ]


def test_pylock_of_uv_and_back(place: Place, from_uv: Project, tmp_path: Path) -> None:
    """Its own export, imported, is the same set of files; exported by envlock and imported again, the same lock."""
    text = place.uv(
        "export", "--quiet", "--frozen", "--format", "pylock.toml", "--no-emit-project", "--no-default-groups"
    )
    (tmp_path / "pylock.toml").write_text(text)
    first = place.imported(tmp_path / "pylock.toml", tmp_path / "first")
    main = {p.name: (p.file, p.sha256) for p in from_uv.lock().platforms[0].of_groups().pip}
    assert files(first) == main
    (tmp_path / "pylock.again.toml").write_text(first.must("export", "--format", "pylock"))
    again = place.imported(tmp_path / "pylock.again.toml", tmp_path / "again")
    assert lock_hashes(read_lock(again.lockfile)) == lock_hashes(read_lock(first.lockfile))
    assert read_lock(again.lockfile).inputs == read_lock(first.lockfile).inputs


def test_pip_lock(place: Place, tmp_path: Path) -> None:
    lock = tmp_path / "pylock.toml"
    options = ("--quiet", "--no-cache-dir", "--index-url", place.index.url, "--output", str(lock))
    run(
        ("python", "-m", "pip", "lock", *options, "alpha[more]", "native"),
        folder=tmp_path,
        environment=place.environment(),
    )
    project = place.imported(lock, tmp_path / "env")
    assert pins(project) == {"alpha": "1.1", "beta": "1.0", "gamma": "1.0", "native": "1.0"}


# --- completed from the index, or refused by name


def pylock(*packages: str, more: str = "") -> str:
    return "\n".join(['lock-version = "1.0"', 'created-by = "us"', more, *packages])


def package(name: str, fields: str, version: str = "1.0") -> str:
    return f'[[packages]]\nname = "{name}"\nversion = "{version}"\n{fields}\n'


def wheel(url: str, sha256: str = SHA256) -> str:
    return f'wheels = [{{url = "{url}", hashes = {{sha256 = "{sha256}"}}}}]'


def of(name: str) -> str:
    return wheel(f"https://files.test/{name}-1.0-py3-none-any.whl")


def test_what_holds_a_secret_is_looked_up(place: Place, tmp_path: Path) -> None:
    """The address is not taken over, and the index has the file by its name."""
    (sha256,) = {sha for name, (_, sha) in _listed(place).items() if name == "beta-1.0-py3-none-any.whl"}
    text = pylock(
        package(
            "beta",
            f'index = "{place.index.url.replace("://", "://kim:hidden@")}"\n'
            + wheel("https://kim:hidden@files.test/beta-1.0-py3-none-any.whl", sha256),
        )
    )
    (tmp_path / "pylock.toml").write_text(text)
    project = place.imported(tmp_path / "pylock.toml", tmp_path / "env")
    assert files(project)["beta"] == ("beta-1.0-py3-none-any.whl", sha256)
    assert "hidden" not in project.manifest.read_text() + project.lockfile.read_text()


def _listed(place: Place) -> dict[str, tuple[str, str]]:
    """The files that uv.lock has, by name: their URL and sha256."""
    text = (place.folder / "uv.lock").read_text()
    found = re.findall(r'url = "([^"]+/([^"/]+))", hash = "sha256:(\w+)"', text)
    return {name: (url, sha256) for url, name, sha256 in found}


REFUSED = (
    (
        'wheels = [{name = "beta-1.0-py3-none-any.whl", url = "https://kim:x@f.test/", hashes = {sha256 = "SHA"}}]',
        "sha256",
    ),
    (
        'wheels = [{name = "beta-1.0-py3-none-win32.whl", url = "https://f.test/", hashes = {sha256 = "SHA"}}]',
        "no wheel",
    ),
    (
        'wheels = [{name = "beta-1.0-py3-none-win32.whl", url = "https://f.test/", hashes = {md5 = "x"}}]',
        "has no `beta-",
    ),
)


@pytest.mark.parametrize(("fields", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_has_no_file_is_refused_by_name(place: Place, tmp_path: Path, fields: str, message: str) -> None:
    text = pylock(package("beta", f'index = "{place.index.url}"\n{fields}'))
    (tmp_path / "pylock.toml").write_text(text)
    result = place.tried(tmp_path / "pylock.toml", tmp_path / "env")
    assert (result.code, "`beta`" in result.stderr, message in result.stderr) == (2, True, True), result
    assert not (tmp_path / "env/env.toml").exists()


def test_a_wheel_of_another_version_is_refused(place: Place, tmp_path: Path) -> None:
    """It could be installed as what it is not, and no env.lock may name it."""
    text = (place.folder / "uv.lock").read_text()
    (tmp_path / "uv.lock").write_text(text.replace("beta-1.0-py3", "beta-2.0-py3"))
    result = place.tried(tmp_path / "uv.lock", tmp_path / "env")
    assert result.code == 2
    assert "error: `beta` 1.0: `beta-2.0-py3-none-any.whl` is a wheel of beta 2.0" in result.stderr


def test_sources_that_the_python_decides(place: Place, tmp_path: Path) -> None:
    """Of two archives of one name the one that is for the Python there is, whichever comes first."""
    listed = _listed(place)
    archives = (
        (url, sha256, version)
        for name, (url, sha256) in listed.items()
        for version in ("1.0", "2.0")
        if name == f"forked-{version}-py3-none-any.whl"
    )
    limits = {"1.0": ">=", "2.0": "<"}
    text = pylock(
        *(
            package(
                "forked",
                f"marker = \"python_version {limits[version]} '{MINOR}'\"\n"
                f'archive = {{url = "{url}", hashes = {{sha256 = "{sha256}"}}}}',
                version,
            )
            for url, sha256, version in archives
        )
    )
    (tmp_path / "pylock.toml").write_text(text)
    project = place.imported(tmp_path / "pylock.toml", tmp_path / "env")
    assert pins(project) == {"forked": "1.0"}
    assert read_lock(project.lockfile).inputs.pip == (f"forked @ {listed['forked-1.0-py3-none-any.whl'][0]}",)


def test_another_python_is_refused(place: Place, tmp_path: Path) -> None:
    result = place.tried("uv.lock", tmp_path / "env", python="3.9")
    assert result.code == 2
    assert "the packages are pinned for Python >=3.10, and 3.9.0 was found on linux-64" in result.stderr


# --- what is read


def test_groups_of_a_pylock() -> None:
    text = pylock(
        package("always", of("always")),
        package(
            "usual", wheel("https://f.test/usual-1.0-py3-none-any.whl") + "\nmarker = \"'usual' in dependency_groups\""
        ),
        package("web", of("web") + "\nmarker = \"'web' in extras\""),
        package("dev", of("dev") + "\nmarker = \"'dev' in dependency_groups\""),
        more="extras = ['web']\ndependency-groups = ['dev', 'usual']\ndefault-groups = ['usual']\n"
        "requires-python = '==3.11.*'",
    )
    imported = read(text, name="pylock.toml")
    (pinned,) = imported.pinned
    assert {each.name: each.groups for each in pinned.pip} == {
        "always": ("main",),
        "usual": ("main",),
        "web": ("web",),
        "dev": ("dev",),
    }
    assert (imported.spec.python, [name for name, _ in imported.spec.groups]) == ("3.11", ["dev", "web"])
    (fewer,) = read(text, name="pylock.toml", groups=("web",)).pinned
    assert {each.name for each in fewer.pip} == {"always", "usual", "web"}


def test_platforms_are_those_that_the_file_names() -> None:
    named = "environments = [\"sys_platform == 'darwin'\", \"sys_platform == 'win32' and platform_machine == 'AMD64'\"]"
    assert read(pylock("packages = []", more=named), name="pylock.toml").spec.platforms == (
        "osx-64",
        "osx-arm64",
        "win-64",
    )
    assert read(pylock("packages = []"), name="pylock.toml").spec.platforms == ("linux-64",)
    with pytest.raises(EnvlockError, match="is not for `linux-64`"):
        read(pylock("packages = []", more=named), name="pylock.toml", platforms=("linux-64",))


SOURCES = (
    (
        f'vcs = {{type = "git", url = "https://host.test/a/b.git", commit-id = "{COMMIT}"}}',
        f"git+https://host.test/a/b.git@{COMMIT}",
    ),
    (
        f'vcs = {{type = "git", url = "ssh://git@host.test/a/b", commit-id = "{COMMIT}", subdirectory = "python"}}',
        f"git+ssh://git@host.test/a/b@{COMMIT}#subdirectory=python",
    ),
    (
        f'archive = {{url = "https://host.test/x-1.0.tar.gz", hashes = {{sha256 = "{SHA256}"}}}}',
        "https://host.test/x-1.0.tar.gz",
    ),
    ('directory = {path = "lib/x"}', "./lib/x"),
)


@pytest.mark.parametrize(("fields", "source"), SOURCES, ids=[source for _, source in SOURCES])
def test_sources_of_their_own(tmp_path: Path, fields: str, source: str) -> None:
    (tmp_path / "lib/x").mkdir(parents=True)
    imported = read(pylock(package("x", fields)), name="pylock.toml", folder=tmp_path)
    assert [each.source for each in imported.pinned[0].pip] == [source]


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        (
            f'vcs = {{type = "git", url = "https://kim:hidden@h.test/a", commit-id = "{COMMIT}"}}',
            f"git+https://h.test/a@{COMMIT}",
        ),
        (
            f'archive = {{url = "https://kim:hidden@h.test/x-1.0.tar.gz", hashes = {{sha256 = "{SHA256}"}}}}',
            "https://h.test/x-1.0.tar.gz",
        ),
    ],
)
def test_credentials_of_sources_are_taken_out_and_named(fields: str, source: str) -> None:
    imported = read(pylock(package("x", fields)), name="pylock.toml")
    assert [each.source for each in imported.pinned[0].pip] == [source]
    (remark,) = imported.remarks
    assert (remark.what.startswith("x @ https://h.test/"), "credentials" in remark.why) == (True, True)
    assert "hidden" not in repr(imported)


REMARKS = (
    (f'vcs = {{type = "hg", url = "https://host.test/a", commit-id = "{COMMIT}"}}', "envlock knows git alone"),
    ('directory = {path = "lib/gone"}', "`lib/gone` is not there"),
    ('directory = {path = "/home/kim/x"}', "`/home/kim/x` is a path of another machine"),
    (f'directory = {{path = "{"x" * 300}"}}', "xxx` is not there"),
    ('archive = {url = "https://host.test/x.tar.gz?sig=1", hashes = {sha256 = "' + SHA256 + '"}}', "could be a secret"),
    (
        'archive = {url = "https://h.test/x.zip", subdirectory = "y", hashes = {sha256 = "' + SHA256 + '"}}',
        "in a folder",
    ),
)


@pytest.mark.parametrize(("fields", "why"), REMARKS, ids=[why for _, why in REMARKS])
def test_what_has_no_form_is_remarked(fields: str, why: str) -> None:
    imported = read(pylock(package("x", fields)), name="pylock.toml")
    (remark,) = imported.remarks
    assert (remark.what, remark.line, why in remark.why) == ("x 1.0", 4, True), remark
    assert imported.pinned[0].pip == ()


WRONG = (
    ("pylock.toml", 'lock-version = "1.0"\n', "created-by"),
    ("pylock.toml", 'lock-version = "9.0"\ncreated-by = "us"\npackages = []\n', "pylock.toml:1: `lock-version`"),
    ("pylock.toml", pylock(package("X_y", wheel("https://f.test/x"))), "pylock.toml:5: `packages[0].name`"),
    ("pylock.toml", pylock(package("x", "marker = 'no marker'\n" + wheel("https://f.test/x"))), "pylock.toml"),
    ("pylock.toml", "lock-version = ", "pylock.toml: not valid TOML"),
    ("uv.lock", "version = 2\n", "uv.lock:1: `version`: expected version 1"),
    ("uv.lock", "version = 1\n[[package]]\nname = 3\n", "uv.lock:3: `package[0].name`: expected a string"),
    ("uv.lock", "version = 1\nrequires-python = 'new'\n", "uv.lock:2: `requires-python`"),
    (
        "uv.lock",
        "version = 1\n[[package]]\nname = 'x'\nsource = {registry = 'https://i.test/simple'}\n",
        "uv.lock:2: `package[0].version`: missing",
    ),
    (
        "uv.lock",
        "version = 1\n[[package]]\nname = 'x'\nsource = {virtual = '.'}\ndependencies = [{name = 'y', marker = 'z'}]\n",
        "uv.lock:5: `package[0].dependencies[0].marker`: expected a marker",
    ),
)


@pytest.mark.parametrize(("name", "text", "message"), WRONG, ids=[f"{n} {m}" for n, _, m in WRONG])
def test_what_is_wrong_is_said_with_its_place(name: str, text: str, message: str) -> None:
    with pytest.raises(EnvlockError) as caught:
        read(text, name=name, folder=Path.cwd())
    assert message in caught.value.message


def test_a_workspace() -> None:
    """Projects that are not there are asked for by what they require; those that nothing needs are named."""
    text = f"""version = 1
requires-python = "==3.12.*"
[options]
exclude-newer = "2026-01-31T12:00:00+02:00"
[manifest]
members = ["app", "lib", "other"]
overrides = [{{ name = "x", specifier = ">=1" }}]
constraints = [{{ name = "y", specifier = "<2" }}]
[[package]]
name = "app"
version = "1"
source = {{ virtual = "." }}
dependencies = [{{ name = "lib", extra = ["fast"] }}, {{ name = "tool" }}, {{ name = "zip" }}]
[package.metadata]
requires-dist = [
  {{ name = "lib", extras = ["fast"], editable = "lib" }},
  {{ name = "tool", git = "https://kim:hidden@host.test/tool.git?rev=v1" }},
  {{ name = "zip", url = "https://kim:hidden@host.test/zip-1.0.zip" }},
]
[[package]]
name = "lib"
version = "1"
source = {{ editable = "lib" }}
dependencies = [{{ name = "x" }}]
[package.optional-dependencies]
fast = [{{ name = "y" }}]
[package.metadata]
requires-dist = [
  {{ name = "x", specifier = ">=2" }},
  {{ name = "y", marker = "extra == 'fast' and sys_platform == 'linux'" }},
]
[[package]]
name = "other"
version = "1"
source = {{ editable = "other" }}
[[package]]
name = "tool"
version = "3"
source = {{ git = "https://kim:hidden@host.test/tool.git?rev=v1#{COMMIT}" }}
[[package]]
name = "x"
version = "2.5"
source = {{ registry = "{INDEX}" }}
wheels = [{{ url = "https://f.test/x-2.5-py3-none-any.whl", hash = "sha256:{SHA256}" }}]
[[package]]
name = "y"
version = "1.0"
source = {{ registry = "https://kim:hidden@own.acme.test/simple" }}
wheels = [{{ url = "https://own.acme.test/y-1.0-py3-none-any.whl", hash = "sha256:{SHA256}" }}]
[[package]]
name = "zip"
version = "1.0"
source = {{ url = "https://kim:hidden@host.test/zip-1.0.zip" }}
sdist = {{ hash = "sha256:{SHA256}" }}
"""
    imported = read(text, name="uv.lock")
    spec = imported.spec
    assert spec.pip.dependencies == (
        "tool @ git+https://host.test/tool.git@v1",
        "x>=2",
        'y; sys_platform == "linux"',
        "zip @ https://host.test/zip-1.0.zip",
    )
    assert spec.pip.constraints == ("y<2",)
    assert (spec.name, spec.python, spec.lock.exclude_newer) == ("app", "3.12", "2026-01-31T10:00:00Z")
    assert [(i.name, i.url, i.packages) for i in spec.pip.indexes] == [("acme", "https://own.acme.test/simple", ("y",))]
    (pinned,) = imported.pinned
    assert [(p.name, p.source, p.index) for p in pinned.pip] == [
        ("tool", f"git+https://host.test/tool.git@{COMMIT}", None),
        ("x", None, None),
        ("y", None, "https://own.acme.test/simple"),
        ("zip", "https://host.test/zip-1.0.zip", None),
    ]
    said = {remark.what: remark.why for remark in imported.remarks}
    assert "`lib` is not there" in said["lib (editable `lib`)"]
    assert "nothing asks for" in said["other (editable `other`)"]
    assert "overrides" in said
    assert {what for what, why in said.items() if "credentials" in why} == {
        "index https://own.acme.test/simple",
        "tool @ https://host.test/tool.git",
        "zip @ https://host.test/zip-1.0.zip",
    }
    assert "hidden" not in repr(imported)


def test_a_project_that_is_there_is_editable(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "app"\nversion = "1"\ndependencies = ["x>=2"]\n')
    text = """version = 1
requires-python = ">=3.12"
[[package]]
name = "app"
version = "1"
source = { editable = "." }
dependencies = [{ name = "x" }]
[package.metadata]
requires-dist = [{ name = "x", specifier = ">=2" }]
[[package]]
name = "x"
version = "2.5"
source = { registry = "https://index.test/simple" }
"""
    spec = read(text, name="uv.lock", folder=tmp_path).spec
    assert [(p.path, p.name, p.dependencies) for p in spec.pip.editable] == [("./", "app", ("x>=2",))]
    assert spec.pip.dependencies == ()


def test_what_excludes_one_another_is_imported_one_at_a_time(place: Place, tmp_path: Path) -> None:
    """cpu and gpu, each with its own version of one package: a real lock of uv's."""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "acme"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["beta"]\n'
        '[project.optional-dependencies]\ncpu = ["forked==1.0"]\ngpu = ["forked==2.0"]\n'
        '[tool.uv]\nconflicts = [[{ extra = "cpu" }, { extra = "gpu" }]]\n'
    )
    replace(place, folder=tmp_path).uv("lock", "--quiet", "--default-index", place.index.url)
    text = (tmp_path / "uv.lock").read_text()
    neither = read(text, name="uv.lock")
    assert [each.name for each in neither.pinned[0].pip] == ["beta"]
    assert [remark.what for remark in neither.remarks][1:] == ["extra cpu", "extra gpu"]
    for extra, version in (("cpu", "1.0"), ("gpu", "2.0")):
        one = read(text, name="uv.lock", groups=(extra,)).pinned[0]
        assert {each.name: each.version for each in one.pip} == {"beta": "1.0", "forked": version}
    with pytest.raises(EnvlockError, match="exclude one another"):
        read(text, name="uv.lock", groups=("cpu", "gpu"))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T02:00:00+02:00", "2026-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00+14:00", None),
        ("soon", None),
    ],
)
def test_times_are_utc(said: str, kept: str | None) -> None:
    assert utc_time(said) == kept


# --- properties

VERSIONS = st.tuples(st.integers(8, 15), st.integers(0, 12)).map(lambda v: f"3.{v[0]}.{v[1]}")
LIMITS = st.tuples(st.sampled_from(["<", ">=", "==", "!=", "<=", ">"]), VERSIONS).map(
    lambda limit: f"python_full_version {limit[0]} '{limit[1]}'"
)
MINORS = st.tuples(st.sampled_from(["<", ">=", "==", "!=", "<=", ">"]), st.integers(8, 15)).map(
    lambda limit: f"python_version {limit[0]} '3.{limit[1]}'"
)
PLATFORM = st.sampled_from(["sys_platform == 'linux'", "sys_platform == 'win32'", "platform_machine != 'x86_64'"])
MARKERS = st.recursive(
    LIMITS | MINORS | PLATFORM,
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})"),
    max_leaves=4,
)


@given(marker=MARKERS, python=VERSIONS, platform=st.sampled_from(sorted(PLATFORMS)), lowest=VERSIONS)
def test_spans_say_what_markers_say(marker: str, python: str, platform: str, lowest: str) -> None:
    """For any Python, the marker that is kept of a platform holds where the one that was written does."""
    requires = f">={lowest}"
    spans = Spans(PLATFORMS[platform], requires, [marker])
    if tuple(map(int, python.split("."))) < tuple(map(int, lowest.split("."))):
        return
    holding = {each for each in spans.lowest if spans.holds(marker, each)}
    environment = PLATFORMS[platform].markers(python)
    kept = spans.marker(holding)
    said = bool(holding) and (kept is None or Marker(kept).evaluate(environment))
    assert said == Marker(marker).evaluate(environment)


NAMES = ("a", "b", "c", "d", "e")


@st.composite
def uv_locks(draw: st.DrawFn) -> tuple[str, dict[str, list[tuple[str, str | None]]]]:
    """A lock, and of each of its packages what it needs, with the markers."""
    needs: dict[str, list[tuple[str, str | None]]] = {}
    for name in ("root", *NAMES):
        others = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=3))
        needs[name] = [(other, draw(st.none() | MARKERS)) for other in others]
    lines = ["version = 1", 'requires-python = ">=3.8"']
    for name, wanted in needs.items():
        source = 'virtual = "."' if name == "root" else f'registry = "{INDEX}"'
        lines += ["[[package]]", f'name = "{name}"', 'version = "1.0"', f"source = {{ {source} }}", "dependencies = ["]
        lines += [f'  {{ name = "{n}"' + (f', marker = "{m}"' if m else "") + " }," for n, m in wanted]
        lines += ["]"]
    return "\n".join(lines), needs


@given(lock=uv_locks(), python=VERSIONS, platform=st.sampled_from(sorted(PLATFORMS)))
def test_what_is_reached_is_what_is_pinned(
    lock: tuple[str, dict[str, list[tuple[str, str | None]]]], python: str, platform: str
) -> None:
    text, needs = lock
    (pinned,) = read(text, name="uv.lock", platforms=(platform,)).pinned
    environment = PLATFORMS[platform].markers(python)
    waiting, reached = ["root"], set[str]()
    while waiting:
        for name, marker in needs[waiting.pop()]:
            if name not in reached and (marker is None or Marker(marker).evaluate(environment)):
                reached.add(name)
                waiting.append(name)
    assert _applying(pinned, environment) == reached


def _applying(pinned: Pinned, environment: dict[str, str]) -> set[str]:
    return {each.name for each in pinned.pip if each.marker is None or Marker(each.marker).evaluate(environment)}


@given(text=st.text(max_size=200) | uv_locks().map(lambda lock: lock[0]), cut=st.integers(0, 400))
def test_any_text_is_read_or_refused(text: str, cut: int) -> None:
    for name in ("uv.lock", "pylock.toml"):
        with suppress(EnvlockError):
            read(text[:cut], name=name)


@pytest.mark.parametrize(
    ("limits", "python"),
    [
        ("==3.11.*", "3.11"),
        ("==3.11.7", "3.11.7"),
        (">=3.11,<3.12", "3.11"),
        (">=3.10", None),
        ("==3.*", None),
        (None, None),
    ],
)
def test_no_python_is_invented(limits: str | None, python: str | None) -> None:
    assert python_key(limits) == python
