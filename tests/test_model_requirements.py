"""Which requirements apply: markers of the declared platform, extras followed to the end, one spelling."""

import random
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.requirements import Requirement

from envlock.errors import OutsideError
from envlock.model.platform import PLATFORMS
from envlock.model.requirements import Applied, applied, applies, plain

ENVIRONMENT = PLATFORMS["linux-64"].markers("3.11.7")


@pytest.mark.parametrize(
    ("marker", "extras", "answer"),
    [
        (None, (), True),
        ("sys_platform == 'linux' and os_name == 'posix' and platform_system == 'Linux'", (), True),
        ("sys_platform == 'win32' or platform_machine == 'arm64'", (), False),
        ("platform_machine == 'x86_64'", (), True),
        ("python_version < '3.9'", (), False),
        ("python_version >= '3.11'", (), True),
        ("python_full_version == '3.11.7'", (), True),
        ("implementation_name == 'cpython' and platform_python_implementation == 'CPython'", (), True),
        ("implementation_version > '3.11.6'", (), True),
        # of the machine that resolves, not of the declared one: never known
        ("platform_release >= '1'", (), False),
        ("platform_version == ''", (), True),
        ("extra == 'fast'", (), False),
        ("extra == 'fast'", ("slow", "fast"), True),
        ("extra == 'Fast_Er'", ("fast-er",), True),
        ("extra == 'fast' and python_version < '3.9'", ("fast",), False),
        ("extra != 'fast'", ("fast",), True),
    ],
)
def test_markers(marker: str | None, extras: Sequence[str], answer: bool) -> None:
    assert applies(Marker(marker) if marker else None, ENVIRONMENT, extras) is answer


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NumPy [b,a] >=1,<2", "numpy[a,b]<2,>=1"),
        ("zope.interface", "zope-interface"),
        ("a_b[C_d,c-d] ; extra == 'x'", "a-b[c-d]"),
        ("x (>=1.0)", "x>=1.0"),
        ("x~=1.4,!=1.4.2", "x!=1.4.2,~=1.4"),
        ("x === 1.0+Local", "x===1.0+Local"),
    ],
)
def test_one_spelling(text: str, expected: str) -> None:
    assert plain(Requirement(text)) == expected
    assert plain(Requirement(expected)) == expected


@pytest.mark.parametrize(
    ("roots", "requires_dist", "expected"),
    [
        pytest.param([], {"a": ["b"]}, {"a": ((), ("b",))}, id="what nobody asks for keeps its plain needs"),
        pytest.param(
            ["A[X]"], {"a": ["b; extra == 'x'"]}, {"a": (("x",), ('b ; extra == "x"',))}, id="an extra of a root"
        ),
        pytest.param(
            ["a[x]; sys_platform == 'win32'"], {"a": ["b; extra == 'x'"]}, {"a": ((), ())}, id="a root for others"
        ),
        pytest.param(
            ["a"],
            {"a": ["b[x]"], "b": ["c; extra == 'x'", "d; extra == 'y'"], "c": ["b[y]"], "d": []},
            {
                "a": ((), ("b[x]",)),
                "b": (("x", "y"), ('c ; extra == "x"', 'd ; extra == "y"')),
                "c": ((), ("b[y]",)),
                "d": ((), ()),
            },
            id="extras that bring each other, in a circle",
        ),
        pytest.param(
            ["a[all]"],
            {"a": ["a[x]; extra=='all'", "b; extra=='x'", "c; extra=='x'", "c"]},
            {"a": (("all", "x"), ('a[x] ; extra == "all"', 'b ; extra == "x"', "c"))},
            id="what is needed in any case is not an extra's",
        ),
        pytest.param(["conda-only[x]", "a"], {"a": ["conda-only"]}, {"a": ((), ("conda-only",))}, id="from conda"),
        pytest.param(["a"], {"a": ["B>=1", "b >= 1", "b<3"]}, {"a": ((), ("b<3", "b>=1"))}, id="said twice"),
        pytest.param(["a[none]"], {"a": []}, {"a": (("none",), ())}, id="an extra that is not there"),
    ],
)
def test_what_applies(
    roots: list[str], requires_dist: Mapping[str, list[str]], expected: Mapping[str, tuple[tuple[str, ...], ...]]
) -> None:
    found = applied(roots, requires_dist, ENVIRONMENT)
    assert found == {name: Applied(extras=extras, requires=requires) for name, (extras, requires) in expected.items()}


def test_a_requirement_that_is_none_names_who_asks() -> None:
    with pytest.raises(OutsideError) as refusal:
        applied(["a"], {"a": ["b >= one"]}, ENVIRONMENT)
    assert refusal.value.message == "`a` requires `b >= one`, which is not a requirement"
    assert refusal.value.hint == "another version of `a` may be sound"


NAMES = ("a", "b", "c")
EXTRAS = ("x", "y")
asked = st.builds(
    lambda name, extras: f"{name}[{','.join(sorted(extras))}]" if extras else name,
    st.sampled_from(NAMES),
    st.sets(st.sampled_from(EXTRAS)),
)
needs = asked | st.builds("{}; extra == '{}'".format, asked, st.sampled_from(EXTRAS))
worlds = st.fixed_dictionaries({name: st.lists(needs, max_size=4) for name in NAMES})


@given(st.lists(asked, max_size=3), worlds, st.randoms(use_true_random=False))
def test_order_is_of_no_account_and_nothing_is_missed(
    roots: list[str], world: dict[str, list[str]], shuffle: random.Random
) -> None:
    found = applied(roots, world, ENVIRONMENT)
    turned = {name: shuffle.sample(texts, len(texts)) for name, texts in reversed(world.items())}
    assert applied(shuffle.sample(roots, len(roots)), turned, ENVIRONMENT) == found
    reached = _reached(roots, found)
    for text in [*roots, *(need for name in reached for need in found[name].requires)]:
        requirement = Requirement(text)
        assert requirement.extras <= set(found[requirement.name].extras)
    assert all(not found[name].extras for name in set(NAMES) - reached)


def _reached(roots: list[str], found: Mapping[str, Applied]) -> set[str]:
    waiting, reached = [Requirement(root).name for root in roots], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [Requirement(need).name for need in found[name].requires]
    return reached
