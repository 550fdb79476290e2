"""Which wheels fit the declared system, and which of them best."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.tags import Tag

from envlock.model.platform import PLATFORMS, System
from envlock.model.tags import wheel_tags

LINUX = PLATFORMS["linux-64"]


def tags(python: str = "3.11.7", **system: str | None) -> list[str]:
    return [str(tag) for tag in wheel_tags(python, LINUX, System(**system))]


def test_platforms_of_a_glibc_from_best_to_worst() -> None:
    assert LINUX.wheel_platforms(System(glibc="2.18")) == (
        "manylinux_2_18_x86_64",
        "manylinux_2_17_x86_64",
        "manylinux2014_x86_64",
        "manylinux_2_16_x86_64",
        "manylinux_2_15_x86_64",
        "manylinux_2_14_x86_64",
        "manylinux_2_13_x86_64",
        "manylinux_2_12_x86_64",
        "manylinux2010_x86_64",
        "manylinux_2_11_x86_64",
        "manylinux_2_10_x86_64",
        "manylinux_2_9_x86_64",
        "manylinux_2_8_x86_64",
        "manylinux_2_7_x86_64",
        "manylinux_2_6_x86_64",
        "manylinux_2_5_x86_64",
        "manylinux1_x86_64",
        "linux_x86_64",
    )


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("cp311-cp311-manylinux_2_28_x86_64", "cp311-cp311-manylinux_2_17_x86_64"),
        ("cp311-cp311-linux_x86_64", "cp311-abi3-manylinux_2_28_x86_64"),
        ("cp311-abi3-manylinux_2_28_x86_64", "cp310-abi3-manylinux_2_28_x86_64"),
        ("cp310-abi3-manylinux_2_28_x86_64", "py3-none-manylinux_2_28_x86_64"),
        ("py311-none-manylinux1_x86_64", "py3-none-manylinux1_x86_64"),
        ("py3-none-manylinux1_x86_64", "py3-none-any"),
        ("py311-none-any", "py3-none-any"),
        ("py3-none-any", "py310-none-any"),
    ],
)
def test_what_is_better(better: str, worse: str) -> None:
    found = tags()
    assert found.index(better) < found.index(worse)


@pytest.mark.parametrize(
    "tag",
    [
        "cp310-cp310-manylinux_2_17_x86_64",
        "cp312-cp312-manylinux_2_17_x86_64",
        "cp312-abi3-manylinux_2_17_x86_64",
        "cp311-cp311d-manylinux_2_17_x86_64",
        "cp311-cp311t-manylinux_2_17_x86_64",
        "cp311-cp311-manylinux_2_29_x86_64",
        "cp311-cp311-manylinux_2_17_aarch64",
        "cp311-cp311-musllinux_1_2_x86_64",
        "cp311-cp311-win_amd64",
        "pp311-pypy311_pp73-manylinux_2_17_x86_64",
        "py2-none-any",
        "py312-none-any",
    ],
)
def test_what_does_not_fit(tag: str) -> None:
    assert tag not in tags()


@pytest.mark.parametrize("minor", ["3.8", "3.11", "3.13", "3.14"])
def test_the_declared_python_alone_decides(minor: str) -> None:
    """Whatever kind of Python runs the tests: free-threaded and debug builds load other wheels."""
    plain = f"cp{minor.replace('.', '')}"
    abis = {tag.abi for tag in wheel_tags(f"{minor}.1", LINUX, System()) if tag.interpreter == plain}
    assert abis == {plain, "abi3", "none"}


def test_each_stands_once() -> None:
    assert len(tags()) == len(set(tags()))


def test_without_a_declared_glibc_what_runs_nearly_everywhere() -> None:
    assert tags(glibc=None) == tags(glibc="2.17")


@given(st.integers(5, 60), st.integers(5, 60), st.integers(8, 14))
def test_a_newer_glibc_takes_all_that_an_older_one_takes(one: int, other: int, minor: int) -> None:
    older, newer = sorted((one, other))
    fewer, more = (list(wheel_tags(f"3.{minor}", LINUX, System(glibc=f"2.{number}"))) for number in (older, newer))
    known = set(fewer)
    assert [tag for tag in more if tag in known] == fewer  # in the same order
    assert Tag("py3", "none", "any") in known
