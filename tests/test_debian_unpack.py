"""Packages together as one root: merged /usr, who has what, by which owner, and as dpkg's own tools unpack them."""

import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

from envlock.debian.accounts import GROUP, PASSWD, Accounts, accounts
from envlock.debian.deb import read_control
from envlock.debian.documentation import is_documentation
from envlock.debian.ld_so_cache import CACHE, ld_so_cache
from envlock.debian.listing import Member
from envlock.debian.merged_usr import merged, root_links
from envlock.debian.ownership import Brought, owned
from envlock.debian.stage import DebianStage, StageOptions
from envlock.debian.stanza import fields
from envlock.debian.unpack import unpack
from envlock.errors import OutsideError
from envlock.model.debian_relations import RELATIONS, united
from envlock.model.files import Inline, SystemFile
from envlock.model.lock import DebianPackage
from envlock.system.cache import Cache
from tests.support.debian_archive import archive
from tests.support.debian_packages import SUITES
from tests.support.debian_root import DebRoot
from tests.support.hand_made_debs import STANZA, Entry, ar, deb, folder, members, tar
from tests.support.processes import run
from tests.support.services import require, require_root
from tests.support.tiny_elf import shared_object


def file(path: str, **settings: str | int) -> Member:
    return Member(**{"path": path, "kind": "file", "mode": 0o644, **settings})  # type: ignore[arg-type]


def directory(path: str, mode: int = 0o755) -> Member:
    return Member(path=path, kind="folder", mode=mode)


def link(path: str, target: str) -> Member:
    return Member(path=path, kind="link", mode=0o777, target=target)


def hardlink(path: str, target: str) -> Member:
    return Member(path=path, kind="hardlink", mode=0o600, target=target)


MERGED = [
    ([file("bin/sh")], [file("usr/bin/sh")]),
    ([directory("bin"), file("bin/sh")], [directory("usr/bin"), file("usr/bin/sh")]),
    ([directory("lib64", 0o700)], [directory("usr/lib64", 0o700)]),
    ([directory("lib"), directory("usr/lib")], [directory("usr/lib")]),
    ([file("sbin/a"), hardlink("bin/b", "sbin/a")], [file("usr/sbin/a"), hardlink("usr/bin/b", "usr/sbin/a")]),
    ([link("lib64/ld.so.2", "/lib/ld.so.2")], [link("usr/lib64/ld.so.2", "/lib/ld.so.2")]),
    ([file("library/a"), file("etc/bin/a"), file("lib3/a")], [file("library/a"), file("etc/bin/a"), file("lib3/a")]),
    # base-files of trixie brings the links
    ([link("bin", "usr/bin"), link("lib64", "/usr/lib64")], []),
    # for roots where /usr is not merged; in either order
    ([link("bin/x", "/usr/bin/x"), file("usr/bin/x")], [file("usr/bin/x")]),
    ([file("lib/x"), link("usr/lib/x", "../../lib/x")], [file("usr/lib/x")]),
    ([link("bin/x", "y"), link("usr/bin/x", "y")], [link("usr/bin/x", "y")]),
]


@pytest.mark.parametrize(("before", "after"), MERGED)
def test_paths_move_to_usr(before: list[Member], after: list[Member]) -> None:
    assert list(merged(before)) == after


UNMERGED = [
    ([file("bin")], "its `bin` is neither a folder nor a link to `usr/bin`"),
    ([link("lib", "/opt/lib")], "its `lib` is neither a folder nor a link to `usr/lib`"),
    ([file("bin/x"), file("usr/bin/x")], "it brings `usr/bin/x` twice, in /usr and beside it"),
    ([link("bin/x", "y"), link("usr/bin/x", "z")], "it brings `usr/bin/x` twice, in /usr and beside it"),
    ([directory("lib/x"), file("usr/lib/x")], "it brings `usr/lib/x` twice, in /usr and beside it"),
]


@pytest.mark.parametrize(("before", "message"), UNMERGED)
def test_what_cannot_be_merged_is_refused(before: list[Member], message: str) -> None:
    with pytest.raises(OutsideError) as error:
        merged(before)
    assert error.value.message == message


def test_the_root_has_links_to_what_is_there() -> None:
    found = {f.path: f.link for f in root_links(["usr/bin/sh", "usr/lib64/ld.so.2", "usr/lib", "lib32/x"])}
    assert found == {
        **{name: f"usr/{name}" for name in ("bin", "lib", "lib64", "sbin")},
        "usr/sbin": None,  # nobody brings it
    }


def package(name: str, *members: Member, version: str = "1.0", replaces: str = "") -> Brought:
    return Brought(name=name, version=version, members=members, replaces=replaces)


OWNED = [
    ([package("aa", directory("srv")), package("bb", directory("srv", 0o700))], ("aa", 0o755)),
    ([package("bb", directory("srv")), package("aa", directory("srv", 0o700))], ("aa", 0o700)),
    ([package("base-files", directory("srv", 0o1777)), package("aa", directory("srv"))], ("base-files", 0o1777)),
    ([package("aa", file("srv")), package("bb", file("srv", mode=0o600), replaces="aa")], ("bb", 0o600)),
    ([package("aa", file("srv"), replaces="bb, cc"), package("bb", file("srv"))], ("aa", 0o644)),
    ([package("aa", file("srv")), package("bb", link("srv", "x"), replaces="aa (<< 1.1)")], ("bb", 0o777)),
    ([package("aa", file("srv"), replaces="bb"), package("bb", file("srv")),
      package("cc", file("srv"), replaces="aa, bb")], ("cc", 0o644)),
]  # fmt: skip


@pytest.mark.parametrize(("packages", "owner"), OWNED)
def test_one_package_has_a_path(packages: list[Brought], owner: tuple[str, int]) -> None:
    for order in (packages, packages[::-1]):
        found = owned(order)["srv"]
        assert (found.owner, found.member.mode) == owner


NOBODYS = "`aa` and `bb` bring `srv`, and none says that it replaces the other's"
THROUGH = "`srv/x` of `bb` runs through `srv`, which is no folder but a {} of `aa`"
CLASHES = [
    ([package("aa", file("srv")), package("bb", file("srv"))], NOBODYS),
    ([package("aa", file("srv")), package("bb", file("srv"), replaces="aa (<< 1.0)")], NOBODYS),
    ([package("aa", file("srv"), replaces="bb"), package("bb", file("srv"), replaces="aa")], NOBODYS),
    ([package("aa", directory("srv")), package("bb", file("srv"), replaces="aa")], NOBODYS),
    ([package("aa", link("srv", "/etc")), package("bb", file("srv/x"))], THROUGH.format("link")),
    ([package("aa", file("srv")), package("bb", file("srv/x"))], THROUGH.format("file")),
    ([package("aa", file("srv"), replaces="bb ("), package("bb", file("srv"))],
     "what `aa` replaces cannot be read: `bb (` is no relation of Debian's packages"),
]  # fmt: skip


@pytest.mark.parametrize(("packages", "message"), CLASHES)
def test_packages_that_exclude_each_other_are_refused(packages: list[Brought], message: str) -> None:
    with pytest.raises(OutsideError) as error:
        owned(packages)
    assert error.value.message == message


def unpacked(*packages: Brought, known: Accounts | None = None, docs: bool = True) -> dict[str, list[SystemFile]]:
    found = unpack(packages, known or Accounts(), lambda name, member: Inline(name.encode() * member.size), docs=docs)
    return {name: list(files) for name, files in found.items()}


def test_the_first_name_that_is_left_of_a_file_has_its_content() -> None:
    brought = package("aa", file("usr/b", size=2, mode=0o4755), hardlink("usr/a", "usr/b"), hardlink("usr/c", "usr/b"))
    winner = package("zz", link("usr/a", "x"), replaces="aa")
    assert unpacked(brought) == {
        "aa": [
            SystemFile(path="usr/a", content=Inline(b"aaaa"), mode=0o4755),
            SystemFile(path="usr/b", hardlink="usr/a", mode=0o4755),
            SystemFile(path="usr/c", hardlink="usr/a", mode=0o4755),
        ]
    }
    assert unpacked(brought, winner)["aa"] == [
        SystemFile(path="usr/b", content=Inline(b"aaaa"), mode=0o4755),
        SystemFile(path="usr/c", hardlink="usr/b", mode=0o4755),
    ]


def test_names_of_users_count_before_their_numbers() -> None:
    passwd, group = b"root:*:0:0::/root:/bin/bash\nmail:*:8:8::/var/mail:\n", b"root:*:0:\nmail:*:8:\nstaff:*:50:\n"
    known = accounts({PASSWD: passwd, GROUP: group})
    members = [
        file("a", user="mail", group="staff", uid=0, gid=0),
        file("b", user="stranger", group="", uid=1000, gid=1001),
    ]
    assert [(f.uid, f.gid) for f in unpacked(package("x", *members), known=known)["x"]] == [(8, 50), (1000, 1001)]


@pytest.mark.parametrize(
    "text", [b"root", b"root:x", b"root:*:zero:0", b"\xff:*:0:0", b"root:*:-1:0", b"root:*:4294967295:0"]
)
def test_broken_lists_of_users_are_refused(text: bytes) -> None:
    with pytest.raises(OutsideError, match="`base-passwd` brings a list of users or groups that is none"):
        accounts({PASSWD: text})


DOCUMENTATION = [
    ("usr/share/doc/git", True),
    ("usr/share/doc/git/README", True),
    ("usr/share/doc/git/copyright", False),
    ("usr/share/doc", False),
    ("usr/share/man/man1/git.1.gz", True),
    ("usr/share/info/a.info", True),
    ("usr/share/locale/de/LC_MESSAGES/git.mo", True),
    ("usr/share/locale/locale.alias", False),
    ("usr/share/lintian/overrides/git", True),
    ("usr/share/lintian/profiles/a", False),
    ("usr/share/documents/x", False),
    ("usr/lib/locale/C.utf8/LC_CTYPE", False),
    ("opt/usr/share/man/x", False),
]


@pytest.mark.parametrize(("path", "left_out"), DOCUMENTATION)
def test_what_is_documentation(path: str, left_out: bool) -> None:
    assert is_documentation(path, is_link=False) is left_out


def test_licences_stay_with_the_folders_they_are_in_and_links_to_them() -> None:
    found = unpacked(
        package(
            "a",
            directory("usr/share/doc"),
            directory("usr/share/doc/a", 0o750),
            file("usr/share/doc/a/copyright"),
            directory("usr/share/doc/a/examples"),
            file("usr/share/doc/a/examples/x"),
            link("usr/share/doc/b", "a"),
            directory("usr/share/man"),
            link("usr/share/man/x", "y"),
            directory("var/empty"),
        ),
        docs=False,
    )
    assert [(f.path, f.mode) for f in found["a"]] == [
        ("usr/share/doc", 0o755),
        ("usr/share/doc/a", 0o750),
        ("usr/share/doc/a/copyright", 0o644),
        ("usr/share/doc/b", 0o777),
        ("usr/share/man", 0o755),
        ("var/empty", 0o755),
    ]


def locked(path: Path, sha256: str) -> DebianPackage:
    said = fields(read_control(path)["control"])
    return DebianPackage(
        name=said["package"],
        version=said["version"],
        architecture=said["architecture"],
        file=f"pool/{path.name}",
        sha256=sha256,
        size=path.stat().st_size,
        requires=united((said.get(name.lower(), "") for name in RELATIONS["requires"]), "amd64"),
        provides=united((said.get(name.lower(), "") for name in RELATIONS["provides"]), "amd64"),
        conflicts=united((said.get(name.lower(), "") for name in RELATIONS["conflicts"]), "amd64"),
    )


def staged(paths: Iterable[Path], tmp_path: Path, **options: bool) -> DebianStage:
    files = {f"{number:064x}": path for number, path in enumerate(paths)}
    scratch = tmp_path / "scratch"
    scratch.mkdir(exist_ok=True)
    packages = tuple(locked(path, sha256) for sha256, path in files.items())
    settings = StageOptions(architecture="amd64", folder=scratch, **options)
    return DebianStage(packages, files, Cache(tmp_path / "cache"), settings)


NAMES = (
    *("adduser", "base-passwd", "bash", "ca-certificates", "coreutils", "dash", "git", "libc-bin", "libc6", "login"),
    *("mawk", "passwd", "perl-base", "python3.11-minimal", "sudo", "tar", "tzdata", "util-linux"),
    "base-files",  # last: of a folder that is there, tar sets the mode again
)


# as dpkg itself: modes are what they are, and a folder that is a link stays one
LIKE_DPKG = ("--same-permissions", "--same-owner", "--keep-directory-symlink")


def newest(name: str) -> Path:
    found = [path for suite in SUITES for path in archive().pool(suite) if path.name.startswith(f"{name}_")]
    return next(path for path in reversed(found) if path.name.endswith(("_amd64.deb", "_all.deb")))


def on_disk(root: Path) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for path in root.rglob("*"):
        status = path.lstat()
        is_link = path.is_symlink()
        content = str(path.readlink()) if is_link else path.read_bytes() if path.is_file() else None
        mode = 0o777 if is_link else stat.S_IMODE(status.st_mode)
        found[str(path.relative_to(root))] = (mode, status.st_uid, status.st_gid, content)
    return found


def in_stage(stage: DebianStage) -> dict[str, tuple[object, ...]]:
    return {
        path: (f.mode, f.uid, f.gid, None if f.is_folder else f.link if f.link is not None else stage.read(path))
        for path, f in stage.files.items()
    }


def test_a_root_is_what_dpkg_deb_unpacks(tmp_path: Path) -> None:
    require_root("unpacking with owners")
    root, debs = tmp_path / "root", [newest(name) for name in NAMES]
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    for path in debs:
        plain = tmp_path / "plain.tar"
        with plain.open("wb") as file:
            subprocess.run((require("dpkg-deb", "dpkg"), "--fsys-tarfile", path), stdout=file, check=True)
        run(("tar", "--extract", "--file", plain, "--directory", root, "--numeric-owner", *LIKE_DPKG))
    assert in_stage(staged(debs, tmp_path)) == on_disk(root)


def test_what_is_known_of_packages_is_enough_to_plan(tmp_path: Path) -> None:
    """Nothing is read of a package a second time before somebody asks for the bytes of its files."""
    path = tmp_path / "tiny.deb"
    path.write_bytes(deb(folder("./usr/"), Entry("./usr/x", b"content"), Entry("./usr/y", b"other")))
    first = staged([path], tmp_path)
    assert first.read("usr/y") == b"other"
    package = next(iter(first.packages.values()))
    for scratch in (tmp_path / "scratch").iterdir():
        scratch.unlink()
    again = DebianStage(
        (package,),
        {package.sha256: path},
        Cache(tmp_path / "cache"),
        StageOptions(architecture="amd64", folder=tmp_path / "scratch"),
    )
    assert again.files.keys() == first.files.keys()
    assert again.control("tiny") == {"control": STANZA}
    assert not list((tmp_path / "scratch").iterdir())
    assert again.read("usr/x") == b"content"
    with pytest.raises(KeyError):
        again.read("usr")


def test_libraries_that_are_known_stay_packed(tmp_path: Path) -> None:
    """The cache of the loader is made of what was seen of each library when its package was first unpacked."""
    path, sha256 = tmp_path / "libc6.deb", "0" * 64
    folders = [folder("./usr/"), folder("./usr/lib/")]
    libraries = [Entry("./usr/lib/libx.so.1.2", shared_object("libx.so.1", level=1)), Entry("./usr/lib/liby.so", b"y")]
    control = tar(Entry("./control", STANZA.replace(b"tiny", b"libc6")))
    path.write_bytes(deb(*folders, *libraries, control=control))
    expected = tuple(ld_so_cache(DebRoot([path])))
    assert [each.path for each in expected] == ["usr/lib/libx.so.1", CACHE]
    for time, unpacked_now in (("first", 1), ("second", 0)):
        scratch = tmp_path / time
        scratch.mkdir()
        options = StageOptions(architecture="amd64", folder=scratch)
        stage = DebianStage((locked(path, sha256),), {sha256: path}, Cache(tmp_path / "cache"), options)
        assert tuple(ld_so_cache(stage)) == expected
        assert len(list(scratch.iterdir())) == unpacked_now


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"[]",
        b"{}",
        b'{"members": [["x"]], "control": {}, "texts": {}}',
        b'{"members": [], "control": {}, "texts": {}, "objects": [[1]]}',
    ],
)
def test_a_broken_record_is_made_anew(tmp_path: Path, record: bytes) -> None:
    path = tmp_path / "tiny.deb"
    path.write_bytes(deb(folder("./usr/"), Entry("./usr/x", b"content")))
    before = staged([path], tmp_path).files.keys()
    (kept,) = (tmp_path / "cache/records").rglob("debian-contents/*")
    kept.write_bytes(record)
    for scratch in (tmp_path / "scratch").iterdir():
        scratch.unlink()
    again = staged([path], tmp_path)
    assert again.files.keys() == before
    assert again.read("usr/x") == b"content"


def test_errors_of_merging_name_the_file(tmp_path: Path) -> None:
    path = tmp_path / "tiny.deb"
    path.write_bytes(ar(members(tar(Entry("./bin", b"x"))).items()))
    with pytest.raises(OutsideError, match=r"^`tiny.deb` is refused: its `bin` is neither a folder nor a link"):
        _ = staged([path], tmp_path).files
