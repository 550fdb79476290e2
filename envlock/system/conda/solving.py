"""In the child: solve match specs against channels."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from rattler import Channel, ChannelPriority, Gateway, MatchSpec, RepoDataRecord, Subdir, Version, solver
from rattler.exceptions import SolverError
from rattler.package import PackageName
from rattler.package.build_string import BuildString
from rattler.repo_data.gateway import SourceConfig
from rattler.virtual_package import GenericVirtualPackage

from envlock.errors import OutsideError
from envlock.system.conda.networking import client
from envlock.system.secrets import redact

_PRIORITY = {"strict": ChannelPriority.Strict, "flexible": ChannelPriority.Disabled}


async def solve(request: dict[str, Any]) -> list[dict[str, Any]]:
    """{channels: [{name, url}], priority, cache, offline, cutoff (UTC or null),
    targets: [{platform, specs, limits, virtual: [[name, version, build]], keep: [{name, sha256}]}]}
    -> for each target {records: plain values, sorted by name} or {unsatisfiable: why}."""
    channels = [Channel(c["url"]) for c in request["channels"]]
    names = names_of(request)
    gateway = gateway_to(request)

    async def one(target: dict[str, Any]) -> dict[str, Any]:
        try:
            records = await _solved(request, target, channels, gateway)
        except SolverError as error:
            return {"unsatisfiable": str(error)}
        return {"records": sorted((plain(r, names) for r in records), key=lambda r: str(r["name"]))}

    return await asyncio.gather(*(one(target) for target in request["targets"]))


async def _solved(
    request: dict[str, Any], target: dict[str, Any], channels: list[Channel], gateway: Gateway
) -> list[RepoDataRecord]:
    platforms = [Subdir(target["platform"]), Subdir("noarch")]
    specs, limits = sorted(target["specs"]), list(target["limits"])
    if request["priority"] == "strict" and len(channels) > 1:
        owners = await _owners(gateway, channels, platforms, [_name(s) for s in specs if "::" not in s])
        specs = [f"{owners[_name(s)]}::{s}" if _name(s) in owners and "::" not in s else s for s in specs]
    cutoff = request["cutoff"]
    return await solver.solve(
        channels,
        [MatchSpec(text, strict=False) for text in specs],
        gateway=gateway,
        platforms=platforms,
        locked_packages=await _kept(gateway, channels, platforms, target["keep"]),
        virtual_packages=[_virtual(*v) for v in target["virtual"]],
        channel_priority=_PRIORITY[request["priority"]],
        exclude_newer=datetime.fromisoformat(cutoff) if cutoff else None,
        constraints=[MatchSpec(text, strict=False) for text in limits],
        # only what env.toml names: a channel's own wish for others would make the order a surprise
        channel_relations="disabled",
    )


async def _owners(
    gateway: Gateway, channels: list[Channel], platforms: list[Subdir], names: list[str]
) -> dict[str, str]:
    """Of names that are asked for the first channel that has any package so named, as its URL.

    The solver does not see what a channel has beside what a spec asks for: `x >=2` would be taken from a later channel
    where the first one has `x` 1 only, which is not what strict means.
    """
    found = await gateway.query(
        channels, platforms, [MatchSpec(name) for name in names], recursive=False, channel_relations="disabled"
    )
    order = {redact(channel.base_url).rstrip("/"): number for number, channel in enumerate(channels)}
    owners: dict[str, int] = {}
    for record in (record for records in found for record in records):
        place = order[redact(record.channel or "").rstrip("/")]
        owners[record.name.normalized] = min(place, owners.get(record.name.normalized, place))
    return {name: channels[number].base_url.rstrip("/") for name, number in owners.items()}


def _name(spec: str) -> str:
    return MatchSpec(spec, strict=False).name.normalized


async def find(request: dict[str, Any]) -> str | None:
    """{channel: url, subdir, name, sha256, cache, offline} -> where the channel says that this package is."""
    channels, platforms = [Channel(request["channel"])], [Subdir(request["subdir"])]
    records = await _kept(gateway_to(request), channels, platforms, [request])
    return next((record.url for record in records), None)


def names_of(request: dict[str, Any]) -> dict[str, str]:
    """The names that env.toml has for channels, by URL."""
    # a record names its channel without the login
    return {redact(Channel(c["url"]).base_url).rstrip("/"): c["name"] for c in request["channels"]}


def gateway_to(request: dict[str, Any]) -> Gateway:
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


def plain(record: RepoDataRecord, channels: dict[str, str]) -> dict[str, Any]:
    return {
        "name": record.name.normalized,
        "version": str(record.version),
        "build": str(record.build),
        "subdir": record.subdir,
        "file": record.file_name,
        "sha256": record.sha256.hex() if record.sha256 else None,
        "size": record.size,
        "uploaded": _utc(record.timestamp),
        "channel": _asked_channel(record, channels),
        "url": record.url,
        "requires": sorted(record.depends),
        "constrains": sorted(record.constrains),
    }


def _utc(time: datetime | None) -> str | None:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if time else None


def _asked_channel(record: RepoDataRecord, channels: dict[str, str]) -> str:
    """The name that env.toml has for the channel of a record. Its URL says nothing of it: that may lie elsewhere."""
    url = redact(record.channel or "").rstrip("/")
    if url not in channels:
        raise OutsideError(f"`{record.file_name}` comes from `{url}`, which is no channel of env.toml")
    return channels[url]
