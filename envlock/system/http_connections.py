"""Connections as we make them: with the machine's own certificates, and knowing where they lead."""

import http.client
import io
import ipaddress
import socket
import ssl
from time import monotonic
from typing import Any

import requests
import truststore
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from envlock.errors import OutsideError
from envlock.system.wanted import refuse_unwanted

TIMEOUT = (10, 60)  # seconds to connect, seconds between two bytes
SPAN = 60.0  # seconds of waiting for an answer that has begun
LEAST = 60 << 10  # bytes that are to come in them: who sends less keeps us for ever
_LOOK = 0.1  # seconds between two looks at whether an answer is still wanted
_PUBLIC_MARK = "came_from_public"


class SystemTrust(HTTPAdapter):
    """Checks servers against the machine's own trust store, as its other programs do."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        kwargs["ssl_context"] = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        super().init_poolmanager(*args, **kwargs)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        # servers behind a proxy likewise: many a proxy shows certificates of its own in their place
        return super().proxy_manager_for(proxy, **kwargs, ssl_context=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:  # type: ignore[override]
        # libraries that use the session by themselves would wait for ever
        return super().send(request, **{**kwargs, "timeout": kwargs.get("timeout") or TIMEOUT})


class Watched(SystemTrust):
    """Tries once, and knows which address answered, unless a proxy of ours stands in between.

    With `only_public` no byte is sent to an address of this machine or a private network, whatever name led there.
    """

    def __init__(self, *, only_public: bool) -> None:
        self._pools = _PUBLIC if only_public else _ANY
        super().__init__(max_retries=0, pool_maxsize=16)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        response = super().build_response(req, resp)
        peer = getattr(resp.connection, "peer", None)
        setattr(response, _PUBLIC_MARK, peer is not None and _is_global(peer))
        return response


class ExactSession(requests.Session):
    """Asks once, by watched connections; redirects are the caller's, and their bodies nobody's."""

    def __init__(self, *, only_public: bool) -> None:
        super().__init__()
        for scheme in ("https://", "http://"):
            self.mount(scheme, Watched(only_public=only_public))

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - the name is of the base class
        return None


def is_public(response: requests.Response) -> bool:
    """Did a public address give this answer, as far as can be known? Not through a proxy."""
    return bool(getattr(response, _PUBLIC_MARK, False))


class _Incoming(io.RawIOBase):
    """What a server sends, as long as it is wanted; TimeoutError where it is silent, or slower than anyone can be."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket) -> None:
        self._raw, self._connection = raw, connection
        self._come, self._waited = 0, 0.0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        began = monotonic()
        count = self._received(buffer)
        if self._come:  # a busy server may take its time to begin
            self._waited += monotonic() - began
        self._come += count
        if self._waited > SPAN:
            if self._come < LEAST:
                raise TimeoutError(f"only {self._come} bytes came in {self._waited:.0f} s")
            self._come, self._waited = 0, 0.0
        return count

    def _received(self, buffer: Any) -> int:
        patience, began = self._connection.gettimeout(), monotonic()
        self._connection.settimeout(_LOOK)
        try:
            while True:
                try:
                    return self._connection.recv_into(buffer)
                except TimeoutError:
                    refuse_unwanted()
                    if patience is not None and monotonic() - began > patience:
                        raise
        finally:
            self._connection.settimeout(patience)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_Incoming(self.fp.detach(), sock))


class _Connection(HTTPConnection):
    """Remembers the address at its other end."""

    response_class = _Answer
    peer: str | None = None

    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        self.peer = str(made.getpeername()[0])
        made.settimeout(TIMEOUT[1])  # a body may wait longer for a busy server than a connection may
        return made

    def send(self, data: Any) -> None:
        try:
            super().send(data)
        except ConnectionResetError as error:
            # who refuses a large body answers and hangs up: urllib3 reads the answer after a broken pipe alone
            raise BrokenPipeError(*error.args) from error


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _PublicConnection(_Connection):
    def _new_conn(self) -> socket.socket:
        made = super()._new_conn()
        if not _is_global(self.peer or ""):
            made.close()
            raise OutsideError(f"`{self.host}` leads to {self.peer}, and that address is in a private network")
        return made


class _PublicTlsConnection(_PublicConnection, HTTPSConnection):
    pass


def _pool(of: type[HTTPConnection]) -> type[HTTPConnectionPool]:
    base = HTTPSConnectionPool if issubclass(of, HTTPSConnection) else HTTPConnectionPool
    return type("Pool", (base,), {"ConnectionCls": of})


_ANY = {"http": _pool(_Connection), "https": _pool(_TlsConnection)}
_PUBLIC = {"http": _pool(_PublicConnection), "https": _pool(_PublicTlsConnection)}


def _is_global(address: str) -> bool:
    return ipaddress.ip_address(address).is_global
