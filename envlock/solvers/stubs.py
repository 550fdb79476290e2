"""Stand-ins for what conda provides: wheels of nothing but metadata, so that a pip resolver counts with them."""

import base64
import hashlib
import zipfile
from pathlib import Path

_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_stub(
    folder: Path, *, name: str, version: str, extras: tuple[str, ...] = (), requires: tuple[str, ...] = ()
) -> Path:
    """A wheel of one distribution at one version (PEP 440) that contains nothing and needs only `requires`."""
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    offered = "".join(f"Provides-Extra: {extra}\n" for extra in extras)
    offered += "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    members = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{offered}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: envlock\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = "".join(f"{path},sha256={_record_hash(text)},{len(text.encode())}\n" for path, text in members.items())
    members[f"{info}/RECORD"] = f"{rows}{info}/RECORD,,\n"
    path = folder / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as wheel:
        for member, text in members.items():
            wheel.writestr(zipfile.ZipInfo(member, _EPOCH), text)
    return path


def _record_hash(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
