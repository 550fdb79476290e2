"""The rule by which three states of an environment merge: small cases in full, and what holds of all of them."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envlock.model.lock import ImageSettings, Inputs
from envlock.model.platform import PLATFORMS
from envlock.model.spec import DebianSpec, EditableProject, Index, Wants
from envlock.model.three_way import has_conda, merged_copied, merged_image, merged_inputs
from envlock.model.three_way_rules import Conflict, Rules, Sides, members

KEY = ("key",)


def inputs(**changed: object) -> Inputs:
    """Inputs that could be of an env.toml: what follows from others does so."""
    given = Inputs(
        python="3.12",
        platforms=("linux-64",),
        systems=(),
        channels=(),
        channel_priority="strict",
        conda=(),
        pip=(),
        indexes=(),
        base=None,
        interpreter=None,
    )
    made = replace(given, **changed)  # type: ignore[arg-type]
    conda = has_conda(made)
    default = "debian:trixie-slim" if conda else f"python:{made.python or '3.12'}-slim"
    return replace(
        made,
        systems=made.systems or tuple((name, PLATFORMS[name].system) for name in made.platforms),
        channels=(made.channels or ("conda-forge",)) if conda else (),
        base=made.base or (None if made.debian or made.dockerfile else default),
    )


def test_one_value_is_of_the_side_that_changed_it() -> None:
    for base, ours, theirs in product("abc", repeat=3):
        rules = Rules()
        merged = rules.value(KEY, Sides(base, ours, theirs))
        expected = ours if theirs in (base, ours) else theirs if ours == base else None
        if expected:
            assert (merged, rules.conflicts) == (expected, [])
        else:
            assert (merged, rules.conflicts) == (ours, [Conflict(path=KEY, ours=ours, theirs=theirs)])


def test_sets_are_the_ancestor_with_what_was_added_and_without_what_was_taken_out() -> None:
    subsets = [tuple(c for c, taken in zip("ab", bits, strict=True) if taken) for bits in product((0, 1), repeat=2)]
    for base, ours, theirs in product(subsets, repeat=3):
        added = ({*ours} | {*theirs}) - {*base}
        removed = {*base} - ({*ours} & {*theirs})
        assert members(Sides(base, ours, theirs)) == tuple(sorted(({*base} | added) - removed))


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "merged"),
    [
        ("ab", "ab", "ba", "ba"),
        ("ab", "ba", "ba", "ba"),
        ("ab", "abc", "ab", "abc"),
        ("ab", "abc", "abcd", "abcd"),
        ("ab", "abc", "abd", None),  # which of them comes first?
        ("ab", "ba", "abc", "bac"),
        ("ab", "b", "abcd", "bcd"),
        ("ab", "cab", "abc", None),  # first or last?
        ("ab", "xab", "aby", "xaby"),
        ("ab", "ba", "b", None),
        ("", "a", "ab", "ab"),
        ("", "a", "b", None),
        ("a", "", "ab", "b"),
    ],
)
def test_what_is_in_order_merges_where_one_side_only_added(
    base: str, ours: str, theirs: str, merged: str | None
) -> None:
    for swapped in (False, True):
        rules = Rules()
        sides = Sides(tuple(base), *(map(tuple, (theirs, ours) if swapped else (ours, theirs))))
        found = rules.order(KEY, sides)
        assert bool(rules.conflicts) == (merged is None)
        assert merged is None or found == tuple(merged)


@pytest.mark.parametrize(
    ("kind", "base", "ours", "theirs", "merged"),
    [
        ("pip", "", "flask>=3", "numpy<2", "flask>=3 numpy<2"),
        ("pip", "flask", "flask>=3", "flask", "flask>=3"),
        ("pip", "flask", "flask>=3", "flask>=3", "flask>=3"),
        ("pip", "flask", "flask>=3", "flask>=2", None),
        ("pip", "flask", "", "flask>=2", None),
        ("pip", "flask", "", "flask", ""),
        ("pip", "flask numpy", "numpy", "flask numpy scipy", "numpy scipy"),
        ("pip", "", "flask>=3.0", "flask>=3", "flask>=3"),  # the same in other words
        ("pip", "flask>=3.0", "flask>=3", "flask>=4", "flask>=4"),
        ("pip", "flask", "flask[async]", "flask[dotenv]", None),
        ("conda", "", "numpy|>=1", "numpy|<2", None),
        ("conda", "numpy", "numpy|>=1", "numpy python", "numpy|>=1 python"),
        ("conda", "c::numpy", "numpy", "c::numpy|>=1", None),
        ("debian", "git", "git curl", "git|(>=|2)", "curl git|(>=|2)"),
    ],
)
def test_requirements_merge_by_name(kind: str, base: str, ours: str, theirs: str, merged: str | None) -> None:
    for swapped in (False, True):
        rules = Rules()
        texts = [tuple(word.replace("|", " ") for word in side.split()) for side in (base, ours, theirs)]
        found = rules.requirements(KEY, Sides(texts[0], *(reversed(texts[1:]) if swapped else texts[1:])), kind)
        assert bool(rules.conflicts) == (merged is None)
        assert merged is None or list(found) == [word.replace("|", " ") for word in merged.split()]


def test_the_base_follows_from_what_is_merged() -> None:
    """Ours asks for conda, theirs for another Python: neither has written a base."""
    found = merged_inputs(inputs(), inputs(conda=("numpy",)), inputs(python="3.13"))
    assert found.clean
    assert (found.value.base, found.value.channels) == ("debian:trixie-slim", ("conda-forge",))
    found = merged_inputs(inputs(conda=("numpy",)), inputs(), inputs(conda=("numpy",), channels=("a", "b")))
    assert found.clean
    assert (found.value.base, found.value.channels) == ("python:3.12-slim", ())


@pytest.mark.parametrize(
    ("base", "ours", "theirs", "paths"),
    [
        ({}, {"python": "3.11"}, {"python": "3.13"}, ["python"]),
        ({}, {"base": "a"}, {"base": "b"}, ["image.base"]),
        ({}, {"base": "a"}, {"dockerfile": "Dockerfile"}, ["image.base"]),
        ({}, {"debian": DebianSpec(suite="bookworm")}, {"dockerfile": "Dockerfile"}, ["image.base"]),
        ({}, {"interpreter": "/usr/bin/python3"}, {"conda": ("numpy",)}, ["image.base"]),
        (
            {"platforms": ("linux-64", "osx-64")},
            {"platforms": ("linux-64",)},
            {"platforms": ("osx-64",)},
            ["platforms"],
        ),
        (
            {"groups": (("dev", Wants(pip=("pytest",))),)},
            {},
            {"groups": (("dev", Wants(pip=("pytest", "ruff"))),)},
            ["groups.dev"],
        ),
        (
            {},
            {"groups": (("dev", Wants(pip=("ruff<1",))),)},
            {"groups": (("dev", Wants(pip=("ruff>=1",))),)},
            ["groups.dev.pip.dependencies.ruff"],
        ),
        (
            {"indexes": (Index(name="a", url="https://a.test"),)},
            {},
            {"indexes": (Index(name="a", url="https://b.test"),)},
            ["pip.indexes.a"],
        ),
        (
            {"debian": DebianSpec(suite="bookworm")},
            {"debian": DebianSpec(suite="trixie")},
            {"debian": DebianSpec(suite="forky")},
            ["image.debian.suite"],
        ),
    ],
)
def test_what_both_changed_is_a_conflict(
    base: dict[str, object], ours: dict[str, object], theirs: dict[str, object], paths: list[str]
) -> None:
    found = merged_inputs(inputs(**base), inputs(**ours), inputs(**theirs))
    assert [".".join(conflict.path) for conflict in found.conflicts] == paths


def test_files_that_both_changed_below_what_is_copied_are_a_conflict() -> None:
    base = (("./a", "1"), ("./b", "1"))
    found = merged_copied(base, (("./a", "2"), ("./b", "1")), (("./a", "1"), ("./b", "3")), ("./a", "./b"))
    assert (found.clean, found.value) == (True, (("./a", "2"), ("./b", "3")))
    assert not merged_copied(base, (("./a", "2"),), (("./a", "3"),), ("./a",)).clean
    assert merged_copied(base, (("./a", "2"),), (("./a", "3"),), ()).value == ()


def test_what_is_copied_needs_somewhere_to_go() -> None:
    base = ImageSettings(workdir="/app")
    found = merged_image(base, ImageSettings(), ImageSettings(workdir="/app", copy=("./src",)))
    assert [conflict.path for conflict in found.conflicts] == [("image", "workdir")]


def _lists(*items: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(items), unique=True).map(lambda found: tuple(sorted(found)))


_CONDA = _lists("numpy", "numpy >=1", "numpy >=1.0", "python 3.12.*")
_PIP = _lists("flask", "flask>=3", "scipy", 'flask>=2 ; python_version < "3.12"')
_WANTS = st.builds(Wants, conda=_CONDA, pip=_PIP)
_INDEX = st.builds(Index, name=st.sampled_from("ab"), url=st.sampled_from(["https://a.test", "https://b.test"]))
_EDITABLE = st.builds(EditableProject, path=st.just("./p"), name=st.just("p"), extras=_lists("x"), dependencies=_PIP)
INPUTS = st.fixed_dictionaries(
    {
        "python": st.sampled_from([None, "3.12", "3.13"]),
        "platforms": _lists("linux-64", "linux-aarch64", "osx-64").filter(bool),
        "channels": st.sampled_from([(), ("a",), ("a", "b"), ("b", "a"), ("a", "b", "c")]),
        "conda": _CONDA,
        "pip": _PIP,
        "indexes": st.lists(_INDEX, unique_by=lambda index: index.name, max_size=2).map(tuple),
        "base": st.sampled_from([None, "a", "b"]),
        "editable": st.lists(_EDITABLE, max_size=1).map(tuple),
        "groups": st.dictionaries(st.sampled_from(["dev", "gpu"]), _WANTS).map(lambda d: tuple(sorted(d.items()))),
        "exclude_newer": st.sampled_from([None, "7d"]),
    }
).map(lambda given: inputs(**given))
_TABLE = st.dictionaries(st.sampled_from("AB"), st.sampled_from("12")).map(lambda d: tuple(sorted(d.items())))
IMAGE = st.builds(
    ImageSettings,
    variables=_TABLE,
    labels=_TABLE,
    workdir=st.just("/app"),
    cmd=st.sampled_from([None, ("a",), ("a", "b")]),
    copy=_lists("./a", "./b"),
    bytecode=st.booleans(),
)


@given(base=INPUTS, ours=INPUTS, theirs=INPUTS)
def test_inputs_merge_the_same_whichever_side_is_called_ours(base: Inputs, ours: Inputs, theirs: Inputs) -> None:
    for known in (base, None):
        one, other = merged_inputs(known, ours, theirs), merged_inputs(known, theirs, ours)
        assert one.clean == other.clean
        assert not one.clean or one.value == other.value


@given(base=INPUTS, changed=INPUTS)
def test_inputs_that_one_side_left_alone_are_the_other_sides(base: Inputs, changed: Inputs) -> None:
    for ours, theirs in ((base, changed), (changed, base), (changed, changed)):
        found = merged_inputs(base, ours, theirs)
        assert (found.conflicts, found.value) == ((), changed)


@given(base=IMAGE, ours=IMAGE, theirs=IMAGE)
def test_images_merge_in_the_same_way(base: ImageSettings, ours: ImageSettings, theirs: ImageSettings) -> None:
    one, other = merged_image(base, ours, theirs), merged_image(base, theirs, ours)
    assert one.clean == other.clean
    assert not one.clean or one.value == other.value
    for left, right in ((base, theirs), (theirs, base), (theirs, theirs)):
        found = merged_image(base, left, right)
        assert (found.conflicts, found.value) == ((), theirs)
