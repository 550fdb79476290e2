"""Who we say we are to a server. A plain value, so that nothing needs an HTTP library to hold one."""

from dataclasses import dataclass
from typing import Literal

from envlock.system.secrets import Secret


@dataclass(frozen=True, slots=True)
class Login:
    """A user with a password (`basic`), or a token: in a header (`bearer`), or as `/t/TOKEN` before a URL's path."""

    kind: Literal["basic", "bearer", "path"]
    secret: Secret
    user: str = ""

    def revealed(self) -> tuple[str, ...]:
        """What two logins are the same by; not to be shown."""
        return (self.kind, self.user, self.secret.reveal())
