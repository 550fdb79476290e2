"""pixi.lock, versions 4 to 7: the pins of one of its environments, on all platforms."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from envlock.errors import UserInputError
from envlock.interchange import yaml_plain
from envlock.interchange.conda.conda_pins import (
    Channels,
    NoPackage,
    chosen_platforms,
    file_url,
    for_subdirs,
    md5_of,
    refuse_other,
    refuse_twice,
    sha256_of,
    unhashed,
)
from envlock.interchange.conda.pixi_systems import declared
from envlock.interchange.pip.pip_pins import Distribution, Indexes, pip_pin
from envlock.interchange.source import Source
from envlock.interchange.yaml_nodes import Wrong
from envlock.interchange.yaml_plain import mapping_of, mappings_of, optional_text, text_of, texts_of, wrong_at
from envlock.model.imported import Imported, Pinned, PinnedConda, PinnedPip, Remark
from envlock.model.platform import System
from envlock.model.spec import MAIN, CondaSpec, EnvSpec, PipSpec
from envlock.system.text_file import display

_VERSIONS = ("4", "5", "6", "7")
_DEFAULT = "default"
_MOST_SECONDS = 253_402_300_799
# conda packages that pixi builds itself have no file that anybody could fetch
_BUILT = "pixi builds it from source, which envlock does not: have it built into a channel"
_EDITABLE = "it is installed from its folder, but not editable: `[pip] editable` does that"


def is_one(path: Path, text: str) -> bool:
    """By its name, else by what its top level has."""
    if path.name == "pixi.lock":
        return True
    return all(re.search(rf"^{key}:", text, re.MULTILINE) for key in ("version", "environments", "packages"))


def read(source: Source) -> Imported:
    """Every package that a platform has; UserInputError names file and line."""
    try:
        return _Lock(source, yaml_plain.document(source.text)).imported()
    except Wrong as wrong:
        place = f":{wrong.line}" if wrong.line else ""
        raise UserInputError(f"{display(source.path)}{place}: {wrong}") from None


@dataclass(slots=True)
class _Lock:
    source: Source
    root: yaml_plain.Mapping
    remarks: list[Remark] = field(default_factory=list)

    def imported(self) -> Imported:
        version = text_of(self.root, "version")
        if version not in _VERSIONS:
            known = ", ".join(_VERSIONS)
            raise wrong_at(self.root, f"version {version} of pixi.lock is none that is known, which are {known}")
        environment = self._environment()
        channels, indexes = self._channels(environment), self._indexes(environment)
        entries = mapping_of(environment, "packages")
        stated = {text_of(entry, "name"): entry for entry in mappings_of(self.root, "platforms")}
        subdirs = {name: optional_text(stated[name], "subdir") or name if name in stated else name for name in entries}
        platforms, unknown = chosen_platforms(subdirs.values(), self.source)
        by_place = self._by_place()
        names = {subdir: name for name, subdir in reversed(subdirs.items())}
        self._said_twice(subdirs)
        pinned = tuple(
            self._pinned(name, mappings_of(entries, names[name]), by_place, channels, indexes) for name in platforms
        )
        spec = EnvSpec(
            name="",
            platforms=platforms,
            systems=tuple(self._systems(platforms, names, stated)),
            conda=CondaSpec(channels=channels.names) if channels.names else CondaSpec(),
            pip=PipSpec(indexes=indexes.all),
        )
        remarks = (*unknown, *channels.remarks, *indexes.remarks, *self.remarks, *unhashed(pinned))
        return Imported(spec=spec, remarks=remarks, pinned=pinned)

    def _environment(self) -> yaml_plain.Mapping:
        """The one that was asked for, else `default`, else the only one; the others are named."""
        found = mapping_of(self.root, "environments")
        asked = list(self.source.groups) or ([_DEFAULT] if _DEFAULT in found else list(found))
        if len(asked) != 1 or asked[0] not in found:
            listed = ", ".join(f"`{name}`" for name in found)
            raise wrong_at(self.root, f"it has the environments {listed}: name one of them by `--group`")
        for name in found:
            if name != asked[0]:
                why = f"another environment than `{asked[0]}`: `--group {name}` imports it"
                self.remarks.append(Remark(what=f"environments.{name}", why=why))
        return mapping_of(found, asked[0])

    def _channels(self, environment: yaml_plain.Mapping) -> Channels:
        found = Channels(self.source.path.parent)
        for entry in mappings_of(environment, "channels"):
            found.add(text_of(entry, "url"), entry.line)
        return found

    def _indexes(self, environment: yaml_plain.Mapping) -> Indexes:
        for links in environment.get("find-links") or ():
            what = next(iter(links.values()), "") if isinstance(links, Mapping) else links
            self.remarks.append(Remark(what=f"find-links: {what}", why="what is pinned is found by its own URL"))
        return Indexes(texts_of(environment, "indexes"), self.source.default_index)

    def _by_place(self) -> dict[str, yaml_plain.Mapping]:
        """The packages by the URL or path by which environments name them."""
        found: dict[str, yaml_plain.Mapping] = {}
        for entry in mappings_of(self.root, "packages"):
            keys = ("conda", "pypi", "conda_source", "url", "path")
            place = next((value for key in keys if (value := optional_text(entry, key))), None)
            if place is None:
                raise wrong_at(entry, "a package without a place")
            found.setdefault(place, entry)
        return found

    def _said_twice(self, subdirs: Mapping[str, str]) -> None:
        """Of several platforms that are the same one for conda, the first is taken."""
        first: dict[str, str] = {}
        for name, subdir in subdirs.items():
            other = first.setdefault(subdir, name)
            if other != name:
                why = f"`{other}` is taken for {subdir}: an environment has one lock for a platform"
                self.remarks.append(Remark(what=f"platforms: {name}", why=why))

    def _pinned(
        self,
        platform: str,
        entries: Iterable[yaml_plain.Mapping],
        by_place: Mapping[str, yaml_plain.Mapping],
        channels: Channels,
        indexes: Indexes,
    ) -> Pinned:
        conda: list[PinnedConda] = []
        pip: list[PinnedPip] = []
        for entry in entries:
            place = next((value for key in _KINDS if (value := optional_text(entry, key))), "")
            package = by_place.get(place)
            if package is None:
                raise wrong_at(entry, f"`{place}` is not among `packages`")
            try:
                if "pypi" in entry:
                    pip.append(self._pip(place, package, entry, indexes))
                else:
                    conda.append(_conda(place, package, channels))
            except NoPackage as error:
                self._left_out(place, package, str(error))
        packages = tuple(for_subdirs(sorted(conda, key=lambda p: p.name), platform))
        refuse_twice(packages, platform)
        return Pinned(platform=platform, conda=packages, pip=tuple(sorted(pip, key=lambda p: p.name)))

    def _pip(self, place: str, package: yaml_plain.Mapping, entry: yaml_plain.Mapping, indexes: Indexes) -> PinnedPip:
        if package.get("editable") == "true":
            self._say(Remark(what=place, why=_EDITABLE, line=package.line))
        try:
            found = Distribution(
                name=text_of(package, "name"),
                version=optional_text(package, "version") or "",
                place=place,
                sha256=sha256_of(optional_text(package, "sha256")) if place.partition("+")[0] != "git" else None,
                index=optional_text(package, "index"),
                extras=tuple(texts_of(entry, "extras")),
                requires=tuple(texts_of(package, "requires_dist")),
                groups=(MAIN,),
                line=package.line,
            )
            # the hash of a folder is pixi's own
            local = "://" not in place and not place.endswith((".whl", ".tar.gz", ".zip"))
            return pip_pin(replace(found, sha256=None) if local else found, indexes)
        except Wrong:
            raise
        except ValueError as error:
            raise NoPackage(str(error)) from None

    def _left_out(self, place: str, package: yaml_plain.Mapping, why: str) -> None:
        name = optional_text(package, "name")
        self._say(Remark(what=name or place, why=why, line=package.line))

    def _say(self, remark: Remark) -> None:
        """Once, whatever platforms have it."""
        if remark not in self.remarks:
            self.remarks.append(remark)

    def _systems(
        self, platforms: Iterable[str], names: Mapping[str, str], stated: Mapping[str, yaml_plain.Mapping]
    ) -> Iterator[tuple[str, System]]:
        for platform in sorted(platforms):
            if names[platform] not in stated:
                continue
            entry = stated[names[platform]]
            system, unknown = declared(texts_of(entry, "virtual-packages"), platform)
            for text in unknown:
                why = f"it says nothing that env.toml declares of {platform}"
                self.remarks.append(Remark(what=text, why=why, line=entry.line))
            if system:
                yield platform, system


_KINDS = ("conda", "pypi", "conda_source")


def _conda(place: str, package: yaml_plain.Mapping, channels: Channels) -> PinnedConda:
    """What is not written of it is none: pixi writes all that it knows."""
    if "://" not in place and not place.endswith((".conda", ".tar.bz2")):
        raise NoPackage(_BUILT)
    try:
        found = channels.package(file_url(place, channels.folder), line=package.line)
        name, version, build = (optional_text(package, key) for key in ("name", "version", "build"))
        refuse_other(found, name and name.lower(), version, build)
        md5, sha256 = md5_of(optional_text(package, "md5")), sha256_of(optional_text(package, "sha256"))
    except NoPackage as error:
        raise NoPackage(_BUILT if place.startswith("git+") else str(error)) from None
    except ValueError as error:
        raise wrong_at(package, str(error)) from None
    size = optional_text(package, "size") or ""
    return replace(
        found,
        sha256=sha256,
        md5=md5,
        size=int(size) if re.fullmatch("[0-9]{1,15}", size) else None,
        requires=tuple(sorted(texts_of(package, "depends"))),
        constrains=tuple(sorted(texts_of(package, "constrains"))),
        uploaded=_uploaded(optional_text(package, "timestamp")),
    )


def _uploaded(text: str | None) -> str | None:
    """Seconds or milliseconds since 1970, as conda has them."""
    if not text or not re.fullmatch("[0-9]{1,16}", text):
        return None
    seconds = int(text) // 1000 if int(text) > _MOST_SECONDS else int(text)
    return datetime.fromtimestamp(min(seconds, _MOST_SECONDS), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
