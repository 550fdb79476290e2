"""`.pre-commit-hooks.yaml` with the real pre-commit: installed hooks, partially staged files, `try-repo`, offline."""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.processes import PROJECT, run
from tests.support.projects import ENVLOCK, Project
from tests.support.services import require
from tests.support.tiny_project import TinyProject, tiny_project
from tests.test_git_hooks import git, must

MANIFEST = PROJECT / ".pre-commit-hooks.yaml"
SCRIPTS = Path(sysconfig.get_path("scripts"))
STALE = ("tiny: env.lock does not answer env.toml", "  linux-64: `alpha` is locked but nothing asks for it")


@pytest.fixture(scope="session")
def hooks_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with the hooks as pre-commit takes them, and its commit as the tag v1."""
    folder = tmp_path_factory.mktemp("a repo é")
    run(("git", "init", "--quiet", folder))
    shutil.copy(MANIFEST, folder)
    who = ("git", "-c", "user.name=Kim", "-c", "user.email=kim@acme.test")
    for words in (("add", "--all"), ("commit", "--quiet", "--no-verify", "-m", "one")):
        run((*who, *words), folder=folder)
    return folder


@pytest.fixture
def project(tmp_path: Path, hooks_repository: Path) -> Iterator[Project]:
    """Locked and committed, with all three hooks; its folder has a space and an umlaut in its name."""
    with tiny_project(tmp_path) as made:
        folder = made.folder / "envs" / "größe 1"
        folder.mkdir(parents=True)
        made.manifest.rename(folder / "env.toml")
        path = f"{SCRIPTS}:{os.environ['PATH']}"
        top = made.given(PRE_COMMIT_HOME=str(tmp_path / "pre-commit"), PATH=path)
        must(top, "init", "--quiet")
        (top.folder / ".gitignore").write_text("ignored\n")
        top.must("lock")
        configure(top, hooks_repository)
        call(top, "install")
        must(top, "add", "--all")
        must(top, "commit", "--quiet", "--no-verify", "-m", "one")
        yield top


def configure(project: Project, repository: Path) -> None:
    commit = run(("git", "rev-parse", "HEAD"), folder=repository).strip()
    requirements = ["--format", "requirements", "--output", "requirements.txt"]
    hooks = [
        {"id": "envlock-check-system"},
        {"id": "envlock-lock-system", "stages": ["manual"]},
        {"id": "envlock-export-system", "args": requirements},
    ]
    found = {"repos": [{"repo": str(repository), "rev": commit, "hooks": hooks}]}
    (project.folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(found))


def call(project: Project, *words: str, through: tuple[str, ...] = ()) -> tuple[int, str]:
    """What pre-commit ends with, and all that it says."""
    done = subprocess.run(
        (*through, SCRIPTS / "pre-commit", *words),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def results(said: str) -> dict[str, str]:
    """How each hook ended, by its name."""
    lines = [line for line in said.splitlines() if "....." in line]
    return {line.partition(".....")[0].rstrip("."): line.rpartition(".")[2] for line in lines}


def edit(project: Project, old: str, new: str) -> None:
    project.change(old, new, file="envs/größe 1/env.toml")


def test_the_hooks_are_what_pre_commit_reads() -> None:
    run((sys.executable, "-m", "pre_commit", "validate-manifest", MANIFEST))
    hooks = {hook["id"]: hook for hook in yaml.safe_load(MANIFEST.read_text())}
    for name in ("envlock-check", "envlock-lock", "envlock-export"):
        assert hooks[name]["language"] == "python"
        assert hooks[f"{name}-system"] == hooks[name] | {"id": f"{name}-system", "language": "system"}
        assert hooks[name]["entry"].startswith("envlock pre-commit ")


def test_commits_are_checked_locked_and_exported(project: Project) -> None:
    (project.folder / "readme").write_text("new\n")
    must(project, "add", "--all")
    assert results(must(project, "commit", "-m", "two")) == {"envlock check": "Passed", "envlock export": "Passed"}

    edit(project, "alpha", "beta")
    code, said = git(project, "commit", "--all", "-m", "three")
    assert (code, results(said)["envlock check"]) == (1, "Failed")
    assert all(line in said.splitlines() for line in STALE)

    code, said = call(project, "run", "--all-files", "--hook-stage", "manual", "envlock-lock-system")
    assert (code, "files were modified by this hook" in said) == (1, True)
    assert "written: look at it, then `git add 'envs/größe 1/env.lock'`" in said
    assert call(project, "run", "--all-files", "--hook-stage", "manual", "envlock-lock-system")[0] == 0

    # env.toml alone: what is not staged is put aside
    must(project, "add", "envs/größe 1/env.toml")
    code, said = git(project, "commit", "-m", "three")
    assert (code, results(said)["envlock check"]) == (1, "Failed")
    must(project, "add", "envs")
    assert results(git(project, "commit", "-m", "three")[1]) == {"envlock check": "Passed", "envlock export": "Failed"}
    assert "beta==1.0" in (project.folder / "requirements.txt").read_text()
    assert "alpha" not in (project.folder / "requirements.txt").read_text()
    must(project, "add", "--all")
    must(project, "commit", "-m", "three")


def test_what_is_in_the_work_tree_only_does_not_count(project: Project) -> None:
    """A stale env.toml that is not staged hinders no commit; a lock that is not staged helps none."""
    edit(project, "alpha", "beta")
    (project.folder / "readme").write_text("new\n")
    must(project, "add", "readme")
    assert results(git(project, "commit", "-m", "two")[1])["envlock check"] == "Passed"
    must(project, "rm", "--quiet", "--cached", "envs/größe 1/env.lock")
    code, said = git(project, "commit", "-m", "three")
    assert (code, results(said)["envlock check"]) == (1, "Failed")
    assert "env.lock is not staged" in said


def test_a_second_work_tree(project: Project, tmp_path: Path) -> None:
    must(project, "worktree", "add", "--quiet", tmp_path / "second")
    second = Project(folder=tmp_path / "second", cache=project.cache, variables=project.variables)
    edit(second, "alpha", "beta")
    code, said = git(second, "commit", "--all", "-m", "two")
    assert (code, results(said)["envlock check"]) == (1, "Failed")


def test_try_repo(project: Project, hooks_repository: Path) -> None:
    code, said = call(project, "try-repo", str(hooks_repository), "envlock-check-system", "--all-files")
    assert (code, results(said)) == (0, {"envlock check": "Passed"})
    edit(project, "alpha", "beta")
    code, said = call(project, "try-repo", str(hooks_repository), "envlock-check-system", "--all-files")
    assert (code, results(said)) == (1, {"envlock check": "Failed"})


def test_offline(project: Project) -> None:
    through = (require("unshare", "util-linux"), "--net")
    code, said = call(project, "run", "--all-files", through=through)
    assert (code, results(said)) == (1, {"envlock check": "Passed", "envlock export": "Failed"})
    assert "alpha==1.0" in (project.folder / "requirements.txt").read_text()
    must(project, "add", "requirements.txt")
    assert call(project, "run", "--all-files", through=through)[0] == 0


def test_several_environments_have_exports_of_their_own(project: TinyProject) -> None:
    other = project.folder / "envs" / "other"
    shutil.copytree(project.folder / "envs" / "größe 1", other)
    project.change("'tiny'", "'other'", file="envs/other/env.toml")
    words = ("pre-commit", "export", "--format", "requirements", "--output", "r.txt")
    result = project.call(*words, "envs/other/env.lock")
    assert (result.code, result.stderr) == (
        2,
        "error: of which environment is `r.txt`: `tiny`, `other`?\nhint: say so in `args`: `--env NAME`\n",
    )
    assert project.call(*words, "--env", "other", "envs/other/env.lock").code == 1
    assert project.call(*words, "--env", "other", "envs/other/env.lock") == (0, "", "")
    (project.folder / "r.txt").write_text("edited\n")
    assert project.call(*words, "--env", "other", "r.txt").code == 1
    assert "alpha==1.0" in (project.folder / "r.txt").read_text()


@pytest.mark.full
def test_pre_commit_installs_envlock_itself(project: Project, tmp_path: Path) -> None:
    """As users have it who have nothing but pre-commit: hundreds of megabytes."""
    repository = tmp_path / "envlock"
    names = run(("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), folder=PROJECT).split("\0")
    for name in filter(None, names):
        if (PROJECT / name).is_file():
            (repository / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(PROJECT / name, repository / name)
    run(("git", "init", "--quiet", repository))
    run(("git", "add", "--all"), folder=repository)
    who = ("git", "-c", "user.name=Kim", "-c", "user.email=kim@acme.test", "commit", "--quiet", "-m", "one")
    run(who, folder=repository)
    path = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if Path(part) != ENVLOCK.parent)
    alone = project.given(PATH=path)
    code, said = call(alone, "try-repo", str(repository), "envlock-check", "--all-files")
    assert (code, results(said)) == (0, {"envlock check": "Passed"}), said
    edit(alone, "alpha", "beta")
    code, said = call(alone, "try-repo", str(repository), "envlock-check", "--all-files")
    assert (code, results(said)) == (1, {"envlock check": "Failed"}), said
