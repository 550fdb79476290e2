"""Version constraints of poetry (`^1.2`, `~1.2`, `1.*`, `*`) as PEP 440 and PEP 508 have them."""

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

_CLAUSE = re.compile(r"(?P<operator>\^|~=|~|===|==|!=|>=|<=|>|<|=)?\s*(?P<version>[^\s,<>=!~^|]+)")
_PLATFORMS = {"linux", "darwin", "win32", "cygwin", "aix"}


def specifiers(text: str) -> str:
    """Of one constraint; ValueError where it has no form, as `^1 || ^3` has none."""
    if "|" in text:
        raise ValueError("alternatives (`||`) have no form in a requirement: choose one")
    rest = _CLAUSE.sub("", text).replace(",", "").strip()
    if rest:
        raise ValueError(f"`{text}` is no constraint of poetry")
    found = [_clause(each["operator"] or "", each["version"]) for each in _CLAUSE.finditer(text)]
    try:
        return str(SpecifierSet(",".join(one for one in found if one)))
    except InvalidSpecifier:
        raise ValueError(f"`{text}` is no constraint of poetry") from None


def python_marker(text: str) -> str:
    """`python = "^3.8"` of a dependency as a marker, "" where it is for all."""
    parts = [_python_clauses(part) for part in re.split(r"\|\|?", text)]
    if "" in parts:
        return ""
    return " or ".join(f"({part})" for part in parts) if len(parts) > 1 else parts[0]


def platform_marker(text: str) -> str:
    """`platform = "linux"` as a marker."""
    parts = [part.strip() for part in re.split(r"\|\|?", text)]
    if not {part.removeprefix("!=").strip() for part in parts} <= _PLATFORMS:
        raise ValueError(f"`{text}` is no platform as Python names it")
    return " or ".join(
        f'sys_platform != "{part[2:].strip()}"' if part.startswith("!=") else f'sys_platform == "{part}"'
        for part in parts
    )


def _python_clauses(text: str) -> str:
    clauses = sorted(str(one) for one in SpecifierSet(specifiers(text)))
    return " and ".join(map(_python_clause, clauses))


def _python_clause(clause: str) -> str:
    found = re.fullmatch(r"(~=|==|!=|>=|<=|>|<)(.+)", clause)
    if not found:
        raise ValueError(f"`{clause}` says nothing of a Python")
    fine = found[2].removesuffix(".*").count(".") >= 2
    version = found[2].removesuffix(".*") if found[2].endswith(".*") and found[2].count(".") == 2 else found[2]
    return f'python_{"full_" if fine else ""}version {found[1]} "{version}"'


def _clause(operator: str, version: str) -> str:
    if version in ("*", "x"):
        return ""
    if "*" in version or version.endswith(".x"):
        if operator not in ("", "=", "==", "!="):
            raise ValueError(f"`{operator}{version}` is no constraint of poetry")
        head = re.sub(r"(?:\.[*x])+$", "", version)
        return f"{'!=' if operator == '!=' else '=='}{head}.*"
    if operator in ("^", "~"):
        return f">={version},<{_bound(operator, version)}"
    return f"{'==' if operator in ('', '=') else operator}{version}"


def _bound(operator: str, text: str) -> str:
    """The version below which `^1.2.3` and `~1.2.3` stay."""
    try:
        release = list(Version(text).release)
    except InvalidVersion:
        raise ValueError(f"`{text}` is no version") from None
    if operator == "~":
        at = min(1, len(release) - 1)
    else:
        at = next((number for number, part in enumerate(release) if part), len(release) - 1)
    return ".".join(map(str, [*release[:at], release[at] + 1, *([0] if at == 0 else [])]))
