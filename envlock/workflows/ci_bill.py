"""Bills of materials as files: what hangs on an image in its registry, where other steps of a job can read it."""

import hashlib
import os
from pathlib import Path

from envlock.system.files import write_whole
from envlock.workflows import later_images
from envlock.workflows.bill import Billed, bill_of
from envlock.workflows.build_target import Target
from envlock.workflows.ci_report import Subject
from envlock.workflows.context import Context

_FOLDER = "sbom"


def write_bill(target: Target, subject: Subject, home: Path, context: Context) -> Path:
    """The file `sbom/NAME.cdx.json` below `home`; of further platforms, `sbom/PLATFORM/NAME.cdx.json`. CycloneDX, the
    same wherever the lock is the same."""
    folder, name, file = home.absolute(), subject.name, own_name(subject, context)
    written = []
    for number, locked in enumerate(target.platforms):
        place = folder / _FOLDER / (locked.platform if number else "") / f"{file}.cdx.json"
        place.parent.mkdir(parents=True, exist_ok=True)
        text = later_images.bill_text(bill_of(Billed(name=name, lock=target.lock, locked=locked)), "cyclonedx")
        write_whole(place, text.encode())
        written.append(place)
    return written[0]


def own_name(subject: Subject, context: Context) -> str:
    """Its name, for the first environment of this run that has it; for another, with a hash of its folder."""
    first = context.once((write_bill, subject.name), lambda: subject.folder)
    digits = hashlib.sha256(os.fsencode(subject.folder)).hexdigest()[:12]
    return subject.name if first == subject.folder else f"{subject.name}--{digits}"
