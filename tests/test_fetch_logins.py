"""Logins from netrc, from the keyring program, and of kinds that py-rattler alone knows: for solving and fetching."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.conda_channel import write_channel
from tests.support.http_server import FileServer, folder_pages, serve
from tests.support.index_server import WheelFolders
from tests.support.projects import Project, manifest_text, new_project
from tests.support.tiny_project import PYTHON, TOOL
from tests.support.tiny_wheels import write_wheel
from tests.test_fetch_private import SECRET, basic, kept, private

KEYRING = """#!/bin/sh
echo "$@" >> "$KEYRING_LOG"
case "$*" in
  "get $KEYRING_SERVICE kim") echo "$KEYRING_SECRET" ;;
  *) exit 1 ;;
esac
"""


class Guarded:
    """A channel and an index that want an Authorization each, and a project that takes from both."""

    def __init__(self, root: Path, running: ExitStack) -> None:
        self._root, self._running = root, running
        write_wheel(root / "wheels", "alpha")
        write_channel(root / "channel", (PYTHON, TOOL))

    def channel(self, wanted: str) -> FileServer:
        return self._running.enter_context(serve(private(folder_pages(self._root / "channel"), wanted)))

    def index(self, wanted: str) -> FileServer:
        return self._running.enter_context(serve(private(WheelFolders((self._root / "wheels",)).page, wanted)))

    def project(self, *, channel: FileServer | None = None, index: FileServer | None = None) -> Project:
        text = manifest_text(
            conda=["tool"] if channel else (),
            channels=[channel.url] if channel else (),
            pip=["alpha"] if index else (),
            index=f"{index.url}/simple/" if index else None,
        )
        return new_project(self._root / "small", text, cache=self._root / "cache")


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    with ExitStack() as running:
        yield Guarded(tmp_path, running)


def goes(project: Project, root: Path) -> str:
    """Locks, and installs with an empty cache; what was said."""
    results = [
        project.given(ENVLOCK_CACHE_DIR=str(root / f"cache-{word}")).call("--verbose", word)
        for word in ("lock", "install")
    ]
    assert [result.code for result in results] == [0, 0], results
    said = "".join(result.stdout + result.stderr for result in results)
    assert SECRET not in said
    for place in (project.folder, *root.glob("cache-*")):
        assert SECRET.encode() not in kept(place), place
    return said


@pytest.mark.parametrize("named", [False, True])
def test_netrc_is_for_channels_and_indexes(guarded: Guarded, tmp_path: Path, isolated_home: Path, named: bool) -> None:
    login = basic("kim", SECRET)
    project = guarded.project(channel=guarded.channel(login), index=guarded.index(login))
    file = tmp_path / "logins" if named else isolated_home / ".netrc"
    file.write_text(f"machine 127.0.0.1 login kim password {SECRET}\n")
    file.chmod(0o600)
    goes(project.given(NETRC=str(file)) if named else project, tmp_path)


def with_keyring(project: Project, root: Path, service: str) -> Project:
    program = root / "bin" / "keyring"
    program.parent.mkdir()
    program.write_text(KEYRING)
    program.chmod(0o755)
    return project.given(
        PATH=f"{program.parent}{os.pathsep}{os.environ['PATH']}",
        KEYRING_LOG=str(root / "asked"),
        KEYRING_SERVICE=service,
        KEYRING_SECRET=SECRET,
    )


@pytest.mark.parametrize(
    "service", [lambda index: f"{index.url}/simple", lambda index: index.url.removeprefix("http://")]
)
def test_the_keyring_has_the_password_of_a_user_that_is_named(
    guarded: Guarded, tmp_path: Path, service: Callable[[FileServer], str]
) -> None:
    index = guarded.index(basic("kim", SECRET))
    project = with_keyring(guarded.project(index=index), tmp_path, service(index))
    assert project.call("lock").code == 3
    assert not (tmp_path / "asked").exists()
    goes(project.given(ENVLOCK_INDEX_OURS_USERNAME="kim"), tmp_path)


def test_a_user_without_password_whom_the_keyring_does_not_know(guarded: Guarded, tmp_path: Path) -> None:
    index = guarded.index(basic("token", ""))
    project = with_keyring(guarded.project(index=index), tmp_path, "https://elsewhere.test")
    goes(project.given(ENVLOCK_INDEX_OURS_USERNAME="token"), tmp_path)


def test_a_kind_of_login_that_only_py_rattler_knows_serves_fetching_too(guarded: Guarded, tmp_path: Path) -> None:
    login = {"access_token": SECRET, "refresh_token": "r", "expires_at": 1 << 40}
    oauth = {"OAuth": {**login, "token_endpoint": "https://login.acme.test/token", "client_id": "c"}}
    (tmp_path / "logins.json").write_text(json.dumps({"127.0.0.1": oauth}))
    project = guarded.project(channel=guarded.channel(f"Bearer {SECRET}"))
    goes(project.given(RATTLER_AUTH_FILE=str(tmp_path / "logins.json")), tmp_path)


def test_without_a_login_the_refusal_is_said(guarded: Guarded, tmp_path: Path) -> None:
    channel = guarded.channel(basic("kim", SECRET))
    project = guarded.project(channel=channel)
    logins = tmp_path / "logins.json"
    logins.write_text(json.dumps({"127.0.0.1": {"BasicHTTP": {"username": "kim", "password": SECRET}}}))
    project.given(RATTLER_AUTH_FILE=str(logins)).must("lock")
    result = project.call("install")
    assert result.code == 3
    assert f"{channel.url}/linux-64/tool-1.0-0.conda answers 401 Unauthorized" in result.stderr
