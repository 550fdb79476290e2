"""Package indexes that another tool names by URL alone: each gets a name, by its host, as env.toml wants one."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from envlock.interchange.addresses import index_url
from envlock.model.spec import DEFAULT_INDEX, Index

# parts of hosts that tell nobody whose index it is
_ANYBODY = ("www", "download", "downloads", "packages", "pypi", "simple", "pkgs", "api", "index")


class NamedIndexes:
    """Indexes in their order; `default` is the address of the one that env.toml does not name."""

    def __init__(self, default: str = "") -> None:
        self._default = default.rstrip("/")
        self._main: str | None = None
        self._name: str | None = None
        self._further: dict[str, str | None] = {}
        self._packages: dict[str, set[str]] = {}

    def main(self, url: str, name: str | None = None) -> str:
        """The one that takes the place of the default one; ValueError where it is no address."""
        self._main, self._name = _address(url), name
        return self._main

    def further(self, url: str, name: str | None = None) -> str:
        """One beside it, by the name that it has there; its address in one spelling."""
        clean = _address(url)
        self._further.setdefault(clean, name)
        return clean

    def bind(self, url: str, package: str) -> None:
        """Says of one that is named already that it has this package, and nothing but what is said so."""
        self._packages.setdefault(index_url(url), set()).add(package)

    @property
    def default(self) -> str | None:
        """The address of what takes the place of the default one."""
        return None if self._main == self._default else self._main

    @property
    def all(self) -> tuple[Index, ...]:
        """As env.toml has them, the default one last: it is asked last in any case."""
        found: list[Index] = []
        for url, told in self._further.items():
            if url not in (self._default, self._main):
                name = self._unique(told, url, found)
                found.append(Index(name=name, url=url, packages=tuple(sorted(self._packages.get(url, ())))))
        if self.default:
            name = self._unique(self._name, self.default, found)
            found.append(Index(name=name, url=self.default, default=True))
        return tuple(found)

    def _unique(self, told: str | None, url: str, before: Collection[Index]) -> str:
        """What it is called there; another name where nothing or one that came before is called so."""
        taken = {each.name for each in before}
        own = "-".join(_words(told or "").split())
        return own if own and own not in taken else index_name(url, taken)


def _address(url: str) -> str:
    if "@" in url.partition("://")[2].partition("/")[2]:
        raise ValueError("an `@` behind the host could be the end of a login: write it as `%40`")
    return index_url(url)


def index_name(url: str, taken: Collection[str] = ()) -> str:
    """Of `https://packages.acme.test/simple` it is `acme`."""
    parts = urlsplit(url)
    labels = [_words(label) for label in (parts.hostname or "").split(".")]
    told = [label for label in labels[:-1] if label and label not in _ANYBODY]
    numbers = not labels[-1] or labels[-1].isdigit()
    name = "index" if numbers else (told or labels)[-1]
    tail = _words(parts.path.rstrip("/").rpartition("/")[2])
    options = (name, f"{name}-{tail}" if tail else name, *(f"{name}-{number}" for number in range(2, 1000)))
    return next(option for option in options if option not in taken and option != DEFAULT_INDEX)


def _words(text: str) -> str:
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")
