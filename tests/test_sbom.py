"""Bills of materials: valid by the schemas of their formats, the same for the same lock, with all that is locked."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from envlock.interchange.exports import cyclonedx, spdx
from envlock.interchange.exports.bill import Bill
from envlock.model.lock import Base, DebianPackage
from envlock.workflows.bill import Billed, bill_of
from tests.support.export_contents import LINUX, contents, digest
from tests.support.tiny_project import TinyProject, tiny_project
from tests.support.tiny_wheels import write_wheel

DIGEST = f"sha256:{'ab' * 32}"
LIBC = DebianPackage(
    name="libc6", version="2.36-9+deb12u4", architecture="amd64", file="pool/libc6.deb", sha256=digest("libc6"), size=1
)
BASES = {
    "image": Base(reference="debian:trixie-slim", digest=DIGEST, python="3.11.2"),
    "folder": Base(reference="oci:base", digest=DIGEST, python="3.11.2"),
    "dockerfile": Base(context="cd" * 32, python="3.11.2"),
    "debian": Base(suite="bookworm", python="3.11.2"),
    "nothing": Base(reference="scratch", python="3.11.2"),
}


def bill(base: str = "image", groups: tuple[str, ...] = (), licences: bool = False) -> Bill:
    """Every kind of package and source there is."""
    lock = contents(LINUX).lock
    locked = lock.platform(LINUX)
    assert locked
    locked = replace(locked, base=BASES[base], debian=(LIBC,) if base == "debian" else ())
    stated = {p.node: "MIT OR Apache-2.0" if p.kind == "pip" else "a licence of ours" for p in locked.packages}
    return bill_of(Billed(name="train", lock=lock, locked=locked, groups=groups), stated if licences else None)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("licences", [False, True])
def test_cyclonedx_is_valid_by_its_own_schema(base: str, licences: bool) -> None:
    text = cyclonedx.write(bill(base, licences=licences))
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("licences", [False, True])
def test_spdx_is_valid_by_its_own_tools(base: str, licences: bool, tmp_path: Path) -> None:
    (tmp_path / "train.spdx.json").write_text(spdx.write(bill(base, licences=licences)))
    document = parse_file(str(tmp_path / "train.spdx.json"))
    assert validate_full_spdx_document(document) == []


@pytest.mark.parametrize("form", [cyclonedx, spdx], ids=["cyclonedx", "spdx"])
def test_the_same_lock_gives_the_same_bytes_and_another_lock_another_name(form: Any) -> None:
    text = form.write(bill())
    assert text == form.write(bill())
    assert text.count("\n") == 1
    names = {_name(form.write(each)) for each in (bill(), bill("nothing"), bill(groups=("dev",)), bill(licences=True))}
    assert len(names) == 4


def _name(text: str) -> str:
    document = json.loads(text)
    return str(document.get("serialNumber") or document["documentNamespace"])


@pytest.mark.parametrize("base", BASES)
def test_both_name_each_package_once_with_its_hash_and_its_purl(base: str) -> None:
    asked = bill(base)
    of_cyclonedx = {
        (c["name"], c["version"], c["purl"], *(h["content"] for h in c.get("hashes", ())))
        for c in json.loads(cyclonedx.write(asked))["components"]
        if c["type"] == "library"
    }
    of_spdx = {
        (
            p["name"],
            p["versionInfo"],
            p["externalRefs"][0]["referenceLocator"],
            *(c["checksumValue"] for c in p.get("checksums", ())),
        )
        for p in json.loads(spdx.write(asked))["packages"]
        if p.get("primaryPackagePurpose") != "CONTAINER"
    }
    assert of_cyclonedx == of_spdx
    assert len(of_spdx) == len(asked.packages)
    assert {(name, version) for name, version, *_ in of_spdx} == {(p.name, p.version) for p in asked.packages}


def purls(asked: Bill) -> dict[str, PackageURL]:
    components = json.loads(cyclonedx.write(asked))["components"]
    return {c["bom-ref"]: PackageURL.from_string(c["purl"]) for c in components if "purl" in c}


def test_purls_say_what_scanners_ask_for() -> None:
    found = purls(bill())
    numpy = "pkg:conda/numpy@1.10?build=0&channel=forge&subdir=linux-64&type=conda"
    assert found["conda:numpy"].to_string() == numpy
    git = found["pip:from-git"].qualifiers
    assert git == {"vcs_url": "git+https://git.test/tools.git@0123456789abcdef0123456789abcdef01234567"}
    assert found["pip:werkzeug"].to_string() == "pkg:pypi/werkzeug@2.0"
    assert found["base"].to_string() == (
        f"pkg:oci/debian@{DIGEST}?repository_url=docker.io/library/debian&tag=trixie-slim"
    )
    debian = purls(bill("debian"))["debian:libc6"].to_string()
    assert debian == "pkg:deb/debian/libc6@2.36-9%2Bdeb12u4?arch=amd64&distro=bookworm"
    assert "base" not in purls(bill("folder"))


def test_no_address_of_a_private_channel_or_folder_stands_in_a_bill() -> None:
    for text in (cyclonedx.write(bill()), spdx.write(bill())):
        assert "conda.acme.test" not in text
        assert "wheels/" not in text


def test_who_needs_whom_is_told(tmp_path: Path) -> None:
    """`beta` is needed by `alpha` alone, and `tool` needs `python`."""
    with tiny_project(tmp_path) as project:
        project.must("lock")
        found = json.loads(project.must("export", "--format", "cyclonedx"))
        needs = {each["ref"]: each.get("dependsOn", []) for each in found["dependencies"]}
        assert needs == {
            "environment": ["conda:python", "conda:tool", "pip:alpha"],
            "conda:python": [],
            "conda:tool": ["conda:python"],
            "pip:alpha": ["pip:beta"],
            "pip:beta": [],
        }
        relations = json.loads(project.must("export", "--format", "spdx"))["relationships"]
        depends = [(each["spdxElementId"], each["relatedSpdxElement"]) for each in relations[1:]]
        assert ("SPDXRef-pip-alpha", "SPDXRef-pip-beta") in depends
        assert len(depends) == 5


def test_licences_are_told_where_the_packages_say_them(tmp_path: Path) -> None:
    with tiny_project(tmp_path) as project:
        _add_licence(project)
        project.must("lock")
        result = project.call("export", "--format", "cyclonedx")
        assert result.stderr.endswith("note: no licence is known of 1 package\n"), result.stderr
        found = {c["name"]: c.get("licenses") for c in json.loads(result.stdout)["components"]}
        assert found["beta"] == [{"expression": "MIT OR BSD-3-Clause"}]
        assert found["alpha"] is None


def _add_licence(project: TinyProject) -> None:
    (wheel,) = project.wheels.glob("beta-*")
    wheel.unlink()
    write_wheel(project.wheels, "beta", licence="MIT OR BSD-3-Clause")


def test_a_bill_is_written_to_a_file(tmp_path: Path) -> None:
    with tiny_project(tmp_path) as project:
        project.must("lock")
        project.must("export", "--format", "cyclonedx", "--output", tmp_path / "bom.json")
        assert (tmp_path / "bom.json").read_text() == project.must("export", "--format", "cyclonedx")
