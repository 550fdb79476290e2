"""Merges of env.toml: what both sides want, with the comments and the layout of both."""

from pathlib import Path
from textwrap import dedent

import pytest

from envlock.workflows.merge_manifest import merge_manifest
from envlock.workflows.merged import Merged, Texts

BASE = """\
# what we train with
name = "train"
python = "3.12"

[pip]
# the web
dependencies = [
    "flask >=3",  # kept below 4 by lock
    "numpy <3",
]

[groups.dev.pip]
dependencies = ["pytest"]

[image]
workdir = "/app"
"""


def merged(ours: str, theirs: str, base: str | None = BASE) -> Merged:
    return merge_manifest(Texts(base=base, ours=ours, theirs=theirs), Path("nowhere"))


def edited(*changes: tuple[str, str], text: str = BASE) -> str:
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


def both_ways(ours: str, theirs: str, base: str | None = BASE) -> tuple[Merged, Merged]:
    return merged(ours, theirs, base), merged(theirs, ours, base)


NUMPY = '    "numpy <3",\n'
FLASK = '    "flask >=3",  # kept below 4 by lock\n'


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        # what git can do
        (
            [('"3.12"', '"3.13"')],
            [('"pytest"', '"pytest", "ruff"')],
            [('"3.12"', '"3.13"'), ('"pytest"', '"pytest", "ruff"')],
        ),
        # lines added in one place
        (
            [(NUMPY, NUMPY + '    "attrs",  # ours\n')],
            [(NUMPY, NUMPY + '    # theirs, and why\n    "idna",\n')],
            [(NUMPY, NUMPY + '    "attrs",  # ours\n    # theirs, and why\n    "idna",\n')],
        ),
        # neighbouring lines
        (
            [('"flask >=3"', '"flask >=3.1"')],
            [('"numpy <3"', '"numpy <2"')],
            [('"flask >=3"', '"flask >=3.1"'), ('"numpy <3"', '"numpy <2"')],
        ),
        # one line of a list
        (
            [('["pytest"]', '["pytest", "ruff"]')],
            [('["pytest"]', '["pytest", "mypy"]')],
            [('["pytest"]', '["mypy", "pytest", "ruff"]')],
        ),
        # a scalar beside another
        (
            [('name = "train"', 'name = "trainer"  # more of it')],
            [('python = "3.12"', 'python = "3.13"  # faster')],
            [('name = "train"', 'name = "trainer"  # more of it'), ('python = "3.12"', 'python = "3.13"  # faster')],
        ),
        # the same in two places, which git takes for two
        (
            [(FLASK, FLASK + '    "attrs",\n')],
            [(NUMPY, NUMPY + '    "attrs",\n')],
            [(FLASK, FLASK + '    "attrs",\n')],
        ),
        # taken out and added
        ([(NUMPY, "")], [(NUMPY, NUMPY + '    "idna",\n')], [(NUMPY, '    "idna",\n')]),
        # a whole table beside another
        (
            [("[image]\n", '[variables]\nA = "1"\n\n[image]\n')],
            [("[image]\n", '# for tests\n[variables]\nB = "2"  # two\n\n[image]\n')],
            None,
        ),
    ],
)
def test_what_can_be_merged_is(
    ours: list[tuple[str, str]], theirs: list[tuple[str, str]], expected: list[tuple[str, str]] | None
) -> None:
    found = merged(edited(*ours), edited(*theirs))
    assert found.clean
    if expected is not None:
        assert found.text == edited(*expected)
    else:
        assert 'A = "1"' in found.text
        assert 'B = "2"  # two' in found.text
        assert "# for tests" in found.text


def test_what_conflicts_is_marked_and_nothing_else() -> None:
    ours = edited(('python = "3.12"', 'python = "3.11"'), ('["pytest"]', '["pytest", "ruff"]'))
    theirs = edited(('python = "3.12"', 'python = "3.13"'), ('["pytest"]', '["pytest", "mypy"]'))
    found = merged(ours, theirs)
    assert not found.clean
    assert found.notes == ("both sides changed `python`: `3.11` here, `3.13` there",)
    marks = '<<<<<<< ours\npython = "3.11"\n=======\npython = "3.13"\n>>>>>>> theirs\n'
    assert found.text == edited(('python = "3.12"\n', marks), ('["pytest"]', '["mypy", "pytest", "ruff"]'))


def test_one_package_within_two_limits_is_a_conflict_where_git_sees_none() -> None:
    ours = edited((FLASK, f'    "attrs >=23",\n{FLASK}'))
    theirs = edited((NUMPY, f'{NUMPY}    "attrs <23",\n'))
    for found in both_ways(ours, theirs):
        assert not found.clean
        assert "<<<<<<< ours\n" in found.text
        assert "`attrs >=23`" in found.notes[0]
        assert "`attrs <23`" in found.notes[0]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        # each alone is fine
        ([('workdir = "/app"', 'base = "acme/x"')], [('workdir = "/app"', 'dockerfile = "Dockerfile"')]),
        (
            [('workdir = "/app"\n', 'interpreter = "/usr/bin/python3"\n')],
            [("[pip]\n", '[conda]\ndependencies = ["zlib"]\n\n[pip]\n')],
        ),
        ([('workdir = "/app"\n', "")], [('workdir = "/app"\n', 'workdir = "/app"\ncopy = ["src"]\n')]),
        # taken out on one side, changed on the other
        ([('[groups.dev.pip]\ndependencies = ["pytest"]\n\n', "")], [('"pytest"', '"pytest", "ruff"')]),
        ([(NUMPY, "")], [('"numpy <3"', '"numpy <2"')]),
    ],
)
def test_what_does_not_go_together_is_a_conflict(ours: list[tuple[str, str]], theirs: list[tuple[str, str]]) -> None:
    for found in both_ways(edited(*ours), edited(*theirs)):
        assert not found.clean
        assert "<<<<<<< " in found.text
        assert found.notes


def test_no_comment_is_lost_unsaid() -> None:
    """Theirs takes out what ours says something new of."""
    ours = edited(("# kept below 4 by lock", "# we patch it, see docs"))
    theirs = edited((FLASK, ""))
    for found in both_ways(ours, theirs):
        assert not found.clean
        assert "# we patch it, see docs" in found.text


def test_both_added() -> None:
    ours = 'name = "a"\n\n[pip]\ndependencies = ["flask"]\n'
    theirs = 'name = "a"\n\n[pip]\ndependencies = ["numpy"]\n\n[image]\nuser = "me"\n'
    found = merged(ours, theirs, base=None)
    assert found.clean
    assert found.text == 'name = "a"\n\n[pip]\ndependencies = ["flask", "numpy"]\n\n[image]\nuser = "me"\n'
    assert not merged(ours, theirs.replace('"a"', '"b"'), base=None).clean


def test_what_is_no_toml_is_merged_as_text() -> None:
    broken = edited(("[image]", "[image"))
    found = merged(edited(('"3.12"', '"3.13"')), broken)
    assert found == Merged(text=edited(('"3.12"', '"3.13"'), text=broken), clean=True)
    assert not merged(edited(("[image]", "[image ]")), broken).clean


def test_keys_that_are_not_known_merge_too() -> None:
    text = dedent("""\
        name = "a"
        [later]
        one = 1
        two = [1, 2]
        """)
    ours, theirs = text.replace("one = 1", "one = 11"), text.replace("[1, 2]", "[1, 2, 3]")
    for found in both_ways(ours, theirs, base=text):
        assert found.clean
        assert found.text == 'name = "a"\n[later]\none = 11\ntwo = [1, 2, 3]\n'


def test_indexes_are_added_whole() -> None:
    added = '\n# ours alone\n[[pip.indexes]]\nname = "acme"\nurl = "https://acme.test/simple"\npackages = ["acme-*"]\n'
    ours = BASE + added
    theirs = edited(('workdir = "/app"', 'workdir = "/srv"'))
    for found in both_ways(ours, theirs):
        assert found == Merged(text=theirs + added, clean=True)
    other = added.replace("acme", "other").replace("ours", "theirs")
    for found in both_ways(ours, BASE + other):
        assert not found.clean  # which comes first?
        assert "acme.test" in found.text
        assert "other.test" in found.text


def test_every_conflict_has_its_markers() -> None:
    """Also one of order, where what is left of both is the same."""
    index = '\n[[pip.indexes]]\nname = "{0}"\nurl = "https://{0}.test/simple"\n'
    base = BASE + index.format("one") + index.format("two")
    for found in both_ways(BASE + index.format("one"), BASE, base=base):
        assert not found.clean
        assert found.text.count("<<<<<<< ours\n") == 1
        assert found.notes[0].startswith("both sides changed `pip.indexes`: ")


def test_a_comment_that_both_wrote_anew_is_there_twice() -> None:
    ours, theirs = edited(("# the web", "# the web, ours")), edited(("# the web", "# the web, theirs"))
    found = merged(ours, theirs)
    assert found == Merged(text=edited(("# the web", "# the web, ours\n# the web, theirs")), clean=True)


def test_no_comment_passes_to_what_follows() -> None:
    """Theirs takes out, with its comment, what ours says something new of; the next package is another matter."""
    base = edited((NUMPY, f'    # held back\n{NUMPY}    "rich",\n'))
    ours = edited(("# held back", "# held back for torch"), text=base)
    theirs = edited((f"    # held back\n{NUMPY}", ""), text=base)
    for found in both_ways(ours, theirs, base):
        assert not found.clean
        assert f"    # held back for torch\n{NUMPY}" in found.text


def test_the_same_comment_on_two_packages_is_not_left_to_one() -> None:
    ours = edited((NUMPY, f'{NUMPY}    # TODO\n    "rich",\n'))
    theirs = edited((NUMPY, f'    # TODO\n    "attrs",\n{NUMPY}    "zarr",\n'))
    for found in both_ways(ours, theirs):
        assert found.text.count("# TODO\n") == 2


def test_comments_next_to_each_other_merge_both_ways() -> None:
    base = edited((NUMPY, f"    # held back\n{NUMPY}"))
    ours = edited(("# kept below 4 by lock", "# below 4"), text=base)
    theirs = edited(("# held back", "# held back for torch"), text=base)
    wanted = edited(("# kept below 4 by lock", "# below 4"), text=theirs)
    assert both_ways(ours, theirs, base) == (Merged(text=wanted, clean=True), Merged(text=wanted, clean=True))


def test_where_comments_alone_conflict_nothing_else_is_said() -> None:
    ours, theirs = (edited(("# kept below 4 by lock", text)) for text in ("# below 4", "# below 5"))
    for found in both_ways(ours, theirs):
        assert found.notes == ("both sides changed the same lines, or comments on them: choose",)
        assert found.text.count("<<<<<<< ours\n") == 1


def test_what_is_wrong_with_both_together_is_said() -> None:
    ours = edited(('workdir = "/app"\n', ""))
    theirs = edited(('workdir = "/app"\n', 'workdir = "/app"\ncopy = ["src"]\n'))
    for found in both_ways(ours, theirs):
        assert not found.clean
        assert "`image.copy`" in found.notes[0], found.notes
