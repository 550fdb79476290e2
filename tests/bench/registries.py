"""Images that go to a registry: known there, whole, with one package changed, and of many environments."""

import os
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path

from tests.bench.environments import Environment
from tests.bench.measure import Step
from tests.bench.place import Place
from tests.bench.scenario import Limit, Scenario, Subject
from tests.bench.synthetic import write_wheel
from tests.support.processes import run
from tests.support.projects import Project
from tests.support.registry import Registry
from tests.support.services import require

KIB, MIB = 1 << 10, 1 << 20
REQUESTS, BEYOND, UNION = "requests", "KiB beyond the changed layer", "× the union of the packages"
SHARED, OWN = 40, 10
_ACCESS = re.compile(r'"(?:GET|HEAD|POST|PUT|PATCH|DELETE) /v2/[^"]*" \d')
_IMAGE = "[image]\n"


def push_known(place: Place) -> Scenario:
    """Somebody has pushed it: from here, and from elsewhere, so that nothing is cached."""
    registry, environment = place.registry, _pushing(place, "known")
    environment.made.must("build", "--push")
    empty = place.folder / "known-empty-cache"

    def anew() -> Sequence[Step]:
        shutil.rmtree(empty, ignore_errors=True)
        return [environment.envlock("build", "--push", ENVLOCK_CACHE_DIR=str(empty))]

    asked = Asked(registry)
    return Scenario(
        does="envlock build --push of what is in the registry already",
        subjects=(
            Subject(
                name="build --push", ready=asked.before(lambda: [environment.envlock("build", "--push")]), counts=asked
            ),
            Subject(name="build --push, nothing cached", ready=asked.before(anew), counts=asked),
        ),
        limits=(
            Limit(subject="build --push", at_most=0.35),
            Limit(subject="build --push", of=REQUESTS, at_most=3),
            Limit(subject="build --push, nothing cached", of=REQUESTS, at_most=3),
        ),
    )


def push_changed(place: Place) -> Scenario:
    """A small package of one's own, in a new version each round."""
    registry, environment = place.registry, _pushing(place, "changed")
    numbers = count(1)
    manifest = environment.made.manifest
    text = manifest.read_text()

    def another() -> None:
        version = f"1.{next(numbers)}"
        file = _small_wheel(environment.made.folder, version)
        manifest.write_text(text.replace("dependencies = [", f'dependencies = ["changed @ ./{file}", ', 1))
        environment.made.must("lock")

    another()
    environment.made.must("build", "--push")
    sent = Sent(registry)
    return Scenario(
        does="envlock build --push after one small package got another version",
        subjects=(
            Subject(
                name="build --push",
                ready=sent.before(_after(another, environment.envlock("build", "--push"))),
                counts=lambda: {BEYOND: (sum(sent.sizes()) - max(sent.sizes())) / KIB},
            ),
        ),
        limits=(
            Limit(subject="build --push", at_most=1.0),
            Limit(subject="build --push", of=BEYOND, at_most=64),
        ),
    )


def push_whole(place: Place) -> Scenario:
    registry, environment = place.registry, _pushing(place, "whole")
    layout = place.folder / "whole-layout"
    environment.made.must("build", "--output", str(layout))
    name = f"docker://{registry.host}/bench/skopeo:1"
    # what it remembers of blobs would make it ask for others than it is given
    remembered = (*("--insecure-policy", "copy", "--quiet", "--preserve-digests", "--dest-tls-verify=false"),)
    skopeo = Step(command=(require("skopeo", "skopeo"), *remembered, f"oci:{layout}", name), folder=place.folder)

    def emptied() -> None:
        shutil.rmtree(registry.root / "docker", ignore_errors=True)
        shutil.rmtree(Path(os.environ["HOME"], ".local", "share", "containers"), ignore_errors=True)
        shutil.rmtree("/var/lib/containers/cache", ignore_errors=True)

    return Scenario(
        does="a whole image, built, into an empty registry, beside skopeo copy",
        subjects=(
            Subject(name="build --push", ready=_after(emptied, environment.envlock("build", "--push"))),
            Subject(name="skopeo copy", ready=_after(emptied, skopeo)),
        ),
        limits=(Limit(subject="build --push", peer="skopeo copy", at_most=1.0),),
    )


def push_2gib(place: Place) -> Scenario:
    registry = place.registry
    environment = _with_repository(place.synthetic, place.folder / "pushed-2gib", registry, "synthetic")

    def emptied() -> None:
        shutil.rmtree(registry.root / "docker", ignore_errors=True)
        environment.only_downloads()

    return Scenario(
        does="the memory of envlock build --push, no layer cached, for a synthetic environment of 2 GiB",
        subjects=(Subject(name="build --push", ready=_after(emptied, environment.envlock("build", "--push"))),),
        limits=(
            Limit(subject="build --push", of="largest", at_most=400),
            Limit(subject="build --push", of="tree", at_most=400),
        ),
        rounds=2,
        watch=True,
    )


def push_many(place: Place) -> Scenario:
    """Of 50 packages of an environment, 40 are in all of them; a fifth of the packages is large."""
    registry, wheels = place.registry, place.folder / "many-wheels"
    environments = 3 if place.small else 20
    wheels.mkdir()
    shared = _wheels(wheels, "shared", SHARED, small=place.small)
    projects = []
    for number in range(environments):
        own = _wheels(wheels, f"own{number}", OWN, small=place.small)
        made = place.from_index(f"many{number}", wheels, (*shared, *own), cache=place.folder / "many-cache")
        made.made.change(_IMAGE, f'{_IMAGE}repository = "{registry.host}/bench/many"\n')
        projects.append(made)
    union = sum(path.stat().st_size for path in wheels.iterdir())
    for made in projects:
        assert made.downloaded
    sent = Sent(registry)

    def emptied() -> Sequence[Step]:
        shutil.rmtree(registry.root / "docker", ignore_errors=True)
        for kind in ("images", "layers"):
            projects[0].forget(kind)
        shutil.rmtree(place.folder / "many-cache" / "image", ignore_errors=True)
        return [made.envlock("build", "--push") for made in projects]

    return Scenario(
        does=f"{environments} environments that share 80 % of their packages, built and pushed one after the other",
        subjects=(
            Subject(
                name="build --push of each",
                ready=sent.before(emptied),
                counts=lambda: {UNION: sum(sent.sizes()) / union},
            ),
        ),
        limits=(Limit(subject="build --push of each", of=UNION, at_most=1.3),),
        rounds=1,
    )


class Asked:
    """How many requests a registry was asked since, as its own log has them."""

    def __init__(self, registry: Registry) -> None:
        self._log, self._before = registry.log, 0

    def before(self, ready: Callable[[], Sequence[Step]]) -> Callable[[], Sequence[Step]]:
        def noted() -> Sequence[Step]:
            steps = ready()
            self._before = self._count()
            return steps

        return noted

    def __call__(self) -> Mapping[str, float]:
        return {REQUESTS: self._count() - self._before}

    def _count(self) -> int:
        return len(_ACCESS.findall(self._log.read_text(errors="replace")))


class Sent:
    """What a registry has that it did not have before, as it lies on its disk."""

    def __init__(self, registry: Registry) -> None:
        self._root, self._before = registry.root, set[Path]()

    def before(self, ready: Callable[[], Sequence[Step]]) -> Callable[[], Sequence[Step]]:
        def noted() -> Sequence[Step]:
            steps = ready()
            self._before = set(self._blobs())
            return steps

        return noted

    def sizes(self) -> list[int]:
        return [path.stat().st_size for path in self._blobs() if path not in self._before]

    def _blobs(self) -> Iterable[Path]:
        return self._root.glob("docker/registry/v2/blobs/sha256/*/*/data")


def _pushing(place: Place, name: str) -> Environment:
    """A copy of the reference environment, all layers made, that goes to a repository of its own."""
    assert place.reference.downloaded
    return _with_repository(place.reference, place.folder / f"push-{name}", place.registry, name)


def _with_repository(environment: Environment, folder: Path, registry: Registry, name: str) -> Environment:
    assert environment.downloaded
    made: Project = environment.made.elsewhere(folder)
    made.change(_IMAGE, f'{_IMAGE}repository = "{registry.host}/bench/{name}"\n')
    run(("git", "-C", made.folder, "add", "env.toml", "env.lock"))
    copied = Environment(made)
    assert copied.downloaded
    made.must("build")
    return copied


def _wheels(folder: Path, name: str, number: int, *, small: bool) -> tuple[str, ...]:
    """A fifth of them large enough for a layer of its own."""
    names = tuple(f"{name}x{each}" for each in range(number))
    for each, wheel in enumerate(names):
        write_wheel(folder, wheel, size=(12 * MIB if each % 5 == 0 else MIB // 2) // (16 if small else 1))
    return names


def _small_wheel(folder: Path, version: str) -> str:
    name = f"changed-{version}-py3-none-any.whl"
    info = f"changed-{version}.dist-info"
    members = {
        "changed.py": f"version = '{version}'\n" + "value = 1\n" * 1000,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: changed\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: bench\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    members[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*members, f"{info}/RECORD"))
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as wheel:
        for path, text in members.items():
            wheel.writestr(path, text)
    return name


def _after(prepare: Callable[[], None], step: Step) -> Callable[[], Sequence[Step]]:
    def ready() -> Sequence[Step]:
        prepare()
        return [step]

    return ready
