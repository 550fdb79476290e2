"""A wheel made of what an installer has put into a folder of its own: the way back, for what is installed editable."""

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from email.parser import BytesParser
from pathlib import Path

from envlock.errors import OutsideError

_EPOCH = (1980, 1, 1, 0, 0, 0)
# what the installer noted of its own; scripts are made anew, for the place where they will be
_NOTES = ("INSTALLER", "REQUESTED", "RECORD", "uv_cache.json", "uv_build.json")


def as_wheel(folder: Path, into: Path) -> Path:
    """The wheel, in `into`, of the one distribution that was installed into `folder`."""
    found = list(folder.glob("*.dist-info"))
    if len(found) != 1:
        raise OutsideError(f"one distribution should have been installed, not {len(found)}")
    info = found[0]
    members = {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(_members(folder, info))}
    rows = "".join(f"{name},sha256={_record_hash(content)},{len(content)}\n" for name, content in members.items())
    members[f"{info.name}/RECORD"] = f"{rows}{info.name}/RECORD,,\n".encode()
    path = into / f"{info.name.removesuffix('.dist-info')}-{_tag(info)}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as wheel:
        for name, content in members.items():
            wheel.writestr(zipfile.ZipInfo(name, _EPOCH), content)
    return path


def _members(folder: Path, info: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        top = path.relative_to(folder).parts[0]
        noted = path.parent == info and path.name in _NOTES
        if path.is_file() and top not in ("bin", ".lock") and not noted and "__pycache__" not in path.parts:
            yield path


def _tag(info: Path) -> str:
    return str(BytesParser().parsebytes((info / "WHEEL").read_bytes()).get("Tag", "py3-none-any"))


def _record_hash(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
