"""Random branches of an environment over a small world of wheels and conda packages, and who else judges their locks.

The world is a folder: an index and a channel of files, so that nothing has to be served, and all of it is at hand
without a connection. What its packages require `faults` knows from the tables that they are made of, not from env.lock.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from envlock.errors import UserInputError
from envlock.lockfile.reader import read_lock
from envlock.manifest.reader import read_manifest
from envlock.model.lock import PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.model.spec import EnvSpec
from envlock.system.cache import Cache
from envlock.workflows.context import Context
from envlock.workflows.lock import lock
from envlock.workflows.project import Project
from envlock.workflows.upgrade import KEEP, Upgrade
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.tiny_wheels import write_wheel

# by name and version what is required
World = Mapping[str, Mapping[str, tuple[str, ...]]]
WHEELS: World = {
    "core": {"1.0": (), "1.1": (), "2.0": ()},
    "net": {"1.0": ("core>=1",), "2.0": ("core>=1.1",)},
    "web": {"1.0": ("net<2", "core<2"), "2.0": ("net>=2", 'util ; python_version < "3.12"')},
    "util": {"1.0": ('tint ; extra == "color"',), "1.1": ('tint>=1.1 ; extra == "color"',)},
    "tint": {"1.0": (), "1.1": ()},
    "data": {"1.0": ("core<2",), "2.0": ("core>=2",)},
    "plot": {"1.0": ("data", "fonts"), "1.1": ("data>=2", "fonts>=1.1")},
    "fonts": {"1.0": (), "1.1": (), "1.2": ()},
    "cli": {"1.0": ("util[color]",), "1.1": ("util[color]>=1.1",)},
    "mark": {"1.0": ('tint ; python_version >= "3.12"', "fonts<1.2"), "2.0": ("fonts>=1.1", "util")},
}
CONDA: World = {
    "python": {"3.11.7": (), "3.12.1": ()},
    "libx": {"1.0": (), "1.1": (), "2.0": ()},
    "app": {"1.0": ("libx <2",), "2.0": ("libx >=1.1",), "3.0": ("libx >=2", "tool")},
    "tool": {"1.0": ("python",), "1.1": ("python", "libx >=1.1")},
    "kit": {"1.0": ("tool", "app <3"), "2.0": ("app >=2",)},
}
PLATFORMS_THERE = ("linux-64", "linux-aarch64")


def write_world(folder: Path) -> Path:
    """The index in `simple`, the channel in `channel`."""
    files = folder / "files"
    files.mkdir(parents=True)
    for name, versions in WHEELS.items():
        for version, requires in versions.items():
            write_wheel(files, name, version, requires=requires, extras=["color"] if name == "util" else [])
        wheels = sorted(files.glob(f"{name}-*"))
        links = (f'<a href="../../files/{wheel.name}#sha256={_sha256(wheel)}">{wheel.name}</a>' for wheel in wheels)
        page = folder / "simple" / name / "index.html"
        page.parent.mkdir(parents=True)
        page.write_text("<!DOCTYPE html>\n" + "<br>\n".join(links))
    packages = [
        CondaPackage(name=name, version=version, depends=requires, platform=platform)
        for name, versions in CONDA.items()
        for version, requires in versions.items()
        for platform in PLATFORMS_THERE
    ]
    write_channel(folder / "channel", packages)
    return folder


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass
class Wanted:
    """An env.toml that changes: by name the limits of what is wanted, "" for none."""

    pip: dict[str, str]
    conda: dict[str, str] = field(default_factory=dict)
    dev: dict[str, str] = field(default_factory=dict)  # the wheels of a group
    on_arm: dict[str, str] = field(default_factory=dict)  # the wheels of one platform
    platforms: tuple[str, ...] = PLATFORMS_THERE[:1]
    python: str = "3.11"
    variables: dict[str, str] = field(default_factory=dict)

    def copy(self) -> "Wanted":
        dicts = {name: dict(getattr(self, name)) for name in ("pip", "conda", "dev", "on_arm", "variables")}
        return Wanted(**dicts, platforms=self.platforms, python=self.python)

    def text(self, world: Path) -> str:
        """One requirement a line, as people write them."""
        channel = (world / "channel").as_uri()
        head = f'name = "small"\npython = "{self.python}"\n'
        parts = [f"{head}\nplatforms = {_array(self.platforms)}\n"]
        if self.conda:
            parts.append(f'[conda]\nchannels = ["{channel}"]\ndependencies = {_array(_texts(self.conda, " "))}\n')
        parts.append(f"[pip]\ndependencies = {_array(_texts(self.pip))}\n")
        parts.append('[[pip.indexes]]\nname = "ours"\nurl = "http://index.test/simple/"\ndefault = true\n')
        if self.dev:
            parts.append(f"[groups.dev.pip]\ndependencies = {_array(_texts(self.dev))}\n")
        if self.on_arm:
            parts.append(f"[platform.linux-aarch64.pip]\ndependencies = {_array(_texts(self.on_arm))}\n")
        if self.variables:
            parts.append("[variables]\n" + "".join(f'{k} = "{v}"\n' for k, v in sorted(self.variables.items())))
        return "\n".join([*parts, '[image]\nbase = "scratch"\n'])


def _texts(wanted: Mapping[str, str], between: str = "") -> list[str]:
    return [f"{name}{between if limit else ''}{limit}" for name, limit in sorted(wanted.items())]


def _array(texts: Iterable[str]) -> str:
    return "[\n" + "".join(f'    "{text}",\n' for text in texts) + "]"


@dataclass(frozen=True)
class State:
    """What a branch has: both files, and what of env.toml was meant."""

    wanted: Wanted
    manifest: str
    lock: str


@dataclass
class Land:
    """A world, a folder to lock in, and a cache; what was locked once is known."""

    world: Path
    folder: Path
    cache: Cache
    _known: dict[tuple[str, str, Upgrade], str | None] = field(default_factory=dict)

    @property
    def mirrors(self) -> dict[str, str]:
        """The environment in which the index is the folder."""
        return {"ENVLOCK_MIRROR_OURS": (self.world / "simple").as_uri()}

    def context(self) -> Context:
        return Context(cache=self.cache, environment=self.mirrors, offline=True)

    def locked(self, manifest: str, old: str = "", upgrade: Upgrade = KEEP) -> str | None:
        """The env.lock that `envlock lock` makes where there is an `old` one; None where nothing answers."""
        key = (manifest, old, upgrade)
        if key not in self._known:
            self._known[key] = self._locked(manifest, old, upgrade)
        return self._known[key]

    def _locked(self, manifest: str, old: str, upgrade: Upgrade) -> str | None:
        project = Project(self.folder)
        project.manifest.write_text(manifest)
        project.lockfile.unlink(missing_ok=True)
        if old:
            project.lockfile.write_text(old)
        try:
            lock(project, self.context(), upgrade)
        except UserInputError:
            return None
        return project.lockfile.read_text()

    def start(self, chance: Random, *, conda: bool) -> State:
        """An environment that was locked when there were older versions alone."""
        pip = chance.sample(sorted(WHEELS), chance.randint(1, 3))
        wanted = Wanted(pip=dict.fromkeys(pip, ""), conda={chance.choice(["app", "kit", "tool"]): ""} if conda else {})
        if conda:
            wanted.platforms = PLATFORMS_THERE
            wanted.dev = {chance.choice(sorted(WHEELS)): ""}
        old = wanted.copy()
        for limits in (old.pip, old.dev):
            limits.update({name: "==1.0" for name in limits})
        old.conda = {name: "==1.0" for name in old.conda}
        before = self.locked(old.text(self.world))
        now = self.locked(wanted.text(self.world), before or "")
        assert now
        return State(wanted, wanted.text(self.world), now)

    def branch(self, start: State, chance: Random) -> State:
        """One to three changes later, each of which could be locked."""
        state, left = start, chance.randint(1, 3)
        for _ in range(12):
            wanted = state.wanted.copy()
            upgrade = chance.choice(CHANGES)(wanted, chance, state)
            manifest = wanted.text(self.world)
            locked = self.locked(manifest, state.lock, upgrade)
            if locked and (manifest, locked) != (state.manifest, state.lock):
                state, left = State(wanted, manifest, locked), left - 1
            if not left:
                break
        return state


Change = Callable[[Wanted, Random, State], Upgrade]


def _limit(world: World, name: str, chance: Random) -> str:
    version = chance.choice(sorted(world[name]))
    return chance.choice(["", f">={version}", f"=={version}", f"<{version}" if version != "1.0" else ""])


def _want(part: str, world: World) -> Change:
    def change(wanted: Wanted, chance: Random, _state: State) -> Upgrade:
        names = getattr(wanted, part)
        name = chance.choice(sorted({*world} - {"python"}))
        names[name] = _limit(world, name, chance)
        return KEEP

    return change


def _drop(part: str) -> Change:
    def change(wanted: Wanted, chance: Random, _state: State) -> Upgrade:
        names = getattr(wanted, part)
        if names and (part != "pip" or len(names) > 1):
            del names[chance.choice(sorted(names))]
        return KEEP

    return change


def _move(_wanted: Wanted, chance: Random, state: State) -> Upgrade:
    names = [line[8:-1] for line in state.lock.splitlines() if line.startswith('name = "') and line[8:-1] != "ours"]
    return Upgrade.of([chance.choice(names)]) if names else KEEP


def _move_all(_wanted: Wanted, _chance: Random, _state: State) -> Upgrade:
    return Upgrade.of((), everything=True)


def _exchange_platforms(wanted: Wanted, _chance: Random, _state: State) -> Upgrade:
    wanted.platforms = PLATFORMS_THERE[: 3 - len(wanted.platforms)]
    if len(wanted.platforms) == 1:
        wanted.on_arm = {}
    return KEEP


def _exchange_python(wanted: Wanted, _chance: Random, _state: State) -> Upgrade:
    wanted.python = {"3.11": "3.12", "3.12": "3.11"}[wanted.python]
    return KEEP


def _set(wanted: Wanted, chance: Random, _state: State) -> Upgrade:
    wanted.variables[chance.choice("ABC")] = chance.choice("12")
    return KEEP


def _on_arm(wanted: Wanted, chance: Random, state: State) -> Upgrade:
    return _want("on_arm", WHEELS)(wanted, chance, state) if len(wanted.platforms) > 1 else KEEP


def _of_conda(change: Change) -> Change:
    """Where there is something of conda's already: else Python itself would change."""
    return lambda wanted, chance, state: change(wanted, chance, state) if wanted.conda else KEEP


CHANGES: tuple[Change, ...] = (
    *[_want("pip", WHEELS)] * 4,
    *[_of_conda(_want("conda", CONDA))] * 3,
    *[_move] * 3,
    *[_drop("pip")] * 2,
    _want("dev", WHEELS),
    _drop("dev"),
    _move_all,
    _exchange_platforms,
    _exchange_python,
    _set,
    _on_arm,
)


def faults(folder: Path) -> list[str]:
    """What is wrong with an env.lock for its env.toml, by the tables of this world."""
    spec, found = read_manifest(folder / "env.toml"), read_lock(folder / "env.lock")
    return [fault for name in spec.platforms for fault in _faults(spec, _there(found.platform(name)))]


def _there(platform: PlatformLock | None) -> PlatformLock:
    assert platform
    return platform


def _faults(spec: EnvSpec, locked: PlatformLock) -> Iterator[str]:
    wheels = {package.name: package.version for package in locked.pip}
    conda = {package.name: package.version for package in locked.conda}
    environment = PLATFORMS[locked.platform].markers(conda.get("python") or spec.python + ".0" if spec.python else "3")
    wants = spec.all_wants(locked.platform)
    waiting = [(text, "") for text in wants.pip]
    seen: set[tuple[str, str]] = set()
    while waiting:
        text, extra = waiting.pop()
        if (text, extra) in seen:
            continue
        seen.add((text, extra))
        need = Requirement(text)
        if need.marker and not need.marker.evaluate({**environment, "extra": extra}):
            continue
        version = wheels.get(need.name)
        if version is None or version not in need.specifier:
            yield f"{locked.platform}: {text} is not met by {version}"
            continue
        waiting += [(other, e) for other in WHEELS[need.name][version] for e in ("", *need.extras)]
    asked = {Requirement(text).name for text, _ in seen}
    yield from (f"{locked.platform}: nothing asks for {name}" for name in wheels.keys() - asked)
    yield from _conda_faults(locked.platform, wants.conda, conda)


def _conda_faults(platform: str, roots: Iterable[str], locked: Mapping[str, str]) -> Iterator[str]:
    waiting, asked = [*roots], {"python"}
    while waiting:
        name, _, limits = waiting.pop().partition(" ")
        limits = f"=={limits}" if limits.endswith("*") and "=" not in limits else limits
        version = locked.get(name)
        if version is None or version not in SpecifierSet(limits):
            yield f"{platform}: conda's {name} {limits} is not met by {version}"
        elif name not in asked or limits:
            if name not in asked:
                waiting += CONDA[name][version]
            asked.add(name)
        else:
            continue
    yield from (f"{platform}: nothing asks for conda's {name}" for name in locked.keys() - asked)
