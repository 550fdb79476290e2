"""`envlock import` and `init --from`: which kind of file it is, where the environment goes, and what is said."""

import codecs
import hashlib
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from envlock.manifest.reader import read_manifest
from tests.support.index_server import IndexServer, WheelFolders, serve_index
from tests.support.processes import run
from tests.support.projects import Project
from tests.support.repository import History
from tests.support.tiny_wheels import write_wheel

REST = '[image]\nbase = "scratch"\n'


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A repository without an environment."""
    folder = tmp_path / "shop"
    folder.mkdir()
    run(("git", "init", "--quiet", folder))
    for key, value in (("user.name", "Kim"), ("user.email", "kim@acme.test")):
        run(("git", "config", key, value), folder=folder)
    return Project(folder=folder, cache=tmp_path / "cache")


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`app`, which requires `lib >=2`, and two versions of `lib`."""
    folder = tmp_path_factory.mktemp("wheels")
    write_wheel(folder, "app", "1.0", requires=["lib>=2", "more; extra == 'all'"], extras=["all"])
    write_wheel(folder, "more", "1.0")
    write_wheel(folder, "lib", "1.0")
    write_wheel(folder, "lib", "2.0")
    return folder


@pytest.fixture(scope="module")
def index(wheels: Path) -> Iterator[IndexServer]:
    with serve_index(WheelFolders((wheels,))) as server:
        yield server


def write(project: Project, name: str, text: str) -> Path:
    path = project.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_file_becomes_an_environment_and_what_has_no_place_is_named(project: Project) -> None:
    write(project, "requirements.txt", "flask >=3\n--trusted-host pip.acme.test\n")
    result = project.call("import", "requirements.txt")
    assert (result.code, result.stdout) == (0, "")
    lines = result.stderr.splitlines()
    assert lines[0] == "wrote env.toml, .gitattributes: 1 pip"
    assert lines[1] == "not carried over, or not as it stands there:"
    assert lines[2].startswith("  requirements.txt:2: `--trusted-host pip.acme.test`: ")
    assert lines[3:] == ["next: `envlock lock` chooses versions"]
    spec = read_manifest(project.manifest)
    assert (spec.name, spec.pip.dependencies, spec.python) == ("shop", ("flask>=3",), None)


def test_it_is_printed_and_nothing_written(project: Project) -> None:
    write(project, "requirements.txt", "flask >=3\n")
    result = project.call("import", "requirements.txt", "--dry-run", "--name", "train")
    assert (result.code, result.stderr) == (0, "")
    assert tomllib.loads(result.stdout)["name"] == "train"
    assert not project.manifest.exists()
    assert not (project.folder / ".gitattributes").exists()


def test_as_json(project: Project) -> None:
    write(project, "requirements.txt", "flask >=3\n--trusted-host pip.acme.test\n")
    told = json.loads(project.must("import", "requirements.txt", "--json"))
    assert (told["kind"], told["name"], told["pinned"]) == ("requirements.txt", "shop", False)
    assert [Path(file).name for file in told["written"]] == ["env.toml", ".gitattributes"]
    (remark,) = told["remarks"]
    assert (remark["file"], remark["line"]) == ("requirements.txt", 2)
    assert remark["why"]


def test_paths_start_at_the_new_place(project: Project) -> None:
    write_wheel(project.folder / "wheels", "lib", "2.0")
    write(project, "app/pyproject.toml", '[project]\nname = "app"\nversion = "1"\ndependencies = ["lib"]\n')
    write(project, "reqs/requirements.txt", "../wheels/lib-2.0-py3-none-any.whl\n-e ../app\n")
    project.must("import", "reqs/requirements.txt", "--to", "envs/train", "--base", "scratch", "--python", "3.11")
    spec = read_manifest(project.folder / "envs" / "train" / "env.toml")
    assert spec.name == "train"
    assert spec.pip.dependencies == ("lib @ ../../wheels/lib-2.0-py3-none-any.whl",)
    assert [each.path for each in spec.pip.editable] == ["../../app"]
    project.must("lock", "train")


def test_what_lies_outside_of_the_repository_is_refused(project: Project, tmp_path: Path) -> None:
    write_wheel(tmp_path / "wheels", "lib", "2.0")
    write(project, "requirements.txt", "../wheels/lib-2.0-py3-none-any.whl\n")
    result = project.call("import", "requirements.txt")
    assert "  requirements.txt:1: `../wheels/lib-2.0-py3-none-any.whl`: " in result.stderr
    assert "outside the repository" in result.stderr
    assert read_manifest(project.manifest).pip.dependencies == ()


@pytest.mark.parametrize(
    ("arguments", "stderr"),
    [
        (["none.txt"], "error: `none.txt` does not exist\n"),
        (["notes.md"], "error: `notes.md` is no file that can be imported\nhint: say by --format which it is: "),
        (["."], "error: `.` is no folder that can be imported\nhint: name a file: requirements.txt\n"),
        (["empty"], "error: `empty` is no folder that can be imported\nhint: name a file in it\n"),
        ([], "error: name one file or folder, or a prefix by `--prefix`\nhint: see `envlock import --help`\n"),
        (["a", "--prefix", "b"], "error: name one file or folder, or a prefix by `--prefix`\n"),
        (["notes.md", "--format", "pylok"], "error: there is no kind `pylok`\nhint: did you mean `pylock`?\n"),
        (["requirements.txt", "--platform", "linux"], "error: invalid value for `--platform`"),
        (["requirements.txt", "--name", "Train"], "error: `Train` cannot be an environment's name"),
        (["requirements.txt", "--python", "2.7"], "expected a version such as `3.11`"),
        (["requirements.txt", "--pins", "requirements.txt"], "(requirements.txt) pins nothing"),
        (["folder/requirements.txt"], "error: `folder/requirements.txt` is no folder that can be imported\n"),
        (["empty", "--format", "requirements.txt"], "error: `empty` is no folder that can be imported\n"),
        (["requirements.txt", "--to", "linked"], "error: `linked/env.toml` is here already\n"),
        (["latin.txt"], "error: `latin.txt` is no text in UTF-8\n"),
    ],
)
def test_what_cannot_be_imported(project: Project, arguments: list[str], stderr: str) -> None:
    write(project, "requirements.txt", "flask >=3\n")
    write(project, "notes.md", "# flask\n")
    for name in ("empty", "linked", "folder/requirements.txt"):
        (project.folder / name).mkdir(parents=True)
    (project.folder / "linked" / "env.toml").symlink_to("nowhere")
    (project.folder / "latin.txt").write_bytes(b"# caf\xe9\nflask\n")
    result = project.call("import", *arguments)
    assert (result.code, result.stdout) == (2, "")
    assert stderr in result.stderr
    assert not project.manifest.exists()


def test_what_is_there_is_replaced_where_that_is_asked_for(project: Project) -> None:
    write(project, "requirements.txt", "flask >=3\n")
    project.manifest.write_text("# mine\n")
    result = project.call("import", "requirements.txt")
    assert result == (
        2,
        "",
        "error: `env.toml` is here already\nhint: `--overwrite` replaces it; `--to DIR` goes elsewhere\n",
    )
    assert project.manifest.read_text() == "# mine\n"
    project.must("import", "requirements.txt", "--overwrite")
    assert read_manifest(project.manifest).pip.dependencies == ("flask>=3",)


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + "# café\nflask\n".encode(),
        codecs.BOM_UTF16_LE + "# café\nflask\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + "# café\nflask\n".encode("utf-16-be"),
        "# -*- coding: latin-1 -*-\n# café\nflask\n".encode("latin-1"),
        "# café\r\nflask\r\n".encode(),
        b"flask",
    ],
)
def test_texts_as_they_are_written(project: Project, content: bytes) -> None:
    (project.folder / "requirements.txt").write_bytes(content)
    project.must("import", "requirements.txt")
    assert read_manifest(project.manifest).pip.dependencies == ("flask",)


def pylock(index: IndexServer, wheels: Path, lib: str, *more: tuple[str, str]) -> str:
    """A pylock.toml of `app`, a version of `lib`, and more."""
    lines = ['lock-version = "1.0"', 'requires-python = "==3.11.*"', 'created-by = "test"']
    for name, version in (("app", "1.0"), ("lib", lib), *more):
        file = wheels / f"{name}-{version}-py3-none-any.whl"
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        lines += ["[[packages]]", f'name = "{name}"', f'version = "{version}"', f'index = "{index.url}"']
        url = f"{index.server.url}/files/{file.name}"
        lines += [f'wheels = [{{ name = "{file.name}", url = "{url}", hashes = {{ sha256 = "{sha256}" }} }}]']
    return "\n".join(lines)


def test_of_a_lock_every_pin_is_kept_and_the_roots_are_asked_for(
    project: Project, index: IndexServer, wheels: Path
) -> None:
    write(project, "pylock.toml", pylock(index, wheels, "2.0"))
    result = project.call("import", "pylock.toml", "--base", "scratch")
    assert result.code == 0
    assert "wrote env.toml, env.lock, .gitattributes: pins kept (linux-64 2 packages)\n" in result.stderr
    assert "next:" not in result.stderr
    spec = read_manifest(project.manifest)
    assert (spec.pip.dependencies, spec.python) == (("app",), "3.11")
    assert project.call("check") == (0, "", "")
    # and stays so
    before = project.lockfile.read_bytes()
    project.must("lock")
    assert project.lockfile.read_bytes() == before


def test_a_lock_that_does_not_fit_together_is_taken_over_and_that_is_said(
    project: Project, index: IndexServer, wheels: Path
) -> None:
    write(project, "pylock.toml", pylock(index, wheels, "1.0"))
    result = project.call("import", "pylock.toml", "--base", "scratch")
    assert result.code == 0
    said = result.stderr.splitlines()
    at = said.index("note: what is pinned does not fit together, as it was there; `envlock lock` mends it:")
    assert "lib>=2" in said[at + 1]
    assert "1.0 is locked" in said[at + 1]
    assert project.call("check").code == 1
    project.must("lock")
    assert project.call("check") == (0, "", "")


def test_wishes_of_one_file_and_pins_of_another(project: Project, index: IndexServer, wheels: Path) -> None:
    write(project, "requirements.in", f"--index-url {index.url}\napp >=1\n")
    write(project, "pylock.toml", pylock(index, wheels, "2.0"))
    project.must("import", "requirements.in", "--pins", "pylock.toml", "--base", "scratch")
    spec = read_manifest(project.manifest)
    assert (spec.pip.dependencies, spec.python) == (("app>=1",), "3.11")
    assert project.call("check") == (0, "", "")
    assert {"app 1.0", "lib 2.0"} == {" ".join(line.split()[:2]) for line in project.must("show").splitlines()[1:3]}


def test_what_a_wished_extra_brings_is_not_asked_for_once_more(
    project: Project, index: IndexServer, wheels: Path
) -> None:
    write(project, "requirements.in", f"--index-url {index.url}\napp[all]\n")
    write(project, "pylock.toml", pylock(index, wheels, "2.0", ("more", "1.0")))
    result = project.call("import", "requirements.in", "--pins", "pylock.toml", "--base", "scratch")
    assert "nothing that is asked for leads to it" not in result.stderr
    assert read_manifest(project.manifest).pip.dependencies == ("app[all]",)
    assert project.call("check") == (0, "", "")


def test_what_is_pinned_and_not_wished_for_is_asked_for_and_named(
    project: Project, index: IndexServer, wheels: Path
) -> None:
    write(project, "requirements.in", f"--index-url {index.url}\nlib\n")
    write(project, "pylock.toml", pylock(index, wheels, "2.0"))
    result = project.call("import", "requirements.in", "--pins", "pylock.toml", "--base", "scratch")
    assert "  `app`: pinned, and nothing that is asked for leads to it" in result.stderr
    assert read_manifest(project.manifest).pip.dependencies == ("app", "lib")


def conda_lock(index: IndexServer, wheels: Path) -> str:
    """A conda-lock.yml of `app` and `lib`, which says of what index they are as little as every other one."""
    lines = ["version: 1", "metadata:", "  content_hash: {linux-64: x}", "  channels: []", "  platforms: [linux-64]"]
    lines += ["  sources: [environment.yml]", "package:"]
    for name, version in (("app", "1.0"), ("lib", "2.0")):
        file = wheels / f"{name}-{version}-py3-none-any.whl"
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        lines += [f"- name: {name}", f"  version: '{version}'", "  manager: pip", "  platform: linux-64"]
        lines += ["  dependencies: {}", f"  url: {index.server.url}/files/{file.name}"]
        lines += [f"  hash: {{sha256: {sha256}}}", "  category: main", "  optional: false"]
    return "\n".join(lines) + "\n"


def test_pins_by_url_are_taken_from_the_index_of_the_wishes_that_has_the_same_files(
    project: Project, index: IndexServer, wheels: Path
) -> None:
    wishes = f"dependencies:\n- pip:\n  - --index-url {index.url}\n  - app >=1\n"
    write(project, "environment.yml", wishes)
    write(project, "conda-lock.yml", conda_lock(index, wheels))
    given = ("--pins", "conda-lock.yml", "--base", "scratch", "--python", "3.11")
    result = project.call("import", "environment.yml", *given)
    assert (result.code, "by their URLs" in result.stderr) == (0, False), result.stderr
    assert read_manifest(project.manifest).pip.dependencies == ("app>=1",)
    assert [(p.name, p.version, p.url) for p in project.locked().pip] == [("app", "1.0", None), ("lib", "2.0", None)]
    assert project.call("check") == (0, "", "")
    before = project.lockfile.read_bytes()
    project.must("lock")
    assert project.lockfile.read_bytes() == before


def test_pins_by_url_that_no_index_of_the_wishes_has_are_asked_for_by_url(
    project: Project, index: IndexServer, wheels: Path, tmp_path: Path
) -> None:
    """The index of the wishes has another file by the name of the one that is pinned."""
    write_wheel(tmp_path / "others", "app", "1.0", requires=["lib>=2", "other; extra == 'x'"], extras=("x",))
    with serve_index(WheelFolders((tmp_path / "others",))) as elsewhere:
        wishes = f"dependencies:\n- pip:\n  - --index-url {elsewhere.url}\n  - app >=1\n"
        write(project, "environment.yml", wishes)
        write(project, "conda-lock.yml", conda_lock(index, wheels))
        given = ("--pins", "conda-lock.yml", "--base", "scratch", "--python", "3.11")
        result = project.call("import", "environment.yml", *given)
        assert result.code == 0, result.stderr
        assert (
            "  `app>=1`: no index here has the file that is pinned: env.toml asks for it by its URL\n" in result.stderr
        )
        files = f"{index.server.url}/files"
        urls = [f"{files}/app-1.0-py3-none-any.whl", f"{files}/lib-2.0-py3-none-any.whl"]
        assert [p.url for p in project.locked().pip] == urls
        asked = read_manifest(project.manifest).pip.dependencies
        assert asked == tuple(f"{name} @ {url}" for name, url in zip(("app", "lib"), urls, strict=True))
        assert project.call("check") == (0, "", "")


def test_init_starts_from_a_file(project: Project) -> None:
    write(project, "requirements.txt", "flask >=3\n")
    result = project.call(
        "init", "train", "--from", "requirements.txt", "--python", "3.11", "--base", "scratch", "--to", "envs/train"
    )
    assert (result.code, result.stdout) == (0, "")
    assert result.stderr.startswith("wrote envs/train/env.toml, .gitattributes: 1 pip\n")
    spec = read_manifest(project.folder / "envs" / "train" / "env.toml")
    assert (spec.name, spec.python, spec.image.base) == ("train", "3.11", "scratch")


@pytest.mark.parametrize("option", ["--conda", "--pip", "--channel"])
def test_init_from_something_asks_for_nothing_else(project: Project, option: str) -> None:
    write(project, "requirements.txt", "flask >=3\n")
    result = project.call("init", "train", "--from", "requirements.txt", option, "x")
    assert (result.code, result.stdout) == (2, "")
    assert f"error: `{option}` does not go with `--from`" in result.stderr


def test_init_starts_from_an_environment_with_its_lock_and_paths(project: Project) -> None:
    write_wheel(project.folder / "wheels", "lib", "2.0")
    wheel = "./wheels/lib-2.0-py3-none-any.whl"
    text = f'# ours\nname = "train"\npython = "3.11"\n[pip]\ndependencies = [\n    "lib @ {wheel}", # own\n]\n{REST}'
    project.manifest.write_text(text)
    project.must("lock")
    result = project.call("init", "other", "--from", "train", "--to", "envs/other")
    assert result.code == 0
    other = project.folder / "envs" / "other"
    moved = text.replace('"train"', '"other"').replace("@ ./wheels", "@ ../../wheels")
    assert (other / "env.toml").read_text() == moved
    # its paths are others now: what was locked is kept, and is to be looked at again
    assert result.stderr.endswith("next: `envlock lock` chooses versions\n")
    project.must("lock", "other")
    History(project.folder).commit("both")
    result = project.call("init", "third", "--from", "train@HEAD", "--to", "envs/third")
    assert (result.code, result.stdout) == (2, "")
    assert "`train@HEAD` names files that lie beside it, which are not here" in result.stderr
    assert not (project.folder / "envs" / "third").exists()


def test_init_starts_from_an_environment_with_a_project_that_is_editable(project: Project) -> None:
    write(project, "app/pyproject.toml", '[project]\nname = "app"\nversion = "1"\ndependencies = []\n')
    project.manifest.write_text(f'name = "train"\npython = "3.11"\n[pip]\neditable = ["./app"]\n{REST}')
    project.must("init", "other", "--from", "train", "--to", "envs/other")
    spec = read_manifest(project.folder / "envs" / "other" / "env.toml")
    assert [each.path for each in spec.pip.editable] == ["../../app"]
    # what is refused leaves no folder behind
    assert project.call("init", "envlock-x", "--from", "train", "--to", "envs/none").code == 2
    assert not (project.folder / "envs" / "none").exists()


def test_init_starts_from_a_version_whose_lock_stays_valid(project: Project) -> None:
    project.manifest.write_text(
        'name = "shop"\npython = "3.11"\n[pip]\ndependencies = ["idna"]\n[image]\nbase = "scratch"\n'
    )
    project.must("lock")
    History(project.folder).commit("one")
    project.must("register")
    project.manifest.write_text('name = "shop"\n')
    project.must("init", "other", "--from", "shop@1", "--to", "envs/other")
    assert project.call("check", "other") == (0, "", "")
    assert "idna" in project.must("show", "other")
