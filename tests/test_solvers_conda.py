"""Which conda packages are chosen: for the declared system, by priority of channels, around pins."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.errors import OutsideError, UserInputError
from envlock.model.lock import CondaPackage as Locked
from envlock.model.platform import PLATFORMS, System, VirtualPackage, virtual_packages
from envlock.solvers.conda_rattler import solve
from envlock.solvers.requests import CondaAnswer, CondaRequest
from tests.support.conda_channel import write_channel
from tests.support.conda_package import package_bytes
from tests.support.http_server import serve_folder
from tests.support.solving import CondaSolver, conda_request, package, write_channels


class Solver(CondaSolver):
    def solve(self, requests: Sequence[CondaRequest]) -> list[tuple[CondaAnswer, ...]]:
        return solve(requests)


FIRST = (
    package("tool", "1.0", "lib"),
    package("tool", "2.0", "lib >=2"),
    package("lib", "1.0"),
    package("lib", "2.0", constrains=("limited <2",)),
    package("limited", "1.0"),
    package("limited", "2.0"),
    package("pure", "1.0", "lib", noarch="generic"),
    *(package("built", build=f"h_{number}", build_number=number) for number in (0, 2, 1)),
    package("system", "1.0"),
    package("system", "2.0", "__glibc >=2.28"),
    package("system", "3.0", "__glibc >=2.34"),
    package("kernel", "1.0", "__linux >=5"),
    package("gpu", "1.0"),
    package("gpu", "2.0", "__cuda >=12"),
    package("vector", "1.0", "__archspec * x86_64"),
    package("vector", "2.0", "__archspec * x86_64_v3"),
    package("anywhere", "1.0", "__unix"),
    package("mac", "1.0", "__osx"),
    package("both", "1.0"),
    package("old", "1.0"),
)
SECOND = (package("both", "2.0"), package("second-only", "1.0", "both"), package("old", "0.5"))


@pytest.fixture(scope="module")
def channels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_channels(tmp_path_factory.mktemp("channels"), first=FIRST, second=SECOND)


@pytest.fixture
def solver(channels: Path, tmp_path: Path) -> Solver:
    return Solver(channels, conda_request(channels, tmp_path / "cache"))


def test_an_answer_says_all_that_is_locked(solver: Solver) -> None:
    ((answer,),) = solve([replace(solver.request, specs=("lib",))])
    file = solver.folder / "first/linux-64/lib-2.0-0.conda"
    (made,) = [p for p in FIRST if (p.name, p.version) == ("lib", "2.0")]
    assert answer.url == file.as_uri()
    assert file.read_bytes() == package_bytes(made)
    assert answer.package == Locked(
        name="lib",
        version="2.0",
        build="0",
        subdir="linux-64",
        file="lib-2.0-0.conda",
        sha256=answer.package.sha256,
        size=file.stat().st_size,
        channel="./first",
        uploaded="2023-11-14T22:13:20Z",
        constrains=("limited <2",),
    )
    assert len(answer.package.sha256) == 64


@pytest.mark.parametrize(
    ("specs", "versions"),
    [
        ((), {}),
        (("tool",), {"lib": "2.0", "tool": "2.0"}),
        (("tool <2",), {"lib": "2.0", "tool": "1.0"}),
        (("lib 1.*", "tool"), {"lib": "1.0", "tool": "1.0"}),
        (("lib", "limited"), {"lib": "2.0", "limited": "1.0"}),
        (("limited >=2", "tool"), {"lib": "1.0", "limited": "2.0", "tool": "1.0"}),
        (("pure",), {"lib": "2.0", "pure": "1.0"}),
    ],
)
def test_the_newest_that_go_together(solver: Solver, specs: tuple[str, ...], versions: Mapping[str, str]) -> None:
    assert solver.versions(*specs) == versions
    assert solver.versions(*reversed(specs)) == versions


def test_platform_and_noarch_packages_and_the_highest_build(solver: Solver) -> None:
    found = solver.ask("pure", "built")
    assert (found["pure"].subdir, found["built"].subdir) == ("noarch", "linux-64")
    assert (found["built"].build, found["built"].file) == ("h_2", "built-1.0-h_2.conda")


@pytest.mark.parametrize(
    ("spec", "system", "version"),
    [
        ("system", System(), "2.0"),
        ("system", System(glibc="2.36"), "3.0"),
        ("system", System(glibc="2.17"), "1.0"),
        ("system", System(glibc=None), "1.0"),
        ("kernel", System(linux="5.10"), "1.0"),
        ("gpu", System(), "1.0"),
        ("gpu", System(cuda="11.8"), "1.0"),
        ("gpu", System(cuda="12.4"), "2.0"),
        ("vector", System(), "1.0"),
        ("vector", System(archspec="x86_64_v3"), "2.0"),
        ("anywhere", System(glibc=None, linux=None, archspec=None), "1.0"),
    ],
)
def test_the_declared_system_decides(solver: Solver, spec: str, system: System, version: str) -> None:
    assert solver.versions(spec, system=system) == {spec: version}


@pytest.mark.parametrize(
    ("spec", "system", "missing"),
    [
        ("kernel", System(), "__linux >=5"),
        ("gpu >=2", System(), "__cuda >=12"),
        ("system >=3", System(), "__glibc >=2.34"),
        ("vector", System(archspec=None), "__archspec"),
        ("mac", System(), "__osx"),
    ],
)
def test_what_the_declared_system_has_not(solver: Solver, spec: str, system: System, missing: str) -> None:
    """Whatever the machine has that resolves."""
    with pytest.raises(UserInputError, match=missing):
        solver.ask(spec, system=system)


def test_the_declared_system_in_condas_words() -> None:
    assert virtual_packages(System(cuda="12.4")) == (
        VirtualPackage("__unix", "0"),
        VirtualPackage("__linux", "4.18"),
        VirtualPackage("__glibc", "2.28"),
        VirtualPackage("__cuda", "12.4"),
        VirtualPackage("__archspec", "1", "x86_64"),
    )
    assert virtual_packages(System(glibc=None, linux=None, archspec=None)) == (VirtualPackage("__unix", "0"),)


@pytest.mark.parametrize(
    ("priority", "expected"),
    [("strict", ("1.0", "./first")), ("flexible", ("2.0", "./second"))],
)
def test_the_priority_of_channels(solver: Solver, priority: str, expected: tuple[str, str]) -> None:
    found = solver.ask("both", priority=priority)["both"]
    assert (found.version, found.channel) == expected


def test_strictly_a_package_is_the_first_channels_alone(solver: Solver) -> None:
    assert solver.versions("second-only") == {"both": "1.0", "second-only": "1.0"}
    turned = tuple(reversed(solver.request.channels))
    assert solver.versions("both", "old", channels=turned) == {"both": "2.0", "old": "0.5"}


def test_strictly_a_later_channel_is_not_asked_where_the_first_one_has_too_old_a_package(solver: Solver) -> None:
    with pytest.raises(UserInputError) as failure:
        solver.ask("both >=2")
    assert "both >=2" in failure.value.message
    assert solver.versions("both >=2", priority="flexible") == {"both": "2.0"}


def test_a_package_of_a_named_channel(solver: Solver) -> None:
    channels = tuple((name.removeprefix("./"), url) for name, url in solver.request.channels)
    assert solver.versions("second::both", channels=channels) == {"both": "2.0"}
    assert solver.versions("second/linux-64::both", channels=channels) == {"both": "2.0"}
    assert solver.versions("first::both", channels=channels, priority="flexible") == {"both": "1.0"}
    with pytest.raises(UserInputError) as failure:
        solver.ask("third::both", channels=channels)
    assert failure.value.message == "`third::both`: `third` is not among the channels `first`, `second`"
    assert failure.value.hint == 'add "third" to `channels` in [conda]'
    with pytest.raises(UserInputError) as failure:
        solver.ask("first::both >=2", channels=channels)
    assert 'both >=2[channel="first"]' in failure.value.message.replace(" [", "[")
    assert "file:" not in failure.value.message


def test_limits_hold_and_ask_for_nothing(solver: Solver) -> None:
    assert solver.versions("pure", limits=("lib ==1.0", "tool ==1.0")) == {"lib": "1.0", "pure": "1.0"}


def test_several_platforms_at_once(solver: Solver, tmp_path: Path) -> None:
    write_channel(
        tmp_path / "channel",
        [package("tool", "2.0"), package("tool", "1.0", platform="osx-arm64"), package("pure", noarch="generic")],
    )
    asked = replace(solver.request, specs=("tool", "pure"), channels=(("ours", (tmp_path / "channel").as_uri()),))
    mac = replace(asked, platform=PLATFORMS["osx-arm64"], system=PLATFORMS["osx-arm64"].system)
    linux, other = solve([asked, mac])
    assert [(a.package.name, a.package.version, a.package.subdir) for a in linux] == [
        ("pure", "1.0", "noarch"),
        ("tool", "2.0", "linux-64"),
    ]
    assert [(a.package.name, a.package.version, a.package.subdir) for a in other] == [
        ("pure", "1.0", "noarch"),
        ("tool", "1.0", "osx-arm64"),
    ]
    with pytest.raises(UserInputError) as failure:
        solve([replace(asked, specs=("tool >=2",)), replace(mac, specs=("tool >=2",))])
    assert failure.value.message.startswith("what [conda] asks for cannot be had on osx-arm64 from `ours`\n")


def test_nothing_newer_than_the_cutoff(solver: Solver, tmp_path: Path) -> None:
    times = {"1.0": 1_700_000_000_123, "2.0": 1_750_000_000_000}
    write_channel(tmp_path / "channel", [package("x", version, timestamp=time) for version, time in times.items()])
    channels = (("ours", (tmp_path / "channel").as_uri()),)
    found = solver.ask("x", channels=channels)["x"]
    assert (found.version, found.uploaded) == ("2.0", "2025-06-15T15:06:40Z")
    found = solver.ask("x", channels=channels, cutoff="2025-06-15T15:06:39Z")["x"]
    assert (found.version, found.uploaded) == ("1.0", "2023-11-14T22:13:20Z")
    assert solver.versions("x", channels=channels, cutoff="2025-06-15T15:06:40Z") == {"x": "2.0"}
    with pytest.raises(UserInputError) as failure:
        solver.ask("x >=2", channels=channels, cutoff="2024-01-01T00:00:00Z")
    assert "nothing that was published after 2024-01-01T00:00:00Z counts (`exclude-newer`)" in failure.value.message


def test_pins_are_kept_while_they_hold(solver: Solver) -> None:
    keep = tuple(solver.ask("tool <2", "lib <2").values())
    assert solver.versions("tool", keep=keep) == {"lib": "1.0", "tool": "1.0"}
    assert solver.versions("tool >=2", keep=keep) == {"lib": "2.0", "tool": "2.0"}
    assert solver.versions("pure", keep=keep) == {"lib": "1.0", "pure": "1.0"}


def test_a_pin_is_kept_by_its_bytes_and_may_be_gone(solver: Solver) -> None:
    (lib,) = solver.ask("lib <2").values()
    gone = (replace(lib, sha256="0" * 64), replace(lib, name="no-longer-there", sha256="1" * 64))
    assert solver.versions("lib", keep=gone) == {"lib": "2.0"}


def test_what_nothing_meets(solver: Solver) -> None:
    with pytest.raises(UserInputError) as failure:
        solver.ask("lib <2", "tool >=2")
    assert failure.value.message.startswith(
        "what [conda] asks for cannot be had on linux-64 from `./first`, `./second`\n"
        "Cannot solve the request because of: "
    )
    assert "tool 2.0 would require" in failure.value.message
    assert failure.value.hint == "loosen one of the requirements named above, or add a channel"


@pytest.mark.parametrize("also", [{}, {"md5": "0" * 32}])
def test_a_channel_without_sha256(solver: Solver, tmp_path: Path, also: dict[str, str]) -> None:
    channel = write_channel(tmp_path / "channel", [package("old", "1.0")])
    repodata = json.loads((channel / "linux-64/repodata.json").read_bytes())
    record = repodata["packages.conda"]["old-1.0-0.conda"]
    del record["sha256"], record["md5"]
    record.update(also)
    (channel / "linux-64/repodata.json").write_text(json.dumps(repodata))
    with pytest.raises(OutsideError) as failure:
        solver.ask("old", channels=(("./channel", channel.as_uri()),))
    assert failure.value.message == "channel `./channel` has no sha256 for `old-1.0-0.conda`"


def test_over_http_no_login_gets_into_what_is_locked(solver: Solver) -> None:
    with serve_folder(solver.folder) as server:
        url = f"http://me:word@127.0.0.1:{server.port}/first"
        ((answer,),) = solve([replace(solver.request, specs=("lib",), channels=(("ours", url),))])
    assert answer.package.channel == "ours"
    assert "word" not in repr(answer.package)


def test_a_channel_that_is_not_there_is_named_without_its_login(solver: Solver) -> None:
    with serve_folder(solver.folder) as server:
        url = f"http://me:word@127.0.0.1:{server.port}/nowhere"
        with pytest.raises(OutsideError) as failure:
            solver.ask("lib", channels=(("ours", url),))
    assert "/nowhere" in failure.value.message
    assert "word" not in failure.value.message


def test_offline_with_what_was_seen_and_without(solver: Solver) -> None:
    with serve_folder(solver.folder) as server:
        channels = (("ours", f"{server.url}/first"),)
        before = solver.ask("tool", channels=channels)
        server.requests.clear()
        assert solver.ask("tool", channels=channels, offline=True) == before
        with pytest.raises(OutsideError):
            solver.ask("tool", channels=channels, offline=True, cache=solver.request.cache / "another")
        assert server.requests == []
