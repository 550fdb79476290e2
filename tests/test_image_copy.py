"""`copy`: the same hash in every clone, exactly these bytes in the image, and nothing solved for it."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import pygit2
import pytest

from envlock.errors import OutsideError
from envlock.workflows.copied import locked_files
from tests.support.oci_contents import image_members
from tests.support.processes import run
from tests.support.projects import Project, new_project

MANIFEST = """
name = "copied"

[image]
base = "scratch"
workdir = "/srv/app"
copy = ["src", "../tool.sh"]
"""
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An environment in a folder of a repository, with files of all kinds to be copied."""
    root = tmp_path / "repository"
    run(("git", "init", "--quiet", root))
    project = new_project(root / "env", MANIFEST, cache=tmp_path / "cache", git=False)
    source = project.folder / "src"
    written(source / "model.py", "print('model')\n")
    written(source / "package/data.bin", b"\0\r\n\0")
    written(source / "package/run.sh", "#!/bin/sh\n", mode=0o755)
    (source / "link.py").symlink_to("package/run.sh")
    written(root / "tool.sh", "#!/bin/sh\n", mode=0o755)
    written(root / ".gitignore", "*.log\nscratch/\n")
    for name in ("__pycache__/model.cpython-311.pyc", "debug.log", "scratch/x", "cache/CACHEDIR.TAG", "cache/x"):
        written(source / name, "left out")
    written(source / "package/env.toml", "left out")
    project.must("lock")
    return project


def written(path: Path, content: bytes | str, *, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    path.chmod(mode)


def built(project: Project, folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """What is in the layers of a new image: mode, owner, and content or where a link leads, by path."""
    project.must("build", "--no-cache", "--output", folder)
    return {
        info.name: (info.mode, info.uid, info.linkname.encode() or content) for info, content in image_members(folder)
    }


def reasons(project: Project) -> str:
    result = project.call("check")
    assert result.code == 1, result
    return result.stdout + result.stderr


def test_what_is_copied_stands_in_workdir(project: Project, tmp_path: Path) -> None:
    assert built(project, tmp_path / "layout") == {
        "srv/app": (0o755, 0, b""),
        "srv/app/src": (0o755, 0, b""),
        "srv/app/src/link.py": (0o777, 0, b"package/run.sh"),
        "srv/app/src/model.py": (0o644, 0, b"print('model')\n"),
        "srv/app/src/package": (0o755, 0, b""),
        "srv/app/src/package/data.bin": (0o644, 0, b"\0\r\n\0"),
        "srv/app/src/package/run.sh": (0o755, 0, b"#!/bin/sh\n"),
        "srv/app/tool.sh": (0o755, 0, b"#!/bin/sh\n"),
    }


def test_every_clone_has_the_same_lock_and_image(project: Project, tmp_path: Path) -> None:
    """Also one whose checkout has CRLF, and no executable bits."""
    root, here = project.folder.parent, project.must("build")
    run(("git", "-C", root, "add", "--all"))
    run(("git", "-C", root, "-c", "user.name=a", "-c", "user.email=a@b.test", "commit", "--quiet", "-m", "x"))
    assert project.call("check") == (0, "", "")
    clone = tmp_path / "clone"
    run(("git", "clone", "--quiet", "-c", "core.autocrlf=true", "-c", "core.fileMode=false", root, clone))
    (clone / "tool.sh").chmod(0o644)
    assert (clone / "env/src/model.py").read_bytes() == b"print('model')\r\n"
    other = Project(folder=clone / "env", cache=tmp_path / "other-cache")
    assert other.call("check") == (0, "", "")
    assert other.must("build") == here


EDITS: dict[str, tuple[str, Callable[[Path], object]]] = {
    "an edit": ("./src", lambda folder: written(folder / "src/model.py", "print('mode1')\n")),
    "a new file": ("./src", lambda folder: written(folder / "src/new.py", "")),
    "a file less": ("./src", lambda folder: (folder / "src/model.py").unlink()),
    "another name": ("./src", lambda folder: (folder / "src/model.py").rename(folder / "src/m.py")),
    "an executable": ("./src", lambda folder: (folder / "src/model.py").chmod(0o755)),
    "a link": ("./src", lambda folder: relinked(folder / "src/link.py", "model.py")),
    "a file": ("../tool.sh", lambda folder: written(folder / "../tool.sh", "#!/bin/bash\n", mode=0o755)),
}


def relinked(link: Path, target: str) -> None:
    if link.is_dir():
        shutil.rmtree(link)
    else:
        link.unlink()
    link.symlink_to(target)


@pytest.mark.parametrize(
    "name", [name if n % 2 == 0 else pytest.param(name, marks=pytest.mark.full) for n, name in enumerate(EDITS)]
)
def test_what_changed_is_said_and_locked_alone(project: Project, name: str) -> None:
    path, edit = EDITS[name]
    before, text = project.lock(), project.lockfile.read_text()
    assert project.call("check") == (0, "", "")
    edit(project.folder)
    assert f"`{path}`, which is copied into the image, has changed: " in reasons(project)
    assert "(env.toml:7)" in reasons(project)
    refused = project.call("build")
    assert (refused.code, f"`{path}`" in refused.stderr) == (1, True)
    project.must("lock")
    assert project.lock().platforms == before.platforms
    lines = zip(text.splitlines(), project.lockfile.read_text().splitlines(), strict=True)
    assert [new.partition(" = ")[0] for old, new in lines if old != new] == [f'"{path}"']
    assert project.call("check") == (0, "", "")


def test_who_edits_what_is_copied_runs_it_here(project: Project) -> None:
    """It is no part of what is installed."""
    written(project.folder / "src/model.py", "print('other')\n")
    assert project.must("run", "--", "cat", "src/model.py") == "print('other')\n"
    project.change('workdir = "/srv/app"', 'workdir = "/srv/other"')
    assert project.call("run", "--", "true").code == 1


def test_only_what_was_locked_is_ever_made(project: Project, tmp_path: Path) -> None:
    """Also where it changes behind the back of the check, and where somebody else's image is held against it."""
    project.must("build", "--output", tmp_path / "layout")
    assert project.call("verify", tmp_path / "layout").code == 0
    written(project.folder / "src/model.py", "print('other')\n")
    with pytest.raises(OutsideError, match=r"`\./src`, which is copied into the image, has changed"):
        locked_files(project.folder, project.lock())
    unverified = project.call("verify", tmp_path / "layout")
    assert (unverified.code, "`./src`, which is copied into the image, has changed" in unverified.stderr) == (3, True)


def test_branches_that_copy_the_same_are_noticed_when_they_meet(project: Project) -> None:
    """Each was locked without the other, and git merges both files without a conflict."""
    (ours,) = (line for line in project.lockfile.read_text().splitlines() if line.startswith('"./src"'))
    project.change('"src", ', '".", ')
    project.must("lock")
    project.change('".", ', '".", "src", ')
    project.change("[image.copy]", f"[image.copy]\n{ours}", file="env.lock")
    assert "`src/link.py` is brought by `./` and by `./src`" in reasons(project)


LEFT_OUT = (
    "src/other.log",
    "src/scratch/y",
    "src/__pycache__/z.pyc",
    "src/cache/z",
    "src/package/env.lock",
    "src/.gitignore",
)


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_changes_nothing(project: Project, name: str) -> None:
    written(project.folder / name, "")
    assert project.call("check") == (0, "", "")


def test_a_tracked_file_counts_though_it_is_ignored(project: Project, tmp_path: Path) -> None:
    run(("git", "-C", project.folder, "add", "--force", "src/debug.log"))
    assert "has changed" in reasons(project)
    project.must("lock")
    assert built(project, tmp_path / "layout")["srv/app/src/debug.log"] == (0o644, 0, b"left out")


def test_submodules_and_other_repositories_stay_out(project: Project) -> None:
    other = project.folder / "src/other"
    run(("git", "init", "--quiet", other))
    written(other / "x", "")
    assert project.call("check") == (0, "", "")


@pytest.mark.parametrize("form", ["--split-index", "sparse index", "sha256"])
def test_repositories_that_only_git_itself_can_read(project: Project, form: str) -> None:
    """What is ignored, tracked, executable or another repository is the same there."""
    root = project.folder.parent
    run(("git", "init", "--quiet", project.folder / "src/other"))
    written(project.folder / "src/other/x", "")
    if form == "sha256":
        shutil.rmtree(root / ".git")
        run(("git", "init", "--quiet", "--object-format=sha256", root))
    run(("git", "-C", root, "add", "tool.sh", "env/src/model.py", "env/src/package"))
    commit = ("-c", "user.name=a", "-c", "user.email=a@b.test", "commit", "--quiet", "-m", "x")
    if form == "--split-index":
        run(("git", "-C", root, "update-index", form))
    if form == "sparse index":
        written(root / "far/away/file", "")
        run(("git", "-C", root, "add", "far"))
        run(("git", "-C", root, *commit))
        run(("git", "-C", root, "sparse-checkout", "set", "--sparse-index", "env"))
    with pytest.raises(pygit2.GitError):
        _ = [*pygit2.Repository(str(root)).index]
    assert project.call("check") == (0, "", "")
    run(("git", "-C", root, "config", "core.fileMode", "false"))
    (root / "tool.sh").chmod(0o644)
    assert project.call("check") == (0, "", "")
    run(("git", "-C", root, "add", "--force", "env/src/debug.log"))
    assert "has changed" in reasons(project)


def test_pointers_of_lfs_are_locked_and_not_built(project: Project) -> None:
    data = b"\0 a model" * 100
    written(project.folder / "src/model.bin", data)
    project.must("lock")
    written(project.folder / "src/model.bin", POINTER.format(hashlib.sha256(data).hexdigest(), len(data)))
    assert project.call("check") == (0, "", "")
    refused = project.call("build")
    assert refused.code == 2
    assert "is to be copied into the image, and is a git-LFS pointer here\nhint: `git lfs pull`" in refused.stderr


def copied_from(project: Project, path: str, *, copy: str, workdir: str = "/srv/app") -> None:
    """With a file more, and another table `[image]`."""
    written(project.folder / path, "")
    project.change('["src", "../tool.sh"]', copy)
    project.change('"/srv/app"', f'"{workdir}"')


WRONG: dict[str, tuple[Callable[[Project], object], str]] = {
    "nothing there": (lambda p: shutil.rmtree(p.folder / "src"), "`./src` does not exist"),
    "an empty folder": (lambda p: emptied(p.folder / "src"), "`./src` has nothing to copy"),
    "a link outside": (lambda p: relinked(p.folder / "src/link.py", "../../tool.sh"), "which is outside of"),
    "two of one name": (
        lambda p: p.change('["src", ', '["src", ".", '),
        "`src/link.py` is brought by `./` and by `./src`",
    ),
    "a file where another's folder is": (
        lambda p: copied_from(p, "../src", copy='[".", "../src"]'),
        "`src` is brought by `../src`, and `src/link.py` by `./`",
    ),
    "into the environment": (
        lambda p: copied_from(p, "env/bin/python", copy='["env"]', workdir="/opt"),
        "`./env` brings `/opt/env/bin/python`: `/opt/env` is the environment's own",
    ),
    "in the environment's place": (
        lambda p: copied_from(p, "opt", copy='["opt"]', workdir="/"),
        "`./opt` brings `/opt`: `/opt/env` is the environment's own",
    ),
    "what hides files": (lambda p: written(p.folder / "src/.wh.etc", ""), "would hide a file of the image below"),
    "a name that no image has": (
        lambda p: written(p.folder / "src/\udcff", ""),
        "`env/src/\\udcff` is to be copied, and is not UTF-8",
    ),
    "a link to one": (
        lambda p: relinked(p.folder / "src/link.py", "\udcff"),
        "`\\udcff` is to be copied, and is not UTF-8",
    ),
    "a loop": (lambda p: relinked(p.folder / "src", "src"), "cannot be followed"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_copied(project: Project, name: str) -> None:
    edit, message = WRONG[name]
    edit(project)
    project.lockfile.unlink()
    refused = project.call("lock")
    assert (refused.code, project.lockfile.exists()) == (2, False)
    assert message in refused.stderr


def emptied(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def test_a_whole_folder_without_git(tmp_path: Path) -> None:
    manifest = MANIFEST.replace('["src", "../tool.sh"]', '["."]')
    project = new_project(tmp_path / "plain", manifest, cache=tmp_path / "cache", git=False)
    written(project.folder / "a.py", "")
    written(project.folder / ".hidden/b", "")
    project.must("lock")
    assert built(project, tmp_path / "layout").keys() == {
        "srv/app",
        "srv/app/a.py",
        "srv/app/.hidden",
        "srv/app/.hidden/b",
    }


def test_folders_that_a_base_has_stay_as_they_are(project: Project, tmp_path: Path) -> None:
    """A layer that named /tmp, or a user's home, would give it to root."""
    for workdir, named in (("/tmp", set()), ("/home/user/app", {"home/user/app"}), ("/srv/a", {"srv/a"})):
        project.manifest.write_text(MANIFEST.replace("/srv/app", workdir))
        project.must("lock")
        found = built(project, tmp_path / workdir.replace("/", "-"))
        inside = f"{workdir}/"[1:]
        assert {path for path in found if not path.startswith(inside)} == {*named} & {workdir[1:]}
