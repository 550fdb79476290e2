"""The JSON schemas of the OCI image specification, as Debian ships them, and what of a layout breaks them."""

import json
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator
from referencing import Registry
from referencing.jsonschema import DRAFT4

from tests.support.services import unavailable

FOLDER = Path("/usr/share/gocode/src/github.com/opencontainers/image-spec/schema")
PACKAGE = "golang-github-opencontainers-image-spec-dev"
START = "https://schemas.test/"
SCHEMAS = {
    "application/vnd.oci.image.index.v1+json": "image-index-schema.json",
    "application/vnd.oci.image.manifest.v1+json": "image-manifest-schema.json",
    "application/vnd.oci.image.config.v1+json": "config-schema.json",
}
OURS = "dev.envlock."
MOST_READ = 1 << 20


def expected() -> bool:
    """Are the schemas here, or ought they to be?"""
    return FOLDER.is_dir() or os.environ.get("CI") == "true"


def layout_problems(layout: Path) -> tuple[str, ...]:
    """What is wrong with `oci-layout`, `index.json` and every document that this leads to, whoever wrote it."""
    index = json.loads((layout / "index.json").read_bytes())
    found = [*document_problems(json.loads((layout / "oci-layout").read_bytes()), "image-layout-schema.json")]
    found += document_problems(index, SCHEMAS["application/vnd.oci.image.index.v1+json"])
    return (*found, *_below(layout, index))


def cache_problems(layout: Path) -> tuple[str, ...]:
    """Of a layout without an index: what is wrong with the manifests and indexes that envlock wrote, and below them."""
    found: list[str] = []
    for path in sorted((layout / "blobs" / "sha256").glob("*")):
        document = _document(path)
        media_type = document.get("mediaType", "") if document else ""
        if (
            document
            and media_type in SCHEMAS
            and any(name.startswith(OURS) for name in document.get("annotations", {}))
        ):
            found += document_problems(document, SCHEMAS[media_type])
            found += _below(layout, document)
    return tuple(found)


def document_problems(document: Any, schema: str) -> Iterator[str]:
    """What in a document is not as the schema of that file name has it."""
    for error in _validator(schema).iter_errors(document):
        yield f"{schema}: {error.json_path} {error.message}"


def _below(layout: Path, document: dict[str, Any]) -> Iterator[str]:
    """Of the documents that a manifest or an index names."""
    for entry in (*document.get("manifests", ()), *filter(None, [document.get("config")])):
        yield from document_problems(entry, "content-descriptor.json")
        below = _document(layout / "blobs" / entry["digest"].replace(":", "/"))
        if below is not None and entry["mediaType"] in SCHEMAS:
            yield from document_problems(below, SCHEMAS[entry["mediaType"]])
            yield from _below(layout, below) if "mediaType" in below else ()


def _document(path: Path) -> dict[str, Any] | None:
    """A blob that is a JSON object; None for one that is not, or not here."""
    if not path.is_file() or path.stat().st_size > MOST_READ or path.open("rb").read(1) != b"{":
        return None
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


@cache
def _validator(name: str) -> Draft4Validator:
    if not FOLDER.is_dir():
        unavailable(f"no schemas of the image specification (Debian package `{PACKAGE}`)")
    # the files refer to one another by name, but call themselves by addresses under which they are not to be found
    files = {path.name: _unnamed(json.loads(path.read_bytes())) for path in FOLDER.glob("*.json")}
    named = [(f"{START}{file}", DRAFT4.create_resource(text)) for file, text in files.items()]
    registry: Registry[Any] = Registry().with_resources(named)
    return Draft4Validator({"$ref": f"{START}{name}"}, registry=registry)


def _unnamed(schema: Any) -> Any:
    if isinstance(schema, dict):
        return {key: _unnamed(value) for key, value in schema.items() if key != "id" or not isinstance(value, str)}
    return [_unnamed(value) for value in schema] if isinstance(schema, list) else schema
