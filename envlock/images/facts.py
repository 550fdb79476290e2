"""What a base says of itself to whoever looks into its files: nothing of it is executed."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from envlock.errors import OutsideError, UserInputError
from envlock.images.base import PulledBase
from envlock.images.rootfs import Rootfs

SHELL = "/bin/sh"
_LIBRARIES = ("/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib")
_GLIBC = re.compile(rb"GNU C Library [^\n\0]{0,120}release version (\d+\.\d+)(?=\D)")
_MINOR = re.compile(r"python(3\.\d+)")
_VERSION = re.compile(rb"3\.\d+\.\d+(?:(?:a|b|rc)\d+)?\+?(?=\0)")
_LIBRARY = re.compile(rb"libpython3\.\d+[a-z]*\.so[.\d]*(?=\0)")
_LONGEST = 256  # bytes: more than any match of the patterns above


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseFacts:
    """What is read of a base once and then locked; None for what it has not, or nobody asked for.

    `glibc` is "2.36", `python` the full version of the Python at `interpreter`.
    """

    glibc: str | None = None
    interpreter: str | None = None
    python: str | None = None
    shell: str | None = None


def read_facts(base: PulledBase, *, interpreter: str | None, python_minor: str | None) -> BaseFacts:
    """Looks into a base. Its Python is looked for where `python_minor` ("3.11") or `interpreter` (a path) is given.

    UserInputError where that Python is not there, or is another one.
    """
    rootfs = base.rootfs()
    shell, glibc = SHELL if rootfs.exists(SHELL) else None, _glibc(rootfs)
    if not interpreter and not python_minor:
        return BaseFacts(glibc=glibc, shell=shell)
    if interpreter:
        python = _checked(base, rootfs, interpreter, python_minor)
    else:
        interpreter, python = _on_path(base, rootfs, python_minor or "")
    return BaseFacts(glibc=glibc, interpreter=interpreter, python=python, shell=shell)


def _glibc(rootfs: Rootfs) -> str | None:
    """The version of the C library; None for musl and for images without one."""
    for folder in _library_folders(rootfs):
        path = f"{folder}/libc.so.6"
        if rootfs.exists(path):
            return next((found[1].decode() for found in _search(rootfs, path, _GLIBC)), None)
    return None


def _checked(base: PulledBase, rootfs: Rootfs, interpreter: str, minor: str | None) -> str:
    """The version of the Python that was asked for by path."""
    if not rootfs.exists(interpreter):
        raise UserInputError(
            f"base `{base.reference}` has no `{interpreter}`", hint="correct `[image] interpreter`, or leave it out"
        )
    version = _python_version(rootfs, interpreter)
    if version is None:
        raise OutsideError(f"the version of `{interpreter}` in base `{base.reference}` cannot be told from its file")
    if minor and not version.startswith(f"{minor}."):
        raise UserInputError(
            f"`{interpreter}` in base `{base.reference}` is Python {version}, and the environment wants {minor}",
            hint=f"choose a base with Python {minor}, or change `python`",
        )
    return version


def _on_path(base: PulledBase, rootfs: Rootfs, minor: str) -> tuple[str, str]:
    """Path and version of the first Python of a minor version on the image's PATH, named in full first."""
    for name in (f"python{minor}", "python3", "python"):
        for folder in base.search_path:
            path = f"{folder}/{name}"
            version = _python_version(rootfs, path) if rootfs.exists(path) else None
            if version and version.startswith(f"{minor}."):
                return path, version
    raise UserInputError(
        f"base `{base.reference}` has no Python {minor} on its PATH ({':'.join(base.search_path) or 'empty'})",
        hint=f"choose a base with Python {minor}, or name it in `[image] interpreter`",
    )


def _python_version(rootfs: Rootfs, path: str) -> str | None:
    """The version that stands in an interpreter, or in the libpython it is linked with.

    The minor in the name of either says which of the versions in the file is Python's own.
    """
    real = rootfs.resolve(path) or path
    names = {found[0].decode() for found in _search(rootfs, real, _LIBRARY)}
    libraries = (f"{folder}/{name}" for name in sorted(names) for folder in _near(rootfs, real))
    library = next((path for path in libraries if rootfs.exists(path)), None)
    minors = {found[1] for name in (real.rpartition("/")[2], *names) if (found := _MINOR.search(name))}
    for versions in _versions(rootfs, filter(None, (real, library))):
        own = {version for version in versions if any(version.startswith(f"{minor}.") for minor in minors)}
        if own:
            return own.pop() if len(own) == 1 else None
    return None


def _versions(rootfs: Rootfs, paths: Iterable[str]) -> tuple[set[str], set[str]]:
    """The C strings in files that are a version, and those that end in one.

    Linkers keep a string that is the end of another only there: "3.11.7" in the prefix "/opt/python/3.11.7".
    """
    whole: set[str] = set()
    ends: set[str] = set()
    for found in (found for path in paths for found in _search(rootfs, path, _VERSION)):
        before = found.string[max(0, found.start() - 1) : found.start()]
        if before == b"\0":
            whole.add(found[0].decode())
        elif not before.isdigit() and before not in (b"", b"."):
            ends.add(found[0].decode())
    return whole, ends


def _near(rootfs: Rootfs, program: str) -> Iterator[str]:
    """Where the loader looks for a program's own libraries."""
    yield f"{program.rpartition('/')[0]}/../lib"
    yield from _library_folders(rootfs)


def _library_folders(rootfs: Rootfs) -> Iterator[str]:
    for parent in ("/lib", "/usr/lib"):
        yield from (path for path in rootfs.find(parent) if path.endswith("-linux-gnu"))
    yield from _LIBRARIES


def _search(rootfs: Rootfs, path: str, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
    """All matches in a file that is never held whole; some come twice."""
    tail = b""
    for piece in rootfs.chunks(path):
        window = tail + piece
        yield from pattern.finditer(window)
        tail = window[-_LONGEST:]
