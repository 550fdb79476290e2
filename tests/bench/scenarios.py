"""The scenarios, by name; each is made when it is its turn, with all that it needs."""

import json
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from tests.bench.actions import ci, install_action
from tests.bench.debian import debian_solve
from tests.bench.debian_images import debian_build
from tests.bench.environments import Environment
from tests.bench.histories import list_environments, register, versions
from tests.bench.hooks import hooks
from tests.bench.many_packages import TAGS, write_environment
from tests.bench.measure import Step
from tests.bench.place import Place
from tests.bench.recorded_runs import runs
from tests.bench.registries import push_2gib, push_changed, push_known, push_many, push_whole
from tests.bench.scenario import Limit, Scenario, Subject
from tests.bench.sets import set_scenarios
from tests.bench.solvers import solver_steps
from tests.support.processes import run
from tests.support.projects import Project

IMPORTS = "import pandas, sklearn"
MANY = 200


def check(place: Place) -> Scenario:
    environment = place.reference
    imports = Step(command=(sys.executable, "-P", "-c", "import click, tomllib"), folder=environment.made.folder)
    cold = _after(lambda: environment.forget("verdicts"), environment.envlock("check"))
    return Scenario(
        does="envlock check, with the verdict kept and without, beside starting Python with its two libraries",
        subjects=(
            _always("check", environment.envlock("check")),
            Subject(name="check without a kept verdict", ready=cold),
            _always("python -c 'import click, tomllib'", imports),
        ),
        limits=(
            Limit(subject="check", peer="python -c 'import click, tomllib'", at_most=2.5),
            Limit(subject="check without a kept verdict", peer="python -c 'import click, tomllib'", at_most=2.5),
        ),
    )


def check_all(place: Place) -> Scenario:
    """As in a repository of many teams."""
    made = _repository(place, "many")
    for number in range(MANY):
        write_environment(made.folder / "envs" / f"env{number}", packages=50)
    everywhere = Environment(made)
    cold = _after(lambda: everywhere.forget("verdicts"), everywhere.envlock("check", "--all"))
    return Scenario(
        does=f"envlock check --all over {MANY} environments of 50 packages, with the verdicts kept and without",
        subjects=(
            _always("check --all", everywhere.envlock("check", "--all")),
            Subject(name="check --all without kept verdicts", ready=cold),
        ),
        limits=(Limit(subject="check --all", at_most=0.5),),
    )


def parse_1000x3(place: Place) -> Scenario:
    code = "from pathlib import Path; from envlock.lockfile.reader import read_lock"
    return _beyond_imports(place, "reading", code, "read_lock(Path('env.lock'))", at_most=0.2)


def check_1000x3(place: Place) -> Scenario:
    imports = "from pathlib import Path; from envlock.workflows import project, walk"
    walked = "assert not walk.walk(project.Project(Path.cwd())).problems"
    scenario = _beyond_imports(place, "checking", imports, walked, at_most=0.3)
    made = Environment(_large(place, "checking"))
    cold = _after(lambda: made.forget("verdicts"), made.envlock("check"))
    more = (Subject(name="check without a kept verdict", ready=cold), _always("check", made.envlock("check")))
    return replace(scenario, subjects=(*scenario.subjects, *more))


def lock(place: Place) -> Scenario:
    return Scenario(
        does="envlock lock with nothing to do",
        subjects=(_always("lock", place.reference.envlock("lock")),),
        limits=(Limit(subject="lock", at_most=0.3),),
    )


def lock_upgrade(place: Place) -> Scenario:
    return _solving("the uv command that it runs", place.reference, place.folder)


def lock_upgrade_conda(place: Place) -> Scenario:
    return _solving("the py-rattler child and the uv command that it runs", place.mixed, place.folder)


def build(place: Place) -> Scenario:
    environment, peers = place.reference, place.peers
    host, name = peers.host, _image_name(environment, peers.host)

    def loading() -> Sequence[Step]:
        environment.only_downloads()
        peers.remove(name)
        return [environment.envlock("build", "--load", **host)]

    return Scenario(
        does="from a lock, all packages downloaded, to an image: no layer is there yet",
        subjects=(
            Subject(name="build", ready=_after(environment.only_downloads, environment.envlock("build"))),
            Subject(name="BuildKit with uv", ready=peers.with_uv, own=False),
            Subject(name="docker build with pip", ready=peers.with_pip, own=False),
            Subject(name="docker build with pip --no-compile", ready=lambda: peers.with_pip("--no-compile"), own=False),
            Subject(name="buildah with pip", ready=place.buildah.with_pip),
            Subject(name="build --load", ready=loading),
        ),
        limits=(
            Limit(subject="build", peer="BuildKit with uv", at_most=1 / 3),
            Limit(subject="build", peer="docker build with pip", at_most=1 / 6),
            Limit(subject="build", peer="buildah with pip", at_most=1 / 6),
        ),
    )


def build_cached(place: Place) -> Scenario:
    environment = place.reference
    built = environment.envlock("build")
    return Scenario(
        does="envlock build with all layers cached: the image to be put together again, and there as it is",
        subjects=(
            Subject(name="build from cached layers", ready=_after(lambda: environment.forget("images"), built)),
            _always("build of what is there", built),
        ),
        limits=(
            Limit(subject="build from cached layers", at_most=0.5),
            Limit(subject="build of what is there", at_most=0.5),
        ),
    )


def start(place: Place) -> Scenario:
    """Of modules without bytecode, with that of `bytecode = true`, and with what compileall makes."""
    peers = place.peers
    image = _image_name(place.reference, peers.host)
    ours = _image_name(_with_bytecode(place.reference, place.folder / "bytecode"), peers.host)
    compiled = peers.compiled(image)
    imports = "import flask" if place.small else IMPORTS
    images = {"without .pyc": image, "bytecode = true": ours, "compileall": compiled}
    python = ("python", "-c", imports)
    subjects = [(name, peers.run_in(each, *python)) for name, each in images.items()]
    subjects.append(("a container that does nothing", peers.run_in(image, "true")))
    return Scenario(
        does=f"a container from its start to its end, which does `{imports}`",
        subjects=tuple(replace(_always(name, step), own=False) for name, step in subjects),
        limits=(
            Limit(subject="bytecode = true", peer="without .pyc", at_most=0.7),
            Limit(subject="bytecode = true", peer="compileall", at_most=1.3),
        ),
    )


def _with_bytecode(environment: Environment, folder: Path) -> Environment:
    made = environment.made.elsewhere(folder)
    made.change("[image]\n", "[image]\nbytecode = true\n")
    made.must("lock")
    return Environment(made)


def memory(place: Place) -> Scenario:
    return _memory("the reference environment", place.reference)


def memory_2gib(place: Place) -> Scenario:
    return _memory("a synthetic environment of 2 GiB", place.synthetic, rounds=2)


def install(place: Place) -> Scenario:
    environment = place.reference
    return Scenario(
        does="envlock install, all packages downloaded, and a command in what is there",
        subjects=(
            Subject(name="first install", ready=_after(environment.only_downloads, environment.envlock("install"))),
            _always("run true", environment.envlock("run", "true")),
        ),
    )


SCENARIOS: dict[str, Callable[[Place], Scenario]] = {
    "check": check,
    "check-all": check_all,
    "parse-1000x3": parse_1000x3,
    "check-1000x3": check_1000x3,
    "lock": lock,
    "lock-upgrade": lock_upgrade,
    "lock-upgrade-conda": lock_upgrade_conda,
    "build": build,
    "build-cached": build_cached,
    "start": start,
    "memory": memory,
    "memory-2gib": memory_2gib,
    "install": install,
    "debian-build": debian_build,
    "debian-solve": debian_solve,
    "push-known": push_known,
    "push-changed": push_changed,
    "push-whole": push_whole,
    "push-2gib": push_2gib,
    "push-many": push_many,
    "versions": versions,
    "list": list_environments,
    "register": register,
    "hooks": hooks,
    "runs": runs,
    "ci": ci,
    "install-action": install_action,
    **set_scenarios(),
}


def _always(name: str, *steps: Step) -> Subject:
    return Subject(name=name, ready=lambda: steps)


def _after(prepare: Callable[[], None], step: Step) -> Callable[[], Sequence[Step]]:
    def ready() -> Sequence[Step]:
        prepare()
        return [step]

    return ready


def _beyond_imports(place: Place, doing: str, imports: str, call: str, *, at_most: float) -> Scenario:
    """What a call in Python takes of a large lock, without what starting and importing takes."""
    folder = _large(place, doing).folder

    def python(code: str) -> Step:
        return Step(command=(sys.executable, "-P", "-c", code), folder=folder)

    return Scenario(
        does=f"{doing} a lock of 1,000 packages on each of {len(TAGS)} platforms",
        subjects=(_always(doing, python(f"{imports}; {call}")), _always("imports", python(imports))),
        limits=(Limit(subject=doing, beyond="imports", at_most=at_most),),
    )


def _large(place: Place, name: str) -> Project:
    """1,000 packages, half of them wheels, on each of three platforms."""
    made = _repository(place, f"{name}-large")
    if not (made.folder / "env.toml").exists():
        write_environment(made.folder, packages=1000, platforms=tuple(TAGS))
    return made


def _repository(place: Place, name: str) -> Project:
    folder = place.folder / name
    if not folder.exists():
        run(("git", "init", "--quiet", folder))
    return Project(folder=folder, cache=place.folder / f"{name}-cache")


def _solving(peer: str, environment: Environment, place: Path) -> Scenario:
    folder = place / f"{environment.made.folder.name}-solvers"

    def alone() -> Sequence[Step]:
        shutil.rmtree(folder, ignore_errors=True)
        return solver_steps(environment, folder)

    return Scenario(
        does=f"envlock lock --upgrade beside {peer}, caches warm",
        subjects=(
            _always("lock --upgrade", environment.envlock("lock", "--upgrade")),
            Subject(name="the solvers alone", ready=alone),
        ),
        limits=(Limit(subject="lock --upgrade", peer="the solvers alone", at_most=1.3),),
    )


def _memory(what: str, environment: Environment, rounds: int = 3) -> Scenario:
    built = environment.envlock("build")
    return Scenario(
        does=f"the memory of envlock build, no layer cached, for {what}",
        subjects=(Subject(name="build", ready=_after(environment.only_downloads, built)),),
        limits=(Limit(subject="build", of="largest", at_most=400), Limit(subject="build", of="tree", at_most=400)),
        rounds=rounds,
        watch=True,
    )


def _image_name(environment: Environment, host: dict[str, str]) -> str:
    """The name under which the engine has the image, which is loaded into it."""
    printed = environment.made.given(**host).must("build", "--load", "--json")
    return str(json.loads(printed)[0]["name"])
