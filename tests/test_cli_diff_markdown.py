"""`envlock diff --markdown`: a comment for a pull request, rendered, in which no name can be more than a name."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from envlock.cli.markdown import code
from envlock.lockfile.writer import lock_text
from envlock.model.lock import ImageSettings
from tests.support.locked_project import locked_project
from tests.support.wide_project import conda, pip, wide_project

# what a comment of ours is made of
TAGS = {"h3", "p", "strong", "code", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"}


class Rendered(HTMLParser):
    """The tags with their attributes, the text of each table row's cells, and all text that stands outside `code`."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.rows: list[list[str]] = []
        self.outside = ""
        self._code = 0
        self.feed(MarkdownIt("commonmark").enable("table").render(markdown))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs
        self._code += tag == "code"
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        self._code -= tag == "code"

    def handle_data(self, data: str) -> None:
        self.outside += "" if self._code else data
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip("\n")


def test_a_comment(tmp_path: Path) -> None:
    project = wide_project(tmp_path / "train")
    lock = project.lock()
    linux, osx, windows = lock.platforms
    numpy = conda("numpy", "2.4.0", "linux-64", size=9_000_000)
    python = next(p for p in linux.conda if p.name == "python")
    pandas = next(p for p in linux.conda if p.name == "pandas")
    linux = replace(linux, conda=(numpy, pandas, python), pip=(*linux.pip, pip("zope", "1.0")))
    (project.folder / "new.lock").write_text(lock_text(replace(lock, platforms=(linux, osx, windows))))
    assert project.must("diff", "env.lock", "new.lock", "--markdown") == (
        "### `env.lock` → `new.lock`\n"
        "\n"
        "**1 added, 1 upgraded**\n"
        "\n"
        "| Change | Package | Before | After | Size | Platforms |\n"
        "| --- | --- | --- | --- | ---: | --- |\n"
        "| upgraded | `numpy` | `2.3.1` | `2.4.0` | +1.0 MB | linux-64 |\n"
        "| added | `zope` |  | `1.0` | +100 kB | linux-64 |\n"
        "\n"
        "| Platform | Packages | Download |\n"
        "| --- | --- | --- |\n"
        "| linux-64 | 9 → 10 packages | 40 MB → 41 MB (+1.1 MB) |\n"
        "| osx-arm64 | 9 packages | 78 MB |\n"
        "| win-64 | 11 packages | 121 MB |\n"
    )


def test_nothing_differs(tmp_path: Path) -> None:
    project = locked_project(tmp_path / "train")
    assert project.must("diff", "env.lock", "env.lock", "--markdown") == (
        "### `env.lock` → `env.lock`\n\n**nothing changed**\n"
    )


HOSTILE = [
    "1|2",
    "`1`",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://evil.test/x.png)",
    "@acme/everybody",
    "#1 https://evil.test",
    "**1**_2_~~3~~",
    "</code></td></table>",
    "\\",
    "a\\|b",
    "&lt;b&gt;",
    "``` x",
    "--- <!-- x",
    " ",
    "é…\u202e\ufeff",
    "line\nbreak\r\n\n# heading",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_values_are_text_and_nothing_else(tmp_path: Path, text: str) -> None:
    project = locked_project(tmp_path / "train")
    lock = project.lock()
    image = ImageSettings(labels=(("x", text),))
    (project.folder / "new.lock").write_text(lock_text(replace(lock, image=image)))
    rendered = Rendered(project.must("diff", "env.lock", "new.lock", "--markdown"))
    assert rendered.tags <= TAGS
    assert rendered.attributes == []
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    assert rendered.rows[1] == ["added", "image.labels.x", shown]


@given(st.text())
def test_any_text_is_one_cell_of_code(text: str) -> None:
    visible = "".join(c for c in text if c.isprintable())
    rendered = Rendered(f"| a | b |\n|---|---|\n| {code(visible)} | z |")
    assert rendered.rows == [["a", "b"], [visible, "z"]]
    assert rendered.outside.split() == ["a", "b", "z"]
    assert rendered.tags <= TAGS


def test_long_tables_are_folded_and_a_comment_is_never_too_long(tmp_path: Path) -> None:
    project = locked_project(tmp_path / "train")
    lock = project.lock()
    (platform,) = lock.platforms
    names = {count: [f"package{n:04}" for n in range(count)] for count in (30, 2000)}
    for count, folded in names.items():
        locked = replace(platform, pip=tuple(pip(name, "1.0") for name in folded))
        (project.folder / "new.lock").write_text(lock_text(replace(lock, platforms=(locked,))))
        comment = project.must("diff", "env.lock", "new.lock", "--markdown")
        assert len(comment) < 65_536
        rendered = Rendered(comment)
        assert {"details", "summary"} <= rendered.tags
        told = [row[1] for row in rendered.rows if row[0] == "added"]
        more = re.search(r"… and (\d+) more", comment)
        assert len(told) + (int(more[1]) if more else 0) == count
        assert f"<summary>{count + 2} changes</summary>" in comment
