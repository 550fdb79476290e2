"""The git program, for what its library cannot read: split and sparse indexes, repositories of other forms."""

from collections.abc import Iterator
from pathlib import Path

from envlock.errors import OutsideError
from envlock.system.process import run, scrubbed

_SUBMODULE, _EXECUTABLE = "160000", "100755"
_LOST = "\N{REPLACEMENT CHARACTER}"  # what stands for bytes of a name that are no UTF-8


def counted_files(top: Path, root: Path) -> dict[Path, bool | None]:
    """As `repository.counted_files` has it; OutsideError where git cannot read it, either."""
    believed = [*_said(root, "config", "-z", "--type=bool", "--default=true", "core.fileMode")] != ["false"]
    found: dict[Path, bool | None] = {}
    for entry in _said(root, "ls-files", "-z", "--stage", "--", str(top)):
        told, _, name = entry.partition("\t")
        mode = told.partition(" ")[0]
        if mode != _SUBMODULE:
            found[root / name] = None if believed else mode == _EXECUTABLE
    for name in _said(root, "ls-files", "-z", "--others", "--exclude-standard", "--", str(top)):
        found.setdefault(root / name, None)
    return found


def _said(root: Path, *words: str) -> Iterator[str]:
    # without what git tells its hooks of index and work tree, which may be another repository's
    done = run(("git", "--literal-pathspecs", "-C", str(root), *words), environment=scrubbed("XDG_CONFIG_HOME"))
    if done.code != 0:
        reason = done.stderr.strip().partition("\n")[0]
        raise OutsideError(f"the repository `{root}` cannot be read: {reason}")
    if _LOST in done.stdout:
        raise OutsideError(f"the repository `{root}` has names that are not UTF-8", hint="rename them")
    return filter(None, done.stdout.split("\0"))
