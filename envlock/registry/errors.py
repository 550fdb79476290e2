"""A registry's refusals, in its own words."""

import json

from envlock.errors import OutsideError
from envlock.model.reference import Reference
from envlock.system.http import Response, pieces
from envlock.system.secrets import redact, redact_text

_MOST_READ = 64 << 10  # bytes of a refusal
_MOST_SHOWN = 300  # characters of one


def refusal(response: Response, reference: Reference) -> OutsideError:
    """What a status from 400 on means for the image `reference`."""
    words = _words(response)
    said = f": {words}" if words else ""
    status = f"{response.status_code} {response.reason}".strip()
    match response.status_code:
        case 404:
            return OutsideError(f"`{reference}` is not there ({status}{said})", hint="is its name written right?")
        case 401 | 403:
            return OutsideError(
                f"`{reference.registry}` refuses to give `{reference}` ({status}{said})",
                hint=f"does it exist? if it is private: `docker login {reference.registry}`",
            )
        case 429:
            return OutsideError(
                f"`{reference.registry}` was asked too often ({status}{said})",
                hint=f"wait, or `docker login {reference.registry}` for a higher limit",
            )
    return OutsideError(f"{redact(response.url)} answers {status}{said}, asked for `{reference}`")


def _words(response: Response) -> str:
    """The messages of the distribution spec's error object (or a token server's); "" where there are none."""
    try:
        document = json.loads(b"".join(pieces(response, limit=_MOST_READ)))
        listed = document.get("errors") or [document]
        messages = [item.get("message") or item.get("details") or item.get("code") or "" for item in listed]
        text = "; ".join(" ".join(str(message).split()) for message in messages if message)
    except (OutsideError, ValueError, AttributeError, TypeError):
        return ""  # the status says enough
    return redact_text(text[:_MOST_SHOWN])
