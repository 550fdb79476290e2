"""Tags in a registry: what they name, asked without a body, and moved to a manifest that the registry has."""

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from envlock.errors import AnswerIsNo
from envlock.model.reference import Reference
from envlock.oci.document import hex_of
from envlock.oci.manifest import INDEX_TYPES, MANIFEST_TYPES
from envlock.registry.exchange import Exchange
from envlock.registry.found import Found

if TYPE_CHECKING:
    from envlock.registry.client import RegistryClient

NEW, MOVED, THERE = "new", "moved", "there"
_ACCEPT = ", ".join((*INDEX_TYPES, *MANIFEST_TYPES))
_SCOPE = "pull,push"  # whoever asks is about to write
_DIGEST = "Docker-Content-Digest"


def digest_of(exchange: Exchange, reference: Reference, get: Callable[[Reference], Found]) -> str | None:
    """What a tag names in its registry; None where it is not there. Not to be told is an error: what never moves would
    be overwritten."""
    path, headers = f"manifests/{reference.tag}", {"Accept": _ACCEPT}
    with exchange.ask("HEAD", reference, path, headers=headers, accepted=(200, 404), scope=_SCOPE) as response:
        if response.status_code != HTTPStatus.OK:
            return None
        told = response.headers.get(_DIGEST)
    # not all registries say it without the body
    return f"sha256:{hex_of(told)}" if told else get(reference).descriptor.digest


def require_answer(exchange: Exchange, reference: Reference) -> None:
    """OutsideError where a registry does not answer at the first try; whatever it says of a tag is an answer."""
    path, answers = f"manifests/{reference.tag}", range(HTTPStatus.OK, HTTPStatus.INTERNAL_SERVER_ERROR)
    with exchange.ask("GET", reference, path, headers={"Accept": _ACCEPT}, accepted=answers, tries=1):
        pass


def require_readable(exchange: Exchange, reference: Reference) -> None:
    """OutsideError with the reason where a registry says nothing of a repository to us; what is not there is none."""
    with exchange.ask("GET", reference, f"manifests/{reference.tag}", headers={"Accept": _ACCEPT}, accepted=(200, 404)):
        pass  # for HEAD the reason would not come


def set_tag(client: "RegistryClient", found: Found, tag: Reference, *, moves: bool) -> str:
    """Has a tag name a manifest that its repository has; what was done. Of a tag that never `moves`, AnswerIsNo where
    it names another: asked before and after, since no registry writes a tag only where there is none."""
    digest = found.descriptor.digest
    known = client.tagged(tag)
    if known == digest:
        return THERE
    if not moves:
        _require_none_or_same(tag, known, digest)
    client.put(tag, found.content, found.descriptor.media_type)
    if not moves:
        _require_none_or_same(tag, client.tagged(tag), digest)
    return MOVED if known else NEW


def _require_none_or_same(tag: Reference, known: str | None, digest: str) -> None:
    if known not in (None, digest):
        raise AnswerIsNo(
            f"`{replace(tag, digest=None)}` is {known}, and this version's image is {digest}",
            hint="such a tag never moves: see who has put it there, and delete it in the registry if it is wrong",
        )
