"""In the child: link conda packages into a prefix."""

import json
from pathlib import Path
from typing import Any

from rattler import Config, RepoDataRecord, Subdir
from rattler import install as rattler_install
from rattler.exceptions import InstallerError
from rattler.networking import Client
from rattler.package_cache import PackageCache, ValidationMode

from envlock.errors import OutsideError


async def install(request: dict[str, Any]) -> dict[str, Any]:
    """{packages: [path], prefix, final, cache, platform, share} -> {package name: [paths that it owns]}.

    The packages are verified files of ours; nothing is downloaded and no script of theirs is run. With `share`
    files may be hard links into the cache: only for prefixes that nobody works in, as an edit would reach the cache.
    """
    records = [await RepoDataRecord.from_package_archive(path) for path in request["packages"]]
    cache = Path(request["cache"])
    cache.mkdir(parents=True, exist_ok=True)
    link = rattler_install(
        records,
        target_prefix=request["prefix"],
        # with hashes: a file that was changed in the cache must not enter an image
        package_cache=PackageCache.new_layered([cache], validation_mode=ValidationMode.full()),
        installed_packages=[],
        platform=Subdir(request["platform"]),
        execute_link_scripts=False,
        show_progress=False,
        client=Client(),
        config=Config.from_toml("" if request["share"] else "allow-hard-links = false"),
        alternative_target_prefix=request["final"],
    )
    try:
        await link
    except InstallerError as error:  # which does not say where, as for a full disk it must
        where = f"unpack conda packages in `{cache}` and link them into `{request['prefix']}`"
        raise OutsideError(f"cannot {where}\n{error}") from error
    return {record["name"]: record["files"] for record in _records(Path(request["prefix"]))}


def _records(prefix: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in sorted((prefix / "conda-meta").glob("*.json"))]
