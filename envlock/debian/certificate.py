"""A certificate (X.509 in PEM) and the hash that OpenSSL finds it by, from any bytes at all: OpenSSL itself says it."""

import re
from dataclasses import dataclass

from OpenSSL import crypto

BEGIN = re.compile(rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----")
MOST_BYTES = 1 << 20  # of one file with a certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """`subject_hash` is eight hex digits, as `openssl x509 -hash` prints them."""

    subject_hash: str
    der: bytes


def read_certificate(pem: bytes) -> Certificate | None:
    """The certificate in a text; None where there is not exactly one."""
    if len(pem) > MOST_BYTES or len(BEGIN.findall(pem)) != 1:
        return None
    try:
        found = crypto.load_certificate(crypto.FILETYPE_PEM, pem)
        der = crypto.dump_certificate(crypto.FILETYPE_ASN1, found)
    except crypto.Error:
        return None
    return Certificate(subject_hash=f"{found.subject_name_hash():08x}", der=der)
