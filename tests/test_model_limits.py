"""Versions within limits, seen by their numbers: the same answers as the libraries give that know every case."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from envlock.model.conda_limits import plainly_met
from envlock.model.limits import is_within, plain_clauses
from envlock.system.conda.matching import matches

numbers = st.lists(st.sampled_from(["0", "00", "1", "2", "3", "10", "2026"]), min_size=1, max_size=4).map(".".join)
pip_clauses = (
    st.builds("{}{}".format, st.sampled_from([">=", "<=", "<", ">", "==", "!="]), numbers)
    | st.builds("{}{}.*".format, st.sampled_from(["==", "!="]), numbers)
    | st.builds("~={}.{}".format, numbers, numbers)
)
conda_clauses = (
    st.builds("{}{}".format, st.sampled_from([">=", "<=", "<", ">", "==", "!="]), numbers)
    | st.builds("{}{}{}".format, st.sampled_from([">=", "<"]), numbers, st.sampled_from(["a0", ".0a0", "0a0", ".a0"]))
    | st.builds("{}.*".format, numbers)
)
builds = st.sampled_from(["py_0", "py311_1", "h1_0_cp311"])
asked_builds = st.sampled_from(["", " py_0", " *_cp311", " py*_?", " *"])


@given(clauses=st.lists(pip_clauses, max_size=3), version=numbers)
@settings(deadline=None, max_examples=500)
def test_as_packaging_has_it(clauses: list[str], version: str) -> None:
    limits = ",".join(clauses)
    assert plain_clauses(limits) is not None
    assert is_within(version, limits) == SpecifierSet(limits).contains(version, prereleases=True)


@given(
    clauses=st.lists(conda_clauses, min_size=1, max_size=2).map(",".join) | st.just("*"),
    asked=asked_builds,
    version=numbers,
    build=builds,
)
@settings(deadline=None, max_examples=500)
def test_as_rattler_has_it(clauses: str, asked: str, version: str, build: str) -> None:
    found = plainly_met(f"lib {clauses}{asked}", version, build)
    assert found in (None, matches(f"lib {clauses}{asked}", "lib", version, build, "linux-64"))


@given(asked_version=numbers, asked=builds, version=numbers, build=builds)
@settings(deadline=None, max_examples=200)
def test_a_version_and_a_build_as_rattler_has_them(asked_version: str, asked: str, version: str, build: str) -> None:
    spec = f"lib {asked_version} {asked}"
    assert plainly_met(spec, version, build) == matches(spec, "lib", version, build, "linux-64")


@pytest.mark.parametrize(
    ("version", "limits", "is_met"),
    [
        ("2.0rc1", ">=1", True),
        ("2.0rc1", "<2", False),
        ("1.0+cu121", "==1.0", True),
        ("1.0.post1", ">1.0", False),
        ("1!1.0", ">=5", True),
        ("1.5", "===1.5", True),
        ("2021a_fixed", ">=2022", True),  # no version of Python's kind: nothing to hold it against
        ("", ">=1", True),
    ],
)
def test_versions_that_are_more_than_numbers(version: str, limits: str, is_met: bool) -> None:
    assert is_within(version, limits) == is_met


@pytest.mark.parametrize(
    ("spec", "version", "build", "is_met"),
    [
        ("numpy >=1.22,<2.0a0", "1.26.4", "py311_0", True),
        ("numpy >=1.22,<2.0a0", "2.0.0", "py311_0", False),
        ("python_abi 3.11.* *_cp311", "3.11", "5_cp311", True),
        ("python_abi 3.11.* *_cp311", "3.11", "5_cp312", False),
        ("openssl", "3.1.4", "0", True),
        ("openssl 3.1.4 0", "3.1.4", "1", False),
        # not seen by numbers alone
        ("openssl >=3.1.4", "3.1.4a", "0", None),
        ("acme::openssl", "3.1.4", "0", None),
        ("openssl >=3|<1", "3.1.4", "0", None),
        ("openssl ~=3.1", "3.1.4", "0", None),
        ("openssl[build='0']", "3.1.4", "0", None),
        ("openssl 3.1.4 ^0$", "3.1.4", "0", None),
    ],
)
def test_match_specs_that_are_plain_and_not(spec: str, version: str, build: str, is_met: bool | None) -> None:
    assert plainly_met(spec, version, build) == is_met
