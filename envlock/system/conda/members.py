"""In the child: the texts of a few files of one conda package."""

from typing import Any

from rattler.package_streaming import PackageArchive


async def members(request: dict[str, Any]) -> dict[str, str]:
    """{package: path, members: [path inside]} -> {path inside: text}, without those that are not there."""
    archive = await PackageArchive.from_path(request["package"])
    found = await archive.read_files(request["members"])
    return {path: data.decode(errors="replace") for path, data in found.items() if data is not None}
