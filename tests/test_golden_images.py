"""Images of layout 1, as they were when it was settled: what changes a byte of them is another layout."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from envlock.model.layers import LAYOUT
from envlock.oci.compress import compressor_id
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from tests.support.golden_packages import write_golden_base, write_golden_channel, write_golden_wheel
from tests.support.index_server import WheelFolders, serve_index
from tests.support.projects import Project, new_project
from tests.support.tiny_project import NO_PROXY

CONDA = "[conda]\nchannels = ['{channel}']\ndependencies = ['tool']\n[image]\nbase = 'scratch'\n"
PIP = "[pip]\ndependencies = ['alpha']\n[[pip.indexes]]\nname = 'test'\nurl = '{index}'\ndefault = true\n"
ENVIRONMENTS = {
    "conda": CONDA,
    "pip": PIP + "[image]\nbase = 'oci:base'\n",
    "both": CONDA + PIP,
}


@dataclass(frozen=True)
class Digests:
    """What an image is known by. Its config follows from packages and layout alone."""

    lock_hash: str
    config: str


# never to be edited: where a test says that one is wrong, LAYOUT is to be raised, and a new row is added
CONFIGS = {
    (1, "conda"): Digests(
        lock_hash="27753b6b6105540c0d8c8dd87af7d7c647a3951b610556ca937ab0c9e7c7283f",
        config="sha256:4dcc424e0b2470610b2909c3b7a8d85c168554c244aaa7309a6f3a7037139161",
    ),
    (1, "pip"): Digests(
        lock_hash="6c8fad5ec856817ff14be5693f6e4c874a61bbc93dac25f29f6d008c04eaef55",
        config="sha256:1c8380714abe01891a3dce0cbc4da6db57e4b99943703bc5d204c8a6b4513e74",
    ),
    (1, "both"): Digests(
        lock_hash="5aa7db3c5f7dcde42f886c8495ca0cc447f4ebb86c0c50f1bf190686786f66cd",
        config="sha256:e1ac4b444d51e51a09bfc2490c56eedb23540f33bb42854b51d1aff6d37dfe9f",
    ),
}
# by layout and compressor: where a new libdeflate packs otherwise, its id is another, and a new row is added
MANIFESTS = {
    (1, "kept-4096+libdeflate-6-1MiB-a111df2b"): {
        "conda": "sha256:1cfbb8a67bdf71340560f8c19d715e7ba21d908534f4839199f1a0aece79c737",
        "pip": "sha256:52d1cc4c43e39ba186a94c5d8274b78ced62ad0f2e5425975487a024170957c0",
        "both": "sha256:7259522cf0d26105d8401b75f64265692633d53a48aed65c0219e05c191fd2ab",
    },
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("wheels")
    write_golden_wheel(folder)
    with serve_index(WheelFolders((folder,))) as server:
        yield server.url


def project(root: Path, index: str, environment: str) -> Project:
    channel = write_golden_channel(root / "channel")
    parts = ENVIRONMENTS[environment].format(channel=channel.as_uri(), index=index)
    manifest = f"name = 'golden'\npython = '3.11'\n{parts}"
    base = write_golden_base(root / "base")
    made = new_project(root / "golden", manifest, cache=root / "cache", base=base, git=False)
    return made.given(**NO_PROXY)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_images_are_what_they_always_were(tmp_path: Path, index: str, environment: str) -> None:
    made = project(tmp_path, index, environment)
    made.must("lock")
    made.must("build", "--output", tmp_path / "image")
    layout = Layout(tmp_path / "image")
    (listed,) = layout.manifests()
    manifest = read_manifest(layout.read(listed.descriptor), "it")
    (shown,) = json.loads(made.must("show", "--json"))
    found = Digests(lock_hash=shown["lock_hash"], config=manifest.config.digest)
    assert CONFIGS[LAYOUT, environment] == found, "other bytes in layers or config: raise LAYOUT"
    known = MANIFESTS[LAYOUT, compressor_id()]
    assert known[environment] == listed.descriptor.digest, (
        "layers are packed otherwise: the compressor needs another id"
    )
