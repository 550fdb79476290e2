"""Images of several platforms: one index, read by others, and each platform by itself."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envlock.model.digest import image_key, lock_hash
from envlock.model.image import INDEX_TYPE
from envlock.oci.layout import Layout
from envlock.oci.validate import problems
from tests.support.built_projects import Factory, built, factory, with_empty_cache
from tests.support.docker_engine import Engine
from tests.support.processes import run
from tests.support.projects import Project
from tests.support.registry import Registry
from tests.support.registry_proxy import running_proxy
from tests.support.services import require

BOTH = ("linux-64", "linux-aarch64")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[Project]:
    """Two wheels for two platforms, locked."""
    with running_proxy(registry.host) as proxy, factory(tmp_path_factory.mktemp("platforms"), proxy) as made:
        yield with_wheels(made).project("both", ["alpha", "beta"], platforms=BOTH)


def with_wheels(made: Factory) -> Factory:
    for name in ("alpha", "beta"):
        made.wheel(name, "1.0")
    return made


def skopeo(*words: str | Path) -> str:
    return run((require("skopeo", "skopeo"), "--insecure-policy", *words))


def raw(shown: dict[str, Any]) -> dict[str, Any]:
    found = json.loads(skopeo("inspect", "--raw", "--tls-verify=false", f"docker://{shown['reference']}"))
    assert isinstance(found, dict)
    return found


def test_all_platforms_are_one_index(project: Project) -> None:
    shown = built(project, "--push")
    key = image_key(project.lock())
    assert shown["tags"] == [f"lock-{key[:16]}"]
    index = raw(shown)
    assert index["mediaType"] == INDEX_TYPE
    assert index["annotations"]["dev.envlock.image-key"] == key
    assert {*index["annotations"]} == {f"dev.envlock.{name}" for name in ("image-key", "layout", "compressor")}
    platforms = [entry["platform"]["architecture"] for entry in index["manifests"]]
    assert platforms == ["amd64", "arm64"]
    for platform in platforms:
        tag = f"docker://{shown['name']}"
        seen = json.loads(skopeo("--override-arch", platform, "inspect", "--tls-verify=false", tag))
        assert seen["Architecture"] == platform
    assert built(project, "--push")["cached"] == "registry"
    assert built(with_empty_cache(project, "both-empty"), "--push")["digest"] == shown["digest"]


def test_one_platform_is_a_manifest_under_its_own_hash(project: Project) -> None:
    both = built(project)
    lock = project.lock()
    digests = []
    for locked in lock.platforms:
        shown = built(project, "--platform", locked.platform)
        assert shown["tags"] == [f"lock-{lock_hash(lock, locked)[:16]}"]
        digests.append(shown["digest"])
    index = Layout(project.cache / "image").read(both["digest"])
    assert [entry["digest"] for entry in json.loads(index)["manifests"]] == digests
    assert built(project, *(word for name in BOTH for word in ("--platform", name)))["digest"] == both["digest"]


def test_an_index_as_folder_and_archive_is_read_by_others(
    project: Project, docker_engine: Engine, tmp_path: Path
) -> None:
    shown = built(project, "--output", tmp_path / "folder")
    layout = Layout(tmp_path / "folder")
    (listed,) = layout.manifests()
    assert listed.descriptor.digest == shown["digest"]
    for entry in json.loads(layout.read(listed.descriptor))["manifests"]:
        assert problems(layout, replace(listed.descriptor, **_described(entry))) == ()
    project.must("build", "--output", tmp_path / "image.tar")
    for source in (f"oci:{layout.root}:{shown['tags'][0]}", f"oci-archive:{tmp_path}/image.tar:{shown['tags'][0]}"):
        for architecture in ("amd64", "arm64"):
            seen = json.loads(skopeo("--override-arch", architecture, "inspect", source))
            assert seen["Architecture"] == architecture
    (image,) = docker_engine.client.images.load((tmp_path / "image.tar").read_bytes())
    assert image.attrs["Architecture"] == "amd64"
    assert image.tags == [shown["name"]]


def test_an_engine_is_given_its_own_platform(project: Project, docker_engine: Engine) -> None:
    here = project.given(DOCKER_HOST=docker_engine.url)
    name = built(here, "--load")["name"]
    assert docker_engine.client.images.get(name).attrs["Architecture"] == docker_engine.client.version()["Arch"]


def _described(entry: dict[str, Any]) -> dict[str, Any]:
    return {"media_type": entry["mediaType"], "digest": entry["digest"], "size": entry["size"]}


def test_a_platform_that_is_not_locked_is_refused(project: Project) -> None:
    text = project.manifest.read_text()
    other = project.elsewhere(project.folder.parent / "only")
    other.manifest.write_text(text.replace(f"{[*BOTH]}", "['linux-64']"))
    other.must("lock")
    done = other.call("build", "--platform", "linux-aarch64")
    assert (done.code, done.stdout) == (2, "")
    assert "`linux-aarch64` is not among the locked platforms" in done.stderr
