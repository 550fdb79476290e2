"""The one door to HTTP: certificates of the machine, retries, limits, redacted errors, and `--offline`."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import takewhile
from threading import Event
from typing import IO, Any
from urllib.parse import urlsplit, urlunsplit

import requests
import truststore
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from requests.utils import get_netrc_auth
from urllib3.util.retry import Retry

from envlock import __version__
from envlock.errors import Interrupted, OutsideError
from envlock.system.body import UNCHANGED, Body
from envlock.system.login import Login, Refused
from envlock.system.secrets import Secret, redact

# what every failed request raises, for libraries that use our session by themselves
RequestFailed = requests.RequestException
Response = requests.Response
PIECE = 1 << 20
TIMEOUT = (10, 60)  # seconds to connect, seconds between two bytes
_TRIES = 3  # for a download whose stream breaks off
SMALL = 64 << 20  # what an answer that is read whole may have


class _SystemTrust(HTTPAdapter):
    """Checks servers against the machine's own trust store, as its other programs do."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        kwargs["ssl_context"] = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().init_poolmanager(*args, **kwargs)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        # libraries that use the session by themselves would wait for ever
        return super().send(request, **{**kwargs, "timeout": kwargs.get("timeout") or TIMEOUT})


class Http:
    """HTTP for one run of envlock. With `offline`, every request is an error that names what was wanted.

    When `stopped` is set, by another thread, nothing more is asked and downloads end where they are.
    """

    def __init__(self, *, offline: bool = False, stopped: Event | None = None) -> None:
        self.offline = offline
        retries = Retry(
            total=4, backoff_factor=0.3, backoff_jitter=0.3, status_forcelist=(408, 429, 500, 502, 503, 504),
            allowed_methods=("GET", "HEAD"), raise_on_status=False,
        )  # fmt: skip
        self.session = requests.Session()
        self.session.headers["User-Agent"] = f"envlock/{__version__}"
        for scheme in ("https://", "http://"):
            self.session.mount(scheme, _SystemTrust(max_retries=retries, pool_maxsize=16))
        self.session.auth = self._logins = _Logins()
        self._stopped = stopped or Event()

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
        redirects: bool = True,
        form: Mapping[str, str] | None = None,
    ) -> Iterator[requests.Response]:
        """One request, its body not yet read; OutsideError where no answer came. Any status is an answer.

        Without `redirects` the caller follows them, and alone says who it is at each step: netrc is not asked.
        """
        auth = None if redirects else _as_given
        options = {"headers": dict(headers or {}), "data": form, "allow_redirects": redirects, "auth": auth}
        with self._sent(method, url, **options) as response:
            yield response

    @contextmanager
    def _sent(self, method: str, url: str, **options: Any) -> Iterator[requests.Response]:
        if self.offline:
            raise OutsideError(f"{redact(url)} is needed, and this is --offline")
        self._refuse_stopped(url)
        try:
            with self.session.request(method, url, stream=True, timeout=TIMEOUT, **options) as response:
                yield response
        except requests.RequestException as error:
            raise unreachable(url, error) from error

    def read(self, url: str, *, headers: Mapping[str, str] | None = None, login: Login | None = None) -> bytes | None:
        """The body of a small answer; None where there is none (404), OutsideError for any other refusal."""
        with self._sent("GET", url, headers=dict(headers or {}), auth=_auth(login)) as response:
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
        with self._sent("GET", url, headers=headers, auth=_auth(login)) as response:
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
        with self._sent("GET", url, headers={"Accept-Encoding": "identity"}, auth=_auth(login)) as response:
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
        with self._sent("GET", url, headers=headers, auth=_auth(login)) as response:
            if response.status_code != 206 or not response.headers.get("Content-Range", "").startswith(
                f"bytes {first}-{end - 1}/"
            ):
                return None
            body = b"".join(pieces(response, limit=end - first))
        return body if len(body) == end - first else None

    def _refuse_stopped(self, url: str) -> None:
        if self._stopped.is_set():
            raise Interrupted(f"{redact(url)} is no longer wanted")


class _Logins(AuthBase):
    """Logins by URL: those that were given, and for all other servers what netrc says."""

    def __init__(self) -> None:
        self.known: dict[str, Login] = {}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        url = request.url or ""
        on_server = {known: login for known, login in dict(self.known).items() if _origin(known) == _origin(url)}
        if on_server:
            nearest = max(_shared_path(known, url) for known in on_server)
            near = (login for known, login in on_server.items() if _shared_path(known, url) == nearest)
            logins = {login.revealed(): login for login in near}
            # of two that are as near as each other, none: what one of them is told is not for the other
            return _Auth(logins.popitem()[1])(request) if len(logins) == 1 else request
        kept = get_netrc_auth(url)
        return HTTPBasicAuth(*kept)(request) if kept else request


@dataclass(frozen=True)
class _Auth(AuthBase):
    """A login as requests take it."""

    login: Login

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        header = self.login.header()
        if header:
            request.headers["Authorization"] = header
        else:
            scheme, place, path, query, _ = urlsplit(request.url or "")
            request.url = urlunsplit((scheme, place, f"/t/{self.login.secret.reveal()}{path}", query, ""))
        return request


def _auth(login: Login | None) -> "_Auth | None":
    return _Auth(login) if login else None


def _shared_path(known: str, url: str) -> int:
    """How many folders two URLs have in common, from the top."""
    pairs = zip(*(urlsplit(text).path.strip("/").split("/") for text in (known, url)), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _origin(url: str) -> str:
    """The server of a URL: scheme, host and port."""
    return "://".join(urlsplit(url)[:2]).lower()


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


class BrokenOff(OutsideError):
    """A body that ended before its end; asked for again, it may come whole."""


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def unreachable(url: str, error: Exception) -> OutsideError:
    """The one way to say that no answer came."""
    return OutsideError(f"no answer from {redact(url)} ({type(error).__name__})", hint="is the network there?")
