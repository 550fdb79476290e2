"""Single edits and clean merges that once passed as a right lock, and right locks that did not pass."""

import pytest

from envlock.system.conda.matching import matches


@pytest.mark.parametrize(
    "spec",
    [
        'numpy[build_number=">=1"]',
        'acme::numpy >=1[build_number="3"]',
        "numpy[build_number=>=1, subdir=linux-64]",
        "numpy[subdir='linux-64', build_number='>=1']",
    ],
)
@pytest.mark.parametrize("build", ["py311h64a7726_0", "release", "mkl_py311_7"])
def test_a_build_number_is_not_guessed_from_the_build(spec: str, build: str) -> None:
    assert matches(spec, "numpy", "1.26.4", build, "linux-64")


@pytest.mark.parametrize("spec", ['numpy >=2[build_number=">=1"]', 'numpy[build_number=">=1", subdir="noarch"]'])
def test_the_rest_of_a_spec_with_a_build_number_is_held(spec: str) -> None:
    assert not matches(spec, "numpy", "1.26.4", "py311_1", "linux-64")
