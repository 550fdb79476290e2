"""In the child: what channels say of packages that are known by the name of their file."""

from typing import Any

from rattler import Channel, MatchSpec, RepoDataRecord, Subdir

from envlock.system.conda.solving import gateway_to, names_of, plain


async def named(request: dict[str, Any]) -> list[dict[str, Any] | None]:
    """{channels: [{name, url}], subdirs, packages: [{name, channel, subdir, file}], cache, offline}
    -> for each its channel's record as plain values, with its `md5`; None where the channel has no such file."""
    known = names_of(request)
    found = await gateway_to(request).query(
        [Channel(channel["url"]) for channel in request["channels"]],
        [Subdir(subdir) for subdir in request["subdirs"]],
        [MatchSpec(name) for name in sorted({package["name"] for package in request["packages"]})],
        recursive=False,
        channel_relations="disabled",
    )
    by_place: dict[tuple[str, str, str], dict[str, Any]] = {}
    wanted = {_place(package) for package in request["packages"]}
    for record in (record for records in found for record in records):
        told = _told(record, known)
        if _place(told) in wanted:
            by_place.setdefault(_place(told), told)
    return [by_place.get(_place(package)) for package in request["packages"]]


def _place(package: dict[str, Any]) -> tuple[str, str, str]:
    return package["channel"], package["subdir"], package["file"]


def _told(record: RepoDataRecord, known: dict[str, str]) -> dict[str, Any]:
    return plain(record, known) | {"md5": record.md5.hex() if record.md5 else None}
