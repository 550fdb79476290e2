"""CycloneDX 1.6 JSON: what is in an image, for scanners. The one door to its library."""

import json
from uuid import UUID

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.bom_ref import BomRef
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.license import DisjunctiveLicense, License, LicenseExpression
from cyclonedx.output.json import JsonV1Dot6

from envlock.interchange.exports.bill import BASE, ENVIRONMENT, Bill, base_name, base_sha256, ref
from envlock.interchange.exports.licences import expression
from envlock.interchange.exports.purl import base_purl, purl
from envlock.model.digest import canonical_json
from envlock.model.lock import Base, Package


def write(bill: Bill) -> str:
    """The document, without a time: the same bill, the same bytes."""
    bom = Bom(serial_number=UUID(bill.uuid))
    bom.metadata.component = Component(
        type=ComponentType.CONTAINER, name=bill.name, version=bill.version, bom_ref=ENVIRONMENT
    )
    components = [_package(package, bill) for package in bill.packages]
    bom.components.update(components)
    if bill.base:
        bom.components.add(_base(bill.base))
    for name, needed in bill.dependencies().items():
        bom.dependencies.add(Dependency(BomRef(name), [Dependency(BomRef(each)) for each in needed]))
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    # the library puts in when it was made, which is no part of a lock
    del document["metadata"]["timestamp"]
    return canonical_json(document).decode() + "\n"


def _package(package: Package, bill: Bill) -> Component:
    licence = bill.licences.get(package.node)
    return Component(
        type=ComponentType.LIBRARY,
        name=package.name,
        version=package.version,
        bom_ref=ref(package.node),
        purl=purl(package, bill.locked.base),
        hashes=[_sha256(package.sha256)] if package.sha256 else (),
        licenses=[_licence(licence)] if licence else (),
    )


def _base(base: Base) -> Component:
    return Component(
        type=ComponentType.CONTAINER,
        name=base_name(base),
        version=base.digest,
        bom_ref=BASE,
        purl=base_purl(base),
        hashes=[_sha256(base_sha256(base))],
    )


def _sha256(content: str) -> HashType:
    return HashType(alg=HashAlgorithm.SHA_256, content=content)


def _licence(text: str) -> License:
    valid = expression(text)
    return LicenseExpression(valid) if valid else DisjunctiveLicense(name=text)
