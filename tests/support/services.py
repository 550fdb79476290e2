"""What a test needs of the machine: missing, it fails in CI and is a skip with its reason for a person."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.cache import AMBIENT
from tests.support.processes import Command, ServerError, server

# services such as dockerd are installed where an ordinary user's PATH does not look
ADMINISTRATION = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def unavailable(reason: str) -> NoReturn:
    if os.environ.get("CI") == "true":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def require(program: str, package: str) -> str:
    """The path of `program`, which Debian's `package` installs."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), *ADMINISTRATION))
    found = shutil.which(program, path=path)
    if found is None:
        unavailable(f"`{program}` is not installed (Debian package `{package}`)")
    return found


@contextlib.contextmanager
def service(
    command: Command, *, log: Path, answers: Callable[[], bool], environment: Mapping[str, str] = AMBIENT
) -> Iterator[None]:
    """A server that tests need; that it cannot start is the machine's fault, not the test's."""
    with contextlib.ExitStack() as running:
        try:
            running.enter_context(server(command, log=log, answers=answers, environment=environment))
        except ServerError as error:
            unavailable(f"no service: {error}")
        yield


def require_root(purpose: str) -> None:
    if os.geteuid() != 0:
        unavailable(f"{purpose} needs root")
