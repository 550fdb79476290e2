"""What stays while jobs come and go: the forge with its repository, caches, artifacts, and the runner's disk."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.actions.caches import Caches

# of the folder with git, sh and the like
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
NETWORK = ("SSL_CERT_FILE", "SSL_CERT_DIR", "http_proxy", "https_proxy", "no_proxy")


@dataclass(frozen=True, kw_only=True)
class Trigger:
    """What happened: `ref` is what is checked out, `payload` the event file. Of a fork's pull request, secrets are
    withheld and the token only reads."""

    name: str
    sha: str
    ref: str
    payload: Mapping[str, Any]
    actor: str = "kim"
    is_fork: bool = False


@dataclass(frozen=True, kw_only=True)
class Host:
    """`actions` are folders by `OWNER/NAME`: those are run as they are. `token` is asked for one with these rights.

    `network` are variables that the machine sets for all of its processes. `tools` is a tool cache that jobs share, as
    a machine of one's own has it; a hosted one is new each time. `left` is what an
    earlier step of each job has left in RUNNER_TEMP, by path.
    """

    root: Path
    remote: str
    repository: str = "acme/models"
    default_branch: str = "main"
    server_url: str = "https://git.acme.test"
    api_url: str = "http://127.0.0.1:9"
    actions: Mapping[str, Path] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    network: Mapping[str, str] = field(default_factory=dict)
    token: Callable[[Mapping[str, str]], str] = lambda _rights: "a-token-of-the-job"
    tools: Path | None = None
    left: Mapping[str, Path] = field(default_factory=dict)
    path: str = SYSTEM_PATH
    patience: tuple[float, float] = (7.5, 2.5)  # seconds, as the runner has it, until SIGTERM, and until SIGKILL

    @property
    def caches(self) -> Caches:
        return Caches(self.root / "caches", self.default_branch)

    @property
    def artifacts(self) -> Path:
        return self.root / "artifacts"


class Cancellation:
    """Somebody cancels the run; whoever runs something then says how it is told."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._tell: Callable[[], None] | None = None

    @property
    def is_asked(self) -> bool:
        return self._asked.is_set()

    def ask(self) -> None:
        with self._lock:
            self._asked.set()
            if self._tell:
                self._tell()

    def watched(self, tell: Callable[[], None], *, was_asked: bool) -> None:
        """From now on `tell` is called; at once, where somebody asked since `was_asked` was found out."""
        with self._lock:
            self._tell = tell
            if self.is_asked and not was_asked:
                tell()

    def left(self) -> None:
        with self._lock:
            self._tell = None
