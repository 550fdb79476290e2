"""What a forge is to `ci`: a place that says what happened, and is told what came of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from envlock.model.ci_event import Event

if TYPE_CHECKING:
    from envlock.system.http import Http


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A remark at a line of a file: `file` is its path from the top of the repository, `level` "error", "warning" or
    "notice"."""

    level: str
    title: str
    message: str
    file: str | None = None
    line: int | None = None


class Forge(Protocol):
    """One run at a forge. What it has no place for, it leaves out."""

    @property
    def name(self) -> str: ...

    def event(self) -> Event | None:
        """What happened, as far as the forge says; None where git is to be asked. UserInputError for what cannot be
        understood."""
        ...

    def hushed(self) -> Iterator[str]:
        """Lines to print first, so that nothing printed later is taken for a command; `heard` ends it."""
        ...

    def heard(self) -> Iterator[str]: ...

    def annotated(self, annotations: Sequence[Annotation]) -> Iterator[str]:
        """Lines to print that put remarks where people see them."""
        ...

    def write_outputs(self, values: Mapping[str, str]) -> None: ...

    @property
    def has_summary(self) -> bool: ...

    def write_summary(self, markdown: str) -> None: ...

    def comment(
        self, markdown: str | None, event: Event, http: "Callable[[], Http]", *, choice: Sequence[str] = ()
    ) -> str | None:
        """Has one comment at the pull request say this; with None, one that is there says that nothing is to be said.

        Runs of one job have one each for what they are asked for, `choice`. What hindered it, in words; None where all
        is well. Nothing that happens to a comment fails a run.
        """
        ...
