"""pyproject.toml as `import` takes it: the tables of the standards, and those of uv, poetry and pixi."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.dependency_groups import resolve_dependency_groups
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from envlock.errors import UserInputError
from envlock.interchange.pip import project_import
from envlock.interchange.pip.poetry_versions import platform_marker, python_marker, specifiers
from envlock.interchange.pip.requirement_words import LOGIN
from envlock.interchange.source import Source
from envlock.manifest.editor import new_manifest
from envlock.manifest.reader import read_manifest
from envlock.model.imported import Imported
from envlock.model.toml_strings import basic_string
from tests.support.projects import new_project

DEFAULT = "https://default.test/simple"


def read(folder: Path, text: str, **more: object) -> Imported:
    path = folder / "pyproject.toml"
    path.write_text(dedent(text))
    imported = project_import.read(
        Source(path=path, text=path.read_text(), default_index=DEFAULT, **more)  # type: ignore[arg-type]
    )
    if imported.spec.name:
        (folder / "env.toml").write_text(new_manifest(imported.spec))
        assert replace(read_manifest(folder / "env.toml"), files=()) == imported.spec
    return imported


def said(imported: Imported) -> list[tuple[int | None, str]]:
    return [(each.line, each.what) for each in imported.remarks if not each.what.startswith("project ")]


PROJECT = """\
    [project]
    name = "Acme.Train"
    version = "1"
    requires-python = "==3.11.*"
    dependencies = ["Flask >=3", "acme-train[fast]"]
    [project.optional-dependencies]
    Fast_Ones = ["uvloop ; sys_platform != 'win32'"]
    fast = ["orjson"]
    all = ["acme.train[fast-ones] ; python_version > '3.9'", "acme-train[fast,all]", "rich"]
    [dependency-groups]
    test = ["pytest>=8", {include-group = "Lint"}]
    lint = ["ruff"]
"""


def test_extras_and_dependency_groups_become_groups(tmp_path: Path) -> None:
    imported = read(tmp_path, PROJECT)
    spec = imported.spec
    assert (spec.name, spec.python, spec.pip.dependencies) == ("acme-train", "3.11", ("flask>=3", "orjson"))
    assert {name: wants.pip for name, wants in spec.groups} == {
        "all": ("orjson", "rich", 'uvloop; sys_platform != "win32" and python_version > "3.9"'),
        "fast": ("orjson",),
        "fast-ones": ('uvloop; sys_platform != "win32"',),
        "lint": ("ruff",),
        "test": ("pytest>=8", "ruff"),
    }
    ((line, what, why),) = [(each.line, each.what, each.why) for each in imported.remarks]
    assert (line, what) == (1, "project Acme.Train")
    assert '`[pip] editable = ["."]`' in why


def test_only_the_groups_that_are_asked_for_come_where_some_are(tmp_path: Path) -> None:
    imported = read(tmp_path, PROJECT, groups=("Fast-Ones", "lint"))
    assert [name for name, _ in imported.spec.groups] == ["fast-ones", "lint"]
    with pytest.raises(ValueError, match="no extra or dependency group `absent`"):
        read(tmp_path, PROJECT, groups=("absent",))


@pytest.mark.parametrize(
    ("limits", "python"),
    [
        ("==3.11.*", "3.11"),
        ("~=3.11.2", "3.11"),
        (">=3.12,<3.13", "3.12"),
        ("==3.11.7", "3.11.7"),
        (">=3.9", None),
        (">=3.9,<4", None),
        ("what", None),
    ],
)
def test_no_python_is_invented(tmp_path: Path, limits: str, python: str | None) -> None:
    imported = read(tmp_path, f'[project]\nname = "a"\nversion = "1"\nrequires-python = "{limits}"\n')
    assert imported.spec.python == python
    assert said(imported) == ([] if python else [(4, f"requires-python: {limits}")])


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ('[project]\nname = "a"\ndynamic = ["version", "dependencies"]', 3, "dynamic: dependencies"),
        ('[project]\nname = "a"\ndependencies = ["b=1"]', 3, "b=1"),
        ('[project]\nname = "a"\ndependencies = [1]', 3, "1"),
        ('[project]\nname = "a"\ndependencies = ["a[x]"]', 3, "a[x]"),
        ('[project]\nname = "a"\ndependencies = ["b @ file:///x/b"]', 3, "b @ file:///x/b"),
        ('[dependency-groups]\na = [{include-group = "b"}]', 2, "include-group: b"),
        ('[dependency-groups]\na = [{include-group = "a"}]', 2, "include-group: a"),
        ('[dependency-groups]\na = [{other = "b"}]', 2, "{'other': 'b'}"),
        ('[project.optional-dependencies]\na = []\n[dependency-groups]\na = ["b"]', 4, "a"),
        ('[tool.hatch.envs.x]\ndependencies = ["a"]', 1, "tool.hatch.envs"),
        ('[tool.conda-lock]\nchannels = ["a"]', 1, "tool.conda-lock"),
        ('[tool.uv]\noverride-dependencies = ["a==1"]', 2, "tool.uv.override-dependencies"),
        ('[tool.uv]\nconstraint-dependencies = ["a"]', 2, "a"),
        ("[tool.uv.sources]\na = { workspace = true }", 2, "a: workspace"),
        ('[tool.uv.sources]\na = { index = "b" }', 2, "a: index b"),
        ('[tool.uv.sources]\na = { path = "gone", editable = true }', 2, "a: gone"),
        ('[tool.poetry.dependencies]\na = "^1 || ^3"', 2, "a = ^1 || ^3"),
        ('[tool.poetry.dependencies]\na = { version = "1", optional = true }', 2, "a"),
        ('[tool.poetry.dependencies]\na = { version = "1", allow-prereleases = true }', 2, "a: allow-prereleases"),
        ('[tool.poetry.dependencies]\npython = "~2.7 || ^3.4"', 2, "python = ~2.7 || ^3.4"),
        ('[tool.pixi.tasks]\na = "b"', 1, "tool.pixi.tasks"),
        ('[tool.pixi.dependencies]\na = { git = "b" }', 2, "a = {'git': 'b'}"),
        (
            '[tool.pixi.pypi-dependencies]\na = { path = ".", editable = true }',
            2,
            "a = {'path': '.', 'editable': True}",
        ),
    ],
)
def test_what_is_not_carried_over_is_named(tmp_path: Path, text: str, line: int, what: str) -> None:
    assert said(read(tmp_path, text)) == [(line, what)]


def test_what_is_no_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(UserInputError, match=r"pyproject\.toml:2"):
        read(tmp_path, "[project]\nname = \n")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('dependency-groups = {a = "b", c = {x = 1}}', [(1, "a"), (1, "c")]),
        (
            '[project]\nname = "p"\ndependencies = ["p[x]; os_name != \'nt\'"]\noptional-dependencies = {x = ["b b"]}',
            [(4, "b b")],
        ),
        ('[tool.uv]\nindex = ["x"]\nexclude-newer = "2025-99-01"', [(2, "x"), (3, "exclude-newer: 2025-99-01")]),
        ('[[tool.uv.index]]\nname = "x"\nurl = "https://acme.test/s"\nexplicit = true', [(1, "https://acme.test/s")]),
        (
            '[project]\ndependencies = ["a"]\n[tool.uv.sources]\na = {git = "https://acme.test/a", lfs = true}',
            [(4, "a: lfs = True")],
        ),
        ('[tool.uv]\ndependency-groups = {dev = {requires-python = ">=3.12"}}', [(2, "tool.uv.dependency-groups")]),
        ('[tool.poetry.dependencies]\na = ">=1.2.*"', [(2, "a = >=1.2.*")]),
        ('[tool.poetry.group.a]\ninclude-groups = ["b"]', [(2, "include-groups: b")]),
        ('[tool.poetry]\nextras = {x = ["a"]}\nsource = [5]', [(3, "5"), (2, "x: a")]),
        (
            '[project]\ndependencies = ["a>=1"]\n[tool.poetry.dependencies]\na = "<3"\nb = "*"',
            [(4, "a = <3"), (5, "b")],
        ),
        ("[tool.pixi.pypi-dependencies]\na = 5", [(2, "a = 5")]),
        ('[project]\nrequires-python = "==3.6.*"', [(2, "requires-python: ==3.6.*")]),
        (
            '[tool.pdm.dev-dependencies]\na = ["-e file:///${PROJECT_ROOT}/own"]',
            [(2, "-e file:///${PROJECT_ROOT}/own")],
        ),
    ],
)
def test_what_means_nothing_or_has_no_place_is_named(tmp_path: Path, text: str, named: list[tuple[int, str]]) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "pyproject.toml").write_text('[project]\nname = "own"\n')
    assert said(read(tmp_path, text)) == named


def test_what_names_one_another_again_and_again_is_read_once(tmp_path: Path) -> None:
    names = [f"g{number}" for number in range(40)]
    text = '[project]\nname = "p"\n[dependency-groups]\n'
    for one, next_one in pairwise(names):
        text += f'{one} = [{{include-group = "{next_one}"}}, {{include-group = "{next_one}"}}]\n'
    text += 'g39 = ["a"]\n[project.optional-dependencies]\n'
    text += "".join(
        f'e{number} = ["p[{",".join(names[:14]).replace("g", "e")}]", "d{number}"]\n' for number in range(14)
    )
    groups = dict(read(tmp_path, text).spec.groups)
    assert groups["g0"].pip == ("a",)
    assert len(groups["e0"].pip) == 14
    deep = "".join(f'g{n} = [{{include-group = "g{n + 1}"}}]\n' for n in range(1100))
    assert (102, "include-group: g101") in said(read(tmp_path, f'[dependency-groups]\n{deep}g1100 = ["a"]\n'))


def test_a_package_has_the_index_of_the_platforms_that_are_wanted(tmp_path: Path) -> None:
    text = """\
        [project]
        dependencies = ["torch"]
        [tool.uv.sources]
        torch = [
            {index = "Torch.CPU", marker = "sys_platform == 'darwin'"},
            {index = "torch-cuda", marker = "sys_platform == 'linux'"},
        ]
        [[tool.uv.index]]
        name = "Torch.CPU"
        url = "https://acme.test/cpu"
        explicit = true
        [[tool.uv.index]]
        name = "torch-cuda"
        url = "https://acme.test/cuda"
        explicit = true
        """
    one = read(tmp_path, text)
    assert [(index.name, index.packages) for index in one.spec.pip.indexes] == [("torch-cuda", ("torch",))]
    assert [what for _, what in said(one)] == ["https://acme.test/cpu"]
    both = read(tmp_path, text, platforms=("linux-64", "osx-arm64"))
    assert [(index.name, index.packages) for index in both.spec.pip.indexes] == [("torch-cpu", ("torch",))]
    assert [what for _, what in said(both)] == ["torch: index torch-cuda", "https://acme.test/cuda"]


def test_indexes_of_one_name_get_others(tmp_path: Path) -> None:
    tables = "".join(f'[[tool.uv.index]]\nname = "Own"\nurl = "https://{host}.test/s"\n' for host in "abc")
    imported = read(tmp_path, f'[project]\nname = "p"\n{tables}')
    assert [index.name for index in imported.spec.pip.indexes] == ["own", "b", "c"]


def test_poetry_adds_where_it_is_from_to_what_the_project_asks_for(tmp_path: Path) -> None:
    imported = read(
        tmp_path,
        """\
        [project]
        name = "p"
        dependencies = ["a>=1 ; python_version < '4'"]
        optional-dependencies = {x = ["b"]}
        [tool.poetry.dependencies]
        a = {source = "own"}
        b = {git = "https://acme.test/b", optional = true}
        [tool.poetry.group.lint.dependencies]
        ruff = "*"
        [tool.poetry.group.dev]
        include-groups = ["lint"]
        [[tool.poetry.source]]
        name = "own"
        url = "https://user:hunter2@acme.test/simple"
        priority = "explicit"
        """,
    )
    spec = imported.spec
    assert spec.pip.dependencies == ('a>=1; python_version < "4"',)
    assert {name: wants.pip for name, wants in spec.groups} == {
        "dev": ("ruff",),
        "lint": ("ruff",),
        "x": ("b @ git+https://acme.test/b",),
    }
    assert [(index.name, index.packages) for index in spec.pip.indexes] == [("own", ("a",))]
    assert [(each.what, each.why) for each in imported.remarks if "project" not in each.what] == [
        ("https://acme.test/simple", LOGIN)
    ]


def test_uv_says_where_packages_come_from(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "pyproject.toml").write_text(
        '[project]\nname = "lib"\nversion = "1"\ndependencies = ["deep"]\n'
    )
    imported = read(
        tmp_path,
        """\
        [project]
        name = "a"
        version = "1"
        dependencies = ["lib", "torch>=2", "rich[x]>=1; os_name == 'posix'", "own", "plain"]
        [tool.uv]
        constraint-dependencies = ["numpy<2"]
        exclude-newer = "2026-01-31"
        dev-dependencies = ["pytest"]
        package = false
        [tool.uv.sources]
        lib = { path = "lib", editable = true }
        torch = { index = "torch-cpu" }
        rich = { git = "https://user:hunter2@acme.test/rich", tag = "v1", subdirectory = "py" }
        own = { url = "https://acme.test/own-1.0-py3-none-any.whl" }
        [[tool.uv.index]]
        name = "torch-cpu"
        url = "https://torch.acme.test/whl/cpu"
        explicit = true
        [[tool.uv.index]]
        name = "unused"
        url = "https://unused.acme.test/simple"
        explicit = true
        [[tool.uv.index]]
        name = "main"
        url = "https://main.acme.test/simple"
        default = true
        """,
    )
    spec = imported.spec
    assert spec.pip.dependencies == (
        "own @ https://acme.test/own-1.0-py3-none-any.whl",
        "plain",
        'rich[x] @ git+https://acme.test/rich@v1#subdirectory=py ; os_name == "posix"',
        "torch>=2",
    )
    assert [(each.path, each.dependencies) for each in spec.pip.editable] == [("./lib", ("deep",))]
    assert [(each.name, each.default, each.packages) for each in spec.pip.indexes] == [
        ("torch-cpu", False, ("torch",)),
        ("main", True, ()),
    ]
    assert (spec.pip.constraints, spec.lock.exclude_newer) == (("numpy<2",), "2026-02-01T00:00:00Z")
    assert dict(spec.groups)["dev"].pip == ("pytest",)
    assert "hunter2" not in repr(imported)


def test_poetry_is_read_as_pep_508(tmp_path: Path) -> None:
    imported = read(
        tmp_path,
        """\
        [tool.poetry]
        name = "a"
        [tool.poetry.dependencies]
        python = "~3.11"
        Flask = "^3.0.1"
        lots = ["<=1.9", { version = "~2.1", python = "^3.8", platform = "linux" }]
        lib = { git = "git@acme.test:acme/lib.git", branch = "main", extras = ["x"] }
        fast = { version = "*", optional = true }
        torch = { version = "2.*", source = "cpu" }
        [tool.poetry.extras]
        speed = ["fast"]
        [tool.poetry.dev-dependencies]
        black = "24.1"
        [tool.poetry.group.docs.dependencies]
        sphinx = ">=7 <9"
        [[tool.poetry.source]]
        name = "cpu"
        url = "https://cpu.acme.test/simple"
        priority = "explicit"
        """,
    )
    spec = imported.spec
    assert (spec.name, spec.python) == ("a", "3.11")
    assert spec.pip.dependencies == (
        "flask<4.0,>=3.0.1",
        "lib[x] @ git+ssh://git@acme.test/acme/lib.git@main",
        'lots<2.2,>=2.1; (python_version < "4.0" and python_version >= "3.8") and sys_platform == "linux"',
        "lots<=1.9",
        "torch==2.*",
    )
    assert {name: wants.pip for name, wants in spec.groups} == {
        "dev": ("black==24.1",),
        "docs": ("sphinx<9,>=7",),
        "speed": ("fast",),
    }
    assert [(each.name, each.packages) for each in spec.pip.indexes] == [("cpu", ("torch",))]
    assert imported.remarks == ()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("^1.2.3", ">=1.2.3,<2.0"),
        ("^1", ">=1,<2.0"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("^0.0", ">=0.0,<0.1"),
        ("^0", ">=0,<1.0"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1.2", ">=1.2,<1.3"),
        ("~1", ">=1,<2.0"),
        ("1.2.*", "==1.2.*"),
        ("!=1.2.*", "!=1.2.*"),
        ("*", ""),
        ("1.2", "==1.2"),
        (">= 1.2, < 2", ">=1.2,<2"),
        (">=1.2 <2 !=1.5", ">=1.2,<2,!=1.5"),
        ("~=1.2", "~=1.2"),
    ],
)
def test_constraints_of_poetry(text: str, found: str) -> None:
    assert SpecifierSet(specifiers(text)) == SpecifierSet(found)


@given(
    release=st.lists(st.integers(0, 3), min_size=1, max_size=3),
    other=st.lists(st.integers(0, 4), min_size=3, max_size=3),
)
def test_a_caret_keeps_what_stands_left_of_the_first_number_that_is_not_0(release: list[int], other: list[int]) -> None:
    padded = [*release, 0, 0][:3]
    at = next((number for number, part in enumerate(release) if part), len(release) - 1)
    wanted = other >= padded and other[:at] == padded[:at] and other[at] == padded[at]
    text = ".".join(map(str, release))
    assert SpecifierSet(specifiers(f"^{text}")).contains(Version(".".join(map(str, other)))) == wanted


@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("*", ""),
        ("^3.8", 'python_version < "4.0" and python_version >= "3.8"'),
        ("3.11.*", 'python_version == "3.11"'),
        (">=3.8.1", 'python_full_version >= "3.8.1"'),
        ("<3.9 || >=3.11", '(python_version < "3.9") or (python_version >= "3.11")'),
    ],
)
def test_pythons_of_poetry(text: str, marker: str) -> None:
    assert python_marker(text) == marker
    assert not marker or Requirement(f"a ; {marker}").marker


def test_platforms_of_poetry() -> None:
    assert platform_marker("linux || darwin") == 'sys_platform == "linux" or sys_platform == "darwin"'
    assert platform_marker("!=win32") == 'sys_platform != "win32"'
    with pytest.raises(ValueError, match="no platform"):
        platform_marker("Linux-64")


def test_pixi_brings_conda_dependencies(tmp_path: Path) -> None:
    imported = read(
        tmp_path,
        """\
        [project]
        name = "a"
        version = "1"
        requires-python = ">=3.10"
        [tool.pixi.workspace]
        channels = ["conda-forge"]
        platforms = ["linux-64", "osx-arm64"]
        [tool.pixi.dependencies]
        python = "3.11.*"
        numpy = ">=1.26,<2"
        any = "*"
        exact = { version = "1.2", build = "py*_0", channel = "conda-forge" }
        [tool.pixi.pypi-dependencies]
        flask = { version = ">=3", extras = ["async"] }
        [tool.pixi.target.linux-64.dependencies]
        gcc = "*"
        [tool.pixi.feature.test.dependencies]
        pytest = "*"
        """,
    )
    spec = imported.spec
    assert (spec.python, spec.platforms, spec.conda.channels) == ("3.11", ("linux-64", "osx-arm64"), ("conda-forge",))
    assert [text.replace("conda-forge::", "") for text in spec.conda.dependencies][:1] == ["any"]
    assert {text.rpartition("::")[2].split()[0] for text in spec.conda.dependencies} == {"any", "exact", "numpy"}
    assert spec.pip.dependencies == ("flask[async]>=3",)
    assert {name: wants.conda for name, wants in spec.platform_wants} == {"linux-64": ("gcc",)}
    assert {name: wants.conda for name, wants in spec.groups} == {"test": ("pytest",)}


GROUP_NAMES = ("a", "b", "c", "d")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    groups=st.fixed_dictionaries(
        {
            # each includes later ones alone, so that there is no cycle
            name: st.lists(
                st.one_of(
                    st.sampled_from(["x>=1", "y[z]", "z ; os_name == 'nt'", "x<3"]),
                    st.sampled_from(GROUP_NAMES[number + 1 :] or ("",)).map(lambda name: {"include-group": name}),
                ),
                max_size=4,
            ).map(lambda items: [item for item in items if item != {"include-group": ""}])
            for number, name in enumerate(GROUP_NAMES)
        }
    )
)
def test_groups_include_one_another_as_packaging_has_it(
    tmp_path: Path, groups: dict[str, list[str | dict[str, str]]]
) -> None:
    lines = [f"{name} = [{', '.join(_toml(item) for item in items)}]" for name, items in groups.items()]
    imported = read(tmp_path, "\n".join(["[dependency-groups]", *lines]))
    assert imported.remarks == ()
    for name, wants in imported.spec.groups:
        judged = [Requirement(text) for text in resolve_dependency_groups(groups, name)]
        assert {each.name for each in judged} == {Requirement(text).name for text in wants.pip}
        assert _clauses(judged) == _clauses(map(Requirement, wants.pip))


def _clauses(requirements: Iterable[Requirement]) -> set[tuple[str, str]]:
    return {(each.name, str(clause)) for each in requirements for clause in each.specifier}


def _toml(item: str | dict[str, str]) -> str:
    return basic_string(item) if isinstance(item, str) else f"{{include-group = {basic_string(item['include-group'])}}}"


def test_a_project_is_imported_from_the_command_line(tmp_path: Path) -> None:
    project = new_project(tmp_path / "small", "", cache=tmp_path / "cache")
    project.manifest.unlink()
    (project.folder / "pyproject.toml").write_text(dedent(PROJECT))
    result = project.call("import", "pyproject.toml", "--group", "test")
    assert result.code == 0, result
    assert "pyproject.toml:1: `project Acme.Train`" in result.stdout + result.stderr
    spec = read_manifest(project.manifest)
    assert (spec.name, spec.python, [name for name, _ in spec.groups]) == ("acme-train", "3.11", ["test"])
    assert not project.lockfile.exists()
