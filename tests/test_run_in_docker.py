"""`envlock run --in docker`: a command in a container of the image, as if it ran here."""

import json
import os
import pty
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.base_image import MINOR, base_layout
from tests.support.docker_engine import Engine
from tests.support.index_server import WheelFolders, serve_index
from tests.support.podman import running_podman
from tests.support.projects import Project, new_project
from tests.support.repository import History
from tests.support.services import require
from tests.support.tiny_wheels import write_wheel

SAID = """
import alpha, json, os, sys
print(json.dumps({
    "folder": os.getcwd(), "user": os.getuid(), "prefix": sys.prefix, "module": alpha.__file__,
    "variables": {name: os.environ.get(name) for name in ("A", "HOME", "PYTHONPATH", "VIRTUAL_ENV")},
    "stdin": sys.stdin.read(), "tty": sys.stdout.isatty(),
}))
"""
LOADING = "loading into the Docker engine\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, docker_engine: Engine) -> Iterator[Project]:
    root = tmp_path_factory.mktemp("run")
    write_wheel(root / "wheels", "alpha")
    with serve_index(WheelFolders((root / "wheels",))) as index:
        text = (
            f'name = "inside"\npython = "{MINOR}"\n[pip]\ndependencies = ["alpha"]\n[[pip.indexes]]\nname = "ours"\n'
            f'url = "{index.url}"\ndefault = true\n[variables]\nA = "1"\n'
            '[image]\nbase = "oci:base"\nentrypoint = ["false"]\n'
        )
        made = new_project(root / "project", text, cache=root / "cache", base=base_layout())
        made = made.given(DOCKER_HOST=docker_engine.url, PYTHONPATH="/nowhere")
        made.must("lock")
        made.must("run", "--in", "docker", "--network", "none", "true")
        yield made


def run_in(project: Project, *words: str) -> tuple[str, ...]:
    return ("run", "--in", "docker", "--network", "none", *words)


def test_a_command_runs_as_it_would_here(project: Project) -> None:
    result = project.call(*run_in(project, "--", "python", "-c", SAID), stdin="what is said")
    assert (result.code, result.stderr) == (0, "")
    assert json.loads(result.stdout) == {
        "folder": str(project.folder),
        "user": os.getuid(),
        "prefix": "/opt/env",
        "module": f"/opt/env/lib/python{MINOR}/site-packages/alpha.py",
        "variables": {"A": "1", "HOME": "/tmp", "PYTHONPATH": None, "VIRTUAL_ENV": "/opt/env"},
        "stdin": "what is said",
        "tty": False,
    }


@pytest.mark.parametrize(("words", "code"), [("exit 17", 17), ("nothing-like-that", 127), ("kill -9 $$", 137)])
def test_the_exit_code_is_that_of_the_command(project: Project, words: str, code: int) -> None:
    assert project.call(*run_in(project, "sh", "-c", words)).code == code


def test_an_image_is_loaded_once(project: Project, docker_engine: Engine) -> None:
    images = docker_engine.client.images
    (image,) = [each for each in images.list() if any("inside:" in tag for tag in each.tags)]
    before = {each.id for each in docker_engine.client.containers.list(all=True)}  # some may be on their way out
    assert project.call(*run_in(project, "true")).stderr == ""
    for tag in image.tags:  # by its id it is known under any name, and under none
        image.tag("another:name")
        images.remove(tag)
    assert project.call(*run_in(project, "true")).stderr == ""
    images.remove(str(image.id), force=True)
    assert project.call(*run_in(project, "true")).stderr == LOADING
    assert {each.id for each in docker_engine.client.containers.list(all=True)} <= before


def test_a_run_is_recorded_with_the_digest_of_its_image(project: Project, tmp_path: Path) -> None:
    there = replace(project, folder=tmp_path / "train")
    shutil.copytree(project.folder, there.folder, symlinks=True)
    commit = History(there.folder).commit()
    digest = there.must("build").strip().rpartition("@")[2]
    result = there.call(*run_in(there, "sh", "-c", "exit 5", "--token=abcdef"))
    assert result.code == 5
    (told,) = json.loads(there.must("runs", "--json"))
    assert result.stderr == f"recorded run {told['id']} (inside, commit {commit[:7]}, clean)\n"
    assert (told["command"], told["exit_code"], told["image"]) == (["sh", "-c", "exit 5", "--token=***"], 5, digest)
    assert there.call(*run_in(there, "true")).code == 0
    assert there.call("run", "--no-record", *run_in(there, "true")[1:]).stderr == ""
    assert len(json.loads(there.must("runs", "--json"))) == 2


def test_an_ordinary_user_leaves_files_of_their_own(project: Project, docker_engine: Engine, tmp_path: Path) -> None:
    mine = project.elsewhere(tmp_path)
    for path in (tmp_path, *tmp_path.rglob("*")):
        os.chown(path, 1234, 1234, follow_symlinks=False)
    for path in (*tmp_path.parents, tmp_path):
        if path.stat().st_uid == os.getuid() and "pytest" in str(path):
            path.chmod(path.stat().st_mode | 0o055)
    Path(docker_engine.url.removeprefix("unix://")).chmod(0o666)
    Path(docker_engine.url.removeprefix("unix://")).parent.chmod(0o755)
    ordinary = mine.through(require("setpriv", "util-linux"), "--reuid", "1234", "--regid", "1234", "--clear-groups")
    result = ordinary.given(HOME=str(tmp_path)).call(*run_in(project, "sh", "-c", "id -u; touch made"))
    assert (result.stdout, result.code) == ("1234\n", 0), result
    assert (mine.folder / "made").stat().st_uid == 1234


def test_more_folders_are_mounted(project: Project, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("there")
    assert project.must(*run_in(project, "--volume", f"{tmp_path}:/data:ro", "cat", "/data/file")) == "there"


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, *(pytest.param(n, marks=pytest.mark.full) for n in (signal.SIGINT, signal.SIGUSR1))]
)
def test_signals_reach_the_command(project: Project, number: signal.Signals) -> None:
    words = f"trap 'echo caught; exit 9' {number.name.removeprefix('SIG')}; echo ready; while :; do read line; done"
    with subprocess.Popen(
        (*project.command, *run_in(project, "sh", "-c", words.replace("read line", "sleep 0.05"))),
        cwd=project.folder,
        env=project.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as running:
        assert running.stdout
        assert running.stdout.readline() == "ready\n"
        running.send_signal(number)
        assert running.stdout.readline() == "caught\n"
        assert running.wait(60) == 9


def test_a_terminal_is_one_inside(project: Project) -> None:
    ours, theirs = pty.openpty()
    command = (*project.command, *run_in(project, "sh", "-c", "test -t 0 && test -t 1 && echo it is"))
    done = subprocess.run(
        command,
        cwd=project.folder,
        env=project.environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(theirs)
    assert (done.returncode, os.read(ours, 100)) == (0, b"it is\r\n")
    os.close(ours)


def test_with_podman(project: Project) -> None:
    with running_podman() as podman:
        there = project.given(DOCKER_HOST=podman.url)
        inside = ("run", "--in", "docker", "--network", "host")
        assert json.loads(there.must(*inside, "python", "-c", SAID))["folder"] == str(project.folder)
        again = there.call(*inside, "sh", "-c", "exit 5")
        assert (again.code, again.stderr) == (5, "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "--volume", "/a:/a", "true"), "error: `--volume` goes with `--in docker`"),
        (("run", "--gpus", "all", "true"), "error: `--gpus` goes with `--in docker`"),
        (("run", "--in", "docker", "--group", "dev", "true"), "error: `--group` does not go with `--in docker`"),
        (("run", "--in", "podman", "true"), "error: invalid value for `--in`"),
    ],
)
def test_what_cannot_be_is_refused(project: Project, words: tuple[str, ...], message: str) -> None:
    result = project.call(*words)
    assert (result.code, result.stderr.startswith(message)) == (2, True), result


def test_without_a_program_that_starts_containers(project: Project, tmp_path: Path) -> None:
    (tmp_path / "git").symlink_to(str(shutil.which("git")))
    result = project.given(PATH=str(tmp_path)).call(*run_in(project, "true"))
    assert result.code == 3
    assert result.stderr.startswith("error: `docker` is not on PATH, which starts containers in Docker's engine")


def test_without_an_engine(project: Project, tmp_path: Path) -> None:
    result = project.given(DOCKER_HOST=f"unix://{tmp_path}/none").call(*run_in(project, "true"))
    assert result.code == 3
    assert result.stderr.startswith("error: the Docker engine does not answer: No such file or directory")
