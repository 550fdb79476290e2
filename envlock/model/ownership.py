"""Who owns a path when several packages bring it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from envlock.errors import OutsideError


@dataclass(frozen=True, slots=True, kw_only=True)
class Overridden:
    """`loser` brings the path too, `winner` has it."""

    path: str
    loser: str
    winner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """The paths each package keeps, sorted, and what was taken from whom."""

    kept: Mapping[str, tuple[str, ...]]
    overridden: tuple[Overridden, ...]


def resolve(packages: Sequence[tuple[str, Iterable[str]]]) -> Ownership:
    """Later packages win; OutsideError where one has a file and another a folder of that name."""
    owner: dict[str, str] = {}
    overridden = []
    for key, paths in packages:
        for path in paths:
            if path in owner and owner[path] != key:
                overridden.append(Overridden(path=path, loser=owner[path], winner=key))
            owner[path] = key
    _refuse_files_as_folders(owner)
    kept: dict[str, list[str]] = {key: [] for key, _ in packages}
    for path, key in owner.items():
        kept[key].append(path)
    return Ownership(
        kept={key: tuple(sorted(paths)) for key, paths in kept.items()},
        overridden=tuple(sorted(overridden, key=lambda o: (o.path, o.loser))),
    )


def _refuse_files_as_folders(owner: Mapping[str, str]) -> None:
    seen: set[str] = set()
    for path in owner:
        folder = path.rpartition("/")[0]
        while folder and folder not in seen:
            if folder in owner:
                raise OutsideError(
                    f"`{folder}` is a file of `{owner[folder]}` and a folder of `{owner[path]}`",
                    hint="the two cannot be in one environment",
                )
            seen.add(folder)
            folder = folder.rpartition("/")[0]
