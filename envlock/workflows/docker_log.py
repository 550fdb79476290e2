"""What is said while something runs in an engine: handed on line by line, the last of it kept for when it fails."""

from collections import deque
from collections.abc import Mapping

from envlock.errors import EnvlockError, OutsideError, escaped
from envlock.system.secrets import redact_text
from envlock.workflows.context import Context

_KEPT = 30
# "none", "host" or what else an engine takes: for those whose usual network leads nowhere
NETWORK = "ENVLOCK_DOCKER_NETWORK"


class Log:
    """A log that somebody watches; of other programs' words, no escape sequence and no login gets through."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._last: deque[str] = deque(maxlen=_KEPT)

    def line(self, said: str) -> None:
        clean = escaped(redact_text(said.replace("\t", "    "))).rstrip()
        if not clean:
            return
        self._last.append(clean)
        self._context.progress(clean)

    def failed(self, error: EnvlockError) -> OutsideError:
        """The error with the last of what was said."""
        return OutsideError("\n".join((error.message, *self._last)), hint=error.hint)


def network(environment: Mapping[str, str], *, offline: bool) -> str | None:
    """The network that containers are given; None for the engine's usual one."""
    return "none" if offline else environment.get(NETWORK) or None
