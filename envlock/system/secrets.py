"""Secrets stay out of messages, files and logs."""

import re

# `/t/TOKEN`; but not `/source/t/tool-kit/tool_kit-1.0.tar.gz`: many have files in folders by the first letter, and
# Debian has them in folders by the source's name, `/pool/main/t/tiff/libtiff6_4.5.0_amd64.deb`
_TOKEN = re.compile(
    r"(?<=/)t/(?!(t[a-z0-9]*)(?![a-z0-9])[^/]*/\1[^/]*\.(?:whl|zip|tar\.gz)$)"
    r"(?!(?:(?<=/main/t/)|(?<=/contrib/t/)|(?<=/non-free/t/)|(?<=-firmware/t/))t[a-z0-9.+-]*/[^/]+\.deb$)[^/]+",
    re.IGNORECASE,
)
_HOST = re.compile(r"(?:\[[^\]]*\]?|[^:]*)(?::\d*)?")
# quotes and brackets end a URL, but may stand in a password
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}://(?:[^\s/?#\"`<>]*@)?[^\s'\"`<>)]+")


class Secret:
    """A value that shows only as `***`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__


def redact(url: str) -> str:
    """A URL fit to be shown: no user, password, `/t/TOKEN/` path, query or fragment. Any text is taken."""
    start, slashes, rest = url.partition("://") if "://" in url else ("", "", url)
    path = _TOKEN.sub("t/***", re.split("[?#]", rest, maxsplit=1)[0])
    if not slashes:
        return path
    place, slash, path = path.partition("/")
    host = place.rpartition("@")[2]
    # a password with a `/`, `?` or `#` in it, written as it is, makes the URL end too soon
    return f"{start}://{host}{slash}{path}" if _HOST.fullmatch(host) else f"{start}://***"


def holds_token(path: str) -> bool:
    """Is there a `/t/TOKEN` in the path of a URL?"""
    return bool(_TOKEN.search(f"/{path}"))


def redact_text(text: str) -> str:
    """Another program's words with every URL in them made fit to be shown."""
    return _URL.sub(lambda match: redact(match[0]), text)
