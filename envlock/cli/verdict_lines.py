"""What `verify` says of an image."""

from collections.abc import Iterator

from envlock.cli.text import number
from envlock.errors import escaped
from envlock.model.image_verdict import PlatformVerdict, Verdict, WrongLayer


def right_line(verdict: Verdict) -> Iterator[str]:
    """One line for each platform, and what is unlike and no less right."""
    for platform in verdict.platforms:
        name = f"{platform.platform}: " if len(verdict.platforms) > 1 else ""
        yield f"{name}{_of(verdict)}{_counted(platform)}"
        yield from (f"  {escaped(note)}" for note in (*platform.notes, *_told(platform)))


def wrong_lines(verdict: Verdict) -> Iterator[str]:
    """All that is wrong, layer by layer and file by file."""
    environment = escaped(verdict.environment)
    only_unverifiable = verdict.is_good
    says = "cannot be verified as a whole" if only_unverifiable else f"is not what the lock of `{environment}` makes"
    yield f"{escaped(verdict.title)} {says}"
    yield from (f"  {escaped(problem)}" for problem in verdict.problems)
    for platform in verdict.platforms:
        indent = "  "
        if len(verdict.platforms) > 1:
            yield f"  {platform.platform}  {platform.digest}"
            indent = "    "
        yield from (f"{indent}{line}" for line in _wrong_platform(platform))


def _wrong_platform(platform: PlatformVerdict) -> Iterator[str]:
    yield from map(escaped, platform.problems)
    for layer in platform.wrong:
        yield from _wrong_layer(layer)
    yield from map(escaped, (*platform.notes, *_told(platform)))
    if platform.layers:
        yield f"{platform.right} of {number(platform.layers, 'layer')} {_are(platform.right)} what they should be"


def _wrong_layer(layer: WrongLayer) -> Iterator[str]:
    yield escaped(f"{layer.title}: {layer.what}")
    width = max((len(what) for what, _ in layer.first), default=0)
    yield from (escaped(f"  {what:{width}}  {path}") for what, path in layer.first)
    if layer.files > len(layer.first):
        yield f"  and {number(layer.files - len(layer.first), 'more file')}"


def _told(platform: PlatformVerdict) -> tuple[str, ...]:
    return (platform.unverifiable,) if platform.unverifiable else ()


def _of(verdict: Verdict) -> str:
    return f"environment `{escaped(verdict.environment)}`: " if verdict.found_by_hash else ""


def _counted(platform: PlatformVerdict) -> str:
    count = f"{platform.right} of {number(platform.layers, 'layer')} {_are(platform.right)} what they should be"
    fetched = f"{number(platform.packages, 'package')} fetched by the lock's hashes; "
    return f"{fetched if platform.packages else ''}{count}"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
