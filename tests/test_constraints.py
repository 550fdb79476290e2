"""`[pip] constraints`: they limit what is chosen, in every solver, and ask for nothing."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.interchange.pip.pip_requirement import normalized_constraint
from envlock.lockfile.writer import lock_text
from envlock.manifest.editor import new_manifest
from envlock.manifest.reader import read_manifest
from envlock.model.lock import Inputs
from envlock.model.spec import EnvSpec, PipSpec
from envlock.model.spec_of import spec_of
from envlock.model.three_way import merged_inputs
from envlock.workflows.merge_manifest import merge_manifest
from envlock.workflows.merged import Texts
from tests.conftest import IndexServers
from tests.support.answering_lock import LOCK, SPEC, said
from tests.support.conda_channel import write_channel
from tests.support.index_server import IndexServer
from tests.support.projects import Project, manifest_text, new_project
from tests.support.tiny_project import PYTHON
from tests.support.tiny_wheels import write_wheel
from tests.test_lock_extras import distribution


@pytest.fixture
def index(tmp_path: Path, index_server: IndexServers) -> IndexServer:
    wheels = tmp_path / "wheels"
    for version in ("1.0", "1.9", "2.0"):
        write_wheel(wheels, "lib", version)
    write_wheel(wheels, "app", requires=["lib"])
    return index_server(wheels)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = new_project(tmp_path / "small", "", cache=tmp_path / "cache")
    metadata = "Metadata-Version: 2.1\nName: lib\nVersion: {}\n"
    packages = [distribution("lib", version, metadata.format(version)) for version in "12"]
    write_channel(project.folder / "channel", (PYTHON, *packages))
    return project


def want(project: Project, index: IndexServer, constraints: Sequence[str], *, conda: Sequence[str] = ()) -> None:
    text = manifest_text(conda=["python", *conda], channels=["./channel"], pip=["app"], index=index.url)
    line = f"constraints = {[*constraints]}\n" if constraints else ""
    project.manifest.write_text(text.replace("[pip]\n", f"[pip]\n{line}"))


@pytest.mark.parametrize(
    ("solver", "constraints", "version"),
    [
        ("uv", ["lib<2"], "1.9"),
        ("uv", ["lib!=2.0", "lib<1.9 ; python_version > '3'"], "1.0"),
        ("uv", ["lib<2 ; sys_platform == 'win32'", "absent<3"], "2.0"),
        ("pip-tools", ["lib!=2.0", "lib<1.9 ; python_version > '3'", "absent<3"], "1.0"),
    ],
)
def test_what_is_chosen_keeps_to_them(
    project: Project, index: IndexServer, solver: str, constraints: list[str], version: str
) -> None:
    want(project, index, constraints)
    project.manifest.write_text(f'{project.manifest.read_text()}\n[lock]\npip-resolver = "{solver}"\n')
    project.must("lock")
    project.must("check")
    assert {p.name: p.version for p in project.locked().pip} == {"app": "1.0", "lib": version}
    assert project.lock().inputs.constraints == tuple(sorted(map(normalized_constraint, constraints)))


def test_a_lock_that_goes_beyond_one_is_named_and_moves(project: Project, index: IndexServer) -> None:
    want(project, index, [])
    project.must("lock")
    want(project, index, ["lib<2"])
    checked = project.call("check")
    assert checked.code == 1
    assert "linux-64: `lib` 2.0 is locked: constraint `lib<2` (env.toml:9)" in checked.stdout
    project.must("lock")
    assert project.versions()["lib"] == "1.9"
    want(project, index, ["lib<2", "other>1"])
    assert "constraint `other>1` was added" in project.call("check").stdout
    want(project, index, ["lib<=1.9"])
    assert "constraint `lib<=1.9` was `lib<2` when this was locked" in project.call("check").stdout
    want(project, index, [])
    assert "constraint `lib<2` was taken out" in project.call("check").stdout


def test_no_version_that_is_asked_for_is_beyond_one(project: Project, index: IndexServer) -> None:
    want(project, index, ["lib<2"])
    project.must("lock")
    before = project.lockfile.read_bytes()
    refused = project.call("lock", "-P", "lib==2.0")
    assert (refused.code, project.lockfile.read_bytes()) == (2, before)
    assert "`-P lib==2.0` is beyond the constraint `lib<2` of env.toml" in refused.stderr
    project.must("lock", "-P", "lib==1.0")
    assert project.versions()["lib"] == "1.0"
    project.must("lock")
    assert project.versions()["lib"] == "1.0"
    project.must("lock", "--upgrade")
    assert project.versions()["lib"] == "1.9"


def test_what_conda_brings_keeps_to_them_or_is_named(project: Project, index: IndexServer) -> None:
    want(project, index, ["lib<2"], conda=["lib"])
    refused = project.call("lock")
    assert refused.code == 2
    assert "linux-64: `lib` 2, in conda's `lib`, is beyond constraint `lib<2`" in refused.stderr
    assert 'hint: limit `lib` by `envlock add --conda "lib …"`' in refused.stderr
    assert not project.lockfile.exists()
    want(project, index, ["lib<2"], conda=["lib <2"])
    project.must("lock")
    assert "lib" not in {p.name for p in project.locked().pip}
    project.must("check")


def test_they_come_from_files_and_from_what_is_extended(project: Project, index: IndexServer) -> None:
    want(project, index, ["lib<3", "other<9"])
    (project.folder / "base.toml").write_text(project.manifest.read_text())
    (project.folder / "limits.txt").write_text("lib<2  # breaks\nthird!=1\n")
    (project.folder / "requirements.in").write_text("app\n-c limits.txt\n")
    project.manifest.write_text('extends = "base.toml"\n[pip]\nfrom = "requirements.in"\nconstraints = ["other<8"]\n')
    spec = read_manifest(project.manifest)
    assert spec.pip.constraints == ("lib<2", "other<8", "third!=1")
    shown = project.must("show", "--manifest")
    assert "limits.txt:1" in shown
    project.must("lock")
    assert project.versions()["lib"] == "1.9"
    (project.folder / "limits.txt").write_text("lib<1.9\n")
    assert "limits.txt:1" in project.call("check").stdout


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("lib[x]<2", "an extra, `x`, belongs into `pip.dependencies`"),
        ("lib @ https://acme.test/lib-1.0-py3-none-any.whl", "a source belongs into `pip.dependencies`"),
        ("lib", "got `lib`, which limits nothing"),
        ("lib=1", "pip compares by `==`"),
    ],
)
def test_what_is_no_limit_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match="expected a") as refused:
        normalized_constraint(text)
    assert why in str(refused.value)


def test_they_are_written_and_read_back(tmp_path: Path) -> None:
    spec = EnvSpec(name="small", pip=PipSpec(dependencies=("a",), constraints=("lib<2", 'x<3; os_name == "nt"')))
    (tmp_path / "env.toml").write_text(new_manifest(spec))
    assert read_manifest(tmp_path / "env.toml") == spec
    wanted = replace(SPEC, pip=replace(SPEC.pip, constraints=("lib<2",)))
    lock = replace(LOCK, inputs=Inputs.of(wanted))
    assert 'constraints = [\n    "lib<2",\n]' in lock_text(lock)
    assert "constraints" not in lock_text(LOCK)
    assert spec_of(lock.inputs).pip.constraints == ("lib<2",)


def test_sides_of_a_merge_bring_theirs_together() -> None:
    base, ours, theirs = (
        Inputs.of(replace(SPEC, pip=replace(SPEC.pip, constraints=texts)))
        for texts in (("a<1", "b<1"), ("a<1", "b<1", "c<1"), ("b<2",))
    )
    merged = merged_inputs(base, ours, theirs)
    assert merged.clean
    assert merged.value.constraints == ("b<2", "c<1")
    again = merged_inputs(base, ours, replace(theirs, constraints=("a<1", "b<1", "c<2")))
    assert [conflict.path for conflict in again.conflicts] == [("pip", "constraints", "c")]


def test_manifests_merge_them_by_name(tmp_path: Path) -> None:
    def text(*constraints: str) -> str:
        return f'name = "x"\n[pip]\ndependencies = ["a"]\nconstraints = {[*constraints]}\n'.replace("'", '"')

    texts = Texts(base=text("a<1", "b<1"), ours=text("a<1", "b<1", "c<1"), theirs=text("b<2"))
    merged = merge_manifest(texts, tmp_path)
    assert merged.clean
    assert read_manifest(tmp_path / "env.toml", merged.text).pip.constraints == ("b<2", "c<1")


def test_every_distribution_that_is_locked_is_held_against_them() -> None:
    limits = ("werkzeug<3", "numpy<1.26 ; python_version>'3'", "flask<9")
    spec = replace(SPEC, pip=replace(SPEC.pip, constraints=limits))
    lock = replace(LOCK, inputs=Inputs.of(spec))
    assert said(spec, lock) == [
        "`werkzeug` 3.1 is locked: constraint `werkzeug<3`",
        "`numpy` 1.26.4 is locked: constraint `numpy<1.26 ; python_version>'3'`",
    ]
