"""Extras of distributions that conda provides: conda knows none, so what they need must be there by other ways."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from envlock.model.requirements import applies, parsed, plain


@dataclass(frozen=True, slots=True)
class Present:
    """A distribution that will be there: its extras, or None where it comes from conda."""

    version: str
    extras: frozenset[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """An extra of a distribution from conda, who asks for it (None: env.toml), what it needs, and why that is unmet."""

    distribution: str
    extra: str
    asker: str | None
    need: str
    reason: str


def lacking(
    asked: Iterable[tuple[str, str | None]],
    present: Mapping[str, Present],
    requires_dist: Callable[[str], Iterable[str]],
    environment: Mapping[str, str],
) -> Iterator[Lacking]:
    """What extras need and is not there. `asked` are requirements that apply, each with the name of who asks;
    `requires_dist` reads what a distribution from conda says that it requires."""
    waiting = [(parsed(text, asker or "env.toml"), asker) for text, asker in asked]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, asker = waiting.pop(0)
        name = canonicalize_name(requirement.name)
        found = present.get(name)
        if found is None or found.extras is not None:
            continue  # of wheels, extras are locked
        for extra in sorted(map(canonicalize_name, requirement.extras)):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            for need in _needs(name, extra, requires_dist(name), environment):
                waiting.append((need, name))
                reason = _reason(need, present)
                if reason:
                    yield Lacking(distribution=name, extra=extra, asker=asker, need=plain(need), reason=reason)


def _needs(name: str, extra: str, texts: Iterable[str], environment: Mapping[str, str]) -> Iterator[Requirement]:
    """What applies with an extra and not without."""
    for requirement in (parsed(text, name) for text in texts):
        if applies(requirement.marker, environment, [extra]) and not applies(requirement.marker, environment):
            yield requirement


def _reason(need: Requirement, present: Mapping[str, Present]) -> str | None:
    found = present.get(canonicalize_name(need.name))
    if found is None:
        return "nothing of that name is there"
    try:
        fits = need.specifier.contains(Version(found.version), prereleases=True)
    except InvalidVersion:
        fits = True  # conda versions need not be PEP 440: nothing to hold the requirement against
    if not fits:
        return f"{found.version} is there"
    missing = {canonicalize_name(extra) for extra in need.extras} - (found.extras or set())
    return f"it is there without extra `{min(missing)}`" if found.extras is not None and missing else None
