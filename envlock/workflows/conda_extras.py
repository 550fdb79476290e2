"""Refuses extras of what conda provides where nothing brings what they need; read from the packages themselves."""

from collections.abc import Sequence

from packaging.requirements import Requirement

from envlock.errors import UserInputError
from envlock.model.conda_contents import distributions
from envlock.model.conda_extras import Lacking, Present, lacking
from envlock.model.lock import CondaPackage, PipPackage
from envlock.model.requirements import applies
from envlock.model.wheel_metadata import read_metadata
from envlock.sources.fetch import fetch
from envlock.sources.supply import Supply
from envlock.system.cache import typed
from envlock.system.conda.child import ask
from envlock.workflows.packages import supply_of
from envlock.workflows.solve_conda import read_contents
from envlock.workflows.task import PlatformTask

_REQUIRES = "conda-requires"


def require_extras(
    task: PlatformTask, *, conda: Sequence[CondaPackage], pip: Sequence[PipPackage], python: str | None
) -> None:
    """UserInputError that names both sides where an extra is asked for in vain."""
    if not (task.wants.pip and python and conda):
        return
    environment = task.platform.markers(python)
    asked: list[tuple[str, str | None]] = [
        (root, None) for root in task.wants.pip if applies(Requirement(root).marker, environment)
    ]
    asked += [(need, p.name) for p in pip for need in p.requires]
    origins = {text.partition("==")[0]: (text, p) for p in conda for text in p.provides}
    present = {name: Present(text.partition("==")[2], None) for name, (text, _) in origins.items()}
    present |= {p.name: Present(p.version, frozenset(p.extras)) for p in pip}
    supply = supply_of(task.sources, task.context)
    found = list(lacking(asked, present, lambda name: _requires_dist(*origins[name], supply), environment))
    if found:
        raise _refused(found)


def _requires_dist(distribution: str, package: CondaPackage, supply: Supply) -> list[str]:
    """What a distribution ("flask==3.0") says that it requires; kept by the sha256 of the package around it."""
    key = f"{package.sha256}-{distribution}"
    kept = supply.cache.record(_REQUIRES, key, lambda kept: [typed(need, str) for need in typed(kept, list)])
    if kept is None:
        kept = _read(distribution, package, supply)
        supply.cache.keep(_REQUIRES, key, kept)
    return kept


def _read(distribution: str, package: CondaPackage, supply: Supply) -> list[str]:
    place = str(fetch(package, supply))
    inside = read_contents([(package.sha256, place)], supply.cache)[package.sha256]["files"]
    wanted = [path for path, _, _ in inside if distribution in distributions([path])]
    texts = ask("members", {"package": place, "members": wanted})
    return [need for text in texts.values() for need in read_metadata(text.encode()).requires_dist]


def _refused(found: Sequence[Lacking]) -> UserInputError:
    listed = "\n".join(
        f"  `{each.distribution}[{each.extra}]`{_asker(each)} needs `{each.need}`: {each.reason}" for each in found
    )
    first = found[0]
    return UserInputError(
        f"conda provides `{first.distribution}` without its extras\n{listed}",
        hint=f"add `{first.need}` to [pip], or take `{first.distribution}` from [pip] and not from [conda]",
    )


def _asker(each: Lacking) -> str:
    return f" (asked for by `{each.asker}`)" if each.asker else ""
