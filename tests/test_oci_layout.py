"""Layout directories: blobs by digest, whole or not there; what others wrote is checked."""

import hashlib
import json
import resource
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import OutsideError
from envlock.model.image import MANIFEST_TYPE, Descriptor
from envlock.oci.index import IndexEntry
from envlock.oci.layout import MOST_READ, Layout
from tests.support.oci_images import new_layout

HELLO = hashlib.sha256(b"hello").hexdigest()
DIGEST = f"sha256:{HELLO}"
OTHER = f"sha256:{'0' * 64}"
ENTRY = {"mediaType": MANIFEST_TYPE, "digest": DIGEST, "size": 5}


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return new_layout(tmp_path / "layout")


def names(layout: Layout) -> list[str]:
    return sorted(str(path.relative_to(layout.root)) for path in layout.root.rglob("*") if path.is_file())


def test_put_names_a_blob_by_its_digest(layout: Layout) -> None:
    descriptor = layout.put(b"hello", "text/plain")
    assert descriptor == Descriptor(media_type="text/plain", digest=DIGEST, size=5)
    assert layout.has(descriptor)
    assert layout.has(DIGEST)
    assert layout.read(descriptor) == layout.read(DIGEST) == b"hello"
    assert names(layout) == [f"blobs/sha256/{HELLO}", "oci-layout"]


def test_create_keeps_what_is_there(layout: Layout) -> None:
    layout.put(b"hello", "text/plain")
    layout.create()
    assert layout.has(DIGEST)


def test_a_blob_of_another_size_is_not_had(layout: Layout) -> None:
    descriptor = layout.put(b"hello", "text/plain")
    layout.blob_path(DIGEST).chmod(0o644)
    layout.blob_path(DIGEST).write_bytes(b"hell")
    assert not layout.has(descriptor)
    assert layout.put(b"hello", "text/plain") == descriptor
    assert layout.has(descriptor)


def test_a_blob_is_streamed(layout: Layout) -> None:
    with layout.writer(digest=DIGEST, size=5) as blob:
        blob.write(b"hel")
        assert not layout.has(DIGEST)
        blob.write(b"lo")
    assert blob.descriptor("text/plain") == Descriptor(media_type="text/plain", digest=DIGEST, size=5)
    assert layout.has(DIGEST)


@pytest.mark.parametrize(
    ("digest", "size", "message"),
    [
        (OTHER, None, f"a blob is {DIGEST}, expected {OTHER}"),
        (OTHER, 5, f"a blob is {DIGEST}, expected {OTHER}"),
        (DIGEST, 6, f"`{DIGEST}` has 5 bytes, expected 6"),
        (DIGEST, 4, f"`{DIGEST}` has more than 4 bytes, expected 4"),
        (None, 0, "a blob has more than 0 bytes, expected 0"),
    ],
)
def test_a_blob_that_is_not_as_expected_is_not_kept(
    layout: Layout, digest: str | None, size: int | None, message: str
) -> None:
    with pytest.raises(OutsideError) as error, layout.writer(digest=digest, size=size) as blob:
        blob.write(b"hello")
    assert error.value.message == message
    assert names(layout) == ["oci-layout"]


def break_off(layout: Layout) -> None:
    with layout.writer() as blob:
        blob.write(b"hello")
        raise ConnectionResetError


def break_off_where_there_is_no_room(layout: Layout) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        with layout.writer() as blob:
            blob.write(b"not yet on the disk")
            resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
            raise ConnectionResetError
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_what_broke_off_a_blob_is_said_though_there_is_no_room_either(layout: Layout) -> None:
    with pytest.raises(ConnectionResetError):
        break_off_where_there_is_no_room(layout)


def test_a_blob_that_breaks_off_is_not_kept(layout: Layout) -> None:
    with pytest.raises(ConnectionResetError):
        break_off(layout)
    assert names(layout) == ["oci-layout"]


@pytest.mark.parametrize(
    "digest",
    ["", "sha256:", HELLO, f"sha512:{HELLO}", f"sha256:{HELLO[1:]}", f"sha256:{HELLO}0", DIGEST.upper(),
     f"sha256:../{HELLO[3:]}", "sha256:../../oci-layout", f"{DIGEST}\n"],
)  # fmt: skip
def test_only_digests_become_paths(layout: Layout, digest: str) -> None:
    with pytest.raises(OutsideError, match="is not a digest"):
        layout.blob_path(digest)


def test_a_broken_blob_is_not_read(layout: Layout) -> None:
    path = layout.blob_path(OTHER)
    path.write_bytes(b"hello")
    with pytest.raises(OutsideError) as error:
        layout.read(OTHER)
    assert error.value.message == f"`{path}` is broken: its digest is {DIGEST}"


def test_a_missing_blob_is_named(layout: Layout) -> None:
    with pytest.raises(OutsideError) as error:
        layout.read(DIGEST)
    assert error.value.message == f"`{layout.blob_path(DIGEST)}` is missing"


def test_what_is_read_whole_has_a_limit(layout: Layout) -> None:
    descriptor = layout.put(bytes(MOST_READ + 1), "text/plain")
    with pytest.raises(OutsideError, match=f"more than the {MOST_READ} bytes"):
        layout.read(descriptor)


def test_an_index_comes_back(layout: Layout) -> None:
    descriptor = layout.put(b"hello", MANIFEST_TYPE)
    bare = IndexEntry(descriptor=descriptor)
    full = IndexEntry(descriptor=descriptor, os="linux", architecture="arm64", variant="v8", annotations={"a": "b"})
    layout.write_index([bare, full])
    assert layout.manifests() == (bare, full)
    layout.write_index([full])
    assert layout.manifests() == (full,)


INDEXES: list[tuple[Any, str]] = [
    ([], "the document is [], expected an object"),
    ({}, "`manifests` is missing"),
    ({"manifests": None}, "`manifests` is missing"),
    ({"manifests": {}}, "`manifests` is {}, expected a list"),
    ({"manifests": [5]}, "`manifests[0]` is 5, expected an object"),
    ({"manifests": [{}]}, "`manifests[0].mediaType` is missing"),
    ({"manifests": [ENTRY, {**ENTRY, "mediaType": 1}]}, "`manifests[1].mediaType` is 1, expected text"),
    ({"manifests": [{**ENTRY, "digest": "../../x"}]},
     '`manifests[0].digest` is "../../x", expected a digest (sha256: and 64 hex digits)'),
    ({"manifests": [{**ENTRY, "size": -1}]}, "`manifests[0].size` is -1, expected a number of at least 0"),
    ({"manifests": [{**ENTRY, "size": True}]}, "`manifests[0].size` is true, expected a number of at least 0"),
    ({"manifests": [{**ENTRY, "size": 5.0}]}, "`manifests[0].size` is 5.0, expected a number of at least 0"),
    ({"manifests": [{**ENTRY, "platform": []}]}, "`manifests[0].platform` is [], expected an object"),
    ({"manifests": [{**ENTRY, "platform": {"os": 1}}]}, "`manifests[0].platform.os` is 1, expected text"),
    ({"manifests": [{**ENTRY, "annotations": {"a": ["b"]}}]},
     '`manifests[0].annotations.a` is ["b"], expected text'),
    ({"manifests": [{**ENTRY, "annotations": {"a": None}}]}, "`manifests[0].annotations.a` is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("index", "message"), INDEXES)
def test_a_broken_index_says_what_is_wrong(layout: Layout, index: Any, message: str) -> None:
    path = layout.root / "index.json"
    path.write_text(json.dumps(index))
    with pytest.raises(OutsideError) as error:
        layout.manifests()
    assert error.value.message == f"{path}: {message}"


@pytest.mark.parametrize(
    "text",
    ["", "{", '{"manifests": [NaN]}', '{"a": "\\ud800"}', "[" * 100_000, '{"size": ' + "9" * 10_000 + "}", "\xff"],
    ids=lambda text: text[:20],
)
def test_what_is_not_json_is_said_to_be_none(layout: Layout, text: str) -> None:
    path = layout.root / "index.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(OutsideError) as error:
        layout.manifests()
    assert error.value.message.startswith(f"{path}: not JSON (")


def test_a_folder_that_is_no_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutsideError) as error:
        Layout(tmp_path).manifests()
    assert error.value.message == f"`{tmp_path}` is not an OCI image layout: it has no `oci-layout`"


def test_a_layout_without_index_is_refused(layout: Layout) -> None:
    with pytest.raises(OutsideError) as error:
        layout.manifests()
    assert error.value.message == f"`{layout.root / 'index.json'}` is missing"


def test_a_layout_of_another_version_is_refused(layout: Layout) -> None:
    path = layout.root / "oci-layout"
    path.write_text('{"imageLayoutVersion": "2.0.0"}')
    with pytest.raises(OutsideError) as error:
        layout.manifests()
    assert error.value.message == f"`{path}` is of version 2.0.0, expected 1.0.0"
