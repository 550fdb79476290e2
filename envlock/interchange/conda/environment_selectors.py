"""Which platforms a line of environment.yml is for: `# [linux and not aarch64]`, as conda-lock reads it."""

import re

from envlock.model.platform import PLATFORMS

_COMMENT = re.compile(r"^(?P<before>.*?\S.*?)\s#(?P<comment>.*)$")
_BRACKETS = re.compile(r"\[([^\[\]]{1,200})\]")
_TOKEN = re.compile(r"\s*([A-Za-z0-9_-]+|[()])")
# what a selector that nobody here can evaluate looks like; `# [1]` and `# [see below, please]` are none
_EXPRESSION = re.compile(
    r"\s*#*\s*\[(?=[^\]]*[A-Za-z])(?!\s*(?:x|X|todo|TODO)\s*\])"
    r"(?:[\w.]+\s*[<>=!]=?\s*[\w.'\"]+|[\w.()-]+|and|or|not|\s)+\]"
)
_EVERYWHERE = frozenset(PLATFORMS)


def _of(*beginnings: str) -> frozenset[str]:
    return frozenset(name for name in PLATFORMS if name.startswith(beginnings))


_WORDS = {
    **{name: frozenset((name,)) for name in PLATFORMS},
    **{name: _of(name) for name in ("linux", "osx", "win")},
    "unix": _of("linux", "osx"),
    "linux64": _of("linux-64"),
    "osx64": _of("osx-64"),
    "win64": _of("win-64"),
    "x86": _of("linux-64", "osx-64", "win-64"),
    "x86_64": _of("linux-64", "osx-64", "win-64"),
    "aarch64": _of("linux-aarch64"),
    "arm64": _of("osx-arm64", "win-arm64"),
    "true": _EVERYWHERE,
    "false": frozenset[str](),
    # no environment is locked for these
    **dict.fromkeys(
        ("linux32", "win32", "ppc64le", "s390x", "armv6l", "armv7l", "emscripten", "wasi"), frozenset[str]()
    ),
}


def selected(expression: str) -> frozenset[str]:
    """The platforms that an expression such as `linux and not aarch64` holds for; ValueError names an unknown word."""
    words = _TOKEN.findall(expression)
    if "".join(words) != re.sub(r"\s", "", expression):
        raise ValueError(f"`{expression.strip()}` is no expression of platforms")
    found = _either(words)
    if words:
        raise ValueError(f"`{words[0]}` is not expected there")
    return found


def selector_of(line: str) -> tuple[str, frozenset[str] | None] | None:
    """What the comment of a line says of platforms: as it stands, and those it holds for, None where nobody can tell
    that; None for a line without."""
    match = _COMMENT.match(line) if "[" in line and "#" in line else None
    if not match:
        return None
    for inside in _BRACKETS.findall(match["comment"]):
        try:
            return f"[{inside}]", selected(inside)
        except ValueError:
            continue
    strange = _EXPRESSION.match(match["comment"][:300])
    return (strange[0].strip(" #"), None) if strange else None


def _either(words: list[str]) -> frozenset[str]:
    found = _both(words)
    while words[:1] == ["or"]:
        words.pop(0)
        found |= _both(words)
    return found


def _both(words: list[str]) -> frozenset[str]:
    found = _one(words)
    while words[:1] == ["and"]:
        words.pop(0)
        found &= _one(words)
    return found


def _one(words: list[str]) -> frozenset[str]:
    word = words.pop(0) if words else ""
    if word == "not":
        return _EVERYWHERE - _one(words)
    if word == "(":
        found = _either(words)
        if words[:1] != [")"]:
            raise ValueError("`)` is missing")
        words.pop(0)
        return found
    known = _WORDS.get(word.lower())
    if known is None:
        raise ValueError(f"`{word}` is no platform")
    return known
