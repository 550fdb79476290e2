"""What can be told of a conda match spec without a solver's library."""

import re
from functools import cache

_END = re.compile(r"[ <>=!~\[@]")


@cache
def conda_name(spec: str) -> str:
    """The package name of a match spec: "conda-forge::numpy >=1" -> "numpy"."""
    text = spec.rpartition("::")[2].strip()
    end = _END.search(text)
    return text[: end.start() if end else None].lower()
