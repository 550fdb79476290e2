"""What we show a registry to be let in: Basic credentials, or a token for one repository."""

import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from urllib.parse import urlencode, urlsplit, urlunsplit

from envlock.model.reference import Reference
from envlock.oci.document import parse
from envlock.registry.challenge import parse_challenges
from envlock.registry.credentials import Credentials, Login
from envlock.registry.errors import refusal
from envlock.registry.hosts import next_url
from envlock.system.http import Http, Response, pieces
from envlock.system.secrets import Secret

CLIENT = "envlock"
_MOST_READ = 1 << 20  # bytes of a token answer


class Access:
    """The Authorization header for each repository, kept until the registry no longer takes it."""

    def __init__(self, http: Http, credentials: Credentials) -> None:
        self._http = http
        self._credentials = credentials
        self._kept: dict[tuple[str, str], Secret] = {}
        self._lock = threading.Lock()

    def kept(self, reference: Reference) -> Secret | None:
        return self._kept.get(_scope(reference))

    def renewed(self, reference: Reference, refused: Secret | None, answer: Response) -> Secret | None:
        """What to show next after a 401; None where we have nothing (else) to show."""
        with self._lock:  # several downloads hear 401 at once when a token has run out: one of them renews it
            kept = self._kept.get(_scope(reference))
            if kept is not refused:
                return kept
            fresh = self._obtain(reference, answer)
            if fresh is not None:
                self._kept[_scope(reference)] = fresh
            return fresh

    def _obtain(self, reference: Reference, answer: Response) -> Secret | None:
        """Basic credentials or a token, as the registry asks for; a token is also given to nobody in particular."""
        challenges = {c.scheme: c.parameters for c in parse_challenges(answer.headers.get("WWW-Authenticate", ""))}
        bearer = challenges.get("bearer", {})
        if "realm" in bearer:
            return self._token(reference, next_url(answer.url, bearer["realm"]), bearer.get("service"))
        login = self._credentials.login(reference) if "basic" in challenges else None
        return login.basic if login and not login.is_identity_token else None

    def _token(self, reference: Reference, realm: str, service: str | None) -> Secret:
        login = self._credentials.login(reference)
        asked = {**({"service": service} if service else {}), "scope": _scope(reference)[1]}
        with self._ask(realm, asked, login) as response:
            if response.status_code != 200:
                raise refusal(response, reference)
            root = parse(b"".join(pieces(response, limit=_MOST_READ)), f"the token from {urlsplit(realm).netloc}")
        token = root.optional("token") or root.field("access_token")
        return Secret(f"Bearer {token.text()}")

    def _ask(self, realm: str, asked: Mapping[str, str], login: Login | None) -> AbstractContextManager[Response]:
        if login and login.is_identity_token:
            grant = {"grant_type": "refresh_token", "refresh_token": login.secret.reveal(), "client_id": CLIENT}
            return self._http.request("POST", realm, redirects=False, form={**asked, **grant})
        parts = urlsplit(realm)
        query = "&".join(filter(None, (parts.query, urlencode(asked))))
        headers = {"Authorization": login.basic.reveal()} if login else {}
        return self._http.request("GET", urlunsplit(parts._replace(query=query)), headers=headers, redirects=False)


def _scope(reference: Reference) -> tuple[str, str]:
    return reference.registry, f"repository:{reference.repository}:pull"
