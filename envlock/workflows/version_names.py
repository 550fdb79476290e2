"""What `NAME@X` may be completed to: registered versions and labels, told by git's references alone."""

from pathlib import Path

from envlock.history.git_place import git_around
from envlock.history.marks import label_references, version_references, versions_at
from envlock.history.objects import Objects
from envlock.model.version import LATEST, NUMBER


def version_names(name: str, folder: Path) -> tuple[str, ...]:
    """Numbers, the highest first, `latest` where there is one, other names, labels."""
    place = git_around(folder)
    if place is None:
        return ()
    versions = [reference.of for reference in version_references(place.git, name)]
    numbers = sorted(filter(NUMBER.fullmatch, versions), key=int, reverse=True)
    others = [version for version in versions if version not in numbers]
    labels = [reference.of for reference in label_references(place.git, name)]
    return (*numbers, *([LATEST] if numbers else []), *others, *labels)


def versions_of(name: str, commit: str, folder: Path) -> tuple[str, ...]:
    """What a commit is registered as: numbers, the highest first, then names."""
    place = git_around(folder)
    if place is None:
        return ()
    with Objects(place.git) as objects:
        marks = versions_at([*version_references(place.git, name)], objects)
        found = {mark.version for mark in marks if mark.version and mark.commit == commit}
    numbers = sorted(filter(NUMBER.fullmatch, found), key=int, reverse=True)
    return (*numbers, *sorted(found.difference(numbers)))
