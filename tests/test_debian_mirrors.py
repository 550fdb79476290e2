"""Where Debian's archives are: env.toml's word, the environment's, or the machine's own apt sources."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.errors import UserInputError
from envlock.model.spec import DebianSpec
from envlock.system.apt_sources import AptMirrors, apt_mirrors
from envlock.system.cache import Cache
from envlock.system.mirrors import Mirror
from envlock.workflows.context import Context
from envlock.workflows.debian_mirrors import Mirrors, mirrors_of

DEBIAN = 'ID=debian\nVERSION_CODENAME=bookworm\nPRETTY_NAME="Debian"\n'
DEB822 = """\
# the archive
Types: deb deb-src
URIs: http://mirror.test/debian/
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.test/debian-security
Suites: bookworm-security
Components: main
"""
# what others offer for Debian: by suite and component it could be its own
OTHERS = """\
deb [arch=amd64 signed-by=/etc/keyrings/other.asc] https://other.test/linux/debian bookworm stable
deb https://more.test/debian bookworm main
deb https://browser.test/deb stable main
"""


def machine(root: Path, *, release: str = DEBIAN, **files: str) -> AptMirrors | None:
    """What is read of a machine with these files below /etc/apt; `__` stands for `/`, and `_` for `.`."""
    (root / "etc" / "apt" / "sources.list.d").mkdir(parents=True)
    (root / "etc" / "os-release").write_text(release)
    for name, text in files.items():
        (root / "etc" / "apt" / name.replace("__", "/").replace("_", ".")).write_text(text.format(root=root))
    return apt_mirrors(root)


def urls(found: AptMirrors | None) -> tuple[str, str | None] | None:
    return (found.main.url, found.security.url if found.security else None) if found else None


MAIN, SECURITY = "http://mirror.test/debian", "http://mirror.test/debian-security"
SOURCES: dict[str, tuple[dict[str, str], tuple[str, str | None] | None]] = {
    "stanzas": ({"sources_list_d__debian_sources": DEB822}, (MAIN, SECURITY)),
    "lines": (
        {
            "sources_list": "# deb http://old.test/debian bookworm main\n"
            f"deb-src {MAIN} bookworm main\ndeb [ arch=amd64 ] {MAIN} bookworm main contrib # the archive\n"
            f"deb {SECURITY} bookworm-security main\n"
        },
        (MAIN, SECURITY),
    ),
    "no security": ({"sources_list": f"deb {MAIN} bookworm main\n"}, (MAIN, None)),
    "among others": (
        {"sources_list_d__aaa_list": OTHERS, "sources_list_d__debian_sources": DEB822},
        (MAIN, SECURITY),
    ),
    "told by its updates": (
        {"sources_list": f"{OTHERS}deb {MAIN} bookworm main\ndeb {MAIN} bookworm-updates main\n"},
        (MAIN, None),
    ),
    "disabled": ({"sources_list_d__debian_sources": f"Enabled: no\n{DEB822}"}, None),
    "a moving name": (
        {"sources_list": f"deb {MAIN} stable main\ndeb {SECURITY} stable-security main\n"},
        (MAIN, SECURITY),
    ),
    "several addresses": (
        {"sources_list_d__debian_sources": DEB822.replace("URIs: ", "URIs: cdrom:[Debian]/ ftp://old.test/debian\n ")},
        (MAIN, SECURITY),
    ),
    "a key within": (
        {
            "sources_list_d__debian_sources": DEB822.replace(
                "Components: main\n\n",
                "Components: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n ab\n\n",
            )
        },
        (MAIN, SECURITY),
    ),
    "a folder": ({"sources_list": "deb file:/srv/debian bookworm main\n"}, ("file:///srv/debian", None)),
    "a folder as URL": ({"sources_list": "deb copy:///srv/debian bookworm main\n"}, ("file:///srv/debian", None)),
    "a list of mirrors": (
        {
            "sources_list": "deb mirror+file:/etc/apt/mirrors.list bookworm main\n",
            "mirrors_list": f"# ours\n{MAIN}/\tpriority:1\nhttp://other.test/debian\n",
        },
        (MAIN, None),
    ),
    "only other files": ({"sources_list_d__debian_sources_save": DEB822, "sources_list_d__readme": DEB822}, None),
    "none": ({}, None),
    "flat": ({"sources_list": f"deb {MAIN} bookworm/\n"}, None),
    "by architecture": ({"sources_list": "deb http://mirror.test/$(ARCH) bookworm main\n"}, None),
}


@pytest.mark.parametrize("case", SOURCES)
def test_the_machines_own_sources(tmp_path: Path, case: str) -> None:
    files, expected = SOURCES[case]
    assert urls(machine(tmp_path, **files)) == expected


@pytest.mark.parametrize("release", ["ID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=bookworm\n", "", "ID=fedora\n"])
def test_only_debian_has_debians_sources(tmp_path: Path, release: str) -> None:
    assert machine(tmp_path, release=release, sources_list_d__debian_sources=DEB822) is None


def test_a_login_of_a_source_is_used_and_not_shown(tmp_path: Path) -> None:
    found = machine(tmp_path, sources_list="deb https://kim:s3cret@mirror.test/debian bookworm main\n")
    assert found
    assert found.main.url == "https://mirror.test/debian"
    assert found.main.login
    assert found.main.login.secret.reveal() == "s3cret"
    assert "s3cret" not in repr(found)


# which archives are asked


PLAIN = DebianSpec(suite="bookworm")


def resolved(
    tmp_path: Path,
    on_machine: AptMirrors | None,
    spec: DebianSpec = PLAIN,
    variables: Mapping[str, str] | None = None,
) -> Mirrors:
    context = Context(cache=Cache(tmp_path), environment=variables or {})
    return mirrors_of(spec, tmp_path, context, on_machine=lambda: on_machine)


ON_MACHINE = AptMirrors(main=Mirror(url=MAIN), security=Mirror(url="http://safe.test/debian-security"))


def test_env_toml_goes_before_the_environment_and_that_before_the_machine(tmp_path: Path) -> None:
    stated = replace(PLAIN, mirror="https://stated.test/debian", snapshot="https://old.test")
    variables = {"ENVLOCK_DEBIAN_MIRROR": "https://ours.test/debian/", "ENVLOCK_DEBIAN_SNAPSHOT": "https://was.test/"}
    found = resolved(tmp_path, ON_MACHINE, stated, variables)
    assert (found.main.url, found.security.url) == ("https://stated.test/debian", "https://stated.test/debian-security")
    assert found.snapshot == Mirror(url="https://old.test")
    found = resolved(tmp_path, ON_MACHINE, PLAIN, variables)
    assert (found.main.url, found.security.url) == ("https://ours.test/debian", "https://ours.test/debian-security")
    assert found.snapshot == Mirror(url="https://was.test")
    found = resolved(tmp_path, ON_MACHINE)
    assert (found.main.url, found.security.url) == (MAIN, "http://safe.test/debian-security")
    found = resolved(tmp_path, replace(ON_MACHINE, security=None))
    assert found.security.url == SECURITY
    found = resolved(tmp_path, None, replace(PLAIN, mirror="./mirror"))
    assert found.security.url == (tmp_path / "mirror-security").as_uri()


NO_MIRROR: dict[str, tuple[dict[str, str], str]] = {
    "nothing": ({}, "no mirror of Debian is known: this machine has none in its apt sources"),
    "no address": (
        {"ENVLOCK_DEBIAN_MIRROR": "kim:s3cret@mirror"},
        "`ENVLOCK_DEBIAN_MIRROR` is neither a URL (http, https, file) nor the absolute path of a folder",
    ),
    "no snapshot": (
        {"ENVLOCK_DEBIAN_MIRROR": MAIN, "ENVLOCK_DEBIAN_SNAPSHOT": "old.test"},
        "`ENVLOCK_DEBIAN_SNAPSHOT` is neither a URL (http, https, file) nor the absolute path of a folder",
    ),
    "nothing beside it": (
        {"ENVLOCK_DEBIAN_MIRROR": "https://mirror.test/"},
        "`https://mirror.test` is no folder of a server, so its security archive cannot be found",
    ),
}


@pytest.mark.parametrize("case", NO_MIRROR)
def test_without_a_mirror_it_is_said_what_to_set(tmp_path: Path, case: str) -> None:
    variables, message = NO_MIRROR[case]
    with pytest.raises(UserInputError) as error:
        resolved(tmp_path, None, PLAIN, variables)
    assert error.value.message == message
    if not variables:
        assert error.value.hint == "set `mirror` in `[image.debian]`, or ENVLOCK_DEBIAN_MIRROR"
