"""`envlock verify`: an image that is what its lock makes, and images that were tampered with, each in one place."""

import gzip
import json
import os
import shutil
import sys
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import zstandard

from envlock.cli.verdict_lines import wrong_lines
from envlock.model.image import CONFIG_TYPE, INDEX_TYPE, LAYER_TYPE, MANIFEST_TYPE
from envlock.model.image_verdict import Verdict
from envlock.oci.opened import PLAIN_TYPE, ZSTD_TYPE
from envlock.system.cache import Cache
from envlock.workflows.context import Context
from envlock.workflows.verify import VerifyOptions, verify
from tests.support.index_server import WheelFolders, serve_index
from tests.support.layered_images import Member, file
from tests.support.poisoned import Poisoned
from tests.support.processes import run
from tests.support.projects import Project, Result, new_project
from tests.support.tiny_base import write_base
from tests.support.tiny_project import NO_PROXY
from tests.support.tiny_wheels import write_wheel

PYTHON = ".".join(map(str, sys.version_info[:3]))
MINOR = PYTHON.rpartition(".")[0]
MANIFEST = """
name = "train"
python = "{minor}"
[pip]
dependencies = ["alpha", "beta"]
[[pip.indexes]]
name = "ours"
url = "{index}"
default = true
[variables]
MODE = "prod"
[image]
base = "oci:base"
repository = "registry.test/acme/train"
user = "1000"
"""
RIGHT = "2 packages fetched by the lock's hashes; 4 of 4 layers are what they should be\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Two wheels upon a tiny base, locked."""
    root = tmp_path_factory.mktemp("verify")
    for name in ("alpha", "beta"):
        write_wheel(root / "wheels", name)
    base = write_base(root / "base", python=PYTHON)
    with serve_index(WheelFolders((root / "wheels",))) as index:
        text = MANIFEST.format(minor=MINOR, index=index.url)
        project = new_project(root / "train", text, cache=root / "cache", base=base).given(**NO_PROXY)
        project.must("lock")
        yield project


@pytest.fixture(scope="module")
def built(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built") / "image"
    project.must("build", "--output", folder)
    return folder


@pytest.fixture
def poisoned(built: Path, tmp_path: Path) -> Poisoned:
    return Poisoned.copy_of(built, tmp_path / "image")


def said(result: Result) -> list[str]:
    """What is wrong, without the title and the count."""
    lines = [line.strip() for line in result.stdout.splitlines()]
    assert result.code == 1, result
    return lines[1:]


def verified(project: Project, poisoned: Poisoned, *flags: str) -> Result:
    return project.call("verify", f"oci:{poisoned.layout.root}", *flags)


def judged(project: Project, image: str | Path) -> Verdict:
    """As the command has it, in this process."""
    context = Context(cache=Cache(project.cache), environment=NO_PROXY)
    return verify(str(image), context, VerifyOptions(start=project.folder))


def wrong(project: Project, image: str | Path) -> list[str]:
    verdict = judged(project, image)
    assert not verdict.is_good
    return [*wrong_lines(verdict)]


def test_an_image_is_what_its_lock_makes(project: Project, built: Path, tmp_path: Path) -> None:
    project.must("build", "--output", tmp_path / "train.tar")
    for image in (built, f"oci:{built}", tmp_path / "train.tar"):
        assert project.call("verify", image).stdout == RIGHT
    assert project.call("verify", built, "--no-cache").stdout == RIGHT


def test_it_is_derived_where_nothing_was_built_before(project: Project, built: Path, tmp_path: Path) -> None:
    elsewhere = replace(project, cache=tmp_path / "cache")
    assert elsewhere.call("verify", built).stdout == RIGHT


def test_a_changed_an_added_and_a_missing_file_are_named(project: Project, poisoned: Poisoned) -> None:
    def change(members: list[Member]) -> list[Member]:
        member, _ = members[-1]
        member.size = 4
        return [*members[:-2], (member, b"evil"), file("opt/env/evil.pth", b"import evil\n")]

    missing, changed = (member.name for member, _ in poisoned.members(1)[-2:])
    poisoned.change_layer(1, change)
    poisoned.save()
    result = verified(project, poisoned)
    title, *files, count = said(result)
    assert title.startswith("layer 2 (bin ")
    assert title.endswith(": it is not what the lock makes")
    assert files == [f"differs  {changed}", "added    opt/env/evil.pth", f"missing  {missing}"]
    assert count == "3 of 4 layers are what they should be"


def test_only_the_first_files_are_named(project: Project, poisoned: Poisoned) -> None:
    more = [file(f"opt/env/evil/{number:03}") for number in range(40)]
    poisoned.change_layer(1, lambda members: [*members, *more])
    poisoned.save()
    _, *files, rest, _ = said(verified(project, poisoned))
    assert files == [f"added  opt/env/evil/{number:03}" for number in range(10)]
    assert rest == "and 30 more files"


def of_mode(member: Member) -> Member:
    member[0].mode = 0o4755
    return member


def of_root(poisoned: Poisoned) -> None:
    poisoned.config["config"]["User"] = "0"


def with_a_variable(poisoned: Poisoned) -> None:
    poisoned.config["config"]["Env"] += ["LD_PRELOAD=/opt/evil.so"]


def with_another_variable(poisoned: Poisoned) -> None:
    variables = poisoned.config["config"]["Env"]
    poisoned.config["config"]["Env"] = [each.replace("MODE=prod", "MODE=test") for each in variables]


def with_an_entrypoint(poisoned: Poisoned) -> None:
    poisoned.config["config"]["Entrypoint"] = ["/bin/evil"]


def with_a_healthcheck(poisoned: Poisoned) -> None:
    poisoned.config["config"]["Healthcheck"] = {"Test": ["CMD", "evil"]}


def of_another_lock(poisoned: Poisoned) -> None:
    poisoned.manifest["annotations"]["dev.envlock.lock-hash"] = "0" * 64


def of_a_known_layer(poisoned: Poisoned) -> None:
    poisoned.manifest["layers"][1]["annotations"]["dev.envlock.layer"] = "0" * 64


def with_urls(poisoned: Poisoned) -> None:
    poisoned.manifest["layers"][1]["urls"] = ["https://evil.test/layer"]


def without_annotations(poisoned: Poisoned) -> None:
    del poisoned.manifest["annotations"]["dev.envlock.layout"]


def with_a_subject(poisoned: Poisoned) -> None:
    poisoned.manifest["artifactType"] = "application/evil"


def of_another_time(poisoned: Poisoned) -> None:
    poisoned.config["created"] = "2026-01-01T00:00:00Z"


def of_another_history(poisoned: Poisoned) -> None:
    poisoned.config["history"][-1]["created_by"] = "envlock: harmless"


def with_more_history(poisoned: Poisoned) -> None:
    poisoned.config["history"].append({"created_by": "evil"})


def with_wrong_diff_ids(poisoned: Poisoned) -> None:
    poisoned.config["rootfs"]["diff_ids"][1] = f"sha256:{'0' * 64}"


def with_a_layer_on_top(poisoned: Poisoned) -> None:
    poisoned.insert_layer(4, file("etc/passwd", b"evil::0:0::/:/bin/sh"))


def with_a_layer_between(poisoned: Poisoned) -> None:
    poisoned.insert_layer(2, file("usr/bin/evil"))


def without_a_layer(poisoned: Poisoned) -> None:
    del poisoned.manifest["layers"][3], poisoned.config["rootfs"]["diff_ids"][3]


def in_another_order(poisoned: Poisoned) -> None:
    for layers in (poisoned.manifest["layers"], poisoned.config["rootfs"]["diff_ids"]):
        layers[1], layers[2] = layers[2], layers[1]


def of_another_base(poisoned: Poisoned) -> None:
    poisoned.change_layer(0, lambda members: [*members, file("bin/sh2", b"evil")])


def with_setuid(poisoned: Poisoned) -> None:
    poisoned.change_layer(1, lambda members: [*members[:-1], of_mode(members[-1])])


def said_to_be_arm(poisoned: Poisoned) -> None:
    poisoned.index["manifests"][0]["platform"]["architecture"] = "arm64"


def of_another_tag(poisoned: Poisoned) -> None:
    poisoned.index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"] = "lock-0123456789abcdef"


POISONS: list[tuple[Callable[[Poisoned], None], str]] = [
    (of_root, '`config.User` is "0", expected "1000"'),
    (with_a_variable, '`config.Env.LD_PRELOAD` is "/opt/evil.so", expected absent'),
    (with_another_variable, '`config.Env.MODE` is "test", expected "prod"'),
    (with_an_entrypoint, '`config.Entrypoint` is ["/bin/evil"], expected absent'),
    (with_a_healthcheck, '`config.Healthcheck` is {"Test": ["CMD", "evil"]}, expected absent'),
    (of_another_lock, "manifest: `annotations.dev.envlock.lock-hash` is "),
    (of_a_known_layer, "manifest: `layer 2.annotations.dev.envlock.layer` is "),
    (with_urls, 'urls` is ["https://evil.test/layer"], expected absent'),
    (without_annotations, 'manifest: `annotations.dev.envlock.layout` is absent, expected "1"'),
    (with_a_subject, 'manifest: `artifactType` is "application/evil", expected absent'),
    (of_another_time, 'config: `created` is "2026-01-01T00:00:00Z", expected "1970-01-01T00:00:00Z"'),
    (of_another_history, 'history entry 3: `created_by` is "envlock: harmless", expected "envlock: '),
    (with_more_history, "config: the history has 4 entries, expected 3"),
    (with_wrong_diff_ids, f"config: the diff id of layer 2 is said to be sha256:{'0' * 64}, and is sha256:"),
    (with_a_layer_on_top, "layer 5: the lock makes no such layer\n    added  etc/passwd"),
    (with_a_layer_between, "layer 3: the lock makes no such layer\n    added  usr/bin/evil"),
    (without_a_layer, ": this layer is missing"),
    (in_another_order, "the lock makes no such layer"),
    (of_another_base, "layer 1 (base layer 1): it is not what the lock makes\n    added"),
    (with_setuid, "mode 4755 instead of 0"),
    (said_to_be_arm, "`index.json` says that `architecture` is arm64, the config says amd64"),
    (of_another_tag, "tag: it is `lock-0123456789abcdef`, expected `lock-"),
]


@pytest.mark.parametrize(("poison", "words"), POISONS, ids=lambda each: getattr(each, "__name__", ""))
def test_tampering_is_named(
    project: Project, poisoned: Poisoned, poison: Callable[[Poisoned], None], words: str
) -> None:
    poison(poisoned)
    poisoned.save()
    assert words in "\n".join(wrong(project, f"oci:{poisoned.layout.root}"))


def with_a_damaged_blob(poisoned: Poisoned) -> None:
    path = poisoned.blob(1)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    _overwrite(path, bytes(data))


def with_a_blob_cut_off(poisoned: Poisoned) -> None:
    _overwrite(poisoned.blob(1), poisoned.blob(1).read_bytes()[:-20])


def with_more_at_the_end(poisoned: Poisoned) -> None:
    _overwrite(poisoned.blob(1), poisoned.blob(1).read_bytes() + b"evil")


def without_a_blob(poisoned: Poisoned) -> None:
    poisoned.blob(1).unlink()


def with_a_bomb(poisoned: Poisoned) -> None:
    poisoned.replace_layer(1, bytes(80 << 20))


def with_what_is_no_gzip(poisoned: Poisoned) -> None:
    poisoned.repack(1, b"no gzip", LAYER_TYPE)


def with_a_half_gzip(poisoned: Poisoned) -> None:
    poisoned.repack(1, poisoned.blob(1).read_bytes()[:-20], LAYER_TYPE)


def of_an_unknown_type(poisoned: Poisoned) -> None:
    poisoned.repack(1, b"layer", "application/vnd.evil.layer")


def with_a_huge_header(poisoned: Poisoned) -> None:
    """A PAX header that would be read into memory as a whole."""
    member = tarfile.TarInfo("evil")
    member.type, member.size = tarfile.XHDTYPE, 50 << 20
    poisoned.replace_layer(1, member.tobuf() + os.urandom(1 << 20))


def without_a_config(poisoned: Poisoned) -> None:
    poisoned.layout.blob_path(poisoned.manifest["config"]["digest"]).unlink()


def of_another_type(poisoned: Poisoned) -> None:
    """The bytes are those of the lock: whoever goes by the type leaves the layer out, or reads it otherwise."""
    poisoned.manifest["layers"][1]["mediaType"] = "application/vnd.evil.layer"


DAMAGED: list[tuple[Callable[[Poisoned], None], str]] = [
    (with_a_damaged_blob, "the bytes of `sha256:"),
    (with_a_blob_cut_off, "bytes that are described"),
    (with_more_at_the_end, "it has more than the "),
    (without_a_blob, "its blob is missing"),
    (with_a_bomb, "it unpacks to more than 256 times its size"),
    (with_what_is_no_gzip, "it cannot be unpacked (Not a gzipped file"),
    (with_a_half_gzip, "it cannot be unpacked (Compressed file ended before"),
    (of_an_unknown_type, "its media type is `application/vnd.evil.layer`, which cannot be looked into"),
    (of_another_type, "its media type is `application/vnd.evil.layer`, which cannot be looked into"),
    (with_a_huge_header, f"one of its headers has {50 << 20} bytes"),
]


@pytest.mark.parametrize(("damage", "words"), DAMAGED, ids=lambda each: getattr(each, "__name__", ""))
def test_layers_that_are_not_what_is_described_are_named(
    project: Project, poisoned: Poisoned, damage: Callable[[Poisoned], None], words: str
) -> None:
    damage(poisoned)
    poisoned.save()
    lines = wrong(project, f"oci:{poisoned.layout.root}")
    (line,) = [line for line in lines if words in line]
    assert line.startswith("  layer 2 (bin ")


def test_layers_beyond_count_are_not_looked_into(project: Project, poisoned: Poisoned) -> None:
    poisoned.manifest["layers"] *= 300
    poisoned.save()
    _, *lines = wrong(project, poisoned.layout.root)
    assert lines == ["  the manifest has 1200 layers, more than any engine runs"]


def test_entries_beyond_count_are_not_looked_into(project: Project, poisoned: Poisoned) -> None:
    entry = {**poisoned.save().json(), "platform": {"os": "linux", "architecture": "s390x"}}
    index = {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": [entry] * 10_000}
    top = poisoned.layout.put(json.dumps(index).encode(), INDEX_TYPE)
    poisoned.index["manifests"][0] = top.json()
    poisoned.write_index()
    lines = wrong(project, poisoned.layout.root)
    assert lines[1] == "  index: it has 10000 entries, of which the first 50 are looked into"
    assert len(lines) < 60


def test_a_missing_config_is_named(project: Project, poisoned: Poisoned) -> None:
    without_a_config(poisoned)
    assert "  its blob is missing" in wrong(project, f"oci:{poisoned.layout.root}")


def test_a_key_that_stands_twice_in_a_config_is_named(project: Project, poisoned: Poisoned) -> None:
    """Go unites both: what the first one sets and the second one does not is set."""
    text = json.dumps(poisoned.config)
    evil = text.replace('"config": {', '"config": {"Healthcheck": {"Test": ["CMD", "evil"]}}, "config": {', 1)
    poisoned.manifest["config"] |= poisoned.layout.put(evil.encode(), CONFIG_TYPE).json()
    poisoned.index["manifests"][0] |= poisoned.layout.put(json.dumps(poisoned.manifest).encode(), MANIFEST_TYPE).json()
    poisoned.write_index()
    assert any("a key stands twice in an object" in line for line in wrong(project, f"oci:{poisoned.layout.root}"))


@pytest.mark.parametrize("text", [b"{}", b"[]", b"no JSON", b'{"rootfs": {"diff_ids": 5}}'])
def test_a_config_that_is_none_is_named(project: Project, poisoned: Poisoned, text: bytes) -> None:
    """It says no platform: nothing can be held against it."""
    poisoned.manifest["config"] |= poisoned.layout.put(text, CONFIG_TYPE).json()
    found = poisoned.layout.put(json.dumps(poisoned.manifest).encode(), MANIFEST_TYPE)
    poisoned.index["manifests"][0] |= found.json()
    poisoned.write_index()
    result = verified(project, poisoned)
    assert result.code == 1, result


@pytest.mark.parametrize("kind", [PLAIN_TYPE, ZSTD_TYPE, LAYER_TYPE])
def test_another_compression_of_the_same_files_is_right_and_said(
    project: Project, poisoned: Poisoned, kind: str
) -> None:
    tar = gzip.decompress(poisoned.blob(1).read_bytes())
    packed = {PLAIN_TYPE: tar, ZSTD_TYPE: zstandard.compress(tar), LAYER_TYPE: gzip.compress(tar, 1, mtime=0)}
    poisoned.repack(1, packed[kind], kind)
    poisoned.manifest["annotations"]["dev.envlock.compressor"] = "another"
    poisoned.save()
    result = verified(project, poisoned)
    said_of_it = f"  1 layer is compressed otherwise ({kind.rpartition('.')[2]}), with the same files\n"
    assert (result.code, result.stdout) == (0, RIGHT + said_of_it)


def test_documents_that_are_written_otherwise_are_right_and_said(project: Project, poisoned: Poisoned) -> None:
    digest = poisoned.index["manifests"][0]["digest"]
    poisoned.save()
    result = verified(project, poisoned)
    said_of_it = f"  its documents are written otherwise: the lock makes the manifest {digest}\n"
    assert (result.code, result.stdout) == (0, RIGHT + said_of_it)


def with_a_wrong_size(poisoned: Poisoned) -> None:
    poisoned.manifest["layers"][1]["size"] += 1


def test_of_a_wrong_size_nothing_else_is_said(project: Project, poisoned: Poisoned) -> None:
    with_a_wrong_size(poisoned)
    poisoned.save()
    (line,) = [each for each in wrong(project, f"oci:{poisoned.layout.root}") if "described" in each]
    assert line.endswith("bytes that are described")


def test_a_tar_that_docker_would_load_otherwise_is_refused(project: Project, tmp_path: Path) -> None:
    project.must("build", "--output", tmp_path / "train.tar")
    with tarfile.open(tmp_path / "train.tar") as archive:
        archive.extractall(tmp_path / "tar", filter="data")
    docker = json.loads((tmp_path / "tar/manifest.json").read_bytes())
    docker[0]["Layers"].pop()
    (tmp_path / "tar/manifest.json").write_text(json.dumps(docker))
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        archive.add(tmp_path / "tar", arcname=".")
    assert wrong(project, tmp_path / "evil.tar")[1] == (
        "  `manifest.json`, by which Docker loads, names another config or other layers"
    )
    with tarfile.open(tmp_path / "evil.tar", "a") as archive:
        archive.add(tmp_path / "tar/manifest.json", arcname="manifest.json")
    result = project.call("verify", tmp_path / "evil.tar")
    assert (result.code, result.stdout) == (3, "")
    assert "holds `manifest.json` twice" in result.stderr


def test_a_list_for_programs(project: Project, poisoned: Poisoned) -> None:
    poisoned.insert_layer(4, file("etc/passwd"))
    poisoned.save()
    result = verified(project, poisoned, "--json")
    shown = json.loads(result.stdout)
    (platform,) = shown["platforms"]
    assert (result.code, shown["is_good"], shown["environment"]) == (1, False, "train")
    assert platform["wrong"] == [
        {"title": "layer 5", "what": "the lock makes no such layer", "files": 1, "first": [["added", "etc/passwd"]]}
    ]


def test_the_lock_of_today_makes_another_image(project: Project, built: Path, tmp_path: Path) -> None:
    """What was built before a package was taken out."""
    changed = project.elsewhere(tmp_path / "changed")
    changed.change('"alpha", "beta"', '"alpha"')
    changed.must("lock")
    lines = wrong(changed, built)
    assert any("`annotations.dev.envlock.lock-hash` is " in line for line in lines)
    assert any(line.startswith("  layer 3: the lock makes no such layer") for line in lines)


@pytest.mark.parametrize(
    ("image", "code", "words"),
    [
        ("./none.tar", 2, "there is no `none.tar`"),
        ("oci:nowhere", 2, "there is no `nowhere`"),
        ("env.toml", 3, "`env.toml` is not a tar"),
        ("Not/A/Reference", 2, "is not a repository name"),
        (".", 3, "holds no image that envlock can read: it has no `oci-layout`"),
    ],
)
def test_what_is_no_image_is_said(project: Project, image: str, code: int, words: str) -> None:
    result = project.call("verify", image)
    assert (result.code, result.stdout) == (code, "")
    assert words in result.stderr


def _overwrite(path: Path, data: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(data)


@pytest.fixture
def two(project: Project, tmp_path: Path) -> Project:
    """A repository of two environments, `train` and `serve`, each of which has another image."""
    copied = project.elsewhere(tmp_path / "two")
    root = tmp_path / "repository"
    (root / "serve").mkdir(parents=True)
    run(("git", "init", "--quiet", root))
    shutil.move(copied.folder, root / "train")
    shutil.rmtree(root / "train/.git")
    for name in ("env.toml", "env.lock"):
        text = (root / "train" / name).read_text()
        text = text.replace('name = "train"', 'name = "serve"').replace('"prod"', '"serving"')
        (root / "serve" / name).write_text(text)
    shutil.copytree(root / "train/base", root / "serve/base")
    return replace(copied, folder=root)


def test_the_environment_is_found_by_the_hash_that_the_image_states(
    two: Project, built: Path, poisoned: Poisoned
) -> None:
    assert two.call("verify", built).stdout == f"environment `train`: {RIGHT}"
    assert two.call("verify", built, "--env", "train").stdout == RIGHT
    result = two.call("verify", built, "--env", "serve")
    assert (result.code, result.stdout.splitlines()[0]) == (1, f"{built} is not what the lock of `serve` makes")
    assert '`config.Env.MODE` is "prod", expected "serving"' in result.stdout
    of_another_lock(poisoned)
    poisoned.save()
    result = two.call("verify", poisoned.layout.root)
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr.endswith(
        f"error: the image says that it is of the lock hash {'0' * 64}, which is that of no environment here\n"
        "hint: name the one that it should be of: `--env NAME`\n"
    )


def made_by_docker(poisoned: Poisoned) -> None:
    """What an engine would have made: other files than packages bring, said to be not reproducible."""
    poisoned.manifest["annotations"]["dev.envlock.reproducible"] = "false"
    poisoned.change_layer(1, lambda members: [*members, file("opt/env/built")])
    for entry in poisoned.index["manifests"]:
        entry["annotations"] = {name: f"{named}-docker" for name, named in entry["annotations"].items()}


def test_of_what_an_engine_made_only_some_can_be_told(project: Project, poisoned: Poisoned) -> None:
    made_by_docker(poisoned)
    poisoned.save()
    result = verified(project, poisoned)
    title, *lines = result.stdout.splitlines()
    assert (result.code, title) == (1, f"{poisoned.layout.root} cannot be verified as a whole")
    assert lines == [
        "  3 of 4 layers were made by the docker engine from 2 packages, and nobody can tell whether they are what it"
        " made",
        "  1 of 4 layers is what they should be",
    ]
    assert result.stderr.endswith("hint: `--allow-docker` accepts that\n")
    assert verified(project, poisoned, "--allow-docker").code == 0


@pytest.mark.parametrize(
    ("poison", "words"),
    [
        (of_root, '`config.User` is "0", expected "1000"'),
        (with_another_variable, '`config.Env.MODE` is "test", expected "prod"'),
        (of_another_lock, "manifest: `annotations.dev.envlock.lock-hash` is "),
        (of_another_base, "base layer 1: it is not the locked base's"),
        (with_wrong_diff_ids, "layer 2: its diff id is not the one that the config states"),
        (of_another_tag, "tag: it is `lock-0123456789abcdef`, expected `lock-"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_and_what_can_be_told_is_told(
    project: Project, poisoned: Poisoned, poison: Callable[[Poisoned], None], words: str
) -> None:
    made_by_docker(poisoned)
    poison(poisoned)
    poisoned.save()
    assert words in "\n".join(wrong(project, f"oci:{poisoned.layout.root}"))


@pytest.mark.parametrize("settings", [5, {"Env": 5}, {"Env": [5]}, {"Labels": ["evil"]}])
def test_settings_that_are_none_are_named(project: Project, poisoned: Poisoned, settings: object) -> None:
    made_by_docker(poisoned)
    poisoned.config["config"] = settings
    poisoned.save()
    assert any("the config: `config" in line for line in wrong(project, f"oci:{poisoned.layout.root}"))


def test_an_image_is_not_made_right_by_saying_that_an_engine_made_it(project: Project, poisoned: Poisoned) -> None:
    """The lock needs no engine: `--allow-docker` alone lets such an image through, and it says what it accepts."""
    made_by_docker(poisoned)
    poisoned.save()
    assert verified(project, poisoned).code == 1
    lines = verified(project, poisoned, "--allow-docker").stdout.splitlines()
    assert lines[1].strip().startswith("3 of 4 layers were made by the docker engine")
