"""Dependencies as they are typed: which kind they are, how they go with what is there, and the bounds they get."""

import pytest

from envlock.manifest.dependency_text import bounded, is_bare, kinds_of, name_of, place_in_order, united
from envlock.model.version_bounds import conda_bound, pip_bound


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("numpy", ("conda", "pip")),
        ("numpy >=1.26,<3", ("conda", "pip")),
        ("numpy==1.26", ("conda", "pip")),
        ("conda-forge::numpy", ("conda",)),
        ("numpy=1.26", ("conda",)),
        ("numpy 1.26.* py_0", ("conda",)),
        ('numpy[build_number="2"]', ("conda",)),
        ("flask[async]", ("pip",)),
        ("flask; python_version < '3'", ("pip",)),
        ("flask @ https://files.acme.test/flask-3-py3-none-any.whl", ("pip",)),
        ("./wheels/x-1.0-py3-none-any.whl", ("pip",)),
    ],
)
def test_kinds(text: str, kinds: tuple[str, ...]) -> None:
    assert kinds_of(text) == kinds


@pytest.mark.parametrize("text", ["", "a b c d", "flask>", "a::b::c>", "-r x", "x::y @ z"])
def test_what_is_neither(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        kinds_of(text)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("git", ("conda", "pip", "debian")),
        ("git (>= 1:2.39)", ("debian",)),
        ("libstdc++6", ("debian",)),
        ("Flask", ("conda", "pip")),
        ("flask[async]", ("pip",)),
        ("git=2.39", ("conda", "debian")),
    ],
)
def test_kinds_where_debian_s_packages_are_the_base(text: str, kinds: tuple[str, ...]) -> None:
    assert kinds_of(text, ("conda", "pip", "debian")) == kinds


def test_a_password_is_not_shown() -> None:
    with pytest.raises(ValueError, match="credentials") as raised:
        kinds_of("x @ https://me:hunter2@files.acme.test/x-1-py3-none-any.whl")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("kind", "old", "new", "expected"),
    [
        ("conda", "numpy >=1", "numpy", "numpy >=1"),
        ("conda", "numpy >=1", "numpy <3", "numpy <3"),
        ("conda", "numpy >=1", "acme::numpy", "acme::numpy >=1"),
        ("conda", "acme::numpy >=1", "numpy >=2", "numpy >=2"),
        ("pip", "Flask >=1", "flask", "Flask >=1"),
        ("debian", "git (>= 1)", "git", "git (>= 1)"),
        ("debian", "git (>= 1)", "git=1:2", "git=1:2"),
        ("debian", "git", "git (<< 3)", "git (<< 3)"),
        ("pip", "Flask >=1", "flask <3", "flask <3"),
        ("pip", "flask[a]>=1", "flask[b]", "flask[a,b]>=1"),
        ("pip", "flask[a]>=1", "flask<3", "flask[a]<3"),
        ("pip", "flask>=1; python_version<'4'", "flask<3", 'flask<3; python_version < "4"'),
        ("pip", "flask>=1", "flask; python_version<'4'", 'flask>=1; python_version < "4"'),
        ("pip", "x @ ./x-1-py3-none-any.whl", "x>=2", "x>=2"),
        ("pip", "x[a]", "x @ ./x-1-py3-none-any.whl", "x[a]@ ./x-1-py3-none-any.whl"),
    ],
)
def test_united(kind: str, old: str, new: str, expected: str) -> None:
    found = united(kind, old, new)
    assert found.replace(" @", "@") == expected.replace(" @", "@")


@pytest.mark.parametrize(
    ("kind", "text", "bound", "expected"),
    [
        ("conda", "acme::numpy", ">=2,<3", "acme::numpy >=2,<3"),
        ("pip", "flask [async] ; python_version<'4'", ">=3", "flask [async]>=3; python_version<'4'"),
    ],
)
def test_bounded(kind: str, text: str, bound: str, expected: str) -> None:
    assert is_bare(kind, text)
    assert bounded(kind, text, bound) == expected
    assert not is_bare(kind, expected)
    assert name_of(kind, text) == name_of(kind, expected)


@pytest.mark.parametrize(
    ("name", "versions", "expected"),
    [
        ("numpy", ["2.1.3"], ">=2.1.3,<3"),
        ("numpy", ["2.1.3", "1.26.4"], ">=1.26.4,<3"),
        ("lib", ["0.4.1", "0.10.0"], ">=0.4.1,<0.11"),
        ("python", ["3.11.7"], ">=3.11.7,<3.12"),
        ("tzdata", ["2024a"], ">=2024a,<2025"),
        ("odd", ["1!2.0"], ">=1!2.0"),
        ("odd", ["9e"], ">=9e"),
        ("odd", ["9e", "1.0"], None),
        ("odd", [], None),
    ],
)
def test_bounds_of_conda(name: str, versions: list[str], expected: str | None) -> None:
    assert conda_bound(name, versions) == expected


@pytest.mark.parametrize(
    ("versions", "expected"),
    [(["3.10", "3.9"], ">=3.9"), (["2.4.0+cpu"], ">=2.4.0"), (["1.0rc1"], ">=1.0rc1"), ([], None)],
)
def test_bounds_of_pip(versions: list[str], expected: str | None) -> None:
    assert pip_bound(versions) == expected


@pytest.mark.parametrize(
    ("names", "at"), [([], 0), (["a"], 1), (["z"], 0), (["a", "z"], 1), (["z", "a"], 2), (["a", "m", "m"], 3)]
)
def test_order(names: list[str], at: int) -> None:
    assert place_in_order(names, "m") == at
