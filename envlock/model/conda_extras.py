"""Extras of distributions that conda provides: conda knows none, so what they need is locked with the package.

In env.lock that is a line an extra that is asked for, `DISTRIBUTION[EXTRA]`, and one a requirement that it brings,
`DISTRIBUTION[EXTRA]: REQUIREMENT`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.model.requirements import applies, parsed, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraNeed:
    """What an extra of a distribution from conda needs, None for nothing."""

    distribution: str
    extra: str
    need: str | None = None

    def __str__(self) -> str:
        return f"{self.distribution}[{self.extra}]" + (f": {self.need}" if self.need else "")


def read_extra(text: str) -> ExtraNeed:
    """A line as it stands in env.lock; ValueError where it is none."""
    asked, _, need = text.partition(": ")
    distribution, bracket, extra = asked.partition("[")
    if not (distribution and bracket and extra.endswith("]")):
        raise ValueError(f"expected an extra such as `flask[async]: asgiref>=3.2`, got `{text}`")
    return ExtraNeed(distribution=distribution, extra=extra[:-1], need=need or None)


def needs_of_extras(
    asked: Iterable[str],
    provided: frozenset[str],
    requires_dist: Callable[[str], Iterable[str]],
    environment: Mapping[str, str],
) -> Iterator[ExtraNeed]:
    """What the extras need that are asked for of distributions from conda, followed to the end.

    `asked` are requirements that apply; `requires_dist` reads what such a distribution says that it requires.
    """
    waiting = [parsed(text, "env.lock") for text in asked]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement = waiting.pop(0)
        name = canonicalize_name(requirement.name)
        if name not in provided:
            continue  # of wheels, extras are locked
        for extra in sorted(map(canonicalize_name, requirement.extras)):
            if (name, extra) not in seen:
                seen.add((name, extra))
                yield ExtraNeed(distribution=name, extra=extra)
                for need in _needs(name, extra, requires_dist(name), environment):
                    waiting.append(need)
                    yield ExtraNeed(distribution=name, extra=extra, need=plain(need))


def _needs(name: str, extra: str, texts: Iterable[str], environment: Mapping[str, str]) -> Iterator[Requirement]:
    """What applies with an extra and not without."""
    for requirement in (parsed(text, name) for text in texts):
        if applies(requirement.marker, environment, [extra]) and not applies(requirement.marker, environment):
            yield requirement
