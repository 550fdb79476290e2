"""What `inspect` shows of an image."""

import json
from collections.abc import Iterator

from envlock.cli.text import aligned, number, size
from envlock.errors import escaped
from envlock.model.image_view import ImageView, PlatformView

_SETTINGS = ("User", "WorkingDir", "Entrypoint", "Cmd", "ExposedPorts", "Volumes", "StopSignal", "Healthcheck")
_KINDS = {
    "application/vnd.envlock.lock.v1+toml": "env.lock (--lock)",
    "application/vnd.cyclonedx+json": "bill of materials, CycloneDX (--sbom)",
    "application/spdx+json": "bill of materials, SPDX (--spdx)",
    "application/vnd.in-toto+json": "provenance (--provenance)",
}
_WHERE = {"cache": "on this machine alone", "nowhere": "not built yet"}


def image_lines(image: ImageView) -> Iterator[str]:
    """All of it: what it is called, then each platform, then what hangs on it."""
    yield escaped(image.name)
    yield from _indented(aligned([*_names(image)]))
    for platform in image.platforms:
        yield ""
        yield f"{escaped(platform.platform)}{f'  {platform.digest}' if len(image.platforms) > 1 else ''}"
        yield from _indented(_layers(platform))
        yield ""
        yield from _indented(_settings(platform))
    if image.attached:
        yield ""
        yield "attached"
        kinds = [(each, _KINDS.get(each.artifact_type, each.artifact_type)) for each in image.attached]
        rows = [(size(each.size), escaped(kind), each.document) for each, kind in kinds]
        yield from _indented(aligned(rows, right=(0,)))


def _names(image: ImageView) -> Iterator[tuple[str, str]]:
    if image.digest:
        yield "digest", image.digest
    if image.key:
        yield "lock hash", escaped(image.key)
    if image.where in _WHERE:
        yield "where", _WHERE[image.where]
    for platform, count in (image.packages or {}).items():
        yield platform, number(count, "package")


def _layers(platform: PlatformView) -> Iterator[str]:
    rows = [("SIZE", "PART", "LAYER", "WHAT")]
    short = [layer.digest.removeprefix("sha256:")[:12] for layer in platform.layers]
    layers = zip(platform.layers, short, strict=True)
    rows += [(size(layer.size), layer.part, digest, escaped(layer.title)) for layer, digest in layers]
    yield from aligned(rows, right=(0,))
    base, own = platform.of_part("base"), platform.of_part("env")
    parts = ((base, "of the base"), (own, "of the environment"))
    counted = [f"{number(len(p), 'layer')} {of}, {size(sum(layer.size for layer in p))}" for p, of in parts if p]
    yield f"{size(platform.size)} compressed: {'; '.join(counted)}" if counted else "no layers"


def _settings(platform: PlatformView) -> Iterator[str]:
    told = [(name, platform.settings[name]) for name in _SETTINGS if platform.settings.get(name)]
    rows = [(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)) for name, value in told]
    rows += [("Env", each) for each in platform.settings.get("Env") or ()]
    rows += [("Label", f"{name}={value}") for name, value in (platform.settings.get("Labels") or {}).items()]
    yield from aligned([(name, escaped(str(value))) for name, value in rows]) if rows else ()


def _indented(lines: Iterator[str] | list[str]) -> Iterator[str]:
    yield from (f"  {line}".rstrip() for line in lines)
