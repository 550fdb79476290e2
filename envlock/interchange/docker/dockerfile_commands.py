"""What a command of a Dockerfile does to an environment, as far as its words tell. Nothing is run."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from envlock.interchange.docker.dockerfile_options import APT, CONDA, PIP, Arguments, Unread, arguments
from envlock.interchange.docker.dockerfile_words import Command

INSTALLS, TIDIES, STAYS, LEFT_OUT, BESIDE, RUNS = "installs", "tidies", "stays", "left out", "beside", "runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """`kind`: `installs` packages; `tidies` what is never made here; `stays` are words for the commands after it
    (`cd`); `left out` means nothing here; `beside` runs what packages and copied files do not matter to; `runs` runs
    anything.

    `pip` are options with values and words as of a requirements file, whose paths are those in the image; `environment`
    is a conda specification there; of `channels` some come `first`. `debian` are packages; not None where apt's state
    is meant. `target` is the conda environment, `folder` where `cd` goes, `paths` what is removed. `why` is for people.
    """

    kind: str
    why: str = ""
    channels: tuple[str, ...] = ()
    conda: tuple[str, ...] = ()
    environment: str | None = None
    pip: tuple[tuple[str, str], ...] = ()
    debian: tuple[str, ...] | None = None
    target: str = ""
    folder: str | None = None
    first: bool = False
    paths: tuple[str, ...] = ()
    said: tuple[tuple[str, str], ...] = ()


Reader = Callable[[tuple[str, ...]], Meaning]
_ASSIGNED = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_PYTHON = re.compile(r"(?:.*/)?python(?:\d(?:\.\d+)?)?")
_PIP_NAME = re.compile(r"pip(?:\d(?:\.\d+)?)?")


def meaning(command: Command) -> Meaning:
    """`runs`, with the reason, where it is not known what else it does."""
    words = _bare(command.words)
    if not words:
        return Meaning(kind=STAYS) if command.words else _unknown(command)
    try:
        found = _PROGRAMS.get(_program(words), _anything)(words)
    except Unread as error:
        return Meaning(kind=RUNS, why=f"{error} is not taken over")
    if found.kind != INSTALLS:
        return found
    return _with_redirections(found, command)


def _unknown(command: Command) -> Meaning:
    """Not all of its words are known: of some programs the others do not matter."""
    if command.program == "eval" and "conda" in command.text and "hook" in command.text:
        return Meaning(kind=LEFT_OUT, why=_ACTIVE)
    read = _PROGRAMS.get(command.program)
    if read in (_beside, _stays):
        return read((command.program,))
    return Meaning(kind=RUNS, why="what it means is known when it runs")


def _with_redirections(found: Meaning, command: Command) -> Meaning:
    """`pip install x>=1` without quotes asks for `x`, and writes into a file `=1`."""
    taken = [to for to in command.redirected if to.startswith("=")]
    why = "without quotes the shell writes to a file of that name, and no version is asked for: so it is here"
    said = tuple((f">{to}", why) for to in taken)
    return replace(found, said=(*found.said, *said))


def _bare(words: tuple[str, ...]) -> tuple[str, ...]:
    """Without what only starts a command: `sudo`, `env A=1`, `A=1`, `conda run -n x`."""
    while words and (_ASSIGNED.match(words[0]) or words[0] in ("sudo", "env", "exec", "time", "-E")):
        words = words[1:]
    if words[1:2] == ("run",) and _name(words[0]) in ("conda", "mamba", "micromamba"):
        return _bare(_run_in_conda(words[2:]))
    return words


def _run_in_conda(words: tuple[str, ...]) -> tuple[str, ...]:
    while words and words[0].startswith("-"):
        words = words[2:] if words[0] in ("-n", "--name", "-p", "--prefix") else words[1:]
    return words


def _name(word: str) -> str:
    return word.rpartition("/")[2]


def _program(words: tuple[str, ...]) -> str:
    name = _name(words[0])
    if _PIP_NAME.fullmatch(name):
        return "pip"
    return "python" if _PYTHON.fullmatch(words[0]) else name


def _python(words: tuple[str, ...]) -> Meaning:
    if words[1:3] in (("-m", "pip"), ("-m", "uv")):
        return _PROGRAMS[words[2]](words[2:])
    if words[1:] in (("--version",), ("-V",)):
        return Meaning(kind=TIDIES)
    return _anything(words)


def _uv(words: tuple[str, ...]) -> Meaning:
    if words[1:3] == ("pip", "install"):
        return _pip(words[1:])
    if words[1:2] in (("sync",), ("export",)):
        return Meaning(kind=RUNS, why="the project has a lock: `envlock import uv.lock` takes it over, with every pin")
    return Meaning(kind=TIDIES) if words[1:2] == ("cache",) else _anything(words)


def _pip(words: tuple[str, ...]) -> Meaning:
    command = next((word for word in words[1:] if not word.startswith("-")), "")
    if command in ("cache", "list", "check", "show", "freeze", "config", "") and ">" not in words:
        return Meaning(kind=TIDIES if command != "config" else LEFT_OUT, why="settings of pip do not change a lock")
    if command != "install":
        return _anything(words)
    at = words.index("install")
    given = arguments((*words[1:at], *words[at + 1 :]), PIP)
    if any("*" in word for word in given.words):
        raise Unread("a pattern of files")
    return Meaning(kind=INSTALLS, pip=(*given.values, *(("", word) for word in given.words)), said=given.said)


def _conda(words: tuple[str, ...]) -> Meaning:
    command = words[1:2]
    if command == ("env",) and words[2:3] in (("create",), ("update",)):
        return _conda_packages(words[3:], environment=True)
    if command in (("install",), ("create",)):
        return _conda_packages(words[2:], environment=False)
    if command == ("config",):
        return _conda_config(words[2:])
    if command in (("clean",), ("info",), ("list",), ("--version",), ("-V",)):
        return Meaning(kind=TIDIES)
    if command and command[0] in _CONDA_LEFT_OUT:
        return Meaning(kind=LEFT_OUT, why=_CONDA_LEFT_OUT[command[0]])
    return _anything(words)


_OWN_CONDA = "the base's own conda is not used: packages are locked and installed by envlock"
_ACTIVE = "the environment is active in the image without it"
_CONDA_LEFT_OUT = {
    **dict.fromkeys(("update", "upgrade", "self-update"), _OWN_CONDA),
    **dict.fromkeys(("init", "activate", "deactivate", "shell"), _ACTIVE),
}


def _conda_packages(words: tuple[str, ...], *, environment: bool) -> Meaning:
    given = arguments(words, CONDA)
    files = [value for name, value in given.values if name in ("-f", "--file")]
    target = next((v for name, v in given.values if name in ("-n", "--name", "-p", "--prefix")), "")
    channels = tuple(value for name, value in given.values if name in ("-c", "--channel"))
    if len(files) > 1 or (files and not files[0].endswith((".yml", ".yaml"))):
        raise Unread(f"`--file {files[0]}` (`envlock import` makes an environment of it)")
    if any("://" in word or word.endswith((".conda", ".tar.bz2")) for word in given.words):
        raise Unread("a package by its file")
    # where no file is named it is the one that lies there
    file = files[0] if files else ("environment.yml" if environment else None)
    return Meaning(
        kind=INSTALLS, channels=channels, conda=given.words, environment=file, target=target, said=given.said
    )


def _conda_config(words: tuple[str, ...]) -> Meaning:
    given = [word for word in words if word not in ("--system", "--env")]
    if len(given) == 3 and given[:2] in (["--add", "channels"], ["--prepend", "channels"]):
        return Meaning(kind=INSTALLS, channels=(given[2],), first=True)
    if len(given) == 3 and given[:2] == ["--append", "channels"]:
        return Meaning(kind=INSTALLS, channels=(given[2],))
    return Meaning(kind=LEFT_OUT, why="settings of conda do not change a lock")


def _apt(words: tuple[str, ...]) -> Meaning:
    given = arguments(words[1:], APT)
    command, packages = given.words[:1], given.words[1:]
    if command and command[0] in ("update", "clean", "autoclean", "autoremove"):
        return Meaning(kind=TIDIES, debian=())
    if command and command[0] in ("upgrade", "dist-upgrade", "full-upgrade"):
        return Meaning(kind=BESIDE, debian=(), why="Debian's packages are the newest when they are locked")
    if command != ("install",):
        return Meaning(kind=BESIDE)
    return Meaning(kind=BESIDE, debian=tuple(packages), said=_apt_said(given, words))


def _apt_said(given: Arguments, words: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    if given.values:
        return (("-t", ""),)
    lean = "--no-install-recommends" in words or "APT::Install-Recommends=false" in words
    return () if lean else (("recommended packages", "packages are taken with what they need: name others too"),)


def _rm(words: tuple[str, ...]) -> Meaning:
    paths = [word for word in words[1:] if not word.startswith("-")]
    cached = all(path.startswith(CACHES) for path in paths)
    return Meaning(kind=TIDIES, paths=tuple(paths), debian=() if cached else None)


CACHES = (
    *("/var/lib/apt/lists", "/var/cache", "/tmp/", "/var/tmp", "/root/.cache", "~/.cache", "/opt/conda/pkgs"),
    *("$HOME/.cache", "/var/log"),
)


def _cd(words: tuple[str, ...]) -> Meaning:
    return Meaning(kind=STAYS, folder=words[1] if len(words) == 2 else None)


def _stays(_words: tuple[str, ...]) -> Meaning:
    return Meaning(kind=STAYS)


def _source(words: tuple[str, ...]) -> Meaning:
    if len(words) > 1 and ("activate" in _name(words[1]) or "conda" in words[1]):
        return Meaning(kind=LEFT_OUT, why=_ACTIVE)
    return _anything(words)


def _beside(_words: tuple[str, ...]) -> Meaning:
    return Meaning(kind=BESIDE)


def _git(words: tuple[str, ...]) -> Meaning:
    return Meaning(kind=BESIDE) if words[1:2] in (("clone",), ("config",)) else _anything(words)


def _tidies(_words: tuple[str, ...]) -> Meaning:
    return Meaning(kind=TIDIES)


def _anything(words: tuple[str, ...]) -> Meaning:
    return Meaning(kind=RUNS, why=f"`{_name(words[0])}` can do anything, and is not run to find out")


_PROGRAMS: dict[str, Reader] = {
    **dict.fromkeys(("conda", "mamba", "micromamba"), _conda),
    **dict.fromkeys(("apt", "apt-get"), _apt),
    **dict.fromkeys(("export", "set", "umask", "pushd", "popd"), _stays),
    **dict.fromkeys(("source", "."), _source),
    **dict.fromkeys(
        (
            *("mkdir", "useradd", "groupadd", "adduser", "addgroup", "usermod", "curl", "wget", "locale-gen"),
            *("echo", "printf", "ln", "touch", "update-ca-certificates", "ldconfig", "apk", "yum", "dnf", "microdnf"),
        ),
        _beside,
    ),
    **dict.fromkeys(("true", ":", "ls", "pwd", "sync", "date"), _tidies),
    "pip": _pip,
    "uv": _uv,
    "python": _python,
    "cd": _cd,
    "git": _git,
    "rm": _rm,
}
