"""Which address a registry is asked at, and which addresses it may send us on to."""

import ipaddress
import socket
from collections.abc import Collection
from urllib.parse import SplitResult, urljoin, urlsplit

from envlock.errors import OutsideError
from envlock.model.reference import DOCKER_HUB
from envlock.system.secrets import redact

_HUB_API = "registry-1.docker.io"
_PORTS = {"http": 80, "https": 443}


def base_url(registry: str, insecure: Collection[str] = ()) -> str:
    """Where a registry's API begins: https, except on this very machine, and at the hosts named as `insecure`."""
    host = _HUB_API if registry == DOCKER_HUB else registry
    return f"{'http' if _may_be_plain(urlsplit(f'//{host}'), insecure) else 'https'}://{host}"


def origin(url: str) -> tuple[str, str, int | None]:
    """What secrets are bound to: scheme, host and port."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def next_url(url: str, target: str, insecure: Collection[str] = ()) -> str:
    """Where `url` sends us (a redirect's, an upload's or a token server's address), if it may.

    Refused: anything but http and https, http to other machines than those named as `insecure`, and from a public
    registry into this machine or a private network, which a registry must not be able to reach through us. This looks
    at addresses as they are written; what a name leads to is looked at where it is connected to.
    """
    try:
        absolute = urljoin(url, target)
        reason, shown = _objection(urlsplit(url), urlsplit(absolute), insecure), redact(absolute)
    except ValueError:
        raise OutsideError(f"{redact(url)} sends us to what is not an address") from None
    if reason:
        raise OutsideError(f"{redact(url)} sends us to {shown}, and {reason}")
    return absolute


def _objection(before: SplitResult, after: SplitResult, insecure: Collection[str]) -> str | None:
    host = after.hostname or ""
    if after.scheme not in _PORTS or not host or after.port == 0:
        return "that is not an address"
    if after.scheme == "http" and not _may_be_plain(after, insecure):
        return "that would not be encrypted"
    if _is_inside(host) and not _is_inside(before.hostname or ""):
        return "that address is in a private network"
    return None


def _may_be_plain(place: SplitResult, insecure: Collection[str]) -> bool:
    """This machine, or a host that was named, with its port or with none for all of them."""
    host = place.hostname or ""
    named = {name.lower().removeprefix("http://").rstrip("/") for name in insecure}
    return _is_loopback(host) or not named.isdisjoint(_names(host, place.port))


def _names(host: str, port: int | None) -> tuple[str, ...]:
    """How a person may write a host: alone, or with its port."""
    written = f"[{host}]" if ":" in host else host
    return (host, written, f"{written}:{port or _PORTS['http']}")


def _is_loopback(host: str) -> bool:
    address = _address(host)
    return address.is_loopback if address else _is_localhost(host)


def _is_inside(host: str) -> bool:
    """This machine or a private network, as far as the name itself says so: names are not looked up."""
    address = _address(host)
    return not address.is_global if address else _is_localhost(host)


def _is_localhost(host: str) -> bool:
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.rstrip("."))
    except ValueError:
        pass
    try:
        return ipaddress.ip_address(socket.inet_aton(host.rstrip(".")))  # 127.1, 0x7f000001: the resolver reads them
    except OSError:
        return None
