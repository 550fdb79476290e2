"""Questions to a registry's API: with what it wants to be shown, along the redirects it may make."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from envlock.errors import OutsideError
from envlock.model.reference import Reference
from envlock.registry.access import Access
from envlock.registry.credentials import Credentials
from envlock.registry.errors import refusal
from envlock.registry.hosts import base_url, next_url, origin
from envlock.system.http import Http, Response
from envlock.system.secrets import Secret, redact

_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 5


class Exchange:
    """Asks registries, as whoever the credentials say we are."""

    def __init__(self, http: Http, credentials: Credentials) -> None:
        self._http = http
        self._access = Access(http, credentials)

    @contextmanager
    def get(self, reference: Reference, path: str, *, accept: str = "*/*") -> Iterator[Response]:
        """The answer to GET /v2/REPOSITORY/PATH, its body not yet read; OutsideError for any refusal."""
        url = f"{base_url(reference.registry)}/v2/{reference.repository}/{path}"
        headers = {"Accept": accept, "Accept-Encoding": "identity"}  # what is hashed must come as it is stored
        shown = self._access.kept(reference)
        with self._followed(url, {**headers, **_authorization(shown)}) as first:
            if not _wants_login(first, url):
                yield _accepted(first, reference)
                return
            shown = self._access.renewed(reference, shown, first)
            if shown is None:
                raise refusal(first, reference)
        with self._followed(url, {**headers, **_authorization(shown)}) as second:
            yield _accepted(second, reference)

    @contextmanager
    def _followed(self, url: str, headers: Mapping[str, str]) -> Iterator[Response]:
        """The answer at the end of the redirects; who we are is not said to another host."""
        with ExitStack() as answers:
            for _ in range(_MOST_REDIRECTS + 1):
                response = answers.enter_context(self._http.request("GET", url, headers=headers, redirects=False))
                if response.status_code not in _REDIRECTS:
                    yield response
                    return
                target = next_url(url, response.headers.get("Location", ""))
                if origin(target) != origin(url):
                    headers = {name: value for name, value in headers.items() if name != "Authorization"}
                url = target
        raise OutsideError(f"{redact(url)} redirects without end")


def _authorization(shown: Secret | None) -> dict[str, str]:
    return {"Authorization": shown.reveal()} if shown else {}


def _wants_login(response: Response, url: str) -> bool:
    """Only the registry itself may ask who we are, not a store it sends us on to."""
    return response.status_code == 401 and origin(response.url) == origin(url)


def _accepted(response: Response, reference: Reference) -> Response:
    if response.status_code != 200:
        raise refusal(response, reference)
    return response
