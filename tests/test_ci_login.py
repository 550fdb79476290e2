"""A login of one run: it works, it is the one that counts, and nothing of it stays."""

import base64
import json
import signal
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import UserInputError
from envlock.model.ci_event import Event, Kind
from envlock.model.reference import parse_reference
from envlock.registry.credentials import Credentials
from envlock.system.cache import Cache
from envlock.workflows.ci import CiOptions
from envlock.workflows.ci_login import logged_in, usable_login, without_logins
from envlock.workflows.context import Context
from tests.support.canary import Canaries
from tests.support.ci_scene import ZEROS, Job, Proposal
from tests.support.ci_variables import on_github, pull_request
from tests.support.http_server import Request, Response, serve
from tests.support.index_server import WheelFolders, serve_index
from tests.support.locked_project import locked_project
from tests.support.projects import Project, manifest_text, new_project
from tests.support.registry import Registry, running_registry
from tests.support.tiny_project import NO_PROXY
from tests.support.tiny_wheels import write_wheel
from tests.support.token_server import TokenServer, running_token_server

OTHER = ('base = "scratch"', 'base = "scratch"\nworkdir = "/srv"')  # another image
HUB = "https://index.docker.io/v1/"


def context(home: Path, **variables: str) -> Context:
    return Context(cache=Cache(home / "cache"), environment={"HOME": str(home), **variables})


def docker_config(home: Path, document: dict[str, Any]) -> Path:
    path = home / ".docker" / "config.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(document))
    return path


def auth(user: str, password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"{user}:{password}".encode()).decode()}


def login(known: Context, image: str) -> tuple[str, str] | None:
    """Who we are for an image's registry, as everybody asks who pulls or pushes."""
    found = Credentials(known.environment).login(parse_reference(image))
    return (found.user, found.secret.reveal()) if found else None


def test_a_login_is_added_for_one_run(tmp_path: Path) -> None:
    kept = {"auths": {"other.test": auth("lee", "other")}, "currentContext": "far"}
    usual = docker_config(tmp_path, kept)
    for name in ("contexts", "cli-plugins"):
        (usual.parent / name).mkdir()
    (usual.parent / "ca.pem").write_text("of an engine elsewhere")
    before, home = usual.read_bytes(), tmp_path / "runner" / "home"
    with logged_in(CiOptions(registry="ghcr.test", home=home), "kim", "pass:wörd\r\n", context(tmp_path)) as known:
        (folder,) = home.iterdir()
        assert known.environment["DOCKER_CONFIG"] == str(folder)
        assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "config.json")] == [0o700, 0o600]
        assert json.loads((folder / "config.json").read_bytes()) == {
            "auths": {"other.test": auth("lee", "other"), "ghcr.test": auth("kim", "pass:wörd")},
            "currentContext": "far",
        }
        beside = {path.name: path.resolve() for path in folder.iterdir() if path.is_symlink()}
        assert beside == {name: usual.parent / name for name in ("contexts", "cli-plugins", "ca.pem")}
        assert login(known, "ghcr.test/team/train") == ("kim", "pass:wörd")
        assert login(known, "other.test/x") == ("lee", "other")
        assert login(known, "third.test/x") is None
    assert [*home.iterdir()] == []
    assert usual.read_bytes() == before
    assert len([*usual.parent.iterdir()]) == 4


HUBS = [None, "docker.io", "index.docker.io", HUB, "https://registry-1.docker.io/v2/"]


@pytest.mark.parametrize("registry", HUBS)
def test_dockers_own_hub_has_its_usual_name(tmp_path: Path, registry: str | None) -> None:
    docker_config(tmp_path, {"auths": {"docker.io": auth("lee", "old")}})
    with logged_in(CiOptions(registry=registry, home=tmp_path / "home"), "kim", "new", context(tmp_path)) as known:
        written = json.loads(Path(known.environment["DOCKER_CONFIG"], "config.json").read_bytes())
        assert written == {"auths": {HUB: auth("kim", "new")}}
        assert login(known, "debian:12") == ("kim", "new")


def test_the_password_is_not_for_the_hub_where_images_go_elsewhere(tmp_path: Path) -> None:
    options = CiOptions(repository="ghcr.test/team/{name}", home=tmp_path / "home")
    with logged_in(options, "kim", "new", context(tmp_path)) as known:
        assert login(known, "ghcr.test/team/train") == ("kim", "new")
        assert login(known, "debian:12") is None


def test_it_stands_before_a_login_for_a_part_of_its_registry(tmp_path: Path) -> None:
    docker_config(tmp_path, {"auths": {"GHCR.test/team": auth("lee", "old"), "other.test/team": auth("lee", "other")}})
    with logged_in(CiOptions(registry="ghcr.TEST", home=tmp_path / "home"), "kim", "new", context(tmp_path)) as known:
        assert login(known, "ghcr.test/team/train") == ("kim", "new")
        assert login(known, "GHCR.test/team/train") == ("kim", "new")
        assert login(known, "other.test/team/train") == ("lee", "other")


@pytest.mark.parametrize(
    "settings", [{"credsStore": "tried"}, {"credHelpers": {"ghcr.test": "tried"}, "credsStore": "tried"}]
)
def test_no_helper_program_stands_before_it(tmp_path: Path, settings: dict[str, Any]) -> None:
    helper = tmp_path / "bin" / "docker-credential-tried"
    helper.parent.mkdir()
    helper.write_text('#!/bin/sh\necho \'{"Username": "helper", "Secret": "of it"}\'\n')
    helper.chmod(0o755)
    docker_config(tmp_path, settings)
    around = context(tmp_path, PATH=f"{helper.parent}:/usr/bin:/bin")
    assert login(around, "ghcr.test/x") == ("helper", "of it")
    with logged_in(CiOptions(registry="ghcr.test", home=tmp_path / "home"), "kim", "new", around) as known:
        assert login(known, "ghcr.test/x") == ("kim", "new")
        assert login(known, "other.test/x") == ("helper", "of it")


REFUSED = [
    ("kim", None, None, "a login takes both: a username is given, and no password"),
    ("kim", "\n", None, "a login takes both: a username is given, and no password"),
    (None, "c4n4ry", None, "a login takes both: a password is given, and no username"),
    ("kim:lee", "c4n4ry", None, "a username has no `:` in it, which ends it in a login"),
    ("kim", "c4n4ry\udcff", None, "the username or the password is not UTF-8"),
    ("kim", "c4n4ry", "ghcr", "`ghcr` is not the name of a registry"),
    ("kim", "c4n4ry", "ghcr.test/team", "`ghcr.test/team` is not the name of a registry"),
]


@pytest.mark.parametrize(("user", "password", "registry", "message"), REFUSED)
def test_half_a_login_is_none(
    tmp_path: Path, user: str | None, password: str | None, registry: str | None, message: str
) -> None:
    options = CiOptions(registry=registry, home=tmp_path / "home")
    with pytest.raises(UserInputError) as caught, logged_in(options, user, password, context(tmp_path)):
        pass
    assert caught.value.message == message
    assert "c4n4ry" not in f"{caught.value.hint}{caught.value.__cause__}"
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(("user", "password"), [(None, None), ("", ""), (" ", "\n")])
def test_without_a_login_nothing_is_set(tmp_path: Path, user: str | None, password: str | None) -> None:
    around = context(tmp_path)
    with logged_in(CiOptions(home=tmp_path / "home"), user, password, around) as known:
        assert known is around
    plan = CiOptions(home=tmp_path / "home", plan=True)
    with logged_in(plan, "kim", "new", around) as known:
        assert known is around
    assert not (tmp_path / "home").exists()


def test_who_gets_no_login(tmp_path: Path) -> None:
    around = context(tmp_path, ENVLOCK_INDEX_OURS_PASSWORD="x", ENVLOCK_CACHE_DIR="y", REGISTRY_AUTH_FILE="z")
    request = Event(kind=Kind.PULL_REQUEST, forge="github")
    given = ("kim", "new")
    assert usable_login(request, *given, around) == given
    assert usable_login(replace(request, has_secrets=True), *given, around) == (None, None)
    assert usable_login(request, "kim", None, around) == (None, None)  # a fork's
    assert usable_login(replace(request, forge="nowhere"), "kim", None, around) == ("kim", None)
    assert usable_login(replace(request, kind=Kind.BRANCH), "kim", None, around) == ("kim", None)
    docker_config(tmp_path, {"auths": {"ghcr.test": auth("kim", "new")}})
    alone = without_logins(context(tmp_path, ENVLOCK_INDEX_OURS_PASSWORD="x", ENVLOCK_CACHE_DIR="y"))
    assert login(context(tmp_path), "ghcr.test/x") == given
    assert login(alone, "ghcr.test/x") is None
    assert "ENVLOCK_INDEX_OURS_PASSWORD" not in alone.environment
    assert alone.environment["ENVLOCK_CACHE_DIR"] == "y"


@pytest.mark.parametrize(("kind", "told"), [("pull_request", True), ("pull_request_target", False)])
def test_netrc_is_not_for_what_outsiders_bring(tmp_path: Path, kind: str, told: bool) -> None:
    write_wheel(tmp_path / "wheels", "alpha")
    wheels, shown = WheelFolders((tmp_path / "wheels",)), set[str | None]()

    def page(request: Request) -> Response | None:
        shown.add(request.headers.get("Authorization"))
        return wheels.page(request)

    with serve(page) as index:
        project = new_project(
            tmp_path / "small", manifest_text(pip=["alpha"], index=f"{index.url}/simple/"), cache=tmp_path / "c"
        )
        project.must("lock")
        project_git(project, "add", "--all")
        project_git(project, "commit", "--quiet", "--message", "one")
        for folder in ("places", "home"):
            (tmp_path / folder).mkdir()
        netrc = tmp_path / "netrc"
        netrc.write_text("machine 127.0.0.1 login kim password c4n4ry")
        netrc.chmod(0o600)
        job = Job(tree=project.folder, places=tmp_path / "places", cache=tmp_path / "empty")
        asked = Proposal(number=1, branch="new", head=ZEROS, base=ZEROS, merge=ZEROS, is_fork=True)
        job = on_github(job, kind, ZEROS, "refs/pull/1/merge", pull_request(asked), NETRC=str(netrc), **NO_PROXY)
        shown.clear()
        result = job.call("--json")
    assert result.code == 0, result
    assert shown == ({f"Basic {auth('kim', 'c4n4ry')['auth']}"} if told else {None})


@dataclass(frozen=True)
class Guarded:
    registry: Registry
    tokens: TokenServer


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with (
        running_token_server(tmp_path_factory.mktemp("tokens")) as tokens,
        running_registry(tmp_path_factory.mktemp("guarded"), tokens.registry_setting) as registry,
    ):
        yield Guarded(registry, tokens)


@contextmanager
def pushing(folder: Path, canary: str, *options: str) -> Iterator[tuple[Project, tuple[str, ...]]]:
    """A locked project, and how its image is pushed by somebody with this password."""
    write_wheel(folder / "wheels", "alpha")
    with serve_index(WheelFolders((folder / "wheels",))) as index:
        project = new_project(folder / "small", manifest_text(pip=["alpha"], index=index.url), cache=folder / "cache")
        (folder / "tmp").mkdir()
        project = replace(project, variables={**NO_PROXY, "TMPDIR": str(folder / "tmp")})
        project.must("lock")
        words = ("ci", "--push", "true", "--username", "kim", "--home", str(folder / "home"), *options)
        yield project.given(ENVLOCK_CI_PASSWORD=canary), words


def test_a_push_leaves_no_trace_of_the_password(guarded: Guarded, tmp_path: Path) -> None:
    canaries = Canaries()
    password = canaries.secret("password")
    guarded.tokens.users["kim"] = password
    where = ("--repository", "team/{name}", "--registry", guarded.registry.host, "--verbose")
    with pushing(tmp_path, f"{password}\n", *where) as (project, words):
        done = project.call(*words)
        assert done.code == 0, done
        guarded.tokens.users["kim"] = "another"
        project.change(*OTHER)
        project.must("lock")
        refused = project.given(ENVLOCK_CACHE_DIR=str(tmp_path / "empty")).call(*words, "--json")
    assert refused.code == 3, refused
    assert "wrong name or password" in refused.stdout + refused.stderr
    assert canaries.found("".join((*done[1:], *refused[1:])).encode()) == set()
    assert canaries.traces(tmp_path, guarded.registry.root.parent) == []
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["sbom"]
    assert [*(tmp_path / "tmp").iterdir()] == []


def test_of_a_registry_without_a_login_a_pull_request_takes_nothing(guarded: Guarded, tmp_path: Path) -> None:
    with pushing(tmp_path, "") as (project, _):
        words = ("ci", "--base", "HEAD", "--repository", f"{guarded.registry.host}/team/small", "--json")
        for word in (("add", "--all"), ("commit", "--quiet", "--message", "one")):
            project_git(project, *word)
        project.change(*OTHER)
        project.must("lock")
        done = project.call(*words)
    assert done.code == 0, done
    (found,) = json.loads(done.stdout)["environments"]
    (note,) = found["image"]["notes"]
    assert note.startswith("nothing of the registry is used: ")


def project_git(project: Project, *words: str) -> None:
    who = ("-c", "user.name=kim", "-c", "user.email=kim@acme.test")
    subprocess.run(("git", *who, "-C", project.folder, *words), check=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_no_login(tmp_path: Path, number: signal.Signals) -> None:
    """But for kill -9: then the one folder that the action's last step removes has it."""
    canaries = Canaries()
    password = canaries.secret("password")
    project = locked_project(tmp_path / "train")
    home = tmp_path / "home"
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"
        words = ("ci", "--push", "true", "--username", "kim", "--home", home, "--registry", host)
        with subprocess.Popen(
            ("env", "--default-signal=INT", *project.command, *words, "--repository", "team/train"),
            cwd=project.folder,
            env=project.given(**NO_PROXY, ENVLOCK_CI_PASSWORD=password).environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            connection, _ = server.accept()  # it asks for the image
            with connection:
                (folder,) = home.iterdir()
                assert canaries.traces(folder) != []
                process.send_signal(number)
                said, _ = process.communicate(timeout=120)
    assert process.returncode == (130 if number == signal.SIGINT else -number), said
    assert canaries.found(said) == set()
    left = canaries.traces(tmp_path)
    if number == signal.SIGKILL:
        assert [trace.rpartition(" in ")[2] for trace in left] == [str(folder / "config.json")]
    else:
        assert left == []
        assert [*home.iterdir()] == []
