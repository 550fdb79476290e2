"""A forge's HTTP interface, as far as comments need it: JSON both ways, by one token, at one host."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from envlock.errors import OutsideError, UserInputError, escaped
from envlock.system.secrets import Secret, redact

if TYPE_CHECKING:
    from envlock.system.http import Http

_LIMIT = 64 << 20  # bytes of an answer: a hundred comments, each as long as it may be
_PAGES = 50
_REDIRECTS = 3
_TRIES = 3
_LONGEST_WAIT = 30.0  # seconds that a comment is worth
_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_PORTS = {"https": 443, "http": 80}
_AMBIGUOUS = set("\\@ ")
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,<>]*\brel="?next"?')
# by which also those are refused who have all rights: too many requests, a closed conversation, a blocked person
_OTHER_REASONS = ("rate limit", "locked", "blocked")
_REASON = ("message", "error_description", "error")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`value` is what the JSON holds, None where there is none; `following` is where a list goes on, `after` the
    seconds after which one may ask again."""

    status: int
    value: Any = None
    following: str | None = None
    after: float | None = None

    @property
    def reason(self) -> str:
        """What the forge says of a refusal, in one line."""
        said = next((self.value[k] for k in _REASON if self.value.get(k)), "") if isinstance(self.value, dict) else ""
        return escaped(said if isinstance(said, str) else json.dumps(said))[:200]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgeApi:
    """`base` is what `api_address` gave; `headers` say who we are, and are sent to no other host, `hints` what to do
    about an answer, by its status."""

    base: str
    headers: Mapping[str, Secret | str] = field(repr=False)
    http: "Http"
    hints: Mapping[int, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Answer:
        """What was granted; OutsideError for any other answer, and where none came."""
        url = self.here(path)
        for _ in range(_TRIES - 1):
            answer = self._asked(method, url, body)
            wait = _seconds_to_wait(answer, method)
            if wait is None:
                break
            self.http.wait(wait)
        else:
            answer = self._asked(method, url, body)
        if answer.status >= 300:
            said = f": {answer.reason}" if answer.reason else ""
            message = f"{redact(self.base)} answers {answer.status}{said}"
            is_of_rights = not any(words in said.lower() for words in _OTHER_REASONS)
            raise OutsideError(message, hint=self.hints.get(answer.status) if is_of_rights else None)
        return answer

    def added(self, path: str, body: Mapping[str, str]) -> int:
        """The id of what a list has from now on."""
        value = self.ask("POST", path, body).value
        id = value.get("id") if isinstance(value, dict) else None
        if type(id) is not int:
            raise OutsideError(f"{redact(self.base)} does not say what was added")
        return id

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        """The objects of a list, to its end."""
        where: str | None = path
        for _ in range(_PAGES):
            if where is None:
                return
            answer = self.ask("GET", where)
            if not isinstance(answer.value, list):
                raise OutsideError(f"{redact(self.base)} gives no list of comments")
            yield from (each for each in answer.value if isinstance(each, dict))
            where = answer.following
        raise OutsideError(f"{redact(self.base)} has more comments there than are read")

    def here(self, path: str) -> str:
        """A path as an address. One at another host is refused, whoever names it."""
        url = path if "://" in path else f"{self.base}/{path}"
        if _origin(url) != _origin(self.base):
            raise OutsideError(f"{redact(self.base)} leads to another host: {redact(url)}")
        return url

    def _led(self, url: str, target: str) -> str:
        """Where an answer of `url` leads."""
        try:
            return self.here(urljoin(url, target))
        except ValueError as error:
            raise OutsideError(f"{redact(self.base)} leads to what is no address: {redact(target)}") from error

    def _asked(self, method: str, url: str, body: Mapping[str, str] | None) -> Answer:
        """One request, and where it was redirected to."""
        data = None if body is None else json.dumps(body).encode()
        headers = {name: value.reveal() if isinstance(value, Secret) else value for name, value in self.headers.items()}
        if data is not None:
            headers["Content-Type"] = "application/json"
        for _ in range(_REDIRECTS):
            status, told, raw = self.http.exchange(method, url, headers=headers, body=data, limit=_LIMIT)
            target = told.get("Location")
            if status not in (301, 302, 307, 308) or not target:
                return self._read(status, told, raw, url)
            url = self._led(url, target)
        raise OutsideError(f"{redact(self.base)} redirects without an end")

    def _read(self, status: int, told: Mapping[str, str], raw: bytes, url: str) -> Answer:
        found = _NEXT.search(told.get("Link", ""))
        value = None
        with suppress(ValueError, RecursionError):  # what stands in between refuses in HTML
            value = json.loads(raw)
        following = self._led(url, found[1]) if found else None
        return Answer(status=status, value=value, following=following, after=_after(told))


def api_address(url: str | None, variable: str) -> str:
    """Where a forge's interface is: by HTTPS, or on this machine."""
    scheme, host, port = _origin(url or "") or ("", None, None)
    usual = scheme == "https" or (scheme == "http" and host in _LOOPBACK)
    if not (url and host and port and usual) or set(url) & {"?", "#"}:
        raise UserInputError(f"`{variable}` is no address that begins with `https://`")
    return url.rstrip("/")


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    """None where readers of addresses need not agree on the host: of `https://a\\@b/`, some take `a`."""
    if not url.isprintable() or set(url) & _AMBIGUOUS:
        return None
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None


def _seconds_to_wait(answer: Answer, method: str) -> float | None:
    """None where asking again is of no use, would take long, or might do twice what was done."""
    refused = answer.status in (403, 429) and answer.after is not None
    failed = answer.status in (429, 500, 502, 503, 504) and method != "POST"
    wait = answer.after or 1.0
    return wait if (refused or failed) and wait <= _LONGEST_WAIT else None


def _after(told: Mapping[str, str]) -> float | None:
    given = told.get("Retry-After", "")
    return float(given) if given.isascii() and given.isdigit() and len(given) < 9 else None
