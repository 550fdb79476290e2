"""Packages and base images whose files try to leave the folder they are unpacked into: refused by whole commands."""

import shutil
import tarfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from envlock.oci.index import IndexEntry
from tests.support.conda_channel import rattler_index, write_channel
from tests.support.conda_package import CondaPackage, PackageFile, compressed_tar
from tests.support.layered_images import add_image, add_layer, file, hard_link, new_layout
from tests.support.tiny_project import PYTHON, TOOL, TinyProject, failure, tiny_project
from tests.support.tiny_wheels import write_wheel

# stands in names for a folder outside of everything, given by its absolute path
OUTSIDE = "OUTSIDE"
FILE = "tool-1.0-0.conda"
WHEEL = "alpha-1.0-py3-none-any.whl"
REFUSED = f"error: the conda package `{FILE}` is refused: "
NOT_BOTH = "hint: the two cannot be in one environment\n"


@dataclass(frozen=True)
class Evil:
    """A package by the names of its files and the targets of its links, and the words it is refused in."""

    words: str
    files: tuple[str, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    python: bool = False
    commands: tuple[str, ...] = ()


CONDA = {
    "parent folder": Evil(REFUSED + "`../../prey` leaves its folder by `..`\n", ("../../prey",)),
    "parent folder, of a noarch package": Evil(
        REFUSED + "`lib/python3.11/site-packages/../../../../../prey` leaves its folder by `..`\n",
        ("site-packages/../../../../../prey",),
        python=True,
    ),
    "absolute": Evil(REFUSED + "`OUTSIDE/prey` is absolute\n", ("OUTSIDE/prey",)),
    "command": Evil(
        REFUSED + "`bin/../../prey` leaves its folder by `..`\n", python=True, commands=("../../prey = tool:main",)
    ),
    "through its own link": Evil(
        f"error: `share/door` is a file of `conda:tool` and a folder of `conda:tool`\n{NOT_BOTH}",
        ("share/door/prey",),
        {"share/door": OUTSIDE},
    ),
    "through the link of another": Evil(
        f"error: `share/shared` is a file of `conda:door` and a folder of `conda:tool`\n{NOT_BOTH}",
        ("share/shared/prey",),
    ),
}
WHEELS = {
    "parent folder": Evil("the name '../../../../prey' leaves its folder by `..`", ("../../../../prey",)),
    "absolute": Evil("the name 'OUTSIDE/prey' is absolute", ("OUTSIDE/prey",)),
    "through its own link": Evil("`door` is a symbolic link", ("door/prey",), {"door": OUTSIDE}),
}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[TinyProject]:
    with tiny_project(tmp_path / "tiny") as made:
        yield made


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "canary").write_text("alive")
    return folder


def serve_conda(project: TinyProject, outside: Path, evil: Evil) -> None:
    """A channel with the evil `tool`, and with `door`, which has a link to the outside."""
    shutil.rmtree(project.channel)
    files = {name.replace(OUTSIDE, str(outside)): PackageFile(content=b"caught") for name in evil.files}
    links = {name: PackageFile(link=target.replace(OUTSIDE, str(outside))) for name, target in evil.links.items()}
    tool = CondaPackage(
        name="tool",
        depends=("python", "door"),
        files={**links, **files},
        noarch="python" if evil.python else None,
        entry_points=evil.commands,
    )
    door = CondaPackage(name="door", files={"share/shared": PackageFile(link=str(outside))})
    write_channel(project.channel, (PYTHON, tool, door))


def refused(project: TinyProject, outside: Path, words: str) -> None:
    """`install` and `build` refuse, in these words, and nothing is written anywhere but for good."""
    project.must("lock")
    for command in ("install", "build"):
        result = project.call(command)
        assert (result.code, failure(result)) == (3, words.replace(OUTSIDE, str(outside))), command
    assert [path.name for path in outside.iterdir()] == ["canary"]
    assert (outside / "canary").read_text() == "alive"
    assert not list(outside.parent.rglob("prey"))
    assert not list((project.cache / "prefixes").iterdir())


@pytest.mark.parametrize("evil", CONDA.values(), ids=CONDA)
def test_conda_packages(project: TinyProject, outside: Path, evil: Evil) -> None:
    serve_conda(project, outside, evil)
    refused(project, outside, evil.words)


@pytest.mark.parametrize("evil", WHEELS.values(), ids=WHEELS)
def test_wheels(project: TinyProject, outside: Path, evil: Evil) -> None:
    bad = {name.replace(OUTSIDE, str(outside)): b"caught" for name in evil.files}
    links = {name: target.replace(OUTSIDE, str(outside)) for name, target in evil.links.items()}
    write_wheel(project.wheels, "alpha", requires=["beta"], bad=bad, links=links)
    refused(project, outside, f"error: the wheel `{WHEEL}` is refused: {evil.words}\n")


def test_a_linker_that_finds_what_is_named(project: TinyProject, outside: Path) -> None:
    """A name that leads from the linker's cache to a file and from the prefix to another place copied that file."""
    (project.cache / "bait").mkdir(parents=True)
    (project.cache / "bait" / "file").write_text("caught")
    serve_conda(project, outside, Evil("", ("../../bait/file",)))
    refused(project, outside, f"{REFUSED}`../../bait/file` leaves its folder by `..`\n")
    assert [str(path.relative_to(project.cache)) for path in project.cache.rglob("bait/*")] == ["bait/file"]


def rewritten(package: Path, order: Sequence[str], parts: Mapping[str, bytes]) -> None:
    """A `.conda` file with its parts in another order, some of them others, or more of them."""
    with zipfile.ZipFile(package) as archive:
        content = {name: archive.read(name) for name in archive.namelist()} | dict(parts)
    with zipfile.ZipFile(package, "w", zipfile.ZIP_STORED) as archive:
        for name in ("metadata.json", *order):
            archive.writestr(name, content[name])


LYING = {"info/paths.json": PackageFile(content=b'{"paths": [{"_path": "../../prey", "path_type": "hardlink"}]}')}
PKG, INFO, MORE = f"pkg-{TOOL.stem}.tar.zst", f"info-{TOOL.stem}.tar.zst", "pkg-more.tar.zst"
TWICE = {
    "three parts": ((PKG, INFO, MORE), MORE, f"its parts are {INFO}, {MORE}, {PKG}"),
    "among the files": ((INFO, PKG), PKG, "it has `info/paths.json` twice"),
}


@pytest.mark.parametrize(("order", "part", "words"), TWICE.values(), ids=TWICE)
def test_a_second_list_of_files(project: TinyProject, order: Sequence[str], part: str, words: str) -> None:
    """The first would be looked at, and the last be linked."""
    files = {name: entry for name, entry in TOOL.files.items() if isinstance(entry, PackageFile)}
    package = project.served("tool")
    rewritten(package, order, {part: compressed_tar({**files, **LYING})})
    index_again(project.channel)
    project.must("lock")
    for command in ("install", "build"):
        result = project.call(command)
        assert (result.code, failure(result)) == (3, f"{REFUSED}{words}\n"), command


LAYERS = {
    "parent folder": (file("../prey"), "names `../prey`, which is outside of the image"),
    "absolute": (file("/prey"), "names `/prey`, which is outside of the image"),
    "hard link": (hard_link("door", "../prey"), "names `../prey`, which is outside of the image"),
}


@pytest.mark.parametrize(("member", "words"), LAYERS.values(), ids=LAYERS)
def test_base_layers(project: TinyProject, member: tuple[tarfile.TarInfo, bytes], words: str) -> None:
    layout = new_layout(project.folder / "base")
    layer = add_layer(layout, member)
    layout.write_index([IndexEntry(descriptor=add_image(layout, [layer]))])
    project.write(base="oci:base")
    result = project.call("lock")
    assert (result.code, failure(result)) == (3, f"error: layer `{layer.digest}` {words}\n")
    assert not project.lockfile.exists()
    assert not list(project.folder.parent.rglob("prey"))


def index_again(channel: Path) -> None:
    """The channel's index for packages that are no longer what they were."""
    shutil.rmtree(channel / "noarch")
    (channel / "linux-64" / "repodata.json").unlink()
    rattler_index(channel)
