"""In the child: what channels say of packages that another program has chosen."""

from typing import Any
from urllib.parse import unquote

from rattler import Channel, MatchSpec, RepoDataRecord, Subdir

from envlock.errors import OutsideError
from envlock.system.conda.solving import gateway_to, names_of, plain
from envlock.system.secrets import redact


async def records(request: dict[str, Any]) -> list[dict[str, Any]]:
    """{channels: [{name, url}], platform, packages: [{name, url, sha256}], cache, offline}
    -> records as plain values, in the same order."""
    channels = [Channel(c["url"]) for c in request["channels"]]
    names = [MatchSpec(package["name"]) for package in request["packages"]]
    platforms = [Subdir(request["platform"]), Subdir("noarch")]
    found = await gateway_to(request).query(channels, platforms, names, recursive=False, channel_relations="disabled")
    by_place: dict[tuple[str, str], list[RepoDataRecord]] = {}
    for record in (record for records in found for record in records):
        by_place.setdefault((record.subdir, record.file_name), []).append(record)
    known = names_of(request)
    return [plain(_record(package, by_place), known) for package in request["packages"]]


def _record(package: dict[str, Any], known: dict[tuple[str, str], list[RepoDataRecord]]) -> RepoDataRecord:
    base, subdir, file = unquote(redact(package["url"])).rsplit("/", 2)
    found = known.get((subdir, file), [])
    nearest = [record for record in found if unquote(redact(record.url)) == f"{base}/{subdir}/{file}"] or found
    for record in nearest:
        if package["sha256"] in (None, "", record.sha256.hex() if record.sha256 else None):
            return record
    if nearest:
        raise OutsideError(f"`{file}` was chosen with a sha256 that its channel does not have for it")
    raise OutsideError(f"`{file}` was chosen, and no channel of env.toml has it")
