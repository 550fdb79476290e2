"""How programs ask who somebody is (`su`, `sudo`): /etc/pam.d/common-*, as `pam-auth-update` first writes them.

Each package brings a profile; those that are on by default are put into the templates of `libpam-runtime`.
"""

import re
from collections.abc import Iterator, Mapping
from posixpath import basename

from envlock.debian.overlay import children, file, read
from envlock.debian.root import Root
from envlock.model.files import SystemFile

PROFILES = "usr/share/pam-configs"
TEMPLATES = "usr/share/pam"
SETTINGS = "etc/pam.d"
SAVED = "var/lib/pam"
TYPES = ("Auth", "Account", "Password", "Session", "Session-noninteractive")
FIELD = re.compile(r"(\S+):(?:\s+(.*))?")
LINE = re.compile(r"((?:\[[^]]+\]|\w+)\s+\S+)\s*(.*)")
# a place in a template -> the line that stands behind what belongs there
PLACES = {
    "Primary": (
        '# here are the per-package modules (the "Primary" block)',
        "# here's the fallback if no module succeeds",
    ),
    "Additional": (
        '# and here are more per-package modules (the "Additional" block)',
        "# end of pam-auth-update config",
    ),
}
NOBODY = "[default=1]\t\t\tpam_permit.so"
# a module that is gone: profiles with it are not used
GONE = "pam_tally"

Profile = Mapping[str, str]


def pam_profiles(root: Root) -> Iterator[SystemFile]:
    if "libpam-runtime" not in root.versions:
        return
    profiles = dict(_profiles(root))
    ordered = sorted(profiles, key=lambda name: (_priority(profiles[name]), name), reverse=True)
    enabled = [profiles[name] for name in _enabled(profiles, ordered)]
    for kind in TYPES:
        path, template = f"{SETTINGS}/common-{kind.lower()}", read(root, f"{TEMPLATES}/common-{kind.lower()}")
        if template is None or path in root.files:
            continue
        yield file(path, _filled(template.decode("utf-8", "surrogateescape"), kind, enabled))
        yield file(f"{SAVED}/{kind.lower()}", _bytes(_saved(kind, enabled)))
    yield file(f"{SAVED}/seen", _bytes(f"{name}\n" for name in ordered))


def _profiles(root: Root) -> Iterator[tuple[str, Profile]]:
    for child in children(root, PROFILES):
        text = (read(root, child.path) or b"").decode("utf-8", "surrogateescape")
        if not child.path.endswith("~") and GONE not in text:
            yield basename(child.path), _parsed(text, basename(child.path))


def _parsed(text: str, name: str) -> Profile:
    """The fields; lines that begin none go on with the one before."""
    fields, current = {"": name}, "-"
    for line in text.splitlines():
        if found := FIELD.fullmatch(line):
            current = found[1].removesuffix("-Final")
            fields[current] = found[2] or ""
        elif line.strip():
            fields[current] = f"{fields.get(current, '')}\n{line.strip()}".lstrip()
    if fields.get("Session-Interactive-Only") != "yes":
        for ending in ("-Type", "", "-Initial"):
            if (value := fields.get(f"Session{ending}")) is not None:
                fields[f"Session-noninteractive{ending}"] = value
    return fields


def _priority(profile: Profile) -> int:
    found = re.match(r"-?[0-9]{1,9}", profile.get("Priority", ""))
    return int(found[0]) if found else 0


def _enabled(profiles: Mapping[str, Profile], ordered: list[str]) -> list[str]:
    """Those that are on by default, but for the lower ones of any two that conflict."""
    enabled = [name for name in ordered if profiles[name].get("Default") == "yes"]
    for name in [*enabled]:
        against = profiles[name].get("Conflicts", "").split(", ")
        if name in enabled:
            enabled = [other for other in enabled if other not in against]
    return enabled


def _modules(kind: str, place: str, enabled: list[Profile]) -> Iterator[tuple[str, str]]:
    """The profiles that belong to a place, with their lines: the first of a place may have others."""
    chosen = [profile for profile in enabled if profile.get(f"{kind}-Type") == place]
    for at, profile in enumerate(chosen):
        first = profile.get(f"{kind}-Initial", "") if at == 0 else ""
        yield profile[""], first or profile.get(kind, "")


def _saved(kind: str, enabled: list[Profile]) -> Iterator[str]:
    """What was written, by which later changes by hand are told."""
    for place in PLACES:
        there = [*_modules(kind, place, enabled)]
        if place == "Primary" and not there:
            there = [("null", NOBODY)]
        yield from (f"Module: {name}\n{lines}\n" for name, lines in there if lines)


def _filled(template: str, kind: str, enabled: list[Profile]) -> bytes:
    lines: list[str] = []
    until: str | None = None
    for line in template.splitlines():
        if until and not line.startswith(until):
            continue
        until = None
        lines.append(line)
        for place, (start, end) in PLACES.items():
            if line.startswith(start):
                lines.extend(_block(kind, place, enabled))
                until = end
    return _bytes(f"{line}\n" for line in lines)


def _block(kind: str, place: str, enabled: list[Profile]) -> Iterator[str]:
    """The lines of a place; `end` in them becomes the number of lines to jump over."""
    service = kind.partition("-")[0].lower()
    lines = [line for _, text in _modules(kind, place, enabled) for line in text.splitlines()]
    if place == "Primary" and not lines:
        yield f"{service}\t{NOBODY}"
    last = len(lines) if place == "Primary" else len(lines) - 1
    for at, line in enumerate(lines):
        if found := LINE.match(line):
            yield f"{service}\t{found[1].replace('end', str(last - at))} {' '.join(found[2].split())}"


def _bytes(lines: Iterator[str]) -> bytes:
    return "".join(lines).encode("utf-8", "surrogateescape")
