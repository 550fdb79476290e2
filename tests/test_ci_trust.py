"""What somebody proposes reaches nothing that others rely on: no later image, no service near the runner, no login."""

import base64
import gzip
import json
import os
import re
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest

from envlock.lockfile.reader import read_lock
from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.image import CONFIG_TYPE, Descriptor
from envlock.model.lock import Base, ImageSettings, Inputs
from envlock.model.reference import Reference, parse_reference
from envlock.oci.image import digest_of
from envlock.oci.manifest import read_manifest as read_image_manifest
from envlock.workflows.later_local import context_sha256
from tests.support.canary import Canaries
from tests.support.ci_scene import Job, Scene, World, new_scene
from tests.support.ci_variables import merge_request, on_github, on_gitlab, pull_request, push
from tests.support.http_server import Request, Response, serve
from tests.support.layered_images import file, tar_of
from tests.support.processes import run
from tests.support.projects import MINOR
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
    config = json.loads(there.read(source, read_image_manifest(found.content, "it").config))
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


@dataclass
class Listener:
    """What a server near the runner was sent, which answers all with the same."""

    answer: Response
    seen: list[Request] = field(default_factory=list)

    def page(self, request: Request) -> Response:
        self.seen.append(request)
        return self.answer


CHALLENGES = {
    "plain": 'Basic realm="x"',
    "elsewhere": 'Bearer realm="http://{host}/token",service="{registry}",scope="repository:x:pull"',
}


@pytest.mark.parametrize("challenge", CHALLENGES)
def test_the_login_goes_to_no_registry_that_somebody_proposes(
    scene: Scene, isolated_home: Path, tmp_path: Path, challenge: str
) -> None:
    """Neither the one that is given nor one that docker keeps, however it asks for them."""
    canaries = Canaries()
    (isolated_home / ".docker").mkdir()
    kept = base64.b64encode(f"kim:{canaries.secret('kept')}".encode()).decode()
    config = {"auths": {"registry.acme.test": {"auth": kept}}}
    (isolated_home / ".docker/config.json").write_text(json.dumps(config))
    listener = Listener(Response(status=401))
    with serve(listener.page) as server:
        host = f"127.0.0.1:{server.port}"
        asks = CHALLENGES[challenge].format(host=host, registry=scene.world.registry.host)
        listener.answer = Response(status=401, headers={"WWW-Authenticate": asks})
        scene.branch()
        scene.write("train", "2.0", image=f'repository = "{host}/x"\n')
        asked = scene.propose(is_fork=True)
        job = on_github(
            scene.job(asked.merge, REQUEST), "pull_request", asked.merge, REQUEST, pull_request(asked),
            HOME=str(isolated_home), ENVLOCK_CI_USERNAME="kim", ENVLOCK_CI_PASSWORD=canaries.secret("given"),
            ENVLOCK_CI_REGISTRY=scene.world.registry.host,
        )  # fmt: skip
        code, log = job.log()
    assert code == 0, log
    assert listener.seen
    sent = "\n".join(f"{each.path} {dict(each.headers)}" for each in listener.seen)
    assert canaries.found(sent.encode()) == set()
    assert "Authorization" not in sent
    assert canaries.traces(tmp_path) == []


def test_what_services_near_the_runner_answer_is_shown_to_nobody(scene: Scene) -> None:
    secret = "c4n4ry-of-a-service"
    listener = Listener(Response(content=secret.encode()))
    with serve(listener.page) as server:
        host = f"127.0.0.1:{server.port}"
        scene.branch()
        image = f'repository = "{host}/latest/meta-data"\n'
        scene.write("train", "2.0", image=image)
        lock = scene.author.folder / "train" / "env.lock"
        files = scene.write("other", "2.0", image=image, folder="other") / "env.lock"
        lock.write_text(
            lock.read_text()
            .replace('base = "scratch"', f'base = "{host}/latest/meta-data:1"')
            .replace(
                'reference = "scratch"',
                f'reference = "{host}/latest/meta-data:1"\ndigest = "sha256:{"0" * 64}"\nglibc = "2.41"',
            )
            .replace(f'python = "{MINOR}.0"', f'interpreter = "/bin/python3"\npython = "{MINOR}.0"')
        )
        manifest = scene.author.folder / "train" / "env.toml"
        manifest.write_text(manifest.read_text().replace('base = "scratch"', f'base = "{host}/latest/meta-data:1"'))
        for file in (files, files.with_name("env.toml")):
            file.write_text(file.read_text().replace(scene.world.index.removesuffix("/simple/"), f"http://{host}"))
        asked = scene.propose(is_fork=True)
        job = on_github(scene.job(asked.merge, REQUEST), "pull_request", asked.merge, REQUEST, pull_request(asked))
        code, log = replace(job, cache=scene.root / "empty").log()
    assert code == 3, log
    assert any("manifests/sha256:" in each.path for each in listener.seen)
    assert any(each.path.endswith(".whl") or "/simple/" in each.path for each in listener.seen)
    assert secret not in log + job.summary + "".join(job.outputs().values())
    assert "Traceback" not in log


@pytest.mark.parametrize("kind", ["source distribution", "Dockerfile"])
def test_code_that_outsiders_bring_is_not_executed_where_secrets_are(scene: Scene, tmp_path: Path, kind: str) -> None:
    marks = tmp_path / "ran"
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("docker", "buildctl", "buildah", "podman", "pip", "uv"):
        (programs / name).write_text(f"#!/bin/sh\necho {name} >>{marks}\n")
        (programs / name).chmod(0o755)
    engine = Listener(Response(content=b"{}"))
    scene.branch()
    place = scene.write("train", "2.0")
    needs_sources(place) if kind == "source distribution" else needs_dockerfile(place)
    asked = scene.propose(is_fork=True)
    with serve(engine.page) as server:
        job = on_github(
            scene.job(asked.merge, REQUEST), "pull_request_target", asked.merge, REQUEST, pull_request(asked),
            DOCKER_HOST=f"tcp://127.0.0.1:{server.port}", PATH=f"{programs}{os.pathsep}{os.environ['PATH']}",
        )  # fmt: skip
        code, log = job.log()
    assert code == 2, log
    assert "this run holds secrets" in job.summary
    assert engine.seen == []
    assert not marks.exists()


def needs_sources(place: Path) -> None:
    lock = place / "env.lock"
    text = lock.read_text().replace("beta-1.0-py3-none-any.whl", "beta-1.0.tar.gz")
    lock.write_text(text.replace('name = "beta"\nversion = "1.0"', 'name = "beta"\nversion = "1.0"\nbuilds = true'))


def needs_dockerfile(place: Path) -> None:
    manifest, lock = place / "env.toml", read_lock(place / "env.lock")
    (place / "Dockerfile").write_text("FROM scratch\nRUN touch pwned\n")
    manifest.write_text(manifest.read_text().replace('base = "scratch"', 'dockerfile = "Dockerfile"'))
    made = Base(
        context=context_sha256(place, "Dockerfile"), glibc="2.41", interpreter="/bin/python3", python=f"{MINOR}.0"
    )
    platforms = tuple(replace(platform, base=made) for platform in lock.platforms)
    spec = read_manifest(manifest)
    other = replace(lock, inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=platforms)
    (place / "env.lock").write_text(lock_text(replace(other, inputs=replace(other.inputs, dockerfile="Dockerfile"))))


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_in_the_address_of_a_remote_is_shown_to_nobody(scene: Scene, tmp_path: Path, status: int) -> None:
    """As GitLab has it in its checkouts."""
    canaries = Canaries()
    token = canaries.secret("token", "")
    listener = Listener(Response(status=status, content=b"no"))
    scene.branch()
    scene.write("train", "2.0")
    asked = scene.propose()
    job = on_gitlab(scene.job(asked.head, "refs/heads/topic"), asked.head, **merge_request(asked))
    with serve(listener.page) as server:
        url = f"http://gitlab-ci-token:{token}@127.0.0.1:{server.port}/acme/models.git"
        run(("git", "-C", job.tree, "remote", "set-url", "origin", url))
        code, log = job.log("--plan", "--report", tmp_path / "report.md", "--outputs", tmp_path / "outputs")
    assert code == 0, log
    assert "cannot be fetched" in log
    assert canaries.found(log.encode()) == set()
    config = job.tree / ".git" / "config"
    assert canaries.traces(tmp_path, but=frozenset([config])) == []
