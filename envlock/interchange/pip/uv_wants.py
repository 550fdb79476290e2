"""What the projects of a uv.lock ask for in their own words, as requirements of env.toml."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from envlock.interchange.pip.pins import asked, git_source, query_of
from envlock.interchange.pip.pip_requirement import normalized_requirement
from envlock.interchange.pip.requirement_words import without_logins
from envlock.interchange.pip.uv_packages import Edge, Origin, UvLocked

_EXTRA = re.compile(r"""extra == (?:'(?P<single>[^']*)'|"(?P<double>[^"]*)")""")
_DEEPEST = 100

# a path in the lock -> as env.toml writes it; ValueError where it cannot
Beside = Callable[[str], str]


def wanted(package: UvLocked, part: str, seen: frozenset[str] = frozenset()) -> Iterator[Edge]:
    """What a project asks for always (""), or with an extra or a group; extras of its own are followed."""
    for edge in _own(package, part):
        if edge.name != package.name:
            yield edge
            continue
        for extra in edge.extras:
            if extra not in seen and len(seen) < _DEEPEST:
                inner = wanted(package, extra, seen | {extra})
                yield from (replace(each, marker=_both(each.marker, edge.marker)) for each in inner)


def requirement(edge: Edge, beside: Beside) -> str:
    """A need as env.toml writes it; ValueError where it has no form for it."""
    origin = edge.origin
    if origin is None or origin.kind == "registry":
        extras = f"[{','.join(edge.extras)}]" if edge.extras else ""
        return normalized_requirement(
            f"{edge.name}{extras}{edge.specifier}" + (f" ; {edge.marker}" if edge.marker else "")
        )
    return asked(edge.name, _source(origin, beside), edge.extras, edge.marker)


def merged(texts: Iterable[str]) -> tuple[str, ...]:
    """Requirements, one for a name and a marker: a source stands for all that is asked of what comes from it."""
    found: dict[tuple[str, str], Requirement] = {}
    for text in texts:
        new = Requirement(text)
        key = new.name, str(new.marker or "")
        old = found.setdefault(key, new)
        if old is not new:
            old.extras |= new.extras
            old.url = old.url or new.url
            old.specifier = SpecifierSet() if old.url else old.specifier & new.specifier
    return tuple(sorted(normalized_requirement(str(each)) for each in found.values()))


def _own(package: UvLocked, part: str) -> Iterator[Edge]:
    """In the words of the project, else what was found to answer them."""
    if part in package.group_wants or (part.startswith("group:") and package.wants is not None):
        yield from package.group_wants.get(part, ())
        return
    if package.wants is None:
        yield from (replace(edge, origin=None) for edge in package.needs.get(part, ()) if not _forked(edge, package))
        return
    for edge in package.wants:
        extras = {_name(found) for found in _EXTRA.finditer(edge.marker or "")}
        if part in extras:
            yield replace(edge, marker=_without(edge.marker or "", part))
        elif not part and not extras:
            yield edge


def _forked(edge: Edge, package: UvLocked) -> bool:
    """Is it a need that stands once for each fork? The first of them stands for all."""
    first = next(each for edges in package.needs.values() for each in edges if each.name == edge.name)
    return edge.version is not None and first != edge


def _without(marker: str, extra: str) -> str | None:
    """A marker without the extra that it asks for too."""
    text = _EXTRA.sub(lambda found: "@" if _name(found) == extra else found[0], marker)
    text = re.sub(r"\s+and\s+@|@\s+and\s+", "", text)
    return None if text in ("@", "(@)") else str(Marker(text)) if "@" not in text else marker


def _name(found: re.Match[str]) -> str:
    return canonicalize_name(found["single"] or found["double"])


def _both(one: str | None, other: str | None) -> str | None:
    both = [f"({marker})" for marker in (one, other) if marker]
    return str(Marker(" and ".join(both))) if both else None


def _source(origin: Origin, beside: Beside) -> str:
    if origin.kind == "git":
        query = query_of(origin.text)
        revision = query.get("rev") or query.get("tag") or query.get("branch")
        return git_source(origin.text, revision, query.get("subdirectory"))
    return without_logins(origin.text)[0] if origin.kind == "url" else beside(origin.text)
