"""A CPython of this machine as a conda package that runs from any prefix."""

import json
import re
import shutil
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.conda_package import PLACEHOLDER, CondaPackage, PackageFile
from tests.support.processes import run

# parts of an installation that no environment of these tests needs, or that need what is not there (Tk)
LEFT_OUT = {"__pycache__", "dist-packages", "ensurepip", "idlelib", "site-packages", "test", "tests"} | {
    "sitecustomize.py",
    "tkinter",
    "turtledemo",
    "EXTERNALLY-MANAGED",
}
LEFT_OUT_PATTERN = re.compile(r"config-|_tkinter\.|.*\.a$")

# Debian's Python keeps packages in dist-packages unless it runs in a virtual environment: this is the
# question its sysconfig.py asks, and a conda prefix answers like such an environment
DEBIAN_QUESTION = 'sys.base_prefix != sys.prefix or hasattr(sys, "real_prefix")'

# its site.py asks the same, but is compiled into the program, so that site-packages is added after it
DEBIAN_SITE = b"""\
import site, sys
if sys.prefix == sys.base_prefix:
    packages = f"{sys.prefix}/lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    site.getsitepackages = lambda prefixes=None: [packages]
    site.addsitedir(packages)
"""

QUERY = """
import json, platform, sys
print(json.dumps({"prefix": sys.base_prefix, "version": platform.python_version()}))
"""


@dataclass(frozen=True)
class Interpreter:
    prefix: Path
    version: str

    @property
    def minor(self) -> str:
        return ".".join(self.version.split(".")[:2])

    @property
    def program(self) -> Path:
        return self.prefix / "bin" / f"python{self.minor}"


def interpreter(program: str | Path) -> Interpreter:
    """What stands behind `program`, also when that belongs to a virtual environment."""
    answer = json.loads(run((program, "-I", "-c", QUERY)))
    return Interpreter(Path(answer["prefix"]), answer["version"])


def python_package(python: Interpreter) -> CondaPackage:
    program = f"bin/python{python.minor}"
    files = {
        "bin/python": PackageFile(link=f"python{python.minor}"),
        "bin/python3": PackageFile(link=f"python{python.minor}"),
        program: _program(python),
        f"bin/pydoc{python.minor}": script(f"python{python.minor}", "import pydoc\npydoc.cli()\n"),
        **dict(_libraries(python)),
        **dict(_standard_library(python)),
    }
    site_packages = f"lib/python{python.minor}/site-packages"
    return CondaPackage(
        name="python",
        version=python.version,
        build=f"0_cp{python.minor.replace('.', '')}",
        depends=("__glibc >=2.17,<3.0.a0",),
        constrains=(f"python_abi {python.minor}.* *_cp{python.minor.replace('.', '')}",),
        files=dict(sorted(files.items())),
        license="PSF-2.0",
        index={"python_site_packages_path": site_packages},
    )


def python_abi_package(python: Interpreter) -> CondaPackage:
    """The empty package by which compiled packages are bound to one minor version of CPython."""
    compact = python.minor.replace(".", "")
    return CondaPackage(
        name="python_abi",
        version=python.minor,
        build=f"0_cp{compact}",
        constrains=(f"python {python.minor}.* *_cp{compact}",),
        noarch="generic",
    )


def script(python: str, body: str) -> PackageFile:
    """A text file of bin/ that starts the prefix's own Python."""
    shebang = f"#!{PLACEHOLDER}/bin/{python}\n"
    return PackageFile(content=(shebang + body).encode(), executable=True, placeholder=PLACEHOLDER)


def _program(python: Interpreter) -> PackageFile:
    """The executable, looking for libraries in the lib/ of its prefix, which stands in it as placeholder."""
    with tempfile.TemporaryDirectory() as folder:
        changed = Path(folder, "python")
        run((_patchelf(), "--set-rpath", f"{PLACEHOLDER}/lib", "--output", changed, python.program.resolve()))
        return PackageFile(content=changed.read_bytes(), executable=True, placeholder=PLACEHOLDER)


def _patchelf() -> str:
    """The program of the `patchelf` distribution, beside the Python that runs the tests."""
    return shutil.which("patchelf", path=sysconfig.get_path("scripts")) or "patchelf"


def _libraries(python: Interpreter) -> Iterator[tuple[str, PackageFile]]:
    for name in run((_patchelf(), "--print-needed", python.program.resolve())).split():
        library = python.prefix / "lib" / name
        if name.startswith("libpython") and library.exists():
            yield f"lib/{name}", PackageFile(content=library.read_bytes(), executable=True)


def _standard_library(python: Interpreter) -> Iterator[tuple[str, PackageFile]]:
    root = python.prefix / "lib" / f"python{python.minor}"
    for path in sorted(root.rglob("*")):
        inside = path.relative_to(root)
        if any(part in LEFT_OUT or LEFT_OUT_PATTERN.match(part) for part in inside.parts):
            continue
        if path.is_file():
            yield f"lib/{root.name}/{inside}", _library_file(python, path)
    if DEBIAN_QUESTION in (root / "sysconfig.py").read_text():
        yield f"lib/{root.name}/sitecustomize.py", PackageFile(content=DEBIAN_SITE)


def _library_file(python: Interpreter, path: Path) -> PackageFile:
    if path.is_symlink() and path.readlink().parent == Path():
        return PackageFile(link=str(path.readlink()))
    content = path.read_bytes()
    if path.name == "sysconfig.py":
        content = content.replace(DEBIAN_QUESTION.encode(), b"True")
    if path.name.startswith("_sysconfigdata"):
        return _build_variables(python, content)
    # shared libraries carry the prefix of their build too, but never use it: it cannot be made longer there
    return PackageFile(content=content, executable=path.suffix == ".so")


def _build_variables(python: Interpreter, content: bytes) -> PackageFile:
    """The record of how CPython was built, with the placeholder wherever a path begins with its prefix."""
    prefix = re.escape(str(python.prefix).encode())
    placed = re.sub(rb"(?<=['=: ])" + prefix + rb"(?=['/: ])", PLACEHOLDER.encode(), content)
    return PackageFile(content=placed, placeholder=PLACEHOLDER)
