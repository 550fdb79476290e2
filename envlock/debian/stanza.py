"""The fields of a package's control stanza, as far as one needs them who has the package itself."""

import re

from envlock.errors import OutsideError

_NAME = re.compile(r"[!-9;-~]+")


def fields(stanza: bytes) -> dict[str, str]:
    """The fields by their names in small letters; lines that a field goes on in are kept as lines of its value."""
    found: dict[str, str] = {}
    name = ""
    for line in stanza.decode(errors="replace").strip("\n").split("\n"):
        if line[:1] in (" ", "\t") and name:
            found[name] += f"\n{line.strip()}"
            continue
        key, colon, value = line.partition(":")
        if not colon or not _NAME.fullmatch(key) or key.lower() in found:
            raise OutsideError(f"{line[:80]!r} stands in its control file")
        name = key.lower()
        found[name] = value.strip()
    return found
