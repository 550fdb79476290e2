"""Image references: short names written out, anything else refused with what is wrong about it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envlock.model.reference import Reference, parse_reference

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "written_out"),
    [
        ("debian", "docker.io/library/debian:latest"),
        ("debian:trixie-slim", "docker.io/library/debian:trixie-slim"),
        ("acme/base", "docker.io/acme/base:latest"),
        ("docker.io/debian", "docker.io/library/debian:latest"),
        ("index.docker.io/acme/base:1", "docker.io/acme/base:1"),
        ("localhost/base", "localhost/base:latest"),
        ("localhost:5000/a/b/c:x", "localhost:5000/a/b/c:x"),
        ("registry.acme.test/base", "registry.acme.test/base:latest"),
        ("127.0.0.1:5000/base:V1", "127.0.0.1:5000/base:V1"),
        ("[::1]:5000/base", "[::1]:5000/base:latest"),
        (f"debian@{DIGEST}", f"docker.io/library/debian@{DIGEST}"),
        (f"acme.test/b:tag@{DIGEST}", f"acme.test/b:tag@{DIGEST}"),
        ("acme.test/a__b/c---d.e_f", "acme.test/a__b/c---d.e_f:latest"),
    ],
)
def test_references(text: str, written_out: str) -> None:
    found = parse_reference(text)
    assert str(found) == written_out
    assert parse_reference(written_out) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "`` is not a repository name"),
        ("acme.test/", "`` is not a repository name"),
        ("Debian", "`Debian` is not a repository name"),
        ("acme/../base", "`acme/../base` is not a repository name"),
        ("a..b", "`a..b` is not a repository name"),
        ("a___b", "`a___b` is not a repository name"),
        ("a//b", "`a//b` is not a repository name"),
        ("debian:", "`` is not a tag"),
        ("debian:.x", "`.x` is not a tag"),
        ("debian:" + "x" * 129, f"`{'x' * 129}` is not a tag"),
        ("debian:a:b", "`a:b` is not a tag"),
        ("debian@", "`` is not a digest (sha256: and 64 hex digits)"),
        ("debian@sha256:12", "`sha256:12` is not a digest (sha256: and 64 hex digits)"),
        ("debian@sha512:" + "a" * 64, f"`sha512:{'a' * 64}` is not a digest (sha256: and 64 hex digits)"),
        (f"debian@{DIGEST.upper()}", f"`{DIGEST.upper()}` is not a digest (sha256: and 64 hex digits)"),
        ("-a.test/base", "`-a.test` is not the name of a registry"),
        ("a.test:port/base", "`a.test:port` is not the name of a registry"),
        ("a.test:123456/base", "`a.test:123456` is not the name of a registry"),
        ("user:word@a.test/base", "`a.test/base` is not a digest (sha256: and 64 hex digits)"),
        ("https://a.test/base", "`https:` is not the name of a registry"),
    ],
)
def test_what_is_none(text: str, message: str) -> None:
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 - the words are compared whole
        parse_reference(text)
    assert str(refusal.value) == message


def test_by_digest_the_tag_goes() -> None:
    found = parse_reference("acme.test/base:1").at(DIGEST)
    assert found == Reference(registry="acme.test", repository="base", digest=DIGEST)


@given(st.text("aA0.-_:/@[]", max_size=12) | st.text(max_size=8))
def test_any_text_is_read_one_way_or_refused(text: str) -> None:
    try:
        found = parse_reference(text)
    except ValueError:
        return
    assert parse_reference(str(found)) == found
