"""Secrets do not show, wherever they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envlock.system.secrets import Secret, redact, redact_text


def test_a_secret_shows_only_when_it_is_asked() -> None:
    secret = Secret("hunter2")
    assert [str(secret), repr(secret), f"{secret}", f"{[secret]}"] == [
        "***",
        "***",
        "***",
        "[***]",
    ]
    assert secret.reveal() == "hunter2"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://acme.test/simple/", "https://acme.test/simple/"),
        ("https://me:word@acme.test:8443/simple", "https://acme.test:8443/simple"),
        ("https://token@acme.test", "https://acme.test"),
        ("https://me:w@rd@acme.test/x", "https://acme.test/x"),
        ("https://acme.test/t/tk-123/channel/linux-64", "https://acme.test/t/***/channel/linux-64"),
        ("https://acme.test/x?sig=secret#sha256=1", "https://acme.test/x"),
        ("file:///srv/channel/x", "file:///srv/channel/x"),
        ("./channel", "./channel"),
        ("https://[::1]:80/x", "https://[::1]:80/x"),
        ("https://me:word@[oops/x", "https://[oops/x"),
        ("https://me:w/rd@acme.test/x", "https://***"),
        ("https://me:w#rd@acme.test/x", "https://***"),
        ("oci:./base", "oci:./base"),
        ("/t/tk-1/x?y", "/t/***/x"),
        ("https://t/simple", "https://t/simple"),
        (
            "https://acme.test/t/tk-1/tk-tools/linux-64/tk-1.0-0.conda",
            "https://acme.test/t/***/tk-tools/linux-64/tk-1.0-0.conda",
        ),
        ("https://acme.test/t/tk-1/test-1.0-py3-none-any.whl", "https://acme.test/t/***/test-1.0-py3-none-any.whl"),
        # by the first letter of a name
        (
            "https://acme.test/source/t/tool-kit/tool_kit-1.tar.gz",
            "https://acme.test/source/t/tool-kit/tool_kit-1.tar.gz",
        ),
        *(
            (f"https://acme.test/debian/pool/{pool}", f"https://acme.test/debian/pool/{pool}")
            for pool in (
                "main/t/tiff/libtiff6_4.5.0-6_amd64.deb",
                "updates/main/t/tzdata/tzdata_2024a-0+deb12u1_all.deb",
                "non-free-firmware/t/tool/tool_1_all.deb",
            )
        ),
        ("https://acme.test/t/tk-1/tool_1_all.deb", "https://acme.test/t/***/tool_1_all.deb"),
        ("https://acme.test/main/t/tk-1/pool/tool_1_all.deb", "https://acme.test/main/t/***/pool/tool_1_all.deb"),
        ("https://acme.test/t/Tool/tool-1-py3-none-any.whl", "https://acme.test/t/Tool/tool-1-py3-none-any.whl"),
    ],
)
def test_urls(url: str, shown: str) -> None:
    assert redact(url) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no URL here: a@b /t/x", "no URL here: a@b /t/x"),
        ("from `https://me:word@acme.test/x`, twice", "from `https://acme.test/x`, twice"),
        ("(https://me:word@acme.test/x)", "(https://acme.test/x)"),
        ("a https://a:b@c.test/d e http://f:g@h.test", "a https://c.test/d e http://h.test"),
        ("HTTPS://me:word@acme.test/x", "HTTPS://acme.test/x"),
        ("https://me:it's)me@acme.test/x", "https://acme.test/x"),
        ("git+https://me:word@acme.test/x.git", "git+https://acme.test/x.git"),
        ("https://[oops", "https://[oops"),
        ("x https://me:w/rd@acme.test/x y", "x https://*** y"),
        ("https://acme.test/t/tk-1/x?token=2.", "https://acme.test/t/***/x"),
    ],
)
def test_text_of_other_programs(text: str, shown: str) -> None:
    assert redact_text(text) == shown


word = st.text(st.characters(codec="ascii", categories=["L", "N"]) | st.sampled_from("-._~!$&'()*+,;=:%"), max_size=8)


@given(st.sampled_from(["https", "http", "HTTP", "git+ssh"]), word, word, st.sampled_from(["{}", "`{}`", "at {} now"]))
def test_no_login_survives(scheme: str, user: str, password: str, around: str) -> None:
    secret = f"{user}:S3CRET{password}"
    shown = redact_text(around.format(f"{scheme}://{secret}@acme.test/simple"))
    assert "S3CRET" not in shown
    assert shown == around.format(f"{scheme}://acme.test/simple")


@given(st.text(max_size=40) | st.text("htps:/@[]?#t%a ", max_size=40).map("https://".__add__))
def test_any_text_can_be_shown(text: str) -> None:
    assert isinstance(redact_text(text), str)
    assert isinstance(redact(text), str)
