"""Conda's dependencies as environment.yml has them: match specs in all their forms, and packages by their URL."""

import re

from envlock.interchange.conda.conda_pins import NoPackage
from envlock.interchange.conda.conda_spec import normalized_spec
from envlock.interchange.conda.environment_wants import Gathered
from envlock.interchange.conda.package_address import channel_named
from envlock.model.platform import PLATFORMS
from envlock.system.secrets import redact

_ADDRESS = re.compile(r"(?:[a-z]+://|/|\.{1,2}/|~)\S*")
_PLACED = re.compile(r"(?P<url>[a-z]+://\S+?)/?::(?P<rest>.*)", re.DOTALL)
_BRACKETS = re.compile(r"(?P<plain>[^\[]*)\[(?P<inside>.*)\]\s*", re.DOTALL)
_PAIR = re.compile(r"""\s*(?P<key>[A-Za-z0-9_-]+)\s*=\s*(?P<value>'[^']*'|"[^"]*"|[^,'"]*)\s*(?:,|$)""")
_KEPT = ("version", "build", "channel", "build_number", "subdir")
_LOST = {
    "md5": "the digest of what is locked stands in env.lock",
    "sha256": "the digest of what is locked stands in env.lock",
    "url": "where a package is found stands in env.lock: name its channel",
    "fn": "which file it is stands in env.lock",
}
_MINOR = r"3\.(?:[89]|[1-9]\d)"
# an older one is no value of the key, and stays a dependency
_PYTHON = re.compile(rf"python (?:(?P<minor>{_MINOR})\.\*|(?:==)?(?P<exact>{_MINOR}\.(?:0|[1-9]\d?))(?:\.\*)?)")


def conda_dependency(text: str, line: int, found: Gathered, only: frozenset[str] | None = None) -> None:
    """Takes over one item of `dependencies`."""
    if not found.applies(text, line, only):
        return
    try:
        if _ADDRESS.fullmatch(text) and "::" not in text:
            _package(text, line, found, only)
            return
        spec = normalized_spec(_kept(_placed(text, line, found), line, found))
    except ValueError as error:
        found.say(text, _reason(str(error), text), line)
        return
    spec = _known_channel(spec, line, found)
    if only is None and found.python is None and (python := _PYTHON.fullmatch(spec)):
        found.python = python["minor"] or python["exact"]
    else:
        found.want("conda", spec, line, only)


def _reason(message: str, text: str) -> str:
    """Without the text itself, which stands before it, and may be an address that holds a password."""
    if "://" in text:
        return "an address stands where a package's name is expected"
    return message.replace(f", got `{text}`", "")


def _package(text: str, line: int, found: Gathered, only: frozenset[str] | None) -> None:
    """A package by its URL: of its channel, in exactly this version and build."""
    url, _, digest = text.partition("#")
    try:
        package = found.channels.package(url, line=line)
    except NoPackage as error:
        found.say(text, str(error), line)
        return
    shown = package.channel if "://" not in package.channel and "/" not in package.channel[:2] else ""
    spec = normalized_spec(f"{f'{shown}::' if shown else ''}{package.name} =={package.version} {package.build}")
    subdir = None if package.subdir == "noarch" else frozenset((package.subdir,)) & frozenset(PLATFORMS)
    if subdir is not None:
        only = subdir if only is None else subdir & only
    found.say(text, f"by its URL{' and digest' if digest else ''}: `{spec}` is asked for instead", line)
    found.want("conda", spec, line, only)


def _placed(text: str, line: int, found: Gathered) -> str:
    """`https://host/channel::name`: its channel among the others, by name where there is one."""
    match = _PLACED.fullmatch(text)
    if match:
        found.channels.add(match["url"], line)
        place = channel_named(re.sub(r"/t/\*\*\*(?=/|$)", "", redact(match["url"])))
        if "://" not in place:
            return f"{place}::{match['rest']}"
        found.say(
            text, "env.toml has no URL before `::`: its channel is among `channels`, and others may have it", line
        )
        return match["rest"]
    place, _, rest = text.partition("::")
    if rest and place.strip() in ("defaults", "nodefaults"):
        found.say(text, "`defaults` stands for channels of conda's own settings: it may come from any channel", line)
        return rest
    return text


def _known_channel(spec: str, line: int, found: Gathered) -> str:
    """The channel of `channel::name` among the others: conda looks there for this package though it is not listed."""
    place = spec.rpartition("::")[0]
    channel, _, last = place.rpartition("/")
    channel = channel if channel and (last in PLATFORMS or last == "noarch") else place
    if channel and channel not in found.channels.names:
        found.channels.add(channel, line)
        found.say(f"{channel}::", "no channel of `channels`: it is the last one there now, for every package", line)
    return spec


def _kept(text: str, line: int, found: Gathered) -> str:
    """The spec with those keys in brackets that env.toml has; a remark names each other one."""
    match = _BRACKETS.fullmatch(text) if "[" in text else None
    if not match or len(text) > 2000:
        return text
    kept: list[str] = []
    at, inside = 0, match["inside"]
    while at < len(inside):
        pair = _PAIR.match(inside, at)
        if not pair:
            return text
        if pair["key"] in _KEPT:
            kept.append(f"{pair['key']}={pair['value'].strip()}")
        else:
            why = _LOST.get(pair["key"], "env.lock does not record what it asks for")
            found.say(f"{match['plain'].strip()}[{pair['key']}=…]", why, line)
        at = pair.end()
    return match["plain"] + (f"[{','.join(kept)}]" if kept else "")
