"""Config and manifest of an image: what the base says is kept, what is told is changed, nothing else is in them."""

import json
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import OutsideError, UserInputError
from envlock.model.image import LAYER_TYPE, Descriptor
from envlock.oci.image import ConfigChanges, NamedLayer, assemble, read_base, scratch
from envlock.oci.layer import Layer
from tests.support.oci_images import new_layout, small_image

DIGESTS = [f"sha256:{n:064x}" for n in range(200)]
LAYER = {"mediaType": LAYER_TYPE, "digest": DIGESTS[1], "size": 10}
MANIFEST: dict[str, Any] = {"schemaVersion": 2, "layers": [LAYER, {**LAYER, "digest": DIGESTS[2]}]}
CONFIG: dict[str, Any] = {
    "architecture": "arm64",
    "variant": "v8",
    "os": "linux",
    "created": "2024-02-03T04:05:06Z",
    "docker_version": "20.10.23",
    "config": {
        "Env": ["PATH=/usr/bin:/bin", "LANG=C", "EMPTY="],
        "Cmd": ["bash"],
        "Entrypoint": ["/init"],
        "User": "app",
        "WorkingDir": "/srv",
        "Labels": {"vendor": "acme", "version": "1"},
        "StopSignal": "SIGQUIT",
        "OnBuild": ["RUN make"],
    },
    "rootfs": {"type": "layers", "diff_ids": [DIGESTS[11], DIGESTS[12]]},
    "history": [{"created_by": "ADD"}, {"created_by": "ENV", "empty_layer": True}, {"created_by": "RUN"}],
}


def ours(number: int = 3, title: str = "numpy") -> NamedLayer:
    descriptor = Descriptor(media_type=LAYER_TYPE, digest=DIGESTS[number], size=number)
    return NamedLayer(layer=Layer(descriptor=descriptor, diff_id=DIGESTS[number + 10], files=1), title=title)


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def config_of(changes: ConfigChanges, config: dict[str, Any] = CONFIG) -> dict[str, Any]:
    found = json.loads(assemble(read_base(encoded(MANIFEST), encoded(config)), [ours()], changes, {}).config)
    assert isinstance(found, dict)
    return found


def told(changes: ConfigChanges) -> dict[str, Any]:
    found = config_of(changes)["config"]
    assert isinstance(found, dict)
    return found


def test_an_image_is_what_it_was_in_layout_1(tmp_path: Path) -> None:
    """Golden: a change here is a change of every image, and needs a new layout number."""
    expected = "sha256:bed4bddcdbd5190a067513776895dabb8c0c7180d2bab4c2dcf0e3f69c91689b"
    assert small_image(new_layout(tmp_path)).manifest.digest == expected


def test_base_layers_and_history_stay_as_they_are() -> None:
    base = read_base(encoded(MANIFEST), encoded(CONFIG))
    made = assemble(base, [ours(3, "numpy"), ours(4, "bin 07")], ConfigChanges(), {"a": "b"})
    manifest, config = json.loads(made.manifest), json.loads(made.config)
    assert manifest["layers"] == [*MANIFEST["layers"], *(ours(n).layer.descriptor.json() for n in (3, 4))]
    assert manifest["annotations"] == {"a": "b"}
    assert config["rootfs"] == {"type": "layers", "diff_ids": [DIGESTS[n] for n in (11, 12, 13, 14)]}
    epoch = "1970-01-01T00:00:00Z"
    assert config["history"] == [
        *CONFIG["history"],
        {"created": epoch, "created_by": "envlock: numpy"},
        {"created": epoch, "created_by": "envlock: bin 07"},
    ]
    assert {name: config[name] for name in config if name not in ("config", "rootfs", "history")} == {
        "architecture": "arm64",
        "variant": "v8",
        "os": "linux",
        "created": epoch,
    }


def test_a_history_that_is_not_of_the_layers_is_kept_and_nothing_invented() -> None:
    for history in ([], [{"created_by": "one for two layers"}]):
        found = config_of(ConfigChanges(), {**CONFIG, "history": history})["history"]
        assert found == [*history, {"created": "1970-01-01T00:00:00Z", "created_by": "envlock: numpy"}]


def test_both_documents_are_canonical_json() -> None:
    made = assemble(read_base(encoded(MANIFEST), encoded(CONFIG)), [ours()], ConfigChanges(), {"b": "ü", "a": "1"})
    for document in (made.config, made.manifest):
        again = json.dumps(json.loads(document), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert document == again.encode()


def test_an_image_without_annotations_has_none() -> None:
    assert "annotations" not in json.loads(assemble(scratch("amd64"), [ours()], ConfigChanges(), {}).manifest)


def test_a_base_is_kept_where_nothing_is_told() -> None:
    kept = {name: value for name, value in CONFIG["config"].items() if name != "OnBuild"}
    assert told(ConfigChanges()) == kept


def test_variables_replace_the_base_s_in_place_and_new_ones_follow_sorted() -> None:
    changes = ConfigChanges(environment=[("ZONE", "1"), ("LANG", "C.UTF-8"), ("A", "x=y"), ("EMPTY", "no")])
    assert told(changes)["Env"] == ["PATH=/usr/bin:/bin", "LANG=C.UTF-8", "EMPTY=no", "A=x=y", "ZONE=1"]


def test_the_order_in_which_things_are_told_is_not_in_the_image() -> None:
    one = ConfigChanges(environment=[("A", "1"), ("B", "2")], labels={"a": "1", "b": "2"})
    other = ConfigChanges(environment=[("B", "2"), ("A", "1")], labels={"b": "2", "a": "1"})
    assert told(one) == told(other)


@pytest.mark.parametrize(
    ("changes", "entrypoint", "cmd"),
    [
        (ConfigChanges(), ["/init"], ["bash"]),
        (ConfigChanges(cmd=("sh", "-l")), ["/init"], ["sh", "-l"]),
        (ConfigChanges(cmd=()), ["/init"], None),
        (ConfigChanges(entrypoint=("python",)), ["python"], None),
        (ConfigChanges(entrypoint=("python",), cmd=("-V",)), ["python"], ["-V"]),
        (ConfigChanges(entrypoint=()), None, None),
        (ConfigChanges(entrypoint=(), cmd=("sh",)), None, ["sh"]),
    ],
)
def test_entrypoint_and_cmd_follow_a_dockerfile(
    changes: ConfigChanges, entrypoint: list[str] | None, cmd: list[str] | None
) -> None:
    found = told(changes)
    assert (found.get("Entrypoint"), found.get("Cmd")) == (entrypoint, cmd)


def test_user_workdir_and_labels() -> None:
    found = told(ConfigChanges(user="1000", workdir="/work", labels={"version": "2", "new": "yes"}))
    assert (found["User"], found["WorkingDir"]) == ("1000", "/work")
    assert found["Labels"] == {"vendor": "acme", "version": "2", "new": "yes"}
    assert found["StopSignal"] == "SIGQUIT"


def test_docker_s_media_types_become_oci_s() -> None:
    docker = {**LAYER, "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip"}
    plain = {**LAYER, "mediaType": "application/vnd.docker.image.rootfs.diff.tar"}
    base = read_base(encoded({"layers": [docker, plain]}), encoded(CONFIG))
    assert [layer.media_type for layer in base.layers] == [LAYER_TYPE, "application/vnd.oci.image.layer.v1.tar"]
    assert {(layer.digest, layer.size) for layer in base.layers} == {(DIGESTS[1], 10)}


def test_a_base_may_say_nothing_of_containers() -> None:
    for config in ({**CONFIG, "config": None}, {name: CONFIG[name] for name in CONFIG if name != "config"}):
        assert config_of(ConfigChanges(user="1000"), config)["config"] == {"User": "1000"}


def test_a_base_with_null_fields_is_read() -> None:
    empty = {"Env": None, "Cmd": None, "Entrypoint": None, "Labels": None, "User": "", "WorkingDir": ""}
    base = read_base(encoded(MANIFEST), encoded({**CONFIG, "config": empty, "history": None}))
    assert base.environment == {}
    changes = ConfigChanges(environment=[("A", "1")], labels={"b": "2"})
    found = json.loads(assemble(base, [], changes, {}).config)
    assert found["config"] == {"Env": ["A=1"], "Labels": {"b": "2"}}


def test_the_environment_of_a_base_is_read() -> None:
    base = read_base(encoded(MANIFEST), encoded(CONFIG))
    assert base.environment == {"PATH": "/usr/bin:/bin", "LANG": "C", "EMPTY": ""}


def test_layers_are_limited_to_what_engines_take() -> None:
    layers = [ours(n) for n in range(125)]
    base = read_base(encoded(MANIFEST), encoded(CONFIG))
    assert len(json.loads(assemble(base, layers, ConfigChanges(), {}).manifest)["layers"]) == 127
    with pytest.raises(UserInputError) as error:
        assemble(base, [*layers, ours(130)], ConfigChanges(), {})
    assert error.value.message == "the image would have 128 layers, 2 of them its base's; engines take 127"


def with_config(**changes: Any) -> dict[str, Any]:
    return {**CONFIG, **changes}


def with_told(**changes: Any) -> dict[str, Any]:
    return {**CONFIG, "config": {**CONFIG["config"], **changes}}


FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
OLD = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"
BROKEN: list[tuple[Any, Any, str]] = [
    ({}, CONFIG, "base manifest: `layers` is missing"),
    ({"layers": [{**LAYER, "digest": "sha256:1"}]}, CONFIG,
     'base manifest: `layers[0].digest` is "sha256:1", expected a digest (sha256: and 64 hex digits)'),
    ({"layers": [{**LAYER, "mediaType": FOREIGN}]}, CONFIG,
     f"base manifest: `layers[0]` is a layer of type `{FOREIGN}` that cannot be copied"),
    ({"layers": [LAYER, {**LAYER, "mediaType": OLD}]}, CONFIG,
     f"base manifest: `layers[1]` is a layer of type `{OLD}` that cannot be copied"),
    ({"layers": [{**LAYER, "urls": ["http://elsewhere.test/layer"]}]}, CONFIG,
     f"base manifest: `layers[0]` is a layer of type `{LAYER_TYPE}` that cannot be copied"),
    ({"layers": [LAYER]}, CONFIG, "the base is broken: 1 layers in its manifest, 2 in its config"),
    (MANIFEST, [], "base config: the document is [], expected an object"),
    (MANIFEST, {}, "base config: `rootfs` is missing"),
    (MANIFEST, with_config(rootfs={"type": "layers"}), "base config: `rootfs.diff_ids` is missing"),
    (MANIFEST, with_config(architecture=None), "base config: `architecture` is missing"),
    (MANIFEST, with_config(os=["linux"]), 'base config: `os` is ["linux"], expected text'),
    (MANIFEST, with_config(config=[]), "base config: `config` is [], expected an object"),
    (MANIFEST, with_config(history=[1]), "base config: `history[0]` is 1, expected an object"),
    (MANIFEST, with_told(Env={"A": "B"}), 'base config: `config.Env` is {"A": "B"}, expected a list'),
    (MANIFEST, with_told(Env=[1]), "base config: `config.Env[0]` is 1, expected text"),
    (MANIFEST, with_told(Cmd="bash"), 'base config: `config.Cmd` is "bash", expected a list'),
    (MANIFEST, with_told(Entrypoint=[None]), "base config: `config.Entrypoint[0]` is null, expected text"),
    (MANIFEST, with_told(Labels=["a"]), 'base config: `config.Labels` is ["a"], expected an object'),
    (MANIFEST, with_told(User=0), "base config: `config.User` is 0, expected text"),
    (MANIFEST, with_told(WorkingDir=["/"]), 'base config: `config.WorkingDir` is ["/"], expected text'),
]  # fmt: skip


@pytest.mark.parametrize(("manifest", "config", "message"), BROKEN, ids=[row[2][:60] for row in BROKEN])
def test_a_broken_base_says_what_is_wrong(manifest: Any, config: Any, message: str) -> None:
    with pytest.raises(OutsideError) as error:
        read_base(encoded(manifest), encoded(config))
    assert error.value.message == message
