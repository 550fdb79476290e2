"""Layout 1. The bins below are a promise: they never change for this layout."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envlock.model.layers import ALONE_FROM, BINS, LAYOUT, MOST_ALONE, LayerGroup, Sized, bin_of, group

# which bin a package goes into: the first 8 bytes of SHA-256 of its key, modulo 24
GOLDEN = [
    ("conda:python", 3),
    ("conda:numpy", 16),
    ("conda:openssl", 6),
    ("pip:numpy", 2),
    ("pip:flask", 21),
    ("pip:typing-extensions", 1),
    ("", 4),
    ("pip:ü", 23),
]


@pytest.mark.parametrize(("key", "number"), GOLDEN)
def test_golden_bins(key: str, number: int) -> None:
    assert (LAYOUT, bin_of(key)) == (1, number)


def small(number: int) -> Sized:
    return Sized(key=f"pip:package-{number}", size=1000 + number)


@pytest.mark.parametrize("size", [0, 1, ALONE_FROM - 1])
@pytest.mark.parametrize("existing", [0, 1, 150])
def test_one_more_small_package_changes_its_own_bin_at_most(existing: int, size: int) -> None:
    before = group(small(n) for n in range(existing))
    after = group([*(small(n) for n in range(existing)), Sized(key="pip:added", size=size)])
    (changed,) = set(after) - set(before)
    assert changed.title == f"bin {bin_of('pip:added'):02}"
    assert {g.title for g in set(before) - set(after)} <= {changed.title}


def test_a_large_package_changes_no_bin() -> None:
    before = group(small(n) for n in range(150))
    after = group([*(small(n) for n in range(150)), Sized(key="pip:large", size=ALONE_FROM)])
    assert after == (LayerGroup(title="pip:large", keys=("pip:large",)), *before)


def test_the_smallest_of_too_many_large_packages_overflow() -> None:
    large = [Sized(key=f"conda:large-{n:02}", size=ALONE_FROM + n) for n in range(MOST_ALONE + 2)]
    groups = group(large)
    assert [g.title for g in groups[:MOST_ALONE]] == [f"conda:large-{n:02}" for n in range(2, MOST_ALONE + 2)]
    assert {key for g in groups[MOST_ALONE:] for key in g.keys} == {"conda:large-00", "conda:large-01"}
    assert all(g.title.startswith("bin ") for g in groups[MOST_ALONE:])


def test_of_large_packages_of_one_size_the_names_decide() -> None:
    large = [Sized(key=f"conda:large-{n:02}", size=ALONE_FROM) for n in range(MOST_ALONE + 1)]
    alone = [g.title for g in group(reversed(large)) if not g.title.startswith("bin ")]
    assert alone == [p.key for p in large[:MOST_ALONE]]


def test_nothing_has_no_layers() -> None:
    assert group([]) == ()


keys = st.text("abc:-", min_size=1, max_size=6)
sizes = st.integers(0, 2 * ALONE_FROM)


@given(st.dictionaries(keys, sizes, max_size=60))
def test_any_packages(sized: dict[str, int]) -> None:
    packages = [Sized(key=key, size=size) for key, size in sized.items()]
    groups = group(packages)
    assert sorted(key for g in groups for key in g.keys) == sorted(sized)  # each once
    assert len(groups) <= MOST_ALONE + BINS
    assert group(reversed(packages)) == groups
    assert all(g.keys == tuple(sorted(g.keys)) for g in groups)
    assert all(len(g.keys) == 1 for g in groups if not g.title.startswith("bin "))


@given(st.dictionaries(keys, sizes, min_size=1, max_size=60), keys, sizes)
def test_adding_one_touches_two_layers_at_most(sized: dict[str, int], key: str, size: int) -> None:
    """Its own, and where there are too many large ones, the bin of the one that has to make room."""
    before = set(group(Sized(key=k, size=s) for k, s in sized.items() if k != key))
    after = set(group(Sized(key=k, size=s) for k, s in {**sized, key: size}.items()))
    assert len(after - before) <= 2
