"""Files of an image, as its layers make them together, and what a layer may not do."""

import gzip
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.images.rootfs import Rootfs
from envlock.model.image import DOCKER_MANIFEST_TYPE, LAYER_TYPE, Descriptor
from envlock.oci.layout import Layout
from tests.support.layered_images import (
    TAR_TYPE,
    Member,
    add_layer,
    device,
    file,
    folder,
    hard_link,
    link,
    new_layout,
    tar_of,
)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return new_layout(tmp_path / "layout")


def rootfs(layout: Layout, *layers: tuple[Member, ...]) -> Rootfs:
    """The layers from the lowest up."""
    return Rootfs(layout, [add_layer(layout, *members) for members in layers])


def text(files: Rootfs, path: str) -> str:
    return b"".join(files.chunks(path)).decode()


def test_the_upper_layer_wins(layout: Layout) -> None:
    files = rootfs(
        layout, (folder("etc"), file("etc/name", b"old"), file("etc/kept", b"kept")), (file("etc/name", b"new"),)
    )
    assert (text(files, "/etc/name"), text(files, "etc/kept")) == ("new", "kept")
    assert files.find("/etc") == ("/etc/kept", "/etc/name")


def test_the_later_of_two_members_of_one_name_wins(layout: Layout) -> None:
    files = rootfs(layout, (file("name", b"first"), file("./name", b"second")))
    assert text(files, "/name") == "second"


BELOW = (folder("a"), file("a/x", b"x"), file("a/y", b"y"), folder("a/b"), file("a/b/z", b"z"), file("c", b"c"))


@pytest.mark.parametrize(
    ("above", "left"),
    [
        ((file("a/.wh.x"),), {"/a/y", "/a/b/z", "/c"}),
        ((file(".wh.a"),), {"/c"}),
        ((file("a/.wh.b"), file(".wh.c")), {"/a/x", "/a/y"}),
        ((file("a/.wh..wh..opq"),), {"/c"}),
        ((folder("a"), file("a/.wh..wh..opq"), file("a/new", b"n")), {"/a/new", "/c"}),
        # what is whited out is what lies below, wherever in the layer the whiteout stands
        ((file("a/new", b"n"), file("a/.wh..wh..opq")), {"/a/new", "/c"}),
        ((file("a/x", b"n"), file("a/.wh.x")), {"/a/x", "/a/y", "/a/b/z", "/c"}),
        ((file(".wh.a"), file("a/new", b"n")), {"/a/new", "/c"}),
        # what is not there cannot be taken away, and old storage drivers' notes are not files
        ((file(".wh.nothing"), file("no/.wh.where"), file("c/.wh.x")), {"/a/x", "/a/y", "/a/b/z", "/c"}),
        ((file(".wh..wh.plnk"), file("a/.wh..wh.aufs")), {"/a/x", "/a/y", "/a/b/z", "/c"}),
        # a file in place of a directory, and a directory in place of a file
        ((file("a", b"a file"),), {"/a", "/c"}),
        ((folder("c"), file("c/d", b"d")), {"/a/x", "/a/y", "/a/b/z", "/c/d"}),
    ],
)
def test_what_layers_take_away(layout: Layout, above: tuple[Member, ...], left: set[str]) -> None:
    assert files_of(rootfs(layout, BELOW, above)) == left


def test_what_was_taken_away_does_not_come_back_with_its_name(layout: Layout) -> None:
    files = rootfs(layout, BELOW, (file("a", b"a file"),), (folder("a"), file("a/new", b"n")))
    assert files_of(files) == {"/a/new", "/c"}


def files_of(files: Rootfs, directory: str = "/") -> set[str]:
    """All files below a directory."""
    found: set[str] = set()
    for path in files.find(directory):
        below = files_of(files, path)
        is_file = not below and files.resolve(path) and _readable(files, path)
        found |= {path} if is_file else below
    return found


def _readable(files: Rootfs, path: str) -> bool:
    try:
        files.chunks(path)
    except OutsideError:
        return False
    return True


LINKS = (
    folder("usr"), folder("usr/bin"), file("usr/bin/tool", b"tool"),
    link("bin", "usr/bin"), link("absolute", "/usr/bin/tool"), link("usr/up", "../../../../usr/bin/tool"),
    link("first", "second"), link("second", "bin/third"), link("usr/bin/third", "tool"),
    link("round", "about"), link("about", "round"), link("self", "self/x"), link("nowhere", "not/there"),
    link("dots", "usr/./bin/../bin//tool"), link("root", "/.."), link("through", "usr/bin/tool/x"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "real"),
    [
        ("/bin/tool", "/usr/bin/tool"),
        ("/absolute", "/usr/bin/tool"),
        ("/usr/up", "/usr/bin/tool"),
        ("/first", "/usr/bin/tool"),
        ("/dots", "/usr/bin/tool"),
        ("/bin/../up", "/usr/bin/tool"),
        ("/../../bin", "/usr/bin"),
        ("/root/bin", "/usr/bin"),
        ("/", "/"),
        ("/round", None),
        ("/self", None),
        ("/nowhere", None),
        ("/through", None),
        ("/bin/tool/../tool", None),
    ],
)
def test_symbolic_links_are_followed_within_the_root(layout: Layout, path: str, real: str | None) -> None:
    files = rootfs(layout, LINKS)
    assert files.resolve(path) == real
    assert files.exists(path) == (real is not None)


@pytest.mark.parametrize(("length", "there"), [(40, True), (41, False)])
def test_as_many_links_as_linux_follows(layout: Layout, length: int, there: bool) -> None:
    links = tuple(link(f"link{n}", f"link{n - 1}") for n in range(1, length + 1))
    assert rootfs(layout, (file("link0", b"end"), *links)).exists(f"/link{length}") is there


def test_a_layer_may_write_through_a_link_of_a_lower_one(layout: Layout) -> None:
    files = rootfs(layout, LINKS, (file("bin/added", b"added"), file("bin/.wh.tool")))
    assert text(files, "/usr/bin/added") == "added"
    assert not files.exists("/usr/bin/tool")


def test_hard_links_are_other_names_of_the_same_bytes(layout: Layout) -> None:
    below = (file("a", b"bytes"), hard_link("b", "a"), hard_link("c", "./b"))
    files = rootfs(layout, below, (hard_link("d", "c"), file("a", b"changed")), (file(".wh.b"),))
    assert [text(files, path) for path in ("/a", "/c", "/d")] == ["changed", "bytes", "bytes"]
    assert not files.exists("/b")


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (file("../out"), "names `../out`, which is outside of the image"),
        (file("a/../../out"), "names `a/../../out`, which is outside of the image"),
        (file("/etc/passwd"), "names `/etc/passwd`, which is outside of the image"),
        (hard_link("in", "../out"), "names `../out`, which is outside of the image"),
        (hard_link("in", "/etc/passwd"), "names `/etc/passwd`, which is outside of the image"),
        (hard_link("in", "nothing"), "links to `nothing`, which is not a file of the image"),
        (hard_link("in", "kept"), "links to `kept`, which is not a file of the image"),
        (file("file/below"), "puts `file/below` below what is not a directory"),
    ],
)
def test_layers_that_reach_outside_are_refused(layout: Layout, member: Member, message: str) -> None:
    layer = add_layer(layout, folder("kept"), file("file"), member)
    with pytest.raises(OutsideError) as caught:
        Rootfs(layout, [layer])
    assert caught.value.message == f"layer `{layer.digest}` {message}"


@pytest.mark.parametrize("path", ["/kept", "/device", "/not/there", "/dangling"])
def test_only_files_are_read(layout: Layout, path: str) -> None:
    files = rootfs(layout, (folder("kept"), device("device"), link("dangling", "/etc/passwd")))
    with pytest.raises(OutsideError, match=f"`{path}` is not a file of the image"):
        files.chunks(path)


def test_long_and_foreign_names(layout: Layout) -> None:
    long, latin = "long/" * 60 + "name", b"caf\xe9".decode(errors="surrogateescape")
    files = rootfs(layout, (folder("."), folder("/"), file(f"./{long}", b"long"), file(latin, b"latin")))
    assert (text(files, f"/{long}"), text(files, f"/{latin}")) == ("long", "latin")


def test_gzip_in_several_members_and_plain_tars(layout: Layout) -> None:
    tar = tar_of([file("first", b"1" * 3000), file("second", b"2")])
    parts = gzip.compress(tar[:700]) + gzip.compress(tar[700:])
    for content, media_type in (
        (parts, LAYER_TYPE),
        (tar, TAR_TYPE),
        (parts, _docker("tar.gzip")),
        (tar, _docker("tar")),
    ):
        files = Rootfs(layout, [layout.put(content, media_type)])
        assert text(files, "/second") == "2"


def _docker(form: str) -> str:
    return DOCKER_MANIFEST_TYPE.partition("distribution")[0] + f"image.rootfs.diff.{form}"


def test_an_empty_layer_changes_nothing(layout: Layout) -> None:
    empty = layout.put(gzip.compress(b"\0" * 1024), LAYER_TYPE)
    files = Rootfs(layout, [add_layer(layout, *BELOW), empty])
    assert "/a/x" in files_of(files)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"not gzip", "Not a gzipped file"),
        (gzip.compress(tar_of([file("a", bytes(range(256)) * 40)]), mtime=0)[:-30], "Compressed file ended"),
        (gzip.compress(b"not a tar" * 200, mtime=0), "invalid header"),
        (b"", "empty file"),
    ],
    # not the bytes themselves: every worker must give a test the same name
    ids=["no gzip", "cut off", "no tar", "nothing"],
)
def test_broken_layers(layout: Layout, content: bytes, reason: str) -> None:
    layer = layout.put(content, LAYER_TYPE)
    with pytest.raises(OutsideError, match=reason) as caught:
        Rootfs(layout, [layer])
    assert caught.value.message.startswith(f"layer `{layer.digest}` cannot be read (")


def test_zstd_layers_are_named_as_not_supported(layout: Layout) -> None:
    layer = Descriptor(media_type=f"{TAR_TYPE}+zstd", digest=f"sha256:{'0' * 64}", size=1)
    with pytest.raises(OutsideError, match="which cannot be looked into") as caught:
        Rootfs(layout, [layer])
    assert "zstd is not supported" in str(caught.value.hint)
