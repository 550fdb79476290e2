"""hooks: git calls envlock where it commits, checks out, merges, pushes and shows differences; and no longer."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from envlock.errors import OutsideError, UserInputError
from envlock.system.files import usual_mode, write_together, write_whole
from envlock.workflows.attributes import lacking_attributes
from envlock.workflows.hook_places import (
    HookPlace,
    environment_folders,
    global_place,
    local_place,
    refuse_other_hooks,
    use_everywhere,
    use_no_longer,
)
from envlock.workflows.hook_scripts import (
    KEPT,
    LEGACY,
    NAMES,
    OTHERS,
    calls_envlock,
    is_as_installed,
    is_ours,
    of_pre_commit,
    script,
)
from envlock.workflows.merge_driver import driver_settings

# where envlock is not there git shows what is in the file; a name that changes with the form of the lines has git
# forget those it kept
_TEXTCONV = (
    'e={program}; [ -x "$e" ] || e=envlock; lines_1() {{ "$e" textconv "$1" 2>/dev/null || cat "$1"; }}; lines_1'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HookState:
    """How a hook is, in a word; `is_ours` where envlock is called, `note` on what could not be done."""

    name: str
    word: str
    is_ours: bool
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """What git calls envlock for now; `attributes` are the files completed, `settings` the keys that were set."""

    place: HookPlace
    hooks: tuple[HookState, ...]
    settings: tuple[str, ...] = ()
    attributes: tuple[Path, ...] = ()

    @property
    def drivers(self) -> tuple[HookState, ...]:
        """The same of the drivers, `merge` and `diff`."""
        found = {key.partition(".")[0] for key in self.settings}
        words = {True: "installed", False: "not installed"}
        return tuple(HookState(name=n, word=words[n in found], is_ours=n in found) for n in ("merge", "diff"))


def find_place(start: Path, environment: Mapping[str, str], *, everywhere: bool) -> HookPlace:
    return global_place(environment) if everywhere else local_place(start, environment)


def install(place: HookPlace, program: Path | None, only: Sequence[str] = ()) -> Installed:
    """Installs hooks (all, or `only` these), the drivers of merges and diffs, and their lines of .gitattributes.

    A hook that is there already is kept, and called first. What is installed already stays as it is.
    """
    _refuse_unknown(only)
    of_all = place.scope == "--global"
    if of_all:
        refuse_other_hooks(place)
    attributes = lacking_attributes(environment_folders(place), place.root) if not of_all else {}
    names = (*(only or NAMES), *(OTHERS if of_all else ()))
    try:
        place.folder.mkdir(parents=True, exist_ok=True)
        states = tuple(_installed(place, name, None if place.shared else program) for name in names)
    except OSError as error:
        raise OutsideError(f"hooks cannot be written to `{place.folder}`: {error.strerror}") from error
    settings = {**driver_settings(program), **_textconv_settings(program)}
    changed = tuple(key for key, value in settings.items() if place.setting(key) != value)
    for key in changed:
        place.set(key, settings[key])
    if of_all:
        use_everywhere(place)
    write_together(attributes)
    return Installed(place=place, hooks=_shown(states), settings=changed, attributes=tuple(attributes))


def uninstall(place: HookPlace) -> Installed:
    """Takes away what `install` has put there: hooks that were there before stand where they were, byte for byte."""
    names = (*NAMES, *(OTHERS if place.scope == "--global" else ()))
    try:
        states = tuple(_uninstalled(place, name) for name in names)
    except OSError as error:
        raise OutsideError(f"hooks cannot be taken out of `{place.folder}`: {error.strerror}") from error
    ours = {**driver_settings(None), **_textconv_settings(None)}
    removed = tuple(key for key in ours if place.setting(key) is not None)
    for key in removed:
        place.unset(key)
    if place.scope == "--global":
        use_no_longer(place)
    return Installed(place=place, hooks=_shown(states), settings=removed)


def status(place: HookPlace) -> Installed:
    """What is installed; nothing is changed."""
    settings = {**driver_settings(None), **_textconv_settings(None)}
    found = tuple(key for key in settings if place.setting(key) is not None)
    return Installed(place=place, hooks=tuple(_state(place, name) for name in NAMES), settings=found)


def _refuse_unknown(names: Sequence[str]) -> None:
    for name in names:
        if name not in NAMES:
            raise UserInputError(f"envlock has no hook `{name}`", hint=f"there are {', '.join(NAMES)}")


def _shown(states: Sequence[HookState]) -> tuple[HookState, ...]:
    """Those that only pass on to a repository's own hook are of interest only where something is in the way."""
    return tuple(state for state in states if state.name in NAMES or state.note)


def _textconv_settings(program: Path | None) -> Mapping[str, str]:
    return {
        "diff.envlock.textconv": _TEXTCONV.format(program=shlex.quote(str(program) if program else "")),
        "diff.envlock.cachetextconv": "true",
    }


def _state(place: HookPlace, name: str) -> HookState:
    """How a hook is now."""
    for path, word in ((place.folder / name, "installed"), (_legacy(place, name), "called by pre-commit")):
        data = _read(path)
        if data is not None and is_ours(data):
            edited = not is_as_installed(data)
            return HookState(name=name, word="edited" if edited else word, is_ours=True)
        if data is not None and calls_envlock(data, name):
            return HookState(name=name, word="called by your own", is_ours=True)
    there = _read(place.folder / name) is not None
    return HookState(name=name, word="not ours" if there else "not installed", is_ours=False)


def _installed(place: HookPlace, name: str, program: Path | None) -> HookState:
    file, kept = place.folder / name, place.folder / f"{name}{KEPT}"
    before = _state(place, name)
    if before.word == "edited":
        return HookState(name=name, word="edited", is_ours=True, note=f"`{name}` was edited: it stays as it is")
    if before.word == "called by your own":
        return before
    if before.word == "called by pre-commit":
        file = _legacy(place, name)
    elif before.word == "not ours":
        if _is_there(kept):
            note = f"`{name}` is not ours, and `{kept.name}` is there already: put them together first"
            return HookState(name=name, word="not ours", is_ours=False, note=note)
        file.rename(kept)
    wanted = script(name, program, everywhere=place.everywhere, sourced=place.sourced)
    if _read(file) != wanted or not _is_executable(file):
        write_whole(file, wanted)
        file.chmod(0o100 | usual_mode() | (usual_mode() & 0o444) >> 2)
    word = "installed after yours" if _is_there(kept) else before.word if before.is_ours else "installed"
    return HookState(name=name, word=word, is_ours=True)


def _uninstalled(place: HookPlace, name: str) -> HookState:
    kept = place.folder / f"{name}{KEPT}"
    for file in (place.folder / name, _legacy(place, name)):
        data = _read(file)
        if data is None or not is_ours(data):
            continue
        if not is_as_installed(data):
            return HookState(
                name=name, word="edited", is_ours=True, note=f"`{name}` was edited: it stays, remove it yourself"
            )
        if file == _legacy(place, name) and of_pre_commit(_read(kept) or b""):
            kept.unlink()  # it was installed once more since, and would call itself
        elif _is_there(kept):
            kept.replace(file)
            return HookState(name=name, word="as before", is_ours=False)
        file.unlink()
        return HookState(name=name, word="removed", is_ours=False)
    if not _is_there(kept):
        return HookState(name=name, word="not installed", is_ours=False)
    if not _is_there(place.folder / name):
        kept.replace(place.folder / name)  # ours was removed by hand, or never written
        return HookState(name=name, word="as before", is_ours=False)
    note = f"`{name}` is not ours: `{kept.name}`, which stood there before, stays beside it"
    return HookState(name=name, word="not ours", is_ours=False, note=note)


def _legacy(place: HookPlace, name: str) -> Path:
    return place.folder / f"{name}{LEGACY}"


def _read(file: Path) -> bytes | None:
    """What is there, also where it is no file that can be read; None of nothing."""
    try:
        return file.read_bytes()
    except FileNotFoundError:
        return b"" if _is_there(file) else None
    except IsADirectoryError:
        return b""


def _is_there(file: Path) -> bool:
    return file.exists() or file.is_symlink()


def _is_executable(file: Path) -> bool:
    return bool(file.stat().st_mode & 0o100)
