"""One comment at a pull request that is found again, and says what the newest run says."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from envlock.errors import EnvlockError, escaped

TOKEN = "ENVLOCK_CI_TOKEN"
_NOTHING = "### envlock\n\nNo environment changes, and every env.lock answers its env.toml."


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """`author` is what the forge calls who wrote it; None for somebody who is gone."""

    id: int
    author: str | None
    text: str


class Comments(Protocol):
    """Those of one pull request."""

    def fitted(self, text: str) -> str:
        """As the forge keeps it."""
        ...

    def all(self) -> Iterable[Comment]:
        """From the oldest to the newest."""
        ...

    def own_name(self) -> str:
        """The `author` of what we write."""
        ...

    def add(self, text: str) -> int:
        """Its id."""
        ...

    def change(self, id: int, text: str) -> None: ...

    def remove(self, id: int) -> None: ...


def marker(parts: Sequence[str]) -> str:
    """The first line of a comment, which nobody sees: the same for the runs of one job, another for any other."""
    return f"<!-- envlock:report {hashlib.sha256(chr(0).join(parts).encode(errors='replace')).hexdigest()[:16]} -->"


def said(comments: Callable[[str], Comments], token: str | None, mark: str, markdown: str | None) -> str | None:
    """As `say`; what hindered it, in words."""
    token = (token or "").strip()
    if not token:
        return f"no comment is written: there is no `{TOKEN}`" if markdown else None
    if not (token.isascii() and token.isprintable()) or " " in token:
        return f"no comment is written: `{TOKEN}` is no token"
    try:
        say(comments(token), mark, markdown)
    except EnvlockError as error:
        hint = f"; {error.hint}" if error.hint else ""
        return f"no comment is written: {escaped(error.message)}{hint}"
    return None


def say(comments: Comments, mark: str, markdown: str | None) -> None:
    """Writes it where nothing of ours is, else changes the oldest of ours, unless it says so already.

    Two runs at once may both have written one: who finds an older one takes its own back. Nothing else is ever removed.
    """
    # a name of a file that is no text is nothing that can be sent
    words = (markdown or _NOTHING).encode(errors="replace").decode()
    text = comments.fitted(f"{mark}\n{words}")
    first = _first(comments, mark)
    if first is None and markdown:
        added = comments.add(text)
        first = _first(comments, mark)
        if first and first.id < added:
            comments.remove(added)
    if first and _plain(first.text) != _plain(text):
        comments.change(first.id, text)


def _first(comments: Comments, mark: str) -> Comment | None:
    """The oldest of ours. Who may comment can write our mark: what counts is who wrote it."""
    name = None
    for comment in comments.all():
        if _plain(comment.text).split("\n", 1)[0].strip() == mark:
            name = name or comments.own_name()
            if comment.author == name:
                return comment
    return None


def _plain(text: str) -> str:
    """As forges may give it back."""
    return text.replace("\r\n", "\n").strip()
