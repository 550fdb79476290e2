"""A registry's refusals, in its own words."""

import base64
import binascii
import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus

from envlock.errors import OutsideError
from envlock.model.reference import Reference
from envlock.system.http import Passing, Response, pieces
from envlock.system.secrets import redact, redact_text

# statuses of what may go well at the next try
PASSING = frozenset({408, 429, 500, 502, 503, 504})
_MOST_READ = 64 << 10  # bytes of a refusal
_MOST_SHOWN = 300  # characters of one
_READING = ("GET", "HEAD")
_UNKNOWN_BLOB = "MANIFEST_BLOB_UNKNOWN"


def refusal(response: Response, reference: Reference, *, taking: bool | None = None) -> OutsideError:
    """What a status that was not hoped for means for the image `reference`, which was to be taken or given.

    `Passing` where the whole step may go well when it is begun anew: by itself an upload is not repeated.
    """
    method, status = response.request.method or "GET", response.status_code
    words, codes = _said(response)
    answer = f"{status} {response.reason or ''}".strip() + (f": {words}" if words else "")
    asked = f"{method} {redact(response.url)} answers {answer}"
    registry = reference.registry
    taking = method not in _READING if taking is None else taking
    match status:
        case 404 if not taking:
            return OutsideError(f"`{reference}` is not there ({asked})", hint="is its name written right?")
        case 401 | 403 if taking:
            return OutsideError(
                f"`{registry}` refuses to take `{reference}` ({asked})",
                hint=f"may you write there? if so: `docker login {registry}`",
            )
        case 401 | 403:
            return OutsideError(
                f"`{registry}` refuses to give `{reference}` ({asked})",
                hint=f"does it exist? if it is private: `docker login {registry}`",
            )
        case 429:
            return Passing(
                f"`{registry}` was asked too often ({asked})",
                hint=f"wait, or `docker login {registry}` for a higher limit",
                after=_retry_after(response),
            )
    message = f"{asked}, asked for `{reference}`"
    # the other of two that push the same is just writing the blob again; 404: forgotten is that the upload was begun
    if status in PASSING or (status == 404 and _is_upload(response)) or _UNKNOWN_BLOB in codes:
        return Passing(message, after=_retry_after(response))
    return OutsideError(message)


def _is_upload(response: Response) -> bool:
    return response.request.method in ("PUT", "PATCH") and "/manifests/" not in response.url


def _retry_after(response: Response) -> float | None:
    """Seconds that the server asks us to wait: it says a number, or a time."""
    told = response.headers.get("Retry-After", "").strip()
    if told.isascii() and told.isdigit():
        return float(told)
    try:
        then = parsedate_to_datetime(told)
    except (ValueError, OverflowError):
        return None
    return max(0.0, (then - datetime.now(then.tzinfo)).total_seconds())


def _said(response: Response) -> tuple[str, set[str]]:
    """The messages of the distribution spec's error object (or a token server's), and its codes; "" where there are
    none."""
    try:
        document = json.loads(b"".join(pieces(response, limit=_MOST_READ)))
        listed = document.get("errors") or [document]
        messages = map(_message, listed)
        text = "; ".join(" ".join(str(message).split()) for message in messages if message)
        codes = {str(item.get("code")) for item in listed}
    except (OutsideError, ValueError, AttributeError, TypeError, RecursionError):
        return "", set()  # the status says enough
    return redact_text(_without_secrets(text, response)[:_MOST_SHOWN]), codes


def _message(item: dict[str, Any]) -> object:
    """What one error says; "unknown error" says nothing, but its detail may."""
    said = item.get("message") or item.get("details") or item.get("code") or ""
    detail = item.get("detail")
    return f"{said}, {json.dumps(detail, ensure_ascii=False)}" if item.get("code") == "UNKNOWN" and detail else said


def _without_secrets(text: str, response: Response) -> str:
    """A refusal may repeat what we showed."""
    for secret in sorted(set(_shown(response)), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _shown(response: Response) -> Iterator[str]:
    """The secrets of the request: its Authorization, as it is and decoded, and the token of a form."""
    scheme, _, value = response.request.headers.get("Authorization", "").partition(" ")
    if value:
        yield value
    if value and scheme == "Basic":
        with suppress(binascii.Error, UnicodeDecodeError):
            yield base64.b64decode(value).decode().partition(":")[2] or value
    form = response.request.body
    if isinstance(form, str):
        tokens = (value for name, value in parse_qsl(form) if name == "refresh_token" and value)
        yield from (written for token in tokens for written in (token, quote(token, safe=""), quote_plus(token)))
