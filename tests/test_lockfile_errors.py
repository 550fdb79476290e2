"""Every way in which env.lock can be spoilt: the exact words, with file, line and key path."""

from pathlib import Path

import pytest

from envlock.errors import EnvlockError, OutsideError, UserInputError
from envlock.lockfile.reader import read_lock
from envlock.lockfile.writer import lock_text
from tests.support.locks import DEBIAN_LOCK, LOCK

TEXT = lock_text(LOCK)
REPAIR = "restore it from git, or remove it and run `envlock lock`"
CONDA, PIP = "`platform.linux-64.conda[0]", "`platform.linux-64.pip[0]"
CONDA_FILE = "numpy-1.26.4-py311h64a7726_0"
WHEEL = "flask-3.0.3-py3-none-any.whl"

# what is replaced in a good lock by what, and the message
EDITS = [
    # edited
    ("1" * 64, "1" * 63, f"env.lock:70: {CONDA}.sha256`: expected 64 hex digits, got `{'1' * 63}`"),
    ("2" * 64, "z" * 64, f"env.lock:88: {PIP}.sha256`: expected 64 hex digits, got `{'z' * 64}`"),
    (f'sha256 = "{"2" * 64}"\n', "", f"env.lock:83: {PIP}.sha256`: missing"),
    (f'sha256 = "{"1" * 64}"\n', "", f"env.lock:63: {CONDA}.sha256`: missing"),
    ("size = 8065890", 'size = "8 MB"', f"env.lock:71: {CONDA}.size`: expected an integer, got a string"),
    ("size = 8065890", "size = -1", f"env.lock:71: {CONDA}.size`: expected a number of bytes, got -1"),
    ("size = 101735", "size = true", f"env.lock:89: {PIP}.size`: expected an integer, got a boolean"),
    ("size = 8065890\n", "", f"env.lock:63: {CONDA}.size`: missing"),
    ("uploaded", "upload", f"env.lock:90: {PIP}.upload`: unknown key: did you mean `uploaded`?"),
    (
        '"2024-04-07T19:26:08Z"',
        '"yesterday"',
        f"env.lock:90: {PIP}.uploaded`: expected a UTC time such as `2026-01-31T12:00:00Z`, got `yesterday`",
    ),
    (
        "sha256:" + "3" * 64,
        "3" * 64,
        f"env.lock:59: `platform.linux-64.base.digest`: expected `sha256:` and 64 hex digits, got `{'3' * 64}`",
    ),
    (
        f'digest = "sha256:{"3" * 64}"\n',
        "",
        "env.lock:57: `platform.linux-64.base.digest`: missing",
    ),
    (
        'name = "flask"',
        'name = "Flask"',
        f"env.lock:84: {PIP}.name`: expected a distribution's name in canonical form, got `Flask`",
    ),
    (
        'version = "3.0.3"',
        'version = "3.0.4"',
        f"env.lock:87: {PIP}.file`: expected a wheel of flask 3.0.4, got `{WHEEL}`",
    ),
    ('version = "3.0.3"', 'version = "new"', f"env.lock:85: {PIP}.version`: expected a version (PEP 440), got `new`"),
    (
        'build = "py311h64a7726_0"',
        'build = "py312h64a7726_0"',
        f"env.lock:69: {CONDA}.file`: expected `numpy-1.26.4-py312h64a7726_0` and .conda or .tar.bz2, "
        f"got `{CONDA_FILE}.conda`",
    ),
    (
        '"werkzeug>=3.0.0"',
        '"werkzeug=3"',
        f"env.lock:97: {PIP}.requires[1]`: expected a requirement (PEP 508), got `werkzeug=3`",
    ),
    (
        'requires-python = ">=3.8"',
        'requires-python = "3.8+"',
        f"env.lock:91: {PIP}.requires-python`: expected version specifiers (PEP 440), got `3.8+`",
    ),
    (
        '"numpy==1.26.4"',
        '"numpy"',
        f"env.lock:80: {CONDA}.provides[0]`: expected a distribution such as `numpy==1.26.4`, got `numpy`",
    ),
    (
        "[[platform.linux-64.pip]]",
        "[[platform.linux-64.pipi]]",
        "env.lock:83: `platform.linux-64.pipi`: unknown key: did you mean `pip`?",
    ),
    (
        'workdir = "/srv"',
        'workdir = "srv"',
        "env.lock:43: `image.workdir`: expected an absolute path without `..`, got `srv`",
    ),
    # files that would be put elsewhere
    (
        f'file = "{WHEEL}"',
        f'file = "../{WHEEL}"',
        f"env.lock:87: {PIP}.file`: expected a file name without folders, got `../{WHEEL}`",
    ),
    (
        f'file = "{WHEEL}"',
        f'file = "/{WHEEL}"',
        f"env.lock:87: {PIP}.file`: expected a file name without folders, got `/{WHEEL}`",
    ),
    (
        f'file = "{WHEEL}"',
        'file = ".whl"',
        f"env.lock:87: {PIP}.file`: expected a file name without folders, got `.whl`",
    ),
    (
        f'file = "{WHEEL}"',
        'file = "flask.zip"',
        f"env.lock:87: {PIP}.file`: expected a wheel's file name, got `flask.zip`",
    ),
    (
        f'file = "{CONDA_FILE}.conda"',
        f'file = "..\\\\{CONDA_FILE}.conda"',
        f"env.lock:69: {CONDA}.file`: expected a file name without folders, got `..\\{CONDA_FILE}.conda`",
    ),
    (
        f'file = "{CONDA_FILE}.conda"',
        f'file = "{CONDA_FILE}.zip"',
        f"env.lock:69: {CONDA}.file`: expected `{CONDA_FILE}` and .conda or .tar.bz2, got `{CONDA_FILE}.zip`",
    ),
    (
        'subdir = "linux-64"',
        'subdir = "../linux-64"',
        f"env.lock:68: {CONDA}.subdir`: expected a folder of the channel such as `linux-64`, got `../linux-64`",
    ),
    (
        'index = "pypi"',
        'path = "/etc/flask-3.0.3-py3-none-any.whl"',
        f"env.lock:86: {PIP}.path`: expected a path relative to env.toml, which begins with `./` or `../`, "
        "got `/etc/flask-3.0.3-py3-none-any.whl`",
    ),
    (
        'index = "pypi"\nfile = "flask-3.0.3-py3-none-any.whl"\nsha256',
        'path = "./flask"\ntree',
        f"env.lock:83: {PIP}.builds`: expected `true`: what is no wheel runs its code when it is installed",
    ),
    (
        "provides = [\n",
        'extras = [\n    "numpy[more]: a ; b",\n]\nprovides = [\n',
        f"env.lock:80: {CONDA}.extras[0]`: expected a requirement (PEP 508), got `a ; b`",
    ),
    # inputs
    (
        '"flask[async]<4"',
        '"flask[async]<"',
        "env.lock:24: `inputs.pip.dependencies[0]`: expected a requirement (PEP 508), got `flask[async]<`",
    ),
    (
        '    "./channel",\n',
        '    "conda-forge",\n',
        "env.lock:14: `inputs.conda.channels[1]`: `conda-forge` stands in line 13 already: keep one",
    ),
    (
        'name = "pypi"',
        'name = "acme"',
        "env.lock:33: `inputs.pip.indexes[1].name`: `acme` stands in line 28 already: keep one",
    ),
    (
        "[inputs.platform.linux-64]\n",
        '[[inputs.pip.editable]]\npath = "./a"\nname = "a"\ndependencies = ["b ; c"]\n\n[inputs.platform.linux-64]\n',
        "env.lock:38: `inputs.pip.editable[0].dependencies[0]`: expected a requirement (PEP 508), got `b ; c`",
    ),
    (
        "[inputs.platform.linux-64]\n",
        '[[inputs.pip.editable]]\npath = "./a"\nname = "a"\n' * 2 + "[inputs.platform.linux-64]\n",
        "env.lock:39: `inputs.pip.editable[1].path`: `./a` stands in line 36 already: keep one",
    ),
    (
        "[image]\n",
        '[inputs.groups.dev]\npip = ["b ; c"]\n\n[image]\n',
        "env.lock:42: `inputs.groups.dev.pip[0]`: expected a requirement (PEP 508), got `b ; c`",
    ),
    # platforms
    (
        '    "linux-64",\n',
        '    "linux-64",\n    "beos-32",\n',
        "env.lock:8: `inputs.platforms[1]`: expected a platform (`linux-64`, `linux-aarch64`, `osx-64`, "
        "`osx-arm64`, `win-64`), got `beos-32`",
    ),
    (
        "[inputs.platform.linux-64]",
        "[inputs.platform.linux-65]",
        "env.lock:35: `inputs.platform.linux-64`: missing, though `inputs.platforms` names it\n"
        "env.lock:35: `inputs.platform.linux-65`: expected a platform (`linux-64`, `linux-aarch64`, `osx-64`, "
        "`osx-arm64`, `win-64`), got `linux-65`",
    ),
    # format
    (
        "lock-version = 1",
        "lock-version = 2",
        "env.lock:2: `lock-version` is 2, this envlock reads 1: made by a newer envlock",
    ),
    ("lock-version = 1", "lock-version = 0", "env.lock:2: `lock-version`: expected 1"),
    ("lock-version = 1", 'lock-version = "1"', "env.lock:2: `lock-version`: expected 1"),
    ("lock-version = 1\n", "", "env.lock: `lock-version`: expected 1"),
    # merged badly
    (
        'version = "3.0.3"\n',
        '<<<<<<< HEAD\nversion = "3.0.3"\n=======\nversion = "3.0.4"\n>>>>>>> theirs\n',
        "env.lock:85: git's conflict marker `<<<<<<<`: a merge was not finished",
    ),
    (
        'version = "3.0.3"\n',
        'version = "3.0.3"\n=======\n',
        "env.lock:86: git's conflict marker `=======`: a merge was not finished",
    ),
    (
        "[[platform.linux-64.pip]]\n",
        TEXT[TEXT.index("[[platform.linux-64.pip]]") :] + "\n[[platform.linux-64.pip]]\n",
        "env.lock:101: `platform.linux-64.pip[1].name`: `flask` stands in line 84 already: keep one",
    ),
    ('name = "flask"', 'name = "flask"\nname = "flask"', "env.lock:85: not valid TOML: cannot overwrite a value"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(text: str) -> UserInputError:
    Path("env.lock").write_text(text, newline="")
    with pytest.raises(EnvlockError) as caught:
        read_lock(Path("env.lock"))
    assert isinstance(caught.value, UserInputError)
    return caught.value


# copied files and Dockerfiles
EDITS += [
    (
        'workdir = "/srv"',
        f'copy."./src" = "{"1" * 64}"',
        "env.lock:43: `image.copy`: not without `workdir`, which it is copied into",
    ),
    (
        f'digest = "sha256:{"3" * 64}"',
        f'context = "{"1" * 64}"',
        "env.lock:58: `platform.linux-64.base.reference`: not together with `context`: the base is what a Dockerfile"
        " makes",
    ),
    (
        'base = "debian:trixie-slim"',
        'base = "debian:trixie-slim"\ndockerfile = "Dockerfile"',
        "env.lock:9: `inputs.base`: not together with `inputs.dockerfile`",
    ),
    (
        "[image.labels]",
        f'[image.copy]\n"src" = "{"1" * 64}"\n\n[image.labels]',
        "env.lock:52: `image.copy.src`: expected a path relative to env.toml, which begins with `./` or `../`, got"
        " `src`",
    ),
    (
        "[image.labels]",
        '[image.copy]\n"./src" = "1"\n\n[image.labels]',
        'env.lock:52: `image.copy."./src"`: expected 64 hex digits, got `1`',
    ),
]


@pytest.mark.parametrize(("old", "new", "message", "exit_code"), [(*row, 2) for row in EDITS], ids=range(len(EDITS)))
def test_spoilt_lock(folder: Path, old: str, new: str, message: str, exit_code: int) -> None:
    assert old in TEXT
    error = refused(TEXT.replace(old, new, 1))
    assert error.message == message
    assert error.exit_code == exit_code
    assert error.hint


DEBIAN_TEXT = lock_text(DEBIAN_LOCK)
GIT = "`platform.linux-64.debian[1]"
POOL = "pool/updates/main/g/git"
DEB = f"{POOL}/git_2.39.5-0+deb12u2_amd64.deb"
PACKAGES = DEBIAN_TEXT[DEBIAN_TEXT.index("[[platform") : DEBIAN_TEXT.index("[[platform.linux-64.conda]]")]
A_PATH = "expected a path such as `pool/main/g/git/git_2.39.5_amd64.deb`, got"
BASE = DEBIAN_TEXT[DEBIAN_TEXT.index('suite = "bookworm"\nglibc') : DEBIAN_TEXT.index("[[platform")]

# the same in a lock over Debian's packages
DEBIAN_EDITS = [
    # what was asked
    ('suite = "bookworm"\n', "", "env.lock:10: `inputs.debian.suite`: missing"),
    (
        'suite = "bookworm"\n',
        'suite = "Bookworm"\n',
        "env.lock:11: `inputs.debian.suite`: expected a codename such as `bookworm`, got `Bookworm`",
    ),
    (
        '    "git",\n',
        '    "git >= 2",\n',
        "env.lock:17: `inputs.debian.packages[0]`: "
        "expected a name, `NAME (>= VERSION)` or `NAME=VERSION`, got `git >= 2`",
    ),
    (
        "[inputs.conda]",
        '[inputs.debian.more]\na = 1\n\n[inputs.conda]',
        "env.lock:21: `inputs.debian.more`: unknown key",
    ),
    ("[inputs.debian]", "[[inputs.debian]]", "env.lock:10: `inputs.debian`: expected a table, got an array"),
    # packages
    ('name = "git"', 'name = "Git"', f"env.lock:88: {GIT}.name`: expected a Debian package's name, got `Git`"),
    (
        'version = "1:2.39.5-0+deb12u2"',
        'version = "v2"',
        f"env.lock:89: {GIT}.version`: expected a Debian package's version, got `v2`",
    ),
    *(
        (
            'architecture = "amd64"',
            f'architecture = "{other}"',
            f"env.lock:90: {GIT}.architecture`: expected `amd64` or `all`, got `{other}`",
        )
        for other in ("arm64", "i386", "any")
    ),
    (
        'architecture = "amd64"',
        'architecture = "all"',
        f"env.lock:92: {GIT}.file`: expected `git_…_all.deb`, got `git_2.39.5-0+deb12u2_amd64.deb`",
    ),
    ('architecture = "amd64"\n', "", f"env.lock:87: {GIT}.architecture`: missing"),
    (
        'archive = "security"',
        'archive = "updates"',
        f"env.lock:91: {GIT}.archive`: expected `main` or `security`, got `updates`",
    ),
    ('archive = "security"', "suite = 1", f"env.lock:91: {GIT}.suite`: unknown key: did you mean `size`?"),
    (f'file = "{DEB}"\n', "", f"env.lock:87: {GIT}.file`: missing"),
    *(
        (DEB, path, f"env.lock:92: {GIT}.file`: {A_PATH} `{path}`")
        for path in (
            f"/{DEB}",
            f"../{DEB}",
            f"./{DEB}",
            f"{POOL}/../git_2_amd64.deb",
            f"{POOL}/.git_2_amd64.deb",
            "pool//git_2_amd64.deb",
            "git_2_amd64.deb",
            "https://x.test/git_2_amd64.deb",
            "pool/git_2_amd64.deb?a",
            "pool/git 2_amd64.deb",
            "pool/git_2_amd64.deb/",
        )
    ),
    *(
        (DEB, f"pool/{name}", f"env.lock:92: {GIT}.file`: expected `git_…_amd64.deb`, got `{name}`")
        for name in ("git-man_2_amd64.deb", "git_2_arm64.deb", "git_2_amd64.udeb", "git_amd64.deb", "git__amd64.deb")
    ),
    ("5" * 64, "5" * 63, f"env.lock:93: {GIT}.sha256`: expected 64 hex digits, got `{'5' * 63}`"),
    ("size = 7264264", "size = -1", f"env.lock:94: {GIT}.size`: expected a number of bytes, got -1"),
    ("size = 7264264\n", "", f"env.lock:87: {GIT}.size`: missing"),
    (
        '"perl"',
        '"perl >= 5"',
        f"env.lock:98: {GIT}.requires[2]`: expected a relation such as `libc6 (>= 2.36)`, got `perl >= 5`",
    ),
    (
        '"git-completion"',
        '"git-a | git-b"',
        f"env.lock:101: {GIT}.provides[0]`: expected `NAME` or `NAME (= VERSION)`, got `git-a | git-b`",
    ),
    (
        '"git-core (= 1:2.39.5)"',
        '"git-core (>= 1)"',
        f"env.lock:102: {GIT}.provides[1]`: expected `NAME` or `NAME (= VERSION)`, got `git-core (>= 1)`",
    ),
    (
        '"bash-completion (<< 1:1.90-1)"',
        '""',
        f"env.lock:105: {GIT}.conflicts[0]`: expected a relation such as `libc6 (>= 2.36)`, got ``",
    ),
    # the base
    (
        "[platform.linux-64.base.dates]",
        "[platform.linux-64.base.times]",
        "env.lock:72: `platform.linux-64.base.times`: unknown key: did you mean `dates`?",
    ),
    (
        'bookworm = "2026-07-11T10:16:37Z"',
        'bookworm = "yesterday"',
        "env.lock:73: `platform.linux-64.base.dates.bookworm`: expected a UTC time such as `2026-01-31T12:00:00Z`, "
        "got `yesterday`",
    ),
    (
        'bookworm = "2026-07-11T10:16:37Z"',
        '"../x" = "2026-07-11T10:16:37Z"',
        'env.lock:73: `platform.linux-64.base.dates."../x"`: expected a suite such as `bookworm-security`, got `../x`',
    ),
    # merged badly
    (
        "[inputs.debian]\n",
        'base = "debian:trixie-slim"\n\n[inputs.debian]\n',
        "env.lock:10: `inputs.base`: not together with `inputs.debian`",
    ),
    (
        "[inputs.debian]\n",
        'interpreter = "/usr/bin/python3"\n\n[inputs.debian]\n',
        "env.lock:10: `inputs.interpreter`: not together with `inputs.debian`",
    ),
    (
        DEBIAN_TEXT[DEBIAN_TEXT.index("[inputs.debian]") : DEBIAN_TEXT.index("[inputs.conda]")],
        "",
        "env.lock:4: `inputs.base`: missing",
    ),
    (
        'suite = "bookworm"\nglibc',
        f'suite = "bookworm"\nreference = "debian:trixie-slim"\ndigest = "sha256:{"3" * 64}"\nglibc',
        "env.lock:69: `platform.linux-64.base.reference`: not together with `suite`: "
        "the base is made of Debian's packages\n"
        "env.lock:70: `platform.linux-64.base.digest`: not together with `suite`: "
        "the base is made of Debian's packages",
    ),
    ('suite = "bookworm"\nglibc', "glibc", "env.lock:67: `platform.linux-64.base.suite`: missing"),
    (
        BASE,
        'shell = "/bin/sh"\n',
        "env.lock:67: `platform.linux-64.base.reference`: missing\n"
        "env.lock:67: `platform.linux-64.base.digest`: missing",
    ),
    (
        'suite = "bookworm"\nglibc',
        'suite = "trixie"\nglibc',
        "env.lock:73: `platform.linux-64.base.dates.bookworm`: not of the suite `trixie`\n"
        "env.lock:74: `platform.linux-64.base.dates.bookworm-security`: not of the suite `trixie`",
    ),
    (
        "[[platform.linux-64.debian]]\n",
        f"{PACKAGES}[[platform.linux-64.debian]]\n",
        "env.lock:120: `platform.linux-64.debian[3].name`: `base-files` stands in line 77 already: keep one\n"
        "env.lock:131: `platform.linux-64.debian[4].name`: `git` stands in line 88 already: keep one\n"
        "env.lock:152: `platform.linux-64.debian[5].name`: `libc6` stands in line 109 already: keep one",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), DEBIAN_EDITS, ids=range(len(DEBIAN_EDITS)))
def test_spoilt_lock_over_debian(folder: Path, old: str, new: str, message: str) -> None:
    assert old in DEBIAN_TEXT
    error = refused(DEBIAN_TEXT.replace(old, new, 1))
    assert error.message == message
    assert error.hint == REPAIR


def test_debian_has_no_packages_for_other_systems(folder: Path) -> None:
    text = DEBIAN_TEXT.replace("linux-64", "osx-64")
    assert [line.split("`")[1] for line in refused(text).message.splitlines()] == [
        "platform.osx-64.base.suite",
        "platform.osx-64.base.glibc",
        "platform.osx-64.base.shell",
        "platform.osx-64.base.dates",
        "platform.osx-64.debian",
    ]


# after which text the file ends, and the message
CUTS = [
    ('sha256 = "2222', "env.lock: not valid TOML: unterminated string (at end of document)"),
    ("requires = [\n", "env.lock: not valid TOML: invalid value (at end of document)"),
    (f'file = "{WHEEL}"\n', f"env.lock:83: {PIP}.sha256`: missing"),
    (
        'glibc = "2.41"\nshell = "/bin/sh"\n\n[[',
        "env.lock: not valid TOML: invalid initial character for a key part (at end of document)",
    ),
    (
        'OMP_NUM_THREADS = "1"\n',
        "env.lock: `platform.linux-64`: missing, though `inputs.platforms` names it",
    ),
    (
        "lock-version = 1\n",
        "env.lock: `inputs.base`: missing\nenv.lock: `inputs.platforms`: missing",
    ),
]


@pytest.mark.parametrize(("last", "message"), CUTS, ids=range(len(CUTS)))
def test_truncated_lock(folder: Path, last: str, message: str) -> None:
    error = refused(TEXT[: TEXT.index(last) + len(last)])
    assert sorted(error.message.splitlines()) == message.splitlines()
    assert error.hint == REPAIR


def test_hints(folder: Path) -> None:
    assert refused(TEXT.replace("lock-version = 1", "lock-version = 2")).hint == "upgrade envlock"
    assert refused(TEXT.replace("size = 101735", "size = -1")).hint == REPAIR
    assert refused(TEXT.replace("[image]", "<<<<<<< HEAD\n[image]")).hint == (
        "run `envlock lock`: it keeps what both sides have locked"
    )


def test_all_errors_at_once_in_line_order(folder: Path) -> None:
    text = TEXT.replace("size = 101735", "size = -1").replace("1" * 64, "x").replace('user = "1000"', "user = 1000")
    assert [line.split("`")[1] for line in refused(text).message.splitlines()] == [
        "image.user",
        "platform.linux-64.conda[0].sha256",
        "platform.linux-64.pip[0].size",
    ]


def test_missing_file(folder: Path) -> None:
    with pytest.raises(UserInputError) as caught:
        read_lock(Path("env.lock"))
    assert caught.value.message == "`env.lock` does not exist"
    assert caught.value.hint == "`envlock lock` makes it"


def test_a_file_that_cannot_be_reached(folder: Path) -> None:
    (folder / "env.lock").symlink_to("env.lock")
    with pytest.raises(OutsideError) as caught:
        read_lock(Path("env.lock"))
    assert caught.value.message == "`env.lock` cannot be read: Too many levels of symbolic links"


def test_crlf_and_bom_are_accepted(folder: Path) -> None:
    (folder / "env.lock").write_bytes(b"\xef\xbb\xbf" + TEXT.encode().replace(b"\n", b"\r\n"))
    assert lock_text(read_lock(Path("env.lock"))) == TEXT


@pytest.mark.parametrize("subdirectory", ["..", "a/../../b", "/etc", "./a", "a/", "a//b", "a\\b"])
def test_a_subdirectory_stays_in_its_repository(folder: Path, subdirectory: str) -> None:
    source = f"git = 'git+https://git.acme.test/a.git'\ncommit = '{'a' * 40}'\nbuilds = true\n"
    package = f"[[platform.linux-64.pip]]\nname = 'a'\nversion = '1'\n{source}subdirectory = '{subdirectory}'\n"
    text = TEXT[: TEXT.index("[[platform.linux-64.pip]]")] + package
    assert "subdirectory`: expected a folder within the repository" in refused(text).message
