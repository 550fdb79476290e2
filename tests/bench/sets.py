"""Real requirement sets of 3 to 160 packages, locked by envlock, by the solver alone, and small ones by pip-compile."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path

from envlock.system.process import scrubbed
from tests.bench.measure import Step
from tests.bench.place import Place
from tests.bench.scenario import Limit, Scenario, Subject
from tests.bench.solvers import solver_steps

# by the number of packages that they come to
SETS = {
    "3": ("scipy", "six"),
    "7": ("flask",),
    "10": ("pandas", "scikit-learn"),
    "35": ("streamlit",),
    "60": ("fastapi[standard]",),
    "85": ("mlflow",),
    "90": ("jupyterlab",),
    "160": ("mlflow", "jupyterlab"),
}
ALONE, PIP_COMPILE = "the solver alone", "pip-compile --generate-hashes"
# pip-compile takes seconds for small sets, and minutes for large ones: there it is left out, and rounds are few
FOR_PIP_COMPILE = ("3", "7", "10", "35")
ROUNDS = 3


def set_scenarios() -> dict[str, Callable[[Place], Scenario]]:
    """A scenario a set, by name."""
    return {f"lock-set-{name}": partial(_scenario, name=name) for name in SETS}


def _scenario(place: Place, *, name: str) -> Scenario:
    environment = place.requirement_set(name, SETS[name])
    numbers = count()
    folder = place.folder / f"set-{name}-alone"
    folder.mkdir()

    def alone() -> Sequence[Step]:
        return solver_steps(environment, folder / str(next(numbers)))

    def pip_compile() -> Sequence[Step]:
        return [_pip_compile(folder / str(next(numbers)), place.folder / "pip-cache", SETS[name])]

    with_peer = name in FOR_PIP_COMPILE
    peer = (Subject(name=PIP_COMPILE, ready=pip_compile),) if with_peer else ()
    limit = (Limit(subject="lock --upgrade", peer=PIP_COMPILE, at_most=1 / 5),) if with_peer else ()
    return Scenario(
        does=f"locking `{' '.join(SETS[name])}`, {len(environment.locked.packages)} packages of PyPI, caches warm",
        subjects=(
            Subject(name="lock --upgrade", ready=lambda: [environment.envlock("lock", "--upgrade")]),
            Subject(name=ALONE, ready=alone),
            *peer,
        ),
        limits=(Limit(subject="lock --upgrade", peer=ALONE, at_most=1.3), *limit),
        rounds=ROUNDS if with_peer else 2 * ROUNDS,
    )


def _pip_compile(folder: Path, cache: Path, requirements: Sequence[str]) -> Step:
    """In an empty folder, as people run it, with a cache that an earlier round filled."""
    folder.mkdir()
    (folder / "requirements.in").write_text("".join(f"{requirement}\n" for requirement in requirements))
    flags = ("--generate-hashes", "--quiet", "--no-config", "--strip-extras", "--no-header", "--no-annotate")
    words = (sys.executable, "-m", "piptools", "compile", *flags, "--cache-dir", cache / "pip-tools")
    variables = scrubbed(PIP_ONLY_BINARY=":all:", PIP_CACHE_DIR=str(cache / "pip"), PIP_DISABLE_PIP_VERSION_CHECK="1")
    return Step(command=(*words, "-o", "requirements.txt", "requirements.in"), folder=folder, variables=variables)
