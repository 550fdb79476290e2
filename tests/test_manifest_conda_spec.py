"""One spelling of match specs; py-rattler is the judge that none changes its meaning."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rattler import MatchSpec
from rattler.exceptions import InvalidMatchSpecError

from envlock.interchange.conda.conda_spec import normalized_spec

ROWS = [
    ("numpy", "numpy"),
    ("  NumPy  ", "numpy"),
    ("numpy *", "numpy"),
    ("numpy=*", "numpy"),
    ("numpy>=1.26,<2", "numpy <2,>=1.26"),
    ("numpy >= 1.26 , <2", "numpy <2,>=1.26"),
    ("Numpy >=1.26,<2,<2", "numpy <2,>=1.26"),
    ("numpy=1.26", "numpy 1.26.*"),
    ("numpy =1.26", "numpy 1.26.*"),
    ("numpy 1.26.*", "numpy 1.26.*"),
    ("numpy=1.26.*", "numpy 1.26.*"),
    ("numpy 1.26*", "numpy 1.26.*"),
    ("numpy ==1.26.*", "numpy 1.26.*"),
    ("numpy==1.26", "numpy ==1.26"),
    ("numpy 1.26", "numpy ==1.26"),
    ("numpy >=1.26.*", "numpy >=1.26"),
    ("numpy !=1.26.*", "numpy !=1.26.*"),
    ("numpy ~= 1.26", "numpy ~=1.26"),
    ("numpy=1.26,!=1.26.3", "numpy !=1.26.3,1.26.*"),
    ("numpy >=1,<2 | >3", "numpy <2,>=1|>3"),
    ("numpy =1|=2", "numpy 1.*|2.*"),
    ("numpy 1.26 py_0", "numpy 1.26 py_0"),
    ("numpy=1.26=py_0", "numpy 1.26 py_0"),
    ("numpy==1.26=py_0", "numpy 1.26 py_0"),
    ("numpy ==1.26 py_0", "numpy 1.26 py_0"),
    ("numpy =1.26 py_0", "numpy 1.26 py_0"),
    ("numpy >=1.26 py311*", "numpy >=1.26 py311*"),
    ("numpy>=1,<2=py_0", "numpy <2,>=1 py_0"),
    ("numpy * py311*", "numpy * py311*"),
    ("conda-forge::numpy>=1", "conda-forge::numpy >=1"),
    ("conda-forge/linux-64::numpy", "conda-forge/linux-64::numpy"),
    ("conda-forge/label/rc::numpy 2", "conda-forge/label/rc::numpy ==2"),
    ("numpy[version='>=1',build='py*']", "numpy >=1 py*"),
    ('numpy[version=">=1, <2"]', "numpy <2,>=1"),
    ("numpy[version=1.26]", "numpy ==1.26"),
    ("numpy[version='=1.26']", "numpy 1.26.*"),
    ("numpy[channel=conda-forge, build_number='>=2']", 'conda-forge::numpy[build_number=">=2"]'),
    ("numpy >=1[subdir=linux-64,build=py_0]", 'numpy >=1 py_0[subdir="linux-64"]'),
    ("numpy[]", "numpy"),
    ("numpy 2[build_number=1]", 'numpy ==2[build_number="1"]'),
    ("_libgcc_mutex", "_libgcc_mutex"),
    ("__glibc >=2.17", "__glibc >=2.17"),
    ("x264 1!161.3030", "x264 ==1!161.3030"),
    ("pkg 1.0+Local_1", "pkg ==1.0+local_1"),
]


def meaning(text: str) -> tuple[object, ...]:
    spec = MatchSpec(text, strict=False)
    version = None if spec.version == "*" else spec.version
    bounds = None if version is None else tuple(tuple(sorted(set(g.split(",")))) for g in version.split("|"))
    plain = (spec.name.normalized, str(spec.channel) if spec.channel else None, spec.subdir, bounds)
    return (*plain, spec.build, spec.build_number, spec.file_name, spec.md5, spec.sha256)


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_one_spelling(text: str, expected: str) -> None:
    assert normalized_spec(text) == expected
    assert normalized_spec(expected) == expected
    assert meaning(text) == meaning(expected)


versions = st.from_regex(r"(?:[1-3]!)?[0-9]{1,2}(?:\.[0-9a-z]{1,3}){0,2}", fullmatch=True)
bounds = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "=", "==", "!=", ">=", "<=", "<", ">", "~="]),
    st.sampled_from(["", " "]),
    versions,
    st.sampled_from(["", ".*"]),
).filter(lambda bound: not (bound.startswith("==") and bound.endswith("*")))  # the judge reads it in two ways
constraints = st.lists(st.lists(bounds, min_size=1, max_size=3).map(", ".join), min_size=1, max_size=2).map(" | ".join)
specs = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["", "conda-forge::", "a/label/b::"]),
    st.sampled_from(["numpy", "Py_Thing.x", "_x-y"]),
    st.sampled_from([" ", "  "]),
    constraints,
    st.sampled_from(["", " py_0", " py3*", "[build_number=2]", "[build=h_1]"]),
)


@given(specs)
@settings(deadline=None, max_examples=300)
def test_meaning_stays(text: str) -> None:
    try:
        expected = meaning(text)
    except InvalidMatchSpecError:
        return
    normal = normalized_spec(text)
    assert meaning(normal) == expected
    assert normalized_spec(normal) == normal


alphabet = st.sampled_from(list("aB1.*_-+!=<>~,|:/[]'\" ^$\\@#;()")) | st.characters()


@given(st.text(alphabet, max_size=30) | st.text(alphabet, max_size=12).map("numpy".__add__))
@settings(deadline=None, max_examples=500)
def test_any_text(text: str) -> None:
    """What is accepted is a match spec to the solver too, in one spelling; all else is a ValueError."""
    try:
        normal = normalized_spec(text)
    except ValueError:
        return
    assert normalized_spec(normal) == normal
    assert meaning(normal)
