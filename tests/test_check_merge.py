"""Two branches, each with a lock that answers, which git merges without a conflict into one that does not."""

from pathlib import Path

import pytest

from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.lock import Base, CondaPackage, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from tests.support.answering_lock import conda, pip
from tests.support.processes import run
from tests.support.projects import Project, new_project

# between what the two branches change there are lines that neither does: so git sees no conflict
BEFORE = """name = "small"
python = "3.11"

[conda]
dependencies = [
    "numpy",
    "pip",
    "scipy >=1.9",
]

[image]
base = "scratch"
"""
WHEELS = """name = "small"
python = "3.11"

[pip]
dependencies = [
    "numpy",
    "pip",
    "scipy>=1.9",
]

[image]
base = "scratch"
"""


def git(project: Project, *arguments: str) -> str:
    identity = ("-c", "user.name=Kim", "-c", "user.email=kim@envlock.test")
    return run(("git", "-C", project.folder, *identity, *arguments))


def relock(project: Project, *packages: CondaPackage | PipPackage) -> None:
    """Writes the lock that `envlock lock` would write for these packages."""
    spec = read_manifest(project.manifest)
    locked = PlatformLock(
        platform="linux-64",
        base=Base(reference="scratch", python=None if spec.has_conda else "3.11.0"),
        conda=tuple(p for p in packages if isinstance(p, CondaPackage)),
        pip=tuple(p for p in packages if isinstance(p, PipPackage)),
    )
    lock = Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=(locked,))
    project.lockfile.write_text(lock_text(lock))


def commit(project: Project, message: str) -> None:
    """Commits what check is content with."""
    result = project.call("check")
    assert (result.code, result.stdout) == (0, "")
    git(project, "add", "env.toml", "env.lock")
    git(project, "commit", "--quiet", "--message", message)


@pytest.mark.parametrize(
    ("manifest", "raised", "held", "expected"),
    [
        pytest.param(
            BEFORE,
            ("scipy >=1.9", "scipy >=1.11"),
            ('    "numpy",', '    "numpy <1.22",'),
            "linux-64: `numpy >=1.23` is not met (asked for by `scipy`): 1.21.6 is locked, "
            "and env.toml asks for `numpy <1.22`",
            id="conda",
        ),
        pytest.param(
            WHEELS,
            ("scipy>=1.9", "scipy>=1.11"),
            ('    "numpy",', '    "numpy<1.22",'),
            "linux-64: `numpy>=1.23` is not met (asked for by `scipy`): 1.21.6 is locked, "
            "and env.toml asks for `numpy<1.22`",
            id="wheels",
        ),
    ],
)
def test_one_raises_scipy_and_the_other_holds_numpy_back(
    tmp_path: Path, manifest: str, raised: tuple[str, str], held: tuple[str, str], expected: str
) -> None:
    """One takes a scipy that needs numpy >=1.23, for which the numpy there is new enough; the other an older numpy."""
    project = new_project(tmp_path / "small", manifest, cache=tmp_path / "cache")
    make, need = (conda, " >=1.{}") if "[conda]" in manifest else (pip, ">=1.{}")
    new, old, between = make("numpy", "1.26.4"), make("numpy", "1.21.6"), make("pip", "24.0")
    python = (conda("python", "3.11.7"),) if make is conda else ()
    before, after = (
        make("scipy", "1.9.0", f"numpy{need.format(19)}"),
        make("scipy", "1.12.0", f"numpy{need.format(23)}"),
    )
    relock(project, new, between, *python, before)
    commit(project, "start")
    git(project, "switch", "--quiet", "--create", "raise-scipy")
    project.change(*raised)
    relock(project, new, between, *python, after)
    commit(project, "raise scipy")
    git(project, "switch", "--quiet", "-")
    project.change(*held)
    relock(project, old, between, *python, before)
    commit(project, "hold numpy back")
    git(project, "merge", "--quiet", "--no-edit", "raise-scipy")
    assert git(project, "status", "--short") == ""
    assert '"1.12.0"' in project.lockfile.read_text()
    assert '"1.21.6"' in project.lockfile.read_text()
    result = project.call("check")
    assert (result.code, result.stdout) == (1, f"env.lock does not answer env.toml\n  {expected}\n")
