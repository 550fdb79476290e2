"""A virtual environment captured: wheels of indexes, and what came from elsewhere; and the same once more."""

import ensurepip
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from envlock.errors import UserInputError
from envlock.interchange.installed import virtual_environment
from envlock.interchange.installed.prefix_files import LIMIT
from envlock.interchange.source import Source
from envlock.model.imported import Imported, PinnedFile, PinnedPip
from tests.conftest import IndexServers
from tests.support.prefixes import SITE, differing, write_distribution, write_venv
from tests.support.processes import run
from tests.support.projects import MINOR, Project
from tests.support.tiny_sources import write_project
from tests.support.tiny_wheels import write_wheel

# what makes a virtual environment, which each tool does in its own way
MADE_BY_VENV = {
    f"bin/{name}"
    for name in (
        *(f"activate{end}" for end in ("", ".bat", ".csh", ".fish", ".nu", ".ps1", ".xsh", "_this.py")),
        *("Activate.ps1", "deactivate.bat", "pydoc.bat", "python", "python3", f"python{MINOR}"),
    )
}


def read(prefix: Path, **more: Any) -> Imported:
    return virtual_environment.read(Source(path=prefix, **more))


def told(imported: Imported) -> list[tuple[str, str]]:
    return [(remark.what, remark.why) for remark in imported.remarks]


def remarks_of(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """What `import --json` says of what is not carried over."""
    return [(remark["what"], remark["why"]) for remark in answer["remarks"]]


def pips(imported: Imported) -> tuple[PinnedPip, ...]:
    return imported.pinned[0].pip


def new(tmp_path: Path) -> Project:
    """An empty repository."""
    folder = tmp_path / "work"
    folder.mkdir()
    run(("git", "init", "--quiet", folder))
    return Project(folder=folder, cache=tmp_path / "cache")


def commit(folder: Path) -> str:
    """A repository of a folder; its commit."""
    run(("git", "init", "--quiet", folder))
    run(("git", "-C", folder, "add", "."))
    author = ("-c", "user.name=Kim", "-c", "user.email=kim@acme.test")
    run(("git", "-C", folder, *author, "commit", "--quiet", "-m", "first"))
    return run(("git", "-C", folder, "rev-parse", "HEAD")).strip()


def test_what_uv_installed_is_made_once_more(tmp_path: Path, index_server: IndexServers) -> None:
    """From an index, a wheel, a folder, git, a URL, and editable: all of it in the lock, and installed the same."""
    project = new(tmp_path)
    here = project.folder
    own = f"cp{MINOR.replace('.', '')}"
    write_wheel(tmp_path / "wheels", "Alpha.One", requires=["beta"], entry_points={"alpha": "alpha_one:main"})
    write_wheel(tmp_path / "wheels", "beta", tag=f"{own}-{own}-manylinux_2_17_x86_64.manylinux2014_x86_64")
    write_wheel(tmp_path / "wheels", "beta", tag="py3-none-any")
    far = write_wheel(tmp_path / "far", "far")
    local = write_wheel(here / "wheels", "local")
    write_project(here / "libs" / "own", "own", "2.5")
    write_project(here / "work-on", "worked", "0.1", requires=["alpha-one"], static=True)
    repository = write_project(tmp_path / "repository", "versioned", "3.0")
    revision = commit(repository)
    index, files = index_server(tmp_path / "wheels"), index_server(tmp_path / "far")
    venv, again = here / ".venv1", here / ".venv2"
    uv = (find_uv_bin(), "--no-config")
    run((*uv, "venv", "--quiet", "--python", MINOR, venv))
    sources = ("alpha-one", local, here / "libs" / "own", "-e", here / "work-on", f"git+{repository.as_uri()}")
    url = f"{files.server.url}/files/{far.name}"
    run((*uv, "pip", "install", "--quiet", "--python", venv, "--index-url", index.url, *sources, url))
    project = project.given(ENVLOCK_MIRROR_PYPI=index.url)
    answer = json.loads(project.must("import", ".venv1", "--base", "scratch", "--json"))
    why = f"it was installed from the folder `{here}/libs/own`: locked is what is in that now"
    source = f"git+{repository.as_uri()}@{revision}"
    of_git = f"it was installed from `{source}`, a repository of this machine: other machines do not have it"
    assert (answer["problems"], remarks_of(answer)) == ([], [("own 2.5", why), ("versioned 3.0", of_git)])
    project.must("check")
    locked = {p.name: p for p in project.locked().pip}
    assert {name: p.source for name, p in locked.items()} == {
        "alpha-one": "pypi",
        "beta": "pypi",
        "far": url,
        "local": "./wheels/local-1.0-py3-none-any.whl",
        "own": "./libs/own",
        "versioned": source,
    }
    assert locked["beta"].file == f"beta-1.0-{own}-{own}-manylinux_2_17_x86_64.manylinux2014_x86_64.whl"
    assert [(e.path, e.name) for e in project.lock().inputs.editable] == [("./work-on", "worked")]
    project.must("install", "--prefix", again)
    assert differing(venv, again).keys() - MADE_BY_VENV == {"bin/alpha"}  # as each installer writes it


@pytest.mark.full
def test_what_pip_installed_is_made_once_more(tmp_path: Path, index_server: IndexServers) -> None:
    """pip itself is one of the distributions; what was asked for by name is asked for."""
    wheels = tmp_path / "wheels"
    write_wheel(wheels, "alpha", requires=["beta"])
    write_wheel(wheels, "beta")
    for bundled in (Path(ensurepip.__file__).parent / "_bundled").glob("*.whl"):
        shutil.copy(bundled, wheels)
    index = index_server(wheels)
    project = new(tmp_path).given(ENVLOCK_MIRROR_PYPI=index.url)
    venv, again = tmp_path / "first", tmp_path / "again"
    run((sys.executable, "-m", "venv", venv))
    run((venv / "bin/python", "-m", "pip", "install", "--quiet", "--no-input", "--index-url", index.url, "alpha"))
    imported = read(venv)
    assert {*imported.spec.pip.dependencies} - {"setuptools"} == {"alpha", "pip"}
    project.must("import", "--prefix", venv, "--base", "scratch")
    project.must("check")
    names = [p.name for p in project.locked().pip]
    assert names == sorted(p.name for p in pips(imported))
    assert {"alpha", "beta", "pip"} <= {*names}
    project.must("install", "--prefix", again)
    changed = differing(venv, again).keys() - MADE_BY_VENV
    assert {path for path in changed if not path.startswith("bin/pip")} == set()


def test_what_the_index_does_not_have(tmp_path: Path, index_server: IndexServers) -> None:
    write_wheel(tmp_path / "wheels", "alpha")
    write_wheel(tmp_path / "wheels", "beta", "2.0")
    index = index_server(tmp_path / "wheels")
    venv = write_venv(tmp_path / "env")
    write_distribution(venv, "alpha", tags=["py2-none-any", "py3-none-any"])
    write_distribution(venv, "beta")
    write_distribution(venv, "gamma")
    project = new(tmp_path).given(ENVLOCK_MIRROR_PYPI=index.url)
    answer = json.loads(project.must("import", "--prefix", venv, "--base", "scratch", "--json"))
    other = "installed from `alpha-1.0-py2.py3-none-any.whl`, which `pypi` does not have: locked is its best file of"
    none = "`beta` 1.0: the index `pypi` has no `beta-1.0-py3-none-any.whl`; say in env.toml where it is from"
    assert remarks_of(answer)[-3:] == [
        ("alpha 1.0", f"{other} alpha 1.0"),
        ("beta 1.0", none),
        ("gamma 1.0", "the index `pypi` has no `gamma`; say in env.toml where it is from"),
    ]
    assert [p.file for p in project.locked().pip] == ["alpha-1.0-py3-none-any.whl"]


def test_somebody_elses_wheel_of_that_name_is_told(tmp_path: Path, index_server: IndexServers) -> None:
    write_wheel(tmp_path / "wheels", "alpha", requires=["beta"])
    write_wheel(tmp_path / "wheels", "beta")
    index = index_server(tmp_path / "wheels")
    venv = write_venv(tmp_path / "env")
    write_distribution(venv, "alpha")
    write_distribution(venv, "beta")
    project = new(tmp_path).given(ENVLOCK_MIRROR_PYPI=index.url)
    answer = json.loads(project.must("import", "--prefix", venv, "--base", "scratch", "--json"))
    wheel = "`alpha-1.0-py3-none-any.whl` of `pypi`, which is locked,"
    assert remarks_of(answer) == [("alpha 1.0", f"{wheel} requires other things than what is installed: is it that?")]


def test_the_very_python_is_kept(tmp_path: Path, index_server: IndexServers) -> None:
    """Markers can ask for its patch version; locked again, it is still that one."""
    write_wheel(tmp_path / "wheels", "alpha", requires=['beta; python_full_version < "3.11.3"'])
    index = index_server(tmp_path / "wheels")
    venv = write_venv(tmp_path / "env")
    write_distribution(venv, "alpha", requires=['beta; python_full_version < "3.11.3"'])
    project = new(tmp_path).given(ENVLOCK_MIRROR_PYPI=index.url)
    answer = json.loads(project.must("import", "--prefix", venv, "--base", "scratch", "--json"))
    assert (answer["problems"], project.locked().base.python) == ([], "3.11.7")
    before = project.lock()
    project.must("lock")
    assert project.lock() == before


def test_the_name_of_the_wheel_is_told_by_its_tags(tmp_path: Path) -> None:
    venv = write_venv(tmp_path / "env")
    tags = ["cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux2014_x86_64"]
    write_distribution(venv, "A.b-c", "1.0+cpu", tags=tags)
    write_distribution(venv, "odd", tags=["py2-none-any", "cp311-abi3-linux_x86_64"])
    write_distribution(venv, "built", WHEEL="Wheel-Version: 1.0\nBuild: 3\nTag: py3-none-any\n")
    assert {p.name: p.files for p in pips(read(venv))} == {
        "a-b-c": (PinnedFile(name="A_b_c-1.0+cpu-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"),),
        "odd": (),
        "built": (PinnedFile(name="built-1.0-3-py3-none-any.whl"),),
    }


COMMIT = "0" * 39 + "1"
DIRECT = [
    (
        {
            "url": "https://host.test/a.git",
            "vcs_info": {"vcs": "git", "commit_id": COMMIT, "requested_revision": "main"},
        },
        f"git+https://host.test/a.git@{COMMIT}",
    ),
    (
        {"url": "ssh://git@host.test/a.git", "vcs_info": {"vcs": "git", "commit_id": COMMIT}, "subdirectory": "py"},
        f"git+ssh://git@host.test/a.git@{COMMIT}#subdirectory=py",
    ),
    ({"url": "https://host.test/a-1.0.tar.gz", "archive_info": {}}, "https://host.test/a-1.0.tar.gz"),
    (
        {"url": "https://host.test/a-1.0-py3-none-any.whl#sha256=x", "archive_info": {"hash": f"sha256={'c' * 64}"}},
        "https://host.test/a-1.0-py3-none-any.whl",
    ),
]


@pytest.mark.parametrize(("direct", "source"), DIRECT)
def test_sources_of_their_own(tmp_path: Path, direct: dict[str, Any], source: str) -> None:
    venv = write_venv(tmp_path / "env")
    write_distribution(venv, "a", direct=direct)
    (found,) = pips(read(venv))
    assert (found.source, told(read(venv))) == (source, [])


@pytest.mark.parametrize(
    "url",
    [
        "https://kim:SECRET@host.test/a-1.0-py3-none-any.whl",
        "https://host.test/t/SECRET/a-1.0-py3-none-any.whl",
        "https://host.test/a-1.0-py3-none-any.whl?token=SECRET",
    ],
)
def test_no_secret_of_a_source_is_kept(tmp_path: Path, url: str) -> None:
    venv = write_venv(tmp_path / "env")
    write_distribution(venv, "a", direct={"url": url, "archive_info": {}})
    imported = read(venv)
    assert "SECRET" not in repr(imported)
    assert pips(imported)[0].source == "https://host.test/a-1.0-py3-none-any.whl"
    assert told(imported) == [
        ("a 1.0", "it was installed from an address with credentials, which are left out: keep them in netrc")
    ]


REFUSED = [
    ({"direct_url.json": "{"}, "its direct_url.json is not valid JSON (line 1)"),
    ({"direct_url.json": "{}"}, "its direct_url.json does not say `url`"),
    ({"direct_url.json": '{"url": "https://x.test/a.whl"}'}, "its direct_url.json says neither `vcs_info` nor"),
    (
        {"direct_url.json": json.dumps({"url": "https://x.test/a", "vcs_info": {"vcs": "hg", "commit_id": COMMIT}})},
        "its direct_url.json names a repository of `hg`: only git is known",
    ),
    (
        {"direct_url.json": json.dumps({"url": "https://x.test/a", "vcs_info": {"vcs": "git", "commit_id": "main"}})},
        "its direct_url.json does not say `commit_id`",
    ),
    ({"METADATA": ""}, "METADATA names no distribution"),
    ({"METADATA": "Name: a\nVersion: one\n"}, "METADATA names no valid version: `one`"),
]


@pytest.mark.parametrize(("files", "why"), REFUSED)
def test_a_corrupt_distribution_is_named(tmp_path: Path, files: dict[str, str], why: str) -> None:
    venv = write_venv(tmp_path / "env")
    folder = write_distribution(venv, "a", files={})
    for name, text in files.items():
        (folder / name).write_text(text)
    write_distribution(venv, "b")
    imported = read(venv)
    assert [p.name for p in pips(imported)] == ["b"]
    ((what, said),) = told(imported)
    assert (what, said.startswith(f"corrupt or half removed: {why}")) == ("a-1.0.dist-info", True), said


@pytest.mark.parametrize(
    ("direct", "why"),
    [
        (
            {"url": "ext::sh -c x", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            f"it was installed from `git+ext::sh -c x@{COMMIT}`, which env.toml has no form for: expected after `@`",
        ),
        (
            {"url": "https://x.test/a", "subdirectory": "../b", "vcs_info": {"vcs": "git", "commit_id": COMMIT}},
            f"it was installed from `git+https://x.test/a@{COMMIT}#subdirectory=../b`, which env.toml has no form for:",
        ),
        ({"url": "file:libs/a", "dir_info": {}}, "names a folder by `file:libs/a`, which is no path of this machine"),
    ],
)
def test_sources_that_cannot_be(tmp_path: Path, direct: dict[str, Any], why: str) -> None:
    venv = write_venv(tmp_path / "env")
    write_distribution(venv, "a", direct=direct)
    assert pips(read(venv)) == ()
    assert why in told(read(venv))[0][1]


def test_what_pip_checked_out_into_the_prefix_is_no_source(tmp_path: Path) -> None:
    """As it does of `--editable git+…`."""
    (tmp_path / ".git").mkdir()
    venv = write_venv(tmp_path / ".venv")
    project = write_project(venv / "src" / "worked", "worked", "0.1", static=True)
    write_distribution(venv, "worked", direct={"url": project.as_uri(), "dir_info": {"editable": True}})
    imported = read(venv)
    assert (imported.spec.pip.editable, pips(imported)) == ((), ())
    ((what, why),) = told(imported)
    assert (what, f"`{project}` is in the prefix itself, which no other machine has" in why) == ("worked 1.0", True)


def test_half_removed_and_changed(tmp_path: Path) -> None:
    venv = write_venv(tmp_path / "env")
    site = venv / SITE
    write_distribution(venv, "a", files={"a/__init__.py": "x\n", "a/b.py": "y\n", "a/c.py": "z\n"})
    (site / "a/b.py").unlink()
    (site / "a/c.py").write_text("changed")
    shutil.rmtree(write_distribution(venv, "gone"))
    (site / "gone-1.0.dist-info").mkdir()
    (site / "~eta-1.0.dist-info").mkdir()
    (site / "notes.txt").write_text("")
    (site / "mine.pth").write_text("/somewhere\n")
    assert told(read(venv)) == [
        ("gone-1.0.dist-info", "corrupt or half removed: it has no METADATA"),
        ("~eta-1.0.dist-info", "left behind by pip when it was interrupted"),
        ("a 1.0", "half removed, there is no `a/b.py`; locked is the package as it was made"),
        ("a 1.0", "changed by somebody: `a/c.py`; locked is the package as it was made"),
        ("mine.pth", "it adds folders to Python's path, and no package brought it"),
        ("gone.py, notes.txt", "no package brought it"),
    ]


def test_twice_the_same(tmp_path: Path) -> None:
    venv = write_venv(tmp_path / "env")
    for version in ("1.9", "1.10"):
        write_distribution(venv, "a", version)
    imported = read(venv)
    assert [p.version for p in pips(imported)] == ["1.10"]
    assert told(imported) == [("a 1.9", "1.10 is there as well, this is what is left of another one")]


def test_forms_from_before_wheels(tmp_path: Path) -> None:
    venv = write_venv(tmp_path / "work" / "env")
    site = venv / SITE
    (tmp_path / "work" / ".git").mkdir()
    write_project(tmp_path / "work" / "worked", "worked", "0.1", static=True)
    write_project(tmp_path / "elsewhere", "elsewhere", "0.1", static=True)
    (site / "old-1.0-py3.11.egg-info").write_text("Metadata-Version: 1.1\nName: old\nVersion: 1.0\n")
    (site / "egg-2.0-py3.11.egg" / "EGG-INFO").mkdir(parents=True)
    (site / "egg-2.0-py3.11.egg" / "EGG-INFO" / "PKG-INFO").write_text("Name: egg\nVersion: 2.0\n")
    (site / "zipped-1.0-py3.11.egg").write_text("")
    (site / "worked.egg-link").write_text(f"{tmp_path}/work/worked\n.")
    (site / "elsewhere.egg-link").write_text(f"{tmp_path}/elsewhere\n.")
    (site / "easy-install.pth").write_text(f"{tmp_path}/work/worked\n")
    imported = read(venv)
    assert [(p.name, p.version, p.files) for p in pips(imported)] == [("egg", "2.0", ()), ("old", "1.0", ())]
    assert [(e.path, e.name) for e in imported.spec.pip.editable] == [("../worked", "worked")]
    unknown = "nothing here says which file it was installed from: the best of its version on the index is locked"
    assert told(imported) == [
        ("zipped-1.0-py3.11.egg", "corrupt or half removed: it is a zip file, in the form that was before wheels"),
        ("egg 2.0", unknown),
        (
            "elsewhere",
            f"it is installed editable, and `{tmp_path}/elsewhere` is outside of the repository: copy it into the"
            " repository, and `envlock add` it from there",
        ),
        ("old 1.0", unknown),
    ]


def test_a_link_that_leads_out_is_not_read(tmp_path: Path) -> None:
    venv = write_venv(tmp_path / "env")
    folder = write_distribution(venv, "a", files={})
    (folder / "METADATA").rename(tmp_path / "METADATA")
    (folder / "METADATA").symlink_to(tmp_path / "METADATA")
    ((what, why),) = told(read(venv))
    assert (what, why) == (
        "a-1.0.dist-info",
        f"corrupt or half removed: its METADATA is a link that leads out of `{venv}`",
    )


def test_packages_that_lie_elsewhere_are_not_left_out_silently(tmp_path: Path) -> None:
    venv = write_venv(tmp_path / "env")
    write_distribution(venv, "a")
    (venv / SITE).rename(tmp_path / "elsewhere")
    (venv / SITE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match=f"its `{SITE}` is a link that leads out of it"):
        read(venv)


def test_a_record_without_end(tmp_path: Path) -> None:
    record = write_distribution(write_venv(tmp_path / "env"), "a", files={}) / "RECORD"
    with record.open("wb") as file:
        file.truncate(LIMIT + 1)
    ((what, why),) = told(read(tmp_path / "env"))
    assert (what, why) == ("a-1.0.dist-info", "corrupt or half removed: its RECORD is larger than 64 MiB")


def test_no_code_of_it_is_run(tmp_path: Path) -> None:
    venv = write_venv(tmp_path / "env")
    (venv / "bin").mkdir()
    (venv / "bin" / "python").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (venv / "bin" / "python").chmod(0o755)
    (venv / SITE / "x.pth").write_text(f"import os; os.mknod('{tmp_path}/ran')\n")
    (venv / SITE / "sitecustomize.py").write_text(f"import os; os.mknod('{tmp_path}/ran')\n")
    assert [what for what, _ in told(read(venv))] == ["x.pth", "sitecustomize.py"]
    assert not (tmp_path / "ran").exists()


CONFIGURATIONS = [
    (("version = 3.11.7",), "3.11.7", []),
    (("version_info = 3.11.7.final.0",), "3.11.7", []),
    (("version_info = 3.11.7", "implementation = CPython", "uv = 0.9"), "3.11.7", []),
    (("home = /usr/bin",), "3.11", []),
    (
        ("version = 3.11.7", "include-system-site-packages = true"),
        "3.11.7",
        [("include-system-site-packages = true", "packages of the system's Python, which are seen in it too")],
    ),
]


@pytest.mark.parametrize(("lines", "python", "remarks"), CONFIGURATIONS)
def test_configurations(tmp_path: Path, lines: tuple[str, ...], python: str, remarks: list[Any]) -> None:
    imported = read(write_venv(tmp_path / "project" / ".venv", *lines))
    assert (imported.pinned[0].python, imported.spec.python, imported.spec.name) == (python, "3.11", "project")
    assert told(imported) == remarks


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (("version = 3.11.7", "implementation = PyPy"), "its Python is PyPy: environments are for CPython"),
        (("version = 3.12.1",), r"there is no Python 3.12.1 in it that could be told: lib/python3.11"),
    ],
)
def test_configurations_that_cannot_be(tmp_path: Path, lines: tuple[str, ...], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        read(write_venv(tmp_path / "env", *lines))


def test_a_configuration_that_cannot_be_read(tmp_path: Path) -> None:
    venv = write_venv(tmp_path / "env")
    (venv / "pyvenv.cfg").write_bytes(b"\xff")
    with pytest.raises(UserInputError, match="is not UTF-8 text"):
        read(venv)


def test_a_later_glibc_that_wheels_need(tmp_path: Path) -> None:
    venv = write_venv(tmp_path / "env")
    write_distribution(venv, "a", tags=["cp311-cp311-manylinux_2_34_x86_64"])
    write_distribution(venv, "b", tags=["cp311-cp311-manylinux_2_39_x86_64", "cp311-cp311-manylinux2014_x86_64"])
    ((name, system),) = read(venv, platforms=("linux-64",)).spec.systems
    assert (name, system.glibc) == ("linux-64", "2.34")
