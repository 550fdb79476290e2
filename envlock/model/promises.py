"""Does a package that is here say the same as the lock, which was made from what was said of it?"""

from collections.abc import Iterable, Mapping

from packaging.utils import canonicalize_name

from envlock.model.debian_relations import RELATIONS, united
from envlock.model.lock import CondaPackage, DebianPackage, PipPackage
from envlock.model.requirements import applied
from envlock.model.wheel_metadata import WheelMetadata


def disagreement(package: PipPackage, metadata: WheelMetadata, environment: Mapping[str, str]) -> str | None:
    """How a wheel's own METADATA contradicts its lock entry, in words; None where they agree.

    `environment` holds the values of markers on the platform that it is locked for.
    """
    name = canonicalize_name(package.name)
    extras = f"[{','.join(package.extras)}]" if package.extras else ""
    # by the lock's name, so that what is said of another distribution is looked at, too
    own = applied([f"{name}{extras}"], {name: metadata.requires_dist}, environment)[name].requires
    pairs = (
        ("its name", metadata.name, str(name)),
        ("its version", metadata.version, package.version),
        ("what it requires", _listed(own), _listed(package.requires)),
        ("the Python it requires", metadata.requires_python or "any", package.requires_python or "any"),
    )
    return _first(package.file, pairs)


def conda_disagreement(package: CondaPackage, provides: Iterable[str]) -> str | None:
    """How the distributions found inside a conda package contradict its lock entry; None where they agree."""
    pair = ("what it provides", _listed(provides), _listed(package.provides))
    return _first(package.file, (pair,))


def debian_disagreement(package: DebianPackage, said: Mapping[str, str], architecture: str) -> str | None:
    """How a package's own control file contradicts its lock entry; None where they agree.

    `said` are its fields by their names in small letters. ValueError for relations that cannot be read.
    """
    pairs = [
        ("its name", said.get("package", ""), package.name),
        ("its version", said.get("version", ""), package.version),
        ("its architecture", said.get("architecture", ""), package.architecture),
    ]
    for kind, names in RELATIONS.items():
        own = {*united((said.get(name.lower(), "") for name in names), architecture)}
        locked = {*getattr(package, kind)}
        # of hundreds only those that are not the same
        pairs.append((f"what differs in {' and '.join(names)}", _listed(own - locked), _listed(locked - own)))
    return _first(package.file_name, pairs)


def _first(file: str, pairs: Iterable[tuple[str, str, str]]) -> str | None:
    return next(
        (
            f"`{file}` is not as locked: {what} is {own}, locked {locked}"
            for what, own, locked in pairs
            if own != locked
        ),
        None,
    )


def _listed(texts: Iterable[str]) -> str:
    return ", ".join(f"`{text}`" for text in sorted(texts)) or "nothing"
