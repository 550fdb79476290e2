"""What scanners read of a package: its paragraph and checksums below /var/lib/dpkg/status.d, as in distroless images.

There, and not in /var/lib/dpkg/status, as each package's layer brings its own, whatever others are beside it. Trivy,
Syft, Grype, Clair and OSV read it so: the control file as it is, without the field `Status`, whose absence they take as
installed; and NAME.md5sums, which is where they have a package's files from. A NAME.list below /var/lib/dpkg/info, as
dpkg keeps it, is read by none of them beside status.d.
"""

import re
from collections.abc import Mapping

from envlock.errors import OutsideError
from envlock.model.files import PLAIN, Inline, SystemFile

FOLDER = "var/lib/dpkg/status.d"
_NAME = re.compile(rb"^Package:[ \t]*([a-z0-9][a-z0-9+.-]{1,126})[ \t]*$", re.MULTILINE)
# a package that says it is not installed would be hidden
_STATUS = re.compile(rb"^Status[ \t]*:", re.MULTILINE | re.IGNORECASE)
# where some readers have lines end, too, with what they would take for a field or the end of the paragraph behind it
_ENDS = "\r\v\f\x1c-\x1e\x85\u2028\u2029"
_FORGED = re.compile(f"[{_ENDS}](?:[!-9;-~]+:|[{_ENDS}\n])")


def status_files(control: Mapping[str, bytes]) -> tuple[SystemFile, ...]:
    """The files for one package, by its control archive. OutsideError where that describes none, or several."""
    lines = [line.rstrip() for line in control.get("control", b"").strip(b"\n").split(b"\n")]
    paragraph = b"".join(line + b"\n" for line in lines)
    names = _NAME.findall(paragraph)
    if len(names) != 1 or b"" in lines or _FORGED.search(paragraph.decode(errors="replace")):
        raise OutsideError("its control file does not describe one package")
    if _STATUS.search(paragraph):
        raise OutsideError("its control file has a field `Status`, which only packages have that are installed")
    path = f"{FOLDER}/{names[0].decode()}"
    found = [SystemFile(path=path, mode=PLAIN, content=Inline(paragraph))]
    if sums := control.get("md5sums"):
        found.append(SystemFile(path=f"{path}.md5sums", mode=PLAIN, content=Inline(sums)))
    return tuple(found)
