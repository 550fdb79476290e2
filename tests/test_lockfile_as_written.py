"""The short way of reading a lock: whatever the text is, it gives what the long way gives, or is not taken."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.errors import EnvlockError
from envlock.lockfile.as_written import MARK, AsWritten
from envlock.lockfile.reader import read_lock
from envlock.lockfile.writer import lock_text
from envlock.model.lock import Lock, PipPackage, PlatformLock
from tests.bench.many_packages import TAGS, write_environment
from tests.support.lock_strategies import locks
from tests.support.locks import BASE_FILES, DEBIAN_LOCK, FLASK, LIBC, NUMPY

(PLATFORM,) = DEBIAN_LOCK.platforms
SDIST = replace(FLASK, name="tool", version="1.0", file="tool-1.0.tar.gz", builds=True)
GIT = PipPackage(name="lib", version="2", git="https://git.envlock.test/lib", commit="4" * 40, builds=True)
EXTRA = replace(FLASK, name="x", version="1", file="x-1-py3-none-any.whl", requires=('a>=1 ; extra == "b"', "c"))
MANY = replace(DEBIAN_LOCK, platforms=(replace(PLATFORM, conda=(NUMPY,), pip=(FLASK, SDIST, GIT, EXTRA)),))
TEXT = lock_text(MANY)


@pytest.fixture(scope="module")
def lockfile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("env") / "env.lock"


def outcome(lockfile: Path, text: str) -> Lock | tuple[str, str | None]:
    """The lock, or the words of the error."""
    lockfile.write_text(text, newline="")
    try:
        return read_lock(lockfile)
    except EnvlockError as error:
        return error.message, error.hint


def both_ways(lockfile: Path, text: str) -> Lock | tuple[str, str | None]:
    """What comes of a text that begins as written, and of the same with the word in its first comment."""
    found = outcome(lockfile, text)
    assert outcome(lockfile, text.replace("# Made by", f"# {MARK}", 1)) == found
    return found


def test_what_is_written_is_read_the_short_way() -> None:
    known = AsWritten(TEXT)
    assert known.rest.count("[[platform.linux-64.conda]]") == 1
    assert known.rest.count("[[platform.linux-64.debian]]") == 1
    assert known.rest.count(MARK) == 4
    assert "libc6_2.36" not in known.rest
    assert "numpy-1.26.4" not in known.rest
    assert "flask-3.0.3" not in known.rest
    assert "tool-1.0.tar.gz" in known.rest  # what is seldom is left to the long way
    assert not known.is_used_up


def test_a_large_lock_is_read_the_short_way_whole(tmp_path: Path) -> None:
    write_environment(tmp_path / "large", packages=60, platforms=tuple(TAGS))
    text = (tmp_path / "large" / "env.lock").read_text()
    rest = AsWritten(text).rest
    assert rest.count(MARK) == 6
    assert "sha256" not in rest
    both_ways(tmp_path / "env.lock", text)


@given(lock=locks)
@settings(deadline=None, max_examples=100)
def test_every_lock(lockfile: Path, lock: Lock) -> None:
    assert both_ways(lockfile, lock_text(lock)) == lock


LINES = TEXT.splitlines(keepends=True)
PIECES = [
    '"',
    "\\",
    "\n",
    "'''\n",
    '"""\n',
    "[",
    "]",
    "#",
    "\x7f",
    "\t",
    " ",
    "é",
    "1",
    ".",
    "-",
    "=",
    ",",
    "/",
    "\x01",
]
numbers = st.integers(0, len(LINES) - 1)
Edit = Callable[[list[str]], None]


def _at(number: int, lines: list[str]) -> int:
    return number % max(1, len(lines))


def remove(number: int) -> Edit:
    return lambda lines: lines.__delitem__(slice(_at(number, lines), _at(number, lines) + 1))


def repeat(number: int, target: int) -> Edit:
    return lambda lines: lines.insert(_at(target, lines), lines[_at(number, lines)])


def insert(number: int, column: int, piece: str) -> Edit:
    def edit(lines: list[str]) -> None:
        at = _at(number, lines)
        lines[at] = lines[at][:column] + piece + lines[at][column:]

    return edit


edits = st.lists(
    st.builds(remove, numbers)
    | st.builds(repeat, numbers, numbers)
    | st.builds(insert, numbers, st.integers(0, 80), st.sampled_from(PIECES)),
    min_size=1,
    max_size=3,
)


@given(changes=edits)
@settings(deadline=None, max_examples=300)
def test_any_edit(lockfile: Path, changes: list[Edit]) -> None:
    lines = list(LINES)
    for change in changes:
        change(lines)
    both_ways(lockfile, "".join(lines))


HEADER = "[[platform.linux-64.pip]]\n"
TABLE = TEXT[TEXT.index(HEADER) : TEXT.index(HEADER, TEXT.index(HEADER) + 1)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TEXT.replace(TABLE, f"{TABLE}\nmore = 1\n"), id="a key more, after a blank line"),
        pytest.param(TEXT.replace(TABLE, f"{TABLE}[platform.linux-64.pip.more]\na = 1\n"), id="a table within"),
        pytest.param(TEXT.replace(TABLE, TABLE + TABLE), id="twice"),
        pytest.param(TEXT.replace('user = "1000"', f'user = """\n{TABLE}"""'), id="within a string"),
        pytest.param(TEXT.replace('user = "1000"', f"user = '''\n{TABLE}'''"), id="within a literal string"),
        pytest.param(TEXT.replace("entrypoint = []", f"entrypoint = [\n{TABLE}]"), id="within an array"),
        pytest.param(TEXT.replace(HEADER, f"# {HEADER}", 1), id="a header in a comment"),
        pytest.param(TEXT.replace(TABLE, HEADER), id="an empty table"),
        pytest.param(TEXT + "[platform.linux-64.pip]\n", id="a table of the same name"),
        pytest.param(TEXT.replace(TABLE, TABLE.replace("linux-64", "beos")), id="a platform that is none"),
        pytest.param(TEXT.replace(TABLE, TABLE.replace("linux-64", "osx-64")), id="another platform"),
        pytest.param(TEXT.replace("size = 101735", "size = 0101735"), id="no number of TOML"),
        pytest.param(TEXT.replace('"c",', '"c d",'), id="no requirement"),
        pytest.param(TEXT.replace('"perl",', '"perl 5",'), id="no relation"),
        pytest.param(TEXT.replace('"git-completion",', '"git-a | git-b",'), id="nothing that is provided"),
        pytest.param(TEXT.replace('architecture = "amd64"', 'architecture = "arm64"'), id="another architecture"),
        pytest.param(TEXT.replace('"amd64"', '"arm64"').replace("_amd64", "_arm64"), id="of another machine"),
        pytest.param(TEXT.replace("/g/git/git_", "/g/git/gti_"), id="a file of another package"),
        pytest.param(TEXT.replace("pool/updates/main", "pool/../main"), id="a path that leads out"),
        pytest.param(TEXT.replace("pool/updates/main", "/pool/main"), id="an absolute path"),
        pytest.param(TEXT.replace("git_2.39.5-0+deb12u2_amd64.deb", "git_amd64.deb"), id="a file without version"),
        pytest.param(TEXT.replace("linux-64.debian", "osx-64.debian"), id="where Debian has no packages"),
        pytest.param(TEXT.replace("linux-64.debian", "linux-1.debian"), id="where nobody has packages"),
        pytest.param(TEXT.replace('archive = "security"', 'archive = "other"'), id="another archive"),
        pytest.param(TEXT.replace("1:2.39.5-0+deb12u2", "2.39.5:0"), id="no version of Debian's"),
    ],
)
def test_what_a_pattern_alone_would_take_for_right(lockfile: Path, text: str) -> None:
    assert text != TEXT
    assert not isinstance(both_ways(lockfile, text), Lock)


def test_the_word_itself_in_a_lock(lockfile: Path) -> None:
    """A key by that name is as unknown as any other."""
    found = outcome(lockfile, TEXT.replace(HEADER, f"{HEADER}{MARK} = 0\n", 1))
    assert isinstance(found, tuple)
    assert f"`platform.linux-64.pip[0].{MARK}`: unknown key" in found[0]


def test_platforms_are_kept_apart(lockfile: Path) -> None:
    libc = replace(LIBC, architecture="arm64", file=LIBC.file.replace("amd64", "arm64"), sha256="8" * 64)
    other = PlatformLock(
        platform="linux-aarch64",
        base=PLATFORM.base,
        debian=(BASE_FILES, libc),
        pip=(replace(FLASK, sha256="5" * 64),),
    )
    systems = (*DEBIAN_LOCK.inputs.systems, ("linux-aarch64", DEBIAN_LOCK.inputs.systems[0][1]))
    inputs = replace(DEBIAN_LOCK.inputs, platforms=("linux-64", "linux-aarch64"), systems=systems)
    lock = replace(DEBIAN_LOCK, inputs=inputs, platforms=(PLATFORM, other))
    text = lock_text(lock)
    assert AsWritten(text).rest.count(MARK) == 5
    found = both_ways(lockfile, text)
    assert isinstance(found, Lock)
    assert [[p.sha256 for p in platform.pip] for platform in found.platforms] == [["2" * 64], ["5" * 64]]
    assert [[p.architecture for p in platform.debian] for platform in found.platforms] == [
        ["all", "amd64", "amd64"],
        ["all", "arm64"],
    ]
    assert lock_text(found) == text
