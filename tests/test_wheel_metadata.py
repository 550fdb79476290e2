"""METADATA, as files of the real world have it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.metadata import parse_email

from envlock.environments.wheel_archive import open_archive
from envlock.errors import OutsideError
from envlock.model.metadata_fields import metadata_fields
from envlock.model.wheel_metadata import WheelMetadata, read_metadata
from tests.support import wheels
from tests.support.tiny_wheels import write_wheel


def test_a_real_wheel() -> None:
    metadata = read_metadata(open_archive(wheels.path("flask")).read("METADATA"))
    assert (metadata.name, metadata.version, metadata.requires_python) == ("flask", wheels.VERSIONS["flask"], ">=3.9")
    assert "werkzeug>=3.1.0" in metadata.requires_dist
    assert metadata.provides_extra == ("async", "dotenv")


def test_names_and_versions_are_normalised_and_the_rest_is_kept(tmp_path: Path) -> None:
    wheel = write_wheel(
        tmp_path,
        "A.Name",
        "1.0.0",
        requires=["b >= 1 ; extra == 'x'", "c @ https://files.test/c.whl"],
        requires_python=">=3.9,",
        extras=["x"],
    )
    assert read_metadata(open_archive(wheel).read("METADATA")) == WheelMetadata(
        name="a-name",
        version="1.0.0",
        requires_dist=("b >= 1 ; extra == 'x'", "c @ https://files.test/c.whl"),
        requires_python=">=3.9,",
        provides_extra=("x",),
    )


@pytest.mark.parametrize(
    "extra",
    [
        b"Requires-Dist: not (a requirement\n",
        b"License-Expression: nothing known\n",
        b"Unheard-Of: field\n",
        b"Classifier: Not :: One\n",
        b"Author: M\xfcller\n",
        b"Metadata-Version: 99.9\n",
        b"\nA description\nRequires-Dist: not-a-field\n",
    ],
)
def test_fields_that_break_their_rules_are_no_reason_to_refuse(extra: bytes) -> None:
    metadata = read_metadata(b"Name: a\nVersion: 1.0\nRequires-Dist: b>=1\n" + extra)
    assert (metadata.name, metadata.version, metadata.requires_dist[0]) == ("a", "1.0", "b>=1")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "METADATA names no distribution"),
        (b"Name:\nVersion: 1\n", "METADATA names no distribution"),
        (b"Name: a\n", "METADATA names no valid version: ``"),
        (b"Name: a\nVersion: newest\n", "METADATA names no valid version: `newest`"),
        (bytes(range(256)), "METADATA names no distribution"),
    ],
)
def test_without_name_and_version_it_is_none(data: bytes, message: str) -> None:
    with pytest.raises(OutsideError) as refusal:
        read_metadata(data)
    assert refusal.value.message == message


# what a header is made of, well or badly
_PIECES = [
    *(b"Name", b"name", b"Version", b"Requires-Dist", b"Provides-Extra", b"Unheard-Of", b"Requires Dist", b"From"),
    *(b": ", b":", b":\t", b" ", b"\t", b"\n", b"\n", b"\r\n", b"\r", b"\n ", b"\n\n", b"\x0b", b"\x0c", b"\x85"),
    *(b"a", b"b >= 1 ; extra == 'x'", "M\u00fcller".encode(), b"M\xfcller", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\0"),
]


@given(st.lists(st.sampled_from(_PIECES), max_size=40).map(b"".join))
def test_fields_are_those_that_packaging_reads(data: bytes) -> None:
    raw, _ = parse_email(data)
    ours = {name: [value.strip() for value in values] for name, values in metadata_fields(data).items()}
    for field in ("requires-dist", "provides-extra"):
        assert ours.get(field, []) == [value.strip() for value in raw.get(field.replace("-", "_"), ())]  # type: ignore[attr-defined]
    for field in ("name", "version"):
        said = ours.get(field, [])
        assert (said if len(said) == 1 else []) == [str(raw[field]).strip() for _ in [0] if field in raw]  # type: ignore[literal-required]
