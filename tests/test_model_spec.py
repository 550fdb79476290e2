"""What a manifest means where it says nothing: defaults, roots, declared systems."""

import pytest

from envlock.model.lock import Inputs
from envlock.model.platform import System
from envlock.model.spec import CondaSpec, EnvSpec, ImageSpec, PipSpec, python_minor

CONDA = CondaSpec(dependencies=("numpy",))


@pytest.mark.parametrize(
    ("spec", "base"),
    [
        (EnvSpec(name="x"), "python:3.12-slim"),
        (EnvSpec(name="x", python="3.11"), "python:3.11-slim"),
        (EnvSpec(name="x", python="3.11.7"), "python:3.11-slim"),
        (EnvSpec(name="x", python="3.11", conda=CONDA), "debian:trixie-slim"),
        (EnvSpec(name="x", conda=CONDA, image=ImageSpec(base="scratch")), "scratch"),
    ],
)
def test_the_base(spec: EnvSpec, base: str) -> None:
    assert spec.base == base


@pytest.mark.parametrize(
    ("python", "dependencies", "roots"),
    [
        (None, ("numpy",), ("numpy",)),
        ("3.11", (), ()),  # without conda, Python is not conda's
        ("3.11", ("numpy",), ("numpy", "python 3.11.*")),
        ("3.11.7", ("numpy",), ("numpy", "python ==3.11.7")),
        ("3.11", ("numpy", "python >=3.11.2"), ("numpy", "python 3.11.*", "python >=3.11.2")),
    ],
)
def test_what_conda_is_asked_for(python: str | None, dependencies: tuple[str, ...], roots: tuple[str, ...]) -> None:
    assert EnvSpec(name="x", python=python, conda=CondaSpec(dependencies=dependencies)).conda_roots() == roots


def test_the_system_is_the_declared_one_or_the_documented_one() -> None:
    spec = EnvSpec(name="x", systems=(("linux-64", System(cuda="12")),))
    assert spec.system("linux-64").cuda == "12"
    assert spec.system("linux-aarch64") == System()
    assert System() == System(glibc="2.28", linux="4.18", cuda=None, archspec="x86_64")


@pytest.mark.parametrize(("version", "minor"), [("3.11", "3.11"), ("3.11.7", "3.11"), ("3", "3"), (None, "3.12")])
def test_the_minor_version(version: str | None, minor: str) -> None:
    assert python_minor(version) == minor


def test_channels_count_only_where_conda_is_asked() -> None:
    channels = CondaSpec(channels=("acme",), channel_priority="flexible")
    assert Inputs.of(EnvSpec(name="x", conda=channels, pip=PipSpec(dependencies=("a",)))) == Inputs.of(
        EnvSpec(name="x", pip=PipSpec(dependencies=("a",)))
    )
