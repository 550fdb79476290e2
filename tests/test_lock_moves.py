"""What `lock` moves and what it leaves: `-P`, `--upgrade`, `exclude-newer`."""

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.index_server import IndexServer, WheelFolders, serve_index
from tests.support.projects import Project, manifest_text, new_project
from tests.support.tiny_project import PYTHON
from tests.support.tiny_wheels import write_wheel


@pytest.fixture
def project(tmp_path: Path, index: IndexServer) -> Project:
    """Locked while everything was at 1.0; since then there are 2.0 and 3.0."""
    project = new_project(tmp_path / "small", "", cache=tmp_path / "cache")
    conda = [CondaPackage(name="tool", depends=("lib_c 1.*",)), CondaPackage(name="lib_c"), CondaPackage(name="other")]
    write_channel(project.folder / "channel", [PYTHON, *conda])
    _wheels(tmp_path / "wheels", "1.0")
    project.manifest.write_text(
        manifest_text(
            conda=["python", "tool", "other"], channels=["./channel"], pip=["app", "side.car"], index=index.url
        )
    )
    project.must("lock")
    assert set(project.versions().values()) == {"1.0", PYTHON.version}
    for version in ("2.0", "3.0"):
        later = [
            CondaPackage(name="tool", version=version, depends=(f"lib_c {version[0]}.*",)),
            CondaPackage(name="lib_c", version=version),
            CondaPackage(name="other", version=version),
        ]
        write_channel(project.folder / "channel", later)
        _wheels(tmp_path / "wheels", version)
    return project


def _wheels(folder: Path, version: str) -> None:
    write_wheel(folder, "app", version, requires=[f"core=={version}"])
    write_wheel(folder, "core", version)
    write_wheel(folder, "side-car", version)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[IndexServer]:
    (tmp_path / "wheels").mkdir()
    with serve_index(WheelFolders((tmp_path / "wheels",))) as server:
        yield server


ALL = {"tool": "1.0", "lib_c": "1.0", "other": "1.0", "app": "1.0", "core": "1.0", "side-car": "1.0"}


@pytest.mark.parametrize(
    ("arguments", "moved"),
    [
        (["-P", "other"], {"other": "3.0"}),
        (["-P", "tool"], {"tool": "3.0", "lib_c": "3.0"}),
        (["-P", "Lib-C"], {}),  # what asks for it stays, so that it must
        (["-P", "tool==2.0"], {"tool": "2.0", "lib_c": "2.0"}),
        (["-P", "app"], {"app": "3.0", "core": "3.0"}),
        (["-P", "app==2.0"], {"app": "2.0", "core": "2.0"}),
        (["-P", "Side_Car == 2.0", "-P", "other==3.0"], {"side-car": "2.0", "other": "3.0"}),
        (["--upgrade"], dict.fromkeys(ALL, "3.0")),
        (["-P", "base"], {}),
    ],
)
def test_what_moves(project: Project, arguments: list[str], moved: dict[str, str]) -> None:
    project.must("lock", *arguments)
    assert project.versions() == {"python": PYTHON.version, **ALL, **moved}
    # and there it stays
    before = project.lockfile.read_bytes()
    project.must("lock")
    project.manifest.write_text(project.manifest.read_text().replace("'app'", "'app>=1'"))
    project.must("lock")
    assert project.versions() == {"python": PYTHON.version, **ALL, **moved}
    project.manifest.write_text(project.manifest.read_text().replace("'app>=1'", "'app'"))
    project.must("lock")
    assert project.lockfile.read_bytes() == before


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("tol", "`tol` is not locked, so it cannot be upgraded", "did you mean `tool`?"),
        ("tool>=2", "`-P tool>=2` is neither a name nor a name with a version", "such as `-P numpy==2.1`"),
        ("base==2", "the base has no version", "`-P base` takes what there is of it now"),
    ],
)
def test_what_cannot_move(project: Project, word: str, message: str, hint: str) -> None:
    before = project.lockfile.read_bytes()
    result = project.call("lock", "-P", word)
    assert (result.code, result.stderr) == (2, f"error: {message}\nhint: {hint}\n")
    assert project.lockfile.read_bytes() == before


@pytest.mark.parametrize("word", ["tool==9", "app==9"])
def test_a_version_that_is_not_there(project: Project, word: str) -> None:
    before = project.lockfile.read_bytes()
    result = project.call("--quiet", "lock", "-P", word)
    assert result.code == 2
    assert "cannot be had on linux-64" in result.stderr
    assert project.lockfile.read_bytes() == before


def times(tmp_path: Path, project: Project, *, pip: str, conda: str) -> AbstractContextManager[IndexServer]:
    """What was published of `app` and `core` 3.0, and of conda's packages 3.0, when."""
    milliseconds = int(datetime.fromisoformat(conda).timestamp() * 1000)
    for subdir in ("linux-64", "noarch"):
        file = project.folder / "channel" / subdir / "repodata.json"
        repodata = json.loads(file.read_bytes())
        for name, record in repodata["packages.conda"].items():
            record["timestamp"] = milliseconds if "-3.0-" in name else 1_700_000_000_000
        file.write_text(json.dumps(repodata))
    uploaded = {path.name: pip if "-3.0-" in path.name else "2023-01-01T00:00:00Z" for path in _files(tmp_path)}
    return serve_index(WheelFolders((tmp_path / "wheels",), uploaded=uploaded))


def _files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "wheels").glob("*.whl"))


@pytest.mark.parametrize(
    ("cutoff", "written"),
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("2026-01-31T14:00:00+02:00", "2026-01-31T12:00:00Z"),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("3d", "3d"),
    ],
)
def test_nothing_newer_is_chosen_and_pins_that_are_newer_go(
    tmp_path: Path, project: Project, cutoff: str, written: str
) -> None:
    moment = datetime.now(UTC) - timedelta(days=3) if cutoff == "3d" else datetime(2026, 1, 31, 12, tzinfo=UTC)
    after = (moment + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    with times(tmp_path, project, pip=after, conda=after) as server:
        project.change(project.manifest.read_text().partition('url = "')[2].partition('"')[0], server.url)
        project.must("lock", "--upgrade")
        assert project.versions() == {"python": PYTHON.version, **dict.fromkeys(ALL, "3.0")}
        project.manifest.write_text(project.manifest.read_text() + f'\n[lock]\nexclude-newer = "{cutoff}"\n')
        stale = project.call("check")
        assert stale.code == 1
        assert "exclude-newer" in stale.stdout
        project.must("lock")
        assert project.versions() == {"python": PYTHON.version, **dict.fromkeys(ALL, "2.0")}
        assert project.call("check").stdout == ""
        assert f'exclude-newer = "{written}"' in project.lockfile.read_text()
