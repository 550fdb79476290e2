"""Folders of packages as other tools read them: a conda channel, a simple index (PEP 503), a flat Debian archive."""

import html
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from envlock.model.lock import CondaPackage, DebianPackage, PipPackage

_OF_INDEX = ("build_number", "license", "noarch", "timestamp")


def repodata(subdir: str, packages: Iterable[tuple[CondaPackage, Mapping[str, Any]]]) -> bytes:
    """`repodata.json` of a folder of a channel; each package with what its own index says."""
    found: dict[str, dict[str, Any]] = {"packages": {}, "packages.conda": {}}
    for package, index in packages:
        kind = "packages.conda" if package.file.endswith(".conda") else "packages"
        found[kind][package.file] = _record(package, index)
    told = {"info": {"subdir": subdir}, **found, "repodata_version": 1}
    return (json.dumps(told, indent=1, sort_keys=True) + "\n").encode()


def _record(package: CondaPackage, index: Mapping[str, Any]) -> dict[str, Any]:
    """What a channel says of a package: its needs as they were when it was locked, which a channel may have mended."""
    own = {key: index[key] for key in _OF_INDEX if index.get(key) is not None}
    return {
        "build_number": 0,
        **own,
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "subdir": package.subdir,
        "depends": list(package.requires),
        "constrains": list(package.constrains),
        "sha256": package.sha256,
        "size": package.size,
    }


def index_page(names: Iterable[str]) -> bytes:
    """The top page of a simple index: the distributions."""
    return _page(f'<a href="{name}/">{name}</a>' for name in sorted(set(names)))


def project_page(files: Iterable[tuple[PipPackage, str]]) -> bytes:
    """A distribution's page; each file with its path from the page."""
    return _page(sorted({_link(package, path) for package, path in files}))


def _link(package: PipPackage, path: str) -> str:
    python = package.requires_python
    needs = f' data-requires-python="{html.escape(python)}"' if python else ""
    return f'<a href="{html.escape(quote(path))}#sha256={package.sha256}"{needs}>{html.escape(package.file)}</a>'


def _page(links: Iterable[str]) -> bytes:
    head = '<!DOCTYPE html>\n<meta name="pypi:repository-version" content="1.0">\n<title>Packages</title>\n'
    return (head + "".join(f"{link}<br>\n" for link in links)).encode()


def packages_file(packages: Iterable[DebianPackage]) -> bytes:
    """`Packages` at the top of an archive, whose files lie below it as they are locked."""
    found = {(p.name, p.version, p.architecture): _stanza(p) for p in packages}
    return "\n".join(found[key] for key in sorted(found)).encode()


def _stanza(package: DebianPackage) -> str:
    lists = {"Depends": package.requires, "Provides": package.provides, "Conflicts": package.conflicts}
    fields = {
        "Package": package.name,
        "Version": package.version,
        "Architecture": package.architecture,
        **{name: ", ".join(items) for name, items in lists.items() if items},
        "Filename": package.file,
        "Size": str(package.size),
        "SHA256": package.sha256,
    }
    return "".join(f"{name}: {value}\n" for name, value in fields.items())
