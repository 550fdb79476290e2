"""What was changed in `[image.debian]` since it was locked: each change in words, with its line."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.manifest.places import places_of
from envlock.manifest.reader import read_manifest
from envlock.model.changed_inputs import Said, changed_inputs
from envlock.model.lock import Inputs
from envlock.model.problem import Problem, shown

NOTHING: Said = frozenset()
LOCKED = """\
[image.debian]
suite = "bookworm"
packages = [
    "git",
    "libgomp1 (>= 12)",
    "tini",
]
components = ["main", "contrib"]
mirror = "https://mirror.test/debian"
"""
IMAGE = '[image]\nbase = "debian:trixie-slim"\n'


def changed(folder: Path, text: str, *, locked: str = LOCKED, said: Said = NOTHING) -> list[str]:
    """The reasons as `check` prints them."""
    manifest = folder / "env.toml"
    was, now = (Inputs.of(read_manifest(manifest, f'name = "e"\n{body}')) for body in (locked, text))
    manifest.write_text(f'name = "e"\n{text}')
    problems = [*changed_inputs(now, was, said=said)]
    places = places_of(manifest, problems)
    return shown(replace(p, line=place.line) if place else p for p, place in zip(problems, places, strict=True))


CHANGES: Mapping[str, tuple[str, str, list[str]]] = {
    "nothing": ("", "", []),
    "suite": ("bookworm", "trixie", ["`suite` is now `trixie`: the lock was made for `bookworm` (env.toml:3)"]),
    "a package more": (
        '"tini"',
        '"tini", "curl=7.88.1-10"',
        ["`curl (= 7.88.1-10)` was not asked for in `image.debian` when this was locked (env.toml:7)"],
    ),
    "a package less": ('    "tini",\n', "", ["`tini` is no longer asked for in `image.debian`"]),
    "another version": (
        "(>= 12)",
        "(>= 13)",
        ["`libgomp1 (>= 13)` was `libgomp1 (>= 12)` in `image.debian` when this was locked (env.toml:6)"],
    ),
    "another limit beside it": (
        "12)",
        '12)", "libgomp1 (<< 14)',
        [
            "`libgomp1 (<< 14); libgomp1 (>= 12)` was `libgomp1 (>= 12)` in `image.debian` when this was locked "
            "(env.toml:6)"
        ],
    ),
    "the same otherwise written": ('"libgomp1 (>= 12)"', '"libgomp1(>=12)"', []),
    "a component less": (', "contrib"', "", ["component `contrib` was taken out (env.toml:9)"]),
    "a component more": ('"contrib"', '"contrib", "aside"', ["component `aside` was added (env.toml:9)"]),
    "order of components": ('"main", "contrib"', '"contrib", "main"', []),
    "docs": ("suite", "docs = false\nsuite", ["`docs` is now `false`: the lock was made for `true` (env.toml:3)"]),
    "where they are found": ("https://mirror.test/debian", "./mirror", []),
    "who is believed": ("suite", "keys = './keys.asc'\nsnapshot = './s'\nsuite", []),
}


@pytest.mark.parametrize(("old", "new", "reasons"), CHANGES.values(), ids=CHANGES.keys())
def test_one_change(tmp_path: Path, old: str, new: str, reasons: list[str]) -> None:
    assert changed(tmp_path, LOCKED.replace(old, new)) == reasons


def test_docs_that_are_kept_again(tmp_path: Path) -> None:
    """What is not written any more has the line of the table it would stand in."""
    locked = LOCKED.replace("suite", "docs = false\nsuite")
    assert changed(tmp_path, LOCKED, locked=locked) == [
        "`docs` is now `true`: the lock was made for `false` (env.toml:2)"
    ]


def test_everything_at_once(tmp_path: Path) -> None:
    text = '[image.debian]\nsuite = "trixie"\npackages = ["curl", "git (>= 1:2)"]\ndocs = false\n'
    assert changed(tmp_path, text) == [
        "`suite` is now `trixie`: the lock was made for `bookworm` (env.toml:3)",
        "`docs` is now `false`: the lock was made for `true` (env.toml:5)",
        "component `contrib` was taken out (env.toml:2)",
        "`curl` was not asked for in `image.debian` when this was locked (env.toml:4)",
        "`git (>= 1:2)` was `git` in `image.debian` when this was locked (env.toml:4)",
        "`libgomp1 (>= 12)` is no longer asked for in `image.debian`",
        "`tini` is no longer asked for in `image.debian`",
    ]


def test_a_base_in_the_place_of_another(tmp_path: Path) -> None:
    assert changed(tmp_path, LOCKED, locked=IMAGE) == [
        "the base is now Debian bookworm: the lock was made for `debian:trixie-slim` (env.toml:2)"
    ]
    assert changed(tmp_path, IMAGE) == [
        "the base is now `debian:trixie-slim`: the lock was made for Debian bookworm (env.toml:3)"
    ]
    # the default base is written nowhere
    assert changed(tmp_path, "") == ["the base is now `python:3.12-slim`: the lock was made for Debian bookworm"]


def test_what_was_said_already_is_not_said_again(tmp_path: Path) -> None:
    more = LOCKED.replace('"tini"', '"tini", "curl"').replace("(>= 12)", "(>= 13)")
    assert changed(tmp_path, more, said=frozenset({"curl", "libgomp1 (>= 13)"})) == []
    assert changed(tmp_path, LOCKED.replace('    "tini",\n', ""), said=frozenset({"tini"})) == []


def test_what_kind_of_reason_it_is(tmp_path: Path) -> None:
    manifest = tmp_path / "env.toml"
    was = Inputs.of(read_manifest(manifest, f'name = "e"\n{LOCKED}'))
    now = Inputs.of(read_manifest(manifest, f'name = "e"\n{LOCKED.replace("bookworm", "sid")}'))
    message = "`suite` is now `sid`: the lock was made for `bookworm`"
    assert [*changed_inputs(now, was, said=NOTHING)] == [Problem(kind="input", subject="debian.suite", message=message)]
