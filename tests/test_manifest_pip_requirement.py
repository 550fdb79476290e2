"""One spelling of PEP 508 requirements."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.manifest.pip_requirement import normalized_requirement

ROWS = [
    ("flask", "flask"),
    (" Flask_Login ", "flask-login"),
    ("zope.interface", "zope-interface"),
    ("flask >= 3 , < 4", "flask<4,>=3"),
    ("flask (>=3)", "flask>=3"),
    ("uvicorn[Standard_X, b,b]>=0.20", "uvicorn[b,standard-x]>=0.20"),
    ("a==1.*", "a==1.*"),
    ("a~=1.0", "a~=1.0"),
    ("a ; python_version<'3.12'", 'a; python_version < "3.12"'),
    ("a>1;sys_platform=='linux' and extra=='x'", 'a>1; sys_platform == "linux" and extra == "x"'),
]


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_one_spelling(text: str, expected: str) -> None:
    assert normalized_requirement(text) == expected
    assert normalized_requirement(expected) == expected


REFUSED = [
    "",
    "a b",
    "a==",
    ">=1",
    "a[",
    "a[b",
    "a; nonsense == 1",
    "-r requirements.txt",
    "./a",
    "/a",
    "a.whl",
    "a @ b",
]


@pytest.mark.parametrize("text", REFUSED)
def test_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(expected a requirement|paths, URLs and options are not supported)"):
        normalized_requirement(text)


alphabet = st.sampled_from(list("aB1.*_-+!=<>~,[]'\" ;()@/:")) | st.characters()


@given(st.text(alphabet, max_size=30) | st.text(alphabet, max_size=12).map("flask".__add__))
@settings(deadline=None, max_examples=300)
def test_any_text(text: str) -> None:
    try:
        normal = normalized_requirement(text)
    except ValueError:
        return
    assert normalized_requirement(normal) == normal
    judge, ours = Requirement(text), Requirement(normal)
    assert canonicalize_name(judge.name) == ours.name
    assert (judge.specifier, judge.marker, judge.url) == (ours.specifier, ours.marker, ours.url)
