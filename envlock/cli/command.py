"""What every command starts from: its declaration, and a session with the console, the projects and the cache."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import update_wrapper
from pathlib import Path

import click

from envlock.cli.console import Console
from envlock.cli.settings import Settings, environment, global_options
from envlock.errors import EnvlockError
from envlock.system.cache import Cache
from envlock.workflows.context import Context
from envlock.workflows.project import Project, environment_named, every_project, find_project

# of all commands, that take no value
_FLAGS = ("-q", "--quiet", "-v", "--verbose", "--offline")
_GLOBAL = "Options of all commands, here or before the command: --quiet --verbose --offline --color --cache-dir"


class Session:
    """One call of one command."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.console = Console(settings)

    def project(self, env: str | None) -> Project:
        """One of the work tree, to be changed."""
        return find_project(env, Path.cwd())

    def projects(self, envs: Sequence[str], *, everywhere: bool = False) -> tuple[Project, ...]:
        """The named ones, all that there are, or the one there is."""
        if everywhere and envs:
            raise click.UsageError("`--all` means every environment: name none beside it")
        if everywhere:
            return every_project(Path.cwd())
        return tuple(self.project(env) for env in envs or (None,))

    def environment(self, env: str | None, context: Context, *, locked: bool = True) -> Project:
        """One to be read: also `NAME@X` and `URL#NAME`, whose files are in the cache while the context lasts."""
        return environment_named(env, Path.cwd(), context, locked=locked)

    def environments(self, envs: Sequence[str], context: Context) -> tuple[Project, ...]:
        return tuple(self.environment(env, context) for env in envs or (None,))

    @contextmanager
    def context(self, *, animated: bool = True, insecure: Sequence[str] = ()) -> Iterator[Context]:
        """What workflows work with; the console shows their progress meanwhile, `animated` if nobody else prints."""
        cache = Cache(self.settings.cache_folder)
        with self.console.progress(animated=animated) as told, cache.users.among():
            yield Context(
                cache=cache,
                environment=environment(),
                offline=self.settings.offline,
                insecure=tuple(insecure),
                progress=told.line,
                moved=told.moved,
            )


class _Command(click.Command):
    """A command that shows examples, as they are typed, below its options; `more` gives words that come before those
    on the command line, `refused` says what is wrong with any of them, to an exit code."""

    examples: tuple[str, ...] = ()
    more: Callable[[], list[str]] | None = None
    refused: Callable[[click.UsageError | EnvlockError], int] | None = None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, [*(self.more() if self.more else ()), *args])
        except (click.UsageError, EnvlockError) as failure:
            if self.refused is None:
                raise
            raise click.exceptions.Exit(self.refused(failure)) from failure

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _write_examples(self.examples, formatter)


class _Group(click.Group):
    """A command that has others below it; it shows the examples of these. `default` is the one that is meant where
    none is named; its options are shown with the group's."""

    default: str | None = None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        named = next((word for word in args if word not in _FLAGS), "")
        if self.default and named not in (*self.commands, *ctx.help_option_names):
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if self.default:
            self.commands[self.default].format_options(ctx, formatter)
            self.format_commands(ctx, formatter)
        else:
            super().format_options(ctx, formatter)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):  # click itself would cut each line off
            formatter.write_dl([(name, each.get_short_help_str(1000)) for name, each in self.commands.items()])

    def format_epilog(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _write_examples([line for each in self.commands.values() for line in getattr(each, "examples", ())], formatter)


def _write_examples(examples: Sequence[str], formatter: click.HelpFormatter) -> None:
    with formatter.section("Examples"):
        formatter.write("".join(f"  {line}\n" for line in examples))
    formatter.write_paragraph()
    formatter.write_text(_GLOBAL)


def command_group(name: str, help: str, default: str | None = None, **commands: click.Command) -> click.Group:
    """Makes a command of several, which are called by a second word, or without one if that is `default`."""
    group = _Group(name, commands=commands, params=global_options(hidden=True), help=help)
    group.default = default
    return group


def command(
    *examples: str,
    passes_on: bool = False,
    more: Callable[[], list[str]] | None = None,
    refused: Callable[[click.UsageError | EnvlockError], int] | None = None,
) -> Callable[[Callable[..., int | None]], click.Command]:
    """Makes a command of a function that takes a session and the options, and gives the exit code (None: 0).

    With `passes_on`, words after the first argument belong to another program. `more` gives further words; `refused`
    is called where words are wrong.
    """

    def declare(function: Callable[..., int | None]) -> click.Command:
        settings = {"ignore_unknown_options": True, "allow_interspersed_args": False} if passes_on else {}
        made = click.command(cls=_Command, context_settings=settings)(_with_session(function))
        made.examples, made.more, made.refused = examples, more, refused
        made.params += global_options(hidden=True)
        return made

    return declare


def _with_session(function: Callable[..., int | None]) -> Callable[..., int | None]:
    def call(**options: object) -> int | None:
        return function(Session(Settings.of(click.get_current_context().meta)), **options)

    return update_wrapper(call, function)
