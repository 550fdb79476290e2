"""What activating an environment would set, told without executing anything."""

from collections.abc import Iterable, Mapping

from envlock.model.lock import ImageSettings, PlatformLock


def environment(
    locked: PlatformLock, image: ImageSettings, *, prefix: str, path: str, activated: Iterable[tuple[str, str]] = ()
) -> dict[str, str]:
    """The variables of an environment at `prefix`: `path` is the PATH to stand behind its own folder.

    `activated` is what packages set when conda activates them; `[variables]` outranks it.
    """
    found = {**dict(activated), **dict(image.variables), "PATH": f"{prefix}/bin:{path}" if path else f"{prefix}/bin"}
    if locked.conda:
        return {**found, "CONDA_PREFIX": prefix}
    return {**found, "VIRTUAL_ENV": prefix}


def literal_exports(script: str) -> Mapping[str, str]:
    """The plain `export NAME=value` lines of an activation script; anything a shell would have to work out is not."""
    found = {}
    for line in script.splitlines():
        words = line.strip().removeprefix("export ")
        name, equals, value = words.partition("=")
        if line.strip().startswith("export ") and equals and name.isidentifier():
            plain = value.strip().strip("\"'")
            if not any(c in plain for c in "$`\\;&|<>(){}*?[]\"' "):
                found[name] = plain
    return found
