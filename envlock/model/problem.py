"""One reason why a lock does not answer its manifest."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """`kind` is for programs, `message` for people; `subject` is the requirement or key in env.toml it is about."""

    kind: str
    message: str
    platform: str | None = None
    subject: str | None = None
