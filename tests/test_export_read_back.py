"""What is exported, read by the tools that it is for: all that the lock has, and nothing else."""

import json
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.pylock import PackageArchive, PackageDirectory, PackageVcs, Pylock
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, cpython_tags
from pip._internal.network.session import PipSession
from pip._internal.req import parse_requirements

from envlock.interchange.exports.formats import FORMATS
from envlock.model.lock import CondaPackage, PipPackage
from envlock.model.platform import PLATFORMS
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage as CondaPackageFile
from tests.support.export_contents import CHANNELS, LINUX, MAC, contents, export_text, holdable, url
from tests.support.processes import run, run_python
from tests.support.projects import MINOR, manifest_text, new_project

CONDA_LOCK = Path(sysconfig.get_path("scripts"), "conda-lock")
# by conda-lock's own parser: every package, as plain values
_PARSE_LOCK = """
import json, pathlib, sys
from conda_lock.lockfile import parse_conda_lock_file
lock = parse_conda_lock_file(pathlib.Path({path!r}))
packages = [
    [p.manager, p.platform, p.name, p.version, p.url, p.hash.md5, p.hash.sha256, sorted(p.categories)]
    for p in lock.package
]
print(json.dumps([packages, [c.url for c in lock.metadata.channels], lock.metadata.platforms]))
"""
_PARSE_ENVIRONMENT = """
import json, pathlib
from conda_lock.src_parser.environment_yaml import parse_environment_file
pathlib.Path({mapping!r}).write_text("{{}}")
spec = parse_environment_file(pathlib.Path({path!r}), ["linux-64"], mapping_url={mapping!r})
def named(d):
    return d.version if hasattr(d, "version") else d.url if hasattr(d, "url") else d.source + "@" + d.rev
found = [[d.manager, d.name, named(d), getattr(d, "build", None)] for d in spec.dependencies["linux-64"]]
print(json.dumps([found, [str(getattr(c, "url", c)) for c in spec.channels]]))
"""
_READ_PIXI = """
import json
from pathlib import Path
from packaging.requirements import Requirement
from rattler import LockFile
lock = LockFile.from_path(Path({path!r}))
((name, environment),) = lock.environments()
found = []
for platform, packages in environment.packages_by_platform().items():
    for p in packages:
        record = getattr(p, "package_record", None)
        sha256 = p.hashes.sha256.hex() if p.hashes._hashes else None  # its wrapper is there without hashes, too
        needs = sorted(record.depends) if record else sorted(str(Requirement(text)) for text in p.requires_dist)
        noarch = str(record.noarch) if record else None
        found.append([platform.name, type(p).__name__, p.name, str(p.version), p.location, sha256, needs, noarch])
channels = [str(c) for c in environment.channels()]
system = {{p.name: p.virtual_packages for p in lock.platforms()}}
print(json.dumps([name, found, channels, system]))
"""
_READ_EXPLICIT = """
import json
from pathlib import Path
from rattler.explicit_environment.environment import ExplicitEnvironmentSpec
spec = ExplicitEnvironmentSpec.from_path(Path({path!r}))
print(json.dumps([str(spec.platform), [p.url for p in spec.packages]]))
"""


def answer(code: str, **paths: Path) -> Any:
    """What a tool in a process of its own found, as JSON."""
    return json.loads(run_python(code.format(**{name: str(path) for name, path in paths.items()})))


@pytest.fixture
def exported(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A file of the format that the test is about."""
    names = {"conda-lock": "conda-lock.yml", "environment.yml": "environment.yml", "pixi": "pixi.lock"}
    path = tmp_path / names.get(request.param, "exported.txt")
    path.write_text(export_text(request.param), encoding="utf-8")
    return path


def of_format(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("exported", [name], indirect=True, ids=[name])


@of_format("conda-lock")
def test_conda_lock_reads_every_package(exported: Path) -> None:
    found = holdable(contents(groups=("dev",)), FORMATS["conda-lock"].refuses)
    packages, channels, platforms = answer(_PARSE_LOCK, path=exported)
    wanted = [
        [p.kind, locked.platform, p.name, p.version, *_hashed(p, found.md5), ["main" if "main" in p.groups else "dev"]]
        for locked in found.platforms
        for p in locked.prefix_packages
    ]
    assert sorted(packages) == sorted(wanted)
    assert (channels, platforms) == (["forge", CHANNELS["https://conda.acme.test/own"]], [LINUX, MAC])


def _hashed(package: CondaPackage | PipPackage, md5: Any) -> list[str | None]:
    if isinstance(package, CondaPackage):
        return [url(package), md5[package], package.sha256]
    if package.git:
        return [f"git+https://git.test/tools.git@{package.commit}#subdirectory=python", None, package.commit]
    return [url(package), None, package.sha256]


@of_format("conda-lock")
@pytest.mark.parametrize("dev", [True, False])
def test_conda_lock_renders_what_is_explicit(exported: Path, *, dev: bool) -> None:
    flag = "--dev-dependencies" if dev else "--no-dev-dependencies"
    run((CONDA_LOCK, "render", flag, "-k", "explicit", "-k", "env", exported.name), folder=exported.parent)
    found = contents(groups=("dev",) if dev else ())
    for locked in found.platforms:
        explicit = exported.with_name(f"conda-{locked.platform}.lock").read_text().splitlines()
        urls = {line.partition("#") for line in explicit if line.startswith("https:")}
        assert urls == {(found.urls[p], "#", found.md5[p]) for p in locked.conda}
        pip = {line.split()[2] for line in explicit if line.startswith("# pip ")}
        assert pip == {p.name for p in locked.pip if not p.path}
        environment = exported.with_name(f"conda-{locked.platform}.lock.yml").read_text()
        assert all(f"  - {p.name}={p.version}={p.build}\n" in environment for p in locked.conda)


@of_format("explicit")
def test_rattler_reads_an_explicit_file_in_order_of_need(exported: Path) -> None:
    platform, urls = answer(_READ_EXPLICIT, path=exported)
    (locked,) = contents(LINUX, groups=("dev",)).platforms
    assert platform == LINUX
    assert sorted(urls) == sorted(f"{url(p)}#{p.sha256}" for p in locked.conda)
    names = [found.rpartition("/")[2].partition("-")[0] for found in urls]
    assert names.index("python") < min(names.index("numpy"), names.index("acme"), names.index("typing"))


def test_rattler_reads_epochs_and_local_versions_off_urls(tmp_path: Path) -> None:
    """Of packages of a real channel, which are where it says."""
    package = CondaPackageFile(name="x264", version="1!161.3030+b", build="h1_2")
    channel = write_channel(tmp_path / "channel", (package,)).as_uri()
    text = manifest_text(conda=["x264"], channels=[channel]).replace(f'python = "{MINOR}"\n', "")
    project = new_project(tmp_path / "small", text, cache=tmp_path / "cache")
    project.must("lock")
    wanted = f"{channel}/linux-64/x264-1!161.3030+b-h1_2.conda"
    project.must("export", "--format", "pixi", "--output", "pixi.lock")
    _, ((_, _, name, version, place, _, _, _),), _, _ = answer(_READ_PIXI, path=project.folder / "pixi.lock")
    assert (name, version, place) == ("x264", "1!161.3030+b", wanted.removeprefix("file://"))
    project.must("export", "--format", "explicit", "--output", "explicit.txt")
    _, (found,) = answer(_READ_EXPLICIT, path=project.folder / "explicit.txt")
    assert found.partition("#")[0] == wanted
    project.must("export", "--format", "conda-lock", "--output", "conda-lock.yml")
    ((_, _, _, version, place, *_),), _, _ = answer(_PARSE_LOCK, path=project.folder / "conda-lock.yml")
    assert (version, place) == ("1!161.3030+b", wanted)


@of_format("environment.yml")
def test_conda_lock_reads_an_environment_file(exported: Path, tmp_path: Path) -> None:
    # it does not know relative paths, which conda and pip do
    lines = exported.read_text().splitlines(keepends=True)
    exported.write_text("".join(line for line in lines if '- ".' not in line))
    dependencies, channels = answer(_PARSE_ENVIRONMENT, path=exported, mapping=tmp_path / "none.json")
    (locked,) = contents(LINUX, groups=("dev",)).platforms
    conda = [["conda", p.name, p.version, p.build] for p in locked.conda]
    # it adds the pip that is to install the rest
    assert [d for d in dependencies if d[0] == "conda" and d[1] != "pip"] == conda
    pip = {d[1]: d[2] for d in dependencies if d[0] == "pip"}
    held = {p.name: p for p in locked.pip if not p.path}
    assert pip.keys() == held.keys()
    assert {name: value for name, value in pip.items() if value.startswith("==")} == {
        p.name: f"=={p.version}" for p in held.values() if p.index == "pypi"
    }
    assert pip["acme-lib"] == url(held["acme-lib"])
    assert channels == ["forge", "https://conda.acme.test/own"]


@of_format("pixi")
def test_rattler_reads_every_package_of_a_pixi_lock(exported: Path) -> None:
    name, found, channels, system = answer(_READ_PIXI, path=exported)
    made = contents(groups=("dev",))
    wanted = [
        [locked.platform, _CLASSES[p.kind], p.name, p.version, _location(p), p.sha256 or None, _needs(p)]
        for locked in made.platforms
        for p in locked.prefix_packages
    ]
    assert sorted(row[:7] for row in found) == sorted(wanted)
    assert {row[2]: row[7] for row in found if row[0] == MAC and row[4].startswith("https://conda.test/forge/no")} == {
        "tz-data": 'NoArchType("generic")',
        "typing": 'NoArchType("python")',
    }
    assert (name, channels) == ("default", list(CHANNELS.values()))
    assert system[MAC] == ["__unix=0", "__osx=13.0", "__archspec=1=m1"]


_CLASSES = {"conda": "CondaLockedBinaryPackage", "pip": "PypiLockedPackage"}


def _needs(package: CondaPackage | PipPackage) -> list[str]:
    """Match specs as they stand, requirements spelled in one way."""
    conda = isinstance(package, CondaPackage)
    return sorted(text if conda else str(Requirement(text)) for text in package.requires)


def _location(package: CondaPackage | PipPackage) -> str:
    if isinstance(package, CondaPackage):
        return url(package)
    if package.git:
        rev = package.commit
        return f"git+https://git.test/tools.git?rev={rev}&subdirectory=python#{rev}"
    return package.path or url(package)


@of_format("requirements")
def test_pip_reads_requirements(exported: Path) -> None:
    read = list(parse_requirements(str(exported), session=PipSession()))
    hashes = sorted(value for each in read for value in (each.options or {}).get("hashes", {}).get("sha256", []))
    held = {p for c in contents(groups=("dev",)).platforms for p in c.pip if p.sha256}
    assert hashes == sorted(p.sha256 for p in held)


@pytest.mark.parametrize("platform", [LINUX, MAC])
def test_a_pylock_selects_what_is_locked(platform: str) -> None:
    pylock = Pylock.from_dict(tomllib.loads(export_text("pylock")))
    environment: Any = PLATFORMS[platform].markers("3.11.9")
    chosen = pylock.select(environment=environment, tags=_tags(platform))
    wanted = contents(platform, groups=("dev",)).platforms[0].pip
    assert sorted(_chosen(str(p.name), source) for p, source in chosen) == sorted(
        (p.name, p.sha256 or p.commit or p.path) for p in wanted
    )


def _tags(platform: str) -> list[Tag]:
    platforms = PLATFORMS[platform].wheel_platforms(PLATFORMS[platform].system)
    own = cpython_tags((3, 11), platforms=platforms)
    return [*own, *compatible_tags((3, 11), interpreter="cp311", platforms=platforms)]


def _chosen(name: str, source: Any) -> tuple[str, str | None]:
    match source:
        case PackageVcs(commit_id=commit):
            return name, commit
        case PackageDirectory(path=path):
            return name, path
        case PackageArchive(hashes=hashes):
            return name, str(hashes["sha256"])
    return name, source.hashes["sha256"]
