"""Questions to a registry's API: with what it wants to be shown, along its redirects, anew where a fault may pass."""

import random
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypedDict, TypeVar, Unpack

from envlock.errors import OutsideError
from envlock.model.reference import Reference
from envlock.registry.access import Access, Wanted
from envlock.registry.credentials import Credentials
from envlock.registry.errors import refusal
from envlock.registry.hosts import base_url, next_url, origin
from envlock.system.body import Streamed
from envlock.system.http import Http, NotEncrypted, Passing, Response, pieces
from envlock.system.http_connections import is_public
from envlock.system.secrets import Secret, redact

Taken = TypeVar("Taken")
_REDIRECTS = {301, 302, 303, 307, 308}
_MOST_REDIRECTS = 5
_TRIES = 5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.3, 60.0  # seconds


class Asking(TypedDict, total=False):
    """What may be said of a question; left out, it is a plain GET for an answer of 200."""

    headers: Mapping[str, str]
    body: bytes | Streamed | None
    accepted: Collection[int]  # statuses that are answers; 401 and 403 only where they were not to be mended by a login
    scope: str  # "pull" or "pull,push"
    source: Reference | None  # the repository that a mount reads
    tries: int  # where a fault may pass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    method: str
    reference: Reference
    url: str
    is_session: bool  # a place that the registry gave for one upload
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Streamed | None = None
    accepted: Collection[int] = (200,)
    scope: str = "pull"
    source: Reference | None = None
    tries: int = _TRIES

    @property
    def wanted(self) -> Wanted:
        return Wanted(self.reference, self.scope, self.source)

    @property
    def is_repeatable(self) -> bool:
        """What a session has taken of a body is not known after a fault: the upload is then to be begun anew."""
        return not self.is_session or self.method in ("GET", "HEAD")


class Exchange:
    """Asks registries, as whoever the credentials say we are; in plain HTTP this machine and those named `insecure`."""

    def __init__(self, http: Http, credentials: Credentials, insecure: Collection[str] = ()) -> None:
        self._http = http
        self._insecure = frozenset(insecure)
        self._access = Access(http, credentials, self._insecure)
        self._public: set[str] = set()  # registries that answered from a public address

    def get(self, reference: Reference, path: str, *, accept: str = "*/*") -> AbstractContextManager[Response]:
        """The answer to GET /v2/REPOSITORY/PATH, its body not yet read; OutsideError for any refusal."""
        return self.ask("GET", reference, path, headers={"Accept": accept})

    @contextmanager
    def ask(self, method: str, reference: Reference, path: str, **asking: Unpack[Asking]) -> Iterator[Response]:
        """The answer, its body not yet read; OutsideError for a status that is not `accepted`.

        `path` is below /v2/REPOSITORY/, or a place that `location` gave. Faults that may pass are met with other tries,
        but for those in the midst of an upload's session, and in the midst of the answer's body: the caller, told by
        `Passing`, begins these anew, after `pause`.
        """
        question = self._question(method, reference, path, asking)
        with ExitStack() as answers:
            yield self._answer(question, answers, lambda response: response)

    def read(self, reference: Reference, path: str, limit: int, **asking: Unpack[Asking]) -> tuple[Response, bytes]:
        """The answer to GET with its whole body, of at most `limit` bytes; asked for anew where it breaks off."""
        with ExitStack() as answers:
            question = self._question("GET", reference, path, asking)
            return self._answer(question, answers, lambda response: (response, b"".join(pieces(response, limit=limit))))

    def location(self, response: Response) -> str:
        """Where an answer says that an upload goes on; OutsideError where it may not."""
        told = response.headers.get("Location")
        if not told:
            raise OutsideError(f"{redact(response.url)} does not say where the upload goes on (no `Location`)")
        return self.place(response, told)

    def place(self, response: Response, told: str) -> str:
        """Where an answer sends us on; OutsideError where it may not."""
        return next_url(response.url, told, self._insecure)

    def pause(self, fault: Passing, number: int) -> None:
        """Waits before what failed is begun anew after try `number` (0 is the first): longer and longer, never alike.

        As long as the server asks for; the fault is raised where that is more than a minute.
        """
        if fault.after is not None and fault.after > _LONGEST_PAUSE:
            raise OutsideError(
                f"{fault.message}; it asks us to wait for {fault.after:.0f} s", hint=fault.hint
            ) from fault
        pause = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**number * (1 + random.random()))
        self._http.wait(pause if fault.after is None else max(fault.after, random.random()))

    def _question(self, method: str, reference: Reference, path: str, asking: Asking) -> _Question:
        is_session = "://" in path or path.startswith("/")
        base = f"{base_url(reference.registry, self._insecure)}/v2/{reference.repository}/"
        url = next_url(base, path, self._insecure) if is_session else base + path
        return _Question(method=method, reference=reference, url=url, is_session=is_session, **asking)

    def _answer(self, question: _Question, answers: ExitStack, take: Callable[[Response], Taken]) -> Taken:
        number = 0
        while True:
            try:
                return take(_accepted(self._let_in(question, answers), question))
            except NotEncrypted as error:
                registry = question.reference.registry
                raise OutsideError(error.message, hint=f"if it speaks plain HTTP: `--insecure {registry}`") from error
            except Passing as fault:
                answers.close()
                if not question.is_repeatable:
                    raise
                if number == question.tries - 1:  # said as what does not pass: nobody is to try all of this once more
                    raise OutsideError(fault.message, hint=fault.hint) from fault
                self.pause(fault, number)
            number += 1

    def _let_in(self, question: _Question, answers: ExitStack) -> Response:
        """The answer to who we are, as far as that is asked."""
        shown = self._access.shown(question.wanted)
        first = self._followed(question, shown, answers)
        if first.status_code != HTTPStatus.UNAUTHORIZED or not self._is_own(first.url, question.reference.registry):
            return first
        fresh = self._access.renewed(question.wanted, shown, first)
        if fresh is None:
            return first
        answers.close()
        return self._followed(question, fresh, answers)

    def _followed(self, question: _Question, shown: Secret | None, answers: ExitStack) -> Response:
        """The answer at the end of the redirects; who we are is not said to another host."""
        url = question.url
        for _ in range(_MOST_REDIRECTS + 1):
            response = answers.enter_context(self._sent(question, url, shown))
            if response.status_code not in _REDIRECTS or question.method not in ("GET", "HEAD"):
                return response
            target = next_url(url, response.headers.get("Location", ""), self._insecure)
            shown = shown if origin(target) == origin(url) else None
            url = target
        raise OutsideError(f"{redact(url)} redirects without end")

    @contextmanager
    def _sent(self, question: _Question, url: str, shown: Secret | None) -> Iterator[Response]:
        registry = question.reference.registry
        is_own = self._is_own(url, registry)
        # what is hashed must come as it is stored
        headers = {"Accept": "*/*", "Accept-Encoding": "identity", **question.headers}
        if shown and is_own:
            headers["Authorization"] = shown.reveal()
        only_public = not is_own and registry in self._public
        with self._http.request(
            question.method, url, headers=headers, body=question.body, only_public=only_public
        ) as response:
            if is_own and is_public(response):
                self._public.add(registry)
            yield response

    def _is_own(self, url: str, registry: str) -> bool:
        """Is that the registry itself, and not a store that it sends us on to? Only it may ask who we are."""
        return origin(url) == origin(base_url(registry, self._insecure))


def _accepted(response: Response, question: _Question) -> Response:
    if response.status_code not in question.accepted:
        raise refusal(response, question.reference)
    return response
