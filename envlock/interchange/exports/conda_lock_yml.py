"""conda-lock.yml, version 1: all platforms, conda and pip packages, groups as categories."""

from collections.abc import Iterable, Iterator, Mapping

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from envlock.interchange.exports.contents import Contents, git_requirement
from envlock.interchange.exports.yaml_text import Value, yaml_text
from envlock.model.digest import lock_hash
from envlock.model.lock import CondaPackage, PipPackage, PrefixPackage
from envlock.model.match_specs import conda_name
from envlock.model.spec import MAIN


def conda_lock_yml(contents: Contents) -> str:
    """Packages by kind, name, platform and category, as conda-lock sorts them; its content hash is the lock hash."""
    platforms = contents.platforms
    entries = [
        entry
        for locked in platforms
        for p in locked.prefix_packages
        for entry in _entries(p, locked.platform, contents)
    ]
    metadata: dict[str, Value] = {
        "content_hash": {locked.platform: lock_hash(contents.lock, locked) for locked in contents.whole},
        "channels": [{"url": name, "used_env_vars": []} for name in contents.channel_names],
        "platforms": [locked.platform for locked in platforms],
        "sources": ["env.toml"],
    }
    ordered = sorted(entries, key=lambda e: [str(e[key]) for key in ("manager", "name", "platform", "category")])
    return yaml_text({"version": 1, "metadata": metadata, "package": ordered})


def _entries(package: PrefixPackage, platform: str, contents: Contents) -> Iterator[dict[str, Value]]:
    """An entry for each category; the main one alone for what it has."""
    wanted = {MAIN, *contents.groups}.intersection(package.groups)
    for category in [MAIN] if MAIN in wanted else sorted(wanted):
        yield {
            "name": package.name,
            "version": package.version,
            "manager": package.kind,
            "platform": platform,
            **(_conda(package, contents) if isinstance(package, CondaPackage) else _pip(package, contents)),
            "category": category,
            "optional": category != MAIN,
        }


def _conda(package: CondaPackage, contents: Contents) -> dict[str, Value]:
    return {
        "dependencies": dict(sorted(_match_specs(package.requires).items())),
        "url": contents.urls[package],
        "hash": {"md5": contents.md5[package], "sha256": package.sha256},
    }


def _match_specs(requires: Iterable[str]) -> Mapping[str, str]:
    """What is required by name: of a name that is there twice, both limits where these can stand together."""
    found: dict[str, str] = {}
    for spec in sorted(requires):
        name = conda_name(spec)
        limit = spec.rpartition("::")[2].strip()[len(name) :].strip()
        together = name in found and found[name] and limit and " " not in found[name] + limit
        found[name] = f"{found[name]},{limit}" if together else max(found.get(name, ""), limit, key=len)
    return found


def _pip(package: PipPackage, contents: Contents) -> dict[str, Value]:
    entry: dict[str, Value] = {"dependencies": _requirements(package.requires)}
    if package.git:
        url = git_requirement(package)
        # as conda-lock itself has it: what is from git is told by its commit, in the place of a hash
        return entry | {"url": url, "hash": {"sha256": package.commit or ""}, "source": {"type": "url", "url": url}}
    url = contents.urls[package]
    entry |= {"url": url, "hash": {"sha256": package.sha256}}
    if package.url:
        entry["source"] = {"type": "url", "url": f"{url}#sha256={package.sha256}"}
    return entry


def _requirements(requires: Iterable[str]) -> dict[str, str]:
    """What is required by name, extras and markers dropped: what these bring is locked."""
    found: dict[str, SpecifierSet] = {}
    for needed in sorted((Requirement(text) for text in requires), key=lambda r: canonicalize_name(r.name)):
        name = canonicalize_name(needed.name)
        found[name] = found.get(name, SpecifierSet()) & needed.specifier
    return {name: ",".join(sorted(map(str, limits))) or "*" for name, limits in found.items()}
