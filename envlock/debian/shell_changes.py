"""Commands of the shell itself, which change what it knows and where it goes on."""

from collections.abc import Callable, Mapping

from envlock.debian.shell_status import UNKNOWN
from envlock.debian.shell_values import Ended, Names

_FUNCTIONS = ("/debconf/confmodule", "/dpkg-error.sh")

Change = Callable[[Names, tuple[str, ...]], bool | None]


def _set(names: Names, arguments: tuple[str, ...]) -> bool:
    """`set -e` changes nothing here; `set -- a b` the arguments."""
    if "--" in arguments:
        names.arguments = arguments[arguments.index("--") + 1 :]
    elif arguments and arguments[0][:1] not in {"-", "+"}:
        names.arguments = arguments
    return True


def _shift(names: Names, arguments: tuple[str, ...]) -> bool:
    count = int(arguments[0]) if arguments and arguments[0] in {"0", "1", "2", "3", "4", "5"} else 1
    names.arguments = names.arguments[count:]
    return True


def _read(names: Names, arguments: tuple[str, ...]) -> None:
    names.values.update(dict.fromkeys((a for a in arguments if not a.startswith("-")), UNKNOWN))


def _unset(names: Names, arguments: tuple[str, ...]) -> bool:
    for name in arguments:
        names.values.pop(name, None)
    return True


def _answered(names: Names, arguments: tuple[str, ...]) -> None:  # noqa: ARG001 - as all of them are called
    """debconf answers in `$RET`."""
    names.values["RET"] = UNKNOWN


def _source(names: Names, arguments: tuple[str, ...]) -> None:
    """What another file may set is not known any more; functions of debconf and dpkg set nothing."""
    if not (arguments and arguments[0].endswith(_FUNCTIONS)):
        names.forget()


def _ends(kind: str) -> Change:
    def end(names: Names, arguments: tuple[str, ...]) -> bool | None:  # noqa: ARG001
        raise Ended(kind, not arguments or arguments[0] == "0")

    return end


CHANGES: Mapping[str, Change] = {
    "set": _set,
    "shift": _shift,
    "read": _read,
    "unset": _unset,
    "exit": _ends("exit"),
    "return": _ends("return"),
    "break": _ends("break"),
    "continue": _ends("continue"),
    ".": _source,
    "source": _source,
    **dict.fromkeys(("db_get", "db_fget", "db_metaget", "db_version", "db_capb"), _answered),
}
