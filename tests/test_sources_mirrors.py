"""Mirrors stand in the place of channels and indexes, for solving and for fetching, and change no lock."""

import base64
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from envlock.errors import UserInputError
from envlock.model.spec import Index
from envlock.sources.places import Sources
from envlock.system.mirrors import mirror, mirrors, variable
from envlock.workflows.logins import uv_logins
from tests.support.http_server import FileServer, Page, Request, Response, folder_pages, serve
from tests.support.index_server import WheelFolders
from tests.support.tiny_project import TinyProject, failure, sha256, tiny_project

USER, PASSWORD = "kim", "m1rr0r:w@rd/"
BASIC = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
IN_URL = "kim:m1rr0r%3Aw%40rd%2F@"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[TinyProject]:
    with tiny_project(tmp_path) as project:
        yield project


def guarded(page: Page) -> Page:
    """The same pages, for one user only."""

    def answer(request: Request) -> Response | None:
        said = {name.lower(): value for name, value in request.headers.items()}.get("authorization")
        return page(request) if said == BASIC else Response(status=401, headers={"WWW-Authenticate": "Basic"})

    return answer


@dataclass(frozen=True)
class Mirrors:
    """Of a project's channel and index, on servers of their own."""

    project: TinyProject
    channel: FileServer
    index: FileServer

    def used(self, login: str = "") -> TinyProject:
        """The project on a machine that has these mirrors."""
        variables = {
            variable(self.project.channel_url): self.channel.url.replace("://", f"://{login}"),
            variable("test"): f"{self.index.url}/simple/".replace("://", f"://{login}"),
        }
        return self.project.given(**variables)


@contextmanager
def mirrored(project: TinyProject, protect: bool = False) -> Iterator[Mirrors]:
    pages = [folder_pages(project.channel), WheelFolders((project.wheels,)).page]
    with ExitStack() as running:
        servers = [running.enter_context(serve(guarded(page) if protect else page)) for page in pages]
        yield Mirrors(project, *servers)


def relocked(project: TinyProject, cache: Path) -> bytes:
    """What the manifest gives with no lock and an empty cache."""
    project.lockfile.unlink(missing_ok=True)
    project.given(ENVLOCK_CACHE_DIR=str(cache)).must("lock")
    return project.lockfile.read_bytes()


def forget_asked(project: TinyProject) -> None:
    project.channel_server.requests.clear()
    project.index.requests.clear()


def asked(project: TinyProject) -> list[tuple[str, str]]:
    return [*project.channel_server.requests, *project.index.requests]


def kept(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


@pytest.mark.parametrize("login", ["", IN_URL])
def test_locked_installed_and_built_through_mirrors(project: TinyProject, tmp_path: Path, login: str) -> None:
    expected = relocked(project, tmp_path / "cache-own")
    forget_asked(project)
    with mirrored(project, protect=bool(login)) as there:
        used = there.used(login)
        assert relocked(used, tmp_path / "cache-mirror") == expected
        # nothing is remembered that would outlive the variable
        assert not list((tmp_path / "cache-mirror" / "records").rglob("places/*"))
        results = [
            used.given(ENVLOCK_CACHE_DIR=str(tmp_path / f"cache-{words[0]}")).call("--verbose", *words)
            for words in (("check",), ("install",), ("build", "--output", "image"))
        ]
    assert [result.code for result in results] == [0, 0, 0], results
    assert asked(project) == []
    said = "".join(result.stdout + result.stderr for result in results)
    for word in (PASSWORD, "m1rr0r", BASIC.removeprefix("Basic ")) if login else ():
        assert word not in said
        for place in (project.folder, *tmp_path.glob("cache-*")):
            assert word.encode() not in kept(place), place


def test_the_mirror_of_the_usual_index(tmp_path: Path) -> None:
    """Which the manifest need not name: its mirror is the only thing that is asked."""
    with tiny_project(tmp_path) as project:
        project.change(f"[[pip.indexes]]\nname = 'test'\nurl = '{project.index.url}'\ndefault = true\n", "")
        used = project.given(ENVLOCK_MIRROR_PYPI=project.index.url)
        used.must("lock")
        assert {p.index for p in project.locked().pip} == {"pypi"}
        used.must("install")
    assert project.index.server.url not in project.lockfile.read_text()


@pytest.mark.parametrize("as_url", [True, False])
def test_mirrors_that_are_folders_need_no_network(project: TinyProject, tmp_path: Path, as_url: bool) -> None:
    """As in a site without network: the channel, and a folder with the wheels."""
    expected = relocked(project, project.cache)
    folders = {variable(project.channel_url): project.channel, variable("test"): project.wheels}
    variables = {name: folder.as_uri() if as_url else str(folder) for name, folder in folders.items()}
    forget_asked(project)
    project.given(**variables, ENVLOCK_CACHE_DIR=str(tmp_path / "cold")).must("--offline", "install")
    assert asked(project) == []
    project.write(pip=())
    without = relocked(project, tmp_path / "cache-own")
    forget_asked(project)
    assert relocked(project.given(**variables), tmp_path / "cold-lock") == without != expected
    assert asked(project) == []


def test_a_folder_laid_out_as_an_index(project: TinyProject, tmp_path: Path) -> None:
    folder = tmp_path / "simple"
    for wheel in project.wheels.iterdir():
        page = folder / wheel.name.split("-")[0] / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text(f'<a href="../../wheels/{wheel.name}#sha256={sha256(wheel)}">{wheel.name}</a>')
    project.must("lock")
    versions = project.versions()
    used = project.given(**{variable("test"): folder.as_uri()}, ENVLOCK_CACHE_DIR=str(tmp_path / "cold"))
    forget_asked(project)
    used.must("install")
    project.lockfile.unlink()
    used.must("lock")
    assert project.versions() == versions
    assert project.index.requests == []


def test_what_a_mirror_does_not_have_comes_from_the_channel_and_the_index(project: TinyProject, tmp_path: Path) -> None:
    project.must("lock")
    empty = {variable(project.channel_url): str(tmp_path), variable("test"): str(tmp_path)}
    project.given(**empty, ENVLOCK_CACHE_DIR=str(tmp_path / "cold")).must("install")


def test_what_is_nowhere_is_named_with_all_places_that_were_tried(project: TinyProject, tmp_path: Path) -> None:
    project.must("lock")
    wheel = project.served("alpha")
    locked = sha256(wheel)
    wheel.unlink()
    with mirrored(project) as there:
        used = there.used().given(ENVLOCK_CACHE_DIR=str(tmp_path / "cold"))
        result = used.call("install")
        assert (result.code, failure(result)) == (
            3,
            f"error: `{wheel.name}` (sha256 {locked}) is no longer to be had from `test`, "
            f"tried {there.index.url}/simple/alpha/, {project.index.url}alpha/\n"
            "hint: `envlock lock -P alpha` chooses what is there now\n",
        )
        there.index.overrides["/simple/alpha/"] = 500
        result = used.call("install")
        assert (result.code, failure(result)) == (
            3,
            f"error: `{wheel.name}` (sha256 {locked}) cannot be had\n"
            f"  {there.index.url}/simple/alpha/: {there.index.url}/simple/alpha/ answers 500 Internal Server Error\n"
            f"  {project.index.url}alpha/: it is not there\n",
        )


def test_the_hint_for_what_is_gone_is_true(project: TinyProject, tmp_path: Path) -> None:
    project.must("lock")
    project.served("alpha").rename(project.wheels / "alpha-1.0-1-py3-none-any.whl")
    assert project.call("install").code == 3
    project.must("lock", "-P", "alpha")
    project.must("install")


def test_a_mirror_that_does_not_let_us_in(project: TinyProject) -> None:
    with mirrored(project, protect=True) as there:
        result = there.used("kim:wrong-w0rd@").call("lock")
    assert (result.code, result.stdout, "wrong-w0rd" in result.stderr) == (3, "", False)


def test_a_mirror_with_a_token_is_refused_unsaid(project: TinyProject) -> None:
    name = variable("test")
    result = project.given(**{name: "https://pip.acme.test/t/s3cret/simple"}).call("lock")
    assert (result.code, failure(result)) == (
        2,
        f"error: `{name}` holds a token in its path\n"
        "hint: as `CondaToken` it goes into the file that RATTLER_AUTH_FILE names\n",
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("conda-forge", "ENVLOCK_MIRROR_CONDA_FORGE"),
        ("our.own/main", "ENVLOCK_MIRROR_OUR_OWN_MAIN"),
        ("./channel", "ENVLOCK_MIRROR___CHANNEL"),
        ("https://conda.acme.test/x", "ENVLOCK_MIRROR_HTTPS___CONDA_ACME_TEST_X"),
    ],
)
def test_the_variable_of_a_name(name: str, expected: str) -> None:
    assert variable(name) == expected


@pytest.mark.parametrize(
    ("given", "url", "login"),
    [
        ("https://conda.acme.test/x/", "https://conda.acme.test/x", None),
        ("https://CONDA.acme.test:8443/x", "https://conda.acme.test:8443/x", None),
        ("http://[::1]:8080/x", "http://[::1]:8080/x", None),
        ("file:///srv/x/", "file:///srv/x", None),
        ("/srv/a b/", "file:///srv/a%20b", None),
        ("https://me:p%40ss@conda.acme.test/x", "https://conda.acme.test/x", ("basic", "me", "p@ss")),
        ("https://token@conda.acme.test/x", "https://conda.acme.test/x", ("basic", "token", "")),
    ],
)
def test_the_address_of_a_mirror(given: str, url: str, login: tuple[str, ...] | None) -> None:
    found = mirror("x", {"ENVLOCK_MIRROR_X": given})
    assert found
    assert (found.url, found.login and found.login.revealed()) == (url, login)
    assert [m.url for m in mirrors({"ENVLOCK_MIRROR_X": given, "ENVLOCK_MIRROR_Y": "", "OTHER": "x"})] == [url]


@pytest.mark.parametrize(
    "given",
    [
        "conda.acme.test",
        "ftp://me:s3cret@acme.test/",
        "https://",
        "https://a.test:x/",
        "./x",
        "https://a.test/?t=s3cret",
    ],
)
def test_what_is_no_address_is_refused_and_not_shown(given: str) -> None:
    with pytest.raises(UserInputError) as error:
        mirror("x", {"ENVLOCK_MIRROR_X": given})
    assert error.value.message == (
        "`ENVLOCK_MIRROR_X` is neither a URL (http, https, file) nor the absolute path of a folder"
    )


def test_indexes_as_they_are_asked(tmp_path: Path) -> None:
    ours = Index(name="ours", url="https://pip.acme.test/simple", packages=("acme-*",))
    at = {"ours": "https://m.test/ours", "pypi": "https://m.test/usual"}.get
    sources = Sources.of((), (ours,), tmp_path, at)
    assert sources.asked_indexes((ours,)) == (
        Index(name="ours", url="https://m.test/ours", packages=("acme-*",)),
        Index(name="pypi", url="https://m.test/usual", default=True),
    )
    own = Index(name="own", url="https://pip.acme.test/all", default=True)
    assert Sources.of((), (own,), tmp_path, at).asked_indexes((own,)) == (own,)


def test_the_login_of_a_mirror_is_not_for_the_index_itself() -> None:
    own = Index(name="ours", url="https://pip.acme.test/simple")
    there = replace(own, url="https://mirror.acme.test/simple")
    environment = {
        "ENVLOCK_MIRROR_OURS": "https://me:m1rr0r@mirror.acme.test/simple/",
        "ENVLOCK_INDEX_OURS_USERNAME": "kim",
        "ENVLOCK_INDEX_OURS_PASSWORD": "0wn",
    }
    none = uv_logins([], environment)
    assert uv_logins([own], environment) == {**none, "UV_INDEX_OURS_USERNAME": "kim", "UV_INDEX_OURS_PASSWORD": "0wn"}
    mirrored = {"UV_INDEX_OURS_USERNAME": "me", "UV_INDEX_OURS_PASSWORD": "m1rr0r"}
    assert uv_logins([there], environment) == {**none, **mirrored}
