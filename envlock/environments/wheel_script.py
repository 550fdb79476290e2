"""Scripts of a wheel: their first line names the interpreter of the prefix."""

from collections.abc import Iterator
from dataclasses import dataclass

from installer.scripts import Script

from envlock.environments.wheel_member import PIECE, WheelMember


@dataclass(frozen=True, slots=True, kw_only=True)
class RewrittenScript:
    """A member of a wheel with `first` in the place of its first `left_out` bytes, which lie in its first piece."""

    member: WheelMember
    first: bytes
    left_out: int

    @property
    def size(self) -> int:
        return len(self.first) + self.member.size - self.left_out

    def chunks(self) -> Iterator[bytes]:
        """The bytes in pieces: a script may be as large as any other file."""
        yield self.first
        pieces = self.member.chunks()
        yield next(pieces, b"")[self.left_out :]
        yield from pieces


def rewritten(member: WheelMember, interpreter: str) -> RewrittenScript | None:
    """A script that asks for Python, with the interpreter of the prefix; None for any other, binaries above all."""
    start, end, _ = next(member.chunks(), b"")[:PIECE].partition(b"\n")
    # a line that goes on beyond that is none: no system reads that much of it
    if not start.startswith(b"#!python") or (not end and len(start) < member.size):
        return None
    return RewrittenScript(member=member, first=shebang(interpreter), left_out=len(start) + len(end))


def shebang(interpreter: str) -> bytes:
    """The first line, or where the path is too long or has spaces the first lines, of a script for `interpreter`."""
    _, script = Script("", "", "", "console").generate(interpreter, "posix")
    return script.partition(b"# -*-")[0]
