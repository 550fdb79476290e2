"""Reports of `ci` made by hand, as pull requests and pushes have them; in one, every word of others is a given text."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from envlock.model.ci_event import Event, Kind
from envlock.model.image_layers import BuiltLayer, Came
from envlock.model.lock import Base, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from envlock.model.problem import Problem
from envlock.model.spec import EnvSpec
from envlock.registry.transfer import Pushed
from envlock.workflows.check import UNREADABLE
from envlock.workflows.ci_report import CiImage, CiReport, Outcome, State, Subject, Tagged
from envlock.workflows.diff import Comparison, Side, compare
from envlock.workflows.project import Project
from tests.support.wide_project import pip

COMMIT, BASE = "c0ffee" + "1" * 34, "decade" + "2" * 34
PULL_REQUEST = Event(kind=Kind.PULL_REQUEST, forge="github", target="main", number=7, origin="acme/ml")
PUSH = Event(kind=Kind.BRANCH, forge="github", branch="main", is_default=True, origin="acme/ml")
PUSHED = Pushed(digest="sha256:" + "d" * 64, uploaded=3, uploaded_bytes=2_500_000, mounted=1, present=4, layers=2)


def locked(packages: Sequence[PipPackage], label: str = "x", platforms: Sequence[str] = ("linux-64",)) -> Lock:
    spec = EnvSpec(name="train", platforms=tuple(platforms))
    base = Base(reference="debian:trixie-slim", digest=f"sha256:{'b' * 64}")
    return Lock(
        inputs=Inputs.of(spec),
        image=ImageSettings(labels=(("team", label),)),
        platforms=tuple(PlatformLock(platform=name, base=base, pip=tuple(packages)) for name in platforms),
    )


def compared(before: Lock | None, after: Lock | None) -> Comparison:
    return compare(before=Side(text="main", lock=before), after=Side(text="HEAD", lock=after))


def layer(title: str, size: int, came: Came = Came.MADE, part: str = "env") -> BuiltLayer:
    digest = f"sha256:{title}{size}{came}"
    return BuiltLayer(title=title, part=part, key="k", digest=digest, size=size, came=came)


def image(name: str = "train", **more: object) -> CiImage:
    """Made here: two layers of three, upon two of a base."""
    found = CiImage(
        name=f"registry.acme.test/ml/{name}:lock-3f9a1c22b07d4e18",
        digest="sha256:" + "d" * 64,
        key="3f9a1c22b07d4e18" + "0" * 48,
        lock_hashes=(("linux-64", "3f9a1c22b07d4e18" + "0" * 48),),
        layers=(
            layer("numpy 2.4.0", 9_000_000),
            layer("a 1, b 2", 1_000_000),
            layer("scipy 1.17.1", 35_000_000, Came.REUSED),
        ),
        base_layers=2,
        size=75_000_000,
        before=73_000_000,
    )
    return replace(found, **more)  # type: ignore[arg-type]


def subject(name: str, state: State, **more: object) -> Subject:
    found = Subject(name=name, folder=f"envs/{name}", state=state, project=Project(folder=Path("envs", name)), key="k")
    return replace(found, **more)  # type: ignore[arg-type]


def upgrade(name: str = "numpy", versions: tuple[str, str] = ("2.3.1", "2.4.0")) -> Comparison:
    before, after = versions
    return compared(locked([pip(name, before, size=8_000_000)]), locked([pip(name, after, size=9_000_000)]))


def changed(name: str, **more: object) -> Outcome:
    return Outcome(subject=subject(name, State.CHANGED, comparison=upgrade()), image=image(name, **more))


def unchanged(name: str) -> Outcome:
    return Outcome(subject=subject(name, State.SAME))


def report(*outcomes: Outcome, event: Event = PULL_REQUEST, **more: object) -> CiReport:
    found = CiReport(event=event, outcomes=outcomes, commit=COMMIT, base=BASE, reproduce=COMMIT)
    return replace(found, **more)  # type: ignore[arg-type]


def told_by_others(text: str, *, pushes: bool) -> CiReport:
    """Of every kind of outcome one; whatever anybody can choose the words of is `text`."""
    problem = Problem(kind="unmet", message=text, platform=text, subject=text, line=3, file=text)
    comparison = compared(
        locked([pip(text, f"{text}1"), pip("z", "1", index=text)], text),
        locked([pip(text, f"{text}2"), pip("z", "1", index=f"{text}2")], f"{text}2"),
    )
    made = image(
        text,
        layers=(layer(text, 9), layer(text, 8, Came.CACHED)),
        notes=(text, text),
        tags=(Tagged(name=text, what=text),),
    )
    there = replace(made, in_registry=True, came="registry", notes=())
    return CiReport(
        event=replace(PUSH if pushes else PULL_REQUEST, branch=text, target=text),
        outcomes=(
            Outcome(subject=subject(text, State.CHANGED, folder=text, problems=(problem, problem)), exit_code=1),
            Outcome(subject=subject(text, State.NEW, problems=(replace(problem, kind=UNREADABLE),)), exit_code=2),
            Outcome(
                subject=subject(text, State.CHANGED, comparison=comparison),
                error=f"{text}\n{text}",
                hint=text,
                exit_code=3,
            ),
            Outcome(subject=subject(text, State.CHANGED, comparison=comparison), image=made),
            Outcome(subject=subject(text, State.NEW), image=replace(made, pushed=PUSHED, in_registry=True)),
            Outcome(subject=subject(text, State.REMOVED, project=None, key=None)),
            Outcome(subject=subject(text, State.SAME_IMAGE)),
            Outcome(subject=subject(text, State.SAME), image=there),
        ),
        commit=COMMIT,
        base=BASE,
        reproduce=f"{text}~",
        pushes=pushes,
        notes=(text, text),
    )
