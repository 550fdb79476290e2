"""One spelling of PEP 508 requirements."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.interchange.pip.pip_requirement import normalized_requirement

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
    ("X[b,A] @ ./wheels/../wheels/x-1.0-py3-none-any.whl", "x[a,b] @ ./wheels/x-1.0-py3-none-any.whl"),
    ("./wheels/X_y-1.0-py3-none-any.whl", "x-y @ ./wheels/X_y-1.0-py3-none-any.whl"),
    ("./x-1.0-py3-none-any.whl[a]; python_version<'4'", 'x[a] @ ./x-1.0-py3-none-any.whl ; python_version < "4"'),
    ("../x-1.0.tar.gz", "x @ ../x-1.0.tar.gz"),
    ("x@.", "x @ ./"),
    ("x @ ..", "x @ ../"),
    ("x @ ../p/ ; sys_platform=='linux'", 'x @ ../p ; sys_platform == "linux"'),
    ("https://h.test/a%20b/x-1.0-py3-none-any.whl", "x @ https://h.test/a%20b/x-1.0-py3-none-any.whl"),
    ("x @ https://h.test/v1.zip ; python_version<'4'", 'x @ https://h.test/v1.zip ; python_version < "4"'),
    ("x @ git+https://h.test/a.git@v1#subdirectory=b/c", "x @ git+https://h.test/a.git@v1#subdirectory=b/c"),
    ("git+https://h.test/a.git@feat/x#egg=A[z]", "a[z] @ git+https://h.test/a.git@feat/x"),
    ("x @ git+https://h.test/@scope/a.git@v1", "x @ git+https://h.test/@scope/a.git@v1"),
    ("x @ git+ssh://git@h.test/a.git", "x @ git+ssh://git@h.test/a.git"),
    ("x @ git+file:///srv/a.git/@main", "x @ git+file:///srv/a.git@main"),
    ("a>1;sys_platform=='linux' and extra=='x'", 'a>1; sys_platform == "linux" and extra == "x"'),
]


@pytest.mark.parametrize(("text", "expected"), ROWS)
def test_one_spelling(text: str, expected: str) -> None:
    assert normalized_requirement(text) == expected
    assert normalized_requirement(expected) == expected


REQUIREMENT = "expected a requirement such as `flask>=3,<4`"
SOURCE = "expected after `@` a path such as `./wheels/x-1.0-py3-none-any.whl`, `https://…` or `git+https://…@REVISION`"
LOCAL = "a file of this machine is named by its path relative to env.toml, which begins with `./`"
SECRET = "holds credentials: keep them in netrc or in environment variables, never here"
OPTION = f"{REQUIREMENT}, got an option: `-e` belongs into `pip.editable`, an index into `pip.indexes`"
FILE = "expected the URL of a wheel (`….whl`) or of an sdist (`….tar.gz`, `….zip`)"
GIT = "expected a repository such as `git+https://host.test/acme/project.git@v1.2`"
RELATIVE = "expected a path relative to this file, one that begins with `./` or `../`"

REFUSED = [
    (
        f"flask; {'(' * 900}os_name == 'a'{')' * 900}",
        "expected a requirement such as `flask>=3,<4`: its marker is nested too deeply",
    ),
    ("flask===", "expected a requirement such as `flask>=3,<4`, got `flask===`: no version follows `===`"),
    ("", f"{REQUIREMENT}, got ``"),
    ("a b", f"{REQUIREMENT}, got `a b`"),
    ("a==", f"{REQUIREMENT}, got `a==`"),
    ("a=1", f"{REQUIREMENT}, got `a=1`: pip compares by `==`"),
    (">=1", f"{REQUIREMENT}, got `>=1`"),
    ("a[b", f"{REQUIREMENT}, got `a[b`"),
    ("a; nonsense == 1", f"{REQUIREMENT}, got `a; nonsense == 1`"),
    ("-r requirements.txt", OPTION),
    ("-e .", OPTION),
    ("./a", "expected a name before it: `NAME @ SOURCE`"),
    ("/a", RELATIVE),
    ("x @ /srv/x-1.0-py3-none-any.whl", RELATIVE),
    ("a.whl", LOCAL),
    ("wheels/x-1.0-py3-none-any.whl", LOCAL),
    ("x @ file:///srv/x-1.0-py3-none-any.whl", LOCAL),
    ("a @ b", SOURCE),
    ("a @ git://h.test/a", SOURCE),
    ("a @ https://[", SOURCE),
    ("a @ https://h.test:port/a.zip", SOURCE),
    ("a @ ./b c", "a path in a requirement cannot hold blanks, `\\`, `#`, `?`, `%` or `@`"),
    ("a @ ./b#sha256=0", "a path in a requirement cannot hold blanks, `\\`, `#`, `?`, `%` or `@`"),
    ("a @ ./b.whl", "`b.whl` is not the name of a wheel: expected one such as `x-1.0-py3-none-any.whl`"),
    ("y @ ./x-1.0-py3-none-any.whl", "`y` is asked for, and the source is one of `x`"),
    ("y @ git+https://h.test/a#egg=x", "`y` is asked for, and the source is one of `x`"),
    ("./[a]b", "expected brackets at the end alone, as in `./x-1.0-py3-none-any.whl[extra]`"),
    ("a @ https://h.test/a", FILE),
    ("a @ https://me:hunter2@h.test/a.zip", SECRET),
    ("a @ https://hunter2@h.test/a.zip", SECRET),
    ("a @ https://h.test/t/hunter2/a.zip", SECRET),
    ("a @ https://h.test/a.zip?token=hunter2", "expected a URL without `?`: what follows could be a secret"),
    ("a @ https://h.test/a.zip#sha256=0", "expected a URL without `#`: the sha256 of what it gives stands in env.lock"),
    ("a @ https://h.test/a.zip;os_name=='a'", "expected a URL without `;`: a marker is parted from it by a blank"),
    ("a @ git+ssh://git:hunter2@h.test/a.git", SECRET),
    ("a @ git+https://hunter2@h.test/a.git", SECRET),
    ("a @ git+https:///a.git", GIT),
    ("a @ git+https://h.test/a.git?token=hunter2", GIT),
    ("a @ git+file://h.test/a.git", GIT),
    ("a @ git+https://h.test/a.git@-x", "expected a branch, tag or commit after the last `@`"),
    ("a @ git+https://h.test/a#hunter2", "after `#`, a git repository has `subdirectory=FOLDER` and nothing else"),
    ("a @ git+https://h.test/a#subdirectory=../b", "expected after `#subdirectory=` a folder inside the repository"),
    ("a @ ./b ; hunter2", REQUIREMENT),
]


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_refused(text: str, message: str) -> None:
    assert "hunter2" not in message
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        normalized_requirement(text)


alphabet = st.sampled_from(list("aB1.*_-+!=<>~,[]'\" ;()@/:")) | st.characters()
starts = ["x @ ./", "./x-1.0.tar.gz", "x @ https://h.test/", "git+https://h.test/a@", "x @ git+ssh://g@h.test/a#"]
sources = st.builds("{}{}".format, st.sampled_from(starts), st.text(alphabet, max_size=12))


@given(st.text(alphabet, max_size=30) | st.text(alphabet, max_size=12).map("flask".__add__) | sources)
@settings(deadline=None, max_examples=400)
def test_any_text(text: str) -> None:
    try:
        normal = normalized_requirement(text)
    except ValueError:
        return
    assert normalized_requirement(normal) == normal
    ours = Requirement(normal)
    if ours.url:
        return
    judge = Requirement(text)
    assert canonicalize_name(judge.name) == ours.name
    assert (judge.specifier, judge.marker, judge.url) == (ours.specifier, ours.marker, ours.url)
