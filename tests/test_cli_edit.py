"""`envlock add` and `envlock remove`: what they write, where, and what they leave alone."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.http_server import Request, Response
from tests.support.index_server import WheelFolders, serve_index
from tests.support.projects import Project, Result, new_project
from tests.support.tiny_project import NO_PROXY, PYTHON, failure
from tests.support.tiny_wheels import write_wheel

PIP = """\
# our service
name = "small"   # short
python = "{python}"

[pip]
# what it needs
dependencies = [
    'alpha >=1',   # the first, and best
    "gamma",
]  # sorted

[[pip.indexes]]
name = "ours"
url = "{index}"
default = true

[image]
base = "scratch"
"""
CONDA = """\
name = "small"
python = "{python}"
[conda]
channels = ["./channel"]
dependencies = ["tool"]
[image]
base = "scratch"
"""
MINOR = PYTHON.version.rpartition(".")[0]
PACKAGES = (
    PYTHON,
    CondaPackage(name="tool", version="1.2.3", depends=("lib",)),
    CondaPackage(name="lib", version="0.4.1"),
    CondaPackage(name="dated", version="2024a"),
    CondaPackage(name="numbers", version="3.1.4", depends=("python",), files={}),
)


def files(project: Project) -> tuple[bytes, bytes | None]:
    lock = project.lockfile
    return project.manifest.read_bytes(), lock.read_bytes() if lock.exists() else None


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    wheels = tmp_path_factory.mktemp("wheels")
    for name, requires in {"alpha": ["beta"], "beta": [], "gamma": [], "delta": [], "zeta": []}.items():
        write_wheel(wheels, name, "1.0", requires=requires)
    write_wheel(wheels, "delta", "1.5", requires=["beta", "zeta; extra == 'more'"], extras=["more"])
    with serve_index(WheelFolders((wheels,))) as server:
        yield server.url


@pytest.fixture
def project(tmp_path: Path, index: str) -> Project:
    """Wants alpha and gamma, and is locked."""
    text = PIP.format(python=MINOR, index=index)
    made = new_project(tmp_path / "small", text, cache=tmp_path / "cache").given(**NO_PROXY)
    made.must("lock")
    return made


@pytest.fixture
def conda_project(tmp_path: Path) -> Project:
    text = CONDA.format(python=MINOR)
    made = new_project(tmp_path / "small", text, cache=tmp_path / "cache").given(**NO_PROXY)
    write_channel(made.folder / "channel", PACKAGES)
    return made


def refused(project: Project, *words: str) -> str:
    """How a call fails that changes neither file."""
    before = files(project)
    result = project.call(*words)
    assert result.code == 2, result
    assert files(project) == before
    return failure(result)


def notes(result: Result) -> list[str]:
    """What is said at the end, without the steps on the way."""
    assert result.code == 0, result
    return [line for line in result.stderr.splitlines() if not line.startswith("linux-")]


def test_a_name_gets_a_bound_and_its_place_and_goes_again(project: Project) -> None:
    before = files(project)
    assert notes(project.call("add", "delta")) == [
        "added `delta>=1.5` to [pip] (env.toml:9)",
        "  delta  + 1.5  linux-64",
        "wrote env.lock: 1 package changed, 3 kept",
    ]
    text = before[0].decode().replace("best\n", 'best\n    "delta>=1.5",\n')
    assert project.manifest.read_text() == text
    project.must("check")
    locked = files(project)
    project.must("lock")
    assert files(project) == locked
    assert notes(project.call("remove", "delta"))[0] == "removed `delta>=1.5` from [pip] (env.toml:9)"
    assert files(project) == before


def test_pins_are_kept(project: Project, index: str) -> None:
    project.must("add", "delta<1.5")
    project.must("add", "beta")
    assert project.versions() == {"alpha": "1.0", "beta": "1.0", "gamma": "1.0", "delta": "1.0"}
    assert '"beta>=1.0",' in project.manifest.read_text()


def test_what_stands_there_is_changed_in_its_place(project: Project) -> None:
    said = notes(project.call("add", "Alpha ==1.0", "delta[more]", "gamma"))
    assert said[:3] == [
        "changed `alpha >=1` to `Alpha ==1.0` in [pip] (env.toml:8)",
        "added `delta[more]>=1.5` to [pip] (env.toml:9)",
        "`gamma` stands in [pip] (env.toml:10) already",
    ]
    assert "    'Alpha ==1.0',   # the first, and best\n" in project.manifest.read_text()
    assert "zeta" in project.versions()
    # extras are united, and a marker given later stays beside the versions
    project.must("add", "delta <2; python_version >= '3'")
    assert """    'delta[more]<2; python_version >= "3"',\n""" in project.manifest.read_text()
    project.must("check")


def test_groups_and_platforms(project: Project) -> None:
    before = files(project)
    project.must("add", "--group", "dev", "delta")
    project.must("add", "--platform", "linux-64", "zeta", "--no-lock")
    assert project.manifest.read_text() == before[0].decode().replace(
        "\n[image]",
        '\n[groups.dev.pip]\ndependencies = [\n    "delta>=1.5",\n]\n'
        '\n[platform.linux-64.pip]\ndependencies = [\n    "zeta",\n]\n\n[image]',
    )
    assert project.call("check").code == 1
    project.must("lock")
    assert {p.name: p.groups for p in project.locked().pip if p.groups != ("main",)} == {"delta": ("dev",)} | {
        "beta": ("dev", "main")
    }
    assert refused(project, "remove", "delta") == (
        "error: `delta` is not in [conda] or [pip], but in [groups.dev.pip] (env.toml:19)\n"
        "hint: `envlock remove --group dev delta`\n"
    )
    project.must("remove", "--group", "dev", "delta")
    project.must("remove", "--platform", "linux-64", "zeta")
    assert files(project) == before


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["remove", "gama"], "error: `gama` is not in [conda] or [pip]\nhint: did you mean `gamma`?\n"),
        (
            ["remove", "--conda", "gamma"],
            "error: `gamma` is not in [conda], but in [pip] (env.toml:9)\nhint: `envlock remove --pip gamma`\n",
        ),
        (
            ["remove", "gamma>=1"],
            "error: `gamma>=1` is not a name\nhint: give the name alone: `envlock remove numpy`\n",
        ),
        (
            ["add", "delta", "--platform", "osx-64"],
            "error: `osx-64` is not among the platforms of `small`: `linux-64`\n"
            "hint: add it to `platforms` in env.toml first\n",
        ),
        (
            ["add", "--pip", "delta=1.5"],
            "error: expected a requirement such as `flask>=3,<4`, got `delta=1.5`: pip compares by `==`\n",
        ),
        (
            ["add", "delta", "--group", "dev", "--platform", "linux-64"],
            "error: --group and --platform exclude each other: groups are the same on every platform\n"
            "hint: see `envlock add --help`\n",
        ),
        (
            ["add", "--editable", ".", "--group", "dev"],
            "error: --editable is for [pip] alone, and for every platform\nhint: see `envlock add --help`\n",
        ),
    ],
)
def test_refused(project: Project, words: list[str], message: str) -> None:
    assert refused(project, *words) == message


def test_what_cannot_be_locked_is_not_written(project: Project) -> None:
    said = refused(project, "add", "beta", "delta >=9")
    assert "delta>=9" in said
    assert "\n  env.toml and env.lock stay as they are\n" in said


def test_a_dry_run_prints_the_difference(project: Project) -> None:
    before = files(project)
    result = project.call("add", "delta", "--dry-run")
    assert result.stdout.splitlines()[:2] == ["--- a/env.toml", "+++ b/env.toml"]
    assert '\n+    "delta>=1.5",\n' in result.stdout
    assert notes(result)[-2:] == [
        "would write env.lock: 1 package changed, 3 kept",
        "nothing was written: this is a dry run",
    ]
    assert files(project) == before


def test_line_ends_of_windows_stay(project: Project) -> None:
    project.manifest.write_bytes(b"\xef\xbb\xbf" + project.manifest.read_bytes().replace(b"\n", b"\r\n"))
    before = project.manifest.read_bytes()
    project.must("add", "delta")
    assert project.manifest.read_bytes() == before.replace(b"best\r\n", b'best\r\n    "delta>=1.5",\r\n')
    project.must("remove", "delta")
    assert project.manifest.read_bytes() == before


def test_a_path_is_seen_from_where_it_is_typed(project: Project) -> None:
    wheel = write_wheel(project.folder / "wheels", "local", "2.0")
    below = project.folder / "below"
    below.mkdir()
    result = Project(folder=below, cache=project.cache, variables=project.variables).call(
        "add", f"../wheels/{wheel.name}"
    )
    assert notes(result)[0] == f"added `local @ ./wheels/{wheel.name}` to [pip] (env.toml:10)"
    assert project.versions()["local"] == "2.0"
    project.must("check")


def test_what_comes_from_another_file_is_to_be_removed_there(project: Project) -> None:
    (project.folder / "requirements.in").write_text("# ours\nbeta\n")
    project.change("[pip]\n", '[pip]\nfrom = ["requirements.in"]\n')
    assert refused(project, "remove", "Beta") == (
        "error: `Beta` does not stand in env.toml itself, but in requirements.in:2\nhint: remove it there\n"
    )


def test_editable_projects_come_and_go(project: Project) -> None:
    before = files(project)
    (project.folder / "lib").mkdir()
    (project.folder / "lib" / "pyproject.toml").write_text(
        "[project]\nname = 'My_Lib'\nversion = '1'\ndependencies = ['delta']\n"
    )
    assert notes(project.call("add", "--editable", "lib/"))[0] == "added `./lib` to [pip] editable (env.toml:12)"
    assert "delta" in project.versions()
    project.must("check")
    project.must("remove", "my-lib")
    assert files(project) == before


def test_conda_where_there_is_conda(conda_project: Project) -> None:
    said = notes(conda_project.call("add", "lib", "dated", "python"))
    assert said[:3] == [
        "added `lib >=0.4.1,<0.5` to [conda] (env.toml:5)",
        "added `dated >=2024a,<2025` to [conda] (env.toml:5)",
        f"added `python >={PYTHON.version},<{_next_minor()}` to [conda] (env.toml:5)",
    ]
    conda_project.must("check")
    before = files(conda_project)
    said = notes(conda_project.call("add", "lib", "tool 1.2.*"))
    assert said[:2] == [
        "`lib >=0.4.1,<0.5` stands in [conda] (env.toml:5) already",
        "changed `tool` to `tool 1.2.*` in [conda] (env.toml:5)",
    ]
    conda_project.must("add", "tool")
    assert conda_project.manifest.read_bytes() == before[0].replace(b'"tool"', b'"tool 1.2.*"')
    conda_project.must("check")


def _next_minor() -> str:
    major, minor = MINOR.split(".")
    return f"{major}.{int(minor) + 1}"


def test_what_conda_lacks_may_be_had_by_pip(conda_project: Project) -> None:
    said = refused(conda_project, "add", "nowhere")
    assert said.endswith("`envlock add --pip nowhere` takes it from the package index\n")


def test_two_at_once_lose_nothing(project: Project) -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda name: project.call("add", name), ["beta", "delta", "zeta", "alpha"]))
    assert [result.code for result in results] == [0] * 4, results
    assert project.versions().keys() == {"alpha", "beta", "gamma", "delta", "zeta"}
    assert all(f'"{name}>=' in project.manifest.read_text() for name in ("beta", "delta", "zeta"))
    project.must("check")


@dataclass(frozen=True)
class Saving(WheelFolders):
    """An index during whose answer somebody saves a file."""

    saved: tuple[Path, ...] = ()

    def page(self, request: Request) -> Response | None:
        for path in self.saved:
            with path.open("a") as file:
                file.write("# saved\n")
        return super().page(request)


@pytest.mark.parametrize("file", ["env.toml", "env.lock"])
def test_what_others_write_meanwhile_is_not_written_over(project: Project, tmp_path: Path, file: str) -> None:
    wheels = tmp_path / "wheels"
    for name in ("alpha", "beta", "gamma", "delta"):
        write_wheel(wheels, name, "1.0")
    with serve_index(Saving((wheels,), saved=(project.folder / file,))) as server:
        text = PIP.format(python=MINOR, index=server.url)
        project.manifest.write_text(text)
        lock = project.lockfile.read_text()
        result = project.call("add", "delta")
    said = "env.toml or env.lock was changed meanwhile: env.toml and env.lock stay as they are"
    assert failure(result) == f"error: {said}\nhint: run it again\n"
    assert project.manifest.read_text().replace("# saved\n", "") == text
    assert project.lockfile.read_text().replace("# saved\n", "") == lock


def test_names_are_completed(project: Project) -> None:
    variables = {"_ENVLOCK_COMPLETE": "bash_complete", "COMP_WORDS": "envlock remove ga", "COMP_CWORD": "2"}
    assert project.given(**variables).call().stdout == "plain,gamma\n"


def test_json_of_the_lock_agrees(project: Project) -> None:
    """The inputs in the lock are those of the manifest as it is written at last."""
    project.must("add", "delta")
    assert project.lock().inputs.pip == ("alpha>=1", "delta>=1.5", "gamma")
    assert json.loads(project.must("check", "--json"))


def test_one_name_twice(project: Project) -> None:
    """What is said last holds, whatever it becomes in between."""
    project.must("add", "delta", "delta >=1.2", "delta[more]")
    assert '"delta[more]>=1.2"' in project.manifest.read_text()
    project.must("add", "zeta", "zeta")
    assert '"zeta>=1.0"' in project.manifest.read_text()
    project.must("check")
