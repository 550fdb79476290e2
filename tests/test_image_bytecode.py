"""`bytecode = true`: the same pyc whoever compiles, in the layer of their package, and Python believes them."""

import importlib.util
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.environments.bytecode import Module, compile_modules, packed_files
from envlock.environments.interpreter import Interpreter
from envlock.errors import OutsideError
from envlock.model.files import Inline
from tests.support.cache import AMBIENT
from tests.support.index_server import IndexServer, WheelFolders, serve_index
from tests.support.oci_contents import image_members, layer_blobs
from tests.support.projects import Project, new_project
from tests.support.tiny_wheels import write_wheel

SITE = "opt/env/lib/python3.11/site-packages"
# what differs from run to run in Python's own order and in what objects share
SOURCE = b"""
NAMES = {"alpha", "beta", "gamma", "delta", "epsilon"}
def chosen(name):
    return name in {"alpha", "beta", "gamma", "delta", "epsilon", "zeta"} and (1, "alpha", b"x", 2.5, None)
class Thing:
    alpha = "alpha"
    def beta(self): return [f"{self.alpha!r:>{10}}" for _ in range(3)]
"""
SOURCES = {
    "thing.py": SOURCE,
    "broken.py": b"def (",
    "zeros.py": b"\0",
    "empty.py": b"",
    "latin.py": b"# coding: latin-1\nA = '\xe4'\n",
}


def pythons() -> list[Path]:
    """The CPythons of this machine, from 3.8 on, by their versions."""
    home = Path(AMBIENT.get("PYENV_ROOT") or Path(AMBIENT.get("HOME", "/"), ".pyenv"))
    places = (*home.glob("versions/3.*/bin/python3"), *Path("/usr/bin").glob("python3.*"))
    return sorted({path.resolve() for path in places if re.fullmatch(r"python3(\.\d+)?", path.name) and usable(path)})


def usable(path: Path) -> bool:
    return (
        told(path, "import sys; print(sys.version_info >= (3, 8) and sys.implementation.name == 'cpython')") == "True"
    )


def told(python: Path, code: str) -> str:
    return subprocess.run((python, "-I", "-c", code), capture_output=True, text=True, check=False).stdout.strip()


def compiled(python: Path, folder: Path, names: Iterable[str] = SOURCES) -> dict[str, bytes]:
    """The pyc files of some of the sources, by the names of these."""
    folder.mkdir()
    modules = [Module(name=name, filename=f"/opt/env/{name}", source=Inline(SOURCES[name])) for name in names]
    pack = compile_modules(Interpreter(path=str(python), version="3"), modules, folder)
    return {file.path: b"".join(file.content.chunks()) for file in packed_files(pack) if file.content}


def test_whatever_the_seed_and_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By every Python there is; of one minor version, whichever micro compiles."""
    found: dict[str, dict[str, bytes]] = {}
    versions = {python: told(python, "import sys; print('%d.%d' % sys.version_info[:2])") for python in pythons()}
    assert f"{sys.version_info[0]}.{sys.version_info[1]}" in versions.values()
    for number, (python, minor) in enumerate(versions.items()):
        first = compiled(python, tmp_path / f"{number}")
        assert first.keys() == {"thing.py", "empty.py", "latin.py"}
        monkeypatch.setenv("PYTHONHASHSEED", str(number + 1))
        monkeypatch.setenv("PYTHONOPTIMIZE", "2")
        assert compiled(python, tmp_path / f"{number}-reversed", reversed([*SOURCES])) == first
        assert found.setdefault(minor, first) == first, python


def test_python_believes_them(tmp_path: Path) -> None:
    """Without looking at the source, which need not be there."""
    code = compiled(Path(sys.executable), tmp_path / "made")["thing.py"]
    place = tmp_path / "__pycache__" / f"thing.{sys.implementation.cache_tag}.pyc"
    place.parent.mkdir()
    place.write_bytes(code)
    (tmp_path / "thing.py").write_text("raise RuntimeError('compiled anew')")
    asked = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import thing; print(thing.chosen('beta'))"
    assert told(Path(sys.executable), asked) == "(1, 'alpha', b'x', 2.5, None)"
    assert int.from_bytes(code[4:8], "little") == 1  # told by the hash of the source, and unchecked
    assert code[8:16] == importlib.util.source_hash(SOURCE)


def test_a_python_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match=r"could not compile modules: "):
        compile_modules(Interpreter(path="/bin/false", version="3"), [], tmp_path)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[IndexServer]:
    """One wheel that brings modules, one of them broken, stale bytecode of another, and bytecode without a source."""
    files = {
        "alpha/__init__.py": b"",
        "alpha/thing.py": SOURCE,
        "alpha/broken.py": b"def (",
        "alpha/lone.pyc": b"lone",
        "alpha/data.txt": b"x",
    }
    write_wheel(tmp_path / "wheels", "alpha", files=files, requires=["beta"])
    write_wheel(tmp_path / "wheels", "beta")
    with serve_index(WheelFolders((tmp_path / "wheels",))) as served:
        yield served


def manifest(index: IndexServer, platforms: str = "['linux-64']") -> str:
    return f"""
name = "compiled"
python = "3.11"
platforms = {platforms}

[pip]
dependencies = ["alpha"]

[[pip.indexes]]
name = "ours"
url = "{index.url}"
default = true

[image]
base = "scratch"
workdir = "/srv"
copy = ["src"]
bytecode = true
"""


@pytest.fixture
def project(tmp_path: Path, index: IndexServer) -> Project:
    project = new_project(tmp_path / "project", manifest(index), cache=tmp_path / "cache")
    (project.folder / "src").mkdir()
    (project.folder / "src/own.py").write_bytes(SOURCE)
    project.must("lock")
    return project


def pyc(layout: Path) -> dict[str, bytes]:
    """The bytecode in an image, by its path."""
    return {info.name: content for info, content in image_members(layout) if "__pycache__" in info.name and content}


def test_beside_each_module_in_the_layer_of_its_package(project: Project, tmp_path: Path) -> None:
    project.must("build", "--output", tmp_path / "layout")
    found = pyc(tmp_path / "layout")
    assert found.keys() == {
        f"{SITE}/__pycache__/beta.cpython-311.pyc",
        f"{SITE}/alpha/__pycache__/__init__.cpython-311.pyc",
        f"{SITE}/alpha/__pycache__/thing.cpython-311.pyc",
        "srv/src/__pycache__/own.cpython-311.pyc",
    }
    places = ("srv/src/__pycache__/own", f"{SITE}/alpha/__pycache__/thing")
    own, thing = (found[f"{place}.cpython-311.pyc"] for place in places)
    assert own[:16] == thing[:16]
    assert (b"/srv/src/own.py" in own, f"/{SITE}/alpha/thing.py".encode() in thing) == (True, True)
    for blob in layer_blobs(tmp_path / "layout"):
        names = {info.name for info, _ in image_members_of(blob)}
        modules = {name for name in names if name.endswith(".py") and "broken" not in name}
        assert len(modules) == len([name for name in names if "__pycache__/" in name])


def image_members_of(blob: Path) -> Iterator[tuple[tarfile.TarInfo, None]]:
    with tarfile.open(blob, "r:gz") as layer:
        yield from ((info, None) for info in layer)


def test_the_same_image_whoever_compiles(project: Project, tmp_path: Path) -> None:
    """On a cold cache, by another seed; and layers of packages are other ones only where bytecode is asked for."""
    first = project.must("build", "--output", tmp_path / "first")
    other = replace(project, cache=tmp_path / "other").given(PYTHONHASHSEED="7", PYTHONDONTWRITEBYTECODE="1")
    assert other.must("build") == first
    project.change("bytecode = true\n", "")
    project.must("lock")
    project.must("build", "--output", tmp_path / "without")
    assert pyc(tmp_path / "without") == {}
    assert {*layer_blobs(tmp_path / "without")}.isdisjoint(layer_blobs(tmp_path / "first"))


def test_compiled_once(project: Project) -> None:
    """From then on no Python is asked for, for no platform and no other layer: what was compiled is in the cache."""
    project.must("build")
    shutil.rmtree(project.cache / "records" / "1" / "layers")
    packs = [*project.cache.glob("packages/*/bytecode.pack")]
    times = [pack.stat().st_mtime_ns for pack in packs]
    project.must("build", "--no-cache")
    assert (len(packs), [pack.stat().st_mtime_ns for pack in packs]) == (3, times)


def test_the_same_for_another_architecture(tmp_path: Path, index: IndexServer) -> None:
    text = manifest(index, platforms="['linux-64', 'linux-aarch64']").replace('copy = ["src"]\n', "")
    project = new_project(tmp_path / "both", text, cache=tmp_path / "cache")
    project.must("lock")
    found = []
    for platform in ("linux-64", "linux-aarch64"):
        project.must("build", "--platform", platform, "--output", tmp_path / platform)
        found.append(pyc(tmp_path / platform))
    assert (found[0], len(found[0])) == (found[1], 3)


def test_without_a_python_of_that_version(project: Project) -> None:
    text = project.manifest.read_text()
    project.manifest.write_text(text.replace('"3.11"', '"3.98"'))
    project.must("lock")
    refused = project.call("build")
    assert refused.code == 3
    assert "error: `bytecode = true`: no Python 3.98" in refused.stderr
    assert "hint: `uv python install 3.98" in refused.stderr
    assert "or take `bytecode = true` out of env.toml" in refused.stderr
