"""Images for others: one tar that OCI tools and Docker both load, and layout directories."""

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from envlock.errors import OutsideError, UserInputError
from envlock.model.files import PrefixFile
from envlock.model.image import Image
from envlock.oci.archive import archive_chunks, export_layout, write_archive
from envlock.oci.image import ConfigChanges, NamedLayer, assemble, read_base, scratch, store
from envlock.oci.layer import write_layer
from envlock.oci.layout import Layout
from envlock.oci.validate import problems
from tests.support.docker_engine import Engine
from tests.support.oci_images import Repeated, new_layout, small_image
from tests.support.processes import run, run_python
from tests.support.services import require

NAMES = ("example:lock-1", "registry.test:5000/team/example:v1")
FULL_NAMES = ["docker.io/library/example:lock-1", "registry.test:5000/team/example:v1"]


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return small_image(new_layout(tmp_path / "cache"))


def skopeo(*arguments: str) -> str:
    return run((require("skopeo", "skopeo"), "--insecure-policy", *arguments))


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def blobs_of(image: Image) -> list[str]:
    manifest = json.loads(Layout(image.layout).read(image.manifest))
    found = [image.manifest.digest, manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])]
    return sorted(f"blobs/sha256/{digest.removeprefix('sha256:')}" for digest in found)


def test_the_archive_has_layout_and_docker_manifest(image: Image) -> None:
    data = b"".join(archive_chunks(image, NAMES))
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = archive.getmembers()
        files = {each.name: stream.read() for each in members if (stream := archive.extractfile(each))}
    assert [each.name for each in members] == [
        *("blobs", "blobs/sha256", "oci-layout", "index.json", "manifest.json"),
        *blobs_of(image),
    ]
    assert {(e.mtime, e.uid, e.gid, e.uname, e.gname) for e in members} == {(0, 0, 0, "", "")}
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    (docker,) = json.loads(files["manifest.json"])
    assert docker["RepoTags"] == FULL_NAMES
    assert {docker["Config"], *docker["Layers"]} < files.keys()
    named = json.loads(files["index.json"])["manifests"]
    assert [each["annotations"] for each in named] == [
        {"io.containerd.image.name": FULL_NAMES[0], "org.opencontainers.image.ref.name": "lock-1"},
        {"io.containerd.image.name": FULL_NAMES[1], "org.opencontainers.image.ref.name": "v1"},
    ]
    assert {each["digest"] for each in named} == {image.manifest.digest}
    assert [each["platform"] for each in named] == [{"architecture": "amd64", "os": "linux"}] * 2


def test_an_archive_is_the_same_anywhere(tmp_path: Path, image: Image) -> None:
    other = small_image(new_layout(tmp_path / "other"))
    assert b"".join(archive_chunks(image, NAMES)) == b"".join(archive_chunks(other, (*NAMES, NAMES[0])))


def test_an_image_without_a_name_is_written(image: Image) -> None:
    with tarfile.open(fileobj=io.BytesIO(b"".join(archive_chunks(image, ())))) as archive:
        index, docker = (archive.extractfile(name) for name in ("index.json", "manifest.json"))
        assert index is not None and docker is not None  # noqa: PT018 (two members of one archive)
        assert "annotations" not in json.load(index)["manifests"][0]
        assert json.load(docker)[0]["RepoTags"] == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Example:1", "`Example` is not a repository name"),
        ("example:", "`` is not a tag"),
        ("a/../x:1", "`a/../x` is not a repository name"),
        (f"example@sha256:{'0' * 64}", f"`example@sha256:{'0' * 64}` names an image by digest, expected a tag"),
    ],
)
def test_a_name_that_is_none_is_refused_and_nothing_written(
    tmp_path: Path, image: Image, name: str, message: str
) -> None:
    for write in (write_archive, lambda i, n, p: export_layout(i, p, n)):
        with pytest.raises(UserInputError) as error:
            write(image, [name], tmp_path / "out" / "image.tar")
        assert error.value.message == message
        assert tree(tmp_path).keys() == {f"cache/{path}" for path in tree(image.layout)}


def test_writing_replaces_an_archive_whole(tmp_path: Path, image: Image) -> None:
    path = tmp_path / "new" / "image.tar"
    before = os.umask(0o027)
    try:
        write_archive(image, NAMES, path)
    finally:
        os.umask(before)
    written = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o640
    assert written == b"".join(archive_chunks(image, NAMES))
    blob = Layout(image.layout).blob_path(image.manifest.digest)
    blob.unlink()
    with pytest.raises(OutsideError, match="is missing"):
        write_archive(image, NAMES, path)
    assert tree(path.parent) == {"image.tar": written}


def test_an_archive_is_no_folder(tmp_path: Path, image: Image) -> None:
    with pytest.raises(UserInputError, match="is a folder, expected the name of a file"):
        write_archive(image, NAMES, tmp_path)


def test_skopeo_reads_layout_and_archive(tmp_path: Path, image: Image) -> None:
    write_archive(image, NAMES, tmp_path / "image.tar")
    export_layout(image, tmp_path / "layout", NAMES)
    for number, source in enumerate((f"oci-archive:{tmp_path}/image.tar", f"oci:{tmp_path}/layout")):
        for tag in ("lock-1", "v1"):
            found = json.loads(skopeo("inspect", f"{source}:{tag}"))
            assert (found["Digest"], found["Architecture"], found["Os"]) == (image.manifest.digest, "amd64", "linux")
        copied = tmp_path / f"copied-{number}"
        skopeo("copy", "--quiet", "--preserve-digests", f"{source}:v1", f"dir:{copied}")
        manifest = (copied / "manifest.json").read_bytes()
        assert f"sha256:{hashlib.sha256(manifest).hexdigest()}" == image.manifest.digest


def test_skopeo_reads_the_archive_as_docker_s(tmp_path: Path, image: Image) -> None:
    write_archive(image, NAMES, tmp_path / "image.tar")
    config = json.loads(skopeo("inspect", "--config", f"docker-archive:{tmp_path}/image.tar:{FULL_NAMES[1]}"))
    assert config["config"] == {"Entrypoint": ["hello"], "Env": ["PATH=/opt/env/bin"]}


def exported(tmp_path: Path, image: Image) -> Path:
    target = tmp_path / "out" / "layout"
    export_layout(image, target, NAMES)
    return target


def test_an_exported_layout_has_the_image_and_nothing_else(tmp_path: Path, image: Image) -> None:
    Layout(image.layout).put(b"of another image", "text/plain")
    target = exported(tmp_path, image)
    assert sorted(tree(target)) == [*blobs_of(image), "index.json", "oci-layout"]
    assert problems(Layout(target), image.manifest) == ()
    assert [path.name for path in target.parent.iterdir()] == ["layout"]


def test_an_exported_blob_is_no_link_to_the_cache(tmp_path: Path, image: Image) -> None:
    blob = Layout(exported(tmp_path, image)).blob_path(image.manifest.digest)
    before = Layout(image.layout).read(image.manifest)
    blob.write_bytes(b"edited")
    assert Layout(image.layout).read(image.manifest) == before


def test_a_layout_made_before_is_replaced(tmp_path: Path, image: Image) -> None:
    target = exported(tmp_path, image)
    other = small_image(Layout(image.layout), title="another")
    export_layout(other, target, ["other:2"])
    assert sorted(tree(target)) == [*blobs_of(other), "index.json", "oci-layout"]
    assert [entry.descriptor for entry in Layout(target).manifests()] == [other.manifest]
    assert [path.name for path in target.parent.iterdir()] == ["layout"]


def test_an_empty_folder_is_filled(tmp_path: Path, image: Image) -> None:
    (tmp_path / "out" / "layout").mkdir(parents=True)
    assert problems(Layout(exported(tmp_path, image)), image.manifest) == ()


def of_somebody(target: Path) -> None:
    target.mkdir(parents=True)
    (target / "thesis.txt").write_text("do not lose")


def with_something_beside(target: Path) -> None:
    new_layout(target).write_index([])
    (target / "notes.txt").write_text("do not lose")


def store_of_blobs(target: Path) -> None:
    new_layout(target)


def plain_file(target: Path) -> None:
    target.parent.mkdir()
    target.write_text("do not lose")


FULL = "is neither empty nor an OCI layout alone, and would be replaced"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (of_somebody, FULL),
        (with_something_beside, FULL),
        (store_of_blobs, FULL),
        (plain_file, "is a file, expected a folder"),
    ],
)
def test_what_is_no_layout_is_not_replaced(
    tmp_path: Path, image: Image, make: Callable[[Path], object], message: str
) -> None:
    target = tmp_path / "out" / "layout"
    make(target)
    before = tree(tmp_path)
    with pytest.raises(UserInputError) as error:
        export_layout(image, target, NAMES)
    assert error.value.message == f"`{target}` {message}"
    assert tree(tmp_path) == before


def test_a_layout_is_not_exported_onto_itself(image: Image) -> None:
    Layout(image.layout).write_index([])
    with pytest.raises(UserInputError, match="would be replaced"):
        export_layout(image, image.layout, NAMES)


def cut_blob(path: Path) -> None:
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("harm", [Path.unlink, cut_blob])
def test_an_incomplete_image_is_not_exported(tmp_path: Path, image: Image, harm: Callable[[Path], object]) -> None:
    manifest = json.loads(Layout(image.layout).read(image.manifest))
    layer = manifest["layers"][0]
    path = Layout(image.layout).blob_path(layer["digest"])
    harm(path)
    with pytest.raises(OutsideError) as error:
        exported(tmp_path, image)
    assert error.value.message == f"`{path}` is missing, or not of {layer['size']} bytes"
    assert not (tmp_path / "out").exists()


def test_archives_of_large_images_are_streamed(tmp_path: Path) -> None:
    layout = new_layout(tmp_path)
    noise = os.urandom(1 << 20)  # does not compress: the layer is as large as the file
    layer = write_layer(layout, [PrefixFile(path="x", content=Repeated(150 << 20, noise))], root="/")
    image = store(layout, assemble(scratch("amd64"), [NamedLayer(layer=layer, title="x")], ConfigChanges(), {}))
    assert layer.descriptor.size > 150 << 20
    printed = run_python(f"""
from pathlib import Path
from envlock.model.image import Descriptor, Image
from envlock.oci.archive import export_layout, write_archive

image = Image(layout=Path({str(tmp_path)!r}), manifest={image.manifest!r})
write_archive(image, ["x:1"], image.layout / "x.tar")
export_layout(image, image.layout / "out", ["x:1"])
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line))
""")
    assert int(printed) < 100 << 10  # KiB


def test_docker_loads_the_archive_and_runs_it(tmp_path: Path, base_image: Path, docker_engine: Engine) -> None:
    """On a real base: the image id is our config's digest, and what a layer of ours has can be started."""
    image = on_base(tmp_path, base_image)
    write_archive(image, NAMES, tmp_path / "image.tar")
    with (tmp_path / "image.tar").open("rb") as archive:
        loaded = docker_engine.client.images.load(archive)
    manifest = json.loads(Layout(image.layout).read(image.manifest))
    assert {each.id for each in loaded} == {manifest["config"]["digest"]}
    assert sorted(loaded[0].tags) == ["example:lock-1", "registry.test:5000/team/example:v1"]
    said = docker_engine.client.containers.run(NAMES[0], network_mode="none", user="1000", remove=True)
    assert said == b"hello\n"


def on_base(tmp_path: Path, base_image: Path) -> Image:
    """The small layer on a real base whose blobs are in the same layout."""
    layout = new_layout(tmp_path / "cache")
    base = Layout(base_image)
    (entry,) = base.manifests()
    manifest = base.read(entry.descriptor)
    described = json.loads(manifest)
    for layer in described["layers"]:
        with layout.writer(digest=layer["digest"], size=layer["size"]) as blob:
            blob.write(base.blob_path(layer["digest"]).read_bytes())
    changes = ConfigChanges(environment=[("PATH", "/opt/env/bin:/usr/bin:/bin")], entrypoint=("hi",))
    return small_image(layout, read_base(manifest, base.read(described["config"]["digest"])), changes=changes)
