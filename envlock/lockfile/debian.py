"""`[inputs.debian]` and `[[platform.NAME.debian]]`: paths that agree with what they are said to hold."""

import re

from envlock.lockfile.values import file_size, filled, relation, sha256, sorted_set
from envlock.model.debian_relations import NAME, VERSION, plain_requirement, provided
from envlock.model.fields import Table, matching
from envlock.model.lock import DebianPackage
from envlock.model.platform import Platform
from envlock.model.spec import DebianSpec

CODENAME = r"[a-z][a-z0-9]*"
# a part of a path that is nothing but a name
PART = r"[A-Za-z0-9][A-Za-z0-9+.~%_-]*"
_PATH = re.compile(rf"(?:{PART}/)+{PART}")
ALL = "all"
_name = matching(NAME.pattern, "a Debian package's name")
_version = matching(VERSION.pattern, "a Debian package's version")
_archive = matching("main|security", "`main` or `security`")
codename = matching(CODENAME, "a codename such as `bookworm`")


def read_debian_inputs(table: Table) -> DebianSpec:
    """What was asked of Debian; what is wrong is noted in the document."""
    return DebianSpec(
        suite=table.needed("suite", codename),
        components=sorted_set(table.texts("components", filled, filled=True)) or ("main",),
        packages=sorted_set(table.texts("packages", plain_requirement)),
        docs=table.flag("docs", default=True),
    )


def read_debian(table: Table, platform: Platform) -> DebianPackage:
    """One Debian package; what is wrong is noted in the document."""
    architecture = matching(f"{platform.architecture}|{ALL}", f"`{platform.architecture}` or `{ALL}`")
    package = DebianPackage(
        name=table.needed("name", _name),
        version=table.needed("version", _version),
        architecture=table.needed("architecture", architecture),
        archive=table.text("archive", _archive) or "main",
        file=table.needed("file", _pool_path),
        sha256=table.needed("sha256", sha256),
        size=file_size(table, needed=True) or 0,
        requires=sorted_set(table.texts("requires", relation)),
        provides=sorted_set(table.texts("provides", _provided)),
        conflicts=sorted_set(table.texts("conflicts", relation)),
    )
    if package.name and package.architecture and package.file:
        _refuse_file(table, package)
    return package


def _refuse_file(table: Table, package: DebianPackage) -> None:
    begins, ends = f"{package.name}_", f"_{package.architecture}.deb"
    file = package.file_name
    if not file.startswith(begins) or not file.endswith(ends) or len(file) <= len(begins + ends):
        table.refuse("file", f"expected `{begins}…{ends}`, got `{file}`")


def _pool_path(text: str) -> str:
    if not _PATH.fullmatch(text):
        raise ValueError(f"expected a path such as `pool/main/g/git/git_2.39.5_amd64.deb`, got `{text}`")
    return text


def _provided(text: str) -> str:
    relation(text)
    try:
        provided(text)
    except ValueError:
        raise ValueError(f"expected `NAME` or `NAME (= VERSION)`, got `{text}`") from None
    return text
