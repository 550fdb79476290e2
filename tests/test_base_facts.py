"""What is read of a base without running it: glibc, shell, Python and its version."""

import re
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from envlock.errors import EnvlockError, OutsideError, UserInputError
from envlock.images.base import PulledBase, copy_base, open_base
from envlock.images.facts import BaseFacts, read_facts
from envlock.model.platform import PLATFORMS
from envlock.oci.layout import Layout
from tests.support.layered_images import TAR_TYPE, Member, add_image, file, link, new_layout, tar_of

LINUX = PLATFORMS["linux-64"]
PATH = "PATH=/usr/local/bin:/usr/bin"


@pytest.fixture(scope="module")
def debian(base_image: Path, tmp_path_factory: pytest.TempPathFactory) -> PulledBase:
    target = Layout(tmp_path_factory.mktemp("target"))
    return open_base("base:1", target, copy_base(base_image, target, LINUX))


@pytest.fixture(scope="module")
def versions(debian: PulledBase) -> dict[str, str]:
    """The upstream versions of the image's Debian packages, by its own records."""
    status = b"".join(debian.rootfs().chunks("/var/lib/dpkg/status")).decode()
    found = re.findall(r"^Package: (\S+)\n(?:.+\n)*?Version: ([^-\s]+)", status, re.MULTILINE)
    return dict(found)


def test_facts_of_debian_are_what_its_files_say(debian: PulledBase, versions: dict[str, str]) -> None:
    found = BaseFacts(
        glibc=versions["libc6"], interpreter="/usr/bin/python3.11", python=versions["python3.11"], shell="/bin/sh"
    )
    assert read_facts(debian, interpreter=None, python_minor="3.11") == found
    assert BaseFacts(**asdict(found)) == found


def test_the_python_is_asked_for_by_any_of_its_names(debian: PulledBase, versions: dict[str, str]) -> None:
    facts = read_facts(debian, interpreter="/bin/python3", python_minor=None)
    assert (facts.interpreter, facts.python) == ("/bin/python3", versions["python3.11"])


def test_without_a_python_to_look_for(debian: PulledBase, versions: dict[str, str]) -> None:
    facts = read_facts(debian, interpreter=None, python_minor=None)
    assert facts == BaseFacts(glibc=versions["libc6"], shell="/bin/sh")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return new_layout(tmp_path / "layout")


def base(layout: Layout, *members: Member, variables: Sequence[str] = (PATH,)) -> PulledBase:
    image = add_image(layout, [layout.put(tar_of(members), TAR_TYPE)], variables=variables)
    return open_base("made:1", layout, image)


def strings(*texts: str) -> bytes:
    """A binary with these C strings among other bytes."""
    return b"\x7fELF\x02" + b"".join(b"\x01\x90\0" + text.encode() + b"\0\xff" for text in texts)


def test_the_python_that_runs_this(layout: Layout) -> None:
    """Whatever CPython this is, static or with its library beside it."""
    program = Path(sys.executable).resolve()
    library = Path(sysconfig.get_config_var("LIBDIR"), sysconfig.get_config_var("INSTSONAME") or "none")
    members = [file(f"opt/bin/{program.name}", program.read_bytes())]
    members += [file(f"opt/lib/{library.name}", library.read_bytes())] if library.is_file() else []
    facts = read_facts(base(layout, *members), interpreter=f"/opt/bin/{program.name}", python_minor=None)
    assert facts.python == sys.version.split()[0]


BINARY = strings("3.11.9", "3.45.1", "1.2.13", "Python 3.12.1")
LINKED = strings("libc.so.6", "libpython3.11.so.1.0")


@pytest.mark.parametrize(
    ("members", "interpreter", "python"),
    [
        ([file("usr/bin/python3.11", BINARY)], "/usr/bin/python3.11", "3.11.9"),
        ([file("usr/bin/python3.11", strings("3.11.0rc2"))], "/usr/bin/python3.11", "3.11.0rc2"),
        ([file("usr/bin/python3.11", strings("3.11.9+"))], "/usr/bin/python3.11", "3.11.9+"),
        # the linker may keep it only as the end of another string; where it stands alone that is it
        ([file("usr/bin/python3.11", strings("/opt/python/3.11.9", "Python-3.11.9"))], "/usr/bin/python3.11", "3.11.9"),
        ([file("usr/bin/python3.11", strings("/opt/python/3.11.1", "3.11.9"))], "/usr/bin/python3.11", "3.11.9"),
        # the first folder of PATH that has it, and its full name before the short ones
        (
            [file("usr/bin/python3.11", strings("3.11.1")), file("usr/local/bin/python3.11", strings("3.11.2"))],
            "/usr/local/bin/python3.11",
            "3.11.2",
        ),
        (
            [file("usr/bin/python3.11", BINARY), link("usr/local/bin/python3", "python3.12"),
             file("usr/local/bin/python3.12", strings("3.12.4"))],
            "/usr/bin/python3.11",
            "3.11.9",
        ),
        ([link("usr/bin/python3", "../../opt/python3.11"), file("opt/python3.11", BINARY)],
         "/usr/bin/python3", "3.11.9"),
        ([link("usr/bin/python", "python3"), link("usr/bin/python3", "/python3.11"), file("python3.11", BINARY)],
         "/usr/bin/python3", "3.11.9"),
        # a script in its place is none
        ([file("usr/local/bin/python3.11", b"#!/bin/sh\n"), file("usr/bin/python3.11", BINARY)],
         "/usr/bin/python3.11", "3.11.9"),
        # linked with its library: beside it, and where the loader looks
        ([file("usr/local/bin/python3.11", LINKED), file("usr/local/lib/libpython3.11.so.1.0", BINARY)],
         "/usr/local/bin/python3.11", "3.11.9"),
        ([file("usr/bin/python3.11", LINKED), file("usr/lib/x86_64-linux-gnu/libpython3.11.so.1.0", BINARY)],
         "/usr/bin/python3.11", "3.11.9"),
        ([file("usr/bin/python", LINKED), file("usr/lib64/libpython3.11.so.1.0", BINARY)], "/usr/bin/python", "3.11.9"),
        # where a piece ends is of no matter
        ([file("usr/bin/python3.11", bytes((1 << 20) - 4) + b"3.11.9\0")], "/usr/bin/python3.11", "3.11.9"),
    ],
)  # fmt: skip
def test_python_is_found_on_path(layout: Layout, members: list[Member], interpreter: str, python: str) -> None:
    facts = read_facts(base(layout, *members), interpreter=None, python_minor="3.11")
    assert (facts.interpreter, facts.python) == (interpreter, python)


NO_PYTHON = "base `made:1` has no Python 3.11 on its PATH (/usr/local/bin:/usr/bin)"


@pytest.mark.parametrize(
    ("members", "interpreter", "message"),
    [
        ([], None, NO_PYTHON),
        ([file("opt/bin/python3.11", BINARY)], None, NO_PYTHON),
        ([file("usr/bin/python3.12", strings("3.12.1"))], None, NO_PYTHON),
        ([link("usr/bin/python3.11", "/not/there")], None, NO_PYTHON),
        ([file("usr/bin/python3.11", LINKED)], None, NO_PYTHON),
        ([file("usr/bin/python3.11", BINARY)], "/usr/bin/python3", "base `made:1` has no `/usr/bin/python3`"),
        (
            [file("usr/bin/python3.12", strings("3.12.1"))],
            "/usr/bin/python3.12",
            "`/usr/bin/python3.12` in base `made:1` is Python 3.12.1, and the environment wants 3.11",
        ),
    ],
)
def test_a_python_that_is_not_there(
    layout: Layout, members: list[Member], interpreter: str | None, message: str
) -> None:
    with pytest.raises(UserInputError) as caught:
        read_facts(base(layout, *members), interpreter=interpreter, python_minor="3.11")
    assert caught.value.message == message


@pytest.mark.parametrize(
    "content",
    [
        b"#!/bin/sh\n",
        strings("3.12.1"),  # the name says another minor
        strings("3.11.1", "3.11.2"),  # which of the two?
        strings("/opt/3.11.1", "Python-3.11.2"),
        strings("13.11.1", "0.3.11.1", "3.11.1 "),
        LINKED,  # its library is not there
    ],
)
def test_a_version_that_cannot_be_told(layout: Layout, content: bytes) -> None:
    with pytest.raises(OutsideError) as caught:
        read_facts(base(layout, file("opt/python3.11", content)), interpreter="/opt/python3.11", python_minor="3.11")
    assert caught.value.message == "the version of `/opt/python3.11` in base `made:1` cannot be told from its file"


def test_an_interpreter_that_is_a_folder(layout: Layout) -> None:
    with pytest.raises(EnvlockError, match="`/usr/bin` is not a file of the image"):
        read_facts(base(layout, file("usr/bin/python3.11", BINARY)), interpreter="/usr/bin", python_minor="3.11")


def test_an_image_without_path(layout: Layout) -> None:
    with pytest.raises(UserInputError, match="on its PATH \\(empty\\)"):
        read_facts(base(layout, variables=["HOME=/root"]), interpreter=None, python_minor="3.11")


GLIBC = b"GNU C Library (Debian GLIBC 2.36-9+deb12u13) stable release version 2.36.\nCopyright"


@pytest.mark.parametrize(
    ("members", "glibc"),
    [
        ([], None),
        ([file("lib/x86_64-linux-gnu/libc.so.6", GLIBC)], "2.36"),
        ([link("lib", "usr/lib"), file("usr/lib/aarch64-linux-gnu/libc.so.6", GLIBC)], "2.36"),
        ([link("lib64", "usr/lib64"), link("usr/lib64/libc.so.6", "libc.so"), file("usr/lib64/libc.so", GLIBC)],
         "2.36"),
        ([file("lib64/libc.so.6", b"GNU C Library (GNU libc) stable release version 2.17, by Roland McGrath")], "2.17"),
        ([file("lib64/libc.so.6", b"GNU C Library (Buildroot) development release version 2.40.9000.\n")], "2.40"),
        ([file("lib/libc.so.6", bytes((1 << 20) - 86) + GLIBC)], "2.36"),
        ([file("lib/ld-musl-x86_64.so.1", b"musl libc (x86_64)\nVersion 1.2.5"),
          link("lib/libc.musl-x86_64.so.1", "ld-musl-x86_64.so.1")], None),
        ([file("lib/libc.so.6", b"another library")], None),
        ([link("lib/libc.so.6", "not-there")], None),
    ],
)  # fmt: skip
def test_glibc(layout: Layout, members: list[Member], glibc: str | None) -> None:
    assert read_facts(base(layout, *members), interpreter=None, python_minor=None).glibc == glibc


@pytest.mark.parametrize(
    ("members", "shell"),
    [
        ([], None),
        ([link("bin", "usr/bin"), link("usr/bin/sh", "dash"), file("usr/bin/dash")], "/bin/sh"),
        ([link("bin/sh", "/bin/busybox")], None),
        ([file("usr/bin/bash")], None),
    ],
)
def test_shell(layout: Layout, members: list[Member], shell: str | None) -> None:
    assert read_facts(base(layout, *members), interpreter=None, python_minor=None).shell == shell
