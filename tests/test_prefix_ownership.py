"""Whose a path is where several packages bring it."""

from collections.abc import Mapping

import pytest

from envlock.errors import OutsideError
from envlock.model.ownership import Overridden, resolve


def kept(*packages: tuple[str, list[str]]) -> Mapping[str, tuple[str, ...]]:
    return resolve(packages).kept


def test_packages_apart_keep_all_they_bring() -> None:
    answer = resolve([("conda:a", ["a/y", "a/x"]), ("pip:b", ["b/x"]), ("pip:empty", [])])
    assert answer.kept == {"conda:a": ("a/x", "a/y"), "pip:b": ("b/x",), "pip:empty": ()}
    assert answer.overridden == ()


def test_the_last_wins_and_it_is_said() -> None:
    answer = resolve([("conda:a", ["x", "y"]), ("pip:b", ["x"]), ("pip:c", ["x"])])
    assert answer.kept == {"conda:a": ("y",), "pip:b": (), "pip:c": ("x",)}
    assert answer.overridden == (
        Overridden(path="x", loser="conda:a", winner="pip:b"),
        Overridden(path="x", loser="pip:b", winner="pip:c"),
    )


@pytest.mark.parametrize("turned", [False, True])
def test_a_file_where_another_has_a_folder_is_refused(turned: bool) -> None:
    packages = [("pip:a", ["lib/a"]), ("pip:b", ["lib/b", "lib/a/deep/file"])]
    with pytest.raises(OutsideError) as refusal:
        resolve(packages[::-1] if turned else packages)
    assert refusal.value.message == "`lib/a` is a file of `pip:a` and a folder of `pip:b`"


def test_names_that_only_begin_alike_are_no_folder() -> None:
    assert kept(("a", ["lib/a", "lib/a.py", "lib/ab/c"])) == {"a": ("lib/a", "lib/a.py", "lib/ab/c")}
