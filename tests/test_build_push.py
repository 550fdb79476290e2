"""`build --push` to a real registry: nothing is asked, made, downloaded or sent twice."""

import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from envlock.oci.layout import Layout
from tests.support.built_projects import Factory, built, came, commit, factory, with_empty_cache
from tests.support.processes import run
from tests.support.projects import Project
from tests.support.registry import Registry
from tests.support.registry_proxy import RegistryProxy
from tests.support.services import require

NAMES = [f"pack{n}" for n in range(12)]
PINNED = [f"{name}==1.0" for name in NAMES]
SLACK = 64 << 10


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, proxy: RegistryProxy) -> Iterator[Factory]:
    with factory(tmp_path_factory.mktemp("built"), proxy, NAMES) as ready:
        yield ready


@pytest.fixture(autouse=True)
def counted(proxy: RegistryProxy) -> None:
    proxy.reset()


def manifest_of(proxy: RegistryProxy, shown: dict[str, Any]) -> dict[str, Any]:
    name = shown["reference"].replace(proxy.host, proxy.upstream)
    command = (require("skopeo", "skopeo"), "inspect", "--raw", "--tls-verify=false", f"docker://{name}")
    found = json.loads(run(command))
    assert isinstance(found, dict)
    return found


def size_of(shown: dict[str, Any], package: str) -> int:
    """Of the layer that a package is in."""
    return int(next(layer["size"] for layer in shown["layers"] if f"{package} " in layer["title"]))


def test_what_the_registry_has_is_asked_for_once(made: Factory, proxy: RegistryProxy) -> None:
    project = made.project("once", PINNED)
    proxy.reset()
    first = built(project, "--push")
    assert first["pushed"]["uploaded_layers"] == len(first["layers"])
    assert first["pushed"]["mounted"] == len(first["base"])
    assert first["pushed"]["uploaded_bytes"] == proxy.received
    proxy.reset()
    again = built(project, "--push")
    assert (again["digest"], again["cached"], again["in_registry"], again["pushed"]) == (
        first["digest"], "registry", True, None,
    )  # fmt: skip
    assert len(proxy.seen) <= 3
    assert proxy.received == 0
    elsewhere = with_empty_cache(project, "once-empty")
    proxy.reset()
    assert elsewhere.call("build", "--push").stdout == f"{first['reference']}\n"
    assert [(seen.method, seen.path) for seen in proxy.seen] == [
        ("GET", f"/v2/built/once/manifests/{first['tags'][0]}")
    ]
    assert not (elsewhere.cache / "packages").exists()


def test_lines_say_what_was_done(made: Factory) -> None:
    project = made.project("lines", PINNED[:2])
    done = project.call("build", "--push")
    assert done.code == 0
    lines = done.stderr.splitlines()
    assert lines[-4].startswith(f"{made.proxy.host}/built/lines:lock-")
    assert lines[-3] in ("  base  1 layer: 1 sent", "  base  1 layer   in the registry already")
    assert lines[-2].startswith("  env   3 layers: 3 built (")
    assert lines[-1].startswith("  push  ")
    assert built(project, "--push")["cached"] == "registry"
    quiet = project.call("build", "--push", "--quiet")
    assert (quiet.stdout, quiet.stderr) == (done.stdout, "")


def test_one_package_changes_one_layer(made: Factory, proxy: RegistryProxy) -> None:
    project = made.project("small", PINNED)
    before = built(project, "--push")
    project.change("pack5==1.0", "pack5==2.0")
    project.must("lock")
    proxy.reset()
    after = built(project, "--push")
    assert [title for title in came(after, "made") if "pack5 2.0" not in title] == []
    assert len(came(after, "made")) == 1
    assert after["pushed"]["uploaded_layers"] == 1
    assert proxy.received == after["pushed"]["uploaded_bytes"] <= size_of(after, "pack5") + SLACK
    assert len({layer["digest"] for layer in (*before["layers"], *after["layers"])}) == len(before["layers"]) + 1


def test_layers_of_trusted_images_are_neither_made_nor_downloaded(made: Factory, proxy: RegistryProxy) -> None:
    project = made.project("trusted", PINNED)
    before = built(project, "--push")
    project.change("pack3==1.0", "pack3==2.0")
    project.must("lock")
    other = with_empty_cache(project, "trusted-empty")
    proxy.reset()
    after = built(other, "--push")
    assert proxy.count("GET", "/blobs/") == 2  # the configs of the base and of the trusted image
    assert [title for title in came(after, "made") if "pack3" not in title and title != "envlock"] == []
    assert len(came(after, "reused")) >= len(before["layers"]) - 2
    assert after["pushed"]["uploaded_bytes"] <= size_of(after, "pack3") + SLACK
    blobs = other.cache / "image" / "blobs" / "sha256"
    there = {f"sha256:{path.name}" for path in blobs.iterdir()}
    assert not there & {layer["digest"] for layer in after["layers"] if layer["came"] == "reused"}
    here = project.elsewhere(other.cache.with_name("trusted-here"))
    assert built(here, "--no-cache")["digest"] == after["digest"]
    refused = other.call("--offline", "build", "--output", other.cache.with_name("offline.tar"))
    assert (refused.code, refused.stdout) == (3, "")
    assert "are not in the cache, and this is --offline" in refused.stderr
    # what was left in the registry comes when its bytes are wanted
    other.must("build", "--output", other.cache.with_name("trusted.tar"))
    assert there < {f"sha256:{path.name}" for path in blobs.iterdir()}


def test_environments_of_a_repository_share_layers(made: Factory, proxy: RegistryProxy) -> None:
    project = made.project("shared", PINNED)
    built(project, "--push", "--no-attach")
    beside = made.beside(project, "shared-too", PINNED)
    proxy.reset()
    same_machine = built(beside, "--push", "--no-attach")
    assert same_machine["pushed"]["uploaded_layers"] == 0
    assert same_machine["pushed"]["mounted"] == len(same_machine["layers"]) + len(same_machine["base"])
    third = with_empty_cache(made.beside(project, "shared-three", PINNED[:-1]), "shared-empty")
    shown = built(third, "--push", "--no-attach")
    assert came(shown, "reused")
    assert shown["pushed"]["mounted"] >= len(came(shown, "reused"))


def test_reuse_names_more_images(made: Factory) -> None:
    first = built(made.project("named", PINNED), "--push", "--no-attach")
    stranger = made.project("stranger", PINNED[1:])
    shown = built(stranger, "--push", "--no-attach", "--reuse", first["name"])
    assert came(shown, "reused")


def test_layers_that_others_have_compressed_are_not_taken(made: Factory, registry: Registry) -> None:
    project = made.project("recompressed", PINNED[:2])
    layout = project.folder.parent / "recompressed-layout"
    shown = built(project, "--output", layout)
    manifest = json.loads(Layout(layout).read(shown["digest"]))
    zstd = [{**layer, "mediaType": "application/vnd.oci.image.layer.v1.tar+zstd"} for layer in manifest["layers"]]
    lay_under(layout, "1", layers=zstd)
    copy(layout, f"{registry.host}/built/mirrored:1", "1")
    other = with_empty_cache(project, "recompressed-empty")
    again = built(other, "--push", "--no-attach", "--reuse", f"{made.proxy.host}/built/mirrored:1")
    assert (came(again, "reused"), again["digest"]) == ([], shown["digest"])


def test_an_image_that_cannot_be_read_hinders_nobody(made: Factory, registry: Registry) -> None:
    made.wheel("lonely", "1.0")  # of no other image
    project = made.project("calm", ["lonely", PINNED[0]])
    broken = built(made.beside(project, "calm-broken", ["lonely"]), "--push", "--no-attach")
    digest = broken["digest"].removeprefix("sha256:")
    document = registry.root / f"docker/registry/v2/blobs/sha256/{digest[:2]}/{digest}/data"
    document.write_bytes(document.read_bytes()[:-1])
    nobody = f"{made.proxy.host}/built/nobody:1"
    done = with_empty_cache(project, "calm-empty").call("build", "--push", "--no-attach", "--reuse", nobody)
    assert done.code == 0
    assert f"no layer of `{nobody}` is taken: it is not there" in done.stderr
    assert f"no layer of `{broken['name']}` is taken: " in done.stderr


def test_what_was_made_here_outranks_a_tag(made: Factory, registry: Registry) -> None:
    project, poison = made.project("poisoned", PINNED[:3]), made.project("poison", PINNED[:2])
    good, bad = built(project, "--push", "--no-attach"), built(poison, "--push", "--no-attach")
    annotated = poison.folder.parent / "poison-layout"
    poison.must("build", "--output", annotated)
    lay_under(annotated, good["tags"][0], annotations=manifest_of(made.proxy, good)["annotations"])
    copy(annotated, f"{registry.host}/built/poisoned:{good['tags'][0]}", good["tags"][0])
    found = with_empty_cache(project, "poisoned-empty").call("build", "--push", "--no-attach")
    assert good["digest"] not in found.stdout  # nothing is known of another one there
    done = project.call("build", "--push", "--no-attach")
    assert f"{good['digest']} was made here of the same lock: pushed again" in done.stderr
    assert good["digest"] in done.stdout
    assert bad["digest"] != good["digest"]
    assert built(with_empty_cache(project, "poisoned-empty"), "--push", "--no-attach")["digest"] == good["digest"]


def test_a_tag_whose_full_key_is_another_is_no_hit(made: Factory, registry: Registry) -> None:
    project = made.project("halfway", PINNED[:3])
    good = built(project, "--push", "--no-attach")
    annotations = manifest_of(made.proxy, good)["annotations"]
    full = annotations["dev.envlock.lock-hash"]
    layout = project.folder.parent / "halfway-layout"
    project.must("build", "--output", layout)
    lay_under(layout, good["tags"][0], annotations={**annotations, "dev.envlock.lock-hash": full[:16] + "0" * 48})
    copy(layout, f"{registry.host}/built/halfway:{good['tags'][0]}", good["tags"][0])
    shown = built(with_empty_cache(project, "halfway-empty"), "--push", "--no-attach")
    assert (shown["digest"], shown["cached"]) == (good["digest"], None)


def lay_under(folder: Path, tag: str, **changed: Any) -> None:
    """Makes the manifest of a layout say something else of itself."""
    layout = Layout(folder)
    (entry,) = layout.manifests()
    content = {**json.loads(layout.read(entry.descriptor)), **changed}
    descriptor = layout.put(json.dumps(content).encode(), entry.descriptor.media_type)
    index = json.loads((folder / "index.json").read_text())
    index["manifests"] = [{**index["manifests"][0], **descriptor.json()}]
    index["manifests"][0]["annotations"]["org.opencontainers.image.ref.name"] = tag
    (folder / "index.json").write_text(json.dumps(index))


def copy(folder: Path, name: str, tag: str) -> None:
    command = (require("skopeo", "skopeo"), "--insecure-policy", "copy", "--quiet", "--preserve-digests")
    run((*command, "--dest-tls-verify=false", f"oci:{folder}:{tag}", f"docker://{name}"))


def test_layers_that_the_registry_has_lost_are_made(made: Factory, registry: Registry, proxy: RegistryProxy) -> None:
    project = made.project("lost", PINNED[:6])
    before = built(project, "--push", "--no-attach")
    project.change("pack3==1.0", "pack3==2.0")
    project.must("lock")
    commit(project)
    other = with_empty_cache(project, "lost-empty")
    after = built(other, "--push", "--no-attach")
    gone = next(layer for layer in after["layers"] if layer["came"] == "reused" and layer["title"] != "envlock")
    for name in ("lost", "lost-never"):
        shutil.rmtree(registry.root / f"docker/registry/v2/repositories/built/{name}", ignore_errors=True)
    digest = gone["digest"].removeprefix("sha256:")
    shutil.rmtree(registry.root / f"docker/registry/v2/blobs/sha256/{digest[:2]}/{digest}")
    done = other.call("build", "--push", "--no-attach")
    assert "of its layers are in the registry no more: made here" in done.stderr
    assert after["digest"] in done.stdout
    assert before["digest"] != after["digest"]
    whole = other.cache.with_name("lost-layout")
    command = (require("skopeo", "skopeo"), "--insecure-policy", "copy", "--quiet", "--src-tls-verify=false")
    run((*command, f"docker://{registry.host}/built/lost@{after['digest']}", f"oci:{whole}:x"))


def test_two_at_once_push_the_same(made: Factory, proxy: RegistryProxy) -> None:
    project = made.project("at-once", PINNED)
    with ThreadPoolExecutor() as pool:
        done = [*pool.map(lambda _: project.call("build", "--push", "--no-attach"), range(3))]
    assert {(one.code, one.stdout) for one in done} == {(0, done[0].stdout)}
    assert built(project, "--push", "--no-attach")["reference"] == done[0].stdout.strip()
    assert project.must("push").strip() == done[0].stdout.strip()


def test_a_base_stays_in_its_registry_until_it_is_wanted(made: Factory, tmp_path: Path, proxy: RegistryProxy) -> None:
    project = with_empty_cache(made.project("sparse", PINNED[:2]), "sparse-empty")
    proxy.reset()
    shown = built(project)
    (base,) = shown["base"]
    assert proxy.count("GET", base) == 0
    blob = project.cache / "image" / "blobs" / base.replace(":", "/")
    assert not blob.exists()
    project.must("build", "--output", tmp_path / "image.tar")
    assert blob.exists()
    assert proxy.count("GET", base) == 1


def test_push_sends_what_was_built(made: Factory, proxy: RegistryProxy) -> None:
    project = made.project("later", PINNED[:3])
    local = built(project)
    assert (local["pushed"], local["in_registry"]) == (None, False)
    (pushed,) = json.loads(project.must("push", "--json", "--no-attach"))
    assert (pushed["digest"], pushed["cached"], pushed["in_registry"]) == (local["digest"], "cache", True)
    assert pushed["pushed"]["uploaded_layers"] + pushed["pushed"]["mounted"] + pushed["pushed"]["present"] > 0
    fresh = made.project("never-built", PINNED[:4])
    assert fresh.must("push").startswith(f"{proxy.host}/built/never-built@sha256:")


def test_what_is_written_out_is_sent_only_where_it_is_not_there(made: Factory, proxy: RegistryProxy) -> None:
    project = with_empty_cache(made.project("both-ways", PINNED[:2]), "both-ways-empty")
    first = built(project, "--push", "--no-attach", "--output", project.cache.with_name("both-ways.tar"))
    assert first["pushed"]["mounted"] == len(first["base"])  # its bytes are here, and the registry has them
    proxy.reset()
    other = with_empty_cache(project, "both-ways-again")
    again = built(other, "--push", "--no-attach", "--output", project.cache.with_name("both-ways-again.tar"))
    assert (again["digest"], again["in_registry"], again["pushed"]) == (first["digest"], True, None)
    assert {seen.method for seen in proxy.seen} == {"GET"}  # who may only read gets it, too
    done = project.call("build", "--push", "--no-attach", "--reuse", "x.test/y:!")
    assert (done.code, done.stdout) == (2, "")
    assert "error: no image can be reused: `!` is not a tag" in done.stderr


def test_one_that_fails_hides_no_other(made: Factory) -> None:
    project = made.project("several", PINNED[:2])
    broken = made.beside(project, "several-broken", PINNED[:2])
    broken.lockfile.unlink()
    other = made.beside(project, "several-good", PINNED[:1])
    done = project.call("build", "--push", "--no-attach", "--json", "several-broken", "several-good", "several")
    shown = json.loads(done.stdout)
    assert [("error" in one, one.get("in_registry")) for one in shown] == [(True, None), (False, True), (False, True)]
    assert done.code != 0
    assert "several-broken: " in done.stderr
    assert built(other, "--push", "--no-attach")["cached"] == "registry"


@pytest.mark.parametrize(
    ("flags", "change", "message"),
    [
        (("--offline", "build", "--push"), "", "an image cannot be pushed with --offline"),
        (("build", "--push"), "repository", "env.toml does not say where images go"),
        (("build", "--reuse", "x.test/y:1"), "", "`--reuse` is of use with `--push`"),
    ],
)
def test_what_cannot_be_pushed_is_refused(
    made: Factory, request: pytest.FixtureRequest, flags: tuple[str, ...], change: str, message: str
) -> None:
    name = f"refused-{abs(hash(request.node.name)) % 10**8}"
    project: Project = made.project(name, PINNED[:1])
    if change:
        text = project.manifest.read_text()
        project.manifest.write_text("\n".join(line for line in text.splitlines() if not line.startswith(change)))
    done = project.call(*flags)
    assert (done.code, done.stdout) == (2, "")
    assert message in done.stderr
