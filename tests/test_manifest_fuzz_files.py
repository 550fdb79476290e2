"""Whatever stands in a file that env.toml takes from, the answer is values or a UserInputError, and soon."""

import signal
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.errors import UserInputError
from envlock.manifest.effective import effective
from envlock.manifest.reader import read_manifest

MANIFEST = """\
name = "e"
extends = "base/base.toml"
[conda]
from = "environment.yml"
[pip]
from = ["requirements.in", "pyproject.toml[dev]"]
editable = ["./project[dev]"]
"""
GOOD = {
    "env.toml": MANIFEST,
    "base/base.toml": "",
    "environment.yml": "name: a",
    "requirements.in": "",
    "pyproject.toml": "project = { name = 'p', optional-dependencies = { dev = [] } }",
    "project/pyproject.toml": "project = { name = 'q', optional-dependencies = { dev = [] } }",
}
FILES = sorted(GOOD)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repository")
    (folder / "base").mkdir()
    (folder / "project").mkdir()
    return folder


def answered(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Whether such files are accepted; anything but values or words for the user fails."""
    for name, text in GOOD.items():
        (folder / name).write_bytes(files.get(name, text.encode()))
    try:
        spec = read_manifest(folder / "env.toml")
    except UserInputError as error:
        lines = error.message.splitlines()
    else:
        assert {one.key for one in effective(folder / "env.toml")} >= {"name", "platforms"}
        assert spec.files or "env.toml" in files
        return True
    assert lines
    assert all(line.isprintable() for line in lines)
    return False


words = st.sampled_from(
    [
        *("dependencies", "channels", "variables", "name", "pip", "prefix", "project", "optional-dependencies", "dev"),
        *("extends", "from", "editable", "conda", "groups", "platform", "indexes", "p[dev]", "dynamic"),
        *("numpy >=1", "x @ ./x", "./x-1.0-py3-none-any.whl", "git+https://h.test/a#egg=b", "[linux]", "base.toml"),
        *(
            "-r requirements.in",
            "-e .",
            "-i https://x.test",
            "--hash=sha256:0",
            "${A}",
            "true",
            "1.5",
            "null",
            "&a",
            "*a",
        ),
    ]
)
marks = st.sampled_from([*" \n\t:-=.,#;'\"[]{}\\@&*!|>%?<", "\n  - ", "\n- ", ": ", " = ", "\n[", "]\n", "\n\n", " #"])
texts = st.lists(words | marks | st.characters(), max_size=25).map(
    lambda parts: "".join(parts).encode(errors="replace")
)


@given(name=st.sampled_from(FILES), data=st.binary(max_size=60) | texts)
@settings(deadline=None, max_examples=300)
def test_anything_in_any_of_the_files(folder: Path, name: str, data: bytes) -> None:
    answered(folder, {name: data})


names = st.sampled_from(["a", "B_c", "numpy", "./p", "x @ ./x", "x[a]", "3", "", "a >=1", "-e ./project", "a  # [win]"])
lists = st.lists(names, max_size=4)
scalars = names | st.sampled_from(["~", "yes", "1.10", "[a]", "{a: b}", "'q'", "*x", "&x y", "|\n    a", "!!binary x"])


@given(
    channels=lists,
    conda=st.lists(scalars, max_size=4),
    pip=lists,
    variables=st.lists(st.tuples(names, scalars), max_size=3),
)
@settings(deadline=None, max_examples=150)
def test_environments_nearly_right(
    folder: Path, channels: list[str], conda: list[str], pip: list[str], variables: list[tuple[str, str]]
) -> None:
    lines = ["channels:", *(f"  - {one}" for one in channels), "dependencies:", *(f"  - {one}" for one in conda)]
    lines += [
        "  - pip:",
        *(f"    - {one}" for one in pip),
        "variables:",
        *(f"  {key}: {value}" for key, value in variables),
    ]
    answered(folder, {"environment.yml": "\n".join(lines).encode()})


values = st.sampled_from(
    ["bookworm", "git", "git=1", "git (>= 1)", "git >=1", "./m", "/k", "../k", "", "https://x.test", "@"]
)
debian = st.dictionaries(
    st.sampled_from(["suite", "packages", "components", "mirror", "snapshot", "keys", "docs", "x"]),
    values | st.lists(values | st.integers(), max_size=4) | st.booleans() | st.just({"a": "./b"}),
    max_size=5,
)
images = st.dictionaries(
    st.sampled_from(["debian", "base", "interpreter", "user"]),
    debian | values | st.lists(debian, max_size=1),
    max_size=3,
)


@given(upper=images | debian.map(lambda table: {"debian": table}), lower=images)
@settings(deadline=None, max_examples=200)
def test_bases_over_one_another(folder: Path, upper: dict[str, Any], lower: dict[str, Any]) -> None:
    layers: dict[str, Any] = {
        "env.toml": {"extends": "base/base.toml", "image": upper},
        "base/base.toml": {"image": lower},
    }
    answered(folder, {name: tomlkit.dumps(layer).encode() for name, layer in layers.items()})


LAUGHS = "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9) if n else 'x'}]\n" for n in range(12))
LADDER = "".join(
    f"{'a' * n} = [\"p[{'a' * (n + 1)}]; os_name == '{n}'\", \"p[{'a' * (n + 1)}]; os_name != '{n}'\"]\n"
    for n in range(1, 40)
)
BOMBS = {
    "aliases": ("environment.yml", f"{LAUGHS}dependencies: *a11"),
    "aliases of dependencies": ("environment.yml", "dependencies: &a\n  - pip: *a"),
    "an alias of itself": ("environment.yml", "dependencies: &a [*a, *a]"),
    "nested lists": ("environment.yml", "dependencies: " + "[" * 100_000),
    "nested tables": ("environment.yml", "".join(f"{' ' * n}a:\n" for n in range(600))),
    "10 MB": ("environment.yml", "#" * 10_000_000),
    "10 MB of requirements": ("requirements.in", "flask\n" * 1_700_000),
    "10 MB of TOML": ("base/base.toml", "a" * 10_000_000),
    "10 MB of a project": ("project/pyproject.toml", "#" * 10_000_000),
    "blanks": ("requirements.in", "a" + " " * 200_000 + "b"),
    "blanks before a source": ("requirements.in", "a" + " " * 200_000 + "@ ./b"),
    "continued": ("requirements.in", "\\\n" * 100_000),
    "includes itself": ("requirements.in", "-r requirements.in\n" * 1_000),
    "variables": ("requirements.in", "${A" * 80_000),
    "selectors": ("environment.yml", "#[linux" * 30_000),
    "nested TOML": ("base/base.toml", "a = " + "[" * 100_000),
    "nested keys": ("base/base.toml", "a." * 300 + "a = 1"),
    "brackets": ("project/pyproject.toml", "[project]\nname = 'p'\ndependencies = ['" + "a[" * 100_000 + "']"),
    "two ways at every step": (
        "project/pyproject.toml",
        f"[project]\nname = 'p'\n[project.optional-dependencies]\ndev = ['p[a]']\n{LADDER}",
    ),
    "extras in a ring": (
        "project/pyproject.toml",
        "[project]\nname = 'p'\n[project.optional-dependencies]\ndev = ['p[a]']\n"
        + "".join(f"a{'a' * n} = ['p[{'a' * (n + 2)},dev]; python_version > \"3.{n}\"']\n" for n in range(30)),
    ),
}


@pytest.fixture
def _bounded() -> Iterator[None]:
    """Ends what would never end: hundreds of times longer than any of it takes."""

    def give_up(*_: object) -> None:
        raise TimeoutError("does not come to an end")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(300)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.usefixtures("_bounded")
@pytest.mark.parametrize("bomb", BOMBS)
def test_bombs_go_off_in_vain(folder: Path, bomb: str) -> None:
    name, text = BOMBS[bomb]
    answered(folder, {name: text.encode()})


def test_files_that_name_one_another_are_not_followed_for_ever(folder: Path) -> None:
    for number in range(100):
        (folder / f"{number}.in").write_text(f"-r {number + 1}.in\np{number}")
    assert not answered(folder, {"requirements.in": b"-r 0.in"})
    for number in range(1, 60):
        (folder / "base" / f"{number}.toml").write_text(f"extends = '{number + 1}.toml'")
    (folder / "base" / "60.toml").write_text("python = '3.11'")
    assert answered(folder, {"base/base.toml": b"extends = '1.toml'"})
    assert read_manifest(folder / "env.toml").python == "3.11"
