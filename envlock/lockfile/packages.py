"""`[[platform.NAME.conda]]` and `[[platform.NAME.pip]]`: file names that agree with what they are said to hold."""

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from envlock.lockfile.values import file_size, filled, local_path, requirement, sha256, sorted_set, specifiers, version
from envlock.model.fields import Table, matching
from envlock.model.lock import CondaPackage, PipPackage
from envlock.model.spec import MAIN

_CONDA_ENDS = (".conda", ".tar.bz2")
_ARCHIVE_ENDS = (".tar.gz", ".zip")


_conda_name = matching(r"[a-z0-9_][a-z0-9_.-]*", "a conda package's name in lower case")
_subdir = matching(r"[a-z0-9]+(?:-[a-z0-9]+)*", "a folder of the channel such as `linux-64`")
_pip_name = matching(r"[a-z0-9]+(?:-[a-z0-9]+)*", "a distribution's name in canonical form")
_provided = matching(r"[a-z0-9]+(?:-[a-z0-9]+)*==\S+", "a distribution such as `numpy==1.26.4`")
_shaped_extra = matching(
    r"[a-z0-9]+(?:-[a-z0-9]+)*\[[a-z0-9]+(?:-[a-z0-9]+)*\](?:: \S.*)?", "an extra such as `flask[async]: asgiref>=3.2`"
)
_subdirectory = matching(r"(?!\.\.?(?:/|$))[^/\\]+(?:/(?!\.\.?(?:/|$))[^/\\]+)*", "a folder within the repository")
_commit = matching(r"[0-9a-f]{40}|[0-9a-f]{64}", "a commit in full, 40 hex digits")
_utc = matching(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z", "a UTC time such as `2026-01-31T12:00:00Z`")


def read_conda(table: Table) -> CondaPackage:
    """One conda package; what is wrong is noted in the document."""
    package = CondaPackage(
        name=table.needed("name", _conda_name),
        version=table.needed("version", filled),
        build=table.needed("build", filled),
        subdir=table.needed("subdir", _subdir),
        file=table.needed("file", _file),
        sha256=table.needed("sha256", sha256),
        size=file_size(table, needed=True) or 0,
        channel=table.needed("channel", filled),
        requires=sorted_set(table.texts("requires", filled)),
        constrains=sorted_set(table.texts("constrains", filled)),
        provides=sorted_set(table.texts("provides", _provided)),
        extras=sorted_set(table.texts("extras", _extra)),
        uploaded=table.text("uploaded", _utc),
        groups=_groups(table),
    )
    expected = f"{package.name}-{package.version}-{package.build}"
    if all((package.name, package.version, package.build, package.file)) and not _is_conda(package.file, expected):
        table.refuse("file", f"expected `{expected}` and {' or '.join(_CONDA_ENDS)}, got `{package.file}`")
    return package


def read_pip(table: Table) -> PipPackage:
    """One distribution; what is wrong is noted in the document."""
    package = PipPackage(
        name=table.needed("name", _pip_name),
        version=table.needed("version", version),
        file=table.text("file", _file) or "",
        sha256=table.text("sha256", sha256) or "",
        size=file_size(table),
        index=table.text("index", filled),
        url=table.text("url", filled),
        path=table.text("path", local_path),
        tree=table.text("tree", sha256),
        git=table.text("git", filled),
        commit=table.text("commit", _commit),
        subdirectory=table.text("subdirectory", _subdirectory),
        builds=table.flag("builds"),
        extras=sorted_set(table.texts("extras", _pip_name)),
        requires=sorted_set(table.texts("requires", requirement)),
        requires_python=table.text("requires-python", specifiers),
        uploaded=table.text("uploaded", _utc),
        groups=_groups(table),
    )
    _refuse_source(table, package)
    if package.name and package.version and package.file:
        _refuse_file(table, package)
    return package


def _groups(table: Table) -> tuple[str, ...]:
    return sorted_set(table.texts("groups", filled, filled=True)) or (MAIN,)


def _refuse_source(table: Table, package: PipPackage) -> None:
    """Every package has one place, and what tells its bytes from others."""
    places = [key for key in ("index", "url", "path", "git") if key in table]
    if len(places) > 1:
        table.refuse(places[1], f"not together with `{places[0]}`")
    needed = ("git", "commit") if package.git else ("tree",) if package.tree else ("file", "sha256")
    for key in (*needed, *(() if places else ("index",))):
        if key not in table:
            table.refuse(key, "missing")
    if (package.git or package.tree) and not package.builds:
        table.refuse("builds", "expected `true`: what is no wheel runs its code when it is installed")


def _refuse_file(table: Table, package: PipPackage) -> None:
    """The file's name agrees with the lock; what is no wheel is marked, as installing it runs code."""
    if package.builds and package.index is None and package.file.endswith(_ARCHIVE_ENDS):
        return  # whoever names a file by URL or path names it as they like: `archive/v1.0.tar.gz`
    parse, kind = (parse_sdist_filename, "an sdist") if package.builds else (_parse_wheel, "a wheel")
    try:
        named = parse(package.file)
    except (InvalidWheelFilename, InvalidSdistFilename):
        table.refuse("file", f"expected {kind}'s file name, got `{package.file}`")
        return
    if named != (package.name, Version(package.version)):
        table.refuse("file", f"expected {kind} of {package.name} {package.version}, got `{package.file}`")


def _parse_wheel(file: str) -> tuple[str, Version]:
    name, version, _, _ = parse_wheel_filename(file)
    return name, version


def _is_conda(file: str, expected: str) -> bool:
    return file in [expected + end for end in _CONDA_ENDS]


def _extra(text: str) -> str:
    _, colon, brought = _shaped_extra(text).partition(": ")
    if colon:
        requirement(brought)
    return text


def _file(text: str) -> str:
    if not text or text.startswith(".") or "/" in text or "\\" in text:
        raise ValueError(f"expected a file name without folders, got `{text}`")
    return text
