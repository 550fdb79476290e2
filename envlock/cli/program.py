"""envlock as it is called now, by its path: for those who are called with another PATH."""

import os
import sys
from pathlib import Path


def own_program() -> Path | None:
    """The program `envlock` of this installation; None where there is none, as with `python -m`."""
    beside = (Path(sys.argv[0]).absolute().with_name("envlock"), Path(sys.executable).with_name("envlock"))
    return next((path for path in beside if path.is_file() and os.access(path, os.X_OK)), None)
