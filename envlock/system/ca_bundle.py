"""The certificate authorities that this machine believes, as one text: a network may have one of its own."""

import re
import ssl
from collections.abc import Mapping
from pathlib import Path

# where distributions have it
_PLACES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
_CERTIFICATE = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")


def host_bundle(environment: Mapping[str, str]) -> str | None:
    """The certificates in PEM, of SSL_CERT_FILE or where they usually are; None where there are none."""
    usual = ssl.get_default_verify_paths().cafile
    for place in (environment.get("SSL_CERT_FILE"), usual, *_PLACES):
        if place and Path(place).is_file():
            found = _CERTIFICATE.findall(Path(place).read_text(errors="replace"))
            if found:
                return "\n".join((*found, ""))
    return None
