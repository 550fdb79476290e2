"""In the child: what channels say of packages that are locked."""

from pathlib import Path
from typing import Any

from rattler import Channel, Gateway, MatchSpec, Subdir
from rattler.repo_data.gateway import SourceConfig

from envlock.system.conda.networking import client


async def md5(request: dict[str, Any]) -> dict[str, str]:
    """{channels: [url], subdirs, packages: [{name, sha256}], cache} -> the MD5 that a channel gives, by sha256; without
    those that no channel knows."""
    cache = Path(request["cache"])
    cache.mkdir(parents=True, exist_ok=True)
    gateway = Gateway(cache_dir=cache, default_config=SourceConfig(cache_action="cache-or-fetch"), client=client())
    names = [MatchSpec(package["name"]) for package in request["packages"]]
    found = await gateway.query(
        [Channel(url) for url in request["channels"]],
        [Subdir(subdir) for subdir in request["subdirs"]],
        names,
        recursive=False,
        channel_relations="disabled",
    )
    wanted = {package["sha256"] for package in request["packages"]}
    every = ((r.sha256, r.md5) for records in found for r in records)
    return {sha256.hex(): md5.hex() for sha256, md5 in every if sha256 and md5 and sha256.hex() in wanted}
