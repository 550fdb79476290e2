"""The table `[image.debian]`: a base made from Debian's packages."""

import re
from collections.abc import Sequence

from envlock.interchange.addresses import Surroundings, archive_address
from envlock.interchange.pip.direct import as_path
from envlock.model.debian_relations import plain_requirement, relations
from envlock.model.fields import Item, Table, matching
from envlock.model.spec import DebianSpec

_CODENAME = "expected a codename such as `bookworm`"
# names of suites that are no codenames, and why they will not do
_REASONS = {
    **dict.fromkeys(
        ("stable", "oldstable", "oldoldstable", "testing"),
        "the next release of Debian gives that name to another suite",
    ),
    "unstable": "its codename is `sid`",
    "experimental": "it holds only what is laid over `sid`",
}
# parts of a suite, and suites beside it
_PART = re.compile(r"(?P<suite>[a-z]+)-(?P<part>[a-z-]+)")
_TAKEN = ("updates", "security")
_component = matching(r"[a-z0-9]+(?:-[a-z0-9]+)*", "a component such as `main` or `non-free-firmware`")


def read_debian(table: Table, surroundings: Surroundings) -> DebianSpec:
    """Suite, packages, and where they are found; what is wrong is noted in the document."""
    packages = table.texts("packages", plain_requirement) or ()
    _refuse_twice(packages, table)
    components = table.texts("components", _component, filled=True) or ()
    table.document.refuse_twice(components)
    if "suite" not in table:
        table.refuse("suite", f"missing: {_CODENAME}")
    return DebianSpec(
        suite=table.text("suite", _suite) or "",
        packages=tuple(sorted(item.value for item in packages)),
        components=tuple(sorted(item.value for item in components)) or ("main",),
        docs=table.flag("docs", default=True),
        mirror=table.text("mirror", lambda text: archive_address(text, surroundings)),
        snapshot=table.text("snapshot", lambda text: archive_address(text, surroundings)),
        keys=table.text("keys", lambda text: as_path(surroundings.inside(text))),
    )


def _refuse_twice(packages: Sequence[Item], table: Table) -> None:
    """A package stands twice only as a range: Debian's form has one limit an item."""
    sides = [limited_side(item.value) for item in packages]
    unlimited = {name for name, side in sides if side == "="}

    def identity(requirement: str) -> tuple[str, str]:
        name, side = limited_side(requirement)
        return name, "" if name in unlimited else side

    table.document.refuse_twice(packages, identity)


def package_name(requirement: str) -> str:
    """The package that a requirement is about, in whatever form it is written."""
    return relations(plain_requirement(requirement))[0].name


def limited_side(requirement: str) -> tuple[str, str]:
    """The package, and the side of its versions that a requirement limits: `<`, `>`, or `=` for none or both."""
    relation = relations(plain_requirement(requirement))[0]
    return relation.name, (relation.operator or "=")[0]


def _suite(text: str) -> str:
    if text in _REASONS:
        raise ValueError(f"{_CODENAME}, got `{text}`: {_REASONS[text]}")
    part = _PART.fullmatch(text)
    if part and part["part"] in _TAKEN:
        raise ValueError(f"expected `{part['suite']}`: its updates and security fixes are taken with it, got `{text}`")
    if not re.fullmatch("[a-z][a-z0-9]*", text):
        raise ValueError(f"{_CODENAME}, got `{text}`")
    return text
