"""What each format looks like: whole files, for review. That other tools take them is tested beside this."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from envlock.errors import UserInputError
from envlock.interchange.exports.formats import FORMATS
from envlock.interchange.exports.toml_text import toml_text
from envlock.interchange.exports.yaml_text import yaml_text
from tests.support.export_contents import LINUX, contents, export_text, holdable, wheel

FILES = {
    "conda-lock": "conda-lock.yml",
    "explicit": "explicit.txt",
    "environment.yml": "environment.yml",
    "requirements": "requirements.txt",
    "pylock": "pylock.toml",
    "pixi": "pixi.lock",
    "dockerfile": "Dockerfile",
}
# bills of materials are made by libraries, and tested where they are made
OF_OURS = [name for name, form in FORMATS.items() if not form.bill]
# what one version of YAML or the other takes for a number, a date, a truth value, nothing, or syntax
HOSTILE = (
    *("1.10", "1e3", "0x1f", "0o17", "017", "1_000", "12:30:45", "1:20", "2026-01-02", ".5", "+1", "-1", ".inf", "nan"),
    *("on", "Off", "yes", "NO", "y", "N", "true", "False", "null", "~", "", " ", "a: b", "a:", "a #b", "#a", "- a"),
    *("? a", "*a", "&a", "!a", "|", ">", "%a", "@a", "`a`", "'a'", '"a"', "a\\b", "{a}", "[a]", "=", "<<", "---"),
    *("a\nb", "a ", " a", "é", "\u2028", "😀", "\x7f", "\ufeff", "a\tb", "python >=3.11,<3.12.0a0", "1!2.0+local"),
)


@pytest.mark.parametrize("name", OF_OURS)
def test_the_whole_file(name: str) -> None:
    golden = Path(__file__).parent / "exports" / FILES[name]
    assert export_text(name) == golden.read_text(encoding="utf-8")


def test_there_is_a_file_of_each_format() -> None:
    assert [*FILES] == OF_OURS
    assert {path.name for path in (Path(__file__).parent / "exports").iterdir()} == set(FILES.values())


TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=["Cs"])))


VALUES = st.one_of(TEXTS, st.lists(st.dictionaries(TEXTS, TEXTS, max_size=3), max_size=3), st.integers(), st.booleans())


@settings(deadline=None)
@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=5))
@example({text: text for text in HOSTILE})
@example({"a": [{text: [{text: text}]} for text in HOSTILE]})
def test_yaml_of_both_versions_is_read_as_it_was_meant(document: dict[str, object]) -> None:
    text = yaml_text(document)  # type: ignore[arg-type]
    assert yaml.safe_load(text) == document
    assert YAML(typ="safe", pure=True).load(text) == document


@settings(deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries({"text": TEXTS, "table": st.fixed_dictionaries({"x": TEXTS})}), min_size=1, max_size=5
    )
)
@example([{"text": text, "table": {"x": text}} for text in HOSTILE])
def test_toml_is_read_as_it_was_meant(rows: list[dict[str, object]]) -> None:
    document = {"name": "x", "texts": [row["text"] for row in rows], "rows": rows}
    assert tomllib.loads(toml_text(document)) == document


def test_what_pylock_cannot_hold_is_refused() -> None:
    found = holdable(contents(LINUX, conda=False), FORMATS["pylock"].refuses)
    odd = wheel("six", "1.0", tag="py3-none-any", file="seven-1.0-py3-none-any.whl")
    found = replace(found, platforms=(replace(found.platforms[0], pip=(odd,)),), urls={odd: "https://files.test/x.whl"})
    with pytest.raises(UserInputError, match=r"a pylock file cannot hold what is locked: .*seven"):
        FORMATS["pylock"].write(found)
