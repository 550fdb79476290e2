"""The CA bundle is byte for byte, and link for link, what `update-ca-certificates` makes of the same certificates."""

import base64
import datetime
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.name import _ASN1Type
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.debian.ca_bundle import BROUGHT, BUNDLE, CERTIFICATES, CONFIGURATION, LOCAL
from envlock.debian.certificate import read_certificate
from envlock.debian.functions import FUNCTIONS
from envlock.debian.overlay import Overlay, file
from envlock.debian.root import Root
from envlock.model.files import SystemFile
from tests.support.debian_archive import archive
from tests.support.debian_root import DebRoot, MadeRoot, lay_out
from tests.support.processes import run
from tests.support.services import require

ALWAYS = datetime.datetime(2020, 1, 1), datetime.datetime(2099, 1, 1)
KEY = ec.derive_private_key(1234567, ec.SECP256R1())
Left = Mapping[str, bytes | str]


def certificate(*parts: Iterable["x509.NameAttribute[str]"], serial: int = 1) -> bytes:
    """A certificate in PEM; each part of its name may have several attributes."""
    name = x509.Name([x509.RelativeDistinguishedName(part) for part in parts])
    builder = x509.CertificateBuilder(name, name, KEY.public_key(), serial, *ALWAYS)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.PEM)


def named(text: str, kind: _ASN1Type | None = None) -> list["x509.NameAttribute[str]"]:
    return [x509.NameAttribute(NameOID.COMMON_NAME, text, *([kind] if kind else []))]


PLAIN = certificate(named("Plain"))
ODD: dict[str, dict[str, bytes]] = {
    "kinds of text": {
        "utf8.crt": certificate(named("Főtanúsítvány  KFT ", _ASN1Type.UTF8String)),
        "printable.crt": certificate(named("  Acme   ROOT ca", _ASN1Type.PrintableString)),
        "ia5.crt": certificate(named("Acme@Root", _ASN1Type.IA5String)),
        "t61.crt": certificate(named("Acme Root 61", _ASN1Type.T61String)),
        "bmp.crt": certificate(named("Ácme Root", _ASN1Type.BMPString)),
        "universal.crt": certificate(named("Ácme Root 4", _ASN1Type.UniversalString)),
        "visible.crt": certificate(named("Acme visible", _ASN1Type.VisibleString)),
        "empty.crt": certificate(named("Acme"), [x509.NameAttribute(NameOID.EMAIL_ADDRESS, "a@acme.test")]),
    },
    "several attributes in one part": {
        "multi.crt": certificate(
            [x509.NameAttribute(NameOID.COUNTRY_NAME, "DE")],
            [*named("Zeta"), x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Alpha")],
        )
    },
    "no name": {"none.crt": certificate()},
    "one name": {f"{letter}.crt": certificate(named("Same"), serial=number) for number, letter in enumerate("bac", 1)},
    "one name, but for case and blanks": {
        "one.crt": certificate(named("Same NAME")),
        "two.crt": certificate(named(" same  name", _ASN1Type.UTF8String)),
    },
    "the same twice": {"a.crt": PLAIN, "b.crt": PLAIN.replace(b"\n", b"\r\n")},
    "names that are changed": {"odd name (1), two.crt": PLAIN, "Größe.crt": certificate(named("Size"))},
    "no newline at the end": {"a.crt": PLAIN.rstrip(b"\n"), "b.crt": certificate(named("Other"))},
    "words around it": {"a.crt": b"# Acme\n" + PLAIN + b"\nend"},
    "two in a file": {"a.crt": PLAIN + certificate(named("Other")), "b.crt": certificate(named("Third"))},
    "nothing that is one": {"a.crt": b"", "b.crt": b"text\n", "c.crt": PLAIN[:200], "d.crt": PLAIN},
    "in folders, and other files": {"inner/a.crt": PLAIN, "inner/b.pem": certificate(named("Other")), "README": b"x\n"},
}


@cache
def real_root() -> DebRoot:
    return DebRoot([archive().deb("ca-certificates"), archive().deb("base-files")])


def odd_root(certificates: Mapping[str, bytes], place: str = BROUGHT) -> MadeRoot:
    return MadeRoot([file(f"{place}/{name}", pem) for name, pem in certificates.items()], ["ca-certificates"])


def by_us(root: Root) -> tuple[Overlay, Left]:
    grown = Overlay(root)
    grown.add(FUNCTIONS["CA bundle"](grown))
    made = (each for path, each in grown.made.items() if path.startswith(f"{CERTIFICATES}/"))
    return grown, {each.path: each.link or grown.read(each.path) for each in made}


def by_debian(root: Overlay, folder: Path) -> Left:
    """What the program leaves of a root that is configured already, with its paths as they would be there."""
    wanted = (BROUGHT, LOCAL, CONFIGURATION)
    lay_out((each for path, each in root.files.items() if path.startswith(wanted)), folder)
    for place in (CERTIFICATES, LOCAL):
        (folder / place).mkdir(parents=True, exist_ok=True)
    places = {"certsconf": CONFIGURATION, "certsdir": BROUGHT, "localcertsdir": LOCAL, "etccertsdir": CERTIFICATES}
    options = [word for name, path in places.items() for word in (f"--{name}", folder / path)]
    require("openssl", "openssl")
    run((require("update-ca-certificates", "ca-certificates"), *options, "--hooksdir", folder / "none", "--fresh"))
    found = sorted((folder / CERTIFICATES).iterdir())
    return {
        str(each.relative_to(folder)): str(each.readlink()).removeprefix(str(folder))
        if each.is_symlink()
        else each.read_bytes()
        for each in found
    }


def test_debians_certificates_have_the_bundle_and_the_links_of_debian(tmp_path: Path) -> None:
    root, ours = by_us(real_root())
    assert ours == by_debian(root, tmp_path)
    bundle = ours[BUNDLE]
    assert isinstance(bundle, bytes)
    assert bundle.count(b"-----BEGIN CERTIFICATE-----") > 100


@pytest.mark.parametrize("place", [BROUGHT, LOCAL])
@pytest.mark.parametrize("title", ODD)
def test_odd_certificates_have_the_bundle_and_the_links_of_debian(title: str, place: str, tmp_path: Path) -> None:
    root, ours = by_us(odd_root(ODD[title], place))
    assert ours == by_debian(root, tmp_path)


def test_certificates_that_the_configuration_leaves_out_are_not_believed(tmp_path: Path) -> None:
    chosen = [
        SystemFile(path="etc", mode=0o755, is_folder=True),
        file(CONFIGURATION, b"# own\n!a.crt\n\nb.crt\ngone.crt\n"),
    ]
    root = odd_root({"a.crt": PLAIN, "b.crt": certificate(named("Other")), "c.crt": certificate(named("Third"))})
    root.files.update({each.path: each for each in chosen})
    grown, ours = by_us(root)
    assert ours == by_debian(grown, tmp_path)
    assert ours[BUNDLE] == certificate_text(root, "b.crt")


def certificate_text(root: Root, name: str) -> bytes:
    return root.read(f"{BROUGHT}/{name}")


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=2, unique=True), max_size=4))
def test_any_name_has_the_hash_of_openssl(parts: list[list[str]]) -> None:
    pem = certificate(*([attribute for text in part for attribute in named(text)] for part in parts))
    read = read_certificate(pem)
    assert read is not None
    with NamedTemporaryFile(suffix=".pem") as written:
        written.write(pem)
        written.flush()
        printed = run((require("openssl", "openssl"), "x509", "-noout", "-hash", "-in", written.name))
    assert printed == f"{read.subject_hash}\n"


@settings(deadline=None, max_examples=300)
@given(st.data())
def test_any_bytes_are_a_certificate_or_none(data: st.DataObject) -> None:
    read_certificate(data.draw(st.binary(max_size=300)))
    changed = bytearray(x509.load_pem_x509_certificate(PLAIN).public_bytes(Encoding.DER))
    for at in data.draw(st.lists(st.integers(0, len(changed) - 1), min_size=1, max_size=6)):
        changed[at] = data.draw(st.integers(0, 255))
    read_certificate(pem_of(bytes(changed[: data.draw(st.integers(0, len(changed)))])))
    read_certificate(pem_of(bytes(changed)))


def pem_of(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"
