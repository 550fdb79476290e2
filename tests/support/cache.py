"""What takes long to make is made once a machine, under a file lock, in `ENVLOCK_TEST_CACHE`."""

import hashlib
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from envlock.system.process import without_git_variables

# tests change the environment; what is made for all of them comes from the one the run was started in, be that a hook
# of git, which tells of a repository
AMBIENT = without_git_variables()
DEFAULT_FOLDER = user_cache_path("envlock-tests", appauthor=False)


def cache_folder() -> Path:
    chosen = AMBIENT.get("ENVLOCK_TEST_CACHE")
    folder = Path(chosen).absolute() if chosen else DEFAULT_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def made_once(name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name`, filled by `make` if nobody did so before; a half-made one never gets the name."""
    target = cache_folder() / name
    if target.exists():
        return target
    with FileLock(f"{target}.lock"):
        if not target.exists():
            _make_aside(target, make)
    return target


def _make_aside(target: Path, make: Callable[[Path], None]) -> None:
    aside = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        make(aside)
        aside.chmod(0o755)
        aside.rename(target)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


def recipe_key(*ingredients: str | Path) -> str:
    """16 hex digits that change with any ingredient: a text, or the content of a file."""
    digest = hashlib.sha256()
    for ingredient in ingredients:
        content = ingredient.read_bytes() if isinstance(ingredient, Path) else ingredient.encode()
        digest.update(hashlib.sha256(content).digest())
    return digest.hexdigest()[:16]
