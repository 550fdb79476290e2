"""Wheels chosen by the uv program, with nothing of the machine's own configuration."""

import re
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import uv
from packaging.pylock import Package, PackageWheel, Pylock, PylockValidationError
from packaging.tags import Tag
from packaging.utils import parse_wheel_filename
from packaging.version import InvalidVersion, Version

from envlock.errors import EnvlockError, OutsideError, UserInputError
from envlock.model.platform import Platform, System
from envlock.model.spec import DEFAULT_INDEX, Index
from envlock.model.tags import wheel_tags
from envlock.solvers.requests import PipAnswer, PipRequest
from envlock.solvers.stubs import write_stub
from envlock.system.process import Finished, run, scrubbed
from envlock.system.secrets import redact_text

# the glibc versions that uv knows a platform of its own for
_UV_GLIBC = (17, *range(28, 29), *range(31, 41))
_PINS = "pylock.toml"
_CHOSEN = "chosen.in"
# a line of requirements, and uv's remark below it
_ORIGIN = re.compile(r"^([^\s=]+)==\S+\n\s+# from (\S+)$", re.MULTILINE)
# uv takes an index that refuses for one that has nothing
_REFUSED = re.compile(r"401 Unauthorized|403 Forbidden")

# uv's own words, and ours
_NOT_CACHED = "when the network is disabled"
_ONCE = "run it once without"


def solve(request: PipRequest) -> tuple[PipAnswer, ...]:
    """The wheels that answer the requirements, sorted by name; UserInputError where none can."""
    with tempfile.TemporaryDirectory(prefix="envlock-") as name:
        folder = Path(name)
        done = run(prepared(request, folder), environment=scrubbed(**request.credentials), folder=name)
        if done.code:
            raise _failure(done, request)
        pylock = _parsed((folder / _PINS).read_text())
        chosen = [p for p in pylock.packages if p.name not in request.provided]
        origins = _origins(chosen, request, folder)
    tags = tuple(wheel_tags(request.python, request.platform, request.system))
    return tuple(_answer(p, tags, _index_name(origins.get(p.name), request.indexes)) for p in chosen)


def prepared(request: PipRequest, folder: Path) -> list[str]:
    """The command that solves, to be run in `folder`, where the files that it reads are written."""
    (folder / "requirements.in").write_text("".join(f"{r}\n" for r in request.requirements))
    (folder / "provided.txt").write_text("".join(_provided(folder, request)))
    if request.keep:
        (folder / _PINS).write_text("".join(_preferences(request)))
    return _command(request)


def _command(request: PipRequest) -> list[str]:
    command = [uv.find_uv_bin(), "pip", "compile", "requirements.in", "--constraint", "provided.txt"]
    return [*command, "--output-file", _PINS, "--format", "pylock.toml", *_flags(request)]


def _flags(request: PipRequest) -> list[str]:
    command = ["--only-binary", ":all:", "--quiet", "--no-config", "--no-header"]
    command += ["--no-annotate", "--no-python-downloads", "--system-certs"]
    # by its path: with a scrubbed environment uv finds none by version
    command += ["--python", sys.executable, "--python-version", request.python]
    command += ["--python-platform", _uv_platform(request.platform, request.system)]
    command += ["--cache-dir", str(request.cache / "uv"), *_index_flags(request.indexes)]
    return [*command, "--offline"] if request.offline else command


def _index_flags(indexes: Iterable[Index]) -> Iterator[str]:
    for index in indexes:
        if index.url:
            yield from ("--default-index" if index.default else "--index", f"{index.name}={index.url}")


def _uv_platform(platform: Platform, system: System) -> str:
    """uv's own name for a machine with this glibc: the newest that is not newer."""
    major, minor = (int(part) for part in (system.glibc or "2.17").split(".")[:2])
    known = max((number for number in _UV_GLIBC if number <= minor), default=17)
    return f"{platform.machine}-manylinux_{major}_{known}"


def _provided(folder: Path, request: PipRequest) -> Iterator[str]:
    """Constraints that tie what conda provides to a stand-in; versions that are not PEP 440 cannot be tied."""
    for name, brought in sorted(request.provided.items()):
        try:
            version = str(Version(brought.version))
            stub = write_stub(folder, name=name, version=version, extras=brought.extras, requires=brought.requires)
        except InvalidVersion:
            continue
        yield f"{name} @ {stub.as_uri()}\n"


def _preferences(request: PipRequest) -> Iterator[str]:
    """The pins that uv prefers where they still hold, in the form that it reads back."""
    yield 'lock-version = "1.0"\ncreated-by = "envlock"\n'
    for package in request.keep:
        yield f'[[packages]]\nname = "{package.name}"\nversion = "{package.version}"\n'


def _failure(done: Finished, request: PipRequest) -> EnvlockError:
    words = redact_text(done.stderr.strip()).removeprefix("error:").strip()
    if refused := _REFUSED.search(words):
        return OutsideError(
            f"an index of [pip] does not let us in ({refused[0]})\n{words}",
            hint="a login goes into ENVLOCK_INDEX_NAME_USERNAME and ENVLOCK_INDEX_NAME_PASSWORD, or netrc",
        )
    if request.offline and _NOT_CACHED in words.lower():
        return OutsideError(f"what [pip] asks for is not in the cache, and this is --offline\n{words}", hint=_ONCE)
    if done.code == 1 and "No solution found" in words:
        return UserInputError(
            f"what [pip] asks for cannot be had on {request.platform.name}\n{words}{_other_side(words, request)}",
            hint="loosen one of the requirements named above",
        )
    return OutsideError(f"uv could not resolve [pip]\n{words}")


def _other_side(words: str, request: PipRequest) -> str:
    """uv knows what conda provides as a version like any other: say where it comes from."""
    named = sorted(name for name in request.provided if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", words))
    return "".join(f"\n  `{name}` {request.provided[name].version} comes from [conda]" for name in named)


def _parsed(text: str) -> Pylock:
    try:
        return Pylock.from_dict(tomllib.loads(text))
    except (PylockValidationError, tomllib.TOMLDecodeError) as error:
        raise OutsideError(f"uv wrote a lock that cannot be read: {error}") from error


def _origins(chosen: Sequence[Package], request: PipRequest, folder: Path) -> dict[str, str]:
    """The URL of the index that each package is from, where there are several: uv's pylock does not tell."""
    if not chosen or all(index.default for index in request.indexes):
        return {}
    (folder / _CHOSEN).write_text("".join(f"{p.name}=={p.version}\n" for p in chosen))
    command = [uv.find_uv_bin(), "pip", "compile", _CHOSEN, "--no-deps", "--emit-index-annotation", *_flags(request)]
    done = run(command, environment=scrubbed(**request.credentials), folder=str(folder))
    if done.code:
        raise _failure(done, request)
    found = dict(_ORIGIN.findall(done.stdout))
    untold = [p.name for p in chosen if p.name not in found]
    if untold:
        raise OutsideError(f"uv does not say which index `{untold[0]}` is from")
    return found


def _answer(package: Package, tags: tuple[Tag, ...], index: str) -> PipAnswer:
    wheel = _best(package, tags)
    url = wheel.url or Path(wheel.path or "").resolve().as_uri()
    sha256 = wheel.hashes.get("sha256")
    if not sha256:
        raise OutsideError(f"the index has no sha256 for `{_file(wheel)}`", hint="take it from an index that has")
    return PipAnswer(
        name=package.name,
        version=str(package.version),
        file=_file(wheel),
        url=url,
        sha256=sha256,
        size=wheel.size,
        index=index,
        uploaded=wheel.upload_time.strftime("%Y-%m-%dT%H:%M:%SZ") if wheel.upload_time else None,
    )


def _best(package: Package, tags: tuple[Tag, ...]) -> PackageWheel:
    rank = {tag: number for number, tag in reversed(list(enumerate(tags)))}
    fitting = []
    for wheel in sorted(package.wheels or (), key=_file):
        _, _, build, tags_of_wheel = parse_wheel_filename(_file(wheel))
        ranks = [rank[tag] for tag in tags_of_wheel if tag in rank]
        if ranks:
            fitting.append((-min(ranks), build, wheel))
    if not fitting:
        raise UserInputError(
            f"`{package.name}` {package.version} has no wheel for this Python, platform and glibc",
            hint="allow another version, or declare a newer glibc in [platform.NAME]",
        )
    return max(fitting, key=lambda found: found[:2])[2]


def _file(wheel: PackageWheel) -> str:
    return wheel.name or unquote(urlsplit(wheel.url or wheel.path or "").path.rpartition("/")[2])


def _index_name(url: str | None, indexes: Iterable[Index]) -> str:
    """The manifest's name of an index; the one that it does not name is the default."""
    if url is None:
        return next((i.name for i in indexes if i.default), DEFAULT_INDEX)
    return next((i.name for i in indexes if i.url and _spelt_alike(i.url) == _spelt_alike(url)), DEFAULT_INDEX)


def _spelt_alike(url: str) -> tuple[str, str | None, int | None, str]:
    """A URL without what spelling alone decides: case of the host, the usual port, a slash at the end."""
    parts = urlsplit(url)
    usual = {"https": 443, "http": 80}.get(parts.scheme)
    return parts.scheme, parts.hostname, parts.port or usual, parts.path.rstrip("/")
