"""The engines against each other: on the same requirements they choose the same packages, or it is explained here.

A few sets are tried in each run, all of them by one command: `pytest --full tests/test_engines_differential.py`. What
is on real indexes changes with time, so nothing newer than CUTOFF is looked at.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.errors import UserInputError
from envlock.model.platform import PLATFORMS, System
from envlock.solvers import conda_lock, conda_rattler
from envlock.solvers.requests import CondaAnswer, CondaRequest
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.dry_run_solver import install_solver
from tests.support.projects import Project, cache_with_downloads, manifest_text, new_project

CUTOFF = "2026-07-01T00:00:00Z"
SMALL = 5  # sets that each run tries

# uv against pip-tools, on PyPI: the requirements, and by name where they differ
# (what uv chooses, what pip-tools chooses), explained beside the set
Versions = Mapping[str, tuple[str | None, str | None]]
PIP: tuple[tuple[Sequence[str], Versions], ...] = (
    (["requests"], {}),
    (["flask"], {}),
    (["httpx[http2]"], {}),
    (["urllib3<2", "requests"], {}),
    (["pydantic<2.10", "typing-extensions<4.13"], {}),
    (["django>=4,<5"], {}),
    (["fastapi", "uvicorn[standard]"], {}),
    (["sqlalchemy[asyncio]>=2", "alembic"], {}),
    (["black", "isort", "flake8"], {}),
    (["pytest", "pytest-xdist", "pytest-cov", "hypothesis"], {}),
    (["boto3<1.36"], {}),
    (["botocore<1.35", "boto3", "s3fs"], {}),
    (["celery[redis]"], {}),
    (["scrapy"], {}),
    (["aiohttp<3.10", "yarl"], {}),
    (["cryptography<44", "pyopenssl"], {}),
    (["sphinx<8", "furo", "myst-parser"], {}),
    (["mkdocs-material"], {}),
    (["tox", "virtualenv<20.27"], {}),
    (["jinja2", "markupsafe<3"], {}),
    (["numpy<2", "pandas"], {}),
    (["pandas<2.3", "openpyxl", "xlsxwriter"], {}),
    (["scikit-learn<1.6", "numpy<2.1"], {}),
    (["matplotlib<3.10"], {}),
    (["statsmodels<0.15", "scipy<1.14"], {}),
    (["networkx[default]<3.4"], {}),
    (["dask[dataframe]<2025", "pyarrow<19"], {}),
    (["polars<1.20"], {}),
    (["nltk", "spacy-lookups-data; python_version < '3'"], {}),
    (["twine", "build", "hatchling"], {}),
    (["setuptools<75", "wheel", "pip<25"], {}),
    (["typer", "rich<13.9", "textual<0.80"], {}),
    (["jupyter-client<8.7", "ipykernel<7"], {}),
    (["black>=24.1a1,<24.2"], {}),
    (["protobuf<5", "grpcio-tools<1.63"], {}),
    (["ansible-core<2.17"], {}),
)


def names(sets: Sequence[tuple[Sequence[str], object]]) -> list[object]:
    """Each as a parameter of a test, all but the first few only with `--full`."""
    return [
        pytest.param(*each, id=" ".join(each[0]), marks=() if number < SMALL else pytest.mark.full)
        for number, each in enumerate(sets)
    ]


def locked_by(engine: str, folder: Path, requirements: Sequence[str], cache: Path) -> Project:
    more = f'[lock]\npip-resolver = "{engine}"\nexclude-newer = "{CUTOFF}"\n'
    project = new_project(folder, manifest_text(pip=requirements, more=more), cache=cache, git=False)
    project.must("lock")
    project.must("check")
    return project


@pytest.mark.parametrize(("requirements", "differences"), names(PIP))
def test_uv_and_pip_tools(
    requirements: Sequence[str], differences: Versions, tmp_path: Path, shared_cache: Path
) -> None:
    cache = cache_with_downloads(tmp_path / "cache", shared_cache)
    uv = locked_by("uv", tmp_path / "uv", requirements, cache)
    tools = locked_by("pip-tools", tmp_path / "pip-tools", requirements, cache)
    one, other = uv.versions(), tools.versions()
    found = {
        name: (one.get(name), other.get(name))
        for name in sorted(one.keys() | other.keys())
        if one.get(name) != other.get(name)
    }
    assert found == differences
    if not differences:
        assert uv.lockfile.read_bytes() == tools.lockfile.read_bytes()


# rattler against conda-lock: a web of packages that need one another in ranges of versions, and real packages


def web(folder: Path) -> Path:
    """A channel of 40 packages in 4 versions each; those with higher numbers need some of the lower ones."""
    chance = random.Random(7)
    packages = []
    for number in range(40):
        for version in range(1, 5):
            lower = chance.sample(range(number), min(number, chance.randint(0, 3)))
            needs = tuple(f"p{other} {chance.choice(['>=1', '>=2', '<4', '>=2,<4', '*'])}" for other in sorted(lower))
            system = chance.choice([(), (), (), ("__glibc >=2.28",), ("__glibc >=2.34",), ("__cuda >=12",)])
            wanted = chance.choice([(), (), (f"p{chance.randrange(40)} <4",)])
            packages.append(
                CondaPackage(
                    name=f"p{number}",
                    version=f"{version}.0",
                    depends=(*needs, *system) if version > 1 else needs,
                    constrains=wanted if version > 1 else (),
                    noarch="generic" if number % 5 == 0 else None,
                )
            )
    return write_channel(folder, packages)


CONDA: tuple[tuple[Sequence[str], System], ...] = (
    (["p39"], System()),
    (["p30", "p31 <4"], System(glibc="2.17")),
    (["p12", "p22", "p32"], System(cuda="12.4")),
    (["python 3.11.*", "pandas"], System()),
    (["flask", "python"], System()),
    *((([f"p{n}", f"p{(n * 7) % 40}"]), System(glibc=("2.17", "2.28", "2.36")[n % 3])) for n in range(8, 30)),
    *((([f"p{n}", f"p{n - 9} <4", f"p{n - 20} >=2"]), System(cuda="12.4")) for n in range(30, 38)),
    (["scikit-learn", "lightgbm", "python"], System()),
    (["scipy", "flask", "python 3.11.*"], System(glibc="2.36")),
    (["pandas >=3,<4", "jinja2"], System()),
)


@pytest.fixture(scope="module")
def channels(tmp_path_factory: pytest.TempPathFactory, conda_channel: Path) -> tuple[tuple[str, str], ...]:
    made = web(tmp_path_factory.mktemp("web"))
    return ("web", made.as_uri()), ("real", conda_channel.as_uri())


Solve = Callable[[Sequence[CondaRequest]], list[tuple[CondaAnswer, ...]]]


def outcome(solve: Solve, request: CondaRequest) -> tuple[CondaAnswer, ...]:
    """What an engine chooses; nothing where it says that nothing can be."""
    try:
        (answer,) = solve([request])
    except UserInputError:
        return ()
    assert answer
    return answer


@pytest.mark.parametrize(("specs", "system"), names(CONDA))
def test_rattler_and_conda_lock(
    specs: Sequence[str],
    system: System,
    channels: tuple[tuple[str, str], ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install_solver(tmp_path / "bin")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    request = CondaRequest(
        channels=channels,
        priority="strict",
        specs=tuple(specs),
        platform=PLATFORMS["linux-64"],
        system=system,
        keep=(),
        cache=tmp_path / "cache",
        offline=False,
    )
    chosen = outcome(conda_rattler.solve, request)
    assert outcome(conda_lock.solve, request) == chosen
    if not chosen:
        return
    # and with all that was chosen as pins, less is asked: what is left stays as it is
    fewer = replace(request, specs=tuple(specs[:1]), keep=tuple(answer.package for answer in chosen))
    assert outcome(conda_lock.solve, fewer) == outcome(conda_rattler.solve, fewer)


def test_there_are_enough_sets() -> None:
    assert len(PIP) >= 30
    assert len(CONDA) >= 30
