"""Work in progress as a terminal shows it: a line a platform that turns while it is worked on, and bars of bytes."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from envlock.cli.text import size
from envlock.errors import escaped

if TYPE_CHECKING:
    from rich.console import Group
    from rich.live import Live

_STAYS = "warning: "
# told by their look: what knows them all is slow to load
_PLATFORMS = r"(?s)(?P<names>(?:linux|osx|win)-\w+(?:, (?:linux|osx|win)-\w+)*): (?P<what>.*)"


_BAR = 30  # columns


@dataclass(frozen=True, slots=True)
class Told:
    """Who is told of what is done: lines about it, and bytes that are moved of how many in all."""

    line: Callable[[str], None]
    moved: Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Bytes on their way at one moment."""

    done: int
    of: int
    seconds: float

    @property
    def text(self) -> str:
        """How far it is, and how fast as soon as that can be said: "12 of 80 MB, 6.1 MB/s"."""
        rate = f", {size(int(self.done / self.seconds))}/s" if self.seconds >= 0.5 and self.done else ""
        return f"{size(self.done)} of {size(self.of)}{rate}"


class Announced:
    """Transfers where nothing is drawn over: a line each, when it begins."""

    def __init__(self, line: Callable[[str], None]) -> None:
        self._line = line
        self._said: set[str] = set()

    def moved(self, what: str, _done: int, of: int) -> None:
        if what not in self._said:
            self._said.add(what)
            self._line(f"{what}, {size(of)}")


class Progress:
    """Drawn from the first text on. It leaves nothing behind but warnings; texts may come from several threads."""

    def __init__(self) -> None:
        self._live: Live | None = None
        self._rows: dict[str, str] = {}
        self._began: dict[str, float] = {}
        self._transfers: dict[str, Transfer] = {}
        self._lock = Lock()

    def __enter__(self) -> "Progress":
        return self

    def __exit__(self, *_failure: object) -> None:
        if self._live:
            self._live.stop()

    def show(self, text: str) -> None:
        """A text about some platforms, `linux-64, osx-64: what`, or about all."""
        with self._lock:
            live = self._started()
            text = escaped(text.strip())
            if text.startswith(_STAYS):
                live.console.print(text, highlight=False, markup=False)
                return
            self._rows.update(rows(text))
            live.update(self._drawn())

    def moved(self, what: str, done: int, of: int) -> None:
        """Bytes of a transfer, which is shown as a bar until all of them are there."""
        with self._lock:
            live, now, is_new = self._started(), monotonic(), what not in self._began
            self._transfers.pop(what, None)
            began = self._began.setdefault(what, now)
            if done < of:
                self._transfers[what] = Transfer(done=done, of=of, seconds=now - began)
            live.update(self._drawn(), refresh=is_new)

    def _started(self) -> "Live":
        from rich.console import Console as Rich
        from rich.live import Live

        if self._live is None:
            self._live = Live(console=Rich(stderr=True), transient=True, refresh_per_second=10)
            self._live.start()
        return self._live

    def _drawn(self) -> "Group":
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        # a text about all comes when the platforms are done with
        rows = {"": self._rows[""]} if "" in self._rows else self._rows
        drawn = Table.grid(padding=(0, 1))
        for name, what in rows.items():
            named = [Text(name)] if name else []
            drawn.add_row(Spinner("dots"), *named, Text(what, overflow="ellipsis", no_wrap=True))
        bars = Table.grid(padding=(0, 1))
        for what, transfer in self._transfers.items():
            bar = ProgressBar(total=transfer.of, completed=transfer.done, width=_BAR)
            bars.add_row(Text(what, no_wrap=True), bar, Text(transfer.text, overflow="ellipsis", no_wrap=True))
        return Group(drawn, bars)


def rows(text: str) -> dict[str, str]:
    """What a text says, by platform; by nothing where it is about all."""
    found = re.fullmatch(_PLATFORMS, text)
    return dict.fromkeys(found["names"].split(", "), found["what"]) if found else {"": text}
