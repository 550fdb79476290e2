"""environment.yml, imported: what each thing in it comes to in env.toml, and what is said of the rest."""

from pathlib import Path
from typing import Any

import pytest

from envlock.errors import UserInputError
from envlock.interchange.foreign import FOREIGN, foreign_of
from envlock.interchange.source import Source
from envlock.model.imported import Imported
from envlock.model.spec import Wants

HERE = Path("/nowhere/environment.yml")
HEAD = "channels: [conda-forge]\n"
SHA256 = "a" * 64


def imported(text: str, path: Path = HERE, **more: Any) -> Imported:
    kind = foreign_of(path, text)
    assert kind == "environment.yml"
    return FOREIGN[kind].read(Source(path=path, text=text, **more))


def of_items(*items: str, **more: Any) -> Imported:
    return imported(HEAD + "dependencies:\n" + "".join(f"  - {item}\n" for item in items), **more)


def said(found: Imported) -> list[str]:
    return [f"{remark.line}: `{remark.what}`: {remark.why}" for remark in found.remarks]


@pytest.mark.parametrize(
    ("item", "dependency"),
    [
        ("numpy", "numpy"),
        ("NumPy", "numpy"),
        ("numpy=1.2", "numpy 1.2.*"),
        ("numpy =1.2", "numpy 1.2.*"),
        ("numpy = 1.2", "numpy 1.2.*"),
        ("numpy==1.2", "numpy ==1.2"),
        ("numpy 1.2.*", "numpy 1.2.*"),
        ("numpy=1.2=py311_0", "numpy 1.2 py311_0"),
        ("numpy=1.2=*cpu*", "numpy 1.2 *cpu*"),
        ("numpy >=1.2,<2", "numpy <2,>=1.2"),
        ("numpy>=1.2 , <2", "numpy <2,>=1.2"),
        ("numpy 1.2|1.3|>=2", "numpy ==1.2|==1.3|>=2"),
        ("numpy~=1.2", "numpy ~=1.2"),
        ("numpy !=1.3", "numpy !=1.3"),
        ("\"numpy[version='>=1.2', build=py311*]\"", "numpy >=1.2 py311*"),
        ("'numpy[build_number=\">=3\"]'", 'numpy[build_number=">=3"]'),
        ("conda-forge::numpy", "conda-forge::numpy"),
        ("conda-forge/noarch::numpy", "conda-forge/noarch::numpy"),
        ("https://conda.anaconda.org/conda-forge::numpy>=1", "conda-forge::numpy >=1"),
        ("_openmp_mutex=4.5", "_openmp_mutex 4.5.*"),
        ("!!str 7zip", "7zip"),
    ],
)
def test_a_dependency_of_conda(item: str, dependency: str) -> None:
    found = of_items(item)
    assert (found.spec.conda.dependencies, said(found)) == ((dependency,), [])


@pytest.mark.parametrize(
    ("item", "python", "dependencies"),
    [
        ("python=3.11", "3.11", ("x",)),
        ("python 3.11.*", "3.11", ("x",)),
        ("python=3.11.7", "3.11.7", ("x",)),
        ("python==3.11.7", "3.11.7", ("x",)),
        ("python=3.10", "3.10", ("x",)),
        ("python>=3.9", None, ("python >=3.9", "x")),
        ("python=3.7", None, ("python 3.7.*", "x")),
        ("python=2.7.18", None, ("python 2.7.18.*", "x")),
        ("python=3", None, ("python 3.*", "x")),
        ("python", None, ("python", "x")),
        ("python=3.11=*_cpython", None, ("python 3.11 *_cpython", "x")),
        ("conda-forge::python=3.11", None, ("conda-forge::python 3.11.*", "x")),
        ("y", None, ("x", "y")),
    ],
)
def test_python_is_a_key_where_it_is_one_minor_or_version(
    item: str, python: str | None, dependencies: tuple[str, ...]
) -> None:
    found = of_items(item, "x")
    assert (found.spec.python, found.spec.conda.dependencies, said(found)) == (python, dependencies, [])


def test_python_alone_stays_one_of_conda() -> None:
    spec = of_items("python=3.11", "pip: [flask]").spec
    assert (spec.python, spec.conda.dependencies, spec.pip.dependencies) == ("3.11", ("python 3.11.*",), ("flask",))
    assert spec.has_conda


@pytest.mark.parametrize(
    ("items", "dependencies"),
    [
        (("x", "x"), ("x",)),
        (("x", "x>=1"), ("x >=1",)),
        (("x>=1", "x<2"), ("x <2,>=1",)),
        (("x>=1", "x 2|3"), ("x ==2,>=1|==3,>=1",)),
        (("x>=1", "conda-forge::x"), ("conda-forge::x", "x >=1")),
    ],
)
def test_what_is_asked_for_twice_is_asked_for_once(items: tuple[str, ...], dependencies: tuple[str, ...]) -> None:
    found = of_items(*items)
    assert (found.spec.conda.dependencies, said(found)) == (dependencies, [])


CHANNEL = "no channel of `channels`: it is the last one there now, for every package"
OWN = "env.toml has no URL before `::`: its channel is among `channels`, and others may have it"
SHOWN = "expected a match spec such as `numpy >=1.26,<2`"
DIGEST = "the digest of what is locked stands in env.lock"
LOGIN = "its credentials are taken out: keep them in netrc or in the file that RATTLER_AUTH_FILE names"
UNKNOWN = "nobody here can tell what this selector is for: the line holds on every platform"


@pytest.mark.parametrize(
    ("item", "dependencies", "remarks"),
    [
        ("nvidia::cuda", ("nvidia::cuda",), [f"`nvidia::`: {CHANNEL}"]),
        ("a/label/rc::x", ("a/label/rc::x",), [f"`a/label/rc::`: {CHANNEL}"]),
        ("a/linux-64::x", ("a/linux-64::x",), [f"`a::`: {CHANNEL}"]),
        ("https://host.test/own::x=1", ("x 1.*",), [f"`https://host.test/own::x=1`: {OWN}"]),
        (
            "https://kim:pw@host.test/own::x=1",
            ("x 1.*",),
            [f"`https://host.test/own::x=1`: {OWN}", f"`https://host.test/own`: {LOGIN}"],
        ),
        (
            "defaults::x",
            ("x",),
            ["`defaults::x`: `defaults` stands for channels of conda's own settings: it may come from any channel"],
        ),
        ("x[md5=00]", ("x",), [f"`x[md5=…]`: {DIGEST}"]),
        ("x[sha256=00, version='>=1']", ("x >=1",), [f"`x[sha256=…]`: {DIGEST}"]),
        (
            "x[url='https://kim:pw@host.test/x.conda']",
            ("x",),
            ["`x[url=…]`: where a package is found stands in env.lock: name its channel"],
        ),
        ("x[license=MIT]", ("x",), ["`x[license=…]`: env.lock does not record what it asks for"]),
        ("x[features='a,b']", ("x",), ["`x[features=…]`: env.lock does not record what it asks for"]),
        (
            "https://conda.anaconda.org/conda-forge/noarch/x-1.0-py_0.conda",
            ("conda-forge::x 1.0 py_0",),
            [
                "`https://conda.anaconda.org/conda-forge/noarch/x-1.0-py_0.conda`: "
                "by its URL: `conda-forge::x 1.0 py_0` is asked for instead"
            ],
        ),
        (
            "https://host.test/own/noarch/x-y-1.0-py_0.tar.bz2#0123",
            ("x-y 1.0 py_0",),
            [
                "`https://host.test/own/noarch/x-y-1.0-py_0.tar.bz2`: "
                "by its URL and digest: `x-y 1.0 py_0` is asked for instead"
            ],
        ),
        ("https://host.test/x.tar.gz", (), ["`https://host.test/x.tar.gz`: `x.tar.gz` is no conda package"]),
        ("x ; y", (), [f"`x ; y`: {SHOWN}: `;` is not a version"]),
        ("x => 1", (), [f"`x => 1`: {SHOWN}: `>` is not a version"]),
        ("x 1 2 3", (), [f"`x 1 2 3`: {SHOWN}: more than a version and a build follow the name"]),
        ("3.10", (), ["`3.10`: expected text, got `3.10`: put it in quotes"]),
        ("yes: 1", (), ["`yes: 1`: conda takes no `yes:` among dependencies: a version is asked for by `yes=1`"]),
        (
            "python: 3.10",
            (),
            ["`python: 3.10`: conda takes no `python:` among dependencies: a version is asked for by `python=3.10`"],
        ),
        ("npm: [a]", (), ["`npm:`: conda takes no `npm:` among dependencies"]),
        ("[a, b]", (), ["`a list`: expected text"]),
        ("x  # [py>=39]", ("x",), [f"`[py>=39]`: {UNKNOWN}"]),
        ("x  # [cuda]", ("x",), [f"`[cuda]`: {UNKNOWN}"]),
        ("x  # [1]", ("x",), []),
        ("x  # see above", ("x",), []),
        ("x  # [win]", (), ["`x`: it is for win-64: `--platform win-64` asks for it"]),
        ("x  # [s390x]", (), ["`x`: it is for platforms, for which nothing can be locked"]),
        ("sel(lin): x", (), ["`sel(lin): …`: `lin` is no platform"]),
        ("sel(osx-64): x", (), ["`x`: it is for osx-64: `--platform osx-64` asks for it"]),
        ("pip: {a: b}", (), ["`pip`: expected a list, each item behind `- `"]),
        ("pip: [12]", (), ["`12`: expected text, got `12`: put it in quotes"]),
        ("pip:", (), []),
        ("pip: []", (), []),
    ],
)
def test_what_is_not_carried_over_as_it_stands(item: str, dependencies: tuple[str, ...], remarks: list[str]) -> None:
    found = of_items(item)
    assert found.spec.conda.dependencies == dependencies
    assert said(found) == [f"3: {remark}" for remark in remarks]
    assert "pw" not in repr(found)


@pytest.mark.parametrize(
    ("lines", "remarks"),
    [
        (
            "channels: [conda-forge, defaults]",
            ["1: `defaults`: it stands for channels of conda's own settings, which nobody can know here: name them"],
        ),
        (
            "channels:\n  - defaults",
            [
                "2: `defaults`: it stands for channels of conda's own settings, which nobody can know here: "
                "`conda-forge` is asked in their place"
            ],
        ),
        (
            "name: x",
            [
                "None: `channels`: none is named, and conda takes those of its own settings: "
                "`conda-forge` is asked in their place"
            ],
        ),
        ("channels: [conda-forge, nodefaults]", []),
        ("channels: conda-forge", []),
        ("channels: {a: b}", ["None: `channels`: none is", "1: `channels`: expected a list, each item behind `- `"]),
        ("channels: [conda-forge, 'a b']", ["1: `a b`: `a b` is no name of a channel"]),
        ("channels: [conda-forge, 1.5]", ["1: `1.5`: expected text, got `1.5`: put it in quotes"]),
        ("channels: ['https://kim:pw@host.test/a/']", [f"1: `https://host.test/a`: {LOGIN}"]),
        ("channels: ['https://host.test/t/kim-pw-12/a']", [f"1: `https://host.test/a`: {LOGIN}"]),
        ("channels: ['https://$KIM:${pw}@host.test/a']", [f"1: `https://host.test/a`: {LOGIN}"]),
        ("channels: [a]\nprefix: /opt/x", ["2: `prefix: /opt/x`: a place on one machine"]),
        ("channels: [a]\nprefix:", []),
        ("channels: [a]\ncolour: red", ["2: `colour: red`: environment.yml has no such key: conda does not read it"]),
        ("channels: [a]\ncommon: {a: b}", ["2: `common`: environment.yml has no such key: conda does not read it"]),
        ("channels: [a]\nchannels: [b]", ["1: `channels:`: it stands there again below, and conda takes the last one"]),
        ("channels: [a]\nname: [x]", ["2: `name`: expected text"]),
        ("channels: [a]\nname: My Env", ["2: `name: My Env`: an environment's name has lower-case letters"]),
        ("channels: [a]\nplatforms: [win-32]", ["2: `platforms: win-32`: nothing can be locked for it: known are"]),
        ("channels: [a]\ncategory: Dev Tools", ["2: `category: Dev Tools`: the group is called `dev-tools`"]),
        ("channels: [a]\ncategory: '!'", ["2: `category: !`: `!` cannot be the name of a group"]),
        ("channels: [a]\nvariables: [x]", ["2: `variables`: expected `key: value`"]),
        (
            "channels: [a]\nvariables: {1x: y}",
            ["2: `1x`: expected letters, digits and `_`, not beginning with a digit"],
        ),
        ("channels: [a]\nvariables: {PATH: y}", ["2: `PATH`: is set by envlock itself, to where the environment lies"]),
        ("channels: [a]\nvariables: {X: [y]}", ["2: `X`: expected text"]),
        ("channels: [a]\nvariables: {X: }", ["2: `X`: it has no value"]),
        (
            "channels: [a]\nvariables: {X: 'https://kim:pw@host.test/'}",
            ["2: `X`: its value holds credentials: set it where the environment runs"],
        ),
        (
            "channels: [a]  # [linux]",
            ["1: `[linux]`: no dependency is on this line: what is there holds for every platform"],
        ),
    ],
)
def test_what_is_said_of_other_keys(lines: str, remarks: list[str]) -> None:
    found = imported(f"{lines}\ndependencies: [x]\n")
    assert len(said(found)) == len(remarks), said(found)
    assert [line for line, start in zip(said(found), remarks, strict=True) if not line.startswith(start)] == []
    assert "pw" not in repr(found)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "the file is empty"),
        ("# nothing\n", 1, "the file is empty"),
        ("- x\n", 1, "expected `key: value`"),
        ("text\n", 1, "expected `key: value`"),
        ("name: x\n\tdependencies: [y]\n", 2, "not valid YAML: found character '\\t' that cannot start any token"),
        ("dependencies:\n  - x\n - y\n", 3, "not valid YAML: expected <block end>, but found '<block sequence start>'"),
        ("dependencies: [x\n", 2, "not valid YAML: expected ',' or ']', but got '<stream end>'"),
        ("name: x\n---\nname: y\n", 2, "not valid YAML: but found another document"),
        ("? [a]\n: b\n", 1, "expected a name before `:`"),
        ("<<: 1\n", 1, "expected `key: value`"),
        ("dependencies: *x\n", 1, "not valid YAML: found undefined alias 'x'"),
        ("dependencies: " + "[" * 3000, None, "not valid YAML: nested too deeply"),
        ("dependencies:\n  - {{ x }}\n", 2, "`{{ x }}` is a template's, and stands for anything"),
        ("dependencies:\n  - '{{ x }}'\n", 2, "`{{ x }}` is a template's, and stands for anything"),
        (
            "dependencies:\n  - python=${{ matrix.v }}\n",
            2,
            "`${{ matrix.v }}` is a template's, and stands for anything",
        ),
        ("name: {{ x }}\n", 1, "`{{ x }}` is a template's, and stands for anything"),
        ("name: x\n{% if y %}\n", 2, "`{% if y %}` is a template's, and stands for anything"),
    ],
)
def test_what_is_refused(text: str, line: int | None, message: str) -> None:
    with pytest.raises(UserInputError) as refused:
        FOREIGN["environment.yml"].read(Source(path=HERE, text=text))
    assert refused.value.message == f"{HERE}:{line or 1}: {message}"


def test_selectors_are_for_the_platforms_that_are_asked_for() -> None:
    items = ("a", "b  # [linux]", "c # [not win]", "d  # needs [osx and arm64] alone", "e # [linux or (osx and x86)]")
    more = ("sel(unix): f", "pip:  # [osx]", "  - g", "pip:", "  - h  # [linux64]", "  - i  # [true]")
    text = HEAD + "dependencies:\n" + "".join(f"  {'' if i.startswith(' ') else '- '}{i}\n" for i in (*items, *more))
    found = imported(text, platforms=("osx-arm64", "linux-64"))
    assert said(found) == []
    assert (found.spec.platforms, found.spec.conda.dependencies) == (("linux-64", "osx-arm64"), ("a",))
    assert found.spec.pip.dependencies == ("i",)
    assert found.spec.platform_wants == (
        ("linux-64", Wants(conda=("b", "c", "e", "f"), pip=("h",))),
        ("osx-arm64", Wants(conda=("c", "d", "f"), pip=("g",))),
    )


def test_conda_locks_own_keys() -> None:
    text = "channels: [a]\nplatforms: [osx-64, linux-64]\ncategory: dev\ndependencies: [x, {pip: [y]}]\n"
    found = imported(text)
    assert said(found) == []
    assert found.spec.platforms == ("linux-64", "osx-64")
    assert found.spec.groups == (("dev", Wants(conda=("x",), pip=("y",))),)
    assert found.spec.conda.dependencies == found.spec.pip.dependencies == ()
    assert imported(text.replace("dev", "main")).spec.conda.dependencies == ("x",)


def test_a_group_that_is_asked_for_has_to_be_there() -> None:
    text = HEAD + "category: dev\ndependencies: [x]\n"
    assert imported(text, groups=("dev",)) == imported(text)
    with pytest.raises(ValueError, match="it has no group `docs`: `category: docs` makes"):
        imported(text, groups=("dev", "docs"))


def test_a_group_is_the_same_for_every_platform() -> None:
    found = imported(HEAD + "category: dev\ndependencies:\n  - x  # [linux]\n", platforms=("linux-64", "osx-64"))
    assert said(found) == [
        "4: `x`: groups are the same for every platform: it is asked for on linux-64, in no group",
    ]
    assert (found.spec.groups, found.spec.platform_wants) == ((), (("linux-64", Wants(conda=("x",))),))


def test_platforms_that_are_not_asked_for_are_named() -> None:
    found = imported(HEAD + "platforms: [osx-64, linux-64]\ndependencies: [x]\n", platforms=("linux-64",))
    assert said(found) == ["2: `platforms: osx-64`: another platform was asked for"]
    assert found.spec.platforms == ("linux-64",)


def test_anchors_aliases_and_merge_keys() -> None:
    found = imported(
        "channels: &all [a, b]\n"
        "dependencies:\n  - &x x\n  - *x\n  - pip: &pip [y]\n  - pip: *pip\n"
        "variables:\n  <<: [{A: 1, B: 1}, {A: 2, C: 2}]\n  B: 3\n"
    )
    assert said(found) == []
    assert (found.spec.conda.channels, found.spec.conda.dependencies) == (("a", "b"), ("x",))
    assert found.spec.variables == (("A", "1"), ("B", "3"), ("C", "2"))


def test_a_mapping_that_merges_itself() -> None:
    found = imported("channels: [a]\nvariables: &v\n  <<: *v\n  A: 1\n")
    assert said(found) == ["2: `variables`: mappings are merged into one another too deeply"]


def test_variables_are_kept_as_they_are_written() -> None:
    found = imported("channels: [a]\nvariables:\n  A: 1.10\n  B: yes\n  C: true\n  D: '{{ x }}'\n  E: \"a\\nb\"\n")
    assert said(found) == []
    assert found.spec.variables == (("A", "1.10"), ("B", "yes"), ("C", "true"), ("D", "{{ x }}"), ("E", "a\nb"))


def test_pip_lines_are_those_of_a_requirements_file(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project/pyproject.toml").write_text('[project]\nname = "project"\nversion = "1"\n')
    (tmp_path / "more.txt").write_text("attrs>=20  # of the file\n-c limits.txt\n--find-links x\n")
    (tmp_path / "limits.txt").write_text("six<2\n")
    lines = (
        "-r more.txt", "flask", "flask>=2", "'flask[async]'", "-e ./project", "./absent",
        f"six --hash=sha256:{SHA256}", "git+https://kim:pw@git.test/a.git@main#egg=a",
        "-e git+https://git.test/b.git#egg=b", "--extra-index-url https://kim:pw@index.test/simple",
        "x @ https://host.test/x-1.0-py3-none-any.whl", "no such thing",
    )  # fmt: skip
    text = HEAD + "dependencies:\n  - pip:\n" + "".join(f"    - {line}\n" for line in lines)
    found = imported(text, path=tmp_path / "environment.yml")
    assert found.spec.pip.dependencies == (
        "a @ git+https://git.test/a.git@main",
        "attrs>=20",
        "b @ git+https://git.test/b.git",
        "flask[async]>=2",
        "six",
        "x @ https://host.test/x-1.0-py3-none-any.whl",
    )
    assert found.spec.pip.constraints == ("six<2",)
    assert [project.path for project in found.spec.pip.editable] == ["./project"]
    assert [index.url for index in found.spec.pip.indexes] == ["https://index.test/simple"]
    places = [(Path(remark.file).name, remark.line) for remark in found.remarks]
    assert sorted(places) == [("environment.yml", line) for line in (9, 10, 11, 12, 13, 15)] + [("more.txt", 3)]
    assert "pw" not in repr(found)


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("environment.yml", "name: x\ndependencies: []\n", "environment.yml"),
        ("conda.yaml", "channels:\n  - a\n", "environment.yml"),
        ("other.yml", "dependencies:\n  - x\n", "environment.yml"),
        ("environment.yml", "", "environment.yml"),
        ("conda_dependencies.yml", "", "environment.yml"),
        ("environment-dev.yaml", "", "environment.yml"),
        ("environment.txt", "dependencies:\n  - x\n", None),
        ("compose.yml", "services:\n  x:\n    image: y\n", None),
        ("environment.yml", "$schema: https://x.test/environment.schema.json\nimage: x\n", None),
    ],
)
def test_which_files_it_is(name: str, text: str, kind: str | None) -> None:
    assert FOREIGN["environment.yml"].is_one(Path(name), text) == (kind is not None)
