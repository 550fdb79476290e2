"""The one door to HTTP: certificates of the machine, retries, limits, redacted errors, and `--offline`."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any
from urllib.parse import urlsplit

import requests
import truststore
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from requests.utils import get_netrc_auth
from urllib3.util.retry import Retry

from envlock import __version__
from envlock.errors import OutsideError
from envlock.system.secrets import redact

# what every failed request raises, for libraries that use our session by themselves
RequestFailed = requests.RequestException
Response = requests.Response
PIECE = 1 << 20
TIMEOUT = (10, 60)  # seconds to connect, seconds between two bytes
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
    """HTTP for one run of envlock. With `offline`, every request is an error that names what was wanted."""

    def __init__(self, *, offline: bool = False) -> None:
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

    def log_in(self, url: str, user: str, password: str) -> None:
        """From now on says who we are to the server of `url`, and to no other."""
        self._logins.known[_origin(url)] = HTTPBasicAuth(user.encode(), password.encode())

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
        if self.offline:
            raise OutsideError(f"{redact(url)} is needed, and this is --offline")
        try:
            with self.session.request(
                method, url, headers=dict(headers or {}), data=form, stream=True, timeout=TIMEOUT,
                allow_redirects=redirects, auth=None if redirects else _as_given,
            ) as response:  # fmt: skip
                yield response
        except requests.RequestException as error:
            raise unreachable(url, error) from error

    def read(self, url: str, *, headers: Mapping[str, str] | None = None) -> bytes | None:
        """The body of a small answer; None where there is none (404), OutsideError for any other refusal."""
        with self.request("GET", url, headers=headers) as response:
            if response.status_code == 404:
                return None
            checked(response)
            return b"".join(pieces(response, limit=SMALL))

    def download(self, url: str, target: IO[bytes], *, limit: int | None) -> bool:
        """Writes a body into `target`, at most `limit` bytes of it; False where there is none (404, 410)."""
        with self.request("GET", url, headers={"Accept-Encoding": "identity"}) as response:
            if response.status_code in (404, 410):
                return False
            checked(response)
            for piece in pieces(response, limit=limit):
                target.write(piece)
        return True


class _Logins(AuthBase):
    """Logins by server: those that were given, and for all others what netrc says."""

    def __init__(self) -> None:
        self.known: dict[str, HTTPBasicAuth] = {}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        url = request.url or ""
        given = self.known.get(_origin(url))
        kept = None if given else get_netrc_auth(url)
        login = HTTPBasicAuth(*kept) if kept else given
        return login(request) if login else request


def _origin(url: str) -> str:
    """The server of a URL: scheme, host and port."""
    return "://".join(urlsplit(url)[:2]).lower()


def checked(response: requests.Response) -> requests.Response:
    """The answer, or OutsideError with its status."""
    if response.status_code >= 400:
        raise OutsideError(f"{redact(response.url)} answers {response.status_code} {response.reason}")
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
        raise BrokenOff(f"{redact(response.url)} broke off after {total} bytes") from error


class BrokenOff(OutsideError):
    """A body that ended before its end; asked for again, it may come whole."""


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def unreachable(url: str, error: Exception) -> OutsideError:
    """The one way to say that no answer came."""
    return OutsideError(f"no answer from {redact(url)} ({type(error).__name__})", hint="is the network there?")
