"""The list of login shells, as `update-shells` of `debianutils` makes it from what each shell brings."""

from collections.abc import Iterator
from posixpath import basename, dirname

from envlock.debian.overlay import children, file, read, resolve
from envlock.debian.root import Root
from envlock.model.files import SystemFile

TEMPLATE = "usr/share/debianutils/shells"
BROUGHT = "usr/share/debianutils/shells.d"
STATE = "var/lib/shells.state"
SHELLS = "etc/shells"


def login_shells(root: Root) -> Iterator[SystemFile]:
    template = read(root, TEMPLATE)
    if "debianutils" not in root.versions or template is None or SHELLS in root.files:
        return
    shells = [*dict.fromkeys(_shells(root))]
    listed = template.decode("utf-8", "surrogateescape").splitlines()
    there = {line.partition("#")[0] for line in listed}
    yield file(SHELLS, _lines([*_once(listed), *(shell for shell in shells if shell not in there)]))
    yield file(STATE, _lines(shells))


def _shells(root: Root) -> Iterator[str]:
    """Each shell as it is written, and where it really lies."""
    for path in (TEMPLATE, *(each.path for each in children(root, BROUGHT))):
        for line in (read(root, path) or b"").decode("utf-8", "surrogateescape").splitlines():
            if shell := line.partition("#")[0]:
                yield shell
                real = f"/{resolve(root, dirname(shell)) or dirname(shell)[1:]}/{basename(shell)}"
                yield from () if real == shell else (real,)


def _once(lines: list[str]) -> Iterator[str]:
    """The lines as they are; a shell that stands there twice only once."""
    seen = set()
    for line in lines:
        shell = line.partition("#")[0]
        if not shell or shell not in seen:
            yield line
        seen.add(shell)


def _lines(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
