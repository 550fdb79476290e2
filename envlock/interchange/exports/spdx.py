"""SPDX 2.3 JSON: what is in an image, for scanners."""

import re
from collections.abc import Iterator
from typing import Any

from envlock.interchange.exports.bill import BASE, ENVIRONMENT, Bill, base_name, base_sha256, ref
from envlock.interchange.exports.licences import expression
from envlock.interchange.exports.purl import base_purl, purl
from envlock.model.digest import canonical_json
from envlock.model.lock import Base, Package

_DOCUMENT = "SPDXRef-DOCUMENT"
# it must say when it was made, which is no part of a lock
_CREATED = "1970-01-01T00:00:00Z"
_UNKNOWN = "NOASSERTION"


def write(bill: Bill) -> str:
    """The document: the same bill, the same bytes."""
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": _DOCUMENT,
        "name": bill.name,
        "documentNamespace": f"urn:uuid:{bill.uuid}",
        "creationInfo": {"created": _CREATED, "creators": ["Tool: envlock"]},
        "packages": [_environment(bill), *_base(bill.base), *(_package(p, bill) for p in bill.packages)],
        "relationships": [
            _relation(_DOCUMENT, "DESCRIBES", _id(ENVIRONMENT)),
            *(_relation(_id(a), "DEPENDS_ON", _id(b)) for a, needed in bill.dependencies().items() for b in needed),
        ],
    }
    return canonical_json(document).decode() + "\n"


def _environment(bill: Bill) -> dict[str, Any]:
    return {**_named(ENVIRONMENT, bill.name, bill.version), "primaryPackagePurpose": "CONTAINER"}


def _base(base: Base | None) -> Iterator[dict[str, Any]]:
    if base:
        url = base_purl(base)
        yield {
            **_named(BASE, base_name(base), base.digest),
            "primaryPackagePurpose": "CONTAINER",
            **_checksum(base_sha256(base)),
            **(_purl(url.to_string()) if url else {}),
        }


def _package(package: Package, bill: Bill) -> dict[str, Any]:
    return {
        **_named(ref(package.node), package.name, package.version),
        **_checksum(package.sha256),
        **_purl(purl(package, bill.locked.base).to_string()),
        **_licence(bill.licences.get(package.node)),
    }


def _named(part: str, name: str, version: str | None) -> dict[str, Any]:
    found = {"SPDXID": _id(part), "name": name, "downloadLocation": _UNKNOWN, "filesAnalyzed": False}
    return {**found, **({"versionInfo": version} if version else {})}


def _checksum(sha256: str) -> dict[str, Any]:
    return {"checksums": [{"algorithm": "SHA256", "checksumValue": sha256}]} if sha256 else {}


def _purl(text: str) -> dict[str, Any]:
    return {
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": text}]
    }


def _licence(text: str | None) -> dict[str, str]:
    if not text:
        return {}
    valid = expression(text)
    return {"licenseDeclared": valid} if valid else {"licenseDeclared": _UNKNOWN, "licenseComments": f"stated: {text}"}


def _relation(one: str, kind: str, other: str) -> dict[str, str]:
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def _id(part: str) -> str:
    """An identifier of letters, digits, `.` and `-`; no two parts have the same."""
    kind, colon, name = part.rpartition(":")
    escaped = re.sub("[^A-Za-z0-9-]", lambda found: f".{ord(found[0]):x}", name)
    return f"SPDXRef-{kind}{'-' if colon else ''}{escaped}"
