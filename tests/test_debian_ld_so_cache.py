"""The loader's cache is byte for byte that of `ldconfig`, on real roots and on odd ones; any bytes can lie about."""

import io
import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envlock.debian.elf import read_shared_object
from envlock.debian.functions import FUNCTIONS
from envlock.debian.ld_so_cache import CACHE
from envlock.debian.overlay import Overlay, file, link, resolve
from envlock.debian.root import Root
from envlock.model.files import SystemFile
from tests.support.debian_archive import archive
from tests.support.debian_root import DebRoot, MadeRoot, lay_out
from tests.support.processes import run
from tests.support.services import require, require_root
from tests.support.tiny_elf import AARCH64, I386, shared_object

LDCONFIG = "usr/sbin/ldconfig"
LOOKED_AT = ("usr/lib", "usr/local", "etc/ld.so.conf")
BASE = ("base-files", "libc6", "libc-bin", "libstdc++6", "libgcc-s1")
PACKAGES = {
    "amd64": (*BASE, "libblas3", "libpython3.11-minimal", "libssl3", "libcurl4", "zlib1g", "libgomp1", "libgit2-1.5"),
    "arm64": (*BASE, "libpython3.11-minimal", "libssl3", "libcurl4", "zlib1g", "libgomp1"),
}
TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
MULTIARCH = f"usr/lib/{TRIPLETS['amd64']}"
Left = Mapping[str, bytes | str]


@cache
def real_root(architecture: str) -> DebRoot:
    pool = {path.name.partition("_")[0] for path in archive().pool()}
    names = [name for name in PACKAGES[architecture] if name in pool]
    return DebRoot([archive().deb(name, architecture) for name in names], architecture=architecture)


def ldconfig(architecture: str = "amd64") -> bytes:
    """The program as Debian brings it, linked statically."""
    return real_root(architecture).read(LDCONFIG)


def by_ldconfig(root: Root, folder: Path) -> Left:
    """What it leaves of a root: the cache, and all links."""
    require_root("changing into a root")
    lay_out((each for path, each in root.files.items() if path.startswith(LOOKED_AT)), folder)
    (folder / "etc").mkdir(exist_ok=True)
    for top in ("lib", "lib64"):
        (folder / top).symlink_to(f"usr/{top}")
    program = folder / "ldconfig"
    program.write_bytes(ldconfig(root.architecture))
    program.chmod(0o755)
    emulator = () if root.architecture == "amd64" else (require("qemu-aarch64-static", "qemu-user-static"),)
    run((*emulator, program, "-i", "-r", folder), environment={"LC_ALL": "C"})
    found = {str(each.relative_to(folder)): str(each.readlink()) for each in _links(folder / "usr")}
    return {CACHE: (folder / CACHE).read_bytes(), **found}


def by_us(root: Root) -> Left:
    grown = Overlay(root)
    grown.add(FUNCTIONS["ld.so.cache"](grown))
    links = {path: each.link for path, each in grown.files.items() if each.link and path.startswith(LOOKED_AT)}
    return {
        CACHE: grown.read(CACHE),
        **{path: target for path, target in links.items() if path not in stale(root, grown)},
    }


def stale(root: Root, grown: Overlay) -> set[str]:
    """Links of libraries that lead nowhere: `ldconfig` removes them, and adding files can remove nothing."""
    links = (path for path, each in root.files.items() if each.link and ".so." in path and path not in grown.made)
    return {path for path in links if resolve(root, path) is None}


def _links(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        yield from (each for name in (*folders, *names) if (each := Path(place, name)).is_symlink())


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_real_root_has_the_cache_that_ldconfig_writes(architecture: str, tmp_path: Path) -> None:
    root = Overlay(real_root(architecture))
    ours = by_us(root)
    assert ours == by_ldconfig(root, tmp_path)
    cached = ours[CACHE]
    assert isinstance(cached, bytes)
    assert b"libstdc++.so.6\0" in cached
    assert f"ldconfig (Debian GLIBC {root.versions['libc6']}) stable release".encode() in cached


def test_base_without_libc_bin_has_a_cache_too(tmp_path: Path) -> None:
    """As `ldconfig` would write it there, with the settings that the functions make in place of libc-bin's."""
    debs = [archive().deb(name) for name in BASE if name != "libc-bin"]
    root = Overlay(DebRoot(debs))
    for function in FUNCTIONS.values():
        root.add(function(root))
    assert root.read(CACHE) == by_ldconfig(root, tmp_path)[CACHE]


ODD: dict[str, list[SystemFile]] = {
    "link of a soname that is missing": [file(f"{MULTIARCH}/libodd.so.1.2", shared_object("libodd.so.1"))],
    "newer of two files": [
        file(f"{MULTIARCH}/libodd.so.1.9", shared_object("libodd.so.1")),
        file(f"{MULTIARCH}/libodd.so.1.10", shared_object("libodd.so.1")),
        link(f"{MULTIARCH}/libodd.so.1", "libodd.so.1.9"),
    ],
    "soname that is a file": [
        file(f"{MULTIARCH}/libodd.so.1", shared_object("libodd.so.1")),
        file(f"{MULTIARCH}/libodd.so.1.2", shared_object("libodd.so.1")),
    ],
    "link that leads nowhere": [
        file(f"{MULTIARCH}/libodd.so.1.2", shared_object("libodd.so.1")),
        link(f"{MULTIARCH}/libodd.so.1", "libgone.so"),
        link(f"{MULTIARCH}/libgone.so.3", "libgone.so.3.1"),
    ],
    "development link of another name": [
        file(f"{MULTIARCH}/libimplementation.so.9", shared_object("libodd.so.1")),
        link(f"{MULTIARCH}/libodd.so", "libimplementation.so.9"),
        link(f"{MULTIARCH}/libother.so", "libimplementation.so.9"),
    ],
    "no soname": [file(f"{MULTIARCH}/libplugin.so", shared_object(None))],
    "hard link": [
        file(f"{MULTIARCH}/libodd.so.1", shared_object("libodd.so.1")),
        SystemFile(path=f"{MULTIARCH}/libodd.so.1.1", mode=0o644, hardlink=f"{MULTIARCH}/libodd.so.1"),
    ],
    "linker script, text, folder": [
        file(f"{MULTIARCH}/libc.so", b"/* GNU ld script */ GROUP ( libc.so.6 )"),
        file(f"{MULTIARCH}/libtext.so", b"text"),
        file(f"{MULTIARCH}/libempty.so", b""),
        file(f"{MULTIARCH}/libfolder.so/inner", b""),
        link(f"{MULTIARCH}/libfolderlink.so", "libfolder.so"),
    ],
    "foreign machines and programs": [
        file(f"{MULTIARCH}/libarm.so", shared_object("libarm.so", machine=AARCH64)),
        file(f"{MULTIARCH}/libx32.so", shared_object("libx32.so", wide=False)),
        file(f"{MULTIARCH}/libprogram.so", shared_object("libprogram.so", kind=2)),
    ],
    "32 bits": [
        file("usr/lib32/libodd.so.1", shared_object("libodd.so.1", machine=I386, wide=False)),
        file(f"{MULTIARCH}/libodd.so.1", shared_object("libodd.so.1")),
        file("etc/ld.so.conf.d/biarch.conf", b"/usr/lib32\n"),
    ],
    "the loader under another name": [
        file(f"{MULTIARCH}/ld-linux-x86-64.so.2", shared_object("ld-linux-x86-64.so.2")),
        file(f"{MULTIARCH}/ld-2.99.so", shared_object("ld-linux-x86-64.so.2")),
    ],
    "capable machines": [
        file(f"{MULTIARCH}/libodd.so.1", shared_object("libodd.so.1")),
        file(f"{MULTIARCH}/glibc-hwcaps/x86-64-v3/libodd.so.1.2", shared_object("libodd.so.1", level=2)),
        file(f"{MULTIARCH}/glibc-hwcaps/x86-64-v2/libodd.so.1", shared_object("libodd.so.1", level=1)),
        file(f"{MULTIARCH}/glibc-hwcaps/x86-64-v2/libplain.so.1", shared_object("libplain.so.1")),
        file(f"{MULTIARCH}/glibc-hwcaps/empty/readme", b""),
    ],
    "folders of the settings": [
        file("etc/ld.so.conf.d/odd.conf", b"# odd\n\n  /usr/lib/odd/ # here\nhwcap 1 old\n/usr/lib/none\n/lib\n"),
        file("etc/ld.so.conf.d/nested.conf", b"include /etc/more/*.x /etc/ld.so.conf.d/none\n"),
        file("etc/ld.so.conf.d/.hidden.conf", b"/usr/lib/hidden\n"),
        file("etc/ld.so.conf.d/other", b"/usr/lib/hidden\n"),
        file("usr/lib/odd/libodd.so.1", shared_object("libodd.so.1")),
        file("usr/lib/hidden/libhidden.so.1", shared_object("libhidden.so.1")),
        file("usr/local/lib/libodd.so.1", shared_object("libodd.so.1")),
        link("usr/lib/alias", "odd"),
        file("etc/ld.so.conf.d/zz.conf", b"/usr/lib/alias\n/usr/lib/./odd\n"),
    ],
}
SETTINGS = [file("etc/ld.so.conf", b"include /etc/ld.so.conf.d/*.conf\n\n/usr/local/lib\n/usr/lib/odd\n")]


def odd_root(files: list[SystemFile], architecture: str = "amd64") -> MadeRoot:
    root = MadeRoot([*SETTINGS, file(f"{MULTIARCH}/nothing", b""), *files], architecture=architecture)
    root.versions = {"libc6": real_root(architecture).versions["libc-bin"]}
    return root


@pytest.mark.parametrize("title", ODD)
def test_odd_root_has_the_cache_and_the_links_that_ldconfig_leaves(title: str, tmp_path: Path) -> None:
    root = odd_root(ODD[title])
    assert by_us(root) == by_ldconfig(root, tmp_path)


NAMES = (
    "libodd.so",
    "libodd.so.1",
    "libodd.so.1.2",
    "libodd.so.1.10",
    "libodd-1.so",
    "ld-odd.so.1",
    "odd.so",
    "libx.so.2",
)
FOLDERS = ("usr/lib", MULTIARCH, "usr/lib/odd", "usr/local/lib", f"{MULTIARCH}/glibc-hwcaps/x86-64-v3")
objects = st.builds(
    lambda soname, level: shared_object(soname, level=level),
    st.sampled_from((None, "libodd.so.1", "libodd.so", "libx.so.2", "ld-odd.so.1")),
    st.sampled_from((None, 1, 2)),
)
contents = st.one_of(objects, st.just(b"GROUP"))
trees = st.dictionaries(
    st.builds("{}/{}".format, st.sampled_from(FOLDERS), st.sampled_from(NAMES)),
    st.one_of(contents, contents, st.sampled_from((*NAMES, f"/{MULTIARCH}/libodd.so.1.2", "../libodd.so.1"))),
    max_size=9,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(trees)
def test_any_root_has_the_cache_that_ldconfig_writes(tree: dict[str, bytes | str]) -> None:
    made = [file(path, what) if isinstance(what, bytes) else link(path, what) for path, what in tree.items()]
    root = odd_root(made)
    with TemporaryDirectory() as folder:
        assert by_us(root) == by_ldconfig(root, Path(folder))


def test_sonames_that_are_no_names_of_files_make_no_links() -> None:
    for soname in ("", ".", "..", "../../../etc/passwd", "a/b", "a\nb", "x" * 300):
        root = odd_root([file(f"{MULTIARCH}/libodd.so.1", shared_object(soname))])
        left = by_us(root)
        assert left.keys() == {CACHE}, soname


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_any_bytes_are_a_shared_object_or_none(data: bytes) -> None:
    for start in (b"", b"\x7fELF\x02\x01\x01", b"\x7fELF\x01\x01\x01"):
        read_shared_object(io.BytesIO(start + data))


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_changed_bytes_of_a_shared_object_do_no_harm(data: st.DataObject) -> None:
    wide = data.draw(st.booleans())
    changed = bytearray(shared_object("libodd.so.1", wide=wide, level=2))
    for at in data.draw(st.lists(st.integers(0, len(changed) - 1), min_size=1, max_size=8)):
        changed[at] = data.draw(st.sampled_from((0, 1, 0x7F, 0x80, 0xFF)))
    read_shared_object(io.BytesIO(bytes(changed[: data.draw(st.integers(0, len(changed)))])))
    read_shared_object(io.BytesIO(changed))
