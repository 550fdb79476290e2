"""Programs that are scripts, and what is to start them: a package need not ask for what Debian calls essential."""

import re
from collections.abc import Callable, Iterable, Iterator

from envlock.debian.overlay import Overlay, resolve
from envlock.debian.root import Root
from envlock.model.files import SystemFile

FOLDERS = ("usr/bin/", "usr/sbin/", "usr/games/")
# which package brings it, where others take it for granted
ESSENTIAL = {
    "/bin/bash": "bash",
    "/usr/bin/bash": "bash",
    "/usr/bin/env": "coreutils",
    "/usr/bin/perl": "perl-base",
}
_START = re.compile(rb"#![ \t]*(/[!-~]{1,200})")


def interpreters(files: Iterable[SystemFile]) -> Iterator[tuple[str, str]]:
    """The path of each program in `files` that is a script, with the one of what its first line names."""
    for file in files:
        if file.content and file.mode & 0o111 and file.path.startswith(FOLDERS):
            found = _START.match(next(iter(file.content.chunks()), b""))
            if found:
                yield file.path, found[1].decode()


def missing(
    root: Root, programs: Iterable[tuple[str, str]], made: Callable[[], Iterable[SystemFile]]
) -> Iterator[tuple[str, str]]:
    """Those that nothing in a root starts, also with what is made in it, which is asked only where something is."""
    absent = [(program, by) for program, by in programs if resolve(root, by) is None]
    if absent:
        grown = Overlay(root)
        grown.add(made())
        yield from ((program, by) for program, by in absent if resolve(grown, by) is None)
