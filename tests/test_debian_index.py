"""The reader of `Packages`: python-debian is its judge; what is kept of an index is as good as the index."""

import gzip
import lzma
import multiprocessing
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import pytest

from envlock.debian import packages_file
from envlock.debian.candidate import Candidate
from envlock.debian.index import Universe, open_universe
from envlock.debian.packages_file import FIELDS, entries
from envlock.debian.release import IndexFile
from envlock.errors import OutsideError
from envlock.model.debian_relations import items
from envlock.system.cache import Cache
from tests.support.debian_archive import archive
from tests.support.debian_universe import index_file, indexes_of, real_indexes, stanzas, written_index

STEP = 40  # every so many entries of a large index are compared, unless `--full` asks for all


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


def versions(universe: Universe, name: str) -> list[tuple[str, str]]:
    return [(one.package.version, one.suite) for one in universe.candidates(name)]


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_every_entry_is_read_as_python_debian_reads_it(architecture: str, cache: Cache) -> None:
    for file in indexes_of(archive(), architecture):
        plain = cache.root / f"{file.suite}-{architecture}"
        plain.parent.mkdir(parents=True, exist_ok=True)
        plain.write_bytes(lzma.decompress(file.path.read_bytes()))
        assert_equal(index_file(plain, file.suite, architecture), cache, step=1)


def test_entries_of_the_real_indexes_are_read_the_same(cache: Cache) -> None:
    for file in real_indexes():
        if file.path.suffix != ".xz":
            assert_equal(file, cache, step=STEP)


@pytest.mark.full
def test_all_entries_of_the_real_indexes_are_read_the_same(cache: Cache) -> None:
    for file in real_indexes():
        if file.path.suffix != ".xz":
            assert_equal(file, cache, step=1)


def assert_equal(file: IndexFile, cache: Cache, *, step: int) -> None:
    """Our entries are python-debian's, as fields and as what is looked up."""
    ours = list(entries(file))
    universe = open_universe([file], cache)
    theirs = file.path.read_text().rstrip("\n").split("\n\n") if ours else []
    assert len(ours) == len(theirs)
    sample = file.path.with_name(f"{file.suite}-sample") if step == 1 else cache.root / f"{file.suite}-sample"
    sample.write_text("\n\n".join(theirs[::step]))
    for entry, stanza in zip(islice(ours, 0, None, step), stanzas(index_file(sample)), strict=True):
        assert [value.decode() for value in entry] == [" ".join(stanza.get(name, "").split()) for name in FIELDS]
        (found,) = (one for one in universe.candidates(stanza["Package"]) if one.package.version == stanza["Version"])
        package = found.package
        asked = (found.package.architecture, package.file, package.sha256, str(package.size), found.multi_arch)
        fields = ("Architecture", "Filename", "SHA256", "Size", "Multi-Arch")
        assert asked == tuple(stanza.get(name, "") for name in fields)
        assert {*package.requires} == {*of(stanza.get("Depends")), *of(stanza.get("Pre-Depends"))}
        assert {*package.conflicts} == {*of(stanza.get("Conflicts")), *of(stanza.get("Breaks"))}
        for name, _ in ((item.partition(" ")[0], item) for item in package.provides):
            assert name == package.name or package in [one.package for one in universe.providers(name)]


def of(field: str | None) -> tuple[str, ...]:
    return items(field or "", "amd64")


ODD = """\
package: folded
VERSION:  1:2.0-1\t
Architecture: all
Filename: pool/main/f/folded/folded_2.0-1_all.deb
Size: 12
SHA256: {sha}
Depends: one (>= 1),
 two | three ,
\tfour:any
Description: what is said
 Depends: not-this
 .
 more

   \t
Package: last
Version: 1
Architecture: amd64
Multi-Arch: allowed
Essential: yes
Priority: Required
Installed-Size: 44
Filename: pool/main/l/last/last_1_amd64.deb
Size: 13
SHA256: {sha}
Provides: virtual (= 2), other
"""


@pytest.mark.parametrize("ending", ["", ".xz", ".gz"])
def test_odd_but_right_entries_are_read(ending: str, tmp_path: Path, cache: Cache) -> None:
    pack: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".xz": lzma.compress, ".gz": gzip.compress}
    path = tmp_path / f"Packages{ending}"
    path.write_bytes(pack[ending](ODD.format(sha="ab" * 32).encode()))
    universe = open_universe([index_file(path)], cache)
    (folded,) = universe.candidates("folded")
    assert folded.package.version == "1:2.0-1"
    assert folded.package.requires == ("four:any", "one (>= 1)", "two | three")
    (last,) = universe.candidates("last")
    assert (last.essential, last.priority, last.multi_arch) == (True, "required", "allowed")
    assert universe.providers("virtual") == universe.providers("other") == (last,)
    assert universe.names() == ["folded", "last"]


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("Version", "", "it has no Version"),
        ("Version", "new", "its Version is `new`"),
        ("Architecture", "arm64", "it is for `arm64`"),
        ("Filename", "", "it has no Filename"),
        ("Filename", "/etc/passwd", "its Filename is `/etc/passwd`"),
        ("Filename", "pool/../../x.deb", "its Filename is `pool/../../x.deb`"),
        ("Filename", "pool/./x.deb", "its Filename"),
        ("Filename", "pool//x.deb", "its Filename"),
        ("Filename", "pool/x y.deb", "its Filename"),
        ("Filename", "pool/x.deb?token=1", "its Filename"),
        ("Filename", "pool/x.rpm", "its Filename"),
        ("SHA256", "", "it has no SHA256"),
        ("SHA256", "AB" * 32, "its SHA256 is `ABAB"),
        ("SHA256", "ab", "its SHA256 is `ab`"),
        ("Size", "-1", "its Size is `-1`"),
        ("Size", "9" * 30, "its Size is `9"),
        ("Multi-Arch", "perhaps", "its Multi-Arch is `perhaps`"),
        ("Depends", "libc6 >= 2", "`libc6 >= 2` is no relation"),
        ("Breaks", "a1 (=> 2)", "`a1 \\(=> 2\\)` is no relation"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(field: str, value: str, message: str, tmp_path: Path, cache: Cache) -> None:
    universe = open_universe([written_index(tmp_path, [{"Package": "wrong", field: value}])], cache)
    expected = r"the entry of `wrong` in the index of `bookworm` \(main, amd64\) cannot be: " + message
    with pytest.raises(OutsideError, match=expected):
        universe.candidates("wrong")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Version: 1\n", "has an entry without a name: `Version: 1`"),
        ("Package: a1\nVersion: 1\nVersion: 2\n", "says something twice: `Package: a1`"),
        ("Package: a1\nProvides: b1 (>= 1)\n", "`Provides` of `a1` in the index .* cannot be read: `b1 \\(>= 1\\)`"),
        ("Package: a1\nProvides: bé\n", "`Provides` of `a1` in the index .* cannot be read"),
    ],
)
def test_a_wrong_index_is_refused(text: str, message: str, tmp_path: Path, cache: Cache) -> None:
    path = tmp_path / "Packages"
    path.write_text(text)
    with pytest.raises(OutsideError, match=message):
        open_universe([index_file(path)], cache)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("Packages.xz", b""),
        ("Packages.xz", b"no archive"),
        ("Packages.xz", lzma.compress(b"Package: a1\n")[:-9]),
        ("Packages.gz", b"no archive"),
        ("Packages.gz", gzip.compress(b"Package: a1\n", mtime=0)[:-5]),
        ("Packages.gz", gzip.compress(b"Package: a1\n", mtime=0)[:-8] + bytes(8)),
    ],
    ids=["empty xz", "no xz", "cut xz", "no gzip", "cut gzip", "wrong checksum"],
)
def test_an_index_that_cannot_be_unpacked_is_refused(name: str, data: bytes, tmp_path: Path, cache: Cache) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(OutsideError, match=r"the index of `bookworm` \(main, amd64\) cannot be unpacked"):
        open_universe([index_file(path)], cache)


def test_an_index_that_unpacks_without_end_is_refused_early(tmp_path: Path, cache: Cache) -> None:
    path = tmp_path / "Packages.xz"
    path.write_bytes(lzma.compress(b"Package: " + b"a" * (64 << 20), preset=0))
    with pytest.raises(OutsideError, match="has an entry without end: `Package: aaa"):
        open_universe([index_file(path)], cache)


def test_an_index_that_is_too_large_is_refused(tmp_path: Path, cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages_file, "_LARGEST", 1 << 20)
    path = tmp_path / "Packages.xz"
    path.write_bytes(lzma.compress(b"Package: a1\n\n" * (1 << 18), preset=0))
    with pytest.raises(OutsideError, match="unpacks to more than 1 MiB"):
        open_universe([index_file(path)], cache)


def test_no_half_of_what_is_refused_is_kept(tmp_path: Path, cache: Cache) -> None:
    path = tmp_path / "Packages"
    path.write_text("Package: a1\nVersion: 1\n\nVersion: 2\n")
    with pytest.raises(OutsideError):
        open_universe([index_file(path)], cache)
    assert [file for file in (cache.root / "records").rglob("*") if file.is_file()] == []


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "cut": lambda data: data[:-40],
    "one bit": lambda data: data[:200] + bytes([data[200] ^ 1]) + data[201:],
    "the place in its head": lambda data: b"1" + data,
    "something else": lambda _: b"{}",
    "only a head": lambda data: data[: data.index(b"\n") + 1],
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_kept_index_is_made_anew(damage: str, tmp_path: Path, cache: Cache) -> None:
    file = written_index(tmp_path, [{"Package": f"package{n}", "Provides": "all"} for n in range(20)])
    expected = names_and_providers(open_universe([file], cache))
    (kept,) = cache.records.glob("debian-index-*/*")
    whole = kept.read_bytes()
    kept.write_bytes(DAMAGES[damage](whole))
    assert names_and_providers(open_universe([file], cache)) == expected
    assert kept.read_bytes() == whole


def names_and_providers(universe: Universe) -> list[object]:
    return [universe.names(), universe.providers("all"), *map(universe.candidates, universe.names())]


def test_a_kept_index_is_used_without_the_index(tmp_path: Path, cache: Cache) -> None:
    file = written_index(tmp_path, [{"Package": "git"}])
    open_universe([file], cache)
    file.path.unlink()
    assert open_universe([file], cache).names() == ["git"]


def test_processes_that_read_an_index_at_once_all_have_it(tmp_path: Path, cache: Cache) -> None:
    file = written_index(tmp_path, [{"Package": f"package{n:05}", "Provides": "all"} for n in range(5000)])
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(3) as pool:
        found = pool.starmap(_count, [(file, cache.root)] * 8)
    assert found == [(5000, 5000)] * 8
    assert len(list(cache.records.glob("debian-index-*/*"))) == 1


def _count(file: IndexFile, root: Path) -> tuple[int, int]:
    universe = open_universe([file], Cache(root))
    return len(universe.names()), len(universe.providers("all"))


def test_the_latest_version_of_all_releases_comes_first(tmp_path: Path, cache: Cache) -> None:
    same = {"SHA256": "ab" * 32}
    files = [
        written_index(tmp_path, [{"Package": "git", "Version": "1:2-3"}], "bookworm-updates"),
        written_index(tmp_path, [{"Package": "git", "Version": "1:2-2", **same}], "bookworm-security"),
        written_index(tmp_path, [{"Package": "git", "Version": "1:2-2", **same}, {"Package": "git", "Version": "9"}]),
    ]
    for order in (files, files[::-1]):
        universe = open_universe(order, cache)
        assert versions(universe, "git") == [
            ("1:2-3", "bookworm-updates"),
            ("1:2-2", "bookworm"),  # the same bytes: the main archive keeps them longer
            ("9", "bookworm"),
        ]
        assert universe.suites == ("bookworm", "bookworm-updates", "bookworm-security")


def test_of_equal_versions_with_other_bytes_the_order_is_fixed(tmp_path: Path, cache: Cache) -> None:
    files = [
        written_index(tmp_path, [{"Package": "git", "SHA256": digit * 64} for digit in "21"], suite)
        for suite in ("bookworm", "bookworm-security")
    ]
    files[1].path.write_text(files[1].path.read_text().replace("2" * 64, "3" * 64).replace("1" * 64, "0" * 64))
    files[1] = index_file(files[1].path, "bookworm-security")
    for order in (files, files[::-1]):
        found: list[Candidate] = [*open_universe(order, cache).candidates("git")]
        assert [one.package.sha256[0] for one in found] == ["1", "2", "0", "3"]


def test_names_and_near_ones(tmp_path: Path, cache: Cache) -> None:
    names = ("git", "git-lfs", "gita", "gtick", "libgit2-1.5", "mawk")
    universe = open_universe([written_index(tmp_path, [{"Package": name} for name in names])], cache)
    assert universe.names() == [*names]
    assert universe.names("git") == ["git", "git-lfs", "gita"]
    assert universe.near("gitt")[0] == "git"
    assert universe.near("gti") == ("git", "gtick")
    assert universe.near("amwk") == ("mawk",)
    assert universe.near("nothing-like-it") == ()
    assert universe.candidates("gi") == universe.candidates("gitb") == universe.candidates("") == ()
    assert universe.providers("awk") == ()


def test_empty_indexes_hold_nothing(tmp_path: Path, cache: Cache) -> None:
    universe = open_universe([written_index(tmp_path, [])], cache)
    assert universe.names() == []
    assert universe.candidates("git") == universe.providers("git") == ()
