"""Where the files of a saved environment go, what they replace, and what is left of a former definition and goes."""

import os
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from envlock.errors import UserInputError
from envlock.system.files import replace_folder, repository_root, sync_folder
from envlock.system.parts import part_file, scratch_folder
from envlock.system.text_file import display
from envlock.workflows.project import MANIFEST, Project
from envlock.workflows.saved_definition import Files, SavedFile, left_of

_LAST = ("env.lock", MANIFEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """What is to be done in `target`: all files by their paths from there, those of them that are there and say
    something else, and those that only the former definition names. `text` is that of env.toml, where it is another."""

    target: Path
    files: Mapping[str, SavedFile]
    replaced: tuple[str, ...]
    removed: tuple[str, ...]
    text: bytes | None = field(default=None, repr=False)

    def carry_out(self) -> None:
        """Puts the files there, each whole; a folder that is not there, as a whole. env.toml comes last."""
        inside = [path for path in self.files if not path.startswith("../")]
        for path in self.files.keys() - inside:
            self._place(path, self.target)
        if self.target.exists():
            for path in sorted(set(inside).difference(_LAST)):
                self._place(path, self.target)
            # before env.toml: as long as that is the former one, another call knows what is left of it
            for path in self.removed:
                _remove(self.target / path, self.target)
            for path in _LAST:
                if path in self.files:
                    self._place(path, self.target)
            return
        with scratch_folder(self.target.parent) as scratch:
            (scratch / "loaded").mkdir()
            for path in inside:
                self._place(path, scratch / "loaded")
            replace_folder(scratch / "loaded", self.target)
        sync_folder(self.target.parent)

    def _place(self, path: str, top: Path) -> None:
        file = self.files[path]
        place = Path(os.path.normpath(top / path))
        if _is_same(file, place, self._text(path)):
            return
        place.parent.mkdir(parents=True, exist_ok=True)
        if file.link is not None:
            new = place.with_name(f".{place.name}-{os.getpid()}")
            new.unlink(missing_ok=True)
            new.symlink_to(file.link)
            new.replace(place)
            return
        text = self._text(path)
        with part_file(place.parent, place) as (part, name):
            for piece in file.pieces() if text is None else [text]:
                part.write(piece)
            part.flush()
            os.fchmod(part.fileno(), 0o755 if file.executable else 0o644)
            os.fsync(part.fileno())
            name.replace(place)

    def _text(self, path: str) -> bytes | None:
        return self.text if path == MANIFEST else None


def placing(files: Files, saved: Project, target: Path, text: bytes | None) -> Placing:
    """What is to be done, not done yet; UserInputError where a file would lie outside of the repository."""
    top = repository_root(target if target.exists() else _above(target)) or target
    for path in files:
        _require_inside(path, target, top)
    texts = {MANIFEST: text}
    replaced = (p for p, file in files.items() if _differs(file, Path(os.path.normpath(target / p)), texts.get(p)))
    former = _former(Project(target), saved)
    return Placing(
        target=target,
        files=files,
        replaced=tuple(sorted(replaced)),
        removed=tuple(sorted(path for path in former if path not in files)),
        text=text,
    )


def _above(target: Path) -> Path:
    return next(folder for folder in target.parents if folder.exists())


def _require_inside(path: str, target: Path, top: Path) -> None:
    place = Path(os.path.normpath(target / path))
    if not place.is_relative_to(top):
        raise UserInputError(
            f"`{path}`, which env.toml names, would be outside of the repository",
            hint="load it into a deeper folder of a git repository by `--to DIR`",
        )
    above = next(folder for folder in place.parents if folder.exists() or folder.is_symlink())
    if not above.is_dir():
        raise UserInputError(f"`{display(above)}` is no folder, and one is to be there", hint="move it away")
    if not (top.is_relative_to(above) or above.resolve().is_relative_to(top.resolve())):
        raise UserInputError(f"`{display(above)}` is a link that leads out of the repository", hint="remove it")


def _differs(file: SavedFile, place: Path, text: bytes | None) -> bool:
    there = place.exists() or place.is_symlink()
    if there and place.is_dir() and not place.is_symlink():
        raise UserInputError(f"`{display(place)}` is a folder, and a file is to be there", hint="move it away")
    return there and not _is_same(file, place, text)


def _is_same(file: SavedFile, place: Path, text: bytes | None) -> bool:
    if file.link is not None or place.is_symlink():
        return place.is_symlink() and str(place.readlink()) == file.link
    if not place.is_file():
        return False
    new = iter([text]) if text is not None else file.pieces()
    with place.open("rb") as there:
        same = all(there.read(len(piece)) == piece for piece in new) and not there.read(1)
    return same and (text is not None or bool(place.stat().st_mode & 0o100) == file.executable)


def _former(project: Project, saved: Project) -> set[str]:
    """What the definition in a folder is made of now, as far as that is in the folder and can be told; files beside it
    may be those of other environments."""
    if not project.manifest.is_file() or project.folder.resolve() == saved.folder.resolve():
        return set()
    found = {path for path in left_of(project) if not path.startswith("../")}
    return {path for path in found if not _is_of_another(path, project.folder)}


def _is_of_another(path: str, folder: Path) -> bool:
    """Does it lie in the folder of another environment?"""
    above = posixpath.dirname(path)
    while above:
        if (folder / above / MANIFEST).is_file():
            return True
        above = posixpath.dirname(above)
    return False


def _remove(place: Path, top: Path) -> None:
    """Removes a file, and the folders in `top` that are empty then."""
    place.unlink(missing_ok=True)
    for folder in place.parents:
        if folder == top or not folder.is_dir() or any(folder.iterdir()):
            return
        folder.rmdir()
