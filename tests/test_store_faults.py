"""kill -9 at each system call that matters while a prefix is made or replaced, and a full disk."""

import subprocess
import sys
from pathlib import Path

import pytest

from envlock.environments.prefix import write_prefix
from envlock.environments.store import install_to, is_complete, prefix_in_store
from envlock.model.files import Inline, PrefixFile
from envlock.system.cache import Cache
from tests.support.processes import PROJECT, run, with_variables
from tests.support.services import require, require_root

OLD, NEW = "a" * 64, "b" * 64
NUMBERS = range(1, 40)  # a run makes fewer calls of each kind
RARE = ("fsync", "mkdir", "rmdir", "fchmod")
CALLS = ["rename", "unlink", *(pytest.param(call, marks=pytest.mark.full) for call in RARE)]


def make(root: Path, key: str, where: str) -> None:
    """Makes the prefix of a key, in the store or as a folder of one's own: a few files and a link."""
    files = [PrefixFile(path=f"lib/{n}", content=Inline(key.encode())) for n in range(3)]
    link = PrefixFile(path="lib/link", link="0")

    def build(folder: Path, _final: Path) -> None:
        write_prefix(folder, [*files, link])

    if where == "store":
        prefix_in_store(Cache(root / "cache"), key, build)
    else:
        install_to(Cache(root / "cache"), root / "env", key, build)


def killed(root: Path, key: str, where: str, *, call: str, number: int) -> bool:
    """Whether `make` in a process of its own was ended by SIGKILL at the N-th call; else it did all it had to do."""
    code = (
        "import sys; from pathlib import Path; from tests.test_store_faults import make\n"
        "make(Path(sys.argv[1]), *sys.argv[2:])\n"
    )
    done = subprocess.run(
        ("strace", "-f", "--seccomp-bpf", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={number}",
         sys.executable, "-B", "-c", code, root, key, where),
        env=with_variables({"PYTHONPATH": str(PROJECT)}), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode in (0, -9, 137), done.stderr
    return done.returncode != 0


def whole(prefix: Path, key: str) -> bool:
    """Whether a prefix says it is whole; and then it must be."""
    if not is_complete(prefix, key):
        return False
    assert [(prefix / "lib" / name).read_text() for name in ("0", "1", "2", "link")] == [key] * 4
    return True


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("call", CALLS)
def test_kill_9_while_one_is_replaced_leaves_the_old_or_the_new(tmp_path: Path, call: str) -> None:
    require("strace", "strace")
    target = tmp_path / "env"
    for number in NUMBERS:
        make(tmp_path, OLD, "folder")
        more = killed(tmp_path, NEW, "folder", call=call, number=number)
        assert not target.exists() or whole(target, OLD) or whole(target, NEW)
        make(tmp_path, NEW, "folder")
        assert whole(target, NEW)
        assert names(tmp_path) == ["cache", "env"]
        if not more:
            break
    assert 1 < number < NUMBERS[-1]


@pytest.mark.parametrize("call", CALLS)
def test_kill_9_while_one_is_made_leaves_none_that_is_half(tmp_path: Path, call: str) -> None:
    require("strace", "strace")
    for number in NUMBERS:
        root = tmp_path / str(number)
        more = killed(root, NEW, "store", call=call, number=number)
        prefix = root / "cache" / "prefixes" / NEW
        assert whole(prefix, NEW) or not prefix.exists()
        make(root, NEW, "store")
        assert whole(prefix, NEW)
        if not more:
            break
        make(root, OLD, "store")  # the next build of any prefix sweeps up
        assert names(prefix.parent) == [OLD, NEW]
    assert 1 < number < NUMBERS[-1]


def test_a_full_disk_is_said_and_leaves_what_was_there(tmp_path: Path) -> None:
    require_root("a small file system")
    code = (
        "import os, sys; from pathlib import Path; from tests.test_store_faults import OLD, NEW, make, names, whole\n"
        "from envlock.errors import OutsideError; root = Path(sys.argv[1])\n"
        "make(root, OLD, 'folder')\n"
        "free = os.statvfs(root); (root / 'big').write_bytes(bytes(free.f_bavail * free.f_bsize - 4096))\n"
        "try: make(root, NEW, 'folder')\n"
        "except OutsideError as error: print(error.message.replace(str(root), '').partition('.envlock-part-')[0])\n"
        "print(whole(root / 'env', OLD), *names(root))\n"
    )
    script = 'mount -t tmpfs -o size=256k tmpfs "$1" && exec "$0" -B -c "$2" "$1"'
    command = ("unshare", "-m", "sh", "-c", script, sys.executable, tmp_path, code)
    said = run(command, environment=with_variables({"PYTHONPATH": str(PROJECT)})).splitlines()
    assert said == ["cannot write `/", "True big cache env"]
