"""Prefixes on this machine: each made once, whole or not at all.

A prefix is built aside and renamed to its place when its last file, the marker, is on the disk. What is built
aside lies in a folder that only the holder of a lock touches: so what a killed process left can be told from work
that goes on. In the store that is a lock of the prefix; elsewhere each process has a folder of its own, and the one
that is ready last wins.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from envlock.errors import OutsideError, UserInputError
from envlock.model.files import EXECUTABLE
from envlock.system.cache import Cache
from envlock.system.cache_use import held, used
from envlock.system.files import replace_folder, sync_folder, write_whole
from envlock.system.parts import scratch_folder, sweep

MARKER = "envlock-complete.json"
_ASIDE = ".part-"
_REPLACED = "replaced"

# fills a folder (the first path) with what will stand at another (the second)
Build = Callable[[Path, Path], None]


def prefix_in_store(cache: Cache, key: str, build: Build) -> Path:
    """The prefix of that key, built by `build` where it is not there yet; of several processes one builds it."""
    store = cache.prefixes.resolve()
    final = store / key
    if is_complete(final, key):
        used(final / MARKER)
        return final
    with cache.lock(_lock_name(key)):
        if not is_complete(final, key):
            _sweep(cache, store, but=key)
            _place(final, key, build, aside=store / f"{_ASIDE}{key}")
    return final


@contextmanager
def working_in(prefix: Path, cache: Cache) -> Iterator[None]:
    """While inside, the prefix is not cleaned away; the rest of the cache may be."""
    with held(prefix / MARKER):
        cache.users.leave()
        yield


def install_to(cache: Cache, target: Path, key: str, build: Build) -> bool:
    """Makes `target` the prefix of that key; False where it already is.

    UserInputError where `target` is anything but absent, empty, or a prefix that envlock made.
    """
    target = target.resolve()
    with cache.lock(f"install-{hashlib.sha256(bytes(target)).hexdigest()}"), _naming(target):
        sweep(target.parent)
        if is_complete(target, key):
            return False
        _refuse_foreign(target)
        # not only that lock says who may be here: others may have another cache
        with scratch_folder(target.parent) as scratch:
            _build(scratch / "prefix", target, key, build)
            _refuse_foreign(target)
            replace_folder(scratch / "prefix", target)
            sync_folder(target.parent)
    return True


def is_complete(prefix: Path, key: str) -> bool:
    """Whether a prefix is all that `key` stands for: built to its end, for this place, with a Python that is there."""
    try:
        marker = (prefix / MARKER).read_bytes()
    except OSError:
        return False
    return marker == _marker(prefix, key) and not _python_is_gone(prefix)


def _marker(prefix: Path, key: str) -> bytes:
    # scripts name their interpreter by its path: a prefix that was moved is none any more
    return (json.dumps({"key": key, "path": str(prefix)}, indent=2) + "\n").encode()


def _python_is_gone(prefix: Path) -> bool:
    python = prefix / "bin" / "python"
    return python.is_symlink() and not python.exists()


def _place(final: Path, key: str, build: Build, *, aside: Path) -> None:
    """Builds a prefix inside `aside` and moves it to its place; the lock for it is held."""
    try:
        with _naming(final):
            _put_back(final, aside)
            _discard(aside)
            with scratch_folder(aside) as scratch:
                _build(scratch / "prefix", final, key, build)
                if final.exists():
                    final.rename(aside / _REPLACED)
                (scratch / "prefix").rename(final)
                sync_folder(final.parent)
    finally:
        _put_back(final, aside)
        _discard(aside)


@contextmanager
def _naming(final: Path) -> Iterator[None]:
    """Says of errors of the system which environment could not be made."""
    try:
        yield
    except OSError as error:
        raise OutsideError(f"cannot make the environment `{final}`: {error.strerror or error}") from error


def _build(scratch: Path, final: Path, key: str, build: Build) -> None:
    scratch.mkdir()
    build(scratch, final)
    if _python_is_gone(scratch):
        raise OutsideError(f"the Python of the environment is gone: {(scratch / 'bin' / 'python').readlink()}")
    scratch.chmod(EXECUTABLE)
    write_whole(scratch / MARKER, _marker(final, key))


def _put_back(final: Path, aside: Path) -> None:
    """Undoes a replacement that was cut short between its two renames."""
    if (aside / _REPLACED / MARKER).exists() and not final.exists():
        (aside / _REPLACED).rename(final)


def _discard(aside: Path) -> None:
    # the marker first: a prefix that is half removed must not be taken for a whole one
    (aside / _REPLACED / MARKER).unlink(missing_ok=True)
    shutil.rmtree(aside, ignore_errors=True)


def _refuse_foreign(target: Path) -> None:
    if not target.exists() or (target / MARKER).exists():
        return
    if not target.is_dir():
        raise UserInputError(f"`{target}` is a file", hint="name a folder that is empty or not there yet")
    if any(target.iterdir()):
        raise UserInputError(
            f"`{target}` is not empty and was not made by envlock", hint="name a folder that is empty or not there yet"
        )


def _sweep(cache: Cache, store: Path, *, but: str) -> None:
    """Removes what killed processes left of other prefixes: their locks are free."""
    for aside in store.glob(f"{_ASIDE}*"):
        key = aside.name.removeprefix(_ASIDE)
        if key == but:
            continue
        with cache.try_lock(_lock_name(key)) as ours:
            if ours:
                shutil.rmtree(aside, ignore_errors=True)


def _lock_name(key: str) -> str:
    return f"prefix-{key}"
