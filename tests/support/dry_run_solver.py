"""A program that answers as `mamba create --dry-run --json` does, by the protocol that conda-lock speaks.

`install_solver(FOLDER)` puts it into a folder for PATH. Like the real one it takes its channels, priority, platform and
virtual packages from its arguments and variables, and tells which packages it would fetch, as their channels describe
them; py-rattler solves for it. It writes each call into `FOLDER/calls.jsonl`.
"""

import argparse
import asyncio
import json
import os
import shlex
import sys
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
CALLS = "calls.jsonl"
_VIRTUAL = {"ARCHSPEC": "__archspec", "CUDA": "__cuda", "GLIBC": "__glibc", "LINUX": "__linux", "OSX": "__osx"}


def install_solver(folder: Path, name: str = "mamba") -> Path:
    """The program `name` in a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    words = shlex.join([sys.executable, str(Path(__file__).resolve()), str(folder / CALLS)])
    path.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    path.chmod(0o755)
    return path


def calls(folder: Path) -> list[dict[str, Any]]:
    """What the program in a folder was asked: {arguments, environment} for each call."""
    path = folder / CALLS
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def main(log: Path, arguments: list[str]) -> int:
    with log.open("a") as stream:
        stream.write(json.dumps({"arguments": arguments, "environment": dict(os.environ)}) + "\n")
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["create"])
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--channel", action="append", default=[])
    parser.add_argument("specs", nargs="*")
    for flag in ("--dry-run", "--json", "--override-channels", "--offline"):
        parser.add_argument(flag, action="store_true")
    asked = parser.parse_intermixed_args(arguments)
    if not (asked.dry_run and asked.json and asked.override_channels):
        parser.error("only a dry run with channels of its own is answered, as JSON")
    from rattler.exceptions import SolverError

    try:
        records = asyncio.run(_solve(asked))
    except SolverError as error:
        sys.stdout.write(json.dumps({"success": False, "solver_problems": str(error).splitlines()}))
        return 1
    sys.stdout.write(json.dumps({"success": True, "dry_run": True, "actions": {"FETCH": records, "LINK": records}}))
    return 0


async def _solve(asked: argparse.Namespace) -> list[dict[str, Any]]:
    from rattler import Channel, ChannelPriority, Gateway, MatchSpec, Subdir, solver
    from rattler.networking import Client

    specs = [MatchSpec(text, strict=False) for text in asked.specs]
    strict = os.environ["MAMBA_CHANNEL_PRIORITY"] == "strict"
    records = await solver.solve(
        [Channel(url) for url in asked.channel],
        # a solver knows all that a channel has, py-rattler's only what is asked for
        [*specs, *(MatchSpec(spec.name.normalized) for spec in specs if spec.name)],
        gateway=Gateway(cache_dir=Path(os.environ["MAMBA_ROOT_PREFIX"]) / "cache", client=Client.default_client()),
        platforms=[Subdir(os.environ["CONDA_SUBDIR"]), Subdir("noarch")],
        virtual_packages=[_virtual(variable) for variable in _VIRTUAL if os.environ.get(f"CONDA_OVERRIDE_{variable}")],
        channel_priority=ChannelPriority.Strict if strict else ChannelPriority.Disabled,
        channel_relations="disabled",
    )
    return [_fetch(record) for record in records]


def _virtual(variable: str) -> Any:
    from rattler import Version
    from rattler.package import PackageName
    from rattler.package.build_string import BuildString
    from rattler.virtual_package import GenericVirtualPackage

    value = os.environ[f"CONDA_OVERRIDE_{variable}"]
    version, build = ("1", value) if variable == "ARCHSPEC" else (value, "0")
    return GenericVirtualPackage(PackageName(_VIRTUAL[variable]), Version(version), BuildString(build))


def _fetch(record: Any) -> dict[str, Any]:
    """A record in the words of mamba's JSON."""
    return {
        "name": record.name.normalized,
        "version": str(record.version),
        "build": str(record.build),
        "build_string": str(record.build),
        "build_number": record.build_number,
        "subdir": record.subdir,
        "channel": record.channel,
        "fn": record.file_name,
        "url": record.url,
        "md5": record.md5.hex() if record.md5 else "",
        "sha256": record.sha256.hex() if record.sha256 else "",
        "size": record.size or 0,
        "depends": list(record.depends),
        "constrains": list(record.constrains),
    }


if __name__ == "__main__":
    code = main(Path(sys.argv[1]), sys.argv[2:])
    sys.stdout.flush()
    # py-rattler's threads may crash an orderly exit
    os._exit(code)
