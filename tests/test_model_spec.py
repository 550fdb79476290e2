"""What a manifest means where it says nothing: defaults, roots, declared systems."""

import pytest

from envlock.model.lock import Inputs
from envlock.model.platform import System
from envlock.model.spec import CondaSpec, EditableProject, EnvSpec, ImageSpec, PipSpec, Wants, python_minor

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
    spec = EnvSpec(name="x", python=python, conda=CondaSpec(dependencies=dependencies))
    assert spec.wants("linux-64").conda == roots


def test_what_a_platform_and_a_group_ask_for_besides() -> None:
    spec = EnvSpec(
        name="x",
        python="3.11",
        conda=CondaSpec(dependencies=("numpy",)),
        pip=PipSpec(dependencies=("flask",), editable=(EditableProject(path="./p", name="p", dependencies=("six",)),)),
        platform_wants=(("osx-64", Wants(conda=("mkl",), pip=("appnope",))),),
        groups=(("dev", Wants(pip=("pytest",))),),
    )
    assert spec.wants("linux-64") == Wants(conda=("numpy", "python 3.11.*"), pip=("flask", "six"))
    assert spec.wants("osx-64") == Wants(conda=("mkl", "numpy", "python 3.11.*"), pip=("appnope", "flask", "six"))
    assert spec.wants("osx-64", "dev") == Wants(pip=("pytest",))
    assert spec.all_wants("linux-64").pip == ("flask", "pytest", "six")
    assert spec.group_names == ("main", "dev")


def test_the_system_is_the_declared_one_or_the_documented_one() -> None:
    spec = EnvSpec(name="x", systems=(("linux-64", System(cuda="12")),))
    assert spec.system("linux-64").cuda == "12"
    assert spec.system("linux-aarch64") == System(archspec="aarch64")
    assert spec.system("osx-arm64") == System(glibc=None, linux=None, archspec="m1", macos="13.0")
    assert spec.system("win-64") == System(glibc=None, linux=None, windows="10.0")
    assert System() == System(glibc="2.28", linux="4.18", cuda=None, archspec="x86_64")


@pytest.mark.parametrize(("version", "minor"), [("3.11", "3.11"), ("3.11.7", "3.11"), ("3", "3"), (None, "3.12")])
def test_the_minor_version(version: str | None, minor: str) -> None:
    assert python_minor(version) == minor


def test_channels_count_only_where_conda_is_asked() -> None:
    channels = CondaSpec(channels=("acme",), channel_priority="flexible")
    assert Inputs.of(EnvSpec(name="x", conda=channels, pip=PipSpec(dependencies=("a",)))) == Inputs.of(
        EnvSpec(name="x", pip=PipSpec(dependencies=("a",)))
    )
