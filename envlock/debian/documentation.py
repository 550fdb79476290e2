"""What `docs = false` leaves out: what Debian's own slim images leave out, and no licence (debuerreotype's lists)."""

import re
from typing import NamedTuple


class Documentation(NamedTuple):
    """Patterns of whole paths below the root."""

    left_out: tuple[str, ...]
    kept: tuple[str, ...]


DOCUMENTATION = Documentation(
    left_out=(
        r"usr/share/(?:doc|groff|info|linda|locale|man)/.+",
        r"usr/share/lintian/overrides/.+",
    ),
    kept=(
        r"usr/share/doc/[^/]+/copyright",
        r"usr/share/locale/(?:all_languages|languages|locale\.alias|currency/.+|l10n/.+)",
    ),
)
_LINKED = re.compile(r"usr/share/doc/[^/]+")
_LEFT_OUT, _KEPT = (re.compile("|".join(patterns), re.DOTALL) for patterns in DOCUMENTATION)


def is_documentation(path: str, *, is_link: bool) -> bool:
    """Is it left out? Folders are too, unless something within stays: that brings them.

    A folder of /usr/share/doc that is a link stays: by it, a package has the licence of another (policy 12.5).
    """
    if is_link and _LINKED.fullmatch(path):
        return False
    return bool(_LEFT_OUT.fullmatch(path)) and not _KEPT.fullmatch(path)
