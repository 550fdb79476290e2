"""The subject of a certificate (X.509 in PEM) and the hash that OpenSSL finds it by, from any bytes at all."""

import binascii
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

PEM = re.compile(
    rb"-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[ \t]*\r?\n(.*?)-----END (?:TRUSTED |X509 )?CERTIFICATE-----",
    re.DOTALL,
)
SEQUENCE, SET, VERSION, UTF8 = 0x30, 0x31, 0xA0, 0x0C
# of a certificate's body, behind its version: serial number, signature, issuer, validity, subject
SUBJECT = 4
# texts that count as the same when they differ in case and blanks alone, with how they are encoded
TEXTS = {
    0x0C: "utf-8",
    0x13: "ascii",  # PrintableString
    0x14: "latin-1",  # T61String, as everybody takes it
    0x16: "ascii",  # IA5String
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
# what else may stand in a name, as it is: BIT STRING, NumericString, SEQUENCE
AS_THEY_ARE = frozenset({0x03, 0x12, 0x30})
LOWER = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz")
MOST_BYTES = 1 << 20  # of one file with a certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """`subject_hash` is eight hex digits, as `openssl x509 -hash` prints them."""

    subject_hash: str
    der: bytes


class _OddError(Exception):
    """Not a certificate."""


@dataclass(frozen=True, slots=True)
class _Value:
    tag: int
    content: bytes
    whole: bytes


def read_certificate(pem: bytes) -> Certificate | None:
    """The certificate in a text; None where there is not exactly one."""
    found = PEM.findall(pem) if len(pem) <= MOST_BYTES else []
    try:
        if len(found) == 1:
            der = binascii.a2b_base64(b"".join(found[0].split()), strict_mode=True)
            return Certificate(subject_hash=_hash(_canonical(_subject(der))), der=der)
    except (_OddError, ValueError):
        pass
    return None


def _hash(name: bytes) -> str:
    digest = hashlib.sha1(name, usedforsecurity=False).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}"


def _subject(der: bytes) -> _Value:
    certificate = _one(der, SEQUENCE)
    body = next(_values(certificate.content), None)
    if body is None or body.tag != SEQUENCE:
        raise _OddError
    fields = [value for number, value in enumerate(_values(body.content)) if number or value.tag != VERSION]
    if len(fields) <= SUBJECT or fields[SUBJECT].tag != SEQUENCE:
        raise _OddError
    return fields[SUBJECT]


def _canonical(name: _Value) -> bytes:
    """A name as it is compared: texts in UTF-8, without capitals and needless blanks; no outermost wrapping."""
    return b"".join(_encoded(SET, b"".join(sorted(_attributes(part)))) for part in _values(name.content))


def _attributes(part: _Value) -> Iterator[bytes]:
    if part.tag != SET:
        raise _OddError
    for attribute in _values(part.content):
        kind, *rest = _values(attribute.content)
        if len(rest) != 1:
            raise _OddError
        yield _encoded(SEQUENCE, kind.whole + _text(rest[0]))


def _text(value: _Value) -> bytes:
    if value.tag in AS_THEY_ARE:
        return value.whole
    if value.tag not in TEXTS:
        raise _OddError
    words = value.content.decode(TEXTS[value.tag]).encode().split()
    return _encoded(UTF8, b" ".join(words).translate(LOWER))


def _one(data: bytes, tag: int) -> _Value:
    value = next(_values(data), None)
    if value is None or value.tag != tag:
        raise _OddError
    return value


def _values(data: bytes) -> Iterator[_Value]:
    """The values that stand one after the other, with definite lengths, as DER has them."""
    at = 0
    while at < len(data):
        head = data[at : at + 2]
        if len(head) < 2 or head[0] & 0x1F == 0x1F:
            raise _OddError
        start, size = at + 2, head[1]
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(data[start : start + count])
            start += count
            if not 1 <= count <= 4:
                raise _OddError
        if start + size > len(data):
            raise _OddError
        yield _Value(head[0], data[start : start + size], data[at : start + size])
        at = start + size


def _encoded(tag: int, content: bytes) -> bytes:
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(length)]) + length + content
