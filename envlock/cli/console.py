"""What a person sees: data on stdout, all else on stderr. Rich is imported only where it draws something."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click

from envlock.cli.progress import Announced, Progress, Told
from envlock.cli.settings import Settings, width
from envlock.errors import escaped


class Console:
    """stdout and stderr as the settings want them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def data(self, text: str) -> None:
        """One line of the answer, on stdout."""
        click.echo(text, color=self.settings.colored(sys.stdout))

    def bytes(self, data: bytes) -> None:
        """The answer as it is, on stdout."""
        click.echo(data, nl=False)

    def json(self, value: Any) -> None:
        """The answer as JSON, on stdout."""
        # bytes of names and commands that are no text are spelt out: raw, the answer would be no JSON
        text = json.dumps(value, indent=2, ensure_ascii=False).encode(errors="backslashreplace").decode()
        # in a log on GitHub, a line with `##[` in it may be a command; in JSON that stands in strings alone
        self.data(text.replace("##[", "#\\u0023["))

    def command(self, text: str) -> None:
        """A line on stderr for the program that reads it, whatever a person wants to see."""
        self._stderr(text)

    def note(self, text: str) -> None:
        """A line beside the answer, on stderr; not with --quiet."""
        if not self.settings.quiet:
            self._stderr(text)

    def hint(self, text: str) -> None:
        self._stderr(f"{click.style('hint:', fg='cyan', bold=True)} {text}")

    def error(self, message: str, hint: str | None = None) -> None:
        """A failure: what and where, its further lines indented, then what to do next."""
        # the words may be those of a server or another program: none of them may steer the terminal
        first, *rest = [escaped(line) for line in message.splitlines()] or [""]
        self._stderr(f"{click.style('error:', fg='red', bold=True)} {first}")
        for line in rest:
            self._stderr(line if line.startswith("  ") else f"  {line}")
        if hint:
            self.hint(hint)

    def table(self, titles: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
        """Columns on stdout, as wide as it is. `right` are the columns of numbers."""
        from envlock.cli.table import table_lines

        for line in table_lines(titles, rows, right=right, width=width(sys.stdout)):
            self.data(line)

    @contextmanager
    def progress(self, *, animated: bool = True) -> Iterator[Told]:
        """Who is told of progress: the newest of it is drawn, turning, in a terminal; elsewhere all lines stay."""
        if self.settings.quiet:
            yield Told(_nowhere, Announced(_nowhere).moved)
        elif self.settings.verbose or not (animated and self.settings.animated(sys.stderr)):
            yield Told(self._stderr, Announced(self._stderr).moved)
        else:
            with Progress() as shown:
                yield Told(shown.show, shown.moved)

    def _stderr(self, text: str) -> None:
        click.echo(text, err=True, color=self.settings.colored(sys.stderr))


def _nowhere(_text: str) -> None:
    """Where lines go with --quiet."""
