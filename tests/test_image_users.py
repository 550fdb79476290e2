"""Images as people and clusters start them: exec-form commands, numbers for users, read-only roots, CUDA's parts."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from envlock.model.activation import user_variables
from tests.support.base_image import INTERPRETER, MINOR
from tests.support.containers import loaded, started
from tests.support.docker_engine import Engine
from tests.support.index_server import WheelFolders, serve_index
from tests.support.projects import Project, new_project
from tests.support.tiny_elf import loadable
from tests.support.tiny_wheels import write_wheel

# what libraries do with who they are, and where they may write
ASKED = """
import getpass, json, os, pathlib, tempfile
home = pathlib.Path.home()
(home / "written").write_text("x")
with tempfile.NamedTemporaryFile() as file:
    print(json.dumps([getpass.getuser(), str(home), os.getuid(), os.getcwd(), os.access("/opt/env", os.W_OK)]))
"""
LOADED = """
import json, uses_demo
print(json.dumps(sorted({line.split()[-1] for line in open("/proc/self/maps") if "site-packages" in line})))
"""
SITE = f"/opt/env/lib/python{MINOR}/site-packages"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, base_image: Path) -> Iterator[Project]:
    """Wheels made like those of CUDA's libraries, and like one that is linked with them, over a plain Debian."""
    root = tmp_path_factory.mktemp("users")
    library: dict[str, bytes | str] = {"nvidia/demo/lib/libdemo.so.12": loadable("libdemo.so.12")}
    write_wheel(root / "wheels", "nvidia-demo-cu12", files=library)
    linked = loadable("linked.so", needed="libdemo.so.12", runpath="$ORIGIN/../nvidia/demo/lib")
    module = "import ctypes, pathlib\nctypes.CDLL(str(pathlib.Path(__file__).with_name('linked.so')))\n"
    files: dict[str, bytes | str] = {"uses_demo/__init__.py": module, "uses_demo/linked.so": linked}
    write_wheel(root / "wheels", "uses-demo", files=files, requires=["nvidia-demo-cu12"])
    write_wheel(
        root / "wheels",
        "tool",
        files={"tool.py": "def main(): print('it works')\n"},
        entry_points={"tool": "tool:main"},
    )
    with serve_index(WheelFolders((root / "wheels",))) as index:
        manifest = f"""
name = "usable"
python = "{MINOR}"

[pip]
dependencies = ["uses-demo", "tool"]

[[pip.indexes]]
name = "ours"
url = "{index.url}"
default = true

[variables]
GREETING = "good day"

[image]
base = "oci:base"
interpreter = "{INTERPRETER}"
user = "1000"
workdir = "/srv/app"
copy = ["src"]
entrypoint = ["python"]
cmd = ["src/main.py"]
bytecode = true

[image.labels]
purpose = "tests"
"""
        project = new_project(root / "usable", manifest, cache=root / "cache", base=base_image)
        (project.folder / "src").mkdir()
        (project.folder / "src/main.py").write_text("import os, tool; tool.main(); print(os.environ['GREETING'])\n")
        project.must("lock")
        yield project


@pytest.fixture(scope="module")
def image(project: Project, docker_engine: Engine) -> str:
    return loaded(project, docker_engine)


def test_it_starts_as_it_is_told(image: str, docker_engine: Engine) -> None:
    """Entrypoint, command and `workdir`; then another command, and a program of the environment."""
    assert started(docker_engine, image, user=None) == "it works\ngood day\n"
    assert started(docker_engine, image, "-c", "print(1)", user=None) == "1\n"
    assert started(docker_engine, image, user=None, entrypoint=["tool"]) == "it works\n"
    attributes = docker_engine.client.images.get(image).attrs["Config"]
    assert (attributes["Labels"]["purpose"], attributes["WorkingDir"], attributes["User"]) == (
        "tests",
        "/srv/app",
        "1000",
    )


@pytest.mark.parametrize(("user", "uid"), [(None, 1000), ("12345:0", 12345), ("0", 0)])
def test_whoever_runs_it(image: str, docker_engine: Engine, user: str | None, uid: int) -> None:
    """On a read-only root, and as somebody of whom no /etc/passwd knows, as OpenShift does."""
    told = json.loads(started(docker_engine, image, "-c", ASKED, user=user))
    assert told == ["user", "/tmp", uid, "/srv/app", False]


def test_libraries_are_found_where_wheels_put_them(image: str, docker_engine: Engine) -> None:
    """As CUDA's are: by a path that is relative to what needs them, without variables and without a driver."""
    found = json.loads(started(docker_engine, image, "-c", LOADED))
    assert found == [f"{SITE}/nvidia/demo/lib/libdemo.so.12", f"{SITE}/uses_demo/linked.so"]
    variables = docker_engine.client.images.get(image).attrs["Config"]["Env"]
    assert [each for each in variables if each.startswith(("NVIDIA_", "LD_", "CUDA"))] == []


def test_bytecode_is_believed(image: str, docker_engine: Engine) -> None:
    """Nothing is compiled: neither of a package nor of what was copied."""
    flags = ("-v", "-c", "import sys; sys.path.insert(0, 'src'); import main, uses_demo")
    command = ("sh", "-c", 'exec "$@" 2>&1', "sh", "python", *flags)
    said = started(docker_engine, image, *command[1:], entrypoint=["sh"])
    tag = f"__pycache__/{{}}.cpython-{MINOR.replace('.', '')}.pyc"
    for place, name in ((SITE, "tool"), (f"{SITE}/uses_demo", "__init__"), ("/srv/app/src", "main")):
        assert f"{place}/{tag.format(name)}'" in said
    assert "wrote" not in said


@pytest.mark.parametrize(
    ("user", "base", "told"),
    [
        ("1000", {}, {"HOME": "/tmp", "USER": "user"}),
        ("1000:0", {"HOME": "/home/me"}, {"USER": "user"}),
        ("0", {}, {}),
        ("0:0", {}, {}),
        ("nobody", {}, {}),
        (None, {}, {}),
    ],
)
def test_who_is_told_a_name_and_a_home(user: str | None, base: dict[str, str], told: dict[str, str]) -> None:
    """Those of whom nothing is known; who has a name is in the base, with a home."""
    assert user_variables(user, base) == told
