"""conda-lock.yml, version 1, and the version 2 that some releases wrote: its pins, by platform and category."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.utils import canonicalize_name

from envlock.errors import UserInputError
from envlock.interchange import yaml_plain
from envlock.interchange.conda.conda_pins import (
    Channels,
    NoPackage,
    chosen_platforms,
    for_subdirs,
    md5_of,
    refuse_other,
    sha256_of,
    unhashed,
)
from envlock.interchange.group_names import group_named
from envlock.interchange.pip.pip_pins import Distribution, Indexes, pip_pin
from envlock.interchange.source import Source
from envlock.interchange.yaml_nodes import Wrong
from envlock.interchange.yaml_plain import mapping_of, mappings_of, optional_text, text_of, texts_of, wrong_at
from envlock.model.imported import Imported, Pinned, PinnedConda, PinnedPip, Remark
from envlock.model.spec import MAIN, CondaSpec, EnvSpec, PipSpec
from envlock.system.text_file import display

_VERSIONS = ("1", "2")


def is_one(path: Path, text: str) -> bool:
    """By its name, else by what it begins with: its top level has `metadata`, with a content hash, and `package`."""
    if path.name.endswith(("conda-lock.yml", "conda-lock.yaml")):
        return True
    return bool(
        re.search(r"^package:", text, re.MULTILINE)
        and re.search(r"^metadata:\n(?:[ #].*\n)*? +content_hash:", text, re.MULTILINE)
    )


def read(source: Source) -> Imported:
    """Every package that a platform has; UserInputError names file and line."""
    try:
        return _Lock(source, yaml_plain.document(source.text)).imported()
    except Wrong as wrong:
        place = f":{wrong.line}" if wrong.line else ""
        raise UserInputError(f"{display(source.path)}{place}: {wrong}") from None


@dataclass(frozen=True, slots=True)
class _Key:
    manager: str
    name: str
    platform: str


@dataclass(slots=True)
class _Lock:
    source: Source
    root: yaml_plain.Mapping
    remarks: list[Remark] = field(default_factory=list)

    def imported(self) -> Imported:
        version = text_of(self.root, "version")
        if version not in _VERSIONS:
            raise wrong_at(self.root, f"version {version} of conda-lock.yml is none that is known")
        metadata = mapping_of(self.root, "metadata")
        channels = Channels(self.source.path.parent)
        for entry in mappings_of(metadata, "channels"):
            channels.add(text_of(entry, "url"), entry.line)
        indexes = Indexes((), self.source.default_index)
        entries = list(mappings_of(self.root, "package"))
        named = dict.fromkeys((*texts_of(metadata, "platforms"), *(text_of(entry, "platform") for entry in entries)))
        platforms, unknown = chosen_platforms(named, self.source)
        groups = self._groups(entries)
        conda, pip = self._packages(entries, channels, indexes, groups)
        pinned = tuple(_pinned(name, conda.get(name, {}), pip.get(name, {})) for name in platforms)
        spec = EnvSpec(
            name="",
            platforms=platforms,
            conda=CondaSpec(channels=channels.names) if channels.names else CondaSpec(),
            pip=PipSpec(indexes=indexes.all),
        )
        return Imported(
            spec=spec,
            remarks=(*unknown, *channels.remarks, *indexes.remarks, *self.remarks, *unhashed(pinned)),
            pinned=pinned,
        )

    def _groups(self, entries: list[yaml_plain.Mapping]) -> dict[str, str]:
        """The group that each category becomes; those that were not asked for are not among them."""
        found = {category: group_named(category) for category in sorted({c for e in entries for c in _categories(e)})}
        for asked in self.source.groups:
            if asked not in found and asked not in found.values():
                listed = ", ".join(f"`{name}`" for name in found)
                raise ValueError(f"it has no category `{asked}`: it has {listed or 'no package'}")
        for category, group in found.items():
            if group != category:
                self.remarks.append(Remark(what=f"category: {category}", why=f"it is the group `{group}` here"))
        wanted = {MAIN, *self.source.groups} if self.source.groups else None
        return {c: g for c, g in found.items() if wanted is None or c in wanted or g in wanted}

    def _packages(
        self, entries: list[yaml_plain.Mapping], channels: Channels, indexes: Indexes, groups: Mapping[str, str]
    ) -> tuple[dict[str, dict[str, PinnedConda]], dict[str, dict[str, PinnedPip]]]:
        """By platform and name; an entry for each category of version 1 is one package of several groups."""
        conda: dict[str, dict[str, PinnedConda]] = {}
        pip: dict[str, dict[str, PinnedPip]] = {}
        seen: dict[_Key, tuple[str, ...]] = {}
        merged = self._merged(entries, groups, seen)
        for key, entry in merged.items():
            manager = text_of(entry, "manager")
            try:
                if manager == "conda":
                    found = _conda(entry, channels, seen[key])
                    conda.setdefault(key.platform, {})[found.name] = found
                elif manager == "pip":
                    pip.setdefault(key.platform, {})[key.name] = _pip(entry, indexes, seen[key])
                else:
                    raise wrong_at(entry, f"`manager: {manager}` is neither conda nor pip")
            except NoPackage as error:
                self._left_out(entry, str(error))
        return conda, pip

    def _merged(
        self, entries: list[yaml_plain.Mapping], groups: Mapping[str, str], seen: dict[_Key, tuple[str, ...]]
    ) -> dict[_Key, yaml_plain.Mapping]:
        found: dict[_Key, yaml_plain.Mapping] = {}
        for entry in entries:
            own = {groups[category] for category in _categories(entry) if category in groups}
            if not own:
                continue
            manager, name = text_of(entry, "manager"), text_of(entry, "name")
            # conda-forge has both `cached-property` and `cached_property`
            name = canonicalize_name(name) if manager == "pip" else name.lower()
            key = _Key(manager, name, text_of(entry, "platform"))
            first = found.setdefault(key, entry)
            if (first.get("url"), first.get("version")) != (entry.get("url"), entry.get("version")):
                raise wrong_at(
                    entry, f"`{key.name}` stands there twice for {key.platform}: line {first.line} has another"
                )
            seen[key] = tuple(sorted({*seen.get(key, ()), *own}))
        return found

    def _left_out(self, entry: yaml_plain.Mapping, why: str) -> None:
        what = f"{text_of(entry, 'name')} {text_of(entry, 'version')} ({text_of(entry, 'platform')})"
        self.remarks.append(Remark(what=what, why=why, line=entry.line))


def _categories(entry: yaml_plain.Mapping) -> list[str]:
    return texts_of(entry, "categories") or [optional_text(entry, "category") or MAIN]


def _conda(entry: yaml_plain.Mapping, channels: Channels, groups: tuple[str, ...]) -> PinnedConda:
    """Its dependencies stand there by name, so that some are lost: what it requires is its channel's to say."""
    hashes = mapping_of(entry, "hash")
    try:
        found = channels.package(text_of(entry, "url"), line=entry.line)
        refuse_other(found, text_of(entry, "name").lower(), text_of(entry, "version"), optional_text(entry, "build"))
        sha256, md5 = sha256_of(optional_text(hashes, "sha256")), md5_of(optional_text(hashes, "md5"))
    except NoPackage:
        raise
    except ValueError as error:
        raise wrong_at(entry, str(error)) from None
    return replace(found, sha256=sha256, md5=md5, groups=groups)


def _pip(entry: yaml_plain.Mapping, indexes: Indexes, groups: tuple[str, ...]) -> PinnedPip:
    url, direct = text_of(entry, "url"), mapping_of(entry, "source")
    sha256 = optional_text(mapping_of(entry, "hash"), "sha256")
    git = url.startswith("git+")
    try:
        found = Distribution(
            name=text_of(entry, "name"),
            version=text_of(entry, "version"),
            place=f"{url}#{sha256}" if git and sha256 and "#" not in url and sha256 not in url else url,
            sha256=None if git else sha256_of(sha256),
            direct=bool(direct),
            groups=groups,
            line=entry.line,
        )
        return pip_pin(found, indexes)
    except NoPackage:
        raise
    except ValueError as error:
        raise NoPackage(str(error)) from None


def _pinned(platform: str, conda: Mapping[str, PinnedConda], pip: Mapping[str, PinnedPip]) -> Pinned:
    packages = tuple(for_subdirs((conda[name] for name in sorted(conda)), platform))
    return Pinned(platform=platform, conda=packages, pip=tuple(pip[name] for name in sorted(pip)))
