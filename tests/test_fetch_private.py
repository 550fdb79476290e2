"""Channels and indexes that ask who we are: each is told its own login, and nobody else learns of it."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import OutsideError
from envlock.sources.channel_logins import login_for, read_logins
from envlock.system.http import Http
from tests.support.conda_channel import write_channel
from tests.support.http_server import FileServer, Page, Request, Response, folder_pages, serve
from tests.support.index_server import WheelFolders
from tests.support.projects import Project, Result, manifest_text, new_project
from tests.support.tiny_project import PYTHON, TOOL
from tests.support.tiny_wheels import write_wheel

SECRET = "s3cret-w0rd"
REFUSED = Response(status=401, headers={"WWW-Authenticate": "Basic"})


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def said(request: Request) -> str | None:
    return {name.lower(): value for name, value in request.headers.items()}.get("authorization")


def private(page: Page, wanted: str) -> Page:
    """The same pages, for who sends this Authorization."""
    return lambda request: page(request) if said(request) == wanted else REFUSED


def below_token(page: Page) -> Page:
    """The same pages, at paths that begin with the token."""
    start = f"/t/{SECRET}"

    def answer(request: Request) -> Response | None:
        if not request.path.startswith(f"{start}/"):
            return REFUSED
        return page(Request(request.method, request.path.removeprefix(start), request.headers))

    return answer


KINDS: dict[str, tuple[Any, Any]] = {
    "BasicHTTP": (
        {"username": "bob", "password": SECRET},
        lambda page: private(page, basic("bob", SECRET)),
    ),
    "BearerToken": (SECRET, lambda page: private(page, f"Bearer {SECRET}")),
    "CondaToken": (SECRET, below_token),
}


@pytest.fixture
def channel(tmp_path: Path) -> Path:
    return write_channel(tmp_path / "channel", (PYTHON, TOOL))


def kept(folder: Path) -> bytes:
    """All that stands in files below a folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("kind", KINDS)
def test_a_private_channel(tmp_path: Path, channel: Path, kind: str) -> None:
    value, protected = KINDS[kind]
    logins = tmp_path / "logins.json"
    logins.write_text(json.dumps({"127.0.0.1": {kind: value}}))
    with serve(protected(folder_pages(channel))) as server:
        text = manifest_text(conda=["tool"], channels=[server.url])
        project = new_project(tmp_path / "small", text, cache=tmp_path / "cache-0")
        refused = project.call("lock")
        assert (refused.code, SECRET in refused.stderr) == (3, False)
        results = [go(project.given(RATTLER_AUTH_FILE=str(logins)), tmp_path, command) for command in COMMANDS]
    assert [result.code for result in results] == [0, 0, 0], results
    assert SECRET not in "".join(result.stdout + result.stderr for result in results)
    for place in (project.folder, *tmp_path.glob("cache-*")):
        assert SECRET.encode() not in kept(place)


COMMANDS = (("lock",), ("install",), ("build", "--output", "image"))


def go(project: Project, root: Path, command: tuple[str, ...]) -> Result:
    """The command, with a cache that is as good as new."""
    return project.given(ENVLOCK_CACHE_DIR=str(root / f"cache-{command[0]}")).call(*command)


@pytest.mark.parametrize(
    ("url", "value"),
    [
        ("https://conda.acme.test/x", "own"),
        ("https://CONDA.acme.test:8443/x", "own"),
        ("https://deep.pkgs.acme.test/x", "wild"),
        ("https://acme.test/x", "wild"),
        ("https://acme.example.test/x", None),
        ("https://me:w%40rd@conda.acme.test/x", "w@rd"),
        ("https://odd.test/x", None),
    ],
)
def test_the_login_for_a_host(url: str, value: str | None) -> None:
    logins: Mapping[str, Any] = {
        "conda.acme.test": {"BearerToken": "own"},
        "*.acme.test": {"CondaToken": "wild"},
        "odd.test": {"S3Credentials": {}},
    }
    found = login_for(url, logins)
    assert (found.secret.reveal() if found else None) == value


def test_logins_that_are_not_there_or_not_logins(tmp_path: Path) -> None:
    assert read_logins(tmp_path / "nothing.json") == {}
    for text in ("[]", "{"):
        (tmp_path / "logins.json").write_text(text)
        with pytest.raises(OutsideError, match=r"the logins for channels in `.*logins\.json` cannot be read"):
            read_logins(tmp_path / "logins.json")


# indexes that share a host


def below(folder: str, page: Page) -> Page:
    """The same pages, in a folder of the server."""

    def answer(request: Request) -> Response | None:
        path = request.path.removeprefix(f"/{folder}")
        return page(Request(request.method, path, request.headers)) if path != request.path else None

    return answer


@contextmanager
def two_indexes(root: Path) -> Iterator[tuple[FileServer, list[tuple[str, str | None]]]]:
    """`/one` and `/two` on one server, with a login each; what was asked of it, by whom."""
    pages = []
    for name, wheel in (("one", "alpha"), ("two", "beta")):
        write_wheel(root / name, wheel)
        pages.append(below(name, private(WheelFolders((root / name,)).page, basic(name, f"{SECRET}-{name}"))))
    asked: list[tuple[str, str | None]] = []

    def page(request: Request) -> Response | None:
        asked.append((request.path, said(request)))
        return pages[0](request) or pages[1](request)

    with serve(page) as server:
        yield server, asked


def test_two_indexes_on_one_host_have_a_login_each(tmp_path: Path) -> None:
    with two_indexes(tmp_path) as (server, asked):
        indexes = "".join(
            f'[[pip.indexes]]\nname = "{name}"\nurl = "{server.url}/{name}/simple/"\ndefault = {last}\n'
            for name, last in (("one", "false"), ("two", "true"))
        )
        text = manifest_text(conda=["python"], channels=["./channel"], pip=["alpha", "beta"], more=indexes)
        project = new_project(tmp_path / "small", text, cache=tmp_path / "cache-0")
        write_channel(project.folder / "channel", (PYTHON,))
        variables = {
            f"ENVLOCK_INDEX_{name.upper()}_{part}": value
            for name in ("one", "two")
            for part, value in (("USERNAME", name), ("PASSWORD", f"{SECRET}-{name}"))
        }
        for command in COMMANDS[:2]:
            result = go(project.given(**variables), tmp_path, command)
            assert result.code == 0, result
    assert {p.name: p.index for p in project.locked().pip} == {"alpha": "one", "beta": "two"}
    logins = {name: basic(name, f"{SECRET}-{name}") for name in ("one", "two")}
    for path, login in asked:
        assert login in (None, logins[path.split("/")[1]]), path
    for place in (project.folder, tmp_path / "cache-lock", tmp_path / "cache-install"):
        assert SECRET.encode() not in kept(place)


def test_the_nearest_login_of_a_server_is_taken_and_none_of_two_as_near(tmp_path: Path) -> None:
    seen: list[str | None] = []

    def page(request: Request) -> Response:
        seen.append(said(request))
        return Response(content=b"x")

    with serve(page) as server:
        http = Http()
        http.log_in(f"{server.url}/one/simple/", "one", "a")
        http.log_in(f"{server.url}/two/simple/", "two", "b")
        for path in ("one/simple/alpha/", "two/files/beta.whl", "files/gamma.whl"):
            http.read(f"{server.url}/{path}")
    assert seen == [basic("one", "a"), basic("two", "b"), None]
