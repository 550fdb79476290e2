"""Work in progress as a terminal shows it: a line a platform that turns while it is worked on."""

import re
from threading import Lock
from typing import TYPE_CHECKING

from envlock.errors import escaped

if TYPE_CHECKING:
    from rich.live import Live
    from rich.table import Table

_STAYS = "warning: "
# told by their look: what knows them all is slow to load
_PLATFORMS = r"(?s)(?P<names>(?:linux|osx|win)-\w+(?:, (?:linux|osx|win)-\w+)*): (?P<what>.*)"


class Progress:
    """Drawn from the first text on. It leaves nothing behind but warnings; texts may come from several threads."""

    def __init__(self) -> None:
        self._live: Live | None = None
        self._rows: dict[str, str] = {}
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

    def _started(self) -> "Live":
        from rich.console import Console as Rich
        from rich.live import Live

        if self._live is None:
            self._live = Live(console=Rich(stderr=True), transient=True, refresh_per_second=10)
            self._live.start()
        return self._live

    def _drawn(self) -> "Table":
        from rich.spinner import Spinner
        from rich.table import Table
        from rich.text import Text

        # a text about all comes when the platforms are done with
        rows = {"": self._rows[""]} if "" in self._rows else self._rows
        drawn = Table.grid(padding=(0, 1))
        for name, what in rows.items():
            named = [Text(name)] if name else []
            drawn.add_row(Spinner("dots"), *named, Text(what, overflow="ellipsis", no_wrap=True))
        return drawn


def rows(text: str) -> dict[str, str]:
    """What a text says, by platform; by nothing where it is about all."""
    found = re.fullmatch(_PLATFORMS, text)
    return dict.fromkeys(found["names"].split(", "), found["what"]) if found else {"": text}
