"""`save --with-packages`: without network, with an empty cache, the same lock hash and the same image."""

import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.errors import UserInputError
from envlock.workflows.saved_listing import read_listing
from tests.support.built_projects import built, factory
from tests.support.processes import run
from tests.support.projects import MINOR, Project
from tests.support.registry import running_registry
from tests.support.registry_proxy import running_proxy
from tests.support.services import require, require_root
from tests.support.tiny_debian import tiny_debian
from tests.support.tiny_project import NO_PROXY, failure, tiny_project, tree

# no interface in there, not even one to itself
ALONE = ("unshare", "--net", "--")


@pytest.fixture(scope="module")
def conda(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Conda packages and wheels, saved."""
    root = tmp_path_factory.mktemp("conda")
    with tiny_project(root) as project:
        project.must("lock")
        project.must("save", ".", root / "saved", "--with-packages")
        yield project


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A base of Debian's packages, saved."""
    root = tmp_path_factory.mktemp("debian")
    with tiny_debian(root) as project:
        project.must("lock")
        project.must("save", ".", root / "saved", "--with-packages")
        yield project


@pytest.fixture(scope="module")
def based(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Wheels upon a base that a registry has, saved; images of it would go to the registry, too."""
    root = tmp_path_factory.mktemp("based")
    with (
        running_registry(new(root / "registry")) as registry,
        running_proxy(registry.host) as proxy,
        factory(root, proxy, ("alpha", "beta")) as made,
    ):
        project = made.project("tiny", ("alpha", "beta"))
        project.must("save", ".", project.folder.parent.parent / "saved", "--with-packages")
        yield project


def new(folder: Path) -> Path:
    folder.mkdir()
    return folder


def saved_of(project: Project) -> Path:
    return next(folder / "saved" for folder in project.folder.parents if (folder / "saved").is_dir())


def machine(project: Project, folder: Path, root: Path) -> Project:
    """The environment in a folder, on another machine that nothing connects to others."""
    require_root("a network namespace")
    require("unshare", "util-linux")
    return Project(folder=folder, cache=root / "empty-cache").through(*ALONE)


@pytest.mark.parametrize("kind", ["conda", "debian", "based"])
def test_without_network_it_is_the_same_image(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    project: Project = request.getfixturevalue(kind)
    expected = built(project)
    shutil.copytree(saved_of(project), tmp_path / "saved", symlinks=True)
    there = machine(project, tmp_path / "saved", tmp_path)
    assert built(there)["digest"] == expected["digest"]
    (tmp_path / "repository").mkdir()
    run(("git", "init", "--quiet", tmp_path / "repository"))
    loading = replace(there, folder=tmp_path / "repository", cache=tmp_path / "second-cache")
    told = json.loads(loading.must("load", tmp_path / "saved", "--json"))
    assert told["packages"] == ["linux-64"]
    assert told["problems"] == []
    shutil.rmtree(tmp_path / "saved")
    loaded = replace(loading, folder=tmp_path / "repository" / "tiny")
    again = built(loaded)
    assert (again["digest"], again["tags"]) == (expected["digest"], expected["tags"])


@pytest.mark.parametrize("how", ["saved", "loaded"])
def test_without_network_it_is_installed(conda: Project, how: str, tmp_path: Path) -> None:
    there = machine(conda, tmp_path / "saved", tmp_path)
    shutil.copytree(saved_of(conda), tmp_path / "saved")
    if how == "loaded":
        replace(there, folder=tmp_path).must("load", "saved")
        shutil.rmtree(tmp_path / "saved")
        there = replace(there, folder=tmp_path / "tiny")
    assert there.must("run", "--", "tool") == "it works\n"


def test_two_saves_are_equal(conda: Project, debian: Project, based: Project, tmp_path: Path) -> None:
    for project in (conda, debian, based):
        again = replace(project, cache=tmp_path / "other-cache")
        again.must("save", ".", tmp_path / "again", "--with-packages", *["--overwrite"])
        assert tree(tmp_path / "again") == tree(saved_of(project))
        shutil.rmtree(tmp_path / "again")


def test_overwriting_writes_no_package_again_that_is_as_it_was(based: Project, tmp_path: Path) -> None:
    shutil.copytree(saved_of(based), tmp_path / "saved", symlinks=True)
    blobs = sorted((tmp_path / "saved/packages/images/blobs/sha256").iterdir())
    alpha, beta = (tmp_path / f"saved/packages/wheels/{name}-2.0-py3-none-any.whl" for name in ("alpha", "beta"))
    flip(beta)
    before = [place.stat().st_ino for place in (alpha, *blobs)]
    based.must("save", ".", tmp_path / "saved", "--with-packages", "--overwrite")
    assert tree(tmp_path / "saved") == tree(saved_of(based))
    assert [place.stat().st_ino for place in (alpha, *blobs)] == before


def test_pip_installs_from_the_saved_wheels(conda: Project, tmp_path: Path) -> None:
    wheels = saved_of(conda) / "packages/wheels"
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--isolated", "--target")
    for number, words in enumerate((("--index-url", wheels.as_uri()), ("--no-index", "--find-links", wheels))):
        run((*pip, tmp_path / str(number), *words, "alpha"))
        assert {p.name for p in (tmp_path / str(number)).glob("*.py")} == {"alpha.py", "beta.py"}


def test_a_conda_solver_takes_the_saved_channel(conda: Project, tmp_path: Path) -> None:
    """By a new environment that asks for the saved channel, and knows no other."""
    (channel,) = (saved_of(conda) / "packages/conda").iterdir()
    other = Project(folder=tmp_path / "other", cache=tmp_path / "cache")
    other.folder.mkdir()
    other.manifest.write_text(
        f'python = "{MINOR}"\n[conda]\nchannels = ["{channel.as_uri()}"]\ndependencies = ["tool"]\n'
        '[image]\nbase = "scratch"\n'
    )
    other.must("lock")
    expected = {p.name: (p.sha256, p.requires) for p in conda.locked().conda}
    assert {p.name: (p.sha256, p.requires) for p in other.locked().conda} == expected


def test_apt_reads_the_saved_archive(debian: Project, tmp_path: Path) -> None:
    apt = require("apt-get", "apt")
    for name in ("lists/partial", "cache/archives/partial", "etc"):
        (tmp_path / name).mkdir(parents=True)
    archive = saved_of(debian) / "packages/debian/main"
    (tmp_path / "etc/sources.list").write_text(f"deb [trusted=yes] file:{archive} ./\n")
    (tmp_path / "status").write_text("")
    words = (
        *("-o", f"Dir::Etc={tmp_path / 'etc'}", "-o", f"Dir::State::lists={tmp_path / 'lists'}"),
        *("-o", f"Dir::Cache={tmp_path / 'cache'}", "-o", f"Dir::State::status={tmp_path / 'status'}"),
        *("-o", "APT::Architecture=amd64", "-o", "APT::Sandbox::User=root"),
    )
    run((apt, *words, "update"))
    assert "/tool_" in run((apt, *words, "install", "--print-uris", "--yes", "tool"))


TAMPERED = {
    "packages/conda/*/linux-64/repodata.json": "saved",
    "packages/conda/*/linux-64/tool-1.0-0.conda": "locked",
    "packages/wheels/alpha-1.0-py3-none-any.whl": "locked",
    "packages/wheels/alpha/index.html": "saved",
}


@pytest.fixture
def copy(conda: Project, tmp_path: Path) -> Project:
    """The saved folder, to be tampered with, and a place to load it to."""
    shutil.copytree(saved_of(conda), tmp_path / "saved")
    (tmp_path / "here").mkdir()
    return Project(folder=tmp_path / "here", cache=tmp_path / "cache")


def flip(place: Path) -> tuple[str, str]:
    """Changes a byte; the sha256 before and after."""
    before = run(("sha256sum", place)).split()[0]
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.chmod(0o644)
    place.write_bytes(content)
    return before, run(("sha256sum", place)).split()[0]


def refused(project: Project, *lines: str) -> None:
    result = project.call("load", "../saved")
    listed = "".join(f"  {line}\n" for line in lines)
    assert failure(result) == (
        f"error: the folder is not as it was saved\n{listed}hint: get the folder anew from where it was saved\n"
    )
    assert result.code == 3
    assert not [*project.folder.iterdir()]


def test_flipped_bytes_are_named_with_both_hashes(copy: Project, tmp_path: Path) -> None:
    lines = []
    for pattern, word in TAMPERED.items():
        (place,) = (tmp_path / "saved").glob(pattern)
        before, after = flip(place)
        lines.append(f"`{place.relative_to(tmp_path / 'saved')}` has sha256 {after}, {word} {before}")
    refused(copy, *lines)


def test_tampering_with_the_listing_hides_nothing(copy: Project, tmp_path: Path) -> None:
    place = tmp_path / "saved/packages/wheels/alpha-1.0-py3-none-any.whl"
    before, after = flip(place)
    listing = tmp_path / "saved/envlock-saved.json"
    listing.write_text(listing.read_text().replace(before, after))
    refused(copy, f"`packages/wheels/{place.name}` has sha256 {after}, locked {before}")


def test_missing_additional_and_linked_packages_are_named(copy: Project, tmp_path: Path) -> None:
    wheels = tmp_path / "saved/packages/wheels"
    listed = json.loads((tmp_path / "saved/envlock-saved.json").read_text())["files"]
    missing = listed["packages/wheels/alpha-1.0-py3-none-any.whl"].removeprefix("sha256:")
    (wheels / "alpha-1.0-py3-none-any.whl").unlink()
    (wheels / "evil-1.0-py3-none-any.whl").write_bytes(b"evil")
    added = run(("sha256sum", wheels / "evil-1.0-py3-none-any.whl")).split()[0]
    (wheels / "beta-1.0-py3-none-any.whl").rename(tmp_path / "beta")
    (wheels / "beta-1.0-py3-none-any.whl").symlink_to(tmp_path / "beta")
    refused(
        copy,
        f"`packages/wheels/beta-1.0-py3-none-any.whl` is a symbolic link to `{tmp_path / 'beta'}`, which was not saved",
        f"`packages/wheels/alpha-1.0-py3-none-any.whl` is missing: sha256 {missing}",
        f"`packages/wheels/evil-1.0-py3-none-any.whl` was not saved: sha256 {added}",
    )


@pytest.mark.parametrize("path", ["../../outside", "/etc/passwd", "a/../../b", "a\0b", ""])
def test_a_listing_that_leads_out_is_refused(conda: Project, path: str, tmp_path: Path) -> None:
    told = json.loads((saved_of(conda) / "envlock-saved.json").read_text())
    for key in ("files", "environment"):
        changed = {**told, key: {path: f"sha256:{'0' * 64}"} if key == "files" else path}
        (tmp_path / "envlock-saved.json").write_text(json.dumps(changed))
        with pytest.raises(UserInputError, match="does not stay in the folder"):
            read_listing(tmp_path)


def test_a_tampered_package_is_not_installed_or_built_from(copy: Project, tmp_path: Path) -> None:
    before, after = flip(tmp_path / "saved/packages/wheels/alpha-1.0-py3-none-any.whl")
    there = replace(copy, folder=tmp_path / "saved")
    for words in (("--offline", "build"), ("--offline", "install")):
        result = there.call(*words)
        assert result.code == 3
        assert (
            f"`alpha-1.0-py3-none-any.whl` is not what the lock names: sha256 {after}, locked {before}" in result.stderr
        )


def test_a_tampered_package_is_named_where_the_index_has_it(copy: Project, tmp_path: Path) -> None:
    place = "packages/wheels/alpha-1.0-py3-none-any.whl"
    before, after = flip(tmp_path / "saved" / place)
    result = replace(copy, folder=tmp_path / "saved", variables=NO_PROXY).call("install")
    assert result.code == 0, result
    assert (
        f"warning: `{place}` is passed over: `alpha-1.0-py3-none-any.whl` is not what the lock names: "
        f"sha256 {after}, locked {before}\n" in result.stderr
    )


def test_a_tampered_deb_and_base_are_named(debian: Project, based: Project, tmp_path: Path) -> None:
    here = Project(folder=tmp_path / "here", cache=tmp_path / "cache")
    here.folder.mkdir()
    shutil.copytree(saved_of(debian), tmp_path / "saved")
    place = sorted((tmp_path / "saved/packages/debian").rglob("tool_*.deb"))[0]
    before, after = flip(place)
    refused(here, f"`{place.relative_to(tmp_path / 'saved')}` has sha256 {after}, locked {before}")
    shutil.rmtree(tmp_path / "saved")
    shutil.copytree(saved_of(based), tmp_path / "saved")
    blobs = tmp_path / "saved/packages/images/blobs/sha256"
    (layer,) = (blob for blob in blobs.iterdir() if blob.read_bytes().startswith(b"\x1f\x8b"))
    before, after = flip(layer)
    refused(here, f"`packages/images/blobs/sha256/{layer.name}` has sha256 {after}, saved {before}")
    result = replace(here, folder=tmp_path / "saved").call("--offline", "build")
    assert result.code == 3
    assert f"a blob is sha256:{after}, expected sha256:{before}" in result.stderr


def test_skopeo_reads_the_saved_base(based: Project) -> None:
    layout = saved_of(based) / "packages/images"
    told = json.loads(run((require("skopeo", "skopeo"), "inspect", f"oci:{layout}")))
    assert told["Digest"] == based.locked().base.digest


def test_only_the_asked_platform_is_saved(based: Project, tmp_path: Path) -> None:
    refused = based.call("save", ".", tmp_path / "saved", "--with-packages", "--platform", "osx-64")
    assert (refused.code, failure(refused)) == (
        2,
        "error: nothing is locked for `osx-64`\nhint: there is linux-64\n",
    )
    assert not (tmp_path / "saved").exists()
