"""An engine behind ssh as a socket of this machine: what is said there, `docker system dial-stdio` hears there."""

import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

from envlock.errors import UserInputError
from envlock.system.process import OF_GIT, on_socket, scrubbed
from envlock.system.secrets import redact

_BACKLOG = 16


@contextmanager
def relayed(url: str, environment: Mapping[str, str]) -> Iterator[str]:
    """The URL to be used in place of one of `ssh:`, while inside; any other as it is."""
    if not url.startswith("ssh://"):
        yield url
        return
    command = ssh_command(url)
    variables = {**scrubbed(*OF_GIT), **{k: v for k, v in environment.items() if k in ("HOME", "PATH")}}
    with tempfile.TemporaryDirectory(prefix="envlock-") as folder:
        place = Path(folder, "docker.sock")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(place))
            listener.listen(_BACKLOG)
            Thread(target=_relay, args=(listener, command, variables), daemon=True).start()
            try:
                yield f"unix://{place}"
            finally:
                with suppress(OSError):  # wakes who waits for the next one
                    listener.shutdown(socket.SHUT_RDWR)


def ssh_command(url: str) -> list[str]:
    """As the docker program asks for an engine: "ssh://me@host.test:2222/run/x.sock"."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "-", parts.port
    except ValueError:
        parts, host, port = None, "-", None
    if parts is None or host.startswith("-") or parts.password or (parts.username or "").startswith("-"):
        raise UserInputError(f"`{redact(url)}` is no address of an engine", hint="write ssh://USER@HOST:PORT")
    command = ["ssh", "-o", "ConnectTimeout=30", "-T"]
    command += ["-l", parts.username] if parts.username else []
    command += ["-p", str(port)] if port else []
    path = parts.path.rstrip("/")
    return [*command, "--", host, "docker", *(["--host", f"unix://{path}"] if path else []), *_DIAL]


_DIAL = ("system", "dial-stdio")


def _relay(listener: socket.socket, command: Sequence[str], environment: Mapping[str, str]) -> None:
    """Every connection is a program of its own, with the connection as its stdin and stdout."""
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # it is over
        Thread(target=on_socket, args=(command, connection, environment), daemon=True).start()
