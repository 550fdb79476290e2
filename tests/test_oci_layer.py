"""Layers: the same files, the same bytes; nothing that leaves its place; never a whole file in memory."""

import os
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envlock.errors import OutsideError
from envlock.model.files import Inline, PrefixFile
from envlock.model.image import LAYER_TYPE
from envlock.oci.layer import Layer, write_layer
from envlock.oci.tar_header import owned_header
from tests.support.oci_images import FILES, ROOT, new_layout, small_layer
from tests.support.processes import run_python

LONG = f"lib/{'long-' * 30}name.txt"


def entries(root: Path, layer: Layer) -> list[tarfile.TarInfo]:
    with tarfile.open(root / "blobs" / "sha256" / layer.descriptor.digest.removeprefix("sha256:"), "r:gz") as archive:
        return archive.getmembers()


def file(path: str, content: bytes = b"") -> PrefixFile:
    return PrefixFile(path=path, content=Inline(content))


def link(path: str, to: str) -> PrefixFile:
    return PrefixFile(path=path, link=to)


def test_a_layer_is_what_it_was_in_layout_1(tmp_path: Path) -> None:
    """Golden: a change here is a change of every image, and needs a new layout number."""
    layer = small_layer(new_layout(tmp_path))
    assert layer.diff_id == "sha256:9c538c5ccbf1594f7288afaabaa0863b46417f7119d45b53b8b5e0e9e00fc9d0"
    assert layer.descriptor.digest == "sha256:5b9954552ff081031722377eb245d22e307aeabdf99982ac717d152d059512aa"
    assert (layer.descriptor.media_type, layer.files) == (LAYER_TYPE, len(FILES))


def test_entries_are_sorted_with_their_folders_first(tmp_path: Path) -> None:
    found = entries(tmp_path, small_layer(new_layout(tmp_path)))
    assert [(each.name, each.type, each.mode) for each in found] == [
        ("opt", tarfile.DIRTYPE, 0o755),
        ("opt/env", tarfile.DIRTYPE, 0o755),
        ("opt/env/bin", tarfile.DIRTYPE, 0o755),
        ("opt/env/bin/hello", tarfile.REGTYPE, 0o755),
        ("opt/env/bin/hi", tarfile.SYMTYPE, 0o777),
        ("opt/env/lib", tarfile.DIRTYPE, 0o755),
        ("opt/env/lib/café.txt", tarfile.REGTYPE, 0o644),
        ("opt/env/lib/empty", tarfile.REGTYPE, 0o644),
        (f"opt/env/{LONG}", tarfile.REGTYPE, 0o644),
    ]
    assert {(e.uid, e.gid, e.uname, e.gname, e.mtime) for e in found} == {(0, 0, "", "", 0)}


def test_pax_headers_stand_only_where_ustar_has_no_room(tmp_path: Path) -> None:
    found = entries(tmp_path, small_layer(new_layout(tmp_path)))
    assert {e.name: sorted(e.pax_headers) for e in found if e.pax_headers} == {
        "opt/env/lib/café.txt": ["path"],
        f"opt/env/{LONG}": ["path"],
    }


def test_content_comes_back(tmp_path: Path) -> None:
    layout = new_layout(tmp_path)
    layer = small_layer(layout)
    with tarfile.open(layout.blob_path(layer.descriptor.digest)) as archive:
        for each in FILES:
            member = archive.getmember(f"opt/env/{each.path}")
            stream = archive.extractfile(member) if each.content else None
            assert (stream.read() if stream else None) == (getattr(each.content, "data", None))
            assert member.linkname == (each.link or "")


def reversed_files(tmp_path: Path) -> Layer:
    return write_layer(new_layout(tmp_path), reversed(FILES), root=ROOT)


def other_umask(tmp_path: Path) -> Layer:
    before = os.umask(0o077)
    try:
        return small_layer(new_layout(tmp_path))
    finally:
        os.umask(before)


def eight_threads(tmp_path: Path) -> Layer:
    return write_layer(new_layout(tmp_path), FILES, root=ROOT, threads=8)


def root_with_slash(tmp_path: Path) -> Layer:
    return write_layer(new_layout(tmp_path), iter(FILES), root="opt/env/")


@pytest.mark.parametrize("other", [reversed_files, other_umask, eight_threads, root_with_slash])
def test_the_same_files_give_the_same_layer(tmp_path: Path, other: Callable[[Path], Layer]) -> None:
    assert other(tmp_path / "other") == small_layer(new_layout(tmp_path / "one"))


def test_blobs_are_for_all_to_read_and_none_to_write(tmp_path: Path) -> None:
    other_umask(tmp_path)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "blobs" / "sha256").iterdir()}
    assert modes == {0o444}


PLAIN = "is not a plain path below the prefix"
REFUSED = [
    ([file("/etc/passwd")], f"`/etc/passwd` {PLAIN}"),
    ([file("../etc/passwd")], f"`../etc/passwd` {PLAIN}"),
    ([file("lib/../../x")], f"`lib/../../x` {PLAIN}"),
    ([file("lib/..")], f"`lib/..` {PLAIN}"),
    ([file("")], f"`` {PLAIN}"),
    ([file(".")], f"`.` {PLAIN}"),
    ([file("lib/./x")], f"`lib/./x` {PLAIN}"),
    ([file("lib//x")], f"`lib//x` {PLAIN}"),
    ([file("lib/")], f"`lib/` {PLAIN}"),
    ([file("a\0b")], f"`a\\x00b` {PLAIN}"),
    ([file("a\udc80")], "`a\\udc80` is not UTF-8"),
    ([file("a"), file("a")], "`a` stands twice in one layer"),
    ([file("a"), link("a", "b")], "`a` stands twice in one layer"),
    ([link("lib", "/etc"), file("lib/x")], "`opt/env/lib/x` runs through `opt/env/lib`, which is a symbolic link in the"
     " same layer"),
    ([file("a/b/c/d"), link("a/b", "..")], "`opt/env/a/b/c/d` runs through `opt/env/a/b`, which is a symbolic link in"
     " the same layer"),
    ([file("a"), file("a/b")], "`opt/env/a/b` runs through `opt/env/a`, which is a file in the same layer"),
    ([file("lib/.wh.site.py")], "`lib/.wh.site.py` would hide files of other layers: names that start with `.wh.` are"
     " reserved"),
    ([file(".wh..wh..opq/x")], "`.wh..wh..opq/x` would hide files of other layers: names that start with `.wh.` are"
     " reserved"),
    ([link("a", "")], "`a` is a link that leads nowhere"),
    ([link("a", "b\0c")], "`a` is a link that leads nowhere"),
    ([link("a", "\udc80")], "`a` is a link that leads nowhere"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "message"), REFUSED, ids=lambda each: repr(each)[:40])
def test_a_path_that_could_do_harm_is_refused(tmp_path: Path, files: list[PrefixFile], message: str) -> None:
    layout = new_layout(tmp_path)
    with pytest.raises(OutsideError) as error:
        write_layer(layout, files, root=ROOT)
    assert error.value.message == message
    assert no_blobs(tmp_path)


@dataclass(frozen=True)
class Liar:
    """A file that changed between the look at its size and the reading."""

    size: int
    data: bytes

    def chunks(self) -> Iterator[bytes]:
        yield self.data


@pytest.mark.parametrize(
    ("content", "message"),
    [(Liar(3, b"four"), "has more than its 3 bytes"), (Liar(5, b"four"), "has less than its 5 bytes")],
)
def test_content_of_another_length_is_refused(tmp_path: Path, content: Liar, message: str) -> None:
    with pytest.raises(OutsideError) as error:
        write_layer(new_layout(tmp_path), [PrefixFile(path="x", content=content)], root=ROOT)
    assert error.value.message == f"`opt/env/x` {message}"
    assert no_blobs(tmp_path)


def no_blobs(root: Path) -> bool:
    return sorted(path.name for path in root.rglob("*") if path.is_file()) == ["oci-layout"]


def test_memory_does_not_grow_with_the_files(tmp_path: Path) -> None:
    """1 GiB in one file, with as many threads as are ever used."""
    printed = run_python(f"""
from pathlib import Path
from envlock.model.files import PrefixFile
from envlock.oci.layer import write_layer
from tests.support.oci_images import Repeated, new_layout

content = Repeated(1 << 30)
layer = write_layer(new_layout(Path({str(tmp_path)!r})), [PrefixFile(path="x", content=content)], root="/", threads=8)
print(layer.descriptor.size)
# the peak of this process alone: rusage would add that of its parent
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line))
""")
    size, peak = map(int, printed.split())
    assert 0 < size < 1 << 30
    assert peak < 200 << 10  # KiB


names = st.text("ab/", min_size=1, max_size=300).map(lambda text: "/".join(filter(None, text.split("/"))) or "a")
odd_names = names | st.text("aé\U0001f600", min_size=1, max_size=60)
numbers = st.sampled_from([0, 1, 1000, 8**7 - 1, 8**7])


@given(
    path=odd_names,
    owned=st.tuples(st.sampled_from([0o644, 0o755, 0o4755, 0o777]), numbers, numbers),
    size=st.sampled_from([0, 1, 8**11 - 1, 8**11]),
    kind=st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE]),
)
def test_headers_are_those_that_tarfile_writes(path: str, owned: tuple[int, int, int], size: int, kind: bytes) -> None:
    info = tarfile.TarInfo(path)
    (info.mode, info.uid, info.gid), info.size, info.type = owned, size, kind
    assert owned_header(path, owned, size=size, kind=kind) == as_tarfile_writes(info)


@given(path=odd_names, target=odd_names | st.integers(99, 101).map(lambda length: "x" * length))
def test_headers_of_links_are_those_that_tarfile_writes(path: str, target: str) -> None:
    info = tarfile.TarInfo(path)
    info.mode, info.type, info.linkname = 0o777, tarfile.SYMTYPE, target
    assert owned_header(path, (0o777, 0, 0), size=0, kind=tarfile.SYMTYPE, link=target) == as_tarfile_writes(info)


def as_tarfile_writes(info: tarfile.TarInfo) -> bytes:
    try:
        return info.tobuf(tarfile.USTAR_FORMAT, "ascii", "strict")
    except ValueError:
        return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")
