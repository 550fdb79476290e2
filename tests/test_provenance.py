"""Provenance: what was built, from what, where in git, and nothing that is secret or of this machine."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from envlock.interchange.exports.provenance import Making, Revision, provenance, public_origin
from envlock.lockfile.reader import read_lock
from envlock.model.image import Image
from envlock.oci.attachment import CYCLONEDX, LOCK, PROVENANCE, SPDX, Attachment
from envlock.oci.layout import Layout
from envlock.system.cache import Cache
from envlock.workflows.attachments import attachments
from envlock.workflows.context import Context
from envlock.workflows.project import Project as Environment
from tests.support.processes import run
from tests.support.tiny_project import TinyProject, tiny_project

DIGEST = f"sha256:{'ab' * 32}"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
BEGAN = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)


def making(revision: Revision | None) -> Making:
    return Making(
        image=DIGEST,
        name="train:lock-0123456789abcdef",
        environment="train",
        lock="cd" * 32,
        keys={"linux-64": "ef" * 32},
        bases={"debian:trixie-slim": DIGEST},
        engine="embedded",
        layout=1,
        compressor="a compressor",
        version="1.2.3",
        revision=revision,
        began=BEGAN,
        ended=BEGAN,
    )


def test_a_statement_in_full() -> None:
    origin = "https://kim:s3cret@git.test/acme/train.git"
    found = json.loads(provenance(making(Revision(commit=COMMIT, origin=origin, dirty=True))))
    assert found == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "train:lock-0123456789abcdef", "digest": {"sha256": "ab" * 32}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:envlock:build:1",
                "externalParameters": {
                    "environment": "train",
                    "platforms": ["linux-64"],
                    "engine": "embedded",
                    "layout": 1,
                },
                "internalParameters": {"compressor": "a compressor"},
                "resolvedDependencies": [
                    {
                        "name": "env.lock",
                        "digest": {"sha256": "cd" * 32},
                        "annotations": {"lockHashes": {"linux-64": "ef" * 32}},
                    },
                    {"name": "debian:trixie-slim", "digest": {"sha256": "ab" * 32}},
                    {
                        "name": "source",
                        "uri": "git+https://git.test/acme/train.git",
                        "digest": {"gitCommit": COMMIT},
                        "annotations": {"dirty": True},
                    },
                ],
            },
            "runDetails": {
                "builder": {"id": "pkg:pypi/git-envlock", "version": {"git-envlock": "1.2.3"}},
                "metadata": {"startedOn": "2026-01-02T03:04:05Z", "finishedOn": "2026-01-02T03:04:05Z"},
            },
        },
    }


def test_without_git_there_is_no_source() -> None:
    found = json.loads(provenance(making(None)))
    names = [each["name"] for each in found["predicate"]["buildDefinition"]["resolvedDependencies"]]
    assert names == ["env.lock", "debian:trixie-slim"]


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://git.test/acme/train.git", "https://git.test/acme/train.git"),
        ("https://kim:s3cret@git.test:8443/train", "https://git.test:8443/train"),
        ("https://s3cret@git.test/train?token=s3cret#s3cret", "https://git.test/train"),
        ("git@git.test:acme/train.git", "ssh://git.test/acme/train.git"),
        ("ssh://git@git.test:2222/train", "ssh://git.test:2222/train"),
        ("/srv/git/train.git", None),
        ("../train", None),
        ("file:///srv/git/train.git", None),
        ("C:\\\\train", "ssh://C/\\\\train"),
        ("", None),
    ],
)
def test_the_origin_is_told_as_others_can_use_it(url: str, public: str | None) -> None:
    assert public_origin(url) == public


@pytest.fixture
def project(tmp_path: Path) -> Iterator[TinyProject]:
    with tiny_project(tmp_path) as project:
        project.must("lock")
        yield project


def attached(project: TinyProject, folder: Path) -> tuple[Attachment, ...]:
    project.must("build", "--output", folder)
    (listed,) = Layout(folder).manifests()
    image = Image(layout=folder, manifest=listed.descriptor)
    context = Context(cache=Cache(project.cache))
    return attachments(Environment(project.folder), read_lock(project.lockfile), image, context)


def statement(found: tuple[Attachment, ...]) -> dict[str, Any]:
    (content,) = [each.content for each in found if each.artifact_type == PROVENANCE]
    parsed = json.loads(content)
    assert isinstance(parsed, dict)
    return parsed


def source(found: tuple[Attachment, ...]) -> dict[str, Any] | None:
    sources = statement(found)["predicate"]["buildDefinition"]["resolvedDependencies"]
    return next((each for each in sources if each["name"] == "source"), None)


def git(project: TinyProject, *words: str | Path) -> str:
    who = ("-c", "user.name=Kim", "-c", "user.email=kim@acme.test")
    return run(("git", "-C", project.folder, *who, *words)).strip()


def test_what_is_attached_to_an_image(project: TinyProject, tmp_path: Path) -> None:
    found = attached(project, tmp_path / "image")
    assert [each.artifact_type for each in found] == [LOCK, CYCLONEDX, SPDX, PROVENANCE]
    (listed,) = Layout(tmp_path / "image").manifests()
    assert {each.subject for each in found} == {listed.descriptor}
    again = attached(project, tmp_path / "image")
    assert [each.manifest() for each in found[:3]] == [each.manifest() for each in again[:3]]
    assert source(found) is None


def test_small_documents_can_be_read_by_anybody(project: TinyProject, tmp_path: Path) -> None:
    found = attached(project, tmp_path / "image")
    assert all(each.media_type == each.artifact_type for each in found)
    contents = {each.artifact_type: each.content for each in found}
    assert contents[LOCK] == project.lockfile.read_bytes()
    assert json.loads(contents[CYCLONEDX])["bomFormat"] == "CycloneDX"
    assert json.loads(contents[SPDX])["spdxVersion"] == "SPDX-2.3"


def test_of_large_ones_that_for_scanners_can_be_read(project: TinyProject, tmp_path: Path) -> None:
    project.lockfile.write_text(project.lockfile.read_text() + "# long\n" * 10_000)
    found = attached(project, tmp_path / "image")
    contents = {each.media_type: each.content for each in found}
    assert gzip.decompress(contents[f"{LOCK}+gzip"]) == project.lockfile.read_bytes()
    assert json.loads(gzip.decompress(contents[f"{SPDX}+gzip"]))["spdxVersion"] == "SPDX-2.3"
    assert json.loads(contents[CYCLONEDX])["bomFormat"] == "CycloneDX"


def test_the_commit_is_told_and_whether_it_is_what_was_built(project: TinyProject, tmp_path: Path) -> None:
    git(project, "init", "--quiet")
    assert source(attached(project, tmp_path / "image")) is None  # before the first commit
    git(project, "add", "env.toml", "env.lock")
    git(project, "commit", "--quiet", "-m", "lock")
    commit = git(project, "rev-parse", "HEAD")
    clean = {"name": "source", "digest": {"gitCommit": commit}, "annotations": {"dirty": False}}
    assert source(attached(project, tmp_path / "image")) == clean
    git(project, "remote", "add", "origin", "https://kim:s3cret@git.test/train.git")
    project.manifest.write_text(project.manifest.read_text() + "# changed\n")
    found = attached(project, tmp_path / "image")
    dirty = {**clean, "uri": "git+https://git.test/train.git", "annotations": {"dirty": True}}
    assert source(found) == dirty
    assert all(b"s3cret" not in each.content for each in found)


def test_a_repository_that_cannot_be_read_is_left_out_and_said(project: TinyProject, tmp_path: Path) -> None:
    git(project, "init", "--quiet")
    (project.folder / ".git/config").write_text("[core]\nrepositoryformatversion = 99\n")
    lines: list[str] = []
    project.must("build", "--output", tmp_path / "image")
    (listed,) = Layout(tmp_path / "image").manifests()
    image = Image(layout=tmp_path / "image", manifest=listed.descriptor)
    context = Context(cache=Cache(project.cache), progress=lines.append)
    found = attachments(Environment(project.folder), read_lock(project.lockfile), image, context)
    assert source(found) is None
    assert [line for line in lines if line.startswith("warning: the provenance names no commit: ")]
