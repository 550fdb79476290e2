"""Objects by the git program: one that runs for as long as it is asked."""

import weakref
from contextlib import suppress
from pathlib import Path
from threading import Lock

from envlock.errors import OutsideError
from envlock.history.faults import damaged
from envlock.history.git_program import Git
from envlock.system.pipes import Pipes

_PARTIAL = "this clone is a partial one: what it has not got comes from its remote, which has to be there"


class ObjectReader:
    """Objects by their ids. The program is ended with this, at the latest at our own end."""

    def __init__(self, git: Git, folder: Path) -> None:
        self._git, self._folder = git, folder
        self._program: Pipes | None = None
        self._one_at_a_time = Lock()

    def read(self, id: str) -> tuple[str, bytes]:
        """The type of an object (`commit`, `tree`, `blob`, `tag`) and its bytes; OutsideError where it cannot be
        read."""
        with self._one_at_a_time:
            program = self._program or self._start()
            with suppress(BrokenPipeError):
                if found := _answer(program, id):
                    return found
            # what is wrong is known at its end alone
            self._program = None
            _, said = program.finish()
            raise self._refusal(id, said)

    def _start(self) -> Pipes:
        self._program = self._git.started("cat-file", "--batch")
        weakref.finalize(self, self._program.__exit__)
        return self._program

    def _refusal(self, id: str, said: str) -> OutsideError:
        if "promisor" in said or "could not fetch" in said:
            return OutsideError(f"the object `{id}` of the repository `{self._folder}` is not here", hint=_PARTIAL)
        return damaged(id, self._folder)


def _answer(program: Pipes, id: str) -> tuple[str, bytes] | None:
    """None where there is no such object, or the program has ended."""
    program.stdin.write(f"{id}\n".encode("ascii"))
    program.stdin.flush()
    words = program.stdout.readline().split()
    if len(words) != 3:
        return None
    size = int(words[2])
    content = program.stdout.read(size + 1)
    return (words[1].decode("ascii"), content[:-1]) if len(content) == size + 1 else None
