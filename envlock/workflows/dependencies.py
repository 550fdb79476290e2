"""Which dependencies are meant: the list that a new one belongs into, and where one stands that is to go."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from envlock.errors import UserInputError
from envlock.interchange.pip.direct import as_path
from envlock.manifest.dependency_edits import Edit, Entry, Place, add, entries, line_of, nearest, remove
from envlock.manifest.dependency_text import CONDA, DEBIAN, PIP, kinds_of, name_of, project_name, read_dependency
from envlock.manifest.root_places import root_places
from envlock.model.debian_relations import NAME
from envlock.model.match_specs import conda_name
from envlock.model.spec import EnvSpec
from envlock.model.toml_lines import KeyPath
from envlock.workflows.project import MANIFEST

_LOCAL = re.compile(
    r"(?P<head>[A-Za-z0-9._-]+\s*(?:\[[^\[\]]*\])?\s*@\s*)?(?P<path>\.{0,2}/[^\s;\[]*|\.{1,2})(?P<tail>.*)"
)
_DEBIAN_TABLE: KeyPath = ("image", "debian")
_ONLY_NAME = re.compile(r"\s*[A-Za-z0-9_][A-Za-z0-9._-]*\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Dependencies as they are written on a command line, and the options beside them.

    `kind` is "conda", "pip", "debian" or None; paths start at `folder`.
    """

    texts: tuple[str, ...]
    folder: Path
    kind: str | None = None
    group: str | None = None
    platforms: tuple[str, ...] = ()
    editable: bool = False

    def places(self, kind: str) -> Iterator[Place]:
        """The lists that are meant."""
        if self.platforms:
            yield from (Place(kind=kind, platform=name) for name in self.platforms)
        else:
            yield Place(kind=kind, group=self.group, editable=self.editable)


def added(text: str, spec: EnvSpec, wish: Wish, home: Path) -> tuple[str, tuple[Edit, ...]]:
    """The manifest's text with all that is wished for; `home` is its folder."""
    _refuse_platforms(spec, wish)
    if wish.kind == DEBIAN and not spec.image.debian:
        raise _no_debian(spec)
    edits: list[Edit] = []
    for written in wish.texts:
        wanted = _from_home(written.strip(), wish, home)
        kind = _kind(text, spec, wish, wanted)
        for place in wish.places(kind):
            text, edit = add(text, place, wanted if wish.editable else _as_written(kind, wanted))
            edits.append(edit)
    return text, tuple(edits)


def removed(text: str, spec: EnvSpec, wish: Wish, home: Path) -> tuple[str, tuple[Edit, ...]]:
    """The manifest's text without all that is named."""
    _refuse_platforms(spec, wish)
    edits: list[Edit] = []
    for written in wish.texts:
        name = _from_home(written.strip(), wish, home)
        found = [e for e in entries(text) if _in_scope(e, wish) and _is_named(e, name, spec)]
        if not found:
            raise _not_there(text, spec, wish, name, home)
        _refuse_several_kinds(text, name, found)
        for entry in reversed(found):  # the later ones first: numbers of the earlier ones stay right
            text, edit = remove(text, entry)
            edits.append(edit)
    return text, tuple(edits)


def _kind(text: str, spec: EnvSpec, wish: Wish, wanted: str) -> str:
    """As told; as only one can be read; as what stands there already; conda where there is conda."""
    if wish.editable:
        return PIP
    try:
        if wish.kind:
            read_dependency(wish.kind, wanted)
            return wish.kind
        able = kinds_of(wanted, _kinds(spec, wish))
    except ValueError as error:
        raise UserInputError(str(error)) from None
    places = {place for kind in able for place in wish.places(kind)}
    there = {e.place.kind for e in entries(text) if e.place in places and e.name == name_of(e.place.kind, wanted)}
    preferred = CONDA if spec.has_conda else PIP
    return next(kind for kind in (*(kind for kind in able if kind in there), preferred, *able) if kind in able)


def _kinds(spec: EnvSpec, wish: Wish) -> tuple[str, ...]:
    """The kinds that there can be; a base is the same for all groups, and is no matter of single platforms."""
    if wish.kind:
        return (wish.kind,)
    has_debian = spec.image.debian and not (wish.group or wish.platforms)
    return (CONDA, PIP, DEBIAN) if has_debian else (CONDA, PIP)


def _as_written(kind: str, wanted: str) -> str:
    """As a person writes it, but for a path or URL without a name: that gets one."""
    bare = kind == PIP and "@" not in wanted.partition(";")[0] and _has_source(wanted)
    return read_dependency(kind, wanted) if bare else wanted


def _has_source(text: str) -> bool:
    return "://" in text or "/" in text or text.startswith(".")


def _from_home(written: str, wish: Wish, home: Path) -> str:
    """Paths as they are seen from env.toml's folder; a project's folder with its name."""
    if wish.kind == DEBIAN:
        return written
    found = _LOCAL.fullmatch(f"./{written}" if _is_path(written, wish) else written)
    if not found:
        return written
    target = wish.folder / found["path"]
    path = as_path(os.path.relpath(target.resolve(), home.resolve()))
    head = found["head"] or ""
    if not head and not wish.editable and target.is_dir():
        head, extras, tail = project_name(target), *_extras(found["tail"])
        return f"{head}{extras} @ {path}{tail}" if head else written
    return f"{head}{path}{found['tail']}"


def _is_path(written: str, wish: Wish) -> bool:
    """A path as it is typed without `./`: a folder to be editable, or what has a slash or an end and is there."""
    path = written.partition("[")[0]
    if _ONLY_NAME.fullmatch(path) and not (wish.editable or path.endswith(".whl")):
        return False
    return not path.startswith(("/", ".")) and (wish.folder / path).exists()


def _extras(tail: str) -> tuple[str, str]:
    found = re.match(r"\[[^\[\]]*\]", tail)
    return (found[0], tail[found.end() :]) if found else ("", tail)


def _refuse_platforms(spec: EnvSpec, wish: Wish) -> None:
    for name in wish.platforms:
        if name not in spec.platforms:
            near = get_close_matches(name, spec.platforms, n=1)
            raise UserInputError(
                f"`{name}` is not among the platforms of `{spec.name}`: {', '.join(f'`{p}`' for p in spec.platforms)}",
                hint=f"did you mean `{near[0]}`?" if near else "add it to `platforms` in env.toml first",
            )


def _in_scope(entry: Entry, wish: Wish) -> bool:
    place = entry.place
    if (wish.editable and not place.editable) or wish.kind not in (None, place.kind):
        return False
    return place.group == wish.group and (place.platform in wish.platforms if wish.platforms else not place.platform)


def _is_named(entry: Entry, name: str, spec: EnvSpec) -> bool:
    if entry.place.editable:
        paths = {project.path for project in spec.pip.editable if project.name == _spelled(PIP, name)}
        return entry.name in paths or (name.startswith(".") and entry.name == as_path(name))
    if entry.place.kind == CONDA and "::" in name:
        return entry.text.strip().startswith(name.rpartition("::")[0] + "::") and entry.name == conda_name(name)
    return entry.name == _spelled(entry.place.kind, name)


def _spelled(kind: str, name: str) -> str:
    if kind == DEBIAN:
        return name if NAME.fullmatch(name) else ""
    return name_of(kind, name) if _ONLY_NAME.fullmatch(name) else ""


def _not_there(text: str, spec: EnvSpec, wish: Wish, name: str, home: Path) -> UserInputError:
    elsewhere = [e for e in entries(text) if _is_named(e, name, spec)]
    if not _could_be_a_name(name):
        return UserInputError(f"`{name}` is not a name", hint="give the name alone: `envlock remove numpy`")
    if elsewhere:
        entry = elsewhere[0]
        return UserInputError(
            f"`{name}` is not in {_scope(spec, wish)}, but in {_located(text, entry)}",
            hint=f"`envlock remove {entry.place.options} {name}`",
        )
    written = _written(home, name)
    if written:
        return UserInputError(
            f"`{name}` does not stand in env.toml itself, but in {' and '.join(written)}",
            hint="remove it there",
        )
    near = nearest(name, tuple(e for e in entries(text) if _in_scope(e, wish)))
    hint = f"did you mean `{near}`?" if near else "`envlock show` lists what is locked, `envlock why NAME` who needs it"
    return UserInputError(f"`{name}` is not in {_scope(spec, wish)}", hint=hint)


def _no_debian(spec: EnvSpec) -> UserInputError:
    instead = f' in place of `base = "{spec.image.base}"`' if spec.image.base else ""
    return UserInputError(
        f"`{spec.name}` has no [image.debian], which would hold Debian's packages",
        hint=f'write `[image.debian]` with `suite = "bookworm"` into env.toml{instead}',
    )


def _refuse_several_kinds(text: str, name: str, found: list[Entry]) -> None:
    """A package of Debian's and one of the environment have nothing but a name in common."""
    kinds = list(dict.fromkeys(entry.place.kind for entry in found))
    if DEBIAN in kinds and len(kinds) > 1:
        places = " and ".join(_located(text, entry) for entry in found)
        options = " or ".join(f"`--{kind}`" for kind in kinds)
        raise UserInputError(f"`{name}` is in {places}", hint=f"say which one: {options}")


def _located(text: str, entry: Entry) -> str:
    return f"{entry.place.shown} (env.toml:{line_of(text, entry)})"


def _could_be_a_name(name: str) -> bool:
    return bool(_ONLY_NAME.fullmatch(name) or NAME.fullmatch(name) or "::" in name or name.startswith("."))


def _written(home: Path, name: str) -> list[str]:
    """Where a dependency of that name is written, in whichever file."""
    found = root_places(home / MANIFEST).items()
    same = (place for (table, need), place in found if _is_about(table, need, name))
    return sorted({f"{place.file}:{place.line}" for place in same if place.line})


def _is_about(table: KeyPath, need: str, name: str) -> bool:
    if table == _DEBIAN_TABLE:
        return name_of(DEBIAN, need) == name
    return conda_name(need.partition(";")[0]) in {_spelled(CONDA, name), _spelled(PIP, name)}


def _scope(spec: EnvSpec, wish: Wish) -> str:
    *others, last = (place.shown for kind in _kinds(spec, wish) for place in wish.places(kind))
    return f"{', '.join(others)} or {last}" if others else last
