"""Where registries are asked, and where they may send us."""

import pytest

from envlock.errors import OutsideError
from envlock.registry.hosts import base_url, next_url, origin


@pytest.mark.parametrize(
    ("registry", "url"),
    [
        ("docker.io", "https://registry-1.docker.io"),
        ("registry.test", "https://registry.test"),
        ("registry.test:5000", "https://registry.test:5000"),
        ("10.0.0.7:5000", "https://10.0.0.7:5000"),
        ("localhost.registry.test", "https://localhost.registry.test"),
        ("localhost", "http://localhost"),
        ("localhost:5000", "http://localhost:5000"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("127.255.0.9:5000", "http://127.255.0.9:5000"),
        ("[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_only_this_machine_is_asked_without_encryption(registry: str, url: str) -> None:
    assert base_url(registry) == url


@pytest.mark.parametrize(
    ("insecure", "registry", "scheme"),
    [
        ("registry.test", "registry.test", "http"),
        ("registry.test", "registry.test:5000", "http"),
        ("registry.test:5000", "registry.test:5000", "http"),
        ("REGISTRY.test:5000", "registry.TEST:5000", "http"),
        ("registry.test:80", "registry.test", "http"),
        ("http://registry.test:5000/", "registry.test:5000", "http"),
        ("registry.test:5000", "registry.test", "https"),
        ("registry.test:5000", "registry.test:5001", "https"),
        ("registry.test", "other.registry.test", "https"),
        ("test", "registry.test", "https"),
        ("10.0.0.7", "10.0.0.7:5000", "http"),
        ("[fd00::7]:5000", "[fd00::7]:5000", "http"),
        ("[fd00::7]", "[fd00::7]:5000", "http"),
        ("docker.io", "docker.io", "https"),
    ],
)
def test_hosts_that_are_named_are_asked_without_encryption(insecure: str, registry: str, scheme: str) -> None:
    assert base_url(registry, [insecure]).startswith(f"{scheme}://")
    assert base_url(registry).startswith("https://")


def test_hosts_that_are_named_may_be_sent_to_without_encryption() -> None:
    plain = "http://registry.test:5000/v2/a"
    assert next_url(PUBLIC, plain, ["registry.test:5000"]) == plain
    for insecure in ([], ["other.test"], ["registry.test:5001"]):
        with pytest.raises(OutsideError, match="that would not be encrypted"):
            next_url(PUBLIC, plain, insecure)
    with pytest.raises(OutsideError, match="that address is in a private network"):
        next_url(PUBLIC, "http://10.0.0.7/v2/a", ["10.0.0.7"])


PUBLIC, INSIDE, HERE = "https://registry.test/v2/a", "https://10.1.2.3/v2/a", "http://127.0.0.1:5000/v2/a"


@pytest.mark.parametrize(
    ("url", "target", "reached"),
    [
        (PUBLIC, "https://storage.test/blob?signature=x", "https://storage.test/blob?signature=x"),
        (PUBLIC, "/elsewhere", "https://registry.test/elsewhere"),
        (PUBLIC, "//storage.test/blob", "https://storage.test/blob"),
        (PUBLIC, "https://1.1.1.1/blob", "https://1.1.1.1/blob"),
        (INSIDE, "https://192.168.0.9/blob", "https://192.168.0.9/blob"),
        (INSIDE, "https://storage.test/blob", "https://storage.test/blob"),
        (HERE, "http://localhost:6000/blob", "http://localhost:6000/blob"),
        (HERE, "http://[::1]:6000/blob", "http://[::1]:6000/blob"),
        (HERE, "https://storage.test/blob", "https://storage.test/blob"),
    ],
)
def test_where_a_registry_may_send_us(url: str, target: str, reached: str) -> None:
    assert next_url(url, target) == reached


NOT_ENCRYPTED = "that would not be encrypted"
PRIVATE = "that address is in a private network"
NO_ADDRESS = "that is not an address"


@pytest.mark.parametrize(
    ("url", "target", "reason"),
    [
        (PUBLIC, "http://storage.test/blob", NOT_ENCRYPTED),
        (PUBLIC, "http://registry.test/v2/a", NOT_ENCRYPTED),
        (HERE, "http://storage.test/blob", NOT_ENCRYPTED),
        (INSIDE, "http://10.1.2.4/blob", NOT_ENCRYPTED),
        (PUBLIC, "http://localhost/blob", PRIVATE),
        (PUBLIC, "https://localhost/blob", PRIVATE),
        (PUBLIC, "https://LOCALHOST./blob", PRIVATE),
        (PUBLIC, "https://a.localhost/blob", PRIVATE),
        (PUBLIC, "https://127.0.0.1/blob", PRIVATE),
        (PUBLIC, "https://127.1/blob", PRIVATE),
        (PUBLIC, "https://0x7f000001/blob", PRIVATE),
        (PUBLIC, "https://2130706433/blob", PRIVATE),
        (PUBLIC, "https://0/blob", PRIVATE),
        (PUBLIC, "https://10.0.0.1/blob", PRIVATE),
        (PUBLIC, "https://172.16.0.1/blob", PRIVATE),
        (PUBLIC, "https://192.168.1.1:8443/blob", PRIVATE),
        (PUBLIC, "https://169.254.169.254/latest/meta-data", PRIVATE),
        (PUBLIC, "https://100.64.0.1/blob", PRIVATE),
        (PUBLIC, "https://[::1]/blob", PRIVATE),
        (PUBLIC, "https://[fe80::1]/blob", PRIVATE),
        (PUBLIC, "https://[fd00::1]/blob", PRIVATE),
        (PUBLIC, "https://[::ffff:127.0.0.1]/blob", PRIVATE),
        (PUBLIC, "https://user:secret@10.0.0.1/blob?token=secret", PRIVATE),
        (PUBLIC, "file:///etc/passwd", NO_ADDRESS),
        (PUBLIC, "ftp://storage.test/blob", NO_ADDRESS),
        (PUBLIC, "https://user@/blob", NO_ADDRESS),
        (PUBLIC, "https://storage.test:0/blob", NO_ADDRESS),
    ],
)
def test_where_a_registry_may_not_send_us(url: str, target: str, reason: str) -> None:
    with pytest.raises(OutsideError) as caught:
        next_url(url, target)
    assert caught.value.message.startswith(f"{url} sends us to ")
    assert caught.value.message.endswith(f", and {reason}")
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("target", ["https://storage.test:99999/blob", "https://[storage.test/blob"])
def test_what_is_not_an_address(target: str) -> None:
    with pytest.raises(OutsideError) as caught:
        next_url(PUBLIC, target)
    assert caught.value.message == f"{PUBLIC} sends us to what is not an address"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("https://a.test/x", "https://a.test:443/y?z", True),
        ("https://A.test/x", "https://a.test/x", True),
        ("https://a.test/x", "https://a.test:8443/x", False),
        ("https://a.test/x", "http://a.test/x", False),
        ("https://a.test/x", "https://b.test/x", False),
    ],
)
def test_what_secrets_are_bound_to(one: str, other: str, same: bool) -> None:
    assert (origin(one) == origin(other)) is same
