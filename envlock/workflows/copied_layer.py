"""The layer of copied files: above all others, so that what is edited most often moves nothing else."""

import posixpath
import re
from collections.abc import Iterator

from envlock.images.recipe import PlannedLayer
from envlock.model.files import PrefixFile
from envlock.model.layers import LAYOUT
from envlock.model.lock import Lock
from envlock.oci.compress import compressor_id
from envlock.oci.image import BaseImage
from envlock.workflows.bytecode import Bytecode, digest_of
from envlock.workflows.copied import CopiedContent, locked_files
from envlock.workflows.project import Project

# what every base has, with modes and owners of its own: `/tmp` is everybody's, and stays so
_USUAL = {
    *("bin", "etc", "home", "lib", "media", "mnt", "opt", "root", "sbin", "srv", "tmp", "usr", "var"),
    *("usr/bin", "usr/lib", "usr/local", "usr/local/bin", "usr/local/lib", "usr/share", "usr/src"),
    *("var/cache", "var/lib", "var/log", "var/opt", "var/tmp"),
}
_HOME = re.compile("home/[^/]+")


def copied_layer(project: Project, lock: Lock, base: BaseImage, bytecode: Bytecode | None) -> PlannedLayer:
    """What is copied into `workdir`, which is what was locked: see `locked_files`."""
    workdir = lock.image.workdir or "/"
    files, known = locked_files(project.folder, lock), _known(base)
    parents = {posixpath.dirname(posixpath.join(workdir, file.path)) for file in files}
    above = sorted({path for parent in parents for path in _with_parents(parent)})
    folders = dict.fromkeys(path for path in above if path in known or _HOME.fullmatch(path))
    key = _key(workdir, files, [*folders], bytecode)
    return PlannedLayer(
        title=f"copied: {', '.join(path for path, _ in lock.copied)}",
        key=key,
        count=len(files),
        size=sum(file.size for file in files),
        files=lambda: (*files, *(bytecode.files(key, files, root=workdir, everywhere=True) if bytecode else ())),
        root=workdir,
        folders=folders,
        added=lambda: bytecode.count([key]) if bytecode else 0,
    )


def _known(base: BaseImage) -> set[str]:
    """The folders that the base has, as far as it says: they stay whose they are."""
    told = (base.config.get("WorkingDir"), base.environment.get("HOME"))
    return {*_USUAL, *(path for place in told if place for path in _with_parents(place))}


def _with_parents(path: str) -> Iterator[str]:
    path = path.strip("/")
    while path:
        yield path
        path = path.rpartition("/")[0]


def _key(workdir: str, files: tuple[PrefixFile, ...], unwritten: list[str], bytecode: Bytecode | None) -> str:
    listed = [[file.path, file.mode, file.link, _sha256(file)] for file in files]
    scheme = ["copied", LAYOUT, workdir, unwritten, *(bytecode.scheme if bytecode else ())]
    told = {"scheme": scheme, "compressor": compressor_id(), "files": listed}
    return digest_of(told)


def _sha256(file: PrefixFile) -> str | None:
    return file.content.sha256 if isinstance(file.content, CopiedContent) else None
