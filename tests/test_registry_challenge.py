"""What registries write into WWW-Authenticate."""

import pytest

from envlock.registry.challenge import Challenge, parse_challenges


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", ()),
        ("Basic", (Challenge("basic"),)),
        ('Basic realm="Registry Realm"', (Challenge("basic", {"realm": "Registry Realm"}),)),
        ("basic realm=plain", (Challenge("basic", {"realm": "plain"}),)),
        (
            'Bearer realm="https://auth.test/token?a=b,c",service="registry.test",scope="repository:a/b:pull,push"',
            (
                Challenge(
                    "bearer",
                    {
                        "realm": "https://auth.test/token?a=b,c",
                        "service": "registry.test",
                        "scope": "repository:a/b:pull,push",
                    },
                ),
            ),
        ),
        ('BEARER Realm = "x" , SERVICE= y', (Challenge("bearer", {"realm": "x", "service": "y"}),)),
        (
            'Basic realm="a, Bearer b", Bearer realm="c",error="no \\"quotes\\""',
            (Challenge("basic", {"realm": "a, Bearer b"}), Challenge("bearer", {"realm": "c", "error": 'no "quotes"'})),
        ),
        ('Negotiate, Basic realm=""', (Challenge("negotiate"), Challenge("basic", {"realm": ""}))),
        ('realm="of nobody"', ()),
    ],
)
def test_challenges(header: str, expected: tuple[Challenge, ...]) -> None:
    assert parse_challenges(header) == expected
