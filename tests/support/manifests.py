"""Manifests of several files, written into a repository."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from envlock.errors import UserInputError
from envlock.manifest.reader import read_manifest
from envlock.model.spec import EnvSpec


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def read(manifest: str, files: Mapping[str, str] | None = None) -> EnvSpec:
    """The values of an env.toml in the current folder, with these files around it."""
    write_files(Path(), {"env.toml": f'name = "e"\n{manifest}\n', **(files or {})})
    return read_manifest(Path("env.toml"))


def refused(manifest: str, files: Mapping[str, str] | None = None) -> str:
    """What is said of an env.toml in the current folder: nothing that was meant to be secret."""
    with pytest.raises(UserInputError) as caught:
        read(manifest, files)
    assert "hunter2" not in f"{caught.value.message} {caught.value.hint}"
    return caught.value.message
