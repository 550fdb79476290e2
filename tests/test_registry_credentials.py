"""Logins where docker and podman keep them."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import OutsideError
from envlock.model.reference import parse_reference
from envlock.registry.credentials import Credentials, Login

REGISTRY = "registry.test:5000"


def auth(pair: str) -> dict[str, str]:
    return {"auth": base64.b64encode(pair.encode()).decode()}


def write(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))
    return path


def seen(login: Login | None) -> tuple[str, str, bool] | None:
    return None if login is None else (login.user, login.secret.reveal(), login.is_identity_token)


def found(home: Path, image: str, **variables: str) -> tuple[str, str, bool] | None:
    environment = {"HOME": str(home), **variables}
    return seen(Credentials(environment, home / "podman").login(parse_reference(image)))


HUB = "https://index.docker.io/v1/"


@pytest.mark.parametrize(
    ("auths", "image", "expected"),
    [
        ({REGISTRY: auth("alice:secret")}, f"{REGISTRY}/a", ("alice", "secret", False)),
        ({REGISTRY: auth("alice:with:colons:")}, f"{REGISTRY}/a", ("alice", "with:colons:", False)),
        ({REGISTRY: auth("älice:schlüssel")}, f"{REGISTRY}/a", ("älice", "schlüssel", False)),
        ({REGISTRY: {"username": "alice", "password": "secret"}}, f"{REGISTRY}/a", ("alice", "secret", False)),
        ({REGISTRY: {**auth("alice:"), "identitytoken": "token"}}, f"{REGISTRY}/a", ("alice", "token", True)),
        ({REGISTRY: {"identitytoken": "token"}}, f"{REGISTRY}/a", ("", "token", True)),
        ({f"https://{REGISTRY}": auth("alice:secret")}, f"{REGISTRY}/a", ("alice", "secret", False)),
        ({f"https://{REGISTRY}/v2/": auth("alice:secret")}, f"{REGISTRY}/a", ("alice", "secret", False)),
        ({f"http://{REGISTRY}/": auth("alice:secret")}, f"{REGISTRY}/a", ("alice", "secret", False)),
        ({HUB: auth("alice:secret")}, "debian", ("alice", "secret", False)),
        ({"docker.io": auth("alice:secret")}, "alice/app", ("alice", "secret", False)),
        ({"registry-1.docker.io": auth("alice:secret")}, "docker.io/alice/app", ("alice", "secret", False)),
        ({"index.docker.io/v1/": auth("alice:secret")}, "debian", ("alice", "secret", False)),
        ({f"{REGISTRY}/v2/": auth("alice:secret")}, f"{REGISTRY}/a", ("alice", "secret", False)),
        ({"docker.io/alice": auth("alice:secret"), HUB: auth("all:1")}, "alice/app", ("alice", "secret", False)),
        ({"docker.io/alice/": auth("alice:secret"), HUB: auth("all:1")}, "debian", ("all", "1", False)),
        # podman keeps logins for parts of a registry: the longest that fits
        (
            {REGISTRY: auth("all:1"), f"{REGISTRY}/team": auth("team:2"), f"{REGISTRY}/team/app": auth("app:3")},
            f"{REGISTRY}/team/app",
            ("app", "3", False),
        ),
        (
            {REGISTRY: auth("all:1"), f"{REGISTRY}/team": auth("team:2")},
            f"{REGISTRY}/team/other",
            ("team", "2", False),
        ),
        ({REGISTRY: auth("all:1"), f"{REGISTRY}/team": auth("team:2")}, f"{REGISTRY}/teams", ("all", "1", False)),
        ({"registry.test": auth("alice:secret")}, f"{REGISTRY}/a", None),
        ({"other.test": auth("alice:secret")}, f"{REGISTRY}/a", None),
        ({REGISTRY: {}}, f"{REGISTRY}/a", None),
        ({}, f"{REGISTRY}/a", None),
    ],
)
def test_logins_in_the_file_itself(
    tmp_path: Path, auths: dict[str, Any], image: str, expected: tuple[str, str, bool] | None
) -> None:
    write(tmp_path / ".docker/config.json", {"auths": auths})
    assert found(tmp_path, image) == expected


def test_which_file_is_asked_first(tmp_path: Path) -> None:
    names = {
        "docker": "own/config.json",
        "auth": "auth.json",
        "home": ".docker/config.json",
        "run": "containers/auth.json",
        "user": f"podman/{os.getuid()}/auth.json",
        "kept": ".config/containers/auth.json",
    }
    for name, path in names.items():
        write(tmp_path / path, {"auths": {REGISTRY: auth(f"{name}:x")}})
    docker, named = {"DOCKER_CONFIG": str(tmp_path / "own")}, {"REGISTRY_AUTH_FILE": str(tmp_path / "auth.json")}
    runtime = {"XDG_RUNTIME_DIR": str(tmp_path)}
    nowhere = {"DOCKER_CONFIG": str(tmp_path / "none"), "REGISTRY_AUTH_FILE": str(tmp_path / "none.json")}
    nothing = {"DOCKER_CONFIG": str(tmp_path / "none")}
    rows: list[tuple[dict[str, str], str | None]] = [
        ({**docker, **named, **runtime}, "docker"),
        ({**named, **runtime}, "auth"),
        (runtime, "home"),
        ({**runtime, "DOCKER_CONFIG": str(tmp_path / "none")}, "run"),  # it stands for the one at home
        ({**runtime, **nowhere}, None),
        (nothing, "user"),
        ({**runtime, **nothing, "XDG_RUNTIME_DIR": str(tmp_path / "none")}, "kept"),
        ({**nothing, "HOME": str(tmp_path / "none"), "XDG_CONFIG_HOME": str(tmp_path / ".config")}, "user"),
    ]
    for variables, expected in rows:
        answer = found(tmp_path, f"{REGISTRY}/a", **variables)
        assert (answer and answer[0]) == expected, variables


def test_nothing_is_known_without_a_home(tmp_path: Path) -> None:
    assert Credentials({}, tmp_path).login(parse_reference("debian")) is None


MALFORMED = f"`{{path}}`: what it keeps for `{REGISTRY}` is malformed"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "`{path}` is not JSON"),
        ("[]", "`{path}` is not a JSON object"),
        ('{"auths": [1]}', MALFORMED),
        ('{"auths": {"registry.test:5000": {"auth": "not base64"}}}', MALFORMED),
        ('{"auths": {"registry.test:5000": "text"}}', MALFORMED),
        ('{"credHelpers": "text"}', MALFORMED),
        ('{"auths": {"registry.test:5000": {"registrytoken": "tok€n"}}}', MALFORMED),
        ('{"auths": {"registry.test:5000": {"registrytoken": "a\\nb"}}}', MALFORMED),
    ],
)  # fmt: skip
def test_malformed_files(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path / ".docker/config.json", text)
    with pytest.raises(OutsideError) as caught:
        found(tmp_path, f"{REGISTRY}/a")
    assert caught.value.message == message.format(path=path)


HELPER = """#!/bin/sh
read -r server
echo "$0 $1 $server $CLOUD_PROFILE" >> "$HELPER_LOG"
case "$server" in
    registry.test:5000) echo '{"ServerURL": "x", "Username": "alice", "Secret": "from the helper"}' ;;
    https://index.docker.io/v1/) echo '{"Username": "<token>", "Secret": "identity"}' ;;
    nobody.test) echo '{"Username": "", "Secret": ""}' ;;
    broken.test) echo 'not JSON' ;;
    empty.test) echo '{}' ;;
    locked.test) echo 'the keyring is locked'; exit 1 ;;
    *) echo 'credentials not found in native keychain'; exit 1 ;;
esac
"""


@pytest.fixture
def helpers(tmp_path: Path) -> dict[str, str]:
    """Variables of a process that finds the helpers `one` and `two`."""
    for name in ("one", "two"):
        write(tmp_path / f"bin/docker-credential-{name}", HELPER).chmod(0o755)
    return {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", "HELPER_LOG": str(tmp_path / "log"), "CLOUD_PROFILE": "work"}


@pytest.mark.parametrize(
    ("config", "image", "expected", "heard"),
    [
        ({"credsStore": "one"}, f"{REGISTRY}/a", ("alice", "from the helper", False), f"one get {REGISTRY} work"),
        ({"credsStore": "one"}, "debian", ("<token>", "identity", True), f"one get {HUB} work"),
        (
            {"credsStore": "one", "credHelpers": {REGISTRY: "two"}},
            f"{REGISTRY}/a",
            ("alice", "from the helper", False),
            f"two get {REGISTRY} work",
        ),
        (
            {"credsStore": "one", "credHelpers": {"other.test": "two"}},
            f"{REGISTRY}/a",
            ("alice", "from the helper", False),
            f"one get {REGISTRY} work",
        ),
        ({"credsStore": "one"}, "unknown.test/a", None, "one get unknown.test work"),
        (
            {"credsStore": "one", "auths": {"unknown.test": auth("bob:kept")}},
            "unknown.test/a",
            ("bob", "kept", False),
            "one get unknown.test work",
        ),
        ({"credHelpers": {"other.test": "two"}, "auths": {REGISTRY: {}}}, f"{REGISTRY}/a", None, None),
        ({"credHelpers": {"docker.io": "one"}}, "debian", ("<token>", "identity", True), f"one get {HUB} work"),
        ({"credsStore": "one"}, "nobody.test/a", None, "one get nobody.test work"),
    ],
)
def test_helper_programs(
    tmp_path: Path,
    helpers: dict[str, str],
    config: dict[str, Any],
    image: str,
    *,
    expected: tuple[str, str, bool] | None,
    heard: str | None,
) -> None:
    write(tmp_path / ".docker/config.json", config)
    assert found(tmp_path, image, **helpers) == expected
    log = Path(helpers["HELPER_LOG"])
    lines = log.read_text().splitlines() if log.exists() else []
    assert lines == ([f"{tmp_path}/bin/docker-credential-{heard}"] if heard else [])


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("locked.test/a", "`docker-credential-one` has no login for `locked.test`: the keyring is locked"),
        ("broken.test/a", "`{path}`: what it keeps for `broken.test` is malformed"),
        ("empty.test/a", "`{path}`: what it keeps for `empty.test` is malformed"),
    ],
)
def test_helpers_that_fail(tmp_path: Path, helpers: dict[str, str], image: str, message: str) -> None:
    path = write(tmp_path / ".docker/config.json", {"credsStore": "one"})
    with pytest.raises(OutsideError) as caught:
        found(tmp_path, image, **helpers)
    assert caught.value.message == message.format(path=path)


def test_a_helper_that_is_not_installed(tmp_path: Path, helpers: dict[str, str]) -> None:
    write(tmp_path / ".docker/config.json", {"credsStore": "three"})
    with pytest.raises(OutsideError, match="`docker-credential-three` is not there"):
        found(tmp_path, "debian", **helpers)


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    write(tmp_path / ".docker/config.json", {"auths": {REGISTRY: auth("alice:hunter2")}})
    login = Credentials({"HOME": str(tmp_path)}).login(parse_reference(f"{REGISTRY}/a"))
    assert login is not None
    shown = f"{login} {login!r} {login.basic}"
    assert "hunter2" not in shown
    assert auth("alice:hunter2")["auth"] not in shown


def test_podman_asks_a_helper_for_its_hub_by_the_name_in_the_file(tmp_path: Path, helpers: dict[str, str]) -> None:
    helper = tmp_path / "bin/docker-credential-one"
    helper.write_text(HELPER.replace("https://index.docker.io/v1/)", "docker.io)"))
    write(tmp_path / ".docker/config.json", {"credHelpers": {"docker.io": "one"}})
    assert found(tmp_path, "debian", **helpers) == ("<token>", "identity", True)
    asked = [line.split()[2] for line in Path(helpers["HELPER_LOG"]).read_text().splitlines()]
    assert asked == [HUB, "docker.io"]


def test_a_token_of_the_registry_itself(tmp_path: Path) -> None:
    write(tmp_path / ".docker/config.json", {"auths": {REGISTRY: {"registrytoken": "as it is"}}})
    login = Credentials({"HOME": str(tmp_path)}, tmp_path).login(parse_reference(f"{REGISTRY}/a"))
    assert login is not None
    assert login.is_registry_token
    assert login.bearer.reveal() == "Bearer as it is"
