"""One line of a requirements file as pip takes it apart: a requirement, and options with their values."""

import re
import shlex
from collections import deque
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from envlock.system.secrets import redact_text

VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_LOGIN = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{0,20})://(?P<login>[^/\s'\"]*)@")
_TOKEN_PATH = re.compile(r"/t/\$\{[A-Z0-9_]+\}(?=/|\s|$)")
_SECRET_NAME = re.compile(r"TOKEN|PASS|SECRET|KEY|CRED|AUTH|LOGIN|USER")

LOGIN = "credentials were taken out: they go into netrc, or into ENVLOCK_INDEX_NAME_USERNAME and _PASSWORD"

_SHORT = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
    "-C": "--config-settings",
}
_OTHER_NAMES = {"--pypi-url": "--index-url", "--config-setting": "--config-settings"}
_VALUED = {
    *("--requirement", "--constraint", "--editable", "--index-url", "--extra-index-url", "--find-links"),
    *("--no-binary", "--only-binary", "--trusted-host", "--use-feature", "--use-deprecated", "--config-settings"),
    *("--hash", "--global-option", "--install-option", "--build-option", "--format", "--pypi-url", "--config-setting"),
    *("--all-releases", "--only-final", "--uploaded-prior-to"),
}
_FLAGS = {
    *("--no-index", "--pre", "--prefer-binary", "--require-hashes", "--always-unzip", "--process-dependency-links"),
    *("--no-use-wheel", "--use-wheel", "--no-deps"),
}


class Words(NamedTuple):
    """A requirement, "" where there is none, and options by their long names, with "" where they take no value."""

    requirement: str
    options: tuple[tuple[str, str], ...]

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(value for option, value in self.options if option == name)


class Filled(NamedTuple):
    """A line with its variables filled in: which those are, and whether it held a login."""

    text: str
    variables: tuple[str, ...] = ()
    login: bool = False


def words_of(line: str) -> Words:
    """ValueError where the options cannot be read."""
    tokens = line.split(" ")
    at = next((number for number, token in enumerate(tokens) if token.startswith("-")), len(tokens))
    try:
        words = shlex.split(" ".join(tokens[at:]))
    except ValueError:
        raise ValueError("its options have quotes that do not end") from None
    return Words(" ".join(" ".join(tokens[:at]).split()), tuple(_options(words)))


def filled(line: str, environment: Mapping[str, str]) -> Filled:
    """Variables as pip fills them in, but never in logins, which are taken out; ValueError names what cannot be."""
    text = _TOKEN_PATH.sub("", line)
    login = text != line
    text, lacking = without_logins(text)
    names = tuple(dict.fromkeys(VARIABLE.findall(text)))
    for name in names:
        if _SECRET_NAME.search(name):
            raise ValueError(f"`${{{name}}}` sounds like a secret: it is not filled in")
        if not environment.get(name):
            raise ValueError(f"the environment variable `{name}` is not set")
    text, held = without_logins(VARIABLE.sub(lambda found: environment[found[1]], text))
    return Filled(text, names, login or lacking or held)


def without_logins(text: str) -> tuple[str, bool]:
    """A text without users and passwords in its URLs, and whether it held any; `git@` of ssh is none."""
    return (clean := _LOGIN.sub(_without_login, text)), clean != text


def shown(text: str) -> str:
    """A line as a remark shows it: nothing of it is secret, and it is not long."""
    clean = redact_text(re.sub(r"\S+", lambda word: _without_late_login(word[0]), without_logins(text)[0]))
    return f"{clean[:117]}…" if len(clean) > 120 else clean


def _without_late_login(word: str) -> str:
    """A password with a `/` in it, written as it is, makes the host end too soon."""
    parts = word.split("@")
    for number, part in enumerate(parts[:-1]):
        head, _, rest = part.partition("://")
        if ":" in rest:
            return "@".join((*parts[:number], f"{head}://***"))
    return word


def _without_login(found: re.Match[str]) -> str:
    user, colon, _ = found["login"].partition(":")
    if found["scheme"].endswith("ssh") and not VARIABLE.search(user):
        return f"{found['scheme']}://{user}@" if colon else found[0]
    return f"{found['scheme']}://"


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    rest = deque(words)
    while rest:
        word = rest.popleft()
        name, equals, value = word.partition("=")
        if word[:2] in _SHORT:
            name, value = _SHORT[word[:2]], word[2:]
            equals = value and "="
        name = _whole(_OTHER_NAMES.get(name, name))
        known = name in _VALUED
        if not equals and (known or name not in _FLAGS) and rest and (known or not rest[0].startswith("-")):
            value = rest.popleft()
        if known and not equals and not value:
            raise ValueError(f"expected a value after `{name}`")
        yield name, value.lstrip("=") if word[:2] in _SHORT else value


def _whole(name: str) -> str:
    """An option that is shortened as far as it is still one of a kind."""
    if name in _VALUED | _FLAGS:
        return name
    longer = [option for option in _VALUED | _FLAGS if option.startswith(name)] if name.startswith("--") else []
    found = {_OTHER_NAMES.get(option, option) for option in longer}
    return found.pop() if len(found) == 1 else name
