"""`envlock show`: the lock as a table, and as JSON."""

import json
from pathlib import Path

import pytest

from envlock.model.digest import lock_hash
from tests.support.locked_project import CLICK, FLASK, locked_project
from tests.support.projects import Project

TABLE = """\
NAME   VERSION  KIND    SIZE  FROM
click  8.3.1    pip        ?  pypi
flask  3.1.3    pip   103 kB  pypi
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return locked_project(tmp_path / "train")


def test_a_table(project: Project) -> None:
    result = project.call("show")
    lock = project.lock()
    assert (result.code, result.stdout) == (0, TABLE)
    assert result.stderr == (
        "linux-64: 2 packages (2 pip), 103 kB to download\n"
        "python     3.11.0\n"
        "base       scratch\n"
        f"lock hash  {lock_hash(lock, lock.platforms[0])}\n"
    )


def test_only_the_table_is_data(project: Project) -> None:
    result = project.call("show", "--quiet")
    assert (result.code, result.stdout, result.stderr) == (0, TABLE, "")


def test_as_json(project: Project) -> None:
    lock = project.lock()
    assert json.loads(project.must("show", "--json")) == [
        {
            "platform": "linux-64",
            "lock_hash": lock_hash(lock, lock.platforms[0]),
            "python": "3.11.0",
            "base": "scratch",
            "base_digest": None,
            "size": FLASK.size,
            "packages": [
                {
                    "name": package.name,
                    "version": package.version,
                    "kind": "pip",
                    "build": "",
                    "size": package.size,
                    "source": "pypi",
                    "file": package.file,
                    "sha256": package.sha256,
                }
                for package in (CLICK, FLASK)
            ],
        }
    ]


def test_a_terminals_table_holds_the_same_words(project: Project) -> None:
    drawn = project.must("--color", "always", "show")
    assert "\x1b[" in drawn
    assert [word for line in TABLE.splitlines() for word in line.split() if word not in drawn] == []


def test_without_a_lock(project: Project) -> None:
    project.lockfile.unlink()
    result = project.call("show")
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr == "error: `env.lock` does not exist\nhint: `envlock lock` makes it\n"
