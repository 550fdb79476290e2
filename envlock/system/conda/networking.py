"""In the child: the way to the network, with every login that there is for it."""

from urllib.parse import urlsplit

from rattler.networking import Client
from rattler.networking.middleware import (
    AddHeadersMiddleware,
    AuthenticationMiddleware,
    GCSMiddleware,
    OciMiddleware,
    RetryMiddleware,
    S3Middleware,
)

from envlock.system.mirrors import PREFIX, mirrors
from envlock.system.process import scrubbed

_RETRIES = 3


def client() -> Client:
    """The full client: one without middleware would ignore RATTLER_AUTH_FILE, netrc and the keyring."""
    return Client(
        [
            RetryMiddleware(_RETRIES),
            AddHeadersMiddleware(_login_of_mirror),
            AuthenticationMiddleware(),
            OciMiddleware(),
            GCSMiddleware(),
            S3Middleware(),
        ],
        user_agent="envlock",
    )


def _login_of_mirror(host: str, path: str) -> dict[str, str] | None:
    """The login that stands in a mirror's address, for what is below it; a header, as a URL would be kept."""
    for mirror in mirrors(scrubbed(f"{PREFIX}*")):
        parts = urlsplit(mirror.url)
        header = mirror.login.header() if mirror.login else None
        if header and parts.hostname == host and f"{path}/".startswith(f"{parts.path}/"):
            return {"Authorization": header}
    return None
