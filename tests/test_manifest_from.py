"""`from`: environment.yml, requirements.in and pyproject.toml stay the source of what is asked for."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from envlock.model.spec import Wants
from tests.support.manifests import read, refused


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "repository" / ".git").mkdir(parents=True)
    (tmp_path / "repository" / "env").mkdir()
    monkeypatch.chdir(tmp_path / "repository" / "env")


ENVIRONMENT = """\
name: somebody's
prefix: /home/somebody/envs/somebody
channels:
  - https://conda.acme.test/main/   # ours first
  - ./channel
  - nodefaults
dependencies:
  - python=3.11
  - Numpy>=1.26,<2          # not 2 yet
  - conda-forge::pandas 2.2.*
  - "scipy[version='>=1', build='py311*']"
  - blas=*=openblas
  - pip
  - pip:
      - Flask >= 3 ; python_version < '4'
      - -r more.in
      - ./wheels/x-1.0-py3-none-any.whl
      - -e ./project
variables:
  MODE: fast
  LEVEL: 1.50
  QUOTED: 'yes'
"""


def test_environment_yml() -> None:
    files = {
        "../shared/environment.yml": ENVIRONMENT,
        "../shared/more.in": "rich",
        "../shared/project/pyproject.toml": "project = { name = 'p', dependencies = ['click'] }",
    }
    manifest = (
        "[conda]\nfrom = '../shared/environment.yml'\ndependencies = ['numpy !=1.26.1']\n[variables]\nMODE = 'own'"
    )
    spec = read(manifest, files)
    assert spec.name == "e"
    assert spec.conda.channels == ("https://conda.acme.test/main", "../shared/channel")
    assert spec.conda.dependencies == (
        "blas * openblas",
        "conda-forge::pandas 2.2.*",
        "numpy !=1.26.1",  # what several files say of one package all holds
        "numpy <2,>=1.26",
        "pip",
        "python 3.11.*",
        "scipy >=1 py311*",
    )
    assert spec.pip.dependencies == (
        'flask>=3; python_version < "4"',
        "rich",
        "x @ ../shared/wheels/x-1.0-py3-none-any.whl",
    )
    assert [project.path for project in spec.pip.editable] == ["../shared/project"]
    assert spec.variables == (("LEVEL", "1.50"), ("MODE", "own"), ("QUOTED", "yes"))
    assert spec.files == ("../shared/environment.yml", "../shared/more.in", "../shared/project/pyproject.toml")


def test_channels_of_env_toml_stand_for_those_of_the_file() -> None:
    files = {"environment.yml": "channels: [a, b]\ndependencies: [x]\nvariables:\n"}
    assert read("[conda]\nfrom = 'environment.yml'", files).conda.channels == ("a", "b")
    assert read("[conda]\nchannels = ['c']\nfrom = ['environment.yml']", files).conda.channels == ("c",)


REQUIREMENTS = """\
# what the service needs
Flask [async] >= 3, \\
    < 4   # the web
  numpy<2;python_version<"3.12"
numpy>=2 ; python_version >= "3.12"
# a comment that does not go on \\
rich

tool @ git+https://git.acme.test/tool.git@v1#egg=tool
thing@https://files.acme.test/thing-1.0.tar.gz
./wheels/x-1.0-py3-none-any.whl
-e ../project[dev]
--editable=lib
-r more.in
--requirement more/again.in
-i https://pip.acme.test/simple/
--extra-index-url=https://other.acme.test
rich \\"""


def test_requirements_in() -> None:
    files = {
        "requirements.in": REQUIREMENTS,
        "more.in": "httpx",
        "more/again.in": "-r ../more.in\n-r again.in\nuvicorn\n./y-1.0-py3-none-any.whl",
        "../project/pyproject.toml": "project = { name = 'p', optional-dependencies = { dev = ['ruff'] } }",
        "lib/pyproject.toml": "project = { name = 'lib' }",
    }
    indexes = "[[pip.indexes]]\nname = 'acme'\nurl = 'https://pip.acme.test/simple'\ndefault = true\n"
    indexes += "[[pip.indexes]]\nname = 'other'\nurl = 'https://other.acme.test/'\n"
    spec = read(f"[pip]\nfrom = ['requirements.in']\ndependencies = ['rich >13']\n{indexes}", files)
    assert spec.pip.dependencies == (
        "flask[async]<4,>=3",
        "httpx",
        'numpy<2; python_version < "3.12"',
        'numpy>=2; python_version >= "3.12"',
        "rich",
        "rich>13",
        "thing @ https://files.acme.test/thing-1.0.tar.gz",
        "tool @ git+https://git.acme.test/tool.git@v1",
        "uvicorn",
        "x @ ./wheels/x-1.0-py3-none-any.whl",
        "y @ ./more/y-1.0-py3-none-any.whl",
    )
    assert [(p.path, p.extras) for p in spec.pip.editable] == [("../project", ("dev",)), ("./lib", ())]
    assert "more/again.in" in spec.files


def test_keys_that_people_name_keep_their_names() -> None:
    manifest = "pip.from = 'a.in'\n[variables]\nfrom = 'x'\nextends = 'y'\n[image.labels]\nfrom = 'z'"
    spec = read(manifest, {"a.in": "flask"})
    assert spec.variables == (("extends", "y"), ("from", "x"))
    assert (spec.image.labels, spec.pip.dependencies) == ((("from", "z"),), ("flask",))


def test_crlf_bom_and_order_change_nothing() -> None:
    first = read("pip.from = 'requirements.in'", {"requirements.in": "flask>=3,<4\nrich\n"})
    Path("requirements.in").write_bytes(b"\xef\xbb\xbfrich # why\r\n\r\nFlask <4, \\\r\n >=3\r\n")
    assert read("pip.from = 'requirements.in'") == first


def test_pyproject_toml_and_its_extras() -> None:
    text = """\
[project]
name = "app"
dependencies = ["flask", "local @ ./local"]
[project.optional-dependencies]
dev = ["pytest", "app[docs]"]
docs = ["sphinx"]
"""
    files = {"../app/pyproject.toml": text}
    plain = read("pip.from = ['../app/pyproject.toml']", files).pip
    assert (plain.dependencies, plain.editable) == (("flask", "local @ ../app/local"), ())
    dev = read("pip.from = ['../app/pyproject.toml[dev]']", files).pip
    assert dev.dependencies == ("flask", "local @ ../app/local", "pytest", "sphinx")


def test_groups_and_platforms_take_from_files_too() -> None:
    files = {"dev.in": "pytest\n./x-1.0-py3-none-any.whl", "mac.in": "appnope"}
    manifest = (
        "platforms = ['osx-arm64']\n[groups.dev.pip]\nfrom = 'dev.in'\n[platform.osx-arm64.pip]\nfrom = ['mac.in']"
    )
    spec = read(manifest, files)
    assert spec.groups == (("dev", Wants(pip=("pytest", "x @ ./x-1.0-py3-none-any.whl"))),)
    assert spec.platform_wants == (("osx-arm64", Wants(pip=("appnope",))),)


SECRET = "holds credentials: keep them in netrc or in environment variables, never here"
TABLE = "there is no table [project], with `name` and `dependencies`, that could be read"
UNNAMED = "an index has a name here, by which its credentials go: write it into [[pip.indexes]] too"
SELECTOR = "selectors are comments to conda: write it into [platform.NAME.conda] of env.toml"
CONDA: list[tuple[str, str]] = [
    ("", "environment.yml: the file is empty"),
    ("- a", "environment.yml:1: expected `key: value`"),
    ("a: [", "environment.yml:1: not valid YAML: expected the node content, but found '<stream end>'"),
    ("\ta: b", "environment.yml:1: not valid YAML: found character '\\t' that cannot start any token"),
    ("a: *b", "environment.yml:1: not valid YAML: found undefined alias 'b'"),
    ("a: \0", "environment.yml: not valid YAML: unacceptable character #x0000: special characters are not allowed"),
    ("---\nname: a\n---\nname: b", "environment.yml:3: not valid YAML: but found another document"),
    ("dependencies: " + "[" * 5000, "environment.yml: not valid YAML: nested too deeply"),
    (
        "\nplatforms: [linux-64]",
        "environment.yml:2: `platforms` cannot be taken over: write what it means into env.toml",
    ),
    ("<<: {name: a}", "environment.yml:1: `<<` cannot be taken over: write what it means into env.toml"),
    ("name: a\nname: b", "environment.yml:2: `name` stands there twice"),
    ("? [a]\n: b", "environment.yml:1: expected a name before `:`"),
    ("channels: conda-forge", "environment.yml:1: expected a list, each item behind `- `"),
    ("channels:\n- defaults", "environment.yml:2: `defaults` stands for channels of conda's own settings: name them"),
    (
        "channels:\n- https://me:hunter2@conda.acme.test/main",
        "environment.yml:2: holds credentials: "
        "keep them in netrc or in the file that RATTLER_AUTH_FILE names, never here",
    ),
    ("channels:\n- ../../c", "environment.yml:2: `../../c` leaves the repository"),
    (
        "dependencies:\n- numpy >\n- pandas",
        "environment.yml:2: expected a match spec such as `numpy >=1.26,<2`, got `numpy >`: `>` is not a version",
    ),
    ("dependencies:\n- 3.11", "environment.yml:2: expected text, got `3.11`: put it in quotes"),
    ("dependencies:\n- [a]", "environment.yml:2: expected text"),
    ("dependencies:\n- npm:\n  - left-pad", "environment.yml:2: expected a dependency or `pip:`, got `npm:`"),
    ("dependencies:\n- pip:\n    a: b", "environment.yml:3: expected a list, each item behind `- `"),
    ("dependencies:\n- pip:\n  - -r no.in", "environment.yml:3: `no.in` does not exist"),
    ("dependencies:\n- pip:\n  - x @ https://hunter2@x.test/x.zip", f"environment.yml:3: {SECRET}"),
    (
        "dependencies:\n  - pywin32  # [win]\n  - x # [not osx]",
        f"environment.yml:2: {SELECTOR}\nenvironment.yml:3: {SELECTOR}",
    ),
    ("variables:\n  A: true", "environment.yml:2: expected text, got `true`: put it in quotes"),
    ("variables:\n  A: [b]", "environment.yml:2: expected text"),
    ("variables:\n  PATH: /bin", "environment.yml:2: is set by envlock itself, to where the environment lies"),
]


@pytest.mark.parametrize(("text", "message"), CONDA, ids=range(len(CONDA)))
def test_an_environment_yml_that_cannot_be_taken_over(text: str, message: str) -> None:
    assert refused("conda.from = 'environment.yml'", {"environment.yml": text}) == message


PIP: list[tuple[str, str]] = [
    ("flask\nrich >", "requirements.in:2: expected a requirement such as `flask>=3,<4`, got `rich >`"),
    (
        "\n\nnumpy=1",
        "requirements.in:3: expected a requirement such as `flask>=3,<4`, got `numpy=1`: pip compares by `==`",
    ),
    ("x @ https://me:hunter2@x.test/x.zip", f"requirements.in:1: {SECRET}"),
    ("x @ ../../x", "requirements.in:1: `../../x` leaves the repository"),
    (
        "flask --hash=sha256:0",
        "requirements.in:1: hashes stand in env.lock: name the file that this one was compiled from",
    ),
    (
        "flask \\\n  --hash=sha256:0",
        "requirements.in:1: hashes stand in env.lock: name the file that this one was compiled from",
    ),
    ("flask --config-settings=a=b", "requirements.in:1: options after a requirement have no equivalent in env.toml"),
    (
        "flask==${VERSION}",
        "requirements.in:1: environment variables are not filled in here: what is locked would depend on them",
    ),
    (
        "--pre",
        "requirements.in:1: `--pre` has no equivalent in env.toml: "
        "ask for the pre-release by its version, such as `x>=2.0a1`",
    ),
    ("--no-index", "requirements.in:1: the option `--no-index` has no equivalent in env.toml"),
    ("-", "requirements.in:1: the option `-` has no equivalent in env.toml"),
    (
        "--find-links https://hunter2@x.test",
        "requirements.in:1: the option `--find-links` has no equivalent in env.toml",
    ),
    ("-r", "requirements.in:1: expected one value after `-r`"),
    ("-r a b", "requirements.in:1: expected one value after `-r`"),
    ("-r 'a", "requirements.in:1: expected one value after `-r`"),
    ("-r no.in", "requirements.in:1: `no.in` does not exist"),
    ("-r ../../no.in", "requirements.in:1: `../../no.in` leaves the repository"),
    ("-r https://hunter2@x.test/a.in", "requirements.in:1: only a file of this repository can be named"),
    (
        "-e git+https://x.test/a#egg=a",
        "requirements.in:1: only a folder of this repository is installed editable: write `NAME @ git+https://…`",
    ),
    ("-e ./no", "requirements.in:1: `no/pyproject.toml` does not exist"),
    ("\n-i https://hunter2@pip.test", f"requirements.in:2: {UNNAMED}"),
    ("./project", "requirements.in:1: expected a name before it: `NAME @ SOURCE`"),
    ("[a]", "requirements.in:1: expected a requirement such as `flask>=3,<4`, got `[a]`"),
]


@pytest.mark.parametrize(("text", "message"), PIP, ids=range(len(PIP)))
def test_requirements_that_cannot_be_taken_over(text: str, message: str) -> None:
    assert refused("pip.from = 'requirements.in'", {"requirements.in": text}) == message


KEYS: list[tuple[str, Mapping[str, str], str]] = [
    ("pip.from = 3", {}, "env.toml:2: `pip.from`: expected an array of strings, got an integer"),
    ("pip.from = []", {}, "env.toml:2: `pip.from`: expected at least one item, got an empty array"),
    (
        "pip.from = ['a.in', 3]",
        {"a.in": ""},
        "env.toml:2: `pip.from[1]`: expected a string, got an integer: put it in quotes",
    ),
    ("pip.from = 'no.in'", {}, "env.toml:2: `pip.from`: `no.in` does not exist"),
    ("pip.from = ''", {}, "env.toml:2: `pip.from`: expected a path relative to this file, got ``"),
    ("pip.from = '../../a.in'", {}, "env.toml:2: `pip.from`: `../../a.in` leaves the repository"),
    (
        "pip.from = 'a.in[x]'",
        {},
        "env.toml:2: `pip.from`: expected a file such as `requirements.in` or `pyproject.toml[dev]`, got `a.in[x]`",
    ),
    ("pip.from = 'a.yml'", {}, "env.toml:2: `pip.from`: an environment.yml belongs into `conda.from`, got `a.yml`"),
    (
        "pip.from = 'a.toml'",
        {},
        "env.toml:2: `pip.from`: expected `requirements.in`, or of TOML a `pyproject.toml`, got `a.toml`",
    ),
    ("conda.from = 'a.in'", {}, "env.toml:2: `conda.from`: expected an environment.yml, got `a.in`"),
    ("conda.form = 'a.yml'", {}, "env.toml:2: `conda.form`: unknown key: did you mean `from`?"),
    (
        "groups.dev.conda.from = 'a.yml'",
        {},
        "env.toml:2: `groups.dev.conda.from`: unknown key: did you mean `groups.dev.pip.from`?",
    ),
    ("pip.from = 'pyproject.toml'", {"pyproject.toml": ""}, f"pyproject.toml: `project`: {TABLE}"),
    (
        "pip.from = 'pyproject.toml[x]'",
        {"pyproject.toml": "project.name = 'p'"},
        "pyproject.toml: `pyproject.toml` has no extra `x`: it has none",
    ),
    (
        "groups.dev.pip.from = 'a.in'",
        {"a.in": "-e ./p"},
        "a.in:1: only the main set has projects that are installed editable",
    ),
    (
        "pip.from = 'latin.in'",
        {},
        "env.toml:2: `pip.from`: `latin.in` is not UTF-8 text (byte 0 cannot be decoded)",
    ),
    (
        "pip.from = 'large.in'",
        {"large.in": "#" * ((1 << 18) + 1)},
        "env.toml:2: `pip.from`: `large.in` is larger than 256 KiB: it cannot be what its name says",
    ),
]


@pytest.mark.parametrize(("manifest", "files", "message"), KEYS, ids=range(len(KEYS)))
def test_files_that_cannot_be_named(manifest: str, files: Mapping[str, str], message: str) -> None:
    Path("latin.in").write_bytes(b"\xe9")
    assert refused(manifest, files) == message


def test_a_file_that_is_a_link_is_known_by_its_own_name() -> None:
    """So that a verdict which rests on it goes with the link, not with what it once led to."""
    Path("one.in").write_text("-r two.in\nflask\n")
    Path("two.in").write_text("-r requirements.in\nrich\n")
    Path("requirements.in").symlink_to("one.in")
    spec = read("[pip]\nfrom = ['requirements.in', 'one.in']", {})
    assert spec.pip.dependencies == ("flask", "rich")
    assert spec.files == ("requirements.in", "two.in")
