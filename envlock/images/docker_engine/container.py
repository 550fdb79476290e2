"""A container that waits, and in which commands are run: files go in and come out as tar, secrets never touch its disk.

Secrets lie on a tmpfs, and come there by a program's stdin: of a command's words and environment, Podman's engine keeps
in its database what they were.
"""

import io
import tarfile
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import IO

from docker.errors import APIError

from envlock.errors import OutsideError
from envlock.images.docker_engine.connection import refusal
from envlock.images.docker_engine.session import Session

TMPFS = "/run/envlock"
_WAIT = ["/bin/sh", "-c", "read forever"]  # of its stdin, which nobody ever writes to
_PIECE = 1 << 20
_LONGEST = 64 << 10  # bytes of a line
_END = "-- end of text"
_WRITE = 'umask 077; while IFS= read -r line && [ "$line" != "$2" ]; do printf "%s\\n" "$line"; done >"$1"'
_ENDED = "is not running"
_NO_SHELL = ("no such file or directory", "executable file not found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A running container of a session."""

    session: Session
    id: str

    def run(self, command: Sequence[str], line: Callable[[str], None], environment: Mapping[str, str]) -> int:
        """Runs a command as root, and gives its exit code; what it says goes to `line`, line by line."""
        api = self.session.engine.client.api
        started = api.exec_create(self.id, list(command), environment=dict(environment), user="0:0")["Id"]
        for said in _lines(api.exec_start(started, stream=True)):
            line(said)
        code: int = api.exec_inspect(started)["ExitCode"]
        return code

    def put(self, archive: IO[bytes]) -> None:
        """Unpacks a tar at the root."""
        if not self.session.engine.client.api.put_archive(self.id, "/", archive):
            raise OutsideError("the Docker engine does not take files into a container")

    def put_on_tmpfs(self, name: str, text: str) -> str:
        """Lines that are to be on no disk; their path in the container."""
        path, api = f"{TMPFS}/{name}", self.session.engine.client.api
        words = ["/bin/sh", "-c", _WRITE, "sh", path, _END]
        started = api.exec_create(self.id, words, stdin=True, user="0:0")["Id"]
        with closing(api.exec_start(started, socket=True)) as answer:
            connection = getattr(answer, "_sock", answer)  # but for TLS, the SDK opens it for reading alone
            connection.sendall(f"{text.rstrip()}\n{_END}\n".encode())
            while connection.recv(_PIECE):
                pass
        if api.exec_inspect(started)["ExitCode"]:
            raise OutsideError(f"`{path}` cannot be written in a container")
        return path

    def changed(self) -> dict[str, int]:
        """The paths that are not as in the image: 0 changed, 1 new, 2 gone."""
        listed = self.session.engine.client.api.diff(self.id) or ()
        return {str(each["Path"]): int(each["Kind"]) for each in listed}

    def get(self, path: str) -> Generator[tuple[tarfile.TarInfo, IO[bytes] | None]]:
        """The members of what lies at a path, one after the other; names begin with its last part."""
        stream, _ = self.session.engine.client.api.get_archive(self.id, path, chunk_size=_PIECE)
        try:
            with tarfile.open(fileobj=_Reader(stream), mode="r|", bufsize=_PIECE) as archive:
                for member in archive:
                    yield member, archive.extractfile(member) if member.isreg() else None
        except tarfile.TarError as error:
            raise OutsideError(f"the Docker engine gave no tar of `{path}` ({error})") from error


@contextmanager
def container(session: Session, image: str, network: str | None) -> Iterator[Container]:
    """A container of an image until the block is left; `network` is a mode of the engine, None for its usual one."""
    api = session.engine.client.api
    settings = {"tmpfs": {TMPFS: "mode=0700"}, **({"network_mode": network} if network else {})}
    made = api.create_container(
        image,
        command=[],
        entrypoint=_WAIT,
        stdin_open=True,
        user="0:0",
        working_dir="/",
        labels=session.labels,
        host_config=api.create_host_config(**settings),
    )["Id"]
    try:
        started = Container(session=session, id=made)
        _start(started)
        yield started
    finally:
        with suppress(APIError):
            api.remove_container(made, force=True, v=True)


def _start(container: Container) -> None:
    """Starts it, and sees that programs run in it: an engine takes one as started that then ends at once."""
    api = container.session.engine.client.api
    try:
        api.start(container.id)
        container.run([_WAIT[0], "-c", ":"], lambda _: None, {})
    except APIError as error:
        said = str(error.explanation or error)
        if _WAIT[0] in said and any(words in said for words in _NO_SHELL):
            raise OutsideError(
                f"the base has no `{_WAIT[0]}`, by which all is run in a container", hint="choose a base with a shell"
            ) from error
        words = _last_words(container) if _ENDED in said else ""
        if words:
            raise refusal(words) from error
        raise


def _last_words(container: Container) -> str:
    """What a container said that has ended: an engine takes it as ended before it has written all of that down."""
    api = container.session.engine.client.api
    api.wait(container.id)
    said: bytes = api.logs(container.id, follow=True)
    return said.decode(errors="replace").strip()


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Whole lines of what comes in pieces; a carriage return draws a line anew, and counts as its end, and so does that
    nobody would read on."""
    rest = b""
    for piece in pieces:
        *whole, rest = (rest + piece).replace(b"\r", b"\n").split(b"\n")
        if len(rest) > _LONGEST:
            whole, rest = [*whole, rest], b""
        yield from (line.decode(errors="replace") for line in whole if line)
    if rest:
        yield rest.decode(errors="replace")


class _Reader(io.RawIOBase):
    """An iterator of bytes as a file that tarfile reads."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        while len(self._rest) < size and (piece := next(self._pieces, b"")):
            self._rest += piece
        found, self._rest = self._rest[:size], self._rest[size:]
        return found
