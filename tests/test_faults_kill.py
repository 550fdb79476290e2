"""kill -9 anywhere in a command: what was there before is still good, and the next plain call does all of it."""

import random
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from envlock.oci.layout import Layout
from envlock.oci.validate import problems
from tests.support.projects import Project
from tests.support.strace import Point, points, recorder
from tests.support.tiny_debian import tiny_debian
from tests.support.tiny_project import tiny_project, tree

# how many points of each command are tried, without --full
IN_MAIN_THREAD, ELSEWHERE = 5, 3
KILLED = -9
# how a command ends that was not killed itself: well, or because one of its children was
ALIVE = (0, 3)
IMAGE = "image"


@dataclass(frozen=True)
class Case:
    """A command, and what must hold whenever it was killed; `old` is the fixture of what it begins with."""

    words: tuple[str, ...]
    holds: Callable[[Project, Project], None]  # the project after the kill, and as it was before
    old: str = "old"


def a_lock_that_is_old_or_new(killed: Project, before: Project) -> None:
    """The old one still answers the old manifest; only the new one answers the new."""
    is_new = killed.lockfile.read_bytes() != before.lockfile.read_bytes()
    assert killed.call("check").code == (0 if is_new else 1)


def the_old_prefix(killed: Project, before: Project) -> None:
    for prefix in (before.cache / "prefixes").iterdir():
        assert tree(killed.cache / "prefixes" / prefix.name) == tree(prefix)


def an_image_that_is_old_or_new(killed: Project, before: Project) -> None:
    layout = Layout(killed.folder / IMAGE)
    (entry,) = layout.manifests()
    assert problems(layout, entry.descriptor) == ()
    (old,) = Layout(before.folder / IMAGE).manifests()
    if entry == old:
        assert tree(layout.root) == tree(before.folder / IMAGE)


CASES = {
    "lock": Case(("lock",), a_lock_that_is_old_or_new),
    "install": Case(("install",), the_old_prefix),
    "build": Case(("build", "--output", IMAGE), an_image_that_is_old_or_new),
    "lock, Debian": Case(("lock",), a_lock_that_is_old_or_new, "old_debian"),
    "build, Debian": Case(("build", "--output", IMAGE), an_image_that_is_old_or_new, "old_debian"),
}


@dataclass(frozen=True, kw_only=True)
class Trial:
    """A state from which each try starts, always at the same path, and what an undisturbed call makes of it."""

    case: Case
    before: Project
    root: Path
    points: tuple[Point, ...]
    made: Mapping[str, str]
    printed: str

    def start(self) -> Project:
        shutil.rmtree(self.root, ignore_errors=True)
        return self.before.elsewhere(self.root)


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """An old lock, prefix and image, and a manifest that asks for more."""
    with tiny_project(tmp_path_factory.mktemp("old")) as project:
        project.write(pip=("beta",))
        for words in (("lock",), ("install",), ("build", "--output", IMAGE)):
            project.must(*words)
        project.write()
        yield project


@pytest.fixture(scope="module")
def old_debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The same over a base of Debian's packages, of which the cache has no index any more."""
    with tiny_debian(tmp_path_factory.mktemp("old-debian")) as project:
        project.write("other")
        for words in (("lock",), ("build", "--output", IMAGE)):
            project.must(*words)
        for index in project.cache.glob("packages/*/Packages*"):
            index.unlink()
        project.write("tool")
        yield project


@pytest.fixture(scope="module", params=CASES)
def trial(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Trial:
    case, root = CASES[request.param], tmp_path_factory.mktemp("trial")
    before: Project = request.getfixturevalue(case.old).elsewhere(root / "before")
    if case.words != ("lock",):
        before.must("lock")
    log = root / "strace.log"
    undisturbed = before.elsewhere(root / "tried")
    printed = undisturbed.through(*recorder(log)).must(*case.words)
    return Trial(
        case=case,
        before=before,
        root=root / "tried",
        points=points(log),
        made=whole(undisturbed),
        printed=printed,
    )


def whole(project: Project) -> dict[str, str]:
    """What counts of a project and its cache: everything but notes, which may differ from run to run."""
    kept = ("packages", "prefixes", "image")
    made = {f"cache/{name}/{path}": what for name in kept for path, what in tree(project.cache / name).items()}
    # beside a prefix that was killed as its last step ended; the next prefix that is made sweeps it away
    empty = {path for path in made if path.startswith("cache/prefixes/.part-") and path.count("/") == 2}
    return tree(project.folder) | {path: what for path, what in made.items() if path not in empty}


def tried(trial: Trial, point: Point) -> bool:
    """One call with the fault, what must hold after it, and one without; whether the point was reached at all."""
    project = trial.start()
    result = project.through(*point.starter()).call(*trial.case.words)
    assert result.code in (KILLED, *ALIVE), (point, result)
    if result.code != 0:
        trial.case.holds(project, trial.before)
    assert project.must(*trial.case.words) == trial.printed, point
    assert whole(project) == trial.made, point
    return result.code != 0


def test_killed_at_some_points(trial: Trial) -> None:
    shuffled = random.Random(trial.case.words[0]).sample(trial.points, len(trial.points))
    reached = [tried(trial, p) for p in [p for p in shuffled if not p.everywhere][:IN_MAIN_THREAD]]
    assert any(reached)
    for point in [p for p in shuffled if p.everywhere][:ELSEWHERE]:
        tried(trial, point)


@pytest.mark.full
def test_killed_at_every_point(trial: Trial) -> None:
    reached = [tried(trial, point) for point in trial.points]
    assert sum(reached) > len(reached) // 3
