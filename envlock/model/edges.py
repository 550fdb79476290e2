"""The edges within a locked platform: every requirement against the version that is locked, every package asked for."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from envlock.model.conda_limits import plainly_met
from envlock.model.debian_edges import debian_edges
from envlock.model.debian_relations import Compare
from envlock.model.lock import CondaPackage, PlatformLock
from envlock.model.match_specs import conda_name
from envlock.model.pip_edges import pip_edges
from envlock.model.platform import virtual_packages
from envlock.model.problem import Problem, least, opposed, unmet
from envlock.model.reach import wrong_groups
from envlock.model.spec import CONDA_ALIAS, EnvSpec


class CondaRecord(Protocol):
    """What a match spec is held against: a locked package, or one that stands for the declared system."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def build(self) -> str: ...
    @property
    def subdir(self) -> str: ...


# (match spec, record) -> does the record satisfy it?
CondaMatcher = Callable[[str, CondaRecord], bool]

# blanks round a comparison; what begins behind a blank is left out, or a long row of them is looked at again and again
_TIGHT = re.compile(r"(?<!\s)\s+(?=[,|<>=!~])|(?<=[,|<>=!~])\s+")
# `=1.2=py_0`, `1.2=py_0`
_VERSION_AND_BUILD = re.compile(r"=?[^\s<>=!~,|]+=[^\s<>=!~,|]+")


def broken_edges(
    spec: EnvSpec, locked: PlatformLock, conda_matches: CondaMatcher, debian_compare: Compare
) -> Iterator[Problem]:
    """What is asked for and not met, locked and not asked for, or cannot run where it is locked for."""
    yield from debian_edges(spec, locked, debian_compare)
    yield from _conda_edges(spec, locked, conda_matches)
    yield from pip_edges(spec, locked)
    yield from wrong_groups(spec, locked)


def _conda_edges(spec: EnvSpec, locked: PlatformLock, matches: CondaMatcher) -> Iterator[Problem]:
    records: dict[str, CondaRecord] = {p.name: p for p in locked.conda}
    records |= {v.name: v for v in virtual_packages(spec.system(locked.platform))}
    roots = spec.all_wants(locked.platform).conda
    edges: list[tuple[str, str | None]] = [(root, None) for root in roots]
    edges += [(need, p.name) for p in locked.conda for need in p.requires]
    edges += [(limit, p.name) for p in locked.conda for limit in p.constrains if conda_name(limit) in records]
    for need, asker in edges:
        reason = _reason(need, records, matches)
        if reason:
            yield unmet(need, opposed(reason, _opponent(need, roots) if asker else None), asker, locked.platform)


def _opponent(need: str, roots: Iterable[str]) -> str | None:
    """The requirement of env.toml, if there is one, that no package can meet beside this one."""
    same = (root for root in roots if conda_name(root) == conda_name(need))
    # its build is of no account here
    bare = [(root, " ".join(root.split()[:2])) for root in same]
    return next((root for root, text in bare for v in least(need) if plainly_met(text, v, "") is False), None)


def _reason(need: str, records: Mapping[str, CondaRecord], matches: CondaMatcher) -> str | None:
    name = conda_name(need)
    record = records.get(name)
    if record is None:
        return "the declared system has none" if name.startswith("__") else "nothing of that name is locked"
    met = plainly_met(need, record.version, record.build)
    if met or (met is None and matches(need, record) and _from_its_channel(need, record)):
        return None
    found = f"{record.version} {record.build}" if _asks_for_build(need) else record.version
    if not isinstance(record, CondaPackage):
        return f"the declared system has {found}"
    asks_for_place = "::" in need or "subdir" in need
    return f"{found} from `{record.channel}/{record.subdir}` is locked" if asks_for_place else f"{found} is locked"


def _from_its_channel(need: str, record: CondaRecord) -> bool:
    """Whether a package comes from the channel of `channel::name` or `channel/subdir::name`."""
    wanted = need.rpartition("::")[0].strip().removeprefix(f"{CONDA_ALIAS}/")
    if not wanted or not isinstance(record, CondaPackage):
        return True
    channel = record.channel.removeprefix(f"{CONDA_ALIAS}/")
    return wanted in (channel, f"{channel}/{record.subdir}")


def _asks_for_build(need: str) -> bool:
    """Whether more than a name and a version is asked for: `name 1.2 py_0`, `name=1.2=py_0`, `name[build=py_0]`."""
    rest = need.rpartition("::")[2].strip()[len(conda_name(need)) :].strip()
    plain, _, options = rest.partition("[")
    words = _TIGHT.sub("", plain).split()
    return "build" in options or len(words) > 1 or bool(words and _VERSION_AND_BUILD.fullmatch(words[0]))
