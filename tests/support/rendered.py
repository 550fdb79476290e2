"""Markdown as a forge shows it: which elements there are, and what stands outside of code."""

import re
from html.parser import HTMLParser

from markdown_it import MarkdownIt

# what a forge turns into a link or a mention, after Markdown was read, where it stands outside of code
LIVELY = re.compile(r"@\w|#\d|\bGH-\d|\b[0-9a-fA-F]{7,}\b|://|\bwww\.|:\w+:|\w@\w")
_VOID = {"br", "hr", "img", "input"}


class Rendered(HTMLParser):
    """`shape` is every tag but those of code within a line, in order, with its attributes; `unclosed` are those that
    were not ended, or not in their order; `rows` the cells of tables; `outside` all text that is not code."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.shape: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.comments: list[str] = []
        self.unclosed: list[str] = []
        self.rows: list[list[str]] = []
        self.outside = ""
        self.feed(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(markdown))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag != "code":
            self.shape.append((tag, tuple(attrs)))
        if tag not in _VOID:
            self.unclosed.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        self.outside += " "

    def handle_endtag(self, tag: str) -> None:
        if self.unclosed and self.unclosed[-1] == tag:
            self.unclosed.pop()
        self.outside += " "

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def handle_data(self, data: str) -> None:
        if not {"code", "pre"} & {*self.unclosed}:
            self.outside += data
        if {"td", "th"} & {*self.unclosed}:
            self.rows[-1][-1] += data.strip("\n")
