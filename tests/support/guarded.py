"""A channel, an index and a registry that each let in only who says the right thing, and a project that needs all."""

import base64
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from envlock.model.image import INDEX_TYPE, MANIFEST_TYPE
from tests.support.conda_channel import write_channel
from tests.support.http_server import FileServer, Page, Request, Response, folder_pages, serve
from tests.support.index_server import WheelFolders
from tests.support.projects import Project, new_project
from tests.support.tiny_base import write_base
from tests.support.tiny_project import NO_PROXY, PYTHON, TOOL
from tests.support.tiny_wheels import write_wheel

Guard = Callable[[Page], Page]


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def header(request: Request, name: str) -> str | None:
    return {each.lower(): value for each, value in request.headers.items()}.get(name)


def saying(*logins: str, name: str = "authorization", refusal: int = 401) -> Guard:
    """Lets in who sends one of these as a header."""
    refused = Response(status=refusal, headers={"WWW-Authenticate": 'Basic realm="tests"'})
    return lambda page: lambda request: page(request) if header(request, name) in logins else refused


def below(token: str) -> Guard:
    """Lets in who puts `/t/TOKEN` before the path."""
    start = f"/t/{token}"

    def guard(page: Page) -> Page:
        def answer(request: Request) -> Response | None:
            if not request.path.startswith(f"{start}/"):
                return Response(status=403)
            return page(Request(request.method, request.path.removeprefix(start), request.headers))

        return answer

    return guard


def image_pages(layout: Path) -> Page:
    """What a registry answers that has one image, `base:latest`, to who pulls it."""

    def page(request: Request) -> Response | None:
        match request.path.strip("/").split("/"):
            case ["v2"]:
                return Response(content=b"{}")
            case ["v2", "base", "manifests", "latest"]:
                return Response(content=(layout / "index.json").read_bytes(), headers={"Content-Type": INDEX_TYPE})
            case ["v2", "base", kind, digest]:
                blob = layout / "blobs" / "sha256" / digest.removeprefix("sha256:")
                content_type = MANIFEST_TYPE if kind == "manifests" else "application/octet-stream"
                found = blob.is_file()
                return Response(content=blob.read_bytes(), headers={"Content-Type": content_type}) if found else None
        return None

    return page


@dataclass(frozen=True)
class Guarded:
    """The three servers, and the project, which knows no login; `pages` is what all of them have, for everybody."""

    project: Project
    channel: FileServer
    index: FileServer
    registry: FileServer
    pages: Page

    @property
    def host(self) -> str:
        """Of the registry."""
        return self.registry.url.removeprefix("http://")


@contextmanager
def guarded(root: Path, *, channel: Guard, index: Guard, registry: Guard) -> Iterator[Guarded]:
    """All of it below `root`: what is served in `served`, the project in `project`, the cache in `cache`."""
    served = root / "served"
    write_wheel(served / "wheels", "alpha", requires=["beta"])
    write_wheel(served / "wheels", "beta")
    write_channel(served / "channel", (PYTHON, TOOL))
    layout = write_base(served / "base", python=PYTHON.version)
    unguarded = (folder_pages(served / "channel"), WheelFolders((served / "wheels",)).page, image_pages(layout))
    pages = [guard(page) for guard, page in zip((channel, index, registry), unguarded, strict=True)]

    def everything(request: Request) -> Response | None:
        return next((found for page in unguarded if (found := page(request))), None)

    with ExitStack() as running:
        servers = tuple(running.enter_context(serve(page)) for page in pages)
        project = new_project(root / "project", _manifest(*(s.url for s in servers)), cache=root / "cache")
        yield Guarded(
            project=project.given(**NO_PROXY),
            channel=servers[0],
            index=servers[1],
            registry=servers[2],
            pages=everything,
        )


def _manifest(channel: str, index: str, registry: str) -> str:
    return (
        f'name = "small"\npython = "{PYTHON.version.rpartition(".")[0]}"\n'
        f'[conda]\nchannels = ["{channel}"]\ndependencies = ["tool"]\n[pip]\ndependencies = ["alpha"]\n'
        f'[[pip.indexes]]\nname = "our-own"\nurl = "{index}/simple"\ndefault = true\n'
        f'[image]\nbase = "{registry.removeprefix("http://")}/base:latest"\n'
    )


def keyring(root: Path, *, user: str, password: str) -> Mapping[str, str]:
    """A keyring that knows one user, as variables of who may ask it; its file is `keyring-entries`."""
    (root / "keyring-entries").write_text(password)
    _program(root / "bin" / "keyring", f'[ "$1 $3" = "get {user}" ] && cat "{root}/keyring-entries"\n')
    return {"PATH": f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def docker_helper(root: Path, *, user: str, password: str) -> Mapping[str, str]:
    """A helper `docker-credential-tests`; its file is `helper-entries`."""
    (root / "helper-entries").write_text(json.dumps({"Username": user, "Secret": password}))
    _program(root / "bin" / "docker-credential-tests", f'cat > "{root}/helper-asked"; cat "{root}/helper-entries"\n')
    return {"PATH": f"{root / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def _program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}")
    path.chmod(0o755)
