"""What pip-compile says when it fails, as errors of ours: its words are those of a program that crashed."""

import re
from collections.abc import Iterator, Sequence

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from envlock.errors import EnvlockError, OutsideError, UserInputError
from envlock.model.index_file import IndexFile
from envlock.model.spec import python_minor
from envlock.solvers.uv_failure import declared
from envlock.solvers.wheel_shelf import Shelf
from envlock.system.secrets import redact_text

# where a set of requirements cannot be met, or a distribution is not there as asked
_UNMET = re.compile(r"No matching distribution|ResolutionImpossible|conflicting dependencies")
_ERROR = re.compile(r"^\s*ERROR: (.*)$", re.MULTILINE)
_ABSENT = re.compile(r"satisfies the requirement (.+?)(?: \(from [^()]+\))? \(from versions")
_LINE = re.compile(r"-r \S+ \(line (\d+)\)")
# one of the requirements that cannot hold together, and the wheel it is from, as pip's resolver prints them
_CAUSE = re.compile(
    r"requirement=\w+\((['\"])(?P<asked>.*?)\1\), parent=(?P<parent>None|.*?)(?=, RequirementInf|\]$)", re.M
)
_WHEEL = re.compile(r"([^/'\s]+\.whl)")


def failure(said: str, asked: Sequence[str], shelf: Shelf) -> EnvlockError:
    """The error for what pip-compile printed: UserInputError where nothing meets what is asked."""
    told = _LINE.sub(lambda line: asked[int(line[1]) - 1], said)
    words = [redact_text(line) for line in _ERROR.findall(told) if "yanked versions" not in line]
    if not _UNMET.search(said):
        last = redact_text(said.strip().rpartition("\n")[2])
        return OutsideError("\n".join(["pip-tools could not resolve [pip]", *(words or [last])]))
    causes = sorted(_causes(said), key=lambda cause: (not cause.startswith("[pip]"), cause))
    # pip names the requirements that clash in an order that changes from run to run, and not who asks for them
    words = [line for line in words if not (causes and line.startswith("Cannot install "))]
    reasons = [f"  {reason}" for reason in (*causes, *_notes(said, shelf))]
    return UserInputError(
        "\n".join([f"what [pip] asks for cannot be had on {shelf.request.platform.name}", *words, *reasons]),
        hint="loosen one of the requirements named above",
    )


def _causes(said: str) -> Iterator[str]:
    """The two sides of a conflict, each with who asks for it."""
    asking: dict[tuple[str, str], list[str]] = {}
    for cause in _CAUSE.finditer(said):
        name, version = _asker(cause["parent"])
        asking.setdefault((cause["asked"], name), []).append(version)
    for (asked, name), versions in asking.items():
        others = f" (and {len(versions) - 1} other versions)" if len(versions) > 1 else ""
        yield f"`{name}` {versions[0]}{others} asks for `{asked}`" if name else f"[pip] asks for `{asked}`"


def _asker(parent: str) -> tuple[str, str]:
    wheel = _WHEEL.search(parent)
    try:
        name, version, _, _ = parse_wheel_filename(wheel[1] if wheel else "")
    except InvalidWheelFilename:
        return "", ""
    return name, str(version)


def _notes(said: str, shelf: Shelf) -> Iterator[str]:
    """What pip cannot know: that a version is conda's, and that there are wheels which it was not shown."""
    words = {canonicalize_name(word) for word in re.findall(r"[A-Za-z0-9][\w.-]*", said)}
    for name in sorted(words & shelf.request.provided.keys()):
        yield f"`{name}` {shelf.request.provided[name].version} comes from [conda]"
    for requirement in sorted({Requirement(text) for text in _ABSENT.findall(said)}, key=str):
        name = canonicalize_name(requirement.name)
        if shelf.passed_over.get(name) == () and not shelf.seen[name]:
            yield f"`{name}` has no wheel, and pip-tools is not let build one: `uv` is"
        unfit = [file for file in shelf.passed_over.get(name, ()) if _meets(file, requirement)]
        if unfit and not all(map(shelf.in_time, unfit)):
            yield f"only what was uploaded before {shelf.request.cutoff} counts (`exclude-newer`)"
        elif unfit:
            python = python_minor(shelf.request.python)
            yield f"`{requirement}` has no wheel for Python {python} and {declared(shelf.request)}"


def _meets(file: IndexFile, requirement: Requirement) -> bool:
    return requirement.specifier.contains(file.version, prereleases=True)
