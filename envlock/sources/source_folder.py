"""What a wheel is built from, as a folder in the cache: a local project, an unpacked sdist, a checkout of git."""

import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from envlock.errors import OutsideError
from envlock.model.lock import PipPackage
from envlock.sources.fetch import fetch
from envlock.sources.lfs import real_file
from envlock.sources.supply import Supply
from envlock.system.cache_use import used
from envlock.system.local_files import project_files, tree_sha256
from envlock.system.parts import scratch_folder
from envlock.system.process import OF_GIT, run, scrubbed
from envlock.system.secrets import redact_text


def source_folder(package: PipPackage, supply: Supply) -> Path:
    """The folder with the project of a package that is no wheel; nothing in it is ever changed."""
    if package.tree:
        return local_project(Path(supply.sources.folder or ".", package.path or ""), package.tree, supply)
    if package.git:
        folder = _kept(package.commit or "", supply, lambda into: _check_out(package, into, supply))
        return folder / package.subdirectory if package.subdirectory else folder
    return _kept(package.sha256, supply, lambda into: _unpack(fetch(package, supply), into))


def local_project(folder: Path, tree: str, supply: Supply) -> Path:
    """A copy of what counts of a local project, by the hash of it."""

    def fill(into: Path) -> None:
        _copy(folder, into)
        if tree_sha256(into) != tree:  # somebody saves a file just now
            raise OutsideError(f"`{folder.name}` changed while it was read", hint="run it again")

    return _kept(tree, supply, fill)


def _kept(key: str, supply: Supply, fill: Callable[[Path], None]) -> Path:
    parent = supply.cache.root / "sources"
    place = parent / key
    if place.is_dir():
        used(place)
        return place
    with supply.cache.lock(f"source-{key[:32]}"), scratch_folder(parent) as folder:
        if not place.is_dir():
            fill(folder / "filled")
            (folder / "filled").rename(place)
    used(place)  # the time of an unpacked folder may be that of its making
    return place


def _copy(folder: Path, into: Path) -> None:
    into.mkdir()
    for path in project_files(folder):
        target = into / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_symlink():
            target.symlink_to(path.readlink())
        else:
            shutil.copy2(real_file(path), target)


def _unpack(sdist: Path, into: Path) -> None:
    """The one folder that an sdist holds; nothing leaves it."""
    beside = into.with_name("unpacked")
    try:
        if sdist.name.endswith(".zip"):
            with zipfile.ZipFile(sdist) as archive:
                archive.extractall(beside)
        else:
            with tarfile.open(sdist) as archive:
                archive.extractall(beside, filter="data")
    except (tarfile.TarError, zipfile.BadZipFile) as error:
        raise OutsideError(f"`{sdist.name}` cannot be unpacked: {error}") from error
    found = [path for path in beside.iterdir() if path.is_dir()]
    if len(found) != 1:
        raise OutsideError(f"`{sdist.name}` is not an sdist: it should hold one folder")
    found[0].rename(into)


def _check_out(package: PipPackage, into: Path, supply: Supply) -> None:
    """The commit of a git repository, with its submodules, by the git program and a person's own access to it."""
    if supply.offline:
        raise OutsideError(f"`{package.name}` is not in the cache, and this is --offline", hint="run it once without")
    url, commit = repository_url(package.git or ""), package.commit or ""
    _git(package, "clone", "--quiet", "--no-checkout", "--", url, str(into))
    # a commit that no branch leads to any more is still given by most servers
    if _ran("-C", str(into), "cat-file", "-e", f"{commit}^{{commit}}")[0]:
        _git(package, "-C", str(into), "fetch", "--quiet", "origin", commit)
    _git(package, "-C", str(into), "checkout", "--quiet", "--detach", commit)
    _git(package, "-C", str(into), "submodule", "update", "--quiet", "--init", "--recursive")


def repository_url(git: str) -> str:
    """The URL of a repository that env.toml names: "git+https://host.test/a.git@v1" -> "https://host.test/a.git"."""
    scheme, _, rest = git.removeprefix("git+").partition("://")
    host, slash, path = rest.partition("/")  # a name before the host ends in `@`, too
    return f"{scheme}://{host}{slash}{path.rpartition('@')[0] or path}"


def _git(package: PipPackage, *words: str) -> None:
    code, said = _ran(*words)
    if code:
        raise OutsideError(
            f"`{package.name}` cannot be had from `{package.git}` at {package.commit}\n{redact_text(said.strip())}",
            hint="`git fetch` with the same address shows whether you have access",
        )


def _ran(*words: str) -> tuple[int, str]:
    done = run(("git", *words), environment=scrubbed(*OF_GIT, GIT_TERMINAL_PROMPT="0"))
    return done.code, done.stderr
