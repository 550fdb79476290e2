"""No forge: a laptop, or a server that sets nothing we know. Git says what there is; the report is printed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from envlock.errors import escaped
from envlock.forges.forge import Annotation
from envlock.model.ci_event import Event

if TYPE_CHECKING:
    from envlock.system.http import Http


class Nowhere:
    """What a forge does that has a place for nothing; others begin with this."""

    name = "nowhere"
    has_summary = False

    def event(self) -> Event | None:
        return None

    def hushed(self) -> Iterator[str]:
        return iter(())

    def heard(self) -> Iterator[str]:
        return iter(())

    def annotated(self, annotations: Sequence[Annotation]) -> Iterator[str]:
        """As compilers write them."""
        for each in annotations:
            line = f":{each.line}" if each.line else ""
            place = f"{escaped(each.file)}{line}: " if each.file else ""
            yield f"{place}{each.level}: {'; '.join(escaped(part) for part in each.message.splitlines())}"

    def write_outputs(self, values: Mapping[str, str]) -> None:
        """Nobody asks for them."""

    def write_summary(self, markdown: str) -> None:
        """Printed instead."""

    def comment(
        self,
        markdown: str | None,  # noqa: ARG002 - the names are those of all forges
        event: Event,  # noqa: ARG002
        http: "Callable[[], Http]",  # noqa: ARG002
        *,
        choice: Sequence[str] = (),  # noqa: ARG002
    ) -> str | None:
        return None
