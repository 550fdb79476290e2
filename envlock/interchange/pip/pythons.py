"""For which Pythons something is, in a lock for many: markers tried on each span of versions that they tell apart."""

import re
from collections.abc import Collection, Iterable
from collections.abc import Set as AbstractSet
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from envlock.model.platform import PLATFORMS, Platform

_VERSION = re.compile(r"(?<![\w.])(\d{1,3})(?:\.(\d{1,3}))?(?:\.(\d{1,3}))?")
_EXTRA = re.compile(r"""\bextra\s*(==|!=)\s*("[^"]*"|'[^']*')""")
_TURNED = re.compile(r"""("[^"]*"|'[^']*')\s*(==|!=)\s*extra\b""")
_AMONG = {"==": "in", "!=": "not in"}
_FIRST, _BEHIND_LAST = (3, 0, 0), (4, 0, 0)
_KEY = re.compile(r"3\.(?:[89]|[1-9]\d{1,2})(?:\.\d{1,3})?")
_PLATFORM = re.compile(r"\b(?:sys_platform|platform_system|platform_machine|os_name)\b|\b(?:os\.name|sys\.platform)\b")


class Selection(NamedTuple):
    """What is to be installed beside the main set: extras and dependency groups, by canonical name."""

    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()


NOTHING_MORE = Selection()


class Spans:
    """The Pythons that a lock is for on one platform: `lowest` has the first version of each span in which none of
    its markers changes its mind, ascending."""

    def __init__(
        self,
        platform: Platform,
        requires_python: str | None,
        markers: Iterable[str],
        selections: Collection[Selection] = (NOTHING_MORE,),
    ) -> None:
        self._platform = platform
        self._known: dict[tuple[str, str, Selection], bool] = {}
        texts = sorted(set(markers))
        limits = SpecifierSet(requires_python or "")
        self.lowest: list[str] = []
        last: tuple[bool, ...] | None = None
        for version in (".".join(map(str, bound)) for bound in _bounds([*texts, requires_python or ""])):
            if not limits.contains(version):
                last = None
                continue
            said = tuple(self.holds(text, version, chosen) for text in texts for chosen in selections)
            if said != last:
                self.lowest.append(version)
            last = said

    def holds(self, marker: str | None, python: str, selection: Selection = NOTHING_MORE) -> bool:
        """Does a marker hold there?"""
        if marker is None:
            return True
        key = marker, python, selection
        if key not in self._known:
            self._known[key] = _evaluated(marker, self._platform, python, selection)
        return self._known[key]

    def marker(self, pythons: Collection[str]) -> str | None:
        """That it is one of the spans that begin with these versions, as a marker; None where these are all."""
        runs = []
        begun: str | None = None
        for version in self.lowest:
            if version in pythons and begun is None:
                begun = version
            elif version not in pythons and begun is not None:
                runs.append((begun, version))
                begun = None
        if begun is not None:
            runs.append((begun, ""))
        return " or ".join(self._between(*run) for run in runs if run != (self.lowest[0], "")) or None

    def _between(self, first: str, behind: str) -> str:
        lower = "" if first == self.lowest[0] else f"python_full_version >= '{first}'"
        upper = f"python_full_version < '{behind}'" if behind else ""
        return " and ".join(part for part in (lower, upper) if part)


def checked_marker(text: str) -> str:
    """A marker as it stands; ValueError where it is none, or one that cannot be evaluated."""
    _evaluated(text, PLATFORMS["linux-64"], "3.12.0", NOTHING_MORE)
    return text


def checked_specifiers(text: str) -> str:
    """What limits a version, as it stands; ValueError where it is no such thing."""
    try:
        return str(SpecifierSet(text)) and text
    except InvalidSpecifier:
        raise ValueError(f"expected limits of a version such as `>=3.11,<4`, got `{text}`") from None


def platforms_named(markers: Collection[str], requires_python: str | None) -> tuple[str, ...]:
    """The platforms that environments, each given by its marker, are for; none where they say nothing of any."""
    if not any(_PLATFORM.search(text) for text in markers):
        return ()
    spans = {name: Spans(platform, requires_python, markers) for name, platform in PLATFORMS.items()}
    return tuple(
        name
        for name, found in spans.items()
        if any(found.holds(text, python) for text in markers for python in found.lowest)
    )


def python_key(requires_python: str | None) -> str | None:
    """What the key `python` says where a lock is for one minor version, or one version, alone; None where it takes
    none such."""
    key = _only_one(requires_python) if requires_python else None
    return key if key and _KEY.fullmatch(key) else None


def _only_one(requires_python: str) -> str | None:
    limits = SpecifierSet(requires_python)
    exact = [limit.version for limit in limits if limit.operator in ("==", "===") and not limit.version.endswith(".*")]
    if exact:
        return exact[0] if len(exact[0].split(".")) >= 2 else None
    minors: set[int] = set()
    for (_, minor, patch), behind in pairwise([*_bounds([requires_python]), _BEHIND_LAST]):
        if limits.contains(f"3.{minor}.{patch}"):
            minors |= {minor} if behind <= (3, minor + 1, 0) else {minor, minor + 1}
    return f"3.{minors.pop()}" if len(minors) == 1 else None


def _bounds(texts: Iterable[str]) -> list[tuple[int, int, int]]:
    """Every version at which something that is said of Pythons could change, ascending."""
    bounds = {_FIRST}
    for text in texts:
        for found in _VERSION.finditer(text):
            major, minor, patch = (int(part or 0) for part in found.groups())
            bounds |= {
                (major, minor, patch),
                (major, minor, patch + 1),
                (major, minor + 1, 0),
                (major + 1, 0, 0),
            }
    return [bound for bound in sorted(bounds) if _FIRST <= bound < _BEHIND_LAST]


def _evaluated(text: str, platform: Platform, python: str, selection: Selection) -> bool:
    environment: dict[str, str | AbstractSet[str]] = {**platform.markers(python)}
    environment |= {"extras": selection.extras, "dependency_groups": selection.groups}
    try:
        return _marker(text).evaluate(environment, context="lock_file")
    except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, RecursionError):
        raise ValueError(f"expected a marker such as `python_version < '3.12'`, got `{text}`") from None


@cache
def _marker(text: str) -> Marker:
    """Of `extra == 'x'`, that it is among those that are selected, which may be several."""
    said = _EXTRA.sub(lambda found: f"{found[2]} {_AMONG[found[1]]} extras", text)
    return Marker(_TURNED.sub(lambda found: f"{found[1]} {_AMONG[found[2]]} extras", said))
