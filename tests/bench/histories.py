"""What git has of environments, in a repository of 50,000 commits, 200 environments and 3,000 registered versions."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench.environments import Environment
from tests.bench.measure import Step
from tests.bench.place import Place
from tests.bench.scenario import Limit, Scenario, Subject
from tests.support.large_history import LARGE, SMALL, copied, large_history
from tests.support.processes import run
from tests.support.projects import Project

NAME, FOLDER = "env55", "envs/team5/env55"
SMALL_NAME, SMALL_FOLDER = "env5", "envs/team5/env5"
GIT_LOG, KEPT = "git log --oneline -- PATH", "lock-steps"


def versions(place: Place) -> Scenario:
    environment = _repository(place, "versions")
    name, folder = _names(place)
    git = Step(command=("git", "log", "--oneline", "--", f"{folder}/env.lock"), folder=environment.made.folder)
    listed = environment.envlock("versions", name)
    first = _after(lambda: environment.forget(KEPT), listed)
    return Scenario(
        does="envlock versions, the locks read before and not, and its newest ten, beside git log of the same path",
        subjects=(
            Subject(name="versions", ready=lambda: [listed]),
            Subject(name="versions, no lock read before", ready=first),
            Subject(name="versions --limit 10", ready=lambda: [environment.envlock("versions", name, "--limit", "10")]),
            Subject(name=GIT_LOG, ready=lambda: [git]),
        ),
        limits=(
            Limit(subject="versions", beyond=GIT_LOG, times=1.5, at_most=0.15),
            Limit(subject="versions, no lock read before", beyond=GIT_LOG, times=1.5, at_most=0.15),
        ),
    )


def list_environments(place: Place) -> Scenario:
    environment = _repository(place, "list")
    first = _after(lambda: environment.forget(KEPT), environment.envlock("list"))
    return Scenario(
        does="envlock list of 200 environments, the locks read before and not",
        subjects=(
            Subject(name="list", ready=lambda: [environment.envlock("list")]),
            Subject(name="list, no lock read before", ready=first),
        ),
        limits=(Limit(subject="list", at_most=0.3),),
    )


def register(place: Place) -> Scenario:
    environment = _repository(place, "register")
    name, _ = _names(place)
    folder = environment.made.folder
    run(("git", "remote", "remove", "origin"), folder=folder)
    before = frozenset(_tags(folder, name))

    def forget() -> None:
        for tag in _tags(folder, name) - before:
            run(("git", "tag", "--delete", tag), folder=folder)

    return Scenario(
        does="envlock register of a lock that is not registered, in a clone without a remote",
        subjects=(Subject(name="register", ready=_after(forget, environment.envlock("register", name))),),
        limits=(Limit(subject="register", at_most=0.5),),
    )


def _names(place: Place) -> tuple[str, str]:
    return (SMALL_NAME, SMALL_FOLDER) if place.small else (NAME, FOLDER)


def _repository(place: Place, name: str) -> Environment:
    folder = place.folder / f"history-{name}"
    shutil.rmtree(folder, ignore_errors=True)
    copied(large_history(SMALL if place.small else LARGE), folder)
    for setting, value in {"user.name": "Kim", "user.email": "kim@acme.test"}.items():
        run(("git", "config", setting, value), folder=folder)
    return Environment(Project(folder=folder, cache=place.folder / f"history-{name}-cache"))


def _tags(folder: Path, name: str) -> set[str]:
    return set(run(("git", "tag", "--list", f"env/{name}/*"), folder=folder).split())


def _after(prepare: Callable[[], None], step: Step) -> Callable[[], Sequence[Step]]:
    def ready() -> Sequence[Step]:
        prepare()
        return [step]

    return ready
