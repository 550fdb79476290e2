"""Who we say we are to servers of packages, by URL: what was given, else what netrc says."""

from dataclasses import dataclass
from itertools import takewhile
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth
from requests.utils import get_netrc_auth

from envlock.system.login import Login


class KnownLogins(AuthBase):
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
            return Auth(logins.popitem()[1])(request) if len(logins) == 1 else request
        kept = get_netrc_auth(url)
        return HTTPBasicAuth(*kept)(request) if kept else request


@dataclass(frozen=True)
class Auth(AuthBase):
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


def auth_of(login: Login | None) -> "Auth | None":
    return Auth(login) if login else None


def _shared_path(known: str, url: str) -> int:
    """How many folders two URLs have in common, from the top."""
    pairs = zip(*(urlsplit(text).path.strip("/").split("/") for text in (known, url)), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _origin(url: str) -> str:
    """The server of a URL: scheme, host and port."""
    return "://".join(urlsplit(url)[:2]).lower()
