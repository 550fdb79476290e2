"""Secrets stay out of messages, files and logs."""

import re
from urllib.parse import urlsplit, urlunsplit

_TOKEN = re.compile(r"/t/[^/]+")


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
    """A URL fit to be shown: no user, password, `/t/TOKEN/` path, query or fragment."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, _TOKEN.sub("/t/***", parts.path), "", ""))


_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^\s'\"`<>)]+")


def redact_text(text: str) -> str:
    """Another program's words with every URL in them made fit to be shown."""
    return _URL.sub(lambda match: redact(match[0]), text)
