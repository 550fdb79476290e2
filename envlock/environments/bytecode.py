"""Modules compiled without being executed: the same bytes from every Python of a version.

What comes out is one file a package: of each module a line with two lengths, the path of its pyc, and the pyc.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from envlock.environments import bytecode_child
from envlock.environments.interpreter import Interpreter
from envlock.errors import OutsideError
from envlock.model.files import Content, PrefixFile
from envlock.system.process import run, scrubbed

_LONGEST_LINE = 64
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A source: `name` is the path of its pyc, `filename` what tracebacks call the source."""

    name: str
    filename: str
    source: Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A part of a file."""

    pack: Path
    offset: int
    size: int

    def chunks(self) -> Iterator[bytes]:
        left = self.size
        with self.pack.open("rb") as file:
            file.seek(self.offset)
            while left and (piece := file.read(min(left, _PIECE))):
                left -= len(piece)
                yield piece


def compile_modules(python: Interpreter, modules: Iterable[Module], folder: Path) -> Path:
    """Compiles what can be, in `folder`; the path of the file with the results."""
    request, pack = folder / "request", folder / "pack"
    with request.open("wb") as out:
        for module in modules:
            name, filename, source = module.name.encode(), module.filename.encode(), b"".join(module.source.chunks())
            out.write(b"%d %d %d\n%s%s%s" % (len(name), len(filename), len(source), name, filename, source))
    # not `-I`: it would have older Pythons order sets by chance. What is beside the program it imports nothing of
    flags = ("-s", "-S", "-B", "-W", "ignore")
    done = run(
        (python.path, *flags, bytecode_child.__file__, str(request), str(pack)),
        environment=scrubbed(PYTHONHASHSEED="0"),
    )
    if done.code != 0:
        why = done.stderr.strip().splitlines()[-1:] or [f"it ended with {done.code}"]
        raise OutsideError(f"`{python.path}` could not compile modules: {why[0]}")
    return pack


def packed_files(pack: Path) -> Iterator[PrefixFile]:
    """The files in a file of results, in its order."""
    with pack.open("rb") as file:
        while head := file.readline(_LONGEST_LINE):
            name, size = map(int, head.split())
            path = file.read(name).decode()
            yield PrefixFile(path=path, content=Packed(pack=pack, offset=file.tell(), size=size))
            file.seek(size, 1)
