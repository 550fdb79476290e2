"""Whether what is locked comes from where the inputs in the same lock say: channels, indexes, sources, base, Python.

Held against the inputs of the lock, not against env.toml: where these two differ is said once, elsewhere.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from fnmatch import fnmatchcase

from envlock.model.cutoff import cutoff, is_newer
from envlock.model.debian_base import base_name
from envlock.model.debian_origins import wrong_debian
from envlock.model.direct import is_from, sources
from envlock.model.lock import Base, Inputs, PlatformLock
from envlock.model.platform import PLATFORMS, version_numbers
from envlock.model.problem import Problem
from envlock.model.spec import DEFAULT_INDEX, DEFAULT_PYTHON

_SCRATCH = "scratch"


def wrong_origins(inputs: Inputs, locked: PlatformLock, now: datetime) -> Iterator[Problem]:
    """Packages of places that nobody named, or published too late, and a base that cannot carry them."""
    found = (
        *_channels(inputs, locked),
        *_places(inputs, locked),
        *_pins(inputs, locked),
        *_newer(inputs, locked, now),
        *(wrong_debian(inputs.debian, locked) if inputs.debian else _base(inputs, locked)),
        *_glibc(inputs, locked),
        *_python(inputs, locked),
    )
    for subject, message in found:
        yield Problem(kind="origin", subject=subject, platform=locked.platform, message=message)


def _channels(inputs: Inputs, locked: PlatformLock) -> Iterator[tuple[str, str]]:
    for package in locked.conda:
        if package.channel not in inputs.channels:
            yield "channels", f"`{package.name}` is locked from `{package.channel}`, which is not among the channels"
        if package.subdir not in (locked.platform, "noarch"):
            yield package.name, f"`{package.name}` is locked for `{package.subdir}`, which is another platform"


def _places(inputs: Inputs, locked: PlatformLock) -> Iterator[tuple[str, str]]:
    """Distributions from indexes and other places that the inputs do not name."""
    indexes = {DEFAULT_INDEX, *(index.name for index in inputs.indexes)}
    named = dict(sources(_all_pip(inputs, locked.platform)))
    for package in locked.pip:
        source = named.get(package.name)
        if package.index is None and (source is None or not is_from(package, source)):
            yield package.name, f"`{package.name}` is locked from `{package.source}`, which nothing names for it"
        elif package.index is not None and package.index not in indexes:
            yield (
                "indexes",
                f"`{package.name}` is locked from `{package.index}`, which is not among the package indexes",
            )


def _all_pip(inputs: Inputs, platform: str) -> Iterator[str]:
    wants = (*(w for p, w in inputs.platform_wants if p == platform), *(w for _, w in inputs.groups))
    yield from inputs.pip
    for place in (*(w.pip for w in wants), *(project.dependencies for project in inputs.editable)):
        yield from place


def _pins(inputs: Inputs, locked: PlatformLock) -> Iterator[tuple[str, str]]:
    """An index for some packages has nothing else, and these are nowhere else."""
    pinned = {index.name: index.packages for index in inputs.indexes if index.packages}
    for package in locked.pip if pinned else ():
        if package.index is None:
            continue
        owners = [name for name, patterns in pinned.items() if _matches(package.name, patterns)]
        if owners and package.index not in owners:
            yield (
                "indexes",
                f"`{package.name}` is locked from `{package.index}`: it is to come from `{owners[0]}` alone",
            )
        elif not owners and package.index in pinned:
            patterns = ", ".join(f"`{pattern}`" for pattern in pinned[package.index])
            yield "indexes", f"`{package.name}` is locked from `{package.index}`, which is for {patterns} alone"


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _newer(inputs: Inputs, locked: PlatformLock, now: datetime) -> Iterator[tuple[str, str]]:
    limit = cutoff(inputs.exclude_newer, now)
    shown = limit if limit == inputs.exclude_newer else f"{inputs.exclude_newer} ({limit})"
    for package in locked.packages if limit else ():
        if is_newer(package.uploaded, limit):
            yield (
                "exclude-newer",
                (f"`{package.name}` {package.version} was uploaded {package.uploaded}, after `exclude-newer` {shown}"),
            )


def _base(inputs: Inputs, locked: PlatformLock) -> Iterator[tuple[str, str]]:
    if not PLATFORMS[locked.platform].has_images:
        return
    base = locked.base
    asked, found = _kinds_of_base(inputs, base)
    if asked != found:
        key = "dockerfile" if inputs.dockerfile else "base"
        yield key, f"{'base ' if key == 'base' else ''}{asked} is asked for: {found} is locked"
    if locked.debian and not base.suite:
        yield "base", f"`{locked.debian[0].name}` is locked, a package of Debian's, beside {base_name(base)}"
    if inputs.interpreter and base.interpreter != inputs.interpreter:
        found = f"`{base.interpreter}`" if base.interpreter else "none"
        yield "interpreter", f"interpreter `{inputs.interpreter}` is asked for: {found} is locked"
    if (base.digest or base.context) and base.glibc is None and locked.packages:
        yield "base", f"{base_name(base)} has no glibc, which packages are made for"


def _kinds_of_base(inputs: Inputs, base: Base) -> tuple[str, str]:
    """What is asked for, and what is locked, in words that are the same where these fit."""
    if inputs.dockerfile:
        asked = f"what `{inputs.dockerfile}` makes"
        return asked, asked if base.context else base_name(base)
    known = bool(base.suite or base.context)
    return f"`{inputs.base}`", base_name(base) if known else f"`{base.reference}`"


def _glibc(inputs: Inputs, locked: PlatformLock) -> Iterator[tuple[str, str]]:
    platform, base = PLATFORMS[locked.platform], locked.base
    wanted = dict(inputs.systems).get(locked.platform, platform.system).glibc
    if platform.has_images and wanted and base.glibc and version_numbers(base.glibc) < version_numbers(wanted):
        yield "glibc", f"{base_name(base)} has glibc {base.glibc}, and packages are chosen for glibc {wanted}"


def _python(inputs: Inputs, locked: PlatformLock) -> Iterator[tuple[str, str]]:
    """The base's Python, where conda brings none; Debian's, where env.toml does not say which, is that of the suite."""
    base = locked.base
    wanted = inputs.python or (DEFAULT_PYTHON if inputs.pip and not inputs.debian else None)
    if _has_conda(inputs):
        return
    if wanted and base.python and not f"{base.python}.".startswith(f"{wanted}."):
        yield "python", f"Python {wanted} is asked for: {base.python} is locked in {base_name(base)}"
    elif locked.pip and not _has_python(base, inputs):
        yield "base", f"wheels are locked, and no Python for them in {base_name(base)}"


def _has_conda(inputs: Inputs) -> bool:
    return bool(inputs.conda) or any(wants.conda for _, wants in (*inputs.platform_wants, *inputs.groups))


def _has_python(base: Base, inputs: Inputs) -> bool:
    """In an empty base there is none to find: there wheels are chosen for the one that env.toml states, if any."""
    if base.reference in (None, _SCRATCH) and not (base.suite or base.context):
        return base.python is not None or inputs.python is None
    return base.python is not None and base.interpreter is not None
