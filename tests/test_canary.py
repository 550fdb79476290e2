"""Secrets in every place where one can live: used, and found nowhere else, neither when all goes well nor when not."""

import json
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from envlock.cli.console import Console
from envlock.cli.failures import BUG, report
from envlock.cli.settings import Settings
from envlock.system.mirrors import variable
from tests.support.canary import Canaries, witness
from tests.support.guarded import Guard, Guarded, basic, below, docker_helper, guarded, header, keyring, saying
from tests.support.http_server import Request, Response, folder_pages, serve
from tests.support.projects import Project, Result
from tests.support.tiny_debian import TinyDebian, tiny_debian

COMMANDS = (
    ("lock",),
    ("check",),
    ("install",),
    ("run", "--", "tool"),
    ("build", "--output", "image"),
    ("show",),
    ("doctor",),
    ("lock", "--upgrade"),
)


@dataclass
class World:
    """The places of one test below `root`, and what they make of the machine that envlock runs on."""

    root: Path
    home: Path
    canaries: Canaries = field(default_factory=Canaries)
    variables: dict[str, str] = field(default_factory=dict)
    put: set[Path] = field(default_factory=set)

    def file(self, path: Path, text: str) -> Path:
        """A file in which secrets may stand."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
        self.put.add(path)
        return path

    def traces(self) -> list[str]:
        """Where secrets are that nobody put there. What is served is somebody else's."""
        return self.canaries.traces(self.root, self.home, but=frozenset(self.put))


Guards = dict[str, Guard]


def netrc(world: World) -> Guards:
    password = world.canaries.secret("netrc")
    world.file(world.home / ".netrc", f"machine 127.0.0.1 login kim password {password}\n")
    login = saying(basic("kim", password))
    return {"channel": login, "index": login}


def variables(world: World) -> Guards:
    password = world.canaries.secret("variables")
    world.variables |= {"ENVLOCK_INDEX_OUR_OWN_USERNAME": "kim", "ENVLOCK_INDEX_OUR_OWN_PASSWORD": password}
    return {"index": saying(basic("kim", password))}


def in_keyring(world: World) -> Guards:
    password = world.canaries.secret("keyring")
    world.variables |= {"ENVLOCK_INDEX_OUR_OWN_USERNAME": "kim"}
    world.variables |= keyring(world.root, user="kim", password=password)
    world.put.add(world.root / "keyring-entries")
    return {"index": saying(basic("kim", password))}


def _auth_file(world: World, entry: Mapping[str, object]) -> None:
    path = world.file(world.root / "auth.json", json.dumps({"127.0.0.1": entry}))
    world.variables["RATTLER_AUTH_FILE"] = str(path)


def auth_file_basic(world: World) -> Guards:
    password = world.canaries.secret("BasicHTTP")
    _auth_file(world, {"BasicHTTP": {"username": "kim", "password": password}})
    return {"channel": saying(basic("kim", password))}


def auth_file_bearer(world: World) -> Guards:
    token = world.canaries.secret("BearerToken", "")
    _auth_file(world, {"BearerToken": token})
    return {"channel": saying(f"Bearer {token}")}


def auth_file_token(world: World) -> Guards:
    token = world.canaries.secret("CondaToken", "")
    _auth_file(world, {"CondaToken": token})
    return {"channel": below(token)}


def auth_file_oauth(world: World) -> Guards:
    token, again = world.canaries.secret("OAuth", ""), world.canaries.secret("OAuth refresh", "")
    known = {"access_token": token, "refresh_token": again, "expires_at": 1 << 40, "client_id": "c"}
    _auth_file(world, {"OAuth": {**known, "token_endpoint": "https://login.acme.test/token"}})
    return {"channel": saying(f"Bearer {token}")}


def docker_config(world: World) -> Guards:
    password = world.canaries.secret("docker config")
    login = basic("kim", password)
    # the registry's address is known when it runs: see `_running`
    world.variables["DOCKER_CONFIG"] = str(world.root / "docker")
    world.file(
        world.root / "docker" / "config.json", json.dumps({"auths": {"HOST": {"auth": login.partition(" ")[2]}}})
    )
    return {"registry": saying(login)}


def docker_credential_helper(world: World) -> Guards:
    password = world.canaries.secret("docker helper")
    world.variables |= docker_helper(world.root, user="kim", password=password)
    world.variables["DOCKER_CONFIG"] = str(world.root / "docker")
    world.file(world.root / "docker" / "config.json", json.dumps({"credHelpers": {"HOST": "tests"}}))
    world.put.add(world.root / "helper-entries")
    return {"registry": saying(basic("kim", password))}


def mirrors(world: World) -> Guards:
    password = world.canaries.secret("mirrors")
    # the addresses are known when they run: see `_running`
    world.variables["MIRRORS"] = f"kim:{urllib.parse.quote(password, safe='')}"
    login = saying(basic("kim", password))
    return {"channel": login, "index": login}


def proxy(world: World) -> Guards:
    password = world.canaries.secret("proxy")
    # its address is known when it runs: see `_running`
    world.variables["PROXY"] = f"kim:{urllib.parse.quote(password, safe='')}"
    return {name: saying("nobody") for name in ("channel", "index", "registry")}


PLACES: dict[str, Callable[[World], Guards]] = {
    "netrc": netrc,
    "variables": variables,
    "keyring": in_keyring,
    "BasicHTTP": auth_file_basic,
    "BearerToken": auth_file_bearer,
    "CondaToken": auth_file_token,
    "OAuth": auth_file_oauth,
    "docker config": docker_config,
    "docker helper": docker_credential_helper,
    "mirrors": mirrors,
    "proxy": proxy,
}
# those that do not stand in each other's way are tried together
TOGETHER = (
    ("netrc",),
    ("BasicHTTP", "variables", "docker config"),
    ("CondaToken", "keyring", "docker helper"),
    ("mirrors",),
    ("proxy",),
    pytest.param(("BearerToken",), marks=pytest.mark.full),
    ("OAuth",),
)
AMBIENT = (
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "UV_INDEX_URL",
    "UV_DEFAULT_INDEX",
    "UV_EXTRA_INDEX_URL",
    "UV_INDEX",
    "CONDA_CHANNELS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "http_proxy",
)


def _open(page: Callable[..., Response | None]) -> Callable[..., Response | None]:
    return page


@pytest.fixture
def world(tmp_path: Path, isolated_home: Path) -> World:
    """A machine that has passwords in its own configuration, which is none of ours."""
    world = World(root=tmp_path, home=isolated_home)
    world.variables["TMPDIR"] = str(tmp_path / "tmp")
    (tmp_path / "tmp").mkdir()
    for name in AMBIENT:
        password = urllib.parse.quote(world.canaries.secret(name), safe="")
        world.variables[name] = f"http://kim:{password}@127.0.0.1:9/simple"
    configured = "http://kim:{}@127.0.0.1:9/simple"
    pip = configured.format(world.canaries.secret("pip.conf", ""))
    world.file(isolated_home / ".config/pip/pip.conf", f"[global]\nindex-url = {pip}\n")
    uv = configured.format(world.canaries.secret("uv.toml", ""))
    world.file(isolated_home / ".config/uv/uv.toml", f'index-url = "{uv}"\n')
    conda = configured.format(world.canaries.secret(".condarc", ""))
    world.file(isolated_home / ".condarc", f"channels: ['{conda}']\n")
    return world


@contextmanager
def _running(world: World, guards: Guards) -> Iterator[Guarded]:
    """The servers, and the machine told their addresses."""
    open_to_all: Guards = dict.fromkeys(("channel", "index", "registry"), _open)
    with guarded(world.root, **{**open_to_all, **guards}) as servers, ExitStack() as running:
        config = world.root / "docker" / "config.json"
        if config.exists():
            config.write_text(config.read_text().replace("HOST", servers.host))
        given = dict(world.variables)
        login = given.pop("PROXY", None)
        if login:
            wanted = saying(basic(*urllib.parse.unquote(login).split(":", 1)), name="proxy-authorization", refusal=407)
            through = running.enter_context(serve(wanted(servers.pages)))
            given |= dict.fromkeys(("HTTP_PROXY", "http_proxy"), through.url.replace("://", f"://{login}@"))
            given |= dict.fromkeys(("NO_PROXY", "no_proxy"), "elsewhere.test")
        login = given.pop("MIRRORS", None)
        if login:
            given[variable(servers.channel.url)] = servers.channel.url.replace("://", f"://{login}@")
            given[variable("our-own")] = f"{servers.index.url}/simple".replace("://", f"://{login}@")
        yield replace(servers, project=servers.project.given(**given))


def witnessed(project: Project, log: Path) -> Project:
    return replace(project, command=(*witness(log), *project.command))


def unsaid(world: World, results: list[Result]) -> None:
    for result in results:
        assert world.canaries.found(f"{result.stdout}{result.stderr}".encode()) == set(), result


@pytest.mark.parametrize("places", TOGETHER, ids=" ".join)
def test_a_secret_is_used_and_found_nowhere_else(world: World, places: tuple[str, ...]) -> None:
    guards = {name: guard for place in places for name, guard in PLACES[place](world).items()}
    log = world.root / "witness.log"
    world.put.add(log)
    with _running(world, guards) as servers:
        project = witnessed(servers.project, log)
        for words in COMMANDS:
            result = project.call("--verbose", *words)
            assert result.code == 0, result
            unsaid(world, [result])
            assert world.canaries.witnessed(log) == [], words
    assert (project.folder / "image" / "blobs").is_dir()
    assert world.traces() == []


@pytest.mark.parametrize("place", sorted({*PLACES} - {"proxy"}))
def test_a_secret_that_is_wrong_is_not_said_either(world: World, place: str) -> None:
    guards = PLACES[place](world)
    with _running(world, dict.fromkeys(guards, saying("Basic d3Jvbmc6"))) as servers:
        result = servers.project.call("--verbose", "lock")
        assert (result.code, result.stdout) == (3, "")
        unsaid(world, [result])
    assert world.traces() == []


@contextmanager
def _over_debian(world: World, guard: Guard) -> Iterator[TinyDebian]:
    """A project whose mirror and snapshot archive have a password each in their variables, which `guard` asks for."""
    mirror, snapshot = world.canaries.secret("mirror of Debian"), world.canaries.secret("snapshot archive")

    def guards(password: str) -> Guard:
        return lambda page: guard(saying(basic("kim", password))(page))

    with tiny_debian(world.root, guard=guards(mirror), snapshot_guard=guards(snapshot)) as project:
        given = dict(project.variables)
        for name, password in (("ENVLOCK_DEBIAN_MIRROR", mirror), ("ENVLOCK_DEBIAN_SNAPSHOT", snapshot)):
            given[name] = given[name].replace("://", f"://kim:{urllib.parse.quote(password, safe='')}@")
        yield project.given(**{**world.variables, **given})


OVER_DEBIAN = (("lock",), ("check",), ("build", "--output", "image"), ("show",), ("doctor",), ("lock", "--upgrade"))


def test_logins_of_debians_archives_are_used_and_found_nowhere_else(world: World) -> None:
    log = world.root / "witness.log"
    world.put.add(log)
    with _over_debian(world, _open) as made:
        project = witnessed(made, log)
        gone = made.archive.deb("tool")  # which the snapshot archive has
        made.mirror.overrides[made.path(gone)] = 404
        for words in OVER_DEBIAN:
            result = project.call("--verbose", *words)
            assert result.code == 0, result
            unsaid(world, [result])
            assert world.canaries.witnessed(log) == [], words
        assert any(path.startswith("/file/") for _, path in made.snapshot.requests)
    assert world.traces() == []


def test_logins_of_debians_archives_that_are_wrong_are_not_said_either(world: World) -> None:
    with _over_debian(world, saying("nobody")) as project:
        result = project.call("--verbose", "lock")
        assert (result.code, result.stdout) == (3, "")
        assert "answers 401 Unauthorized" in result.stderr
        unsaid(world, [result])
    assert world.traces() == []


def test_the_login_of_a_mirror_of_debian_goes_to_no_other_server(world: World) -> None:
    """Which it may send us to: the files are told by their hashes."""
    told: set[str | None] = set()
    with _over_debian(world, _open) as project:
        pages = folder_pages(project.archive.root)

        def elsewhere(request: Request) -> Response | None:
            told.add(header(request, "authorization"))
            return pages(request)

        with serve(elsewhere) as other:
            for file in (*project.archive.pool(), project.archive.release() / "InRelease"):
                path = project.path(file)
                project.mirror.overrides[path] = Response(status=302, headers={"Location": f"{other.url}{path}"})
            for words in (("lock",), ("build",)):
                project.must(*words)
            assert len(other.requests) > 1
    assert told == {None}
    assert world.traces() == []


def redirected(world: World) -> Response:
    """To where a secret stands in every part of the URL."""
    secret = world.canaries.secret("redirect", "")
    place = f"http://kim:{secret}@127.0.0.1:9/t/{secret}/x?token={secret}#{secret}"
    return Response(status=302, headers={"Location": place})


FAULTS: dict[str, Callable[[World], Response]] = {
    "403": lambda _: Response(status=403),
    "404": lambda _: Response(status=404),
    "500": lambda _: Response(status=500),
    "reset": lambda _: Response(content=b"x" * 99, breaks_off_after=1),
    "redirect": redirected,
}
ASKED = {
    "channel": ("/linux-64/repodata.json", "/linux-64/tool-1.0-0.conda"),
    "index": ("/simple/alpha/", "/files/alpha-1.0-py3-none-any.whl"),
    "registry": ("/v2/base/manifests/latest", None),
}


SLOW = ("404", "500", "reset")


@pytest.mark.parametrize("fault", [pytest.param(f, marks=pytest.mark.full) if f in SLOW else f for f in FAULTS])
def test_nothing_is_said_when_servers_fail(world: World, fault: str) -> None:
    guards = {**auth_file_basic(world), **variables(world), **docker_config(world)}
    with _running(world, guards) as servers:
        results = []
        for name, (for_lock, _) in ASKED.items():
            overrides = getattr(servers, name).overrides
            overrides[for_lock] = FAULTS[fault](world)
            cold = servers.project.given(ENVLOCK_CACHE_DIR=str(world.root / f"cold-{name}"))
            results.append(cold.call("--verbose", "lock"))
            del overrides[for_lock]
        servers.project.must("lock")
        for name, (_, for_install) in ASKED.items():
            if for_install:
                getattr(servers, name).overrides[for_install] = FAULTS[fault](world)
        cold = servers.project.given(ENVLOCK_CACHE_DIR=str(world.root / "cold"))
        results += [cold.call("--verbose", "install"), cold.call("--verbose", "build")]
    assert not [result for result in results if result.code not in (2, 3)], results
    unsaid(world, results)
    assert world.traces() == []


@pytest.mark.parametrize("verbose", [False, True])
def test_a_bug_tells_no_secret_of_a_url(capsys: pytest.CaptureFixture[str], verbose: bool) -> None:
    canaries = Canaries()
    place = f"https://kim:{canaries.secret('bug', '')}@conda.acme.test/t/{canaries.secret('token', '')}/x"
    try:
        raise RuntimeError(f"what is at {place}?")
    except RuntimeError as bug:
        code = report(bug, Console(Settings(verbose=verbose)))
    said = "".join(capsys.readouterr())
    assert (code, "conda.acme.test" in said, canaries.found(said.encode())) == (BUG, True, set())


def test_canaries_are_found(tmp_path: Path) -> None:
    """A test that looks for what it could not find would tell nothing."""
    canaries = Canaries()
    secret = canaries.secret("one")
    for hidden in (secret, urllib.parse.quote(secret, safe=""), basic("kim", secret), basic("k", secret), f"x{secret}"):
        assert canaries.found(f"before {hidden} after".encode()) == {"one"}, hidden
    log = tmp_path / "log"
    project = Project(folder=tmp_path, cache=tmp_path, command=(*witness(log), "sh", "-c"))
    project.call(f"exec echo {secret}")
    assert canaries.witnessed(log)
    log.unlink()
    project.call("echo $SECRET >gone; rm gone")
    assert canaries.witnessed(log) == []
    project.given(SECRET=secret).call("echo $SECRET >gone; rm gone")
    assert canaries.witnessed(log)
    log.unlink()
    assert canaries.traces(tmp_path) == []
