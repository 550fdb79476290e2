"""Lines of keys and items, for every way TOML has of writing them; tomllib is the judge of what there is."""

import tomllib
from collections.abc import Iterator
from typing import Any

import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st
from tomlkit.items import Array

from envlock.model.toml_lines import KeyPath, line_numbers

TEXT = r'''# comment = 1
title = "x # no comment" # = 2
a.b . "c.d" = 1979-05-27 07:32:00
'lit"eral' = 'C:\path'
"esc\"aped\u00e9\U0001F600\t" = """one
two \""" three"""""
raw = """"""

numbers = [ 1, [ 2, 3 ], # comment, with ] in it
  4,
  { x = 1, y.z = [
     "a", 'b',
  ] },
]

[table . sub]
key = {}

[[list]]
first = true
[list.inner]
n = 1

[[list]]
[list.inner]
n = 2
[[list.deep]]
[[list.deep]]
v = 1.5e3
[last]
many = ["a", """
b""", "c"]
"after" = ''
'''

LINES: dict[KeyPath, int] = {
    ("title",): 2,
    ("a",): 3,
    ("a", "b"): 3,
    ("a", "b", "c.d"): 3,
    ('lit"eral',): 4,
    ('esc"apedé😀\t',): 5,
    ("raw",): 7,
    ("numbers",): 9,
    ("numbers", 0): 9,
    ("numbers", 1): 9,
    ("numbers", 1, 0): 9,
    ("numbers", 1, 1): 9,
    ("numbers", 2): 10,
    ("numbers", 3): 11,
    ("numbers", 3, "x"): 11,
    ("numbers", 3, "y"): 11,
    ("numbers", 3, "y", "z"): 11,
    ("numbers", 3, "y", "z", 0): 12,
    ("numbers", 3, "y", "z", 1): 12,
    ("table",): 16,
    ("table", "sub"): 16,
    ("table", "sub", "key"): 17,
    ("list",): 19,
    ("list", 0): 19,
    ("list", 0, "first"): 20,
    ("list", 0, "inner"): 21,
    ("list", 0, "inner", "n"): 22,
    ("list", 1): 24,
    ("list", 1, "inner"): 25,
    ("list", 1, "inner", "n"): 26,
    ("list", 1, "deep"): 27,
    ("list", 1, "deep", 0): 27,
    ("list", 1, "deep", 1): 28,
    ("list", 1, "deep", 1, "v"): 29,
    ("last",): 30,
    ("last", "many"): 31,
    ("last", "many", 0): 31,
    ("last", "many", 1): 31,
    ("last", "many", 2): 32,
    ("last", "after"): 33,
}


def test_every_way_of_writing() -> None:
    assert line_numbers(TEXT) == LINES


def paths(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Any]]:
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from paths(inner, (*path, key))


keys = st.text(max_size=8) | st.sampled_from(["a", "b", "a.b", "[x]", "#", "'", '"', "\\", "=", "\n"])
leaves = st.integers(900_000, 999_999) | st.text(max_size=12) | st.booleans() | st.sampled_from(['"""', "'''", "#]}"])
values = st.recursive(leaves, lambda v: st.lists(v, max_size=3) | st.dictionaries(keys, v, max_size=3), max_leaves=12)


def spread(value: Any) -> Any:
    """Arrays over several lines, as far as they are not inside inline tables."""
    item = tomlkit.item(value)
    return item.multiline(True) if isinstance(item, Array) else item


@given(st.dictionaries(keys, values, max_size=5))
@settings(deadline=None, max_examples=200)
def test_what_tomlkit_writes(document: dict[str, Any]) -> None:
    text = tomlkit.dumps({key: spread(value) for key, value in document.items()})
    parsed = tomllib.loads(text)
    lines = line_numbers(text)
    found = dict(paths(parsed))
    assert lines.keys() == found.keys() - {()}
    numbers = [value for value in found.values() if type(value) is int]
    for path, value in found.items():
        if type(value) is int and numbers.count(value) == 1 and text.count(str(value)) == 1:
            assert lines[path] == text.count("\n", 0, text.index(str(value))) + 1
