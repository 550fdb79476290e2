"""A base of Debian's packages, beside mmdebstrap with the same packages from the same archive on disk."""

from collections.abc import Sequence
from pathlib import Path

from tests.bench.measure import Step
from tests.bench.place import Place
from tests.bench.scenario import Limit, Scenario, Subject
from tests.support.debian_archive import archive
from tests.support.debian_minbase import ANY_SUITE, MERGED_USR, READ_AS_ROOT, sources
from tests.support.services import require

UNPACKED, INSTALLED = "mmdebstrap, unpacking alone", "mmdebstrap, installing"


def debian_build(place: Place) -> Scenario:
    environment = place.debian
    folder = place.folder / "mmdebstrap"
    folder.mkdir()

    def built() -> Sequence[Step]:
        environment.only_downloads()
        return [environment.envlock("build")]

    names = sorted(package.name for package in environment.locked.debian)
    return Scenario(
        does=f"an image of {len(names)} Debian packages from disk, no layer there, beside a compressed tar of them",
        subjects=(
            Subject(name="build", ready=built),
            Subject(name=UNPACKED, ready=lambda: [_mmdebstrap(folder, "extract", names)]),
            Subject(name=INSTALLED, ready=lambda: [_mmdebstrap(folder, "minbase", names)]),
        ),
        limits=(Limit(subject="build", peer=UNPACKED, at_most=1.0),),
    )


def _mmdebstrap(folder: Path, variant: str, names: Sequence[str]) -> Step:
    """The same packages, as a tar that gzip compresses."""
    root = folder / "root.tar.gz"
    root.unlink(missing_ok=True)
    options = ("--mode=root", "--quiet", f"--variant={variant}", f"--include={','.join(names)}", MERGED_USR)
    program = require("mmdebstrap", "mmdebstrap")
    return Step(command=(program, *options, READ_AS_ROOT, ANY_SUITE, root, *sources(archive())), folder=folder)
