"""requirements.txt, as `import` takes it: what it asks for; and the pins of one that pip-compile or another made."""

import re
from pathlib import Path

from envlock.interchange.pip.pythons import python_key
from envlock.interchange.pip.requirement_lines import joined
from envlock.interchange.pip.requirement_pins import pinned_by, python_of, roots_of
from envlock.interchange.pip.requirement_reader import Asked, Origin, RequirementReader, merged, read_requirements
from envlock.interchange.pip.requirement_source import is_direct
from envlock.interchange.pip.requirement_words import words_of
from envlock.interchange.source import Source
from envlock.model.imported import Imported, Pinned
from envlock.model.platform import DEFAULT_PLATFORM, PLATFORMS
from envlock.model.spec import EnvSpec, PipSpec

_NAME = re.compile(r"(?:.*[-_.])?(?:requirements?|constraints?)(?:[-_.].*)?\.(?:txt|in|pip)|pip-requirements.*", re.I)
_LINE = re.compile(
    r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\s*(?:\[[^\]]*\]\s*)?(?:(?:[=<>!~]=|[<>]|===|\(|@|;).*)?", re.DOTALL
)
_PLATFORMS = re.compile(r"^# (?:Python \S+|No Python)(?: and \S+)* on (?P<names>[^;]+); made by `envlock", re.MULTILINE)
_HASHES = "its hashes are not kept: not every requirement of the file is `==` with a sha256, so it is no lock"
_OLD = "`python` takes 3.8 and newer: the base's is taken, for which the pins may not be"
_INDEXES = "the file does not say which index each is from: `envlock lock` finds that out, and no hash is taken over"


def is_one(path: Path, text: str) -> bool:
    """By name, or as every line of it is a requirement or an option of pip."""
    if path.suffix not in (".txt", ".in", ".pip") or text.startswith(("@EXPLICIT", "\n@EXPLICIT")):
        return False
    lines = [line for _, line in joined(text)] if len(text) < 1 << 20 else []
    if any(line.strip() == "@EXPLICIT" for line in lines):
        return False
    return bool(_NAME.fullmatch(path.name)) or (bool(lines) and all(map(_is_line, lines)))


def _is_line(line: str) -> bool:
    try:
        words = words_of(line)
    except ValueError:
        return False
    return bool(line.startswith("-") or is_direct(words.requirement) or _LINE.fullmatch(words.requirement))


def read(source: Source) -> Imported:
    """ValueError where groups are asked for; all that cannot be carried over is remarked."""
    if source.groups:
        raise ValueError("a file of requirements has no groups: import each of its files by itself")
    reader = read_requirements(source)
    asked, limits = merged(reader.asked, reader), merged(reader.limits, reader)
    platforms = _platforms(source)
    pinned = _pinned(asked, reader, source, platforms)
    roots = roots_of(reader.texts, asked) if pinned else ()
    dependencies = roots if pinned else tuple(sorted({each.requirement for each in asked}))
    python = python_of(source.text) if pinned else None
    if python and not python_key(f"=={python}"):
        reader.remark(f"Python {python}", _OLD, Origin(source.path, None, ""))
        python = None
    spec = EnvSpec(
        name="",
        python=python,
        platforms=platforms,
        pip=PipSpec(
            dependencies=dependencies,
            constraints=tuple(sorted({each.requirement for each in limits})),
            editable=tuple(reader.editable[path] for path in sorted(reader.editable)),
            indexes=reader.indexes.all,
        ),
    )
    return Imported(spec=spec, remarks=tuple(reader.remarks), pinned=pinned)


def _platforms(source: Source) -> tuple[str, ...]:
    """Those that are asked for; of what `envlock export` wrote, those that it names."""
    named = _PLATFORMS.search(source.text)
    told = tuple(name.strip() for name in named["names"].split(",")) if named else ()
    chosen = source.platforms or (told if {*told} <= {*PLATFORMS} else ()) or (DEFAULT_PLATFORM,)
    unknown = next((name for name in chosen if name not in PLATFORMS), None)
    if unknown:
        raise ValueError(f"`{unknown}` is no platform that is known: {', '.join(f'`{each}`' for each in PLATFORMS)}")
    return tuple(sorted(chosen))


def _pinned(
    asked: list[Asked], reader: RequirementReader, source: Source, platforms: tuple[str, ...]
) -> tuple[Pinned, ...]:
    """The pins, where every requirement is one; where some have hashes that are of no use, that is remarked."""
    hashed = next((each for each in asked if each.hashes), None)
    if hashed is None:
        return ()
    try:
        pinned = pinned_by(asked, reader, platforms, python_of(source.text))
    except LookupError:
        reader.remark("--hash", _INDEXES, hashed.origin)
        return ()
    if not pinned:
        other = next((each for each in asked if not any(h.startswith("sha256:") for h in each.hashes)), hashed)
        reader.remark(f"--hash, as of `{other.text}`", _HASHES, other.origin)
    return pinned
