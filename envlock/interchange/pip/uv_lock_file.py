"""uv.lock: every pin of a project, or of a workspace, without solving."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.requirements import Requirement

from envlock.interchange.pip.beside import beside, editable_project
from envlock.interchange.pip.pins import ForeignToml, Indexes, asked, limits_remark, opened, platforms_of
from envlock.interchange.pip.pythons import Spans, python_key
from envlock.interchange.pip.uv_groups import Groups, groups_of
from envlock.interchange.pip.uv_lock import UvLock, uv_lock
from envlock.interchange.pip.uv_packages import Edge, UvLocked
from envlock.interchange.pip.uv_pins import UvPins
from envlock.interchange.pip.uv_reach import Pythons, Reach, State, markers_of
from envlock.interchange.pip.uv_wants import merged, requirement, wanted
from envlock.interchange.source import Source
from envlock.model.imported import Imported, Pinned, PinnedPip, Remark
from envlock.model.platform import PLATFORMS
from envlock.model.spec import MAIN, EditableProject, EnvSpec, LockSpec, PipSpec, Wants

_PROJECT = ("editable", "virtual")


def is_one(path: Path, text: str) -> bool:
    return path.name == "uv.lock" or (path.name.endswith(".py.lock") and text.startswith("version = "))


def read(source: Source) -> Imported:
    """UserInputError names file and line of what is wrong."""
    document = opened(source)
    lock = uv_lock(document)
    groups = groups_of(lock, source)
    platforms = platforms_of(source, lock.environments, lock.requires_python)
    reader = _Reader(document=document, source=source, lock=lock, groups=groups)
    pinned = tuple(reader.pinned(name) for name in platforms)
    return Imported(
        spec=reader.spec(pinned),
        pinned=pinned,
        remarks=tuple(
            dict.fromkeys(
                (
                    *limits_remark(document, ("requires-python",), lock.requires_python, reader.python),
                    *lock.remarks,
                    *groups.remarks,
                    *reader.remarks,
                    *reader.pins.remarks,
                    *reader.pins.indexes.remarks,
                )
            )
        ),
    )


@dataclass(kw_only=True)
class _Reader:
    """What of a lock is reached on which platform, and in which group; `projects` are the local ones that are, with
    the parts of them that are meant, by group."""

    document: ForeignToml
    source: Source
    lock: UvLock
    groups: Groups
    remarks: list[Remark] = field(default_factory=list)
    projects: dict[str, set[State]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.pins = UvPins(self.document, self.source, Indexes(self.source.default_index))
        self.python = python_key(self.lock.requires_python)

    def pinned(self, platform: str) -> Pinned:
        """What applies on one platform, in which groups and on which Pythons."""
        lock = self.lock
        spans = Spans(
            PLATFORMS[platform],
            lock.requires_python,
            markers_of(lock.packages, lock.needs),
            (self.groups.selection,),
        )
        reach = Reach(lock.packages, spans, self.groups.selection)
        found: dict[int, dict[str, set[str]]] = {}
        extras: dict[int, set[str]] = {}
        for group, (number, part), pythons in self._reached(reach):
            found.setdefault(number, {}).setdefault(group, set()).update(pythons)
            extras.setdefault(number, set()).update([part] if part else [])
        pip = [
            _limited(pin, spans, found[number], extras[number])
            for number in sorted(found)
            if (pin := self._pin(lock.packages[number]))
        ]
        return Pinned(platform=platform, python=self.python, requires_python=lock.requires_python, pip=tuple(pip))

    def _pin(self, package: UvLocked) -> PinnedPip | None:
        return None if package.origin.kind in _PROJECT else self.pins.of(package)

    def _reached(self, reach: Reach) -> Iterator[tuple[str, State, Pythons]]:
        """Each state that is reached, in which group and on which Pythons; of projects it is noted."""
        for group, parts in self.groups.parts.items():
            first = [(number, part) for number in self.lock.roots for part in parts]
            edges = [edge for part in parts for edge in self.lock.needs.get(part, ())]
            for state, pythons in reach.states(first, edges).items():
                if self.lock.packages[state[0]].origin.kind in _PROJECT:
                    self.projects.setdefault(group, set()).add(state)
                yield group, state, pythons

    def spec(self, pinned: tuple[Pinned, ...]) -> EnvSpec:
        """What the projects ask for, and the source of all that is from no index."""
        editable = tuple(sorted(self._editable(), key=lambda project: project.path))
        carried = frozenset(project.name for project in editable)
        texts = {group: list(self._texts(group, carried)) for group in self.groups.parts}
        for group, text in _sources(pinned):
            named = {Requirement(each).name for each in texts[group] if " @ " in each}
            if Requirement(text).name not in named:
                texts[group] = [
                    text,
                    *(each for each in texts[group] if Requirement(each).name != Requirement(text).name),
                ]
        self._remark_unreached()
        return EnvSpec(
            name=self._name(),
            python=self.python,
            platforms=tuple(each.platform for each in pinned),
            pip=PipSpec(
                dependencies=merged(texts.pop(MAIN)),
                editable=editable,
                indexes=self.pins.indexes.named(),
                constraints=merged(self._said(replace(each, extras=()) for each in self.lock.constraints)),
            ),
            groups=tuple((group, Wants(pip=merged(found))) for group, found in sorted(texts.items())),
            lock=LockSpec(exclude_newer=self.lock.exclude_newer),
        )

    def _name(self) -> str:
        return self.lock.packages[self.lock.roots[0]].name if len(self.lock.roots) == 1 else ""

    def _editable(self) -> Iterator[EditableProject]:
        """The local projects that the main set needs, where they are there; else it is remarked."""
        states = self.projects.get(MAIN, set())
        for number in sorted({number for number, _ in states}):
            package = self.lock.packages[number]
            if package.origin.kind != "editable":
                continue
            extras = tuple(sorted(part for each, part in states if each == number and part))
            try:
                yield editable_project(self.source, package.origin.text, extras)
            except ValueError as error:
                why = f"it is not installed itself, what it requires is: {error}"
                self._remark(package, why)

    def _texts(self, group: str, carried: frozenset[str]) -> Iterator[str]:
        """What a group asks for, but for what a project that is installed editable asks for itself."""
        local = {each.name for each in self.lock.packages if each.origin.kind in _PROJECT}
        edges = [edge for part in self.groups.parts[group] for edge in self.lock.needs.get(part, ())]
        for number, part in sorted(self.projects.get(group, set())):
            package = self.lock.packages[number]
            own = group == MAIN and package.name in carried and not part.startswith("group:")
            edges += () if own else wanted(package, part)
        yield from self._said(edge for edge in edges if edge.name not in local)

    def _said(self, edges: Iterable[Edge]) -> Iterator[str]:
        """Needs as env.toml writes them; what it has no form for is remarked."""
        for edge in edges:
            try:
                yield requirement(edge, lambda path: beside(self.source, path))
            except ValueError as error:
                self._remark_edge(edge.name, edge.at, str(error))

    def _remark_unreached(self) -> None:
        """Other projects of a workspace, which the one at its root does not need."""
        reached = {number for states in self.projects.values() for number, _ in states}
        for number, package in enumerate(self.lock.packages):
            if package.origin.kind in _PROJECT and number not in reached:
                self._remark(package, "it is a project of the workspace that nothing asks for")

    def _remark(self, package: UvLocked, why: str) -> None:
        self._remark_edge(f"{package.name} ({package.origin.kind} `{package.origin.text}`)", package.at, why)

    def _remark_edge(self, what: str, at: tuple[str | int, ...], why: str) -> None:
        line = self.document.line(at)
        self.remarks.append(Remark(file=self.document.name, what=what, why=why, line=line))


def _limited(pin: PinnedPip, spans: Spans, groups: dict[str, set[str]], extras: Iterable[str]) -> PinnedPip:
    """A pin with its groups, and the Pythons that it is for."""
    pythons = set[str]().union(*groups.values())
    belongs = (MAIN,) if MAIN in groups else tuple(sorted(groups))
    return replace(pin, marker=spans.marker(pythons), groups=belongs, extras=tuple(sorted(extras)))


def _sources(pinned: Iterable[Pinned]) -> Iterator[tuple[str, str]]:
    """The pins from no index, each once, in the first of its groups: env.toml says where code is from."""
    seen: set[tuple[str, str | None]] = set()
    for each in pinned:
        for pin in each.pip:
            if pin.source and (pin.name, pin.marker) not in seen:
                seen.add((pin.name, pin.marker))
                yield pin.groups[0], asked(pin.name, pin.source, pin.extras, pin.marker)
