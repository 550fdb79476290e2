"""`load`: a saved environment brought back; nothing is replaced unasked, and nothing of a former one is left."""

import os
import pty
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.built_projects import commit
from tests.support.processes import run
from tests.support.projects import MINOR, Project, new_project
from tests.support.strace import points, recorder
from tests.support.tiny_project import NO_PROXY, failure, tree
from tests.support.tiny_wheels import write_wheel

MANIFEST = f"""# by hand
name = "train"
python = "{MINOR}"

[pip]
dependencies = ["gamma @ ./wheels/gamma-1.0-py3-none-any.whl"]

[image]
base = "scratch"
workdir = "/srv"
copy = ["src"]
"""


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """An environment that is locked, and saved beside it."""
    root = tmp_path_factory.mktemp("load")
    project = new_project(root / "train", MANIFEST, cache=root / "cache", git=False)
    (project.folder / "src").mkdir()
    (project.folder / "src/model.py").write_text("print('model')\n")
    (project.folder / "src/link.py").symlink_to("model.py")
    write_wheel(project.folder / "wheels", "gamma")
    project = replace(project, variables=NO_PROXY)
    project.must("lock")
    project.must("save", ".", root / "saved")
    return project


@pytest.fixture
def here(original: Project, tmp_path: Path) -> Project:
    return nowhere(original, tmp_path)


def nowhere(original: Project, root: Path) -> Project:
    """A repository without environments, and the saved folder beside it."""
    shutil.copytree(original.folder.parent / "saved", root / "saved", symlinks=True)
    run(("git", "init", "--quiet", root / "repository"))
    for key, value in (("user.name", "kim"), ("user.email", "kim@example.test")):
        run(("git", "-C", root / "repository", "config", key, value))
    return replace(original, folder=root / "repository", cache=root / "cache")


def contents(folder: Path) -> dict[str, str]:
    """What lies in a folder, without what only a saved one has."""
    return {path: told for path, told in tree(folder).items() if path != "envlock-saved.json"}


def test_it_comes_back_as_it_was(here: Project, original: Project) -> None:
    result = here.call("load", "../saved")
    assert (result.code, result.stdout, result.stderr) == (0, "", "loaded train to train: 5 files\n")
    assert contents(here.folder / "train") == contents(original.folder)
    assert here.call("check", "train").code == 0
    assert "merge=envlock" in (here.folder / ".gitattributes").read_text()
    again = here.call("load", "../saved")
    assert (again.code, again.stderr) == (0, "loaded train to train: 5 files\n")
    here.must("save", "train", here.folder.parent / "saved-again")
    assert tree(here.folder.parent / "saved-again") == tree(here.folder.parent / "saved")


def test_it_goes_where_the_repository_has_it(here: Project) -> None:
    here.must("load", "../saved", "--to", "envs/deep/train")
    assert (here.folder / "envs/deep/train/env.toml").exists()
    manifest = here.folder.parent / "saved/env.toml"
    manifest.write_text(manifest.read_text().replace("# by hand", "# edited"))
    result = here.call("load", "../saved", "--overwrite")
    assert result.stderr == ("loaded train to envs/deep/train: 5 files\nnote: edited since it was saved: `env.toml`\n")
    assert "# edited" in (here.folder / "envs/deep/train/env.toml").read_text()
    assert not (here.folder / "train").exists()


def test_another_name(here: Project) -> None:
    here.must("load", "../saved", "--name", "serve")
    assert 'name = "serve"' in (here.folder / "serve/env.toml").read_text()
    assert here.call("check", "serve").code == 0
    refused = here.call("load", "../saved", "--name", "No Name")
    assert refused.code == 2
    assert "`No Name`" in refused.stderr


def test_a_stale_lock_is_said(here: Project) -> None:
    manifest = here.folder.parent / "saved/env.toml"
    manifest.write_text(manifest.read_text().replace('"/srv"', '"/app"'))
    result = here.call("load", "../saved")
    assert result.code == 0
    assert "note: edited since it was saved: `env.toml`\n" in result.stderr
    assert "the lock does not answer env.toml; `envlock lock` mends it:\n" in result.stderr
    here.must("lock", "train")
    assert here.call("check", "train").code == 0


def test_a_changed_wheel_is_named(here: Project) -> None:
    wheel = here.folder.parent / "saved/wheels/gamma-1.0-py3-none-any.whl"
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    result = here.call("load", "../saved")
    assert "note: edited since it was saved: `wheels/gamma-1.0-py3-none-any.whl`\n" in result.stderr
    assert "is not the file that `gamma` is locked from" in result.stderr


def test_links_that_were_not_saved_are_refused(here: Project) -> None:
    saved = here.folder.parent / "saved"
    (saved / "src/secret.py").symlink_to("/etc/passwd")
    result = here.call("load", "../saved")
    assert (result.code, failure(result)) == (
        3,
        "error: the folder is not as it was saved\n"
        "  `src/secret.py` is a symbolic link to `/etc/passwd`, which was not saved\n"
        "hint: get the folder anew from where it was saved\n",
    )
    (saved / "src/secret.py").unlink()
    (saved / "src").rename(saved.parent / "aside")
    (saved / "src").symlink_to(saved.parent / "aside")
    result = here.call("load", "../saved")
    assert result.code == 3
    assert f"`src` is a symbolic link to `{saved.parent / 'aside'}`" in result.stderr
    os.mkfifo(saved / "pipe")
    (saved / "src").unlink()
    assert "`pipe` is neither a file nor a link" in here.call("load", "../saved").stderr


@pytest.fixture(scope="module")
def made(original: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Another definition of the same name is there, with files of its own, beside files that are not its."""
    here = nowhere(original, tmp_path_factory.mktemp("former"))
    here.must("load", "../saved")
    train = replace(here, folder=here.folder / "train")
    (train.folder / "src/model.py").unlink()
    (train.folder / "src/link.py").unlink()
    (train.folder / "src/old").mkdir()
    (train.folder / "src/old/model.py").write_text("")
    (train.folder / "wheels/gamma-1.0-py3-none-any.whl").unlink()
    write_wheel(train.folder / "wheels", "delta")
    train.change("gamma @ ./wheels/gamma", "delta @ ./wheels/delta")
    (train.folder / "notes.txt").write_text("mine")
    train.must("lock")
    commit(here)
    return here


@pytest.fixture
def former(made: Project, tmp_path: Path) -> Project:
    shutil.copytree(made.folder.parent, tmp_path, symlinks=True, dirs_exist_ok=True)
    return replace(made, folder=tmp_path / "repository", cache=tmp_path / "cache")


def test_without_a_terminal_nothing_is_replaced(former: Project) -> None:
    before = tree(former.folder)
    result = former.call("load", "../saved")
    assert (result.code, failure(result)) == (
        2,
        "error: `train` has another environment\n"
        "  to be replaced: `env.lock`, `env.toml`\n"
        "  to be removed: `src/old/model.py`, `wheels/delta-1.0-py3-none-any.whl`\n"
        "hint: `--overwrite` replaces it\n",
    )
    assert {path: told for path, told in tree(former.folder).items() if ".git" not in path} == {
        path: told for path, told in before.items() if ".git" not in path
    }


def test_overwriting_leaves_nothing_of_the_former_one_and_all_else(former: Project, original: Project) -> None:
    result = former.call("load", "../saved", "--overwrite")
    assert result.code == 0
    assert "removed what was left of the former one: `src/old/model.py`, `wheels/delta-1.0" in result.stderr
    found = contents(former.folder / "train")
    assert found.pop("notes.txt")
    assert found == contents(original.folder)


@pytest.mark.parametrize("answer", ["y", "n"])
def test_at_a_terminal_it_is_asked(former: Project, answer: str, original: Project) -> None:
    before = tree(former.folder / "train")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        (*former.command, "load", "../saved"),
        cwd=former.folder,
        env=former.environment(),
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.write(ours, f"{answer}\n".encode())
        _, said = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert "in train:\n  to be replaced: `env.lock`, `env.toml`\n" in said
    assert "replace it? [y/N]" in said
    assert process.returncode == (0 if answer == "y" else 130)
    if answer == "n":
        assert tree(former.folder / "train") == before
    else:
        assert (former.folder / "train/env.lock").read_bytes() == original.lockfile.read_bytes()


@pytest.mark.parametrize("many", [2, pytest.param(12, marks=pytest.mark.full)])
def test_killed_at_any_point_the_next_call_does_all_of_it(
    former: Project, original: Project, many: int, tmp_path: Path
) -> None:
    root = former.folder
    shutil.copytree(root, tmp_path / "before", symlinks=True)
    words = ("load", "../saved", "--overwrite")
    former.through(*recorder(tmp_path / "log")).must(*words)
    found = [point for point in points(tmp_path / "log") if not point.everywhere]
    for point in found[-1 :: -max(1, len(found) // many)][:many]:
        shutil.rmtree(root)
        shutil.copytree(tmp_path / "before", root, symlinks=True)
        former.through(*point.starter()).call(*words)
        for path in ("env.toml", "env.lock"):
            assert (root / "train" / path).read_bytes() in (
                (tmp_path / "before/train" / path).read_bytes(),
                (original.folder / path).read_bytes(),
            )
        former.must(*words)
        after = contents(root / "train")
        assert after.pop("notes.txt")
        assert after == contents(original.folder), point


def test_files_beside_the_folder_stay_in_the_repository(here: Project, tmp_path: Path) -> None:
    root = tmp_path / "other"
    run(("git", "init", "--quiet", root))
    project = new_project(root / "envs/wide", 'extends = "../../base.toml"\n', cache=here.cache, git=False)
    (root / "base.toml").write_text('name = "wide"\n[image]\nbase = "scratch"\n')
    project.must("save", "wide", tmp_path / "wide")
    result = here.call("load", "../wide")
    assert (result.code, failure(result)) == (
        2,
        "error: `../../base.toml`, which env.toml names, would be outside of the repository\n"
        "hint: load it into a deeper folder of a git repository by `--to DIR`\n",
    )
    assert not (here.folder / "wide").exists()
    here.must("load", "../wide", "--to", "a/b/wide")
    assert (here.folder / "a/base.toml").read_bytes() == (root / "base.toml").read_bytes()


def test_the_folder_itself_is_no_place(here: Project) -> None:
    there = replace(here, folder=here.folder.parent / "saved")
    result = there.call("load", ".")
    assert (result.code, failure(result)) == (
        2,
        "error: `train` is the saved folder itself\nhint: say by `--to DIR` where it is to be\n",
    )


def test_a_plain_folder_with_an_environment_is_loaded_too(here: Project) -> None:
    (here.folder.parent / "saved/envlock-saved.json").unlink()
    here.must("load", "../saved")
    assert here.call("check", "train").code == 0


def test_what_another_tool_made_is_imported(here: Project, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    result = here.call("load", "../nothing")
    assert result.code == 2
    assert "is no folder that can be imported" in result.stderr


def test_a_saved_folder_in_the_repository_stays_as_it_was_saved(here: Project, tmp_path: Path) -> None:
    shutil.copytree(tmp_path / "saved", here.folder / "backup", symlinks=True)
    before = tree(here.folder / "backup")
    assert here.call("load", "../saved").stderr == "loaded train to train: 5 files\n"
    assert tree(here.folder / "backup") == before


def test_a_file_in_the_place_of_a_folder_is_named_before_anything_is_written(here: Project) -> None:
    (here.folder / "train").mkdir()
    (here.folder / "train/src").write_text("mine")
    result = here.call("load", "../saved", "--overwrite")
    assert (result.code, failure(result)) == (
        2,
        "error: `train/src` is no folder, and one is to be there\nhint: move it away\n",
    )
    assert [place.name for place in (here.folder / "train").iterdir()] == ["src"]
