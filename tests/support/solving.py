"""What solvers are asked in tests, whichever program solves: the same wheels, channels and requests for each."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from envlock.model.lock import CondaPackage as LockedConda
from envlock.model.lock import PipPackage
from envlock.model.platform import PLATFORMS, System
from envlock.model.spec import Index
from envlock.solvers.requests import CondaAnswer, CondaRequest, PipAnswer, PipRequest
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.tiny_wheels import write_wheel


@dataclass(frozen=True)
class PipSolver(ABC):
    """Asks for wheels from one index; `folder` is what it serves."""

    folder: Path
    request: PipRequest

    @abstractmethod
    def solve(self, request: PipRequest) -> tuple[PipAnswer, ...]: ...

    def ask(self, *requirements: str, **changes: Any) -> tuple[PipAnswer, ...]:
        return self.solve(replace(self.request, requirements=requirements, **changes))

    def versions(self, *requirements: str, **changes: Any) -> dict[str, str]:
        return {answer.name: answer.version for answer in self.ask(*requirements, **changes)}


@dataclass(frozen=True)
class CondaSolver(ABC):
    """Asks for packages from the channels `first` and `second`, in that order."""

    folder: Path
    request: CondaRequest

    @abstractmethod
    def solve(self, requests: Sequence[CondaRequest]) -> list[tuple[CondaAnswer, ...]]: ...

    def asked(self, *specs: str, **changes: Any) -> CondaRequest:
        return replace(self.request, specs=specs, **changes)

    def ask(self, *specs: str, **changes: Any) -> dict[str, LockedConda]:
        (answers,) = self.solve([self.asked(*specs, **changes)])
        return {answer.package.name: answer.package for answer in answers}

    def versions(self, *specs: str, **changes: Any) -> dict[str, str]:
        return {name: package.version for name, package in self.ask(*specs, **changes).items()}


def write_wheels(folder: Path) -> Path:
    """Two versions of a library, what takes any of them with an extra to it, and what takes the older one alone."""
    for version in ("1.0", "2.0"):
        write_wheel(folder, "lib.core", version)
    write_wheel(folder, "app", requires=["Lib_Core>=1", "extra-only; extra == 'more'"], extras=["more"])
    write_wheel(folder, "extra-only")
    write_wheel(folder, "old", requires=["lib-core<2"])
    return folder


def pip_request(url: str, cache: Path) -> PipRequest:
    return PipRequest(
        requirements=(),
        indexes=(Index(name="ours", url=url, default=True),),
        provided={},
        python="3.11.7",
        platform=PLATFORMS["linux-64"],
        system=System(),
        keep=(),
        cache=cache,
        offline=False,
    )


def pin(name: str, version: str) -> PipPackage:
    return PipPackage(name=name, version=version, file="x.whl", sha256="0" * 64, size=1, index="ours")


def package(name: str, version: str = "1.0", *depends: str, **more: Any) -> CondaPackage:
    return CondaPackage(name=name, version=version, depends=depends, **more)


def write_channels(folder: Path, *, first: Sequence[CondaPackage], second: Sequence[CondaPackage]) -> Path:
    write_channel(folder / "first", first)
    write_channel(folder / "second", second)
    return folder


def conda_request(channels: Path, cache: Path) -> CondaRequest:
    return CondaRequest(
        channels=tuple((f"./{name}", (channels / name).as_uri()) for name in ("first", "second")),
        priority="strict",
        specs=(),
        platform=PLATFORMS["linux-64"],
        system=System(),
        keep=(),
        cache=cache,
        offline=False,
    )
