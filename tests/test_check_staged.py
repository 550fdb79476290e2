"""`check --staged`: what git's index says, whatever stands in the work tree."""

import sys
from pathlib import Path

import pytest

from tests.support.locked_project import locked_project, stale
from tests.support.processes import CommandError, run
from tests.support.projects import Project, Result
from tests.support.repository import History
from tests.test_startup import HEAVY, among, loaded

STALE = "linux-64: `flask>=4` is not met: 3.1.3 is locked (env.toml:5)"


@pytest.fixture
def history(tmp_path: Path) -> History:
    """Two environments, `train` and `serve`, committed."""
    root = tmp_path / "a repository"
    run(("git", "init", "--quiet", "--initial-branch=main", root))
    for name in ("train", "serve"):
        locked_project(root / "envs" / name, name=name)
    (root / "cache").mkdir()
    (root / ".gitignore").write_text("cache\n")
    history = History(root)
    history.commit()
    return history


@pytest.fixture
def project(history: History) -> Project:
    return Project(folder=history.folder / "envs/train", cache=history.folder / "cache")


def said(name: str, *lines: str) -> Result:
    told = "".join(f"  {line}\n" for line in lines)
    hint = f"hint: run `envlock lock {name}`, and stage what it writes\n"
    return Result(1, f"{name}: env.lock does not answer env.toml\n{told}", hint)


def test_the_index_counts_and_not_the_work_tree(history: History, project: Project) -> None:
    assert project.call("check", "--staged") == (0, "", "")
    stale(project)
    assert project.call("check").code == 1
    assert project.call("check", "--staged") == (0, "", "")
    history.git("add", "--all")
    for _ in range(2):
        assert project.call("check", "--staged") == said("train", STALE)
    project.change("flask >=4", "flask >=3")
    assert project.call("check") == (0, "", "")
    assert project.call("check", "--staged") == said("train", STALE)
    history.git("add", "--all")
    assert project.call("check", "--staged") == (0, "", "")


def test_of_a_file_that_is_staged_in_part(history: History, project: Project) -> None:
    project.change('python = "3.11"', 'python = "3.11"\ndescription = "staged"')
    history.git("add", "--all")
    stale(project)
    assert project.call("check", "--staged") == (0, "", "")


def test_only_what_changes_is_checked_unless_it_is_named(history: History, project: Project) -> None:
    serve = project.folder.parent / "serve/env.toml"
    serve.write_text(serve.read_text().replace("flask >=3", "flask >=4"))
    history.commit("stale")
    project.change('python = "3.11"', 'python = "3.11"\ndescription = "staged"')
    history.git("add", "--all")
    assert project.call("check", "--staged") == (0, "", "")
    assert project.call("check", "--staged", "serve") == said("serve", STALE)
    assert project.call("check", "--staged", "../serve") == said("serve", STALE)
    assert project.call("check", "--staged", "none").code == 2


def test_env_toml_without_env_lock(history: History, project: Project) -> None:
    history.git("rm", "--quiet", "--cached", project.lockfile)
    missing = "env.lock is not staged: `git add envs/train/env.lock`"
    assert project.call("check", "--staged") == said("train", missing)
    history.git("add", "--intent-to-add", project.lockfile)
    assert project.call("check", "--staged") == said("train", missing)
    project.lockfile.unlink()
    history.git("rm", "--quiet", "--cached", project.lockfile)
    assert project.call("check", "--staged") == said("train", "there is no env.lock yet")
    history.git("rm", "--quiet", "--cached", project.manifest)
    assert project.call("check", "--staged") == (0, "", "")


def test_before_the_first_commit(tmp_path: Path) -> None:
    project = locked_project(tmp_path / "train", git=True)
    history = History(project.folder)
    assert project.call("check", "--staged") == (0, "", "")
    history.git("add", "--all")
    assert project.call("check", "--staged") == (0, "", "")
    stale(project)
    history.git("add", "--all")
    assert project.call("check", "--staged") == said("train", STALE)


def test_in_conflict(history: History, project: Project) -> None:
    history.git("checkout", "--quiet", "-b", "other")
    for branch, python in (("other", "3.11.1"), ("main", "3.11.2")):
        history.git("checkout", "--quiet", "-B", branch, "HEAD" if branch == "other" else "other~1")
        text = project.lockfile.read_text()
        project.lockfile.write_text(text.replace("3.11.0", python))
        history.commit(branch)
    with pytest.raises(CommandError, match="CONFLICT"):
        history.git("merge", "other")
    result = project.call("check", "--staged")
    assert result.code == 2
    assert result.stderr == (
        "error: in conflict: `envs/train/env.lock`\nhint: `envlock lock` resolves it, then `git add`\n"
    )


def test_what_it_rests_on_is_staged(history: History, project: Project) -> None:
    shared = history.folder / "shared.toml"
    shared.write_text('description = "shared"\n')
    project.manifest.write_text('extends = "../../shared.toml"\n' + project.manifest.read_text())
    history.commit("extended")
    assert project.call("check", "--staged", "train") == (0, "", "")
    shared.write_text('[pip]\ndependencies = ["click >=99"]\n')
    history.git("add", "--all")
    shared.write_text('description = "shared"\n')
    result = project.call("check", "--staged")
    assert result.code == 1
    assert result.stdout.splitlines()[0] == "train: env.lock does not answer env.toml"
    assert "`click>=99` is not met: 8.3.1 is locked (../../shared.toml:2)" in result.stdout
    history.git("rm", "--quiet", "--cached", "--force", shared)
    result = project.call("check", "--staged")
    assert (result.code, result.stdout) == (
        2,
        "train: cannot be read\n  staged:env.toml:1: `extends`: `staged:../../shared.toml` does not exist\n",
    )


def test_the_hook_of_commit_a_sees_what_is_committed(history: History, project: Project) -> None:
    hook = history.folder / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        f'#!/bin/sh\nexec "{sys.executable}" -c "from envlock.cli.main import main; main()" check --staged\n'
    )
    hook.chmod(0o755)
    stale(project)
    whole = History(history.folder, ("-c", "user.name=Kim", "-c", "user.email=kim@acme.test"))
    with pytest.raises(CommandError, match="flask>=4"):
        whole.git("commit", "--quiet", "--all", "--message", "stale")
    assert history.git("log", "--format=%s") == "work"
    whole.git("commit", "--quiet", "--allow-empty", "--message", "empty")


def test_excluded_ones_are_not_looked_at(history: History, project: Project) -> None:
    (history.folder / "env.toml").write_text('[workspace]\nexclude = ["envs/train"]\n')
    stale(project)
    history.git("add", "--all")
    assert project.call("check", "--staged") == (0, "", "")


def test_nothing_heavy_is_loaded_for_what_was_found_good(history: History, project: Project) -> None:
    project.change('python = "3.11"', 'python = "3.11"\ndescription = "staged"')
    history.git("add", "--all")
    project.must("check", "--staged")
    code, modules = loaded(project, "check", "--staged")
    assert code == 0
    assert among(modules, HEAVY | {"packaging", "tomllib"}) == set()


def test_it_goes_with_neither_all_nor_at(project: Project) -> None:
    for more in (["--all"], ["--at", "1"]):
        assert project.call("check", "--staged", *more).code == 2
    assert "no work tree" in Project(folder=Path("/"), cache=project.cache).call("check", "--staged").stderr
