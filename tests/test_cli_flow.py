"""What lock, install, run, shell and build print and return, on an environment of two tiny wheels."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.index_server import IndexServer
from tests.support.projects import Project, new_project
from tests.support.tiny_wheels import write_wheel

MANIFEST = """name = "train"
python = "3.11"

[pip]
dependencies = ["app"]

[[pip.indexes]]
name = "local"
url = "{url}"
default = true

[image]
base = "scratch"
"""


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    write_wheel(folder, "lib", "1.0")
    write_wheel(folder, "app", "1.0", requires=["lib"])
    return folder


@pytest.fixture
def project(tmp_path: Path, wheels: Path, index_server: Callable[[Path], IndexServer]) -> Project:
    manifest = MANIFEST.format(url=index_server(wheels).url)
    return new_project(tmp_path / "train", manifest, cache=tmp_path / "cache", git=False)


def timeless(text: str) -> str:
    """Text with every number of seconds as T."""
    return re.sub(r"\b\d+\.\d s\b", "T s", text)


def test_a_first_lock(project: Project) -> None:
    result = project.call("lock")
    assert (result.code, result.stdout) == (0, "")
    assert timeless(result.stderr) == (
        "linux-64: base scratch\n"
        "linux-64: wheels\n"
        "  linux-64  base scratch  python 3.11.0  2 pip\n"
        f"wrote env.lock: 2 packages, {sum(p.size or 0 for p in project.locked().pip) / 1000:.1f} kB, in T s\n"
    )


def test_nothing_to_do(project: Project) -> None:
    project.must("lock")
    before = project.lockfile.stat().st_mtime_ns
    result = project.call("lock")
    assert (result.code, result.stdout, result.stderr) == (
        0,
        "",
        "env.lock answers env.toml: nothing to do\n",
    )
    assert project.lockfile.stat().st_mtime_ns == before


def test_quiet_means_nothing_but_data(project: Project) -> None:
    for arguments in (["lock"], ["check"], ["run", "python", "-c", ""]):
        result = project.call("--quiet", *arguments)
        assert (result.code, result.stdout, result.stderr) == (0, "", "")


def test_an_upgrade_shows_what_moved(project: Project, wheels: Path) -> None:
    project.must("lock")
    write_wheel(wheels, "lib", "2.0")
    assert project.call("lock").stderr == "env.lock answers env.toml: nothing to do\n"
    result = project.call("lock", "-P", "lib")
    assert result.stderr.splitlines()[-2:] == [
        "  lib  1.0 → 2.0  linux-64",
        "wrote env.lock: 1 package changed, 1 kept",
    ]
    assert project.versions() == {"app": "1.0", "lib": "2.0"}


def test_additions_and_removals_are_shown(project: Project, wheels: Path) -> None:
    project.must("lock")
    write_wheel(wheels, "app", "2.0", requires=["other"])
    write_wheel(wheels, "other", "1.0")
    project.change('"app"', '"app >=2"')
    result = project.call("lock")
    assert result.stderr.splitlines()[-4:] == [
        "  app    1.0 → 2.0  linux-64",
        "  lib    − 1.0      linux-64",
        "  other  + 1.0      linux-64",
        "wrote env.lock: 3 packages changed, 0 kept",
    ]


def test_install_prints_the_folder(project: Project, tmp_path: Path) -> None:
    project.must("lock")
    assert project.must("install") == project.must("install")
    own = tmp_path / "own"
    assert project.must("install", "--prefix", own) == f"{own}\n"
    assert (own / "bin" / "python").exists()


def test_run_passes_everything_through(project: Project) -> None:
    project.must("lock")
    code = "import app, lib, sys; print(lib.__version__, sys.argv[1:], sys.stdin.read()); sys.exit(7)"
    result = project.call("run", "python", "-c", code, "--json", "-e", "-h", stdin="hello")
    assert (result.code, result.stdout) == (7, "1.0 ['--json', '-e', '-h'] hello\n")
    again = project.call("run", "-e", "train", "--", "python", "-c", code)
    assert (again.code, again.stdout, again.stderr) == (7, "1.0 [] \n", "")


def test_run_names_a_command_that_is_not_there(project: Project) -> None:
    project.must("lock")
    project.must("install")
    result = project.call("run", "no-such-command")
    assert (result.code, result.stdout) == (127, "")
    assert result.stderr == "error: `no-such-command` is neither in the environment nor on PATH\n"


def test_run_refuses_a_stale_lock(project: Project) -> None:
    project.must("lock")
    project.change('"app"', '"app >=2"')
    result = project.call("run", "python")
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr.splitlines()[0] == "error: env.lock does not answer env.toml"
    assert result.stderr.splitlines()[-1] == "hint: run `envlock lock`"


def test_shell_is_the_users(project: Project) -> None:
    project.must("lock")
    project.must("install")
    result = project.given(SHELL="/bin/sh").call("shell", stdin='echo "$VIRTUAL_ENV"; exit 4')
    assert (result.code, result.stdout) == (4, project.must("install"))
    assert result.stderr == "a shell in `train`: leave it with `exit`\n"


def test_build_prints_the_digest_alone(project: Project) -> None:
    project.must("lock")
    result = project.call("build")
    assert result.code == 0
    assert re.fullmatch(r"train@sha256:[0-9a-f]{64}\n", result.stdout)
    name, base, env = result.stderr.splitlines()[-3:]
    assert re.fullmatch(r"train:lock-[0-9a-f]{16}", name)
    assert base == "  base  0 layers"
    assert timeless(env).startswith("  env   2 layers: 2 built (")
    again = project.call("build")
    assert (again.code, again.stdout) == (0, result.stdout)
    assert timeless(again.stderr) == f"{name}\n{base}\n  env   2 layers: as it was built before   T s\n"


def test_build_as_json(project: Project, tmp_path: Path) -> None:
    project.must("lock")
    (built,) = json.loads(project.must("build", "--json", "--output", tmp_path / "out"))
    assert (built["environment"], built["pushed"], len(built["layers"])) == ("train", None, 2)
    (entry,) = json.loads((tmp_path / "out" / "index.json").read_bytes())["manifests"]
    assert entry["digest"] == built["digest"]


def test_verbose_shows_every_step(project: Project) -> None:
    project.must("lock")
    result = project.call("--verbose", "install")
    assert "linux-64: fetching 2 packages" in result.stderr
