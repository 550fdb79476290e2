"""`--all`: every environment of a repository, but for those that its root excludes."""

import json
from pathlib import Path

import pytest

from tests.support.locked_project import MANIFEST, write_lock
from tests.support.processes import run
from tests.support.projects import Project

STALE = "  linux-64: `flask>=4` is not met: 3.1.3 is locked (env.toml:5)\n"


def environment(root: Path, folder: str, name: str) -> Project:
    """One more environment of a repository, with a lock that answers."""
    (root / folder).mkdir(parents=True, exist_ok=True)
    manifest = root / folder / "env.toml"
    manifest.write_text(MANIFEST.replace('"train"', f'"{name}"'))
    write_lock(manifest)
    return Project(folder=root / folder, cache=root.parent / "cache")


@pytest.fixture
def root(tmp_path: Path) -> Project:
    folder = tmp_path / "root"
    folder.mkdir()
    run(("git", "init", "--quiet", folder))
    for name in ("serve", "train"):
        environment(folder, f"envs/{name}", name)
    return Project(folder=folder, cache=tmp_path / "cache")


def names(project: Project) -> list[str]:
    return [answer["environment"] for answer in json.loads(project.must("check", "--all", "--json"))]


def test_all_answer(root: Project) -> None:
    for _ in range(2):  # the second time from kept verdicts
        result = root.call("check", "--all")
        assert (result.code, result.stdout, result.stderr) == (0, "", "")
    assert names(root) == ["serve", "train"]


def test_from_within_one_of_them(root: Project) -> None:
    assert names(Project(folder=root.folder / "envs" / "serve", cache=root.cache)) == ["serve", "train"]


def test_those_that_do_not_answer_are_named(root: Project) -> None:
    root.must("check", "--all")
    train = Project(folder=root.folder / "envs" / "train", cache=root.cache)
    train.change("flask >=3", "flask >=4")
    environment(root.folder, "envs/new", "new").lockfile.unlink()
    result = root.call("check", "--all")
    assert (result.code, result.stdout, result.stderr) == (
        1,
        "new: env.lock does not answer env.toml\n  there is no env.lock yet\n"
        f"train: env.lock does not answer env.toml\n{STALE}",
        "hint: run `envlock lock new`\nhint: run `envlock lock train`\n",
    )


def test_one_that_cannot_be_read_hides_no_other(root: Project) -> None:
    (root.folder / "envs" / "serve" / "env.toml").write_text("name = [\n")
    train = Project(folder=root.folder / "envs" / "train", cache=root.cache)
    train.change("flask >=3", "flask >=4")
    result = root.call("check", "--all")
    title, reason, *rest = result.stdout.splitlines(keepends=True)
    assert result.code == 2
    assert title == "serve: cannot be read\n"
    assert reason.startswith("  envs/serve/env.toml: not valid TOML: ")
    assert "".join(rest) == f"train: env.lock does not answer env.toml\n{STALE}"
    assert result.stderr == "hint: run `envlock lock train`\n"


def test_none_is_named_beside_it(root: Project) -> None:
    result = root.call("check", "--all", "train")
    assert (result.code, result.stdout) == (2, "")
    assert "`--all` means every environment: name none beside it" in result.stderr


def test_none_is_there(tmp_path: Path) -> None:
    run(("git", "init", "--quiet", tmp_path))
    result = Project(folder=tmp_path, cache=tmp_path / "cache").call("check", "--all")
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr == (
        "error: no env.toml in this folder, above it or elsewhere in its repository\nhint: `envlock init` writes one\n"
    )


def test_lock_takes_it_too(root: Project) -> None:
    assert root.call("lock", "--all").stderr == (
        "serve:\nenv.lock answers env.toml: nothing to do\ntrain:\nenv.lock answers env.toml: nothing to do\n"
    )


@pytest.mark.parametrize(
    ("exclude", "expected"),
    [
        ([], ["old", "examples-a", "serve", "train"]),
        (["examples/*"], ["old", "serve", "train"]),
        (["examples"], ["old", "serve", "train"]),
        (["envs/*"], ["examples-a"]),
        (["**/old"], ["examples-a", "serve", "train"]),
        (["examples/", "envs/legacy"], ["serve", "train"]),
        (["env"], ["old", "examples-a", "serve", "train"]),
    ],
)
def test_folders_that_the_root_excludes(root: Project, exclude: list[str], expected: list[str]) -> None:
    environment(root.folder, "examples/a", "examples-a")
    environment(root.folder, "envs/legacy/old", "old")
    (root.folder / "env.toml").write_text(f"[workspace]\nexclude = {exclude}\n")
    assert sorted(names(root)) == sorted(expected)


def test_the_root_may_be_an_environment_itself(root: Project) -> None:
    environment(root.folder, ".", "root")
    text = (root.folder / "env.toml").read_text()
    (root.folder / "env.toml").write_text(f'{text}\n[workspace]\nexclude = ["envs/serve"]\n')
    assert names(root) == ["root", "train"]
    assert root.call("check").code == 0  # what is excluded is no input of the root's own lock


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("exclude = 'a'", "env.toml:2: `workspace.exclude`: expected an array of strings, got a string"),
        (
            "exclude = ['../a']",
            "env.toml:2: `workspace.exclude[0]`: expected a folder, or a pattern of folders, below this one such as "
            "`examples/*`, got `../a`",
        ),
        ("exlude = []", "env.toml:2: `workspace.exlude`: unknown key: did you mean `exclude`?"),
    ],
)
def test_what_is_wrong_with_the_table(root: Project, table: str, message: str) -> None:
    (root.folder / "env.toml").write_text(f"[workspace]\n{table}\n")
    result = root.call("check", "--all")
    assert (result.code, result.stdout, result.stderr) == (2, "", f"error: {message}\n")


def test_a_file_for_the_workspace_alone_is_no_environment(root: Project) -> None:
    (root.folder / "env.toml").write_text("[workspace]\nexclude = ['envs/serve']\n")
    (root.folder / "src").mkdir()
    for folder in (root.folder, root.folder / "src"):
        (answer,) = json.loads(Project(folder=folder, cache=root.cache).must("check", "--json"))
        assert answer["environment"] == "train"


def test_of_several_with_one_name_paths_are_said(root: Project) -> None:
    for folder in ("a", "b"):
        environment(root.folder, f"envs/{folder}", "twin").lockfile.unlink()
    result = root.call("check", "--all")
    missing = "env.lock does not answer env.toml\n  there is no env.lock yet\n"
    assert result.stdout == f"envs/a: {missing}envs/b: {missing}"
    assert result.stderr == "hint: run `envlock lock envs/a`\nhint: run `envlock lock envs/b`\n"


def test_what_is_wrong_with_env_toml_is_said_where_nothing_is_locked_too(root: Project) -> None:
    train = Project(folder=root.folder / "envs" / "train", cache=root.cache)
    train.lockfile.unlink()
    train.manifest.write_text("nam = 'train'\n")
    result = root.call("check", "--all")
    assert (result.code, result.stdout) == (
        2,
        "train: cannot be read\n  envs/train/env.toml:1: `nam`: unknown key: did you mean `name`?\n",
    )


def test_one_that_cannot_be_locked_hinders_no_other(root: Project) -> None:
    (root.folder / "envs" / "serve" / "env.toml").write_text("nam = 'serve'\n")
    new = environment(root.folder, "envs/zero", "zero")
    new.manifest.write_text('name = "zero"\n[image]\nbase = "scratch"\n')
    new.lockfile.unlink()
    result = root.call("lock", "--all")
    assert result.code == 2
    assert result.stderr.startswith("error: serve: envs/serve/env.toml:1: `nam`: unknown key: did you mean `name`?\n")
    assert "\nzero:\n" in result.stderr
    assert new.lockfile.exists()
