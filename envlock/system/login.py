"""Who we say we are to a server. A plain value, so that nothing needs an HTTP library to hold one."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Literal

from envlock.errors import OutsideError
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

    def header(self) -> str | None:
        """The value of an Authorization header, not to be shown; None where the token goes into the path."""
        secret = self.secret.reveal()
        if self.kind == "basic":
            return f"Basic {b64encode(f'{self.user}:{secret}'.encode()).decode()}"
        return f"Bearer {secret}" if self.kind == "bearer" else None


class Refused(OutsideError):
    """The server does not let us in: with another login, or with one at all, it might."""
