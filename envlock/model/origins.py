"""Whether what is locked comes from where the inputs in the same lock say: channels, indexes, the base and its Python.

Held against the inputs of the lock, not against env.toml: where these two differ is said once, elsewhere.
"""

from collections.abc import Iterator

from envlock.model.lock import Base, Inputs, PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.model.problem import Problem
from envlock.model.spec import DEFAULT_INDEX, DEFAULT_PYTHON

_SCRATCH = "scratch"


def wrong_origins(inputs: Inputs, locked: PlatformLock) -> Iterator[Problem]:
    """Packages of places that nobody named, and a base that is not what was asked for or cannot carry them."""
    for subject, message in (*_packages(inputs, locked), *_base(inputs, locked), *_python(inputs, locked)):
        yield Problem(kind="origin", subject=subject, platform=locked.platform, message=message)


def _packages(inputs: Inputs, locked: PlatformLock) -> Iterator[tuple[str, str]]:
    for conda in locked.conda:
        if conda.channel not in inputs.channels:
            yield "channels", f"`{conda.name}` is locked from `{conda.channel}`, which is not among the channels"
    indexes = {DEFAULT_INDEX, *(index.name for index in inputs.indexes)}
    for pip in locked.pip:
        if pip.index is not None and pip.index not in indexes:
            yield "indexes", f"`{pip.name}` is locked from `{pip.index}`, which is not among the package indexes"


def _base(inputs: Inputs, locked: PlatformLock) -> Iterator[tuple[str, str]]:
    if not PLATFORMS[locked.platform].has_images:
        return
    base, wanted = locked.base, _wanted_glibc(inputs, locked)
    if base.reference != inputs.base:
        yield "base", f"base `{inputs.base}` is asked for: `{base.reference}` is locked"
    if inputs.interpreter and base.interpreter != inputs.interpreter:
        found = f"`{base.interpreter}`" if base.interpreter else "none"
        yield "interpreter", f"interpreter `{inputs.interpreter}` is asked for: {found} is locked"
    if wanted and base.glibc and _numbers(base.glibc) < _numbers(wanted):
        yield "glibc", f"base `{base.reference}` has glibc {base.glibc}, and packages are chosen for glibc {wanted}"
    if base.digest and base.glibc is None and locked.packages:
        yield "base", f"base `{base.reference}` has no glibc, which packages are made for"


def _wanted_glibc(inputs: Inputs, locked: PlatformLock) -> str | None:
    return dict(inputs.systems).get(locked.platform, PLATFORMS[locked.platform].system).glibc


def _python(inputs: Inputs, locked: PlatformLock) -> Iterator[tuple[str, str]]:
    """The base's Python, where conda brings none."""
    base, wanted = locked.base, inputs.python or (DEFAULT_PYTHON if inputs.pip else None)
    if _has_conda(inputs):
        return
    if wanted and base.python and not f"{base.python}.".startswith(f"{wanted}."):
        yield "python", f"Python {wanted} is asked for: {base.python} is locked in base `{base.reference}`"
    elif locked.pip and not _has_python(base, inputs):
        yield "base", f"wheels are locked, and no Python for them in base `{base.reference}`"


def _has_conda(inputs: Inputs) -> bool:
    return bool(inputs.conda) or any(wants.conda for _, wants in (*inputs.platform_wants, *inputs.groups))


def _has_python(base: Base, inputs: Inputs) -> bool:
    """In an empty base there is none to find: there wheels are chosen for the one that env.toml states, if any."""
    if base.reference in (None, _SCRATCH):
        return base.python is not None or inputs.python is None
    return base.python is not None and base.interpreter is not None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
