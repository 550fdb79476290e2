"""What calls from Python have of the process and of a person: the environment, the cache, who is told of progress."""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from platformdirs import user_cache_path

from envlock.system.cache import Cache
from envlock.workflows.context import Context

LOGGER = logging.getLogger("envlock")
_WARNING = "warning: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """How calls are made. `quiet`: no warning is logged; `insecure` are hosts, with port, that are spoken to by plain
    HTTP; `cache_folder` is where downloads, layers and prefixes are kept, by default that of the command line."""

    offline: bool = False
    quiet: bool = False
    insecure: tuple[str, ...] = ()
    cache_folder: Path | None = None

    @property
    def cache(self) -> Cache:
        given = self.cache_folder or os.environ.get("ENVLOCK_CACHE_DIR")
        return Cache(Path(given).absolute() if given else user_cache_path("envlock"))

    @contextmanager
    def context(self, told: Callable[[str], None] | None = None, stopped: Event | None = None) -> Iterator[Context]:
        """What workflows work with; lines about their progress go to the logger `envlock`, and to `told`."""

        def progress(line: str) -> None:
            self.log(line)
            if told:
                told(line)

        cache = self.cache
        with cache.users.among():
            yield Context(
                cache=cache,
                environment=dict(os.environ),
                offline=self.offline,
                insecure=self.insecure,
                progress=progress,
                stopped=stopped or Event(),
            )

    def log(self, line: str) -> None:
        """Progress is of the level INFO, which nobody sees unasked; warnings are of the level WARNING."""
        if not line.startswith(_WARNING):
            LOGGER.info("%s", line)
        elif not self.quiet:
            LOGGER.warning("%s", line.removeprefix(_WARNING))
