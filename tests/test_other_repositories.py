"""`URL#NAME@X`: from repositories that are served by the real git, only what is needed, and nothing of theirs run."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.support.locked_project import locked_project
from tests.support.projects import ENVLOCK, Project
from tests.support.repository import History, set_version

SECRET = "s3cret-of-kim"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `work` and the bare `there.git`, for tests to copy: two registered versions, a label, a branch that
    is ahead of both, and a big file."""
    tmp_path = tmp_path_factory.mktemp("made")
    work = locked_project(tmp_path / "work", git=True)
    history = History(work.folder)
    history.git("checkout", "--quiet", "-b", "main")
    for key, value in (("user.name", "Kim"), ("user.email", "kim@acme.test")):
        history.git("config", key, value)
    (work.folder / "big.bin").write_bytes(bytes(1 << 20))
    for version in ("8.4", "8.5"):
        set_version(work, "click", version)
        history.commit(version)
        work.must("register")
    work.must("label", "train@1", "prod")
    set_version(work, "click", "8.6")
    history.commit("8.6")
    history.git("clone", "--quiet", "--mirror", work.folder, tmp_path / "there.git")
    bare = History(tmp_path / "there.git")
    bare.git("config", "uploadpack.allowFilter", "true")
    return tmp_path


@pytest.fixture
def there(made: Path, tmp_path: Path) -> History:
    """The bare repository, and what it was made of beside it in `work`."""
    for name in ("work", "there.git"):
        shutil.copytree(made / name, tmp_path / name, symlinks=True)
    return History(tmp_path / "there.git")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Somebody who has nothing of it."""
    (tmp_path / "elsewhere").mkdir()
    return Project(folder=tmp_path / "elsewhere", cache=tmp_path / "cache")


def click_of(project: Project, word: str, *more: str) -> str:
    """The version of click in an environment."""
    (line,) = [line for line in project.must("show", word, *more).splitlines() if line.startswith("click")]
    return line.split()[1]


def clone_of(project: Project) -> History:
    (folder,) = (project.cache / "repositories").glob("*/*.git")
    return History(folder)


def missing(clone: History) -> int:
    """How many files of what is here are not."""
    return clone.git("rev-list", "--objects", "--all", "--missing=print").count("?")


def test_versions_labels_branches_and_commits(there: History, project: Project) -> None:
    url = there.folder.as_uri()
    assert click_of(project, f"{url}#train@1") == "8.4"
    assert missing(clone_of(project)) == 1  # the big file
    assert clone_of(project).git("rev-list", "--count", "env/train/1") == "1"
    assert click_of(project, f"{url}#train@latest") == "8.5"
    assert click_of(project, f"{url}#train@prod") == "8.4"
    assert click_of(project, f"{url}#train") == "8.6"
    assert click_of(project, f"{url}#@main") == "8.6"
    assert click_of(project, f"{url}#train@main~1") == "8.5"
    commit = there.git("rev-parse", "main~2")
    assert click_of(project, f"{url}#train@{commit}") == "8.4"
    assert click_of(project, f"{url}#train@{commit[:9]}") == "8.4"
    lock = project.must("show", f"{url}#train@2", "--json").partition('"lock_hash": "')[2][:16]
    assert click_of(project, f"{url}#train@lock-{lock}") == "8.5"


@pytest.mark.parametrize("setting", ["uploadpack.allowFilter=false", "protocol.version=0", "protocol.version=1"])
def test_servers_that_can_do_less(setting: str, there: History, project: Project) -> None:
    key, _, value = setting.partition("=")
    if key.startswith("uploadpack"):
        there.git("config", key, value)
        old = project
    else:
        old = project.given(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0=key, GIT_CONFIG_VALUE_0=value)
    url = there.folder.as_uri()
    assert click_of(old, f"{url}#train@1") == "8.4"
    assert click_of(old, f"{url}#train@prod") == "8.4"
    assert click_of(old, f"{url}#train@{there.git('rev-parse', 'main~1')}") == "8.5"


def test_what_moves_is_asked_for_each_time_and_what_does_not_once(
    there: History, project: Project, tmp_path: Path
) -> None:
    url, work = there.folder.as_uri(), Project(folder=tmp_path / "work", cache=tmp_path / "cache of theirs")
    assert click_of(project, f"{url}#train@main") == "8.6"
    assert click_of(project, f"{url}#train@prod") == "8.4"
    assert click_of(project, f"{url}#train@2") == "8.5"
    work.must("label", "train@2", "prod")
    set_version(work, "click", "8.7")
    history = History(work.folder)
    history.commit("8.7")
    history.git("push", "--quiet", there.folder, "main", "refs/envlock/*:refs/envlock/*")
    assert click_of(project, f"{url}#train@prod", "--offline") == "8.4"
    assert click_of(project, f"{url}#train@prod") == "8.5"
    assert click_of(project, f"{url}#train@main") == "8.7"
    assert click_of(project, f"{url}#train@main", "--offline") == "8.7"
    there.folder.rename(tmp_path / "gone.git")
    assert project.call("show", f"{url}#train@2").code == 0
    assert project.call("show", f"{url}#train@main").code == 3
    result = project.call("show", f"{url}#train@1", "--offline")
    assert result.code == 3
    assert result.stderr == f"error: `1` of `{url}` is not here, and `--offline` is given\n"


def test_a_label_that_is_gone_there_is_gone_here(there: History, project: Project) -> None:
    url = there.folder.as_uri()
    assert click_of(project, f"{url}#train@prod") == "8.4"
    there.git("update-ref", "-d", "refs/envlock/labels/train/prod")
    result = project.call("show", f"{url}#train@prod")
    assert result.code == 2
    assert f"error: `prod` is no version of `train` and no git revision in `{url}`" in result.stderr


def test_a_repository_on_this_machine_is_read_where_it_is(there: History, project: Project) -> None:
    for path in (str(there.folder), "../there.git", "../work"):
        assert click_of(project, f"{path}#train@1") == "8.4"
    assert not (project.cache / "repositories").exists()
    assert project.call("show", "../nothing#train").stderr == "error: `../nothing` is no git repository\n"


def test_several_at_once(there: History, project: Project) -> None:
    words = [(ENVLOCK, "show", f"{there.folder.as_uri()}#train@{v}") for v in ("1", "2", "prod", "main")]
    calls = [
        subprocess.Popen(w, cwd=project.folder, env=project.environment(), stdout=subprocess.PIPE, text=True)
        for w in words
    ]
    said = [call.communicate()[0] for call in calls]
    assert [text.partition("click")[2].split()[0] for text in said] == ["8.4", "8.5", "8.4", "8.6"]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("ext::sh -c touch% ran", "is no address of a repository"),
        ("--upload-pack=touch ran", "is no address of a repository"),
        ("gopher://host.test/x", "is no address of a repository"),
    ],
)
def test_addresses_that_could_start_programs(address: str, message: str, project: Project) -> None:
    result = project.call("show", "--", f"{address}#train@1")
    assert result.code == 2
    assert message in result.stderr
    assert [*project.folder.iterdir()] == []


def test_nothing_of_theirs_is_run(there: History, project: Project, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("post-checkout", "reference-transaction", "post-index-change", "fsmonitor"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch '{ran}'\n")
        (hooks / name).chmod(0o755)
    mine = project.given(
        GIT_CONFIG_COUNT="2",
        GIT_CONFIG_KEY_0="core.hooksPath",
        GIT_CONFIG_VALUE_0=str(hooks),
        GIT_CONFIG_KEY_1="core.fsmonitor",
        GIT_CONFIG_VALUE_1=str(hooks / "fsmonitor"),
    )
    assert click_of(mine, f"{there.folder.as_uri()}#train@1") == "8.4"
    assert not ran.exists()


def test_passwords_are_used_and_neither_kept_nor_shown(there: History, project: Project) -> None:
    with refusing() as (port, asked):
        url = f"http://kim:{SECRET}@127.0.0.1:{port}/acme/train.git"
        result = project.call("--verbose", "show", f"{url}#train@1")
    assert result.code == 3
    assert any(header.startswith("Basic ") for header in asked)
    assert SECRET not in result.stdout + result.stderr
    assert f"http://127.0.0.1:{port}/acme/train.git" in result.stderr
    kept = [path for path in project.cache.rglob("*") if path.is_file()]
    assert kept
    assert not [path for path in kept if SECRET.encode() in path.read_bytes() or SECRET in str(path)]


@contextmanager
def refusing() -> Iterator[tuple[int, list[str]]]:
    """A server that lets nobody in, and what it was told of who asks."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers.get("Authorization", ""))
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *words: object) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1], asked
        finally:
            server.shutdown()
            thread.join()


def test_versions_there_are_compared(there: History, project: Project, tmp_path: Path) -> None:
    url = there.folder.as_uri()
    result = project.call("diff", f"{url}#train@1", f"{url}#train@2")
    assert result.code == 0
    assert "click  8.4     8.5" in result.stdout
    work = replace(project, folder=tmp_path / "work")
    assert "click  8.4     8.6" in work.must("diff", f"{url}#train@1")
