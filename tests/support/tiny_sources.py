"""Hand-made projects that build without anything of an index: their backend is their own, and notes that it ran."""

import tarfile
from collections.abc import Iterable
from pathlib import Path

# a wheel by hand, and a line in `ran` for every time that its code is run
_BACKEND = """
import base64, hashlib, json, pathlib, zipfile

NAME, VERSION, REQUIRES, RAN, HERE = {name!r}, {version!r}, {requires!r}, {ran!r}, pathlib.Path(__file__).parent


def _write(folder, files):
    if RAN:
        with open(RAN, "a") as noted:
            noted.write(NAME + "\\n")
    stem = NAME.replace("-", "_") + "-" + VERSION
    lines = ["Metadata-Version: 2.1", "Name: " + NAME, "Version: " + VERSION]
    lines += ["Requires-Dist: " + need for need in REQUIRES]
    files = dict(files)
    files[stem + ".dist-info/METADATA"] = "\\n".join(lines) + "\\n"
    files[stem + ".dist-info/WHEEL"] = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += path + ",sha256=" + digest + "," + str(len(text.encode())) + "\\n"
    files[stem + ".dist-info/RECORD"] = record + stem + ".dist-info/RECORD,,\\n"
    with zipfile.ZipFile(pathlib.Path(folder, stem + "-py3-none-any.whl"), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return stem + "-py3-none-any.whl"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    modules = [path for path in HERE.glob("*.py") if path.stem != "backend"]
    return _write(wheel_directory, {{path.name: path.read_text() for path in modules}})


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _write(wheel_directory, {{"_" + NAME.replace("-", "_") + ".pth": str(HERE) + "\\n"}})


def get_requires_for_build_wheel(config_settings=None):
    return []


get_requires_for_build_editable = get_requires_for_build_wheel
"""


def write_project(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    requires: Iterable[str] = (),
    static: bool = False,
    ran: Path | None = None,
    build_requires: Iterable[str] = (),
) -> Path:
    """A project of one module; `static` ones say in pyproject.toml what they are, of others only building tells."""
    folder.mkdir(parents=True, exist_ok=True)
    module = name.replace("-", "_")
    (folder / f"{module}.py").write_text(f'__version__ = "{version}"\n')
    text = _BACKEND.format(name=name, version=version, requires=[*requires], ran=str(ran) if ran else "")
    (folder / "backend.py").write_text(text)
    project = f'[project]\nname = "{name}"\nversion = "{version}"\ndependencies = {[*requires]}\n' if static else ""
    (folder / "pyproject.toml").write_text(
        f'{project}[build-system]\nrequires = {[*build_requires]}\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    return folder


def write_sdist(folder: Path, source: Path, name: str, version: str = "1.0") -> Path:
    """The sdist of a project; without static metadata."""
    stem = f"{name.replace('-', '_')}-{version}"
    folder.mkdir(parents=True, exist_ok=True)
    note = source / "PKG-INFO"
    note.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    path = folder / f"{stem}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for each in sorted(source.iterdir()):
            archive.add(each, arcname=f"{stem}/{each.name}")
    return path
