"""In the child: solve match specs against channels."""

from pathlib import Path
from typing import Any, Literal

from rattler import Channel, ChannelPriority, Gateway, MatchSpec, RepoDataRecord, Subdir, Version, solver
from rattler.networking import Client
from rattler.package import PackageName
from rattler.package.build_string import BuildString
from rattler.repo_data.gateway import SourceConfig
from rattler.virtual_package import GenericVirtualPackage

from envlock.errors import OutsideError
from envlock.system.secrets import redact

_PRIORITY = {"strict": ChannelPriority.Strict, "flexible": ChannelPriority.Disabled}


async def solve(request: dict[str, Any]) -> list[dict[str, Any]]:
    """{channels: [{name, url}], platform, specs, virtual: [[name, version, build]], keep: [{name, sha256}],
    priority, cache, offline} -> records as plain values, sorted by name."""
    channels = [Channel(c["url"]) for c in request["channels"]]
    # a record names its channel without the login
    urls = (redact(c.base_url).rstrip("/") for c in channels)
    names = {url: asked["name"] for url, asked in zip(urls, request["channels"], strict=True)}
    platforms = [Subdir(request["platform"]), Subdir("noarch")]
    gateway = _gateway(request)
    records = await solver.solve(
        channels,
        [MatchSpec(text, strict=False) for text in sorted(request["specs"])],
        gateway=gateway,
        platforms=platforms,
        locked_packages=await _kept(gateway, channels, platforms, request["keep"]),
        virtual_packages=[_virtual(*v) for v in request["virtual"]],
        channel_priority=_PRIORITY[request["priority"]],
        # only what env.toml names: a channel's own wish for others would make the order a surprise
        channel_relations="disabled",
    )
    return sorted((_plain(r, names) for r in records), key=lambda r: str(r["name"]))


async def find(request: dict[str, Any]) -> str | None:
    """{channel: url, subdir, name, sha256, cache, offline} -> where the channel says that this package is."""
    channels, platforms = [Channel(request["channel"])], [Subdir(request["subdir"])]
    records = await _kept(_gateway(request), channels, platforms, [request])
    return next((record.url for record in records), None)


def client() -> Client:
    """The full client: one without middleware would ignore RATTLER_AUTH_FILE."""
    return Client.default_client(user_agent="envlock")


def _gateway(request: dict[str, Any]) -> Gateway:
    action: Literal["force-cache-only", "cache-or-fetch"] = (
        "force-cache-only" if request["offline"] else "cache-or-fetch"
    )
    cache = Path(request["cache"])
    cache.mkdir(parents=True, exist_ok=True)
    return Gateway(cache_dir=cache, default_config=SourceConfig(cache_action=action), client=client())


async def _kept(
    gateway: Gateway, channels: list[Channel], platforms: list[Subdir], pins: list[dict[str, str]]
) -> list[RepoDataRecord]:
    """The channels' own records of the packages that are locked already, told by their sha256."""
    if not pins:
        return []
    wanted = {pin["sha256"] for pin in pins}
    names = [MatchSpec(pin["name"]) for pin in pins]
    found = await gateway.query(channels, platforms, names, recursive=False, channel_relations="disabled")
    return [record for records in found for record in records if record.sha256 and record.sha256.hex() in wanted]


def _virtual(name: str, version: str, build: str) -> GenericVirtualPackage:
    return GenericVirtualPackage(PackageName(name), Version(version), BuildString(build))


def _plain(record: RepoDataRecord, channels: dict[str, str]) -> dict[str, Any]:
    return {
        "name": record.name.normalized,
        "version": str(record.version),
        "build": str(record.build),
        "subdir": record.subdir,
        "file": record.file_name,
        "sha256": record.sha256.hex() if record.sha256 else None,
        "size": record.size,
        "channel": _asked_channel(record, channels),
        "url": record.url,
        "requires": sorted(record.depends),
        "constrains": sorted(record.constrains),
    }


def _asked_channel(record: RepoDataRecord, channels: dict[str, str]) -> str:
    """The name that env.toml has for the channel of a record. Its URL says nothing of it: that may lie elsewhere."""
    url = redact(record.channel or "").rstrip("/")
    if url not in channels:
        raise OutsideError(f"`{record.file_name}` comes from `{url}`, which is no channel of env.toml")
    return channels[url]
