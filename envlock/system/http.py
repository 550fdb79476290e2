"""The one door to HTTP: certificates of the machine, retries, limits, redacted errors, and `--offline`."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Lock
from typing import IO, Any

import requests
from urllib3.exceptions import HTTPError
from urllib3.util.retry import Retry

from envlock import __version__
from envlock.errors import Interrupted, OutsideError
from envlock.system.body import UNCHANGED, Body, Streamed
from envlock.system.http_connections import TIMEOUT, ExactSession, SystemTrust
from envlock.system.http_logins import KnownLogins, auth_of
from envlock.system.login import Login, Refused
from envlock.system.secrets import Secret, redact
from envlock.system.wanted import refuse_unwanted, stopped_here

# what every failed request raises, for libraries that use our session by themselves
RequestFailed = requests.RequestException
_FAILED = (RequestFailed, HTTPError)  # the latter for redirects to what is no host
Response = requests.Response
PIECE = 1 << 20
_SLOWEST = (10, 300)  # the same as TIMEOUT for what was sent a body: a registry hashes it before it answers
_TRIES = 3  # for a download whose stream breaks off
SMALL = 64 << 20  # what an answer that is read whole may have
# how OpenSSL calls an answer in plain HTTP
_PLAIN = ("wrong_version_number", "wrong version number", "record layer failure", "record_layer_failure")
_DRAINED = 64 << 10  # bytes of an answer that are read though nobody wants them, to keep its connection


class Http:
    """HTTP for one run of envlock. With `offline`, every request is an error that names what was wanted.

    When `stopped` is set, by another thread, nothing more is asked and downloads end where they are. `wait` is for
    tests that have no time.
    """

    def __init__(
        self, *, offline: bool = False, stopped: Event | None = None, wait: Callable[[float], object] | None = None
    ) -> None:
        self.offline = offline
        retries = Retry(
            total=4, backoff_factor=0.3, backoff_jitter=0.3, status_forcelist=(408, 429, 500, 502, 503, 504),
            allowed_methods=("GET", "HEAD"), raise_on_status=False,
        )  # fmt: skip
        self.session = requests.Session()
        self.session.headers["User-Agent"] = f"envlock/{__version__}"
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, SystemTrust(max_retries=retries, pool_maxsize=16))
        self.session.auth = self._logins = KnownLogins()
        self._stopped = stopped or Event()
        self._wait = wait
        self._exact: dict[bool, requests.Session] = {}
        self._exact_lock = Lock()

    def log_in(self, url: str, user: str, password: str) -> None:
        """From now on says who we are to the server of `url`, and to no other.

        Where a server has several such URLs, the one counts that is nearest to what is asked for.
        """
        self._logins.known[url] = Login("basic", Secret(password), user)

    @contextmanager
    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | Streamed | Mapping[str, str] | None = None,
        only_public: bool = False,
    ) -> Iterator[requests.Response]:
        """Exactly one request, its answer's body not yet read; NoAnswer where none came. Any status is an answer.

        The caller repeats it, follows redirects, and alone says who it is: netrc is not asked. A mapping as body is a
        form. With `only_public` an address of this machine or a private network is refused when it is connected to.
        """
        self._refuse_offline(url)
        refuse_unwanted()
        timeout = TIMEOUT if body is None else _SLOWEST
        options: dict[str, Any] = {"headers": dict(headers or {}), "data": body, "auth": _as_given, "timeout": timeout}
        session = self._exact_session(only_public)
        try:
            with session.request(method, url, stream=True, allow_redirects=False, **options) as response:
                yield response
                _drain(response)
        except _FAILED as error:
            raise unreachable(url, error) from error

    def exchange(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, limit: int
    ) -> tuple[int, Mapping[str, str], bytes]:
        """As `request`, with the answer read whole: its status, headers and body of at most `limit` bytes."""
        with self.request(method, url, headers=headers, body=body) as response:
            return response.status_code, response.headers, b"".join(pieces(response, limit=limit))

    def wait(self, seconds: float) -> None:
        """Waits before the next try; ends at once where nothing more is wanted."""
        (self._wait or (stopped_here() or self._stopped).wait)(seconds)
        refuse_unwanted()
        if self._stopped.is_set():
            raise Interrupted("stopped")

    def _exact_session(self, only_public: bool) -> requests.Session:
        with self._exact_lock:
            if only_public not in self._exact:
                session = self._exact[only_public] = ExactSession(only_public=only_public)
                session.headers["User-Agent"] = self.session.headers["User-Agent"]
            return self._exact[only_public]

    @contextmanager
    def _sent(self, method: str, url: str, **options: Any) -> Iterator[requests.Response]:
        self._refuse_offline(url)
        try:
            with self.session.request(method, url, stream=True, timeout=TIMEOUT, **options) as response:
                yield response
        except _FAILED as error:
            raise unreachable(url, error) from error

    def _refuse_offline(self, url: str) -> None:
        if self.offline:
            raise OutsideError(f"{redact(url)} is needed, and this is --offline")
        self._refuse_stopped(url)

    def read(self, url: str, *, headers: Mapping[str, str] | None = None, login: Login | None = None) -> bytes | None:
        """The body of a small answer; None where there is none (404), OutsideError for any other refusal."""
        with self._sent("GET", url, headers=dict(headers or {}), auth=auth_of(login)) as response:
            if response.status_code == 404:
                return None
            checked(response)
            return b"".join(pieces(response, limit=SMALL))

    def read_changed(
        self, url: str, *, etag: str | None, modified: str | None, limit: int, login: Login | None = None
    ) -> Body | None:
        """As `read`, with what is to be sent back next time; UNCHANGED where it is still what these two tell of."""
        for _ in range(_TRIES - 1):
            with suppress(BrokenOff):
                return self._read_changed(url, etag, modified, limit, login)
        return self._read_changed(url, etag, modified, limit, login)

    def _read_changed(
        self, url: str, etag: str | None, modified: str | None, limit: int, login: Login | None
    ) -> Body | None:
        known = {"If-None-Match": etag, "If-Modified-Since": modified, "Cache-Control": "max-age=0"}
        headers = {name: value for name, value in known.items() if value}
        with self._sent("GET", url, headers=headers, auth=auth_of(login)) as response:
            if response.status_code in (404, 410):
                return None
            if response.status_code == 304:
                return UNCHANGED
            checked(response)
            data = b"".join(pieces(response, limit=limit))
            told = response.headers
        return Body(data=data, etag=told.get("ETag"), modified=told.get("Last-Modified"))

    def download(self, url: str, target: IO[bytes], *, limit: int | None, login: Login | None = None) -> bool:
        """Writes a body into `target`, an empty file, at most `limit` bytes; False where there is none (404, 410).

        Begun anew where the connection breaks. Without `login` the server's is looked for among those that are known.
        """
        for _ in range(_TRIES - 1):
            try:
                return self._download(url, target, limit, login)
            except BrokenOff:
                target.seek(0)
                target.truncate()
        return self._download(url, target, limit, login)

    def _download(self, url: str, target: IO[bytes], limit: int | None, login: Login | None) -> bool:
        with self._sent("GET", url, headers={"Accept-Encoding": "identity"}, auth=auth_of(login)) as response:
            if response.status_code in (404, 410):
                return False
            checked(response)
            for piece in pieces(response, limit=limit):
                self._refuse_stopped(url)
                target.write(piece)
        return True

    def part(self, url: str, first: int, end: int, *, login: Login | None = None) -> bytes | None:
        """The bytes from `first` to before `end`; None where the server does not give them by themselves."""
        headers = {"Range": f"bytes={first}-{end - 1}", "Accept-Encoding": "identity"}
        with self._sent("GET", url, headers=headers, auth=auth_of(login)) as response:
            if response.status_code != 206 or not response.headers.get("Content-Range", "").startswith(
                f"bytes {first}-{end - 1}/"
            ):
                return None
            body = b"".join(pieces(response, limit=end - first))
        return body if len(body) == end - first else None

    def _refuse_stopped(self, url: str) -> None:
        if self._stopped.is_set():
            raise Interrupted(f"{redact(url)} is no longer wanted")


def checked(response: requests.Response) -> requests.Response:
    """The answer, or OutsideError with its status."""
    if response.status_code >= 400:
        kind = Refused if response.status_code in (401, 403) else OutsideError
        raise kind(f"{redact(response.url)} answers {response.status_code} {response.reason}")
    return response


def pieces(response: requests.Response, *, limit: int | None) -> Iterator[bytes]:
    """The body, piece by piece; OutsideError over `limit` bytes, BrokenOff where it ends too soon."""
    total = 0
    try:
        for piece in response.iter_content(PIECE):
            total += len(piece)
            if limit is not None and total > limit:
                raise OutsideError(f"{redact(response.url)} sends more than the {limit} bytes it should")
            yield piece
    except requests.RequestException as error:
        raise BrokenOff(f"{redact(response.url)} broke off before its end") from error


class Passing(OutsideError):
    """A fault that may be gone at the next try, `after` as many seconds as the server asks for."""

    def __init__(self, message: str, *, hint: str | None = None, after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.after = after


class BrokenOff(Passing):
    """A body that ended before its end; asked for again, it may come whole."""


class NotEncrypted(OutsideError):
    """Who was asked by HTTPS seems to know only plain HTTP."""


class NoAnswer(Passing):
    """Nobody answered, or the connection broke before the answer came."""


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _drain(response: requests.Response) -> None:
    """Reads the rest of a small answer, so that its connection serves the next request."""
    length = response.headers.get("Content-Length", "")
    if length.isascii() and length.isdigit() and len(length) < 10 and int(length) <= _DRAINED:
        with suppress(requests.RequestException, RuntimeError):  # RuntimeError: it was read in part
            _ = response.content


def unreachable(url: str, error: Exception) -> OutsideError:
    """The one way to say that no answer came."""
    message = f"no answer from {redact(url)} ({type(error).__name__})"
    words = str(error).lower()
    if "certificate" in words:
        return OutsideError(message, hint="does this machine trust its certificate?")
    if any(sign in words for sign in _PLAIN):
        return NotEncrypted(message, hint="does it speak plain HTTP?")
    kind = OutsideError if isinstance(error, ValueError) else NoAnswer  # what is no address stays none
    return kind(message, hint="is the network there?")
