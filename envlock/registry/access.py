"""What we show a registry to be let in: Basic credentials, or a token for what is to be done."""

import re
import threading
import time
from collections.abc import Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from math import inf
from urllib.parse import urlencode, urlsplit, urlunsplit

from envlock.errors import OutsideError
from envlock.model.reference import Reference
from envlock.oci.document import Node, parse
from envlock.registry.challenge import parse_challenges
from envlock.registry.credentials import Credentials, Login
from envlock.registry.errors import refusal
from envlock.registry.hosts import next_url
from envlock.system.http import Http, Response, pieces
from envlock.system.http_connections import is_public
from envlock.system.secrets import Secret

CLIENT = "envlock"
_MOST_READ = 1 << 20  # bytes of a token answer
_TOKEN = re.compile(r"[!-~]+")  # it goes into a header
_MOST_SECONDS = 24 * 60 * 60  # whatever a token server says
_USUAL_SECONDS = 60  # how long a token is good that does not say: what Docker's description of tokens tells
_CHANGES = frozenset({"push", "delete", "*"})
_MARGIN = 10  # seconds before its end at which a token is replaced


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done: `actions` ("pull" or "pull,push") with a repository, and to read what a mount is of."""

    reference: Reference
    actions: str = "pull"
    source: Reference | None = None

    @property
    def scopes(self) -> tuple[str, ...]:
        own = f"repository:{self.reference.repository}:{self.actions}"
        return (own, f"repository:{self.source.repository}:pull") if self.source else (own,)


@dataclass(frozen=True, slots=True)
class _Shown:
    """An Authorization header, and until when it is good."""

    value: Secret
    scopes: frozenset[str]
    until: float = inf

    def serves(self, scopes: Iterable[str]) -> bool:
        return time.monotonic() < self.until and all(scope in self.scopes for scope in _single(scopes))


@dataclass(frozen=True, slots=True)
class _TokenServer:
    realm: str
    service: str | None
    only_public: bool


class Access:
    """The Authorization header for each thing that is to be done, kept until it ends or is no longer taken.

    Where a registry once told its token server, tokens are asked for before they are missed.
    """

    def __init__(self, http: Http, credentials: Credentials, insecure: Collection[str] = ()) -> None:
        self._http = http
        self._credentials = credentials
        self._insecure = insecure
        self._kept: dict[str, list[_Shown]] = {}
        self._servers: dict[str, _TokenServer] = {}
        self._logins: dict[str, Login | None] = {}
        self._lock = threading.Lock()

    def shown(self, wanted: Wanted) -> Secret | None:
        """What to show with a first try; None where that is not known."""
        with self._lock:  # several threads miss a token at once: one of them asks for it
            registry = wanted.reference.registry
            kept = self._good(wanted)
            if kept is None and registry in self._servers:
                return self._token(wanted, self._servers[registry], wanted.scopes)
            return kept

    def renewed(self, wanted: Wanted, refused: Secret | None, answer: Response) -> Secret | None:
        """What to show next after a 401; None where we have nothing (else) to show."""
        with self._lock:  # several downloads hear 401 at once when a token is no longer taken: one of them renews it
            kept = self._good(wanted)
            if kept is not None and kept is not refused:
                return kept
            self._forget(wanted.reference.registry, refused)
            return self._obtain(wanted, refused, answer)

    def _good(self, wanted: Wanted) -> Secret | None:
        kept = self._kept.get(wanted.reference.registry, [])
        return next((shown.value for shown in kept if shown.serves(wanted.scopes)), None)

    def _forget(self, registry: str, refused: Secret | None) -> None:
        self._kept[registry] = [shown for shown in self._kept.get(registry, []) if shown.value is not refused]

    def _obtain(self, wanted: Wanted, refused: Secret | None, answer: Response) -> Secret | None:
        """Basic credentials or a token, as the registry asks for; a token is also given to nobody in particular."""
        challenges = {c.scheme: c.parameters for c in parse_challenges(answer.headers.get("WWW-Authenticate", ""))}
        bearer = challenges.get("bearer", {})
        login = self._login(wanted.reference) if "basic" in challenges or "realm" in bearer else None
        if "realm" in bearer and not (login and login.is_registry_token):
            realm = next_url(answer.url, bearer["realm"], self._insecure)
            server = _TokenServer(realm, bearer.get("service"), is_public(answer))
            named = (_without_more(scope, wanted) for scope in bearer.get("scope", "").split())
            token = self._token(wanted, server, (*wanted.scopes, *filter(None, named)))
            self._servers[wanted.reference.registry] = server  # one that gives tokens
            return token
        if login is None or login.is_identity_token:
            return None
        value = login.bearer if login.is_registry_token else login.basic
        if refused and value.reveal() == refused.reveal():
            return None
        everything = (*wanted.scopes, f"repository:{wanted.reference.repository}:pull,push")
        return self._keep(wanted.reference.registry, _Shown(value, _single(everything)))

    def _login(self, reference: Reference) -> Login | None:
        """Who we are, looked up once: helper programs take their time."""
        repository = f"{reference.registry}/{reference.repository}"
        if repository not in self._logins:
            self._logins[repository] = self._credentials.login(reference)
        return self._logins[repository]

    def _keep(self, registry: str, shown: _Shown) -> Secret:
        now = time.monotonic()
        self._kept[registry] = [shown, *(kept for kept in self._kept.get(registry, []) if now < kept.until)]
        return shown.value

    def _token(self, wanted: Wanted, server: _TokenServer, scopes: Iterable[str]) -> Secret:
        """A new token for all that is wanted; a registry may name it differently, so both names are asked for."""
        asked = _united(scopes)
        login = self._login(wanted.reference)
        with self._ask(server, asked, login) as response:
            if response.status_code != 200:
                raise refusal(response, wanted.reference, taking="push" in wanted.actions)
            place = f"the token from {urlsplit(server.realm).netloc}"
            root = parse(b"".join(pieces(response, limit=_MOST_READ)), place)
        value = Secret(f"Bearer {_token_in(root)}")
        until = time.monotonic() + _seconds(root)
        return self._keep(wanted.reference.registry, _Shown(value, _single(asked), until))

    def _ask(
        self, server: _TokenServer, scopes: Iterable[str], login: Login | None
    ) -> AbstractContextManager[Response]:
        service = {"service": server.service} if server.service else {}
        if login and login.is_identity_token:
            grant = {"grant_type": "refresh_token", "refresh_token": login.secret.reveal(), "client_id": CLIENT}
            form = {**service, "scope": " ".join(scopes), **grant}
            return self._http.request("POST", server.realm, body=form, only_public=server.only_public)
        parts = urlsplit(server.realm)
        asked = urlencode([*service.items(), *(("scope", scope) for scope in scopes)])
        url = urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, asked)))))
        headers = {"Authorization": login.basic.reveal()} if login else {}
        return self._http.request("GET", url, headers=headers, only_public=server.only_public)


def _single(scopes: Iterable[str]) -> frozenset[str]:
    """Each action by itself: `repository:a:pull,push` is `repository:a:pull` and `repository:a:push`."""
    parted = (scope.rpartition(":") for scope in scopes)
    return frozenset(f"{name}:{action}" for name, _, actions in parted for action in actions.split(","))


def _without_more(scope: str, wanted: Wanted) -> str | None:
    """What a registry wants a token for, without what would change more in a repository than we mean to."""
    name, _, actions = scope.rpartition(":")
    if not name.startswith("repository:"):
        return scope
    more = _CHANGES.difference(wanted.actions.split(","))
    kept = [action for action in actions.split(",") if action not in more]
    return f"{name}:{','.join(kept)}" if kept else None


def _united(scopes: Iterable[str]) -> tuple[str, ...]:
    """Each thing once, with all actions that are wanted of it, in the order in which they come."""
    things: dict[str, dict[str, None]] = {}
    for scope in scopes:
        name, _, actions = scope.rpartition(":")
        things.setdefault(name, {}).update(dict.fromkeys(actions.split(",")))
    return tuple(f"{name}:{','.join(actions)}" for name, actions in things.items())


def _token_in(root: Node) -> str:
    """The token, which errors do not show."""
    token = root.mapping().get("token") or root.mapping().get("access_token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise OutsideError(f"{root.document} is none: `token` (or `access_token`) must be text for a header")
    return token


def _seconds(root: Node) -> float:
    """How long a token serves: a little less than it is good, since it takes a while to get there."""
    told = root.mapping().get("expires_in")
    good = min(told, _MOST_SECONDS) if isinstance(told, int | float) else _USUAL_SECONDS
    return max(0.0, good - min(_MARGIN, good / 4))
