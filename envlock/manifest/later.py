"""What only some manifests need, loaded by those: the one place of `manifest` for late imports."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envlock.manifest.requirement_lines import Reading
    from envlock.manifest.written import Written


def read_environment_yml(path: Path, text: str, reading: "Reading") -> "Iterator[Written]":
    from envlock.manifest.environment_yml import read_environment_yml

    return read_environment_yml(path, text, reading)
