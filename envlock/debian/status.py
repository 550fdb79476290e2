"""Which packages are in an image, where scanners look for that: `/var/lib/dpkg/status.d`, as in distroless images."""

from collections.abc import Mapping

from envlock.debian.stanza import fields
from envlock.model.files import Inline, SystemFile

FOLDER = "var/lib/dpkg/status.d"


def status_files(control: Mapping[str, bytes]) -> tuple[SystemFile, ...]:
    """A package's control stanza under its name, and where it has them, the MD5 sums of its files beside it."""
    name = fields(control["control"])["package"]
    stanza = control["control"].rstrip(b"\n") + b"\n"
    found = [SystemFile(path=f"{FOLDER}/{name}", mode=0o644, content=Inline(stanza))]
    if "md5sums" in control:
        found.append(SystemFile(path=f"{FOLDER}/{name}.md5sums", mode=0o644, content=Inline(control["md5sums"])))
    return tuple(found)
