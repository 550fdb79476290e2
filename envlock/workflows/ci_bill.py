"""Bills of materials as files: what hangs on an image in its registry, where other steps of a job can read it."""

from pathlib import Path

from envlock.system.files import write_whole
from envlock.workflows import later_images
from envlock.workflows.bill import Billed, bill_of
from envlock.workflows.build_target import Target

_FOLDER = "sbom"


def write_bill(target: Target, name: str, home: Path) -> Path:
    """The file `sbom/NAME.cdx.json` below `home`; of further platforms, `sbom/PLATFORM/NAME.cdx.json`. CycloneDX, the
    same wherever the lock is the same."""
    folder = home.absolute()
    written = []
    for number, locked in enumerate(target.platforms):
        place = folder / _FOLDER / (locked.platform if number else "") / f"{name}.cdx.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        text = later_images.bill_text(bill_of(Billed(name=name, lock=target.lock, locked=locked)), "cyclonedx")
        write_whole(place, text.encode())
        written.append(place)
    return written[0]
