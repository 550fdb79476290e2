"""The GitHub Action: installing envlock, and what else it takes of a pull request that changes no environment."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.bench.measure import Step
from tests.bench.place import Place
from tests.bench.scenario import Limit, Scenario, Subject
from tests.support.action_steps import NOTHING_RESTORED, OWN, Runner, given, runner
from tests.support.ci_scene import Job, World, new_scene, world
from tests.support.ci_variables import on_github, pull_request

INDEX, WHEELS, AGAIN = "from the index", "from wheels of earlier runs", "again in the same job"
FEW, MANY = 2, 200


def install_action(place: Place) -> Scenario:
    """Each time into a new folder, with caches of pip and uv that are empty."""
    job = runner(place.folder / "installing", Path(sys.executable))
    placed = job.installed()
    job.step("keep", **given(placed), ENVLOCK_CACHE_DIR=placed["cache"], **NOTHING_RESTORED)
    kept = Path(placed["wheels"])
    there, aside = _step(job, "place"), kept.with_name("aside")

    def fresh(wheels: Path) -> Sequence[Step]:
        if not wheels.exists():
            (aside if wheels == kept else kept).rename(wheels)
        shutil.rmtree(placed["home"], ignore_errors=True)
        return [there, _step(job, "install", **given(placed))]

    return Scenario(
        does="installing envlock in the GitHub Action",
        subjects=(
            Subject(name=INDEX, ready=lambda: fresh(aside)),
            Subject(name=WHEELS, ready=lambda: fresh(kept)),
            Subject(name=AGAIN, ready=lambda: [there]),
        ),
        limits=(Limit(subject=WHEELS, at_most=15), Limit(subject=AGAIN, at_most=0.5)),
    )


def ci(place: Place) -> Scenario:
    """A pull request beside environments: all of what the action does once it is installed, thus a first start, with an
    empty cache."""
    installed = runner(place.folder / "installed", Path(sys.executable)).installed()
    with world(place.folder / "ci", place.registry) as made:
        few, many = (_untouched(made, place.folder / f"ci-{number}", number) for number in (FEW, MANY))

    def fresh(job: Job) -> Sequence[Step]:
        for folder in (job.cache, *Path(installed["home"]).rglob("__pycache__")):
            shutil.rmtree(folder, ignore_errors=True)
        return [Step(command=(installed["envlock"], "ci", "--begin"), folder=job.tree, variables=job.environment())]

    names = f"of {FEW} environments", f"of {MANY} environments"
    return Scenario(
        does="the action on a pull request that changes no environment, after installation",
        subjects=(
            Subject(name=names[0], ready=lambda: fresh(few)),
            Subject(name=names[1], ready=lambda: fresh(many)),
        ),
        limits=tuple(Limit(subject=name, at_most=1) for name in names),
    )


def _untouched(made: World, root: Path, number: int) -> Job:
    scene = new_scene(made, root, *(f"env{each}" for each in range(number)))
    scene.branch()
    (scene.author.folder / "README.md").write_text("more\n")
    asked = scene.propose()
    job = scene.job(asked.merge, "refs/pull/1/merge", depth=2)
    return on_github(job, "pull_request", asked.merge, "refs/pull/1/merge", pull_request(asked))


def _step(job: Runner, script: str, **variables: str) -> Step:
    outputs = {"GITHUB_OUTPUT": str(job.temporary / "outputs")}
    return Step(command=(OWN / script,), folder=job.temporary, variables={**job.environment, **outputs, **variables})
