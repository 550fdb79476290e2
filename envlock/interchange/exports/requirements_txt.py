"""requirements.txt with hashes, for `pip install --require-hashes` and `uv pip sync --require-hashes`."""

from envlock.interchange.exports.contents import Contents
from envlock.interchange.exports.merged import Merged, merged
from envlock.model.lock import PipPackage


def requirements_txt(contents: Contents) -> str:
    """All platforms in one file, told apart by markers where they differ."""
    python = f"Python {' and '.join(contents.pythons)}" if contents.pythons else "No Python"
    platforms = ", ".join(locked.platform for locked in contents.platforms)
    head = [f"# {python} on {platforms}; made by `envlock export`"]
    if contents.own_default_index:
        head.append(f"--index-url {contents.own_default_index}")
    lines = (_requirement(each, contents) for each in merged(contents.platforms))
    return "".join(f"{line}\n" for line in (*head, *lines))


def _requirement(each: Merged, contents: Contents) -> str:
    what = _what(each.package, contents)
    hashes = (f"--hash=sha256:{sha256}" for sha256 in sorted(package.sha256 for package in each.files))
    first = f"{what} ; {each.marker}" if each.marker else what
    return " \\\n    ".join((first, *hashes))


def _what(package: PipPackage, contents: Contents) -> str:
    if package.path:
        return contents.local(package.path)
    if package.index == contents.default_index:
        return f"{package.name}=={package.version}"
    # of another index by URL: pip and uv would look for the name on all that they are given, each in its own order
    return f"{package.name} @ {contents.urls[package]}"
