"""A package more among 150: which layers of the image are others."""

import json
from pathlib import Path

from envlock.model.layers import bin_of
from tests.support.index_server import WheelFolders, serve_index
from tests.support.projects import Project, manifest_text, new_project
from tests.support.tiny_project import NO_PROXY
from tests.support.tiny_wheels import write_wheel

NAMES = [f"part{n}" for n in range(150)]


def layers(project: Project) -> dict[str, str]:
    """The blobs of the image's layers, by what they are annotated with."""
    (shown,) = json.loads(project.must("build", "--json"))
    manifest = json.loads((project.cache / "image" / "blobs" / shown["digest"].replace(":", "/")).read_bytes())
    return {layer["annotations"]["dev.envlock.layer"]: layer["digest"] for layer in manifest["layers"]}


def test_a_package_more_changes_its_own_layer_alone(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    for name in (*NAMES, "new"):
        write_wheel(wheels, name)
    write_wheel(wheels, "part7", "2.0")
    write_wheel(wheels, "large", files={"large.py": "", "large.bin": bytes(9 << 20)})
    with serve_index(WheelFolders((wheels,))) as index:
        pinned = [f"{name}==1.0" for name in NAMES]
        project = new_project(
            tmp_path / "project", manifest_text(pip=pinned, index=index.url), cache=tmp_path / "cache", git=False
        )
        project = Project(folder=project.folder, cache=project.cache, variables=NO_PROXY)
        project.must("lock")
        first = layers(project)
        assert len(first) == 24
        changes = [
            (["new"], {"new"}),
            (["new", "large"], {"large"}),
            (["new", "large", "part7==2.0"], {"part7"}),
        ]
        for more, moved in changes:
            named = {name.partition("==")[0] for name in more}
            kept = [pin for pin in pinned if pin.partition("==")[0] not in named]
            project.manifest.write_text(manifest_text(pip=[*kept, *more], index=index.url))
            project.must("lock")
            after = layers(project)
            assert len(after.items() - first.items()) == len(moved), more
            assert len(after) == 24 + ("large" in more)
            first = after
    assert len({bin_of(f"pip:{name}") for name in NAMES}) == 24
