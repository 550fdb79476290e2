"""What changes env.toml and not what it asks for: a lock stays right, however the file is arranged and spelt."""

import json
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.lockfile.reader import read_lock
from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.freshness import problems
from envlock.model.lock import Base, ImageSettings, Inputs, Lock, PlatformLock
from envlock.model.same_meaning import conda_meaning, pip_meaning
from tests.support.answering_lock import JUDGES, conda, pip

# each line: what is the same in meaning
CONDA = (
    ("numpy >=1.20,<2", "numpy<2,>=1.20", "NumPy >= 1.20 , < 2", "numpy >=1.20.0,<2.0", "numpy[version='>=1.20,<2']"),
    ("pandas 2.*", "pandas=2", "pandas =2.*", "pandas 2.*"),
    ("lib-c ==5.0", "lib-c 5.0", "lib-c==5", "Lib-C == 5.0.0"),
    ("python >=3.11", "python>=3.11", "python >=3.11.0"),
)
PIP = (
    (
        "flask[async,dotenv]>=3,<4",
        "Flask[dotenv,async] <4, >=3",
        "flask[async,dotenv]<4.0,>=3.0",
        "flask [async,dotenv]>=3,<4",
    ),
    ("werkzeug~=3.0", "Werkzeug>=3.0,==3.*", "werkzeug ~= 3.0", "werkzeug>=3,==3.*"),
    (
        "typing-extensions; python_version < '3.11'",
        'Typing_Extensions ; python_version<"3.11"',
        "typing.extensions ;python_version < '3.11'",
    ),
    (
        "rich; sys_platform == 'linux' and python_version >= '3.8' or os_name == 'nt'",
        "rich; 'nt' == os_name or '3.8' <= python_version and sys_platform == 'linux'",
    ),
)
SETTINGS = (
    'name = "same"',
    'python = "3.11"',
    'platforms = ["linux-64"]',
)
TABLES = {
    "groups.dev.pip": ('dependencies = ["pytest>=8"]',),
    "platform.linux-64": ('glibc = "2.28"', 'cuda = "12.4"'),
    "variables": ('A = "1"', 'B = "2"'),
    "image": ('base = "scratch"', 'user = "1000"', 'labels = { a = "b", c = "d" }'),
    "lock": ('exclude-newer = "7d"',),
}
LOCKED = PlatformLock(
    platform="linux-64",
    base=Base(reference="scratch"),
    conda=(
        conda("lib-c", "5.0"),
        conda("numpy", "1.26.4", "python >=3.11,<3.12.0a0", provides=("numpy==1.26.4",)),
        conda("pandas", "2.2.0", "numpy >=1.22"),
        conda("python", "3.11.7"),
    ),
    pip=(
        pip("flask", "3.0.3", "werkzeug>=3", extras=("async", "dotenv")),
        pip("pytest", "8.1", groups=("dev",)),
        pip("rich", "14.0"),
        pip("werkzeug", "3.1"),
    ),
)


def manifest(chance: random.Random | None = None) -> str:
    """The file, or as `chance` has it: another order, other spellings, comments and blanks."""

    def mixed(items: Sequence[str]) -> list[str]:
        return chance.sample(items, len(items)) if chance else [*items]

    def spelt(rows: Sequence[Sequence[str]]) -> str:
        items = mixed([chance.choice(row) if chance else row[0] for row in rows])
        space = chance.choice(["", "\n    ", "  # why\n"]) if chance else ""
        return "[" + "".join(f"{space}{json.dumps(item)},{space}" for item in items) + "]"

    tables = {
        **TABLES,
        "conda": ('channels = ["conda-forge"]', f"dependencies = {spelt(CONDA)}"),
        "pip": (f"dependencies = {spelt(PIP)}",),
    }
    lines = mixed(SETTINGS)
    for name in mixed([*tables]):
        lines += [chance.choice(["", "# a comment", "\n\n"]) if chance else "", f"[{name}]", *mixed(tables[name])]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def lock(tmp_path_factory: pytest.TempPathFactory) -> Lock:
    folder = tmp_path_factory.mktemp("same")
    (folder / "env.toml").write_text(manifest())
    spec = read_manifest(folder / "env.toml")
    (folder / "env.lock").write_text(
        lock_text(Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=(LOCKED,)))
    )
    found = read_lock(folder / "env.lock")
    assert problems(spec, found, JUDGES) == ()
    return found


@given(seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=100)
def test_another_arrangement_is_not_stale(tmp_path_factory: pytest.TempPathFactory, lock: Lock, seed: int) -> None:
    path = tmp_path_factory.getbasetemp() / "env.toml"
    path.write_text(manifest(random.Random(seed)))
    assert [p.message for p in problems(read_manifest(path), lock, JUDGES)] == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("numpy >=1.0", "numpy >=1.0.1"),
        ("numpy 1.*", "numpy 1.0.*"),
        ("numpy ==1.0", "numpy >=1.0"),
        ("numpy >=1|<0.5", "numpy >=1,<0.5"),
        ("numpy ~=1.4", "numpy ~=1.4.0"),
        ("numpy ==1.10", "numpy ==1.1"),
        ("numpy ==1 py_0", "numpy ==1 py_1"),
        ("acme::numpy", "numpy"),
    ],
)
def test_match_specs_that_differ(one: str, other: str) -> None:
    assert conda_meaning(one) != conda_meaning(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("numpy>=1.0", "numpy>1.0"),
        ("numpy==1.*", "numpy==1.0.*"),
        ("numpy~=1.4", "numpy~=1.4.0"),
        ("numpy==1.10", "numpy==1.1"),
        ("numpy===1.0", "numpy===1"),
        ("numpy[a]", "numpy"),
        ("numpy; python_version > '3'", "numpy"),
        ("numpy; python_version > '3'", "numpy; '3' > python_version"),
        ("numpy; os_name == 'a' and os_name == 'b'", "numpy; os_name == 'a' or os_name == 'b'"),
        (
            "numpy; os_name == 'a' and (os_name == 'b' or os_name == 'c')",
            "numpy; (os_name == 'a' and os_name == 'b') or os_name == 'c'",
        ),
        ("numpy @ ./a", "numpy @ ./b"),
        ("numpy==1.0+cpu", "numpy==1.0"),
    ],
)
def test_requirements_that_differ(one: str, other: str) -> None:
    assert pip_meaning(one) != pip_meaning(other)
