"""Choosing Debian's packages from the indexes that this machine's apt has, beside apt."""

import os
import pickle
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from envlock.model.debian_base import BASE_GROUP
from tests.bench.measure import Step
from tests.bench.place import Place
from tests.bench.scenario import Limit, Scenario, Subject
from tests.support.debian_universe import apt_of, real_indexes

ASKED = (
    *("git", "curl", "python3-numpy", "python3-pandas", "openjdk-17-jre-headless", "texlive-latex-base", "postgresql"),
    "build-essential",
)
CODE = """
import pickle, sys
from pathlib import Path
from envlock.debian.index import open_universe
from envlock.debian.solve import Wanted, solve
from envlock.system.cache import Cache
files, *names = pickle.loads(Path("wanted").read_bytes())
found = solve(Wanted(roots=dict.fromkeys(names, "env.toml"), architecture="amd64", suite="bookworm"),
              open_universe(files, Cache(Path("cache"))))
assert len(found) > len(names)
"""


def debian_solve(place: Place) -> Scenario:
    folder = place.folder / "debian"
    folder.mkdir()
    names = [*BASE_GROUP, *ASKED]
    (folder / "wanted").write_bytes(pickle.dumps((real_indexes(), *names)))
    apt = apt_of(folder / "apt", real_indexes())
    solving = Step(command=(sys.executable, "-P", "-c", CODE), folder=folder)
    words = ("apt-get", "-qq", "--simulate", "--no-install-recommends", "install", *names)
    settings = {**os.environ, "APT_CONFIG": str(apt.folder / "apt.conf")}

    return Scenario(
        does=f"choosing `{' '.join(ASKED)}` with all that they need, beside apt, from the same indexes",
        subjects=(
            Subject(name="choosing", ready=lambda: [solving]),
            Subject(name="choosing, indexes not read before", ready=lambda: _without_cache(folder, solving)),
            Subject(name="apt-get --simulate", ready=lambda: [Step(command=words, folder=folder, variables=settings)]),
        ),
        limits=(Limit(subject="choosing", at_most=1),),
    )


def _without_cache(folder: Path, step: Step) -> Sequence[Step]:
    shutil.rmtree(folder / "cache", ignore_errors=True)
    return [step]
