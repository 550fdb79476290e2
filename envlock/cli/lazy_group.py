"""Commands by name: a command's module is imported when the command is called, not before."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class LazyGroup(click.Group):
    """A group over a table: command name -> help line, empty for what only other programs call. `commands/NAME.py`
    holds the command as `NAME_command`, with `_` for `-`."""

    def __init__(self, *, table: Mapping[str, str], name: str, params: list[click.Parameter], help: str) -> None:
        look = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
        super().__init__(name, params=params, help=help, context_settings=look)
        self.table = table

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.table:
            return None
        module = cmd_name.replace("-", "_")
        command = getattr(import_module(f"envlock.cli.commands.{module}"), f"{module}_command")
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, line in self.table.items() if line])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        listed = [(name, line) for name, line in self.table.items() if line and name.startswith(incomplete)]
        commands = [CompletionItem(name, help=line) for name, line in listed]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.table and not ctx.resilient_parsing and not args[0].startswith("-"):
            raise click.UsageError(f"no command `{args[0]}`{_did_you_mean(args[0], self.table)}", ctx)
        return super().resolve_command(ctx, args)


def _did_you_mean(word: str, known: Mapping[str, str]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, known, n=1)
    return f": did you mean `{close[0]}`?" if close else ""
