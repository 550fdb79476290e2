"""`build --push` and `push` as a person runs them: over a base that another repository has, stopped, in a terminal."""

import re
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from tests.conftest import IndexServers
from tests.support.base_image import digest
from tests.support.projects import Project, manifest_text, new_project
from tests.support.pushing import Log
from tests.support.registry import Registry
from tests.support.strict_registry import Answer, Asked, StrictRegistry, strict_registry
from tests.support.tiny_wheels import write_wheel
from tests.test_cli_progress import in_terminal

Pushing = Callable[..., Project]


@pytest.fixture
def pushing(tmp_path: Path, index_server: IndexServers) -> Pushing:
    """A function that makes a locked project whose image goes to `repository`, upon `base`."""
    write_wheel(tmp_path / "wheels", "alpha")
    index = index_server(tmp_path / "wheels")

    def make(repository: str, base: str = "scratch") -> Project:
        text = manifest_text(pip=["alpha==1.0"], index=index.url)
        project = new_project(tmp_path / "small", text, cache=tmp_path / "cache")
        kept = re.sub(r"(?s)\n\[image\].*?(?=\n\[|$)", "", project.manifest.read_text())
        project.manifest.write_text(f'{kept}\n[image]\nbase = "{base}"\nrepository = "{repository}"\n')
        project.must("lock")
        return project

    return make


@pytest.fixture
def served() -> Iterator[StrictRegistry]:
    with strict_registry() as served:
        yield served
        assert served.forbidden == []


def test_layers_of_a_base_are_taken_over_and_never_downloaded(
    registry: Registry, base_image: Path, base_reference: str, pushing: Pushing, tmp_path: Path
) -> None:
    project = pushing(f"{registry.host}/over/base", base_reference)
    elsewhere = replace(project, cache=tmp_path / "cache of another machine")
    log = Log(registry)
    elsewhere.must("build", "--push")
    layers = [layer.digest for layer in read_manifest(Layout(base_image).read(digest(base_image)), "it").layers]
    assert layers
    taken = [entry for entry in log.of("POST", "mount=") if entry.status == 201]
    assert sorted(unquote(entry.path).partition("mount=")[2][:71] for entry in taken) == sorted(layers)
    assert not [entry for entry in log.of("GET", "/blobs/") if entry.path.rpartition("/")[2] in layers]
    # there, the base is not even looked for
    log = Log(registry)
    replace(project, cache=tmp_path / "cache of a third").must("build", "--push")
    assert [(entry.method, entry.status) for entry in log.entries()] == [("GET", 200)]


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.full)])
def test_what_was_pushed_before_ctrl_c_is_not_sent_again(
    served: StrictRegistry, pushing: Pushing, number: signal.Signals
) -> None:
    project = pushing(f"{served.host}/some/app")
    here, over = threading.Event(), threading.Event()

    def wait(asked: Asked) -> Answer | None:
        """Takes one blob, and says nothing to the next."""
        if asked.method == "PUT" and len(served.blobs) == 1:
            here.set()
            over.wait()
        return None

    served.instead = wait
    with subprocess.Popen(
        ("env", "--default-signal=INT", *project.command, "build", "--push"),
        cwd=project.folder,
        env=project.environment(),
        stderr=subprocess.PIPE,
    ) as process:
        here.wait()
        process.send_signal(number)
        _, said = process.communicate(timeout=120)
    over.set()
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert said.decode().splitlines()[-1] == "interrupted"
    assert served.manifests == {}
    ((_, there),) = list(served.blobs)[:1]
    served.instead = lambda _asked: None
    served.asked.clear()
    project.must("build", "--push")
    assert [name for _, name in served.manifests if name.startswith("lock-")]
    assert not [asked for asked in served.sent("PUT", "/blobs/") if there in unquote(asked.path)]


def test_a_terminal_shows_how_far_it_is(registry: Registry, pushing: Pushing) -> None:
    project = pushing(f"{registry.host}/in/terminal")
    drawn = in_terminal(project, "build", "--push")
    assert re.search(r"pushing \d+ blobs .*━.* of [0-9.]+ kB", drawn.replace("\r\n", "\n"))
    assert "\x1b[?25h" in drawn  # the cursor is shown again


def test_elsewhere_it_is_one_line(registry: Registry, pushing: Pushing) -> None:
    project = pushing(f"{registry.host}/in/file")
    said = project.call("build", "--push").stderr.splitlines()
    assert len([line for line in said if re.fullmatch(r"pushing \d+ blobs, [0-9.]+ kB", line)]) == 1
    assert not [line for line in said if "━" in line]
    assert project.call("--quiet", "build", "--push", "--no-cache").stderr == ""


def test_who_may_not_push_is_told_before_anything_is_made(served: StrictRegistry, pushing: Pushing) -> None:
    project = pushing(f"{served.host}/not/ours")
    served.instead = lambda asked: Answer(status=403) if asked.method == "POST" else None
    result = project.call("build", "--push")
    assert result.code == 3
    assert f"refuses to take `{served.host}/not/ours:lock-" in result.stderr
    assert f"docker login {served.host}" in result.stderr
    assert "making" not in result.stderr
