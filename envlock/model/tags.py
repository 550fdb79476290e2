"""Which wheels fit a Python and a declared system, best first."""

from collections.abc import Iterator

from packaging.tags import Tag, compatible_tags, cpython_tags

from envlock.model.platform import Platform, System


def wheel_tags(python: str, platform: Platform, system: System) -> Iterator[Tag]:
    """Tags of CPython `python` (a version) on the platform, from best to worst."""
    version = tuple(int(part) for part in python.split(".")[:2])
    interpreter = f"cp{version[0]}{version[1]}"
    platforms = platform.wheel_platforms(system)
    # left to itself, the library would take the ABI from the Python that runs envlock
    yield from cpython_tags(version, abis=[interpreter], platforms=platforms)
    yield from compatible_tags(version, interpreter=interpreter, platforms=platforms)
