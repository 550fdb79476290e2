"""`envlock add` and `envlock remove` for the packages of a base of Debian's."""

from pathlib import Path

import pytest

from tests.support.debian_archive import Archive, tiny_archive
from tests.support.debian_projects import debian_project
from tests.support.index_server import WheelFolders, serve_index
from tests.support.projects import Project, Result
from tests.support.tiny_project import NO_PROXY, failure
from tests.support.tiny_wheels import write_wheel
from tests.test_debian_lock import PACKAGES, both

MANIFEST = """\
# our service
name = "train"

[image]
user = "1000"

[image.debian]   # below all
suite = "bookworm"
mirror = "{mirror}"
keys = "./archive.asc"
# for the tests
packages = [
    'libb',   # the first, and best
    "tool (>= 1:1)",
]  # sorted
"""
LISTED = MANIFEST[MANIFEST.index("packages") :]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    packages = [*PACKAGES, *both("tool", "1:3.0-1"), *both("libgomp1", "12.2.0-14"), *both("numbers", "1.0-1")]
    return tiny_archive(tmp_path_factory.mktemp("archive"), packages)


def project_of(folder: Path, archive: Archive, text: str = MANIFEST) -> Project:
    text = text.replace("{mirror}", archive.mirror.as_uri())
    return debian_project(folder / "train", archive, text, cache=folder / "cache").given(**NO_PROXY)


@pytest.fixture
def project(tmp_path: Path, archive: Archive) -> Project:
    made = project_of(tmp_path, archive)
    made.must("lock")
    return made


def files(project: Project) -> tuple[bytes, bytes]:
    return project.manifest.read_bytes(), project.lockfile.read_bytes()


def notes(result: Result) -> list[str]:
    """What is said at the end, without the steps on the way."""
    assert result.code == 0, result
    return [line for line in result.stderr.splitlines() if not line.startswith("linux-")]


def refused(project: Project, *words: str) -> str:
    """How a call fails that changes neither file."""
    before = files(project)
    result = project.call(*words)
    assert result.code == 2, result
    assert files(project) == before
    return failure(result)


def locked(project: Project) -> dict[str, str]:
    names = {"liba", "libb", "libgomp1", "tool"}
    return {p.name: p.version for p in project.locked().debian if p.name in names}


def test_packages_get_their_place_and_go_again(project: Project) -> None:
    before = files(project)
    assert notes(project.call("add", "--debian", "libgomp1 (>= 12)", "liba=1.0-1")) == [
        "added `libgomp1 (>= 12)` to [image.debian] (env.toml:14)",
        "added `liba=1.0-1` to [image.debian] (env.toml:13)",
        "  liba      + 1.0-1      linux-64",
        "  libgomp1  + 12.2.0-14  linux-64",
        "wrote env.lock: 2 packages changed, 8 kept",
    ]
    changed = LISTED.replace("    'libb'", "    \"liba=1.0-1\",\n    'libb'")
    changed = changed.replace("best\n", 'best\n    "libgomp1 (>= 12)",\n')
    assert project.manifest.read_text().endswith(changed)
    project.must("check")
    after = files(project)
    project.must("lock")
    assert files(project) == after
    assert notes(project.call("remove", "libgomp1", "liba"))[:2] == [
        "removed `libgomp1 (>= 12)` from [image.debian] (env.toml:15)",
        "removed `liba=1.0-1` from [image.debian] (env.toml:13)",
    ]
    assert files(project) == before


def test_what_stands_there_is_changed_in_its_place(project: Project) -> None:
    before = files(project)
    assert notes(project.call("add", "--debian", "libb", "tool")) == [
        "`libb` stands in [image.debian] (env.toml:13) already",
        "`tool (>= 1:1)` stands in [image.debian] (env.toml:14) already",
        "env.lock answers env.toml: nothing to do",
    ]
    assert files(project) == before
    assert notes(project.call("add", "--debian", "tool (<< 1:3)")) == [
        "changed `tool (>= 1:1)` to `tool (<< 1:3)` in [image.debian] (env.toml:14)",
        "  liba  + 1.0-1            linux-64",
        "  tool  1:3.0-1 → 1:2.0-1  linux-64",
        "wrote env.lock: 2 packages changed, 7 kept",
    ]
    assert '    "tool (<< 1:3)",\n]  # sorted\n' in project.manifest.read_text()
    assert locked(project)["tool"] == "1:2.0-1"


def test_a_range_of_two_limits_is_changed_by_its_sides(project: Project) -> None:
    project.change('    "tool (>= 1:1)",\n', '    "tool (>= 1:1)",\n    "tool (<< 1:3)",\n')
    project.must("lock")
    assert locked(project)["tool"] == "1:2.0-1"
    project.must("check")
    project.must("add", "--debian", "tool (<= 1:3.0-1)")
    assert '    "tool (>= 1:1)",\n    "tool (<= 1:3.0-1)",\n' in project.manifest.read_text()
    assert refused(project, "add", "--debian", "tool=1:3.0-1") == (
        "error: `tool` stands 2 times in [image.debian]: `tool (>= 1:1)`, `tool (<= 1:3.0-1)`\n"
        "hint: give the operator of one of them\n"
    )
    assert [line for line in notes(project.call("remove", "tool")) if line.startswith("removed")] == [
        "removed `tool (<= 1:3.0-1)` from [image.debian] (env.toml:15)",
        "removed `tool (>= 1:1)` from [image.debian] (env.toml:14)",
    ]
    assert "tool" not in locked(project)


def test_a_list_that_is_not_there_is_made_and_goes_again(tmp_path: Path, archive: Archive) -> None:
    project = project_of(tmp_path, archive, MANIFEST.removesuffix(f"# for the tests\n{LISTED}"))
    project.must("lock")
    before = files(project)
    project.must("add", "--debian", "libb")
    assert project.manifest.read_bytes() == before[0] + b'packages = [\n    "libb",\n]\n'
    project.must("remove", "libb")
    assert files(project) == before


@pytest.mark.parametrize("inline", ["debian = {{ {rest} }}", 'debian = {{ packages = ["libb"], {rest} }}'])
def test_an_inline_table(tmp_path: Path, archive: Archive, inline: str) -> None:
    rest = f"suite = 'bookworm', mirror = '{archive.mirror.as_uri()}', keys = './archive.asc'"
    project = project_of(tmp_path, archive, f"name = 'train'\n[image]\n{inline.format(rest=rest)}\n")
    project.must("lock")
    before = files(project)
    project.must("add", "--debian", "liba")
    assert set(locked(project)) >= {"liba"}
    project.must("remove", "liba")
    assert locked(project).keys() == ({"libb"} if '"libb"' in inline else set())
    assert before[1] == project.lockfile.read_bytes()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["add", "--debian", "libgomp1>=12"],
            "error: expected a name, `NAME (>= VERSION)` or `NAME=VERSION`, got `libgomp1>=12`\n",
        ),
        (
            ["add", "--debian", "liba", "--group", "dev"],
            "error: --debian is for the base of the image, which is the same for all groups and platforms\n"
            "hint: see `envlock add --help`\n",
        ),
        (
            ["add", "--debian", "liba", "--platform", "linux-64"],
            "error: --debian is for the base of the image, which is the same for all groups and platforms\n"
            "hint: see `envlock add --help`\n",
        ),
        (
            ["add", "--debian", "--editable", "."],
            "error: --editable is for [pip] alone, and for every platform\nhint: see `envlock add --help`\n",
        ),
        (
            ["remove", "--pip", "tool"],
            "error: `tool` is not in [pip], but in [image.debian] (env.toml:14)\n"
            "hint: `envlock remove --debian tool`\n",
        ),
        (
            ["remove", "tol"],
            "error: `tol` is not in [conda], [pip] or [image.debian]\nhint: did you mean `tool`?\n",
        ),
        (
            ["remove", "libstdc++6"],
            "error: `libstdc++6` is not in [conda], [pip] or [image.debian]\n"
            "hint: `envlock show` lists what is locked, `envlock why NAME` who needs it\n",
        ),
        (
            ["remove", "tool (>= 1:1)"],
            "error: `tool (>= 1:1)` is not a name\nhint: give the name alone: `envlock remove numpy`\n",
        ),
        (
            ["remove", "--group", "dev", "tool"],
            "error: `tool` is not in [groups.dev.conda] or [groups.dev.pip], but in [image.debian] (env.toml:14)\n"
            "hint: `envlock remove --debian tool`\n",
        ),
    ],
)
def test_refused(project: Project, words: list[str], message: str) -> None:
    assert refused(project, *words) == message


def test_what_cannot_be_locked_is_not_written(project: Project) -> None:
    assert refused(project, "add", "--debian", "liba", "libgomp1 (>= 13)").startswith(
        "error: no `libgomp1 (>= 13)` (env.toml) in Debian bookworm: there is `libgomp1` 12.2.0-14\n"
        "  env.toml and env.lock stay as they are\n"
    )


@pytest.mark.parametrize("image", ["", '[image]\nbase = "scratch"\n'])
def test_without_a_base_of_debian_s(tmp_path: Path, archive: Archive, image: str) -> None:
    project = project_of(tmp_path, archive, f'name = "train"\n{image}')
    result = project.call("add", "--debian", "git")
    instead = ' in place of `base = "scratch"`' if image else ""
    assert (result.code, failure(result)) == (
        2,
        "error: `train` has no [image.debian], which would hold Debian's packages\n"
        f'hint: write `[image.debian]` with `suite = "bookworm"` into env.toml{instead}\n',
    )
    assert project.manifest.read_text() == f'name = "train"\n{image}'


def test_what_comes_from_another_file(project: Project) -> None:
    """It is removed there; a package that is added here stands beside it, and goes again."""
    text = project.manifest.read_text()
    (project.folder / "base.toml").write_text(text)
    project.manifest.write_text('name = "train"\nextends = "base.toml"\n')
    project.must("lock")
    before = files(project)
    assert refused(project, "remove", "tool") == (
        "error: `tool` does not stand in env.toml itself, but in base.toml:14\nhint: remove it there\n"
    )
    project.must("add", "--debian", "liba", "tool (<< 1:3)")
    assert project.manifest.read_bytes() == before[0] + (
        b'\n[image.debian]\npackages = [\n    "liba",\n    "tool (<< 1:3)",\n]\n'
    )
    assert locked(project) == {"liba": "1.0-1", "libb": "1.0-1", "tool": "1:2.0-1"}
    project.must("remove", "liba", "tool")
    assert project.manifest.read_bytes() == before[0]
    assert locked(project).keys() >= {"libb", "tool"}


def test_which_kind_is_meant(project: Project, tmp_path: Path) -> None:
    write_wheel(tmp_path / "wheels", "numbers", "1.0")
    with serve_index(WheelFolders((tmp_path / "wheels",))) as server:
        index = f'[pip]\ndependencies = ["numbers"]\n[[pip.indexes]]\nname = "ours"\nurl = "{server.url}"\n'
        project.change("\n[image]\n", f"\n{index}default = true\n\n[image]\n")
        project.must("add", "--debian", "numbers")
        # as only Debian's can be read, and where the name stands
        assert notes(project.call("add", "libstdc++6", "libb (>= 1)"))[:2] == [
            "added `libstdc++6` to [image.debian] (env.toml:21)",
            "changed `libb` to `libb (>= 1)` in [image.debian] (env.toml:20)",
        ]
        assert refused(project, "remove", "numbers") == (
            "error: `numbers` is in [pip] (env.toml:5) and [image.debian] (env.toml:22)\n"
            "hint: say which one: `--pip` or `--debian`\n"
        )
        assert refused(project, "add", "tini").endswith("`envlock add --debian tini` takes it from Debian\n")
        project.must("remove", "--debian", "numbers")
        assert '"numbers"' in project.manifest.read_text()
        assert notes(project.call("remove", "numbers"))[0] == "removed `numbers` from [pip] (env.toml:5)"


def test_names_are_completed(project: Project) -> None:
    variables = {"_ENVLOCK_COMPLETE": "bash_complete", "COMP_WORDS": "envlock remove to", "COMP_CWORD": "2"}
    assert project.given(**variables).call().stdout == "plain,tool\n"


def test_a_dry_run_and_no_lock(project: Project) -> None:
    before = files(project)
    result = project.call("add", "--debian", "liba", "--dry-run")
    assert '\n+    "liba",\n' in result.stdout
    assert files(project) == before
    project.must("add", "--debian", "liba", "--no-lock")
    assert files(project)[1] == before[1]
    assert project.call("check").code == 1
