"""Strings put into arrays of TOML and taken out again: nothing else moves."""

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.manifest.text_edits import quoted, with_other_string, with_string, without_string
from envlock.model.toml_lines import KeyPath

PATH: KeyPath = ("conda", "dependencies")
GROUP: KeyPath = ("groups", "dev", "pip", "dependencies")

# an array, where something is put, and what it is then
PUT = [
    ("[]", 0, '["new"]'),
    ("[ ]", 0, '["new" ]'),
    ('["a", "c"]', 0, '["new", "a", "c"]'),
    ('["a", "c"]', 1, '["a", "new", "c"]'),
    ('["a", "c"]', 2, '["a", "c", "new"]'),
    ('["a", "c",]', 2, '["a", "c", "new",]'),
    ('[ "a" ]', 1, '[ "a", "new" ]'),
    ("['a']", 1, "['a', 'new']"),
    ('[\n    "a",\n]', 0, '[\n    "new",\n    "a",\n]'),
    ('[\n    "a",\n]', 1, '[\n    "a",\n    "new",\n]'),
    ('[\n    "a"\n]', 1, '[\n    "a",\n    "new"\n]'),
    ('[\n\t"a", # of a, and more\n\t"c" # of c\n]', 1, '[\n\t"a", # of a, and more\n\t"new",\n\t"c" # of c\n]'),
    ('[\n\t"a", # of a\n\t"c" # of c\n]', 2, '[\n\t"a", # of a\n\t"c", # of c\n\t"new"\n]'),
    ('[ # all\n  # of a\n  "a",\n]', 0, '[ # all\n  "new",\n  # of a\n  "a",\n]'),
    ('[\n  "a",\n\n  # web\n  "c",\n]', 1, '[\n  "a",\n  "new",\n\n  # web\n  "c",\n]'),
    ('[\n  "a", "b",\n  "c", "d"\n]', 1, '[\n  "a", "new", "b",\n  "c", "d"\n]'),
    ('["a",\n "c"]', 2, '["a",\n "c",\n "new"]'),
    ('["a",\n "c"]', 1, '["a",\n "new",\n "c"]'),
    ('["a" # of a\n , "c"]', 1, '["a", "new" # of a\n , "c"]'),
    ("[\n  # none yet\n]", 0, '[\n  # none yet\n  "new",\n]'),
]


@pytest.mark.parametrize(("array", "at", "expected"), PUT)
def test_put_and_taken_out_again(array: str, at: int, expected: str) -> None:
    head, tail = "# top\n[conda]\nchannels = ['x'] # c\ndependencies = ", " # behind\n\n[pip]\ndependencies = ['a']\n"
    text = head + array + tail
    new = with_string(text, PATH, at, "new")
    assert new == head + expected + tail
    assert without_string(new, PATH, at) == text


@pytest.mark.parametrize(
    ("array", "at", "expected"),
    [
        ('["a", "c"]', 0, '["c"]'),
        ('["a",]', 0, "[]"),
        ('[\n  "a", # of a\n  "c", # of c\n]', 0, '[\n  "c", # of c\n]'),
        ('[\n  "a", # of a\n  "c" # of c\n]', 1, '[\n  "a" # of a\n]'),
        ('[\n  "a", # of a\n  "c"]', 1, '[\n  "a" # of a\n]'),
        ('[\n  # web\n  "a",\n]', 0, "[\n  # web\n]"),
        ('[\n  "a",\n]', 0, "[]"),  # a comment stands behind the array
    ],
)
def test_taken_out(array: str, at: int, expected: str) -> None:
    assert (
        without_string(f"[conda]\ndependencies = {array} # x\n", PATH, at)
        == f"[conda]\ndependencies = {expected} # x\n"
    )


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("", PATH, '[conda]\ndependencies = [\n    "new",\n]\n'),
        ('name = "x"', PATH, 'name = "x"\n\n[conda]\ndependencies = [\n    "new",\n]'),
        (
            'name = "x"\n\n[pip]\na = 1\n',
            PATH,
            'name = "x"\n\n[conda]\ndependencies = [\n    "new",\n]\n\n[pip]\na = 1\n',
        ),
        (
            "[conda]\nchannels = ['x']  # c\n# the end\n\n[pip]\n",
            PATH,
            "[conda]\nchannels = ['x']  # c\ndependencies = [\n    \"new\",\n]\n# the end\n\n[pip]\n",
        ),
        ("conda.channels = ['x']\n", PATH, "conda.channels = ['x']\nconda.dependencies = [\n    \"new\",\n]\n"),
        (
            "[pip]\na = 1\n\n[[pip.indexes]]\nname = 'x'\n\n# [image]\n# base = 'x'\n",
            GROUP,
            "[pip]\na = 1\n\n[[pip.indexes]]\nname = 'x'\n\n[groups.dev.pip]\ndependencies = [\n    \"new\",\n]\n\n"
            "# [image]\n# base = 'x'\n",
        ),
        (
            "[groups.dev.conda]\na = 1\n[groups.x.pip]\nb = 1\n",
            GROUP,
            '[groups.dev.conda]\na = 1\n\n[groups.dev.pip]\ndependencies = [\n    "new",\n]\n[groups.x.pip]\nb = 1\n',
        ),
        ("[groups]\ndev.conda.a = 1\n", GROUP, '[groups]\ndev.conda.a = 1\ndev.pip.dependencies = [\n    "new",\n]\n'),
    ],
)
def test_made_where_it_is_missing(text: str, path: KeyPath, expected: str) -> None:
    new = with_string(text, path, 0, "new")
    assert new == expected
    assert without_string(new, path, 0) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("conda = {}\n", 'conda = { dependencies = ["new"] }\n'),
        ("conda = { channels = ['x'] } # c\n", "conda = { channels = ['x'], dependencies = [\"new\"] } # c\n"),
        ("groups = { dev = {} }\n", 'groups = { dev = {} }\n\n[conda]\ndependencies = [\n    "new",\n]\n'),
    ],
)
def test_inline_tables_stay_on_their_line(text: str, expected: str) -> None:
    assert with_string(text, PATH, 0, "new") == expected


@pytest.mark.parametrize("above", ["[conda] # c\n", "# c\n[conda]\n", "[conda]\n# c\n"])
def test_what_has_a_comment_does_not_go_with_its_last_item(above: str) -> None:
    text = f"{above}dependencies = [\n    'a',\n]\n"
    assert without_string(text, PATH, 0) == f"{above}dependencies = []\n"


def test_a_line_that_gets_too_long_becomes_several() -> None:
    text = f'[conda]\n  dependencies = ["{"a" * 45}", "{"b" * 45}"] # c\n'
    expected = f'[conda]\n  dependencies = [\n      "{"a" * 45}",\n      "{"b" * 45}",\n      "new",\n  ] # c\n'
    assert with_string(text, PATH, 2, "new") == expected
    inline = f'conda = {{ dependencies = ["{"a" * 45}", "{"b" * 45}"] }}\n'
    assert with_string(inline, PATH, 2, "new").count("\n") == 1


@pytest.mark.parametrize(
    ("value", "like", "expected"),
    [
        ("a", "", '"a"'),
        ("a", "'", "'a'"),
        ("a; x < '3'", "'", "\"a; x < '3'\""),
        ('a; x < "3"', '"', "'a; x < \"3\"'"),
        ("a'\"\\", "", '"a\'\\"\\\\"'),
    ],
)
def test_quotes(value: str, like: str, expected: str) -> None:
    assert quoted(value, like=like) == expected
    assert tomllib.loads(f"a = {expected}")["a"] == value


def test_another_string_in_its_place() -> None:
    text = "[conda]\ndependencies = ['a', # of a\n'c']\n"
    assert with_other_string(text, PATH, 0, "b") == "[conda]\ndependencies = ['b', # of a\n'c']\n"


blanks = st.sampled_from(["", " ", "\n", "\n  ", "\n\n\t", ' # it\'s, "this"\n', "\n # [a], b\n  "])
items = st.sampled_from(['"a"', "'b'", '"c # d"', "'e, [f]'", '"g\\"h"', '"""i\n j"""'])


@st.composite
def arrays(draw: st.DrawFn) -> str:
    parts = [f"{draw(blanks)}{item}{draw(blanks)}" for item in draw(st.lists(items, max_size=4))]
    comma = "," * draw(st.integers(0, 1)) if parts else ""
    end = comma + draw(blanks)
    return f"[{','.join(parts)}{end}]"


tables = st.lists(
    st.sampled_from(
        [
            "[pip]\na = 1\n",
            "# c\n[groups.dev.conda]\n",
            "[groups.test.pip]\n\nb = 'x'\n",
            "[[pip.indexes]]\nname='x'\n",
            "[image]",
        ]
    ),
    max_size=4,
    unique=True,
).map("\n".join)


@given(array=arrays(), tables=tables, choice=st.integers(0, 9), group=st.booleans())
@settings(deadline=None, max_examples=300)
def test_any_array_keeps_all_else(array: str, tables: str, choice: int, group: bool) -> None:
    """Whatever it looks like: the one string comes and goes, and values stay what they were."""
    text = f"name = 'x'\n[conda]\nchannels = [] # c\ndependencies = {array} # d\n\n{tables}"
    before = tomllib.loads(text)
    path = GROUP if group else PATH
    there = [] if group else before["conda"]["dependencies"]
    at = choice % (len(there) + 1)
    new = with_string(text, path, at, "new")
    assert _at(tomllib.loads(new), path) == [*there[:at], "new", *there[at:]]
    back = tomllib.loads(without_string(new, path, at))
    assert back == before
    for number in range(len(there)):
        left = tomllib.loads(without_string(text, PATH, number))
        assert left["conda"].get("dependencies", []) == [*there[:number], *there[number + 1 :]]
        assert {**left, "conda": 0} == {**before, "conda": 0}


def _at(values: Any, path: KeyPath) -> Any:
    for key in path:
        values = values[key]
    return values
