"""Options of the programs that install packages: which take a value, which change nothing here, which are named."""

from collections.abc import Mapping
from dataclasses import dataclass, field


class Unread(ValueError):
    """A command that means more than its packages; says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """`valued` take a value and are given back; `ignored` take one, or none, and say nothing of packages here; what
    stands in `said` is left out, for the reason that stands there (`said_values`: those of them that take a value)."""

    valued: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    ignored_values: tuple[str, ...] = ()
    said: Mapping[str, str] = field(default_factory=dict)
    said_values: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """What stands there: values of options in order, other words, and options that are left out, each with its why."""

    values: tuple[tuple[str, str], ...]
    words: tuple[str, ...]
    said: tuple[tuple[str, str], ...]


def arguments(given: tuple[str, ...], options: Options) -> Arguments:
    """Unread where there is an option that is not known."""
    values, words, said = list[tuple[str, str]](), list[str](), list[tuple[str, str]]()
    rest = list(given)
    while rest:
        word = rest.pop(0)
        if word == "--":
            words += rest
            break
        if not word.startswith("-") or word == "-":
            words.append(word)
            continue
        name, value = _named(word, rest, options)
        if name in options.said:
            said.append((word, options.said[name]))
        elif name in options.valued:
            values.append((name, value))
    return Arguments(values=tuple(values), words=tuple(words), said=tuple(said))


def _named(word: str, rest: list[str], options: Options) -> tuple[str, str]:
    """An option and its value, which is taken off the `rest` where it stands there."""
    name, equals, value = word.partition("=")
    takes = (*options.valued, *options.ignored_values, *options.said_values)
    plain = (*options.ignored, *(name for name in options.said if name not in takes))
    if name in takes:
        if not equals and not rest:
            raise Unread(f"`{name}` has no value")
        return name, value if equals else rest.pop(0)
    if name in plain:
        return name, value
    if len(word) > 2 and word[1] != "-" and word[:2] in takes:
        return word[:2], word[2:]
    # -yq
    if word[1] != "-" and all(f"-{letter}" in plain for letter in word[1:]):
        return next((f"-{letter}" for letter in word[1:] if f"-{letter}" in options.said), word[:2]), ""
    raise Unread(f"the option `{name}`")


_SOLVED = "what is locked is complete: nothing is left out of it"
_RUNS = "says how pip works, not what is installed"
PIP = Options(
    valued=(
        *("-r", "--requirement", "-c", "--constraint", "-e", "--editable", "-i", "--index-url", "--extra-index-url"),
        *("-f", "--find-links", "--index", "--default-index"),
    ),
    ignored=(
        *("-q", "--quiet", "-v", "--verbose", "-U", "--upgrade", "--user", "--no-cache-dir", "--no-cache"),
        *("--force-reinstall", "--reinstall", "-I", "--ignore-installed", "--prefer-binary", "--no-input"),
        *("--disable-pip-version-check", "--break-system-packages", "--no-warn-script-location", "--system", "-y"),
        *("--no-warn-conflicts", "--compile", "--force", "--compile-bytecode", "--yes", "--no-python-version-warning"),
        *("--no-clean", "--no-compile"),
    ),
    ignored_values=(
        *("--root-user-action", "--progress-bar", "--timeout", "--default-timeout", "--retries", "--use-feature"),
        *("--cache-dir", "--upgrade-strategy", "--link-mode", "--python", "-p", "--use-deprecated", "--src", "--log"),
    ),
    said={
        "--no-deps": _SOLVED,
        "--pre": "ask for a pre-release by its version, such as `x >=2.0a1`",
        "--require-hashes": "env.lock has the hash of every file",
        "--no-build-isolation": _RUNS,
        "--trusted-host": "every index is read over the connection that its URL names, and nothing is trusted unseen",
        "--no-binary": "a wheel is taken where there is one",
        "--only-binary": "a wheel is taken where there is one",
        "--config-settings": _RUNS,
        "--global-option": _RUNS,
    },
    said_values=("--trusted-host", "--no-binary", "--only-binary", "--config-settings", "--global-option"),
)
CONDA = Options(
    valued=("-n", "--name", "-p", "--prefix", "-c", "--channel", "-f", "--file"),
    ignored=(
        *("-y", "--yes", "-q", "--quiet", "-v", "--verbose", "--override-channels", "--copy", "--json", "--force"),
        *("--force-reinstall", "--prune", "--always-yes", "--no-rc", "--no-default-packages", "-k", "--insecure"),
        *("--strict-channel-priority", "--update-deps", "--no-update-deps", "--freeze-installed", "--no-pin", "-S"),
        *("--satisfied-skip-solve", "--always-copy", "--no-pyc", "-vv"),
    ),
    ignored_values=("--solver", "--experimental-solver", "-r", "--root-prefix", "--log-level", "--rc-file"),
    said={
        "--no-deps": _SOLVED,
        "--only-deps": _SOLVED,
        "--no-channel-priority": 'set `[conda] channel-priority = "flexible"` for it',
        "--use-index-cache": "channels are read anew when they are locked",
    },
)
APT = Options(
    valued=("-t", "--target-release", "--default-release"),
    ignored=(
        *("-y", "--yes", "--assume-yes", "-q", "-qq", "--quiet", "--no-install-recommends", "-f", "--fix-broken"),
        *("--no-install-suggests", "--fix-missing", "-m", "--allow-unauthenticated", "--force-yes", "-V"),
        *("--allow-downgrades", "--allow-change-held-packages", "--reinstall", "--auto-remove", "--upgrade"),
    ),
    ignored_values=("-o", "--option"),
)
