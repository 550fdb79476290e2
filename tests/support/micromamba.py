"""What stands in for micromamba in images: it takes the same words and the same `@EXPLICIT` file.

Like the real one it holds each package against the sha256 after its URL, and writes a record of each into `conda-meta`;
py-rattler does the work. Called as `micromamba create --yes --prefix PREFIX --file FILE`.
"""

import argparse
import asyncio
import hashlib
import os
import urllib.request
from pathlib import Path
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["create"])
    parser.add_argument("--yes", action="store_true", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--file", type=Path, required=True)
    words = parser.parse_args()
    first, *urls = [line for line in words.file.read_text().splitlines() if not line.startswith("#")]
    assert first == "@EXPLICIT"
    asyncio.run(_install([_record(url) for url in urls], words.prefix))


def _record(line: str) -> Any:
    from rattler import PackageRecord, RepoDataRecord
    from rattler.package_streaming import extract

    url, _, sha256 = line.partition("#")
    channel, name = url.rpartition("/")[0].rpartition("/")[0], url.rpartition("/")[2]
    place, unpacked = Path("/tmp/packages", name), Path("/tmp/unpacked", name)
    place.parent.mkdir(exist_ok=True)
    data = urllib.request.urlopen(url).read()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise SystemExit(f"{url} has another sha256")
    place.write_bytes(data)
    extract(place, unpacked)
    record = PackageRecord.from_index_json(unpacked / "info" / "index.json", len(data), sha256)
    return RepoDataRecord(record, name, url, channel)


async def _install(records: list[Any], prefix: str) -> None:
    from rattler import install

    await install(records, target_prefix=prefix, show_progress=False)


if __name__ == "__main__":
    main()
    os._exit(0)  # py-rattler sometimes crashes when the interpreter ends, its work done
