"""The commands of a shell script, as values."""

from dataclasses import dataclass

from envlock.debian.shell_words import Word


@dataclass(frozen=True, slots=True)
class Redirect:
    operator: str
    target: Word
    descriptor: str


@dataclass(frozen=True, slots=True)
class Simple:
    """`NAME=VALUE… word… >target…`."""

    values: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True, slots=True)
class Piped:
    """`one | two`, or `! one`."""

    commands: tuple["Node", ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """`one && two || three`: the operators stand between the commands."""

    commands: tuple["Node", ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class If:
    branches: tuple[tuple["Body", "Body"], ...]
    otherwise: "Body"


@dataclass(frozen=True, slots=True)
class Case:
    word: Word
    branches: tuple[tuple[tuple[Word, ...], "Body"], ...]


@dataclass(frozen=True, slots=True)
class For:
    """Without `in`, `words` is None: the arguments."""

    name: str
    words: tuple[Word, ...] | None
    body: "Body"


@dataclass(frozen=True, slots=True)
class While:
    """While the condition is as `wanted`; it is False for `until`."""

    condition: "Body"
    body: "Body"
    wanted: bool


@dataclass(frozen=True, slots=True)
class Function:
    name: str
    body: "Node"


@dataclass(frozen=True, slots=True)
class Group:
    """`{ …; }`, or `( … )`, whose variables are its own."""

    body: "Body"
    own: bool
    redirects: tuple[Redirect, ...] = ()


Node = Simple | Piped | Joined | If | Case | For | While | Function | Group
Body = tuple[Node, ...]
