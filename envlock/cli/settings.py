"""How a person wants envlock to run: global options, and the environment, which `cli` reads here only."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click

# options are kept under this prefix in click's `meta`, which all contexts of one call share
_KEY = "envlock.option."
# the variable by which a shell asks for completions, whichever name envlock is called by
COMPLETION = "_ENVLOCK_COMPLETE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The global options, each possible before and after the command's name."""

    quiet: bool = False
    verbose: bool = False
    offline: bool = False
    color: str = "auto"
    cache_dir: Path | None = None

    @classmethod
    def of(cls, meta: Mapping[str, Any]) -> "Settings":
        """From click's `meta`, where the options below were kept."""
        return cls(**{key.removeprefix(_KEY): value for key, value in meta.items() if key.startswith(_KEY)})

    def colored(self, stream: IO[str]) -> bool:
        """Are colours wanted on this stream?"""
        return self.color == "always" or (
            self.color == "auto" and is_terminal(stream) and not os.environ.get("NO_COLOR")
        )

    def animated(self, stream: IO[str]) -> bool:
        """May lines on this stream be overwritten? Not in CI, whose logs keep every line."""
        return is_terminal(stream) and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"

    @property
    def cache_folder(self) -> Path:
        """Where downloads, layers and prefixes are kept."""
        given = self.cache_dir or os.environ.get("ENVLOCK_CACHE_DIR")
        if given:
            return Path(given).absolute()
        from platformdirs import user_cache_path

        return user_cache_path("envlock")


def is_terminal(stream: IO[str]) -> bool:
    """Is a person looking at this stream? A closed one counts as nobody."""
    return not stream.closed and stream.isatty()


def width(stream: IO[str]) -> int | None:
    """The columns of a terminal, or as many as COLUMNS says; None where lines may be of any length."""
    stated = os.environ.get("COLUMNS", "")
    if stated.isdecimal() and int(stated):
        return int(stated)
    return os.get_terminal_size(stream.fileno()).columns or None if is_terminal(stream) else None


def environment() -> dict[str, str]:
    """The process environment, for what is handed to programs and looks logins up."""
    return dict(os.environ)


def hide_from_programs(*names: str) -> None:
    """Takes variables out of what programs that we start are given."""
    for name in names:
        os.environ.pop(name, None)


def hide_netrc() -> None:
    """Has nobody find the logins of netrc: neither libraries of ours nor programs that we start."""
    os.environ["NETRC"] = os.devnull


def completion_request() -> str | None:
    """What a shell asks to be completed, where one asks."""
    return os.environ.get(COMPLETION) or None


def global_options(*, hidden: bool) -> list[click.Parameter]:
    """The options of `Settings`; hidden in the help of single commands, which would be long otherwise."""
    color = click.Choice(["auto", "always", "never"])
    folder = click.Path(file_okay=False, path_type=Path)
    return [
        _option("-q", "--quiet", is_flag=True, help="Print data and errors only.", hidden=hidden),
        _option("-v", "--verbose", is_flag=True, help="Print every step, and a traceback for a bug.", hidden=hidden),
        _option("--offline", is_flag=True, help="Open no connection: use what is cached.", hidden=hidden),
        _option("--color", type=color, help="Colours: auto (in terminals), always, never.", hidden=hidden),
        _option("--cache-dir", type=folder, help="Where to keep what was fetched and made.", hidden=hidden),
    ]


def _option(*names: str, **attributes: Any) -> click.Option:
    return click.Option(names, default=None, expose_value=False, callback=_keep, **attributes)


def _keep(context: click.Context, option: click.Parameter, value: Any) -> None:
    if value is not None and option.name:
        context.meta[_KEY + option.name] = value
