"""What stood in a file before."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from envlock.history.repository import Repository


def past_contents(repository: Repository, file: Path, *, versions: int, commits: int) -> Iterator[bytes]:
    """What stood in a file of the work tree at HEAD, and before each commit that changed it, the newest first: at most
    so many versions, found among so many commits."""
    root, seen, head = repository.root, set[bytes](), repository.commit_of("HEAD")
    if root is None or head is None or not file.resolve().is_relative_to(root.resolve()):
        return
    path = file.resolve().relative_to(root.resolve()).as_posix()
    for commit in islice(repository.log(head), commits):
        content = repository.read(commit.id, path)
        if content is not None and content not in seen:
            seen.add(content)
            yield content
        if len(seen) == versions:
            return
