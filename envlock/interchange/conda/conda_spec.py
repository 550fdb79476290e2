"""Match specs in one spelling, without a solver's library: `Numpy>=1.26 , <2` is `numpy <2,>=1.26`."""

import re

_SHOWN = "expected a match spec such as `numpy >=1.26,<2`"
# nobody writes a longer one, and some patterns take their time with what is much longer
_LONGEST = 2000
_SEGMENT = "[A-Za-z0-9_][A-Za-z0-9_.-]*"
CHANNEL_NAME = rf"{_SEGMENT}(?:/{_SEGMENT})*"
_NAME = re.compile(rf"(?:(?P<channel>{CHANNEL_NAME})::)?(?P<name>{_SEGMENT})")
_TIGHT = re.compile(r"\s*([,|])\s*|((?<![<>=!~])(?:[<>=!~]=|[<>=]))\s+")
_WORDS = r"[0-9A-Za-z]+(?:[._-][0-9A-Za-z]+)*"
_VERSION = rf"(?:[0-9]+!)?{_WORDS}_?(?:\+{_WORDS})?"
_BOUND = re.compile(rf"(?P<operator>[<>=!~]=|[<>=]|)(?P<version>{_VERSION})(?P<fuzzy>(?:\.?\*)?)")
_BUILD = re.compile(r"[A-Za-z0-9_.+*-]+")
_PAIR = re.compile(
    r"""\s*(?P<key>[a-z0-9_]+)\s*=\s*(?:'(?P<single>[^']+)'|"(?P<double>[^"]+)"|(?P<bare>[^\s,'"]+))\s*"""
)
# what a lock can be held against: other keys would ask for what it does not record
_KEPT = {"build_number": r"(?:[<>=!]=|[<>])?[0-9]{1,9}", "subdir": r"[a-z0-9]+(?:-[a-z0-9]+)*"}
_OPTIONS = {**_KEPT, "version": ".+", "build": ".+", "channel": CHANNEL_NAME}


def normalized_spec(text: str) -> str:
    """`[channel::]name [version [build]][key="value", …]`; ValueError says what is wrong."""
    if len(text) > _LONGEST:
        raise ValueError(f"{_SHOWN}, got {len(text)} characters")
    if "://" in text:
        raise ValueError(f"{_SHOWN}, got a URL: a channel's address belongs into `conda.channels`")
    plain, options = _split_options(text.strip())
    found = _NAME.match(plain)
    if not found:
        raise ValueError(f"{_SHOWN}, got `{text}`")
    given = dict(zip(("version", "build"), _version_and_build(plain[found.end() :], text), strict=True))
    parts = _united({**given, "channel": found["channel"]}, options, text)
    head = f"{parts['channel']}::" if parts["channel"] else ""
    tail = ", ".join(f'{key}="{options[key]}"' for key in _KEPT if key in options)
    words = (found["name"].lower(), *_constraint(parts["version"], parts["build"], text))
    return head + " ".join(words) + (f"[{tail}]" if tail else "")


def _split_options(text: str) -> tuple[str, dict[str, str]]:
    """`name >=1[build='py*']` as the plain part and the keys in brackets."""
    plain, bracket, inside = text.partition("[")
    if not bracket:
        return text, {}
    if not inside.endswith("]"):
        raise ValueError(f"{_SHOWN}, got `{text}`: `[` is not closed at its end")
    options: dict[str, str] = {}
    at, inside = 0, inside[:-1]
    while at < len(inside):
        found = _PAIR.match(inside, at)
        if not found or inside[found.end() : found.end() + 1] not in ("", ","):
            raise ValueError(f"{_SHOWN}, got `{text}`: expected `key='value'` in the brackets")
        value = found["single"] or found["double"] or found["bare"]
        _refuse_option(found["key"], value, options, text)
        options[found["key"]] = value
        at = found.end() + 1
    return plain, options


def _refuse_option(key: str, value: str, options: dict[str, str], text: str) -> None:
    if key not in _OPTIONS:
        raise ValueError(f"{_SHOWN}, got `{text}`: `{key}` is not among {', '.join(sorted(_OPTIONS))}")
    if key in options:
        raise ValueError(f"{_SHOWN}, got `{text}`: `{key}` stands there twice")
    if not re.fullmatch(_OPTIONS[key], value):
        raise ValueError(f"{_SHOWN}, got `{text}`: `{value}` is not a {key.replace('_', ' ')}")


def _version_and_build(rest: str, text: str) -> tuple[str | None, str | None]:
    """`=1.2=py_0`, ` 1.2 py_0` and ` >= 1 , <2 py_0` alike."""
    if rest and rest[0] not in " \t<>=!~":
        raise ValueError(f"{_SHOWN}, got `{text}`")
    words = _TIGHT.sub(lambda m: m[1] or m[2], rest).split()
    if len(words) == 1:
        # the second `=` of `=1.2=py_0` begins the build
        found = re.fullmatch(r"(.*[^<>=!~,|])=([^=<>!~,|]+)", words[0])
        words = [*found.groups()] if found else words
    if len(words) == 2 and re.fullmatch("=[^=,|]*", words[0]):
        words[0] = words[0][1:]  # beside a build, `=1.2` is no longer fuzzy
    if len(words) > 2:
        raise ValueError(f"{_SHOWN}, got `{text}`: more than a version and a build follow the name")
    return (*words, None, None)[0], (*words, None, None)[1]


def _united(given: dict[str, str | None], options: dict[str, str], text: str) -> dict[str, str | None]:
    twice = next((key for key, value in given.items() if value and key in options), None)
    if twice:
        raise ValueError(f"{_SHOWN}, got `{text}`: `{twice}` stands there twice")
    return {key: options.get(key) or value for key, value in given.items()}


def _constraint(version: str | None, build: str | None, text: str) -> tuple[str, ...]:
    groups = [_group(group, text) for group in _TIGHT.sub(lambda m: m[1] or m[2], version or "*").strip().split("|")]
    bounds = "|".join(groups)
    if build is None:
        return () if bounds == "*" else (bounds,)
    if not _BUILD.fullmatch(build):
        raise ValueError(f"{_SHOWN}, got `{text}`: `{build}` is not a build")
    return bounds.removeprefix("==") if len(groups) == 1 and "," not in bounds else bounds, build


def _group(group: str, text: str) -> str:
    return ",".join(sorted({_bound(bound, text) for bound in group.split(",")}))


def _bound(bound: str, text: str) -> str:
    """One comparison: `=1.2` is `1.2.*`, `1.2` is `==1.2`, `==1.2.*` is `1.2.*`, `>1.2.*` is `>=1.2`."""
    if bound in ("*", "=*"):
        return "*"
    found = _BOUND.fullmatch(bound)
    if not found:
        raise ValueError(f"{_SHOWN}, got `{text}`" + (f": `{bound}` is not a version" if bound else ""))
    operator, version, fuzzy = found["operator"], found["version"].lower(), found["fuzzy"]
    if operator in ("", "=", "=="):
        return f"{version}.*" if fuzzy or operator == "=" else f"=={version}"
    if fuzzy:
        return f"!={version}.*" if operator == "!=" else f"{operator.replace('>=', '>').replace('>', '>=')}{version}"
    return f"{operator}{version}"
