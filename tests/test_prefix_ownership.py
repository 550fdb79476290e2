"""Whose a path is where several packages bring it."""

import pytest

from envlock.environments.ownership import Overridden, resolve
from envlock.errors import OutsideError
from envlock.model.files import Inline, PrefixFile


def plain(path: str, text: str = "", *, executable: bool = False) -> PrefixFile:
    return PrefixFile(path=path, content=Inline(text.encode()), executable=executable)


def kept_paths(*packages: tuple[str, list[PrefixFile]]) -> dict[str, list[str]]:
    return {key: [file.path for file in files] for key, files in resolve(packages).kept.items()}


def test_packages_apart_keep_all_they_bring() -> None:
    one, two = ("conda:a", [plain("a/x"), plain("a/y")]), ("pip:b", [plain("b/x")])
    answer = resolve([one, two])
    assert answer.kept == {"conda:a": tuple(one[1]), "pip:b": tuple(two[1])}
    assert answer.overridden == ()


def test_the_last_wins_and_it_is_said() -> None:
    packages = [("conda:a", [plain("x", "1"), plain("y")]), ("pip:b", [plain("x", "2")]), ("pip:c", [plain("x", "3")])]
    answer = resolve(packages)
    assert {key: [file.path for file in files] for key, files in answer.kept.items()} == {
        "conda:a": ["y"], "pip:b": [], "pip:c": ["x"],
    }  # fmt: skip
    assert answer.overridden == (
        Overridden(path="x", loser="conda:a", winner="pip:b"),
        Overridden(path="x", loser="pip:b", winner="pip:c"),
    )


def test_the_same_content_is_no_conflict() -> None:
    packages = [("a", [plain("x", "same")]), ("b", [plain("x", "same")])]
    assert resolve(packages).overridden == ()
    assert kept_paths(*packages) == {"a": [], "b": ["x"]}


@pytest.mark.parametrize(
    "other",
    [plain("x", "diff"), plain("x", "same!"), plain("x", "same", executable=True), PrefixFile(path="x", link="same")],
)
def test_anything_that_differs_is_one(other: PrefixFile) -> None:
    assert resolve([("a", [plain("x", "same")]), ("b", [other])]).overridden == (
        Overridden(path="x", loser="a", winner="b"),
    )


def test_links_are_compared_by_where_they_lead() -> None:
    one, same, other = (PrefixFile(path="x", link=target) for target in ("y", "y", "z"))
    assert resolve([("a", [one]), ("b", [same])]).overridden == ()
    assert len(resolve([("a", [one]), ("b", [other])]).overridden) == 1


@pytest.mark.parametrize("turned", [False, True])
def test_a_file_where_another_has_a_folder_is_refused(turned: bool) -> None:
    packages = [("pip:a", [plain("lib/a")]), ("pip:b", [plain("lib/a/deep/file")])]
    with pytest.raises(OutsideError) as refusal:
        resolve(packages[::-1] if turned else packages)
    assert refusal.value.message == "`lib/a` is a file of pip:a, and pip:b has `lib/a/deep/file` in it"


def test_names_that_only_begin_alike_are_no_folder() -> None:
    assert kept_paths(("a", [plain("lib/a"), plain("lib/a.py"), plain("lib/ab/c")])) == {
        "a": ["lib/a", "lib/a.py", "lib/ab/c"]
    }
