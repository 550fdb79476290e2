"""The uv program as it is run: with what is asked for, and with nothing of the machine's own configuration."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.model.platform import Platform, System, version_numbers
from envlock.model.spec import Index
from envlock.model.toml_strings import basic_string
from envlock.solvers.index_rules import bound_to
from envlock.solvers.requests import PipRequest
from envlock.solvers.stubs import write_stub
from envlock.system.process import OF_GIT, Finished, Running, scrubbed
from envlock.system.uv_program import uv_program

# what uv calls the one that has the requirements, where they stand in a project's file
PROJECT = "what-is-asked-for"
PINS = "pylock.toml"
_CONSTRAINTS, _EXCLUDED = "provided.txt", "untied.txt"
# the glibc versions that uv knows a platform of its own for
_UV_GLIBC = (17, *range(28, 29), *range(31, 41))
_UV_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64", "AMD64": "x86_64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How uv is asked, one time of several.

    `routed` are names that are told which index they come from; where `apart`, the indexes that say which packages
    are theirs give nothing else; `built` are names that there is no wheel of, as uv said in `lacking`; `needs` is what
    building those asks for, as far as that must be known.
    """

    routed: frozenset[str] = frozenset()
    apart: bool = False
    built: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()
    lacking: Finished | None = field(default=None, compare=False)


def first_round(request: PipRequest) -> Round:
    """All that is known before uv has said anything: what had to be built is kept as it is."""
    kept = {p.name for p in request.keep if p.builds and p.index and not bound_to(p.name, request.indexes)}
    routed = _bound(map(_name, request.requirements), request)
    return Round(routed=frozenset(routed), built=named_to_build(request) | kept)


def write_question(request: PipRequest, asked: Round, folder: Path) -> list[str]:
    """The command that solves, to be run in `folder`, where the files that it reads are written."""
    tied, untied = _provided(folder, request)
    tied += [f"{limit}\n" for limit in request.limits]
    (folder / _CONSTRAINTS).write_text("".join(tied))
    (folder / _EXCLUDED).write_text("".join(untied))
    if any(package.index for package in request.keep):
        (folder / PINS).write_text("".join(_preferences(request)))
    source = _write_requirements(request.requirements, request, asked, folder)
    command = [source, "--constraint", _CONSTRAINTS, "--excludes", _EXCLUDED]
    return _command(request, asked, [*command, "--output-file", PINS, "--format", "pylock.toml", "--no-annotate"])


def write_origins_question(pins: Iterable[str], request: PipRequest, asked: Round, folder: Path) -> list[str]:
    """The command that says which index each of these pins is from."""
    source = _write_requirements(pins, request, asked, folder)
    return _command(request, asked, [source, "--no-deps", "--emit-index-annotation", "--no-annotate"])


def start_uv(command: list[str], request: PipRequest, folder: Path) -> Running:
    """Starts it as for the declared system, with the logins of the indexes."""
    system = {"MACOSX_DEPLOYMENT_TARGET": request.system.macos} if request.system.macos else {}
    return Running(command, environment=scrubbed(*OF_GIT, **request.credentials, **system), folder=str(folder))


def _command(request: PipRequest, asked: Round, what: list[str]) -> list[str]:
    command = [uv_program(), "pip", "compile", *what, "--only-binary", ":all:"]
    for name in sorted(asked.built):
        command += ["--no-binary", name]
    command += ["--no-config", "--no-header", "--no-python-downloads", "--system-certs"]
    # by its path: with a scrubbed environment uv finds none by version
    command += ["--python", sys.executable, "--python-version", request.python]
    command += ["--python-platform", _uv_platform(request.platform, request.system)]
    command += ["--cache-dir", str(request.cache / "uv"), *index_flags(request.indexes, apart=asked.apart)]
    command += ["--exclude-newer", request.cutoff] if request.cutoff else []
    return [*command, "--offline"] if request.offline else command


def index_flags(indexes: Iterable[Index], *, apart: bool) -> Iterator[str]:
    """The indexes in order; those that packages are bound to come first, or where they stand apart, not at all."""
    for index in sorted(indexes, key=lambda index: not index.packages):
        if index.url and not (apart and index.packages):
            yield from ("--default-index" if index.default else "--index", f"{index.name}={index.url}")


def _uv_platform(platform: Platform, system: System) -> str:
    """uv's own name for the machine; of Linux with this glibc: the newest that it knows and that is not newer."""
    if platform.os == "windows":
        return f"{_UV_MACHINES[platform.machine]}-pc-windows-msvc"
    if platform.os == "darwin":
        return f"{_UV_MACHINES[platform.machine]}-apple-darwin"
    major, minor = version_numbers(system.glibc or "2.17")
    known = max((number for number in _UV_GLIBC if number <= minor), default=17)
    return f"{platform.machine}-manylinux_{major}_{known}"


def _write_requirements(requirements: Iterable[str], request: PipRequest, asked: Round, folder: Path) -> str:
    """The file that uv reads them from: a project's where it is to be told of a package which index it is from."""
    if not asked.routed:
        (folder / "requirements.in").write_text("".join(f"{r}\n" for r in requirements))
        return "requirements.in"
    lines = ["[project]", f'name = "{PROJECT}"', 'version = "0"']
    direct = ", ".join(map(basic_string, [*requirements, *sorted(asked.routed)]))
    lines += [f"dependencies = [{direct}]", "[tool.uv.sources]"]
    lines += [f"{name} = {{ index = {basic_string(_index_of(name, request))} }}" for name in sorted(asked.routed)]
    for index in request.indexes:
        if index.packages and index.url:
            lines += ["[[tool.uv.index]]", f"name = {basic_string(index.name)}", f"url = {basic_string(index.url)}"]
            lines += ["explicit = true"]
    (folder / "pyproject.toml").write_text("".join(f"{line}\n" for line in lines))
    return "pyproject.toml"


def _index_of(name: str, request: PipRequest) -> str:
    index = bound_to(name, request.indexes)
    assert index, name
    return index.name


def _bound(names: Iterable[str], request: PipRequest) -> Iterator[str]:
    """Those of the names that can come from one index alone, and that nothing else brings."""
    direct = {_name(r) for r in request.requirements if " @ " in r}
    yield from (n for n in names if bound_to(n, request.indexes) and n not in direct and n not in request.provided)


def named_to_build(request: PipRequest) -> frozenset[str]:
    """What is named by its own source, and is no wheel there."""
    sources = {_name(r): Requirement(r).url for r in request.requirements if " @ " in r}
    return frozenset(name for name, source in sources.items() if source and not source.endswith(".whl"))


def _name(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


def _provided(folder: Path, request: PipRequest) -> tuple[list[str], list[str]]:
    """Constraints that tie what is provided to a stand-in; and names whose version, which is not PEP 440, ties
    nothing: they count as there."""
    tied, untied = [], []
    for name, brought in sorted(request.provided.items()):
        version = brought.pep440
        if version is None:
            untied.append(f"{name}\n")
            continue
        stub = write_stub(folder, name=name, version=version, extras=brought.extras, requires=brought.requires)
        tied.append(f"{name} @ {stub.as_uri()}\n")
    return tied, untied


def _preferences(request: PipRequest) -> Iterator[str]:
    """The pins that uv prefers where they still hold, in the form that it reads back."""
    yield 'lock-version = "1.0"\ncreated-by = "envlock"\n'
    for package in request.keep:
        if package.index:
            yield f'[[packages]]\nname = "{package.name}"\nversion = "{package.version}"\n'
