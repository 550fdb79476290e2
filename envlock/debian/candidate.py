"""A package that may be chosen: what an index says of it, every field checked."""

import re
from dataclasses import dataclass

from envlock.debian.packages_file import FIELDS, title
from envlock.debian.release import IndexFile
from envlock.errors import OutsideError
from envlock.model.debian_relations import NAME, RELATIONS, VERSION, provided, united
from envlock.model.lock import DebianPackage

# Debian's own, the most needed first
PRIORITIES = ("required", "important", "standard", "optional", "extra")
ALLOWED = "allowed"

_ALL = "all"  # the architecture of what runs on each
_NUMBER = re.compile(r"[0-9]{1,15}")
# of the pool, and in it: no part is `.` or `..` or hidden
_FILE = re.compile(r"pool(?:/[A-Za-z0-9_][A-Za-z0-9_+.~:%=,-]*)+\.u?deb")
_FORMS = {
    "Package": NAME,
    "Version": VERSION,
    "Multi-Arch": re.compile("(?:same|foreign|allowed|no)?"),
    "Essential": re.compile("(?:yes|no)?"),
    "Filename": _FILE,
    "Size": _NUMBER,
    "SHA256": re.compile("[0-9a-f]{64}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A package with what its lock does not hold. `suite` is the release that has it; `multi_arch` is "allowed"
    where `NAME:any` may stand for it."""

    package: DebianPackage
    essential: bool = False
    priority: str = "optional"
    multi_arch: str = ""
    suite: str = ""


def candidate(entry: tuple[str, ...], index: IndexFile) -> Candidate:
    """An entry of an index as a candidate; OutsideError, with its name, where it is not as it should be."""
    fields = dict(zip(FIELDS, entry, strict=True))
    try:
        _checked(fields, index.architecture)
        package = DebianPackage(
            name=fields["Package"],
            version=fields["Version"],
            architecture=fields["Architecture"],
            file=fields["Filename"],
            sha256=fields["SHA256"],
            size=int(fields["Size"]),
            archive=index.archive,
            requires=_relations(fields, index.architecture, "requires"),
            provides=tuple(map(_provided, _relations(fields, index.architecture, "provides"))),
            conflicts=_relations(fields, index.architecture, "conflicts"),
        )
    except ValueError as error:
        raise OutsideError(f"the entry of `{fields['Package']}` in {title(index)} cannot be: {error}") from None
    return Candidate(
        package=package,
        essential=fields["Essential"] == "yes",
        priority=fields["Priority"].lower(),
        multi_arch=fields["Multi-Arch"],
        suite=index.suite,
    )


def _checked(fields: dict[str, str], architecture: str) -> None:
    for name, form in _FORMS.items():
        if not form.fullmatch(fields[name]):
            raise ValueError(f"its {name} is `{fields[name][:80]}`" if fields[name] else f"it has no {name}")
    if fields["Architecture"] not in (_ALL, architecture):
        raise ValueError(f"it is for `{fields['Architecture'][:80]}`")


def _relations(fields: dict[str, str], architecture: str, kind: str) -> tuple[str, ...]:
    return united(filter(None, (fields[name] for name in RELATIONS[kind])), architecture)


def _provided(item: str) -> str:
    provided(item)
    return item
