"""Archives of Debian packages on disk, laid out by Debian's own tools and signed with a key of the tests.

`archive()` holds real packages and is shared by all tests: `copied` is for what is to be changed. `tiny_archive`
makes one of a few packages described in place. Below `root` lie `debian/` and `debian-security/`, as on a mirror.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pysequoia import SignatureMode, Tsk, sign

from tests.support import debian_packages
from tests.support.cache import made_once, recipe_key
from tests.support.debian_debs import Tiny, tiny_deb
from tests.support.debian_packages import SUITE, Fetched
from tests.support.processes import run
from tests.support.services import require

ARCHITECTURES = ("amd64", "arm64")
MIRROR, SECURITY_MIRROR = "debian", "debian-security"
# the releases' dates: the suite's own, then of its updates and its security fixes
DATES = {
    "": "Sat, 07 Jun 2025 09:30:00 UTC",
    "-updates": "Sun, 15 Jun 2025 08:11:10 UTC",
    "-security": "Sat, 14 Jun 2025 00:53:02 UTC",
}
VALID_UNTIL = "Thu, 31 Dec 2099 00:00:00 UTC"  # of updates and security fixes; the suite itself has none
FORM = 1  # to be raised when the same packages are to be laid out anew
HEADER = """\
Origin: Debian
Label: {label}
Suite: oldstable{ending}
Codename: {suite}
Date: {date}
{valid}Acquire-By-Hash: yes
No-Support-for-Architecture-all: Packages
Architectures: all {architectures}
Components: {component}
Description: A test archive
"""
SETTINGS = """\
Dir {{ ArchiveDir "."; FileListDir "."; CacheDir "."; }};
Default {{ Packages::Compress ". gzip xz"; Contents::Compress "gzip"; }};
APT::FTPArchive::Contents "false";
Tree "dists/{suite}" {{ Sections "main"; Architectures "{architectures}"; FileList "lists/{suite}"; }};
"""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """`keys` is the armored certificate that its releases are signed with."""

    root: Path
    keys: Path

    @property
    def mirror(self) -> Path:
        """The folder that stands for a mirror's address: `debian`; the security archive lies beside it."""
        return self.root / MIRROR

    def folder(self, suite: str) -> Path:
        """The archive that holds a suite."""
        return self.root / (SECURITY_MIRROR if suite.endswith("-security") else MIRROR)

    def release(self, suite: str = SUITE) -> Path:
        """The folder of a suite: `InRelease` and the indexes below it."""
        return self.folder(suite) / "dists" / suite

    def pool(self, suite: str = SUITE) -> tuple[Path, ...]:
        """The packages that a suite lists, sorted."""
        folder = self.folder(suite)
        return tuple(folder / line for line in (folder / "lists" / suite).read_text().splitlines())

    def deb(self, name: str, architecture: str = "amd64", suite: str = SUITE) -> Path:
        """The one file of a package that a suite lists."""
        kinds = (f"_{architecture}.deb", "_all.deb")
        named = [path for path in self.pool(suite) if path.name.startswith(f"{name}_")]
        (found,) = (path for path in named if path.name.endswith(kinds))
        return found


@cache
def archive() -> Archive:
    """Debian's own packages for amd64 and arm64: what is in `debian_packages.WANTED`, with all that this depends on."""
    key = recipe_key(Path(debian_packages.__file__), HEADER, SETTINGS, str(DATES), str(FORM))
    return Archive(root=made_once(f"debian-archive-{key}", _make), keys=public_key())


def tiny_archive(
    folder: Path,
    packages: Iterable[Tiny],
    *,
    updates: Iterable[Tiny] = (),
    security: Iterable[Tiny] = (),
    suite: str = SUITE,
) -> Archive:
    """An archive of tiny packages with all three releases, each for both architectures."""
    made = Archive(root=folder, keys=public_key())
    for ending, wanted in (("", packages), ("-updates", updates), ("-security", security)):
        publish(made, wanted, suite=f"{suite}{ending}")
    return made


def copied(original: Archive, folder: Path) -> Archive:
    """The same archive elsewhere, for a test to change; packages may be hard links: replace them, write into none."""
    for part in (MIRROR, SECURITY_MIRROR):
        source = original.root / part
        shutil.copytree(source / "dists", folder / part / "dists")
        shutil.copytree(source / "lists", folder / part / "lists")
        shutil.copytree(source / "pool", folder / part / "pool", copy_function=_linked)
    return Archive(root=folder, keys=original.keys)


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copyfile(source, target)


def publish(changed: Archive, packages: Iterable[Tiny], *, suite: str = SUITE, date: str | None = None) -> None:
    """Add tiny packages to a suite, whose release is then of `date`."""
    folder = changed.folder(suite)
    paths = [tiny_deb(folder / "pool" / "main" / package["name"], package) for package in packages]
    _publish(changed, suite, paths, date)


def unlist(changed: Archive, paths: Sequence[Path], *, suite: str = SUITE, date: str | None = None) -> None:
    """Take packages out of a suite's index, as when newer ones replace them; the files stay in the pool."""
    lines = [str(path.relative_to(changed.folder(suite))) for path in changed.pool(suite) if path not in paths]
    (changed.folder(suite) / "lists" / suite).write_text("".join(f"{line}\n" for line in lines))
    _publish(changed, suite, (), date)


def back_dated(changed: Archive, suite: str = SUITE, *, date: str, valid_until: str | None = None) -> None:
    """Sign a release again as one of another time."""
    header = {"Date": date, "Valid-Until": valid_until}

    def edit(text: str) -> str:
        kept = [line for line in text.splitlines() if line.partition(":")[0] not in header]
        stated = [f"{name}: {value}" for name, value in header.items() if value]
        return "\n".join((*stated, *kept)) + "\n"

    resigned(changed, suite, edit)


def resigned(changed: Archive, suite: str, edit: Callable[[str], str] = str, *, key: str | None = None) -> None:
    """Sign a release again, its text changed by `edit`; `key` names another key of the tests that nobody believes."""
    release = changed.release(suite)
    text = edit((release / "Release").read_text())
    (release / "Release").write_text(text)
    (release / "InRelease").write_bytes(signed(text, key=key))


def signed(text: str, *, key: str | None = None) -> bytes:
    """A text with its signature in it, as `InRelease` has it."""
    secret = Tsk.from_bytes((_keys(key) / "private.asc").read_bytes())
    return sign(secret.signer(), text.encode(), mode=SignatureMode.CLEAR)


def public_key(key: str | None = None) -> Path:
    """The armored certificate of the key of all archives, or of another one of the tests."""
    return _keys(key) / "public.asc"


def _keys(name: str | None = None) -> Path:
    def make(folder: Path) -> None:
        secret = Tsk.generate(f"Archive of the tests {name or ''} <archive@packages.test>", validity_seconds=None)
        (folder / "private.asc").write_text(str(secret))
        (folder / "public.asc").write_text(str(secret.extract_certificate()))

    return made_once(f"debian-key-{name or 'archive'}", make)


def _make(root: Path) -> None:
    made = Archive(root=root, keys=public_key())
    with tempfile.TemporaryDirectory(prefix="envlock-apt-") as folder:
        fetched = debian_packages.fetch(Path(folder))
        for ending in DATES:
            suite = f"{SUITE}{ending}"
            own = [package for package in fetched if package.suite == suite]
            assert own, f"nothing is from {suite}"
            _publish(made, suite, [_placed(made, package) for package in own], None)


def _placed(made: Archive, package: Fetched) -> Path:
    target = made.folder(package.suite) / package.pool
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(package.path, target)
    return target


def _publish(changed: Archive, suite: str, paths: Sequence[Path], date: str | None) -> None:
    """Write a suite's indexes and release anew, with `paths` in it beside what it has."""
    folder = changed.folder(suite)
    listed = folder / "lists" / suite
    listed.parent.mkdir(parents=True, exist_ok=True)
    (folder / "pool").mkdir(exist_ok=True)
    before = listed.read_text().splitlines() if listed.exists() else []
    lines = sorted({*before, *(str(path.relative_to(folder)) for path in paths)})
    listed.write_text("".join(f"{line}\n" for line in lines))
    shutil.rmtree(changed.release(suite), ignore_errors=True)
    _write_indexes(folder, suite)
    _write_release(changed, suite, date)


def _write_indexes(folder: Path, suite: str) -> None:
    program = require("apt-ftparchive", "apt-utils")
    for architecture in ARCHITECTURES:
        (folder / "dists" / suite / "main" / f"binary-{architecture}").mkdir(parents=True)
    settings = folder / "settings"
    settings.write_text(SETTINGS.format(suite=suite, architectures=" ".join(ARCHITECTURES)))
    run((program, "-q", "generate", settings), folder=folder)
    for left in (settings, *folder.glob("packages-*.db"), *(folder / "dists" / suite / "main").glob("Contents-*")):
        left.unlink()


def _write_release(changed: Archive, suite: str, date: str | None) -> None:
    ending = suite[len(suite.partition("-")[0]) :]
    release = changed.release(suite)
    security = ending == "-security"
    header = HEADER.format(
        label="Debian-Security" if security else "Debian",
        component="updates/main" if security else "main",
        suite=suite,
        ending=ending,
        date=date or DATES[ending],
        valid=f"Valid-Until: {VALID_UNTIL}\n" if ending else "",
        architectures=" ".join(ARCHITECTURES),
    )
    options = ("-o", "APT::FTPArchive::DoByHash=true")
    printed = run((require("apt-ftparchive", "apt-utils"), "-q", *options, "release", release))
    for plain in release.rglob("Packages"):  # listed, but on no mirror
        plain.unlink()
    (release / "Release").write_text(header + _checksums(printed))
    (release / "InRelease").write_bytes(signed((release / "Release").read_text()))


def _checksums(printed: str) -> str:
    """The part of a Release that lists files by their SHA-256."""
    lines = printed.splitlines()
    start = lines.index("SHA256:")
    end = next((at for at in range(start + 1, len(lines)) if not lines[at].startswith(" ")), len(lines))
    return "".join(f"{line}\n" for line in lines[start:end])


def fields(deb: Path) -> Mapping[str, str]:
    """The control fields of a package as `dpkg-deb` shows them, of one line each."""
    printed = run((require("dpkg-deb", "dpkg"), "--field", deb))
    lines = (line.partition(": ") for line in printed.splitlines() if not line.startswith(" "))
    return {name: value for name, _, value in lines}
