"""Conda prefixes, installed by rattler from a channel as a user's conda would."""

import asyncio
from pathlib import Path

from tests.support.processes import run_python

GLIBC = "2.36"


def install(channel: str, specs: list[str], prefix: Path) -> None:
    """Solve for Linux, as if it had this glibc, and link what was found; `channel` is a URL."""
    arguments = f"{channel!r}, {specs!r}, {str(prefix)!r}"
    run_python(f"from {__name__} import install_here; install_here({arguments})")


def install_here(channel: str, specs: list[str], prefix: str) -> None:
    import rattler

    async def steps() -> None:
        build = rattler.BuildString("0")
        virtual = [
            rattler.GenericVirtualPackage(rattler.PackageName(name), rattler.Version(version), build)
            for name, version in (("__glibc", GLIBC), ("__linux", "6.1"), ("__unix", "0"))
        ]
        cache = Path(prefix).with_name(f"{Path(prefix).name}.cache")
        records = await rattler.solve(
            [rattler.Channel(channel)],
            specs,
            gateway=rattler.Gateway(cache_dir=cache / "repodata"),
            platforms=["linux-64", "noarch"],
            virtual_packages=virtual,
        )
        await rattler.install(
            records,
            target_prefix=prefix,
            cache_dir=cache / "packages",
            show_progress=False,
        )

    asyncio.run(steps())
