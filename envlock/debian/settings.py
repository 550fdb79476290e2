"""Small files and folders that scripts of single packages make, or set right, in a new root."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from envlock.debian.overlay import file, folder
from envlock.debian.root import Root
from envlock.model.files import SystemFile

NETWORKS = b"default\t\t0.0.0.0\nloopback\t127.0.0.0\nlink-local\t169.254.0.0\n\n"
INTERPRETER = re.compile(r"(python3\.[0-9]+)-minimal")


def settings_of_packages(root: Root) -> Iterator[SystemFile]:
    for package, make in MAKERS.items():
        if package in root.versions:
            yield from make(root)
    for package in sorted(root.versions):
        if found := INTERPRETER.fullmatch(package):
            yield from _local_packages(root, found[1])


def _missing(root: Root, path: str, data: bytes = b"", mode: int = 0o644) -> Iterator[SystemFile]:
    if path not in root.files:
        yield file(path, data, mode)


def _inputrc(root: Root) -> Iterator[SystemFile]:
    default = "usr/share/readline/inputrc"
    if default in root.files:
        yield from _missing(root, "etc/inputrc", root.read(default))


def _login_of_pam(root: Root) -> Iterator[SystemFile]:
    yield from _missing(root, "etc/environment")
    yield from _missing(root, "etc/security/opasswd", mode=0o600)


def _login(root: Root) -> Iterator[SystemFile]:
    if b"/var/log/faillog" in root.control("login").get("postinst", b""):
        yield from _missing(root, "var/log/faillog")


def _sudo(root: Root) -> Iterator[SystemFile]:
    if (sudoers := root.files.get("etc/sudoers")) and sudoers.content:
        yield replace(sudoers, mode=0o440, uid=0, gid=0)


def _local_packages(root: Root, python: str) -> Iterator[SystemFile]:
    for path in (f"usr/local/lib/{python}", f"usr/local/lib/{python}/dist-packages"):
        if path not in root.files:
            yield folder(path)


MAKERS: Mapping[str, Callable[[Root], Iterator[SystemFile]]] = {
    "libpam-modules": _login_of_pam,
    "login": _login,
    "netbase": lambda root: _missing(root, "etc/networks", NETWORKS),
    "readline-common": _inputrc,
    "sudo": _sudo,
}
