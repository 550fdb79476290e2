"""What somebody proposes reaches nothing that others rely on: no later image, no service near the runner, no login."""

import gzip
import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from envlock.model.image import CONFIG_TYPE, Descriptor
from envlock.model.reference import Reference, parse_reference
from envlock.oci.image import digest_of
from envlock.oci.manifest import read_manifest
from tests.support.ci_scene import Job, Scene, World, new_scene
from tests.support.ci_variables import on_github, pull_request, push
from tests.support.layered_images import file, tar_of
from tests.support.pushing import client

MAIN, REQUEST = "refs/heads/main", "refs/pull/1/merge"


@pytest.fixture
def scene(ci_world: World, tmp_path: Path) -> Scene:
    """`train`, with a repository of its own."""
    return new_scene(ci_world, tmp_path / re.sub(r"\W", "", tmp_path.name.lower()), "train", image=True)


def place(scene: Scene, name: str = "train") -> str:
    return scene.world.repository(f"{scene.root.name}/{name}")


def at_main(scene: Scene, commit: str, name: str) -> Job:
    return on_github(scene.job(commit, MAIN, name=name), "push", commit, MAIN, push(MAIN, after=commit))


def poisoned(image: str, digest: str, target: Reference) -> str:
    """A copy of an image whose every layer holds something else and is said to be what it was; the digest of that."""
    there = client()
    source = replace(parse_reference(image), tag=None, digest=digest)
    found = there.get(source)
    manifest = json.loads(found.content)
    config = json.loads(there.read(source, read_manifest(found.content, "it").config))
    tar = tar_of([file("evil", b"x")])
    blob = gzip.compress(tar, mtime=0)
    for layer in manifest["layers"]:
        layer |= {"digest": digest_of(blob), "size": len(blob)}
    config["rootfs"]["diff_ids"] = [digest_of(tar)] * len(manifest["layers"])
    text = json.dumps(config).encode()
    manifest["config"] |= {"digest": digest_of(text), "size": len(text)}
    for content, kind in ((blob, manifest["layers"][0]["mediaType"]), (text, CONFIG_TYPE)):
        each = Descriptor(media_type=kind, digest=digest_of(content), size=len(content))
        there.upload(target, each, partial(iter, (content,)))
    there.put(target, json.dumps(manifest).encode(), found.descriptor.media_type)
    return digest_of(blob)


def layers(image: str, digest: str) -> set[str]:
    content = client().get(replace(parse_reference(image), tag=None, digest=digest)).content
    return {layer["digest"] for layer in json.loads(content)["layers"]}


def test_layers_of_a_registry_that_somebody_proposes_are_in_no_image_that_others_push(scene: Scene) -> None:
    first = at_main(scene, scene.author.git("rev-parse", "HEAD"), "first")
    assert first.call().code == 0
    name = first.outputs()["tags"].split()[0]
    digest = first.outputs()["digest"]
    evil = parse_reference(name.replace("/train:", "/evil:"))
    bad = poisoned(name, digest, evil)
    scene.branch()
    scene.write("train", "2.0", image=place(scene, "evil"))
    asked = scene.propose()
    # a machine that keeps what it has made, for all that is built there
    job = on_github(scene.job(asked.merge, REQUEST), "pull_request", asked.merge, REQUEST, pull_request(asked))
    tried = job.call("--json")
    assert tried.code == 0, tried
    (shown,) = json.loads(tried.stdout)["environments"]
    assert bad in {layer["digest"] for layer in shown["image"]["layers"]}
    scene.write("train", "2.0", image=place(scene))
    merged = scene.push()
    after = replace(at_main(scene, merged, "after"), cache=job.cache)
    assert after.call().code == 0
    assert bad not in layers(name, after.outputs()["digest"])
    assert after.outputs()["digest"] != shown["image"]["digest"]
