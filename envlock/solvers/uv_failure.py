"""What uv says where it finds no answer, in the words of env.toml."""

import re
from collections.abc import Iterator

from envlock.errors import EnvlockError, OutsideError, UserInputError
from envlock.model.spec import python_minor
from envlock.solvers.index_rules import bound_to
from envlock.solvers.requests import PipRequest
from envlock.solvers.uv_command import PROJECT, Round
from envlock.system.process import Finished
from envlock.system.secrets import redact_text

# uv takes an index that refuses for one that has nothing
_FULL = "No space left on device"
_REFUSED = re.compile(r"401 Unauthorized|403 Forbidden")
_NOT_FOUND = re.compile(r"(?<![\w.-])([a-z0-9]+(?:-[a-z0-9]+)*) was not found in the package registry")
# "Because torch>=2.6 has no wheels with a matching platform tag (e.g., `manylinux_2_17_x86_64`)"
_NO_WHEEL = re.compile(
    r"(?<![\w.-])([a-z0-9]+(?:-[a-z0-9]+)*)(?:[=<>!~]\S*)? (?:has|have)"
    r" no (?:usable wheels|wheels with a matching (Python|platform|ABI))"
)
_YANKED = re.compile(r'^warning: `([^`=]+)==[^`]+` is yanked(?: \(reason: "(.*)"\))?', re.MULTILINE)
# advice that is about the flags that we give
_OF_FLAGS = re.compile(r"\n+hint: (?:Wheels are|A source distribution is) required for [^\n]*")
_CUTOFF = re.compile(r"exclude-newer")

# uv's own words, and ours
_NOT_CACHED = re.compile(r"network is disabled|network connectivity is disabled", re.IGNORECASE)
_ONCE = "run it once without"


def no_wheels(done: Finished) -> frozenset[str]:
    """The names that uv says it finds no wheel of which could be used."""
    return frozenset(match[1] for match in _NO_WHEEL.finditer(_one_line(done.stderr)))


def not_found(done: Finished) -> frozenset[str]:
    """The names that uv says no index has."""
    return frozenset(match[1] for match in _NOT_FOUND.finditer(_one_line(done.stderr)))


def yanked(done: Finished) -> dict[str, str]:
    """The names of what uv says was yanked, with the reason, "" for none given."""
    return {match[1]: match[2] or "" for match in _YANKED.finditer(done.stderr)}


def failure(done: Finished, request: PipRequest, asked: Round) -> EnvlockError:
    """What to raise where uv finds no answer."""
    words = _words(done, request)
    if refused := _REFUSED.search(words):
        return OutsideError(
            f"an index of [pip] does not let us in ({refused[0]})\n{words}",
            hint="a login goes into ENVLOCK_INDEX_NAME_USERNAME and ENVLOCK_INDEX_NAME_PASSWORD, or netrc",
        )
    if request.offline and _NOT_CACHED.search(words):
        return OutsideError(f"what [pip] asks for is not in the cache, and this is --offline\n{words}", hint=_ONCE)
    if _FULL in words:
        return OutsideError(
            f"uv cannot write to `{request.cache}`\n{words}",
            hint="make room there, or name another folder by ENVLOCK_CACHE_DIR",
        )
    if done.code == 1 and "No solution found" in words:
        # where building was no way out, what there was to say without it says more
        no_way = asked.lacking is not None and "no source distribution" in _one_line(words)
        return _unsatisfiable(asked.lacking if no_way and asked.lacking else done, request)
    return _not_built(words, request, asked) or OutsideError(f"uv could not resolve [pip]\n{words}")


def _words(done: Finished, request: PipRequest) -> str:
    """What uv said, without where it keeps and writes things for us: that is not here any more."""
    ours = rf"(?:{re.escape(str(request.cache))}|\S*/envlock-\w+)/\S*?(?=[`)\]:,]|\s|$)"
    said = re.sub(ours, "…", done.stderr.strip())
    said = redact_text(said)
    words = (said.partition("error:")[2] or said).strip()
    return _OF_FLAGS.sub("", words).replace(f"{PROJECT} depends on", "you require")


def _unsatisfiable(done: Finished, request: PipRequest) -> UserInputError:
    words = _words(done, request)
    what = f"what [pip] asks for cannot be had on {request.platform.name}"
    for name in sorted(not_found(done)):
        if index := bound_to(name, request.indexes):
            return UserInputError(
                f"{what}: `{name}` comes from index `{index.name}` alone, which does not have it\n{words}",
                hint=f"put it there, or change `packages` of `{index.name}` in [[pip.indexes]]",
            )
    causes = ", ".join(_causes(done, request))
    return UserInputError(
        f"{what}{f': {causes}' if causes else ''}\n{words}{_other_side(words, request)}{_limit(words, request)}",
        hint="loosen one of the requirements named above",
    )


def _causes(done: Finished, request: PipRequest) -> Iterator[str]:
    """Of each package that lacks wheels, what they would have to be for."""
    by_tag = {"Python": _python(request), "ABI": _python(request), "platform": declared(request)}
    found = {match[1]: match[2] for match in _NO_WHEEL.finditer(_one_line(done.stderr))}
    for name, tag in sorted(found.items()):
        yield f"`{name}` has no wheel for {by_tag.get(tag, f'{_python(request)} and {declared(request)}')}"


def declared(request: PipRequest) -> str:
    """The declared system, as far as wheels are made for one."""
    platform, system = request.platform, request.system
    named = {"linux": f"glibc {system.glibc or '2.17'}", "darwin": f"macOS {system.macos}", "windows": "Windows"}
    return f"{named[platform.os]} ({platform.name})"


def _python(request: PipRequest) -> str:
    return f"Python {python_minor(request.python)}"


def _not_built(words: str, request: PipRequest, asked: Round) -> UserInputError | None:
    """What is no wheel, and cannot be made one: whoever asks for it can ask for another."""
    name = next((n for n in sorted(asked.built) if re.search(rf"[Ff]ailed to .*`{re.escape(n)}[` @=]", words)), None)
    if name is None:
        return None
    if _direct(name, request):
        return UserInputError(
            f"`{name}` could not be built to see what it requires\n{words}", hint="name a wheel of it, or mend it"
        )
    return UserInputError(
        f"`{name}` has no wheel for {_python(request)} and {declared(request)}, and could not be built to see what it"
        f" requires\n{words}",
        hint=f"take a version of `{name}` that has a wheel",
    )


def _direct(name: str, request: PipRequest) -> bool:
    return any(r.startswith((f"{name} @", f"{name}[")) and " @ " in r for r in request.requirements)


def _other_side(words: str, request: PipRequest) -> str:
    """uv knows what conda provides as a version like any other: say where it comes from."""
    named = sorted(name for name in request.provided if re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", words))
    return "".join(f"\n  `{name}` {request.provided[name].version} comes from [conda]" for name in named)


def _limit(words: str, request: PipRequest) -> str:
    """Where uv lays it to the limit in time, that an index may tell no times."""
    if not (request.cutoff and _CUTOFF.search(words)):
        return ""
    return f"\n  only what was uploaded before {request.cutoff} counts (`exclude-newer`), and what has no time does not"


def _one_line(words: str) -> str:
    return " ".join(words.split())
