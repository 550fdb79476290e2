"""One reason why a lock does not answer its manifest, and reasons as people read them."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

# the kind of those about what an image is told beyond its packages
IMAGE = "image"
COPY = "copy"  # the subject of those among them that are about copied files
_LEAST = re.compile(r"(?:>=|~=|==|>)\s*([0-9]+(?:\.[0-9]+)*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`kind` is for programs, `message` for people; `subject` is the requirement or key in env.toml it is about,
    `line` where that stands, in `file` (relative to env.toml) where it stands in another one."""

    kind: str
    message: str
    platform: str | None = None
    subject: str | None = None
    line: int | None = None
    file: str | None = None

    @property
    def is_of_copies(self) -> bool:
        """Is it about files that go into the image alone?"""
        return (self.kind, self.subject) == (IMAGE, COPY)


def unmet(need: str, reason: str, asker: str | None, platform: str) -> Problem:
    """A requirement that is not met; `asker` is the package that has it, None where env.toml does."""
    by = f" (asked for by `{asker}`)" if asker else ""
    return Problem(
        kind="unmet",
        subject=None if asker else need,
        platform=platform,
        message=f"`{need}` is not met{by}: {reason}",
    )


def least(need: str) -> list[str]:
    """The versions from which on a requirement is met: where a limit excludes one, the two contradict each other."""
    return _LEAST.findall(need)


def opposed(found: str, root: str | None) -> str:
    """What is locked, with the requirement of env.toml that contradicts the one that is unmet, if there is one."""
    return f"{found}, and env.toml asks for `{root}`" if root else found


def unasked(name: str, platform: str) -> Problem:
    """A package that no way leads to from env.toml."""
    return Problem(
        kind="unasked", subject=name, platform=platform, message=f"`{name}` is locked but nothing asks for it"
    )


def shown_value(value: object) -> str:
    """A setting as it stands in a message: lists as JSON, what is absent in words."""
    if isinstance(value, tuple):
        return f"`{json.dumps(value, ensure_ascii=False)}`"
    if isinstance(value, str) and not value.isprintable():
        return f"`{json.dumps(value, ensure_ascii=False)}`"
    return "not set" if value is None else f"`{value}`"


def shown(problems: Iterable[Problem]) -> list[str]:
    """One line a reason: the platforms that it holds for, what it is, and the line that it is about."""
    platforms: dict[str, list[str]] = {}
    for problem in problems:
        place = f" ({problem.file or 'env.toml'}:{problem.line})" if problem.line else ""
        text = f"{problem.message}{place}"
        platforms.setdefault(text, []).extend([problem.platform] if problem.platform else [])
    return [f"{', '.join(names)}: {text}" if names else text for text, names in platforms.items()]
