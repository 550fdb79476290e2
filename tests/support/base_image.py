"""A Debian base image with Python, made by mmdebstrap from this machine's own apt sources."""

import gzip
import hashlib
import json
import shutil
import tarfile
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.cache import AMBIENT, made_once, recipe_key
from tests.support.processes import Command, CommandError, run
from tests.support.registry import Registry
from tests.support.services import require, require_root, unavailable

SUITE = "bookworm"
MINOR = "3.11"  # the Python of that suite
INTERPRETER = f"/usr/bin/python{MINOR}"

# Python itself, and what the extension modules of other CPythons and of usual wheels are linked against
PACKAGES = (
    # without it Debian converts the root to a merged /usr by a program that brings all of Perl
    "usr-is-merged",
    *("ca-certificates", "libgomp1", "libstdc++6", "python3", f"python{MINOR}"),
    *(
        "libbz2-1.0",
        "libexpat1",
        "libffi8",
        "libgdbm6",
        "liblzma5",
        "libncursesw6",
        "libnsl2",
        "libreadline8",
    ),
    *("libsqlite3-0", "libssl3", "libtinfo6", "libuuid1", "zlib1g"),
)
MERGED_USR = "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"
DOCUMENTATION = ("/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/man/*")
# what differs from one run to the next, or is of no use in an image
LEFTOVERS = "rm -rf $1/var/log/* $1/var/cache/* $1/var/lib/apt/lists/* $1/etc/machine-id"
OPTIONS = (
    *("--mode=root", "--variant=essential", "--format=tar", "--quiet", MERGED_USR),
    *(f"--dpkgopt=path-exclude={pattern}" for pattern in DOCUMENTATION),
    *(f"--include={','.join(PACKAGES)}", f"--customize-hook={LEFTOVERS}"),
)
LAYOUT_FORM = 1  # to be raised when the layout is to be written anew from the same root
REFERENCE_NAME = "org.opencontainers.image.ref.name"
TAG = "base"


@cache
def base_layout() -> Path:
    """An OCI layout with one image of one gzip layer, tagged `base`."""
    program = require("mmdebstrap", "mmdebstrap")
    require_root("making a base image with mmdebstrap")
    key = recipe_key(*OPTIONS, str(LAYOUT_FORM))
    return made_once(f"base-image-{key}", lambda folder: _make(program, folder))


def digest(layout: Path) -> str:
    """The digest of the manifest of a layout's one image."""
    index = json.loads((layout / "index.json").read_bytes())
    (manifest,) = index["manifests"]
    return str(manifest["digest"])


def push(layout: Path, registry: Registry, name: str) -> str:
    """The image of a layout in the registry, by skopeo, with the digest it has; `name` may hold a tag."""
    reference = f"{registry.host}/{name}"
    skopeo = (require("skopeo", "skopeo"), "--insecure-policy", "copy", "--quiet", "--preserve-digests")
    run((*skopeo, "--dest-tls-verify=false", f"oci:{layout}:{TAG}", f"docker://{reference}"))
    return reference


def _make(program: str, layout: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="envlock-base-") as folder:
        root = Path(folder, "root.tar")
        _make_root(program, root)
        _write_layout(root, layout)


def _make_root(program: str, root: Path) -> None:
    command: Command = (program, *OPTIONS, SUITE, root, *_sources())
    try:
        run(command, environment={**AMBIENT, "SOURCE_DATE_EPOCH": "0"}, timeout=1800)
    except CommandError as error:
        unavailable(f"mmdebstrap cannot make a base image: {error}")


def _sources() -> list[str]:
    """The machine's own sources of the suite, whichever of apt's two formats they are written in."""
    line = "deb $(REPO_URI) $(RELEASE) $(COMPONENT)"
    targets = run(("apt-get", "indextargets", "--format", line, "Created-By: Packages")).splitlines()
    suites = {SUITE, f"{SUITE}-updates", f"{SUITE}-security"}
    found = sorted({target for target in targets if target.split()[2] in suites and target.endswith(" main")})
    if not found:
        unavailable(f"apt has no source of Debian {SUITE}")
    return found


def _write_layout(root: Path, layout: Path) -> None:
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    with tarfile.open(root) as archive:
        assert f".{INTERPRETER}" in archive.getnames()
    diff_id = f"sha256:{hashlib.file_digest(root.open('rb'), 'sha256').hexdigest()}"
    layer = _add_blob(blobs, _compressed(root), "application/vnd.oci.image.layer.v1.tar+gzip")
    config = _add_blob(blobs, _json(_config(diff_id)), "application/vnd.oci.image.config.v1+json")
    manifest_type = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": manifest_type, "config": config, "layers": [layer]}
    described = _add_blob(blobs, _json(manifest), manifest_type) | {
        "platform": {"architecture": "amd64", "os": "linux"},
        "annotations": {REFERENCE_NAME: TAG},
    }
    (layout / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))
    (layout / "index.json").write_bytes(_json({"schemaVersion": 2, "manifests": [described]}))


def _compressed(root: Path) -> bytes:
    with tempfile.TemporaryFile() as packed:
        with root.open("rb") as plain, gzip.GzipFile("", "wb", 6, packed, mtime=0) as compressor:
            shutil.copyfileobj(plain, compressor)
        packed.seek(0)
        return packed.read()


def _config(diff_id: str) -> dict[str, Any]:
    return {
        "architecture": "amd64",
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "Cmd": ["bash"],
        },
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        "history": [{"created": "1970-01-01T00:00:00Z", "created_by": "mmdebstrap"}],
    }


def _add_blob(blobs: Path, content: bytes, media_type: str) -> dict[str, Any]:
    sha256 = hashlib.sha256(content).hexdigest()
    (blobs / sha256).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{sha256}", "size": len(content)}


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, indent=1).encode()
