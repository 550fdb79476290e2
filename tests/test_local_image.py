"""Images in folders and tars: what one reader would take for the image, and another for another."""

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import OutsideError, UserInputError
from envlock.model.image import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE
from envlock.oci.image_files import FolderFiles, TarFiles
from envlock.oci.index import IMAGE_NAME, REFERENCE_NAME
from envlock.oci.layout import Layout
from envlock.oci.local_image import LocalImage
from tests.support.layered_images import Member, file, folder, hard_link, link
from tests.support.poisoned import Json

EVIL = f"sha256:{'e' * 64}"


def written(root: Path) -> Json:
    """A small image in a layout, as `build --output` writes it, with what Docker goes by; its `index.json`."""
    layout = Layout(root)
    layout.create()
    config = layout.put(b'{"architecture":"amd64","os":"linux"}', CONFIG_TYPE)
    layer = layout.put(b"layer", LAYER_TYPE)
    fields = {"schemaVersion": 2, "mediaType": MANIFEST_TYPE, "config": config.json(), "layers": [layer.json()]}
    manifest = layout.put(json.dumps(fields).encode(), MANIFEST_TYPE)
    platform = {"os": "linux", "architecture": "amd64"}
    names = {REFERENCE_NAME: "lock-1", IMAGE_NAME: "registry.test/train:lock-1"}
    entry = {**manifest.json(), "platform": platform, "annotations": names}
    index = {"schemaVersion": 2, "manifests": [entry]}
    (root / "index.json").write_text(json.dumps(index))
    paths = [f"blobs/sha256/{blob.digest.partition(':')[2]}" for blob in (config, layer)]
    docker = [{"Config": paths[0], "Layers": paths[1:], "RepoTags": ["registry.test/train:lock-1"]}]
    (root / "manifest.json").write_text(json.dumps(docker))
    return index


def members(root: Path) -> list[Member]:
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*"))
    return [folder(n) if (root / n).is_dir() else file(n, (root / n).read_bytes()) for n in names]


def packed(root: Path, *more: Member) -> Path:
    path = root.with_suffix(".tar")
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        for member, content in (*members(root), *more):
            archive.addfile(member, io.BytesIO(content))
    return path


def problems(path: Path) -> list[str]:
    files = FolderFiles(path) if path.is_dir() else TarFiles(path)
    return [*LocalImage(files, path.name).problems()]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    written(tmp_path / "image")
    return tmp_path / "image"


def test_what_is_as_it_should_be_has_no_problems(root: Path) -> None:
    assert problems(root) == problems(packed(root)) == []


def renamed(name: str) -> Member:
    """By the extended header that readers of today go by."""
    member, content = file("harmless", b"{}")
    member.pax_headers = {"path": name}
    return member, content


@pytest.mark.parametrize(
    "more",
    [
        file(".//index.json", b"{}"),
        file("blobs/../index.json", b"{}"),
        file("/index.json", b"{}"),
        renamed("./x/../index.json"),
        link("index.json", "/etc/passwd"),
        hard_link("index.json", "manifest.json"),
        file("repositories", b"{}"),
        folder("index.json/evil"),
    ],
    ids=lambda each: each[0].pax_headers.get("path", each[0].name),
)
def test_a_name_that_some_unpack_over_another_is_told(root: Path, more: Member) -> None:
    (line,) = problems(packed(root, more))
    assert line == f"it holds `{more[0].pax_headers.get('path', more[0].name)}`, which is no file of an image"


def test_a_name_that_stands_twice_is_refused(root: Path) -> None:
    for name in ("index.json", "./index.json", "./manifest.json"):
        with pytest.raises(OutsideError, match="twice"):
            TarFiles(packed(root, file(name, b"{}")))


@pytest.mark.parametrize("between", [bytes(512), b"no header".ljust(512, b"\0"), bytes(1024)])
def test_what_stands_behind_the_end_is_told(root: Path, between: bytes) -> None:
    """A block that ends a tar for one reader is skipped by another."""
    path = packed(root)
    with tarfile.open(path) as archive:
        archive.getmembers()
        end = archive.offset
    more = io.BytesIO()
    with tarfile.open(fileobj=more, mode="w") as archive:
        archive.addfile(file("index.json")[0])
    path.write_bytes(path.read_bytes()[:end] + between + more.getvalue())
    assert problems(path) == ["it holds more behind its end"]


def test_extended_headers_are_not_read_without_bound(root: Path) -> None:
    huge = tarfile.TarInfo("evil")
    huge.type, huge.size = tarfile.XHDTYPE, 50 << 20
    path = packed(root)
    path.write_bytes(huge.tobuf() + path.read_bytes())
    with pytest.raises(OutsideError, match="one of its headers has 52428800 bytes"):
        TarFiles(path)
    fields = {f"evil.{number}": "1" for number in range(2_000)}
    path.write_bytes(tarfile.TarInfo.create_pax_global_header(fields) + packed(root).read_bytes())
    with pytest.raises(OutsideError, match="more than 1000 fields"):
        TarFiles(path)


def changed(root: Path, name: str, change: Callable[[Any], object]) -> None:
    document = json.loads((root / name).read_bytes())
    change(document)
    (root / name).write_text(json.dumps(document))


CHANGES: list[tuple[str, Callable[[Any], object], str]] = [
    ("index.json", lambda index: index.update(Manifests=[]), "`index.json` has fields that it should not have: Manif"),
    (
        "index.json",
        lambda index: index["manifests"][0].update(Digest=EVIL),
        "`index.json` has fields that it should not have: Digest",
    ),
    (
        "index.json",
        lambda index: index["manifests"].append({**index["manifests"][0], "mediaType": "application/evil"}),
        "which is no image (`application/evil`)",
    ),
    (
        "index.json",
        lambda index: index["manifests"][0].update(mediaType="application/vnd.oci.image.index.v1+json"),
        "says that the image's document is of type `application/vnd.oci.image.index.v1+json`, and it is not",
    ),
    ("manifest.json", lambda images: images[0].update(layers=[]), "`manifest.json` has fields that it should not h"),
    (
        "manifest.json",
        lambda images: images[0].update(Config="evil/" + images[0]["Config"].rpartition("/")[2]),
        "names another config or other layers",
    ),
]


@pytest.mark.parametrize(("name", "change", "words"), CHANGES, ids=range(len(CHANGES)))
def test_what_names_an_image_is_read_as_engines_do(
    root: Path, name: str, change: Callable[[Any], object], words: str
) -> None:
    changed(root, name, change)
    (line,) = problems(root)
    assert words in line


def test_a_name_for_containerd_is_a_tag_too(root: Path) -> None:
    changed(root, "index.json", lambda index: index["manifests"][0]["annotations"].update({IMAGE_NAME: "x/y:lock-2"}))
    assert LocalImage(FolderFiles(root), "image").tags == ("lock-1", "lock-2")


def test_a_key_that_stands_twice_is_refused(root: Path) -> None:
    text = (root / "index.json").read_text()
    (root / "index.json").write_text(text.replace('{"schemaVersion": 2', '{"manifests": [], "schemaVersion": 2'))
    with pytest.raises(OutsideError, match="a key stands twice in an object"):
        problems(root)


def test_one_image_is_named_where_there_are_several(root: Path) -> None:
    changed(root, "index.json", lambda index: index["manifests"].append({**index["manifests"][0], "digest": EVIL}))
    with pytest.raises(UserInputError, match="`image` holds 2 images"):
        LocalImage(FolderFiles(root), "image")
