"""Which commits are registered versions of environments, and which ones labels name: by a few questions to git."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from envlock.history.git_program import Git
from envlock.history.objects import Objects
from envlock.model.trailers import trailers_of
from envlock.model.version import LABELS, REMOTES, TAGS

_TIME = re.compile(rb"^committer .*> (\d+) [+-]\d{4}$", re.MULTILINE)
_OF_LABELS = re.compile(rf"(?:{REMOTES}.+?/labels/|{LABELS})(?P<name>[^/]+)/(?P<label>.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What a version or a label of an environment leads to: `commit` in full, and its time in seconds since 1970.

    `trailers` are those of the tag or of the label's state.
    """

    name: str
    commit: str
    time: int
    version: str | None = None
    label: str | None = None
    trailers: tuple[tuple[str, str], ...] = ()

    def trailer(self, key: str) -> str | None:
        return next((value for each, value in self.trailers if each == key), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A reference that names a version or a label, and the id that it has."""

    name: str
    of: str
    id: str


def version_references(git: Git, name: str = "") -> Iterator[Reference]:
    """Those of the registered versions of an environment, or of all."""
    for full, id in _references(git, f"{TAGS}{name}/" if name else TAGS):
        of, _, version = full.removeprefix(TAGS).partition("/")
        if version:
            yield Reference(name=of, of=version, id=id)


def label_references(git: Git, name: str = "") -> Iterator[Reference]:
    """Those of the labels of an environment, or of all: ours, and of what remotes had only what we have not."""
    patterns = [f"{LABELS}{name}/" if name else LABELS, REMOTES]  # whose names may have slashes
    found: dict[tuple[str, str], str] = {}
    for full, id in _references(git, *patterns):  # sorted: ours come first
        label = _OF_LABELS.fullmatch(full)
        if label and name in ("", label["name"]):
            found.setdefault((label["name"], label["label"]), id)
    yield from (Reference(name=of, of=label, id=id) for (of, label), id in sorted(found.items()))


def versions_at(references: Sequence[Reference], objects: Objects) -> Iterator[Mark]:
    """Which commits some versions are; what is no commit is passed over."""
    for reference in references:
        tag, commit = objects.get(reference.id), objects.get(f"{reference.id}^{{commit}}")
        if tag and commit:
            yield Mark(
                name=reference.name,
                version=reference.of,
                commit=commit.id,
                time=_time(commit.content),
                trailers=_trailers(tag.content) if tag.kind == "tag" else (),
            )


def labels_at(references: Sequence[Reference], objects: Objects) -> Iterator[Mark]:
    """Which commits some labels name; those that were removed are passed over."""
    for reference in references:
        state = objects.get(f"{reference.id}^{{commit}}")
        trailers = _trailers(state.content) if state else ()
        named = objects.get(f"{dict(trailers).get('Commit', '')}^{{commit}}")
        if named:
            yield Mark(
                name=reference.name, label=reference.of, commit=named.id, time=_time(named.content), trailers=trailers
            )


def _references(git: Git, *patterns: str) -> Iterator[tuple[str, str]]:
    said = git.said("for-each-ref", "--format=%(objectname) %(refname)", *patterns)
    for line in said.decode(errors="replace").splitlines():
        id, _, name = line.partition(" ")
        yield name, id


def _trailers(content: bytes) -> tuple[tuple[str, str], ...]:
    return trailers_of(content.partition(b"\n\n")[2].decode(errors="replace"))


def _time(commit: bytes) -> int:
    found = _TIME.search(commit)
    return int(found[1]) if found else 0
