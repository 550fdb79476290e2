"""Wheels as files in a prefix: the same that pip makes of them, and a RECORD that tells the truth."""

import base64
import csv
import hashlib
import importlib.metadata
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from envlock.environments.prefix import write_prefix
from envlock.environments.venv import venv_files
from envlock.environments.wheel import WheelTarget, wheel_files
from envlock.model.files import Deflatable, PrefixFile
from envlock.system.near import NearReader
from tests.support import wheels
from tests.support.processes import run
from tests.support.tiny_wheels import write_wheel

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
FULL = ".".join(map(str, sys.version_info[:3]))
BASE = Path(sys._base_executable).resolve()  # type: ignore[attr-defined]
SITE_PACKAGES = f"lib/python{MINOR}/site-packages"
IMAGE = WheelTarget(prefix="/opt/env", python=MINOR)
REAL = ("numpy", "scipy", "scikit-learn", "joblib", "cloudpickle", "threadpoolctl", "narwhals",
        "flask", "werkzeug", "jinja2", "markupsafe", "click", "blinker", "itsdangerous")  # fmt: skip


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A prefix of real wheels, in a folder whose name has a space."""
    return installed(tmp_path_factory.mktemp("real") / "an environment", *(wheels.path(name) for name in REAL))


def installed(prefix: Path, *paths: Path) -> Path:
    target = WheelTarget(prefix=str(prefix), python=MINOR)
    files = [file for path in paths for file in wheel_files(path, target)]
    write_prefix(prefix, [*files, *venv_files(str(BASE.parent), str(BASE), FULL)])
    return prefix


def content(file: PrefixFile) -> bytes:
    assert file.content is not None
    return b"".join(file.content.chunks())


def named(files: tuple[PrefixFile, ...], path: str) -> PrefixFile:
    return next(file for file in files if file.path == path)


def paths(files: tuple[PrefixFile, ...]) -> list[str]:
    return [file.path for file in files]


def test_installed_packages_are_imported_and_compute(environment: Path) -> None:
    code = (
        "import sys, numpy, flask\n"
        "from sklearn.linear_model import LinearRegression\n"
        "model = LinearRegression().fit(numpy.array([[0.0], [1.0], [2.0]]), [1.0, 3.0, 5.0])\n"
        "print(round(float(model.predict([[3.0]])[0]), 6), sys.prefix)\n"
    )
    assert run((environment / "bin/python", "-B", "-c", code)) == f"7.0 {environment}\n"


def test_scripts_start_from_a_path_with_a_space(environment: Path) -> None:
    assert run((environment / "bin/flask", "--version")).startswith(f"Python {FULL}\nFlask {wheels.VERSIONS['flask']}")


def test_packages_fit_one_another(environment: Path) -> None:
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", f"--python={environment}/bin/python")
    assert run((*pip, "check")) == "No broken requirements found.\n"
    names = {line.partition("==")[0] for line in run((*pip, "list", "--format=freeze")).splitlines()}
    assert {name.lower() for name in names} == set(REAL)


def test_record_tells_the_truth_of_every_file(environment: Path) -> None:
    seen = set()
    for distribution in importlib.metadata.distributions(path=[str(environment / SITE_PACKAGES)]):
        record = distribution.read_text("RECORD")
        assert record is not None
        for path, stated, size in csv.reader(record.splitlines()):
            file = (environment / SITE_PACKAGES / path).resolve()
            seen.add(file.relative_to(environment.resolve()).as_posix())
            if path.endswith(".dist-info/RECORD"):
                assert (stated, size) == ("", "")
                continue
            algorithm, _, digest = stated.partition("=")
            data = file.read_bytes()
            found = base64.urlsafe_b64encode(hashlib.new(algorithm, data).digest()).decode().rstrip("=")
            assert (digest, int(size)) == (found, len(data)), path
    on_disk = {p.relative_to(environment).as_posix() for p in environment.rglob("*") if p.is_file()}
    own = {"pyvenv.cfg", "bin/python", "bin/python3", f"bin/python{MINOR}"}
    bytecode = {path for path in on_disk if "__pycache__" in path}
    assert seen == on_disk - own - bytecode


def test_pip_makes_the_same_files_of_the_same_wheels(tmp_path: Path) -> None:
    theirs = tmp_path / "pip"
    installed(theirs)
    chosen = [wheels.path(name) for name in ("numpy", "flask", "joblib", "pytz")]
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", f"--python={theirs}/bin/python")
    run((*pip, "install", "--quiet", "--no-deps", "--no-compile", "--no-index", *chosen))
    ours = installed(tmp_path / "ours", *chosen)
    assert tree(ours, ours) == tree(theirs, ours)


def tree(root: Path, shown_as: Path) -> dict[str, tuple[bytes, bool]]:
    """Hash and executable bit of what wheels brought, as if `root` were `shown_as`."""
    left_out = ("bin/python", "pyvenv.cfg")
    own = ("INSTALLER", "RECORD", "REQUESTED", "direct_url.json")
    files = {p.relative_to(root).as_posix(): p for p in root.rglob("*") if p.is_file()}
    return {
        name: (hashlib.sha256(as_script(path, root, shown_as)).digest(), bool(path.stat().st_mode & 0o100))
        for name, path in files.items()
        if not name.startswith(left_out) and path.name not in own and "__pycache__" not in name
    }


def as_script(path: Path, root: Path, shown_as: Path) -> bytes:
    data = path.read_bytes()
    if path.parent.name != "bin" or b"sys.exit(" not in data:
        return data
    # pip, uv and installer each write an entry point in words of their own: what they call is the same
    imported = [line for line in data.splitlines() if line.startswith((b"from ", b"#!"))]
    return b"\n".join(imported).replace(bytes(root), bytes(shown_as))


def test_a_plan_is_sorted_and_the_same_each_time() -> None:
    first, second = (wheel_files(wheels.path("pandas"), IMAGE) for _ in range(2))
    assert first == second
    assert paths(first) == sorted(set(paths(first)))
    assert all(file.content is not None and file.size == len(content(file)) for file in first)


def test_each_scheme_has_its_place(tmp_path: Path) -> None:
    data = {
        "pure.data/purelib/a.py": "a = 1\n",
        "pure.data/platlib/b.py": "b = 1\n",
        "pure.data/data/etc/c.conf": "c\n",
        "pure.data/headers/d.h": "d\n",
        "pure.data/scripts/e": "#!/bin/sh\necho e\n",
        "f.py": "f = 1\n",
    }
    wheel = write_wheel(tmp_path, "Pure", files={k.replace("pure.", "Pure-1.0."): v for k, v in data.items()})
    dist_info = f"{SITE_PACKAGES}/Pure-1.0.dist-info"
    files = wheel_files(wheel, IMAGE)
    assert paths(files) == [
        "bin/e",
        "etc/c.conf",
        f"include/site/python{MINOR}/pure/d.h",
        f"{dist_info}/INSTALLER",
        f"{dist_info}/METADATA",
        f"{dist_info}/RECORD",
        f"{dist_info}/WHEEL",
        f"{SITE_PACKAGES}/a.py",
        f"{SITE_PACKAGES}/b.py",
        f"{SITE_PACKAGES}/f.py",
    ]
    assert [file.path for file in files if file.executable] == ["bin/e"]
    assert content(named(files, f"{dist_info}/INSTALLER")) == b"envlock\n"
    record = content(named(files, f"{dist_info}/RECORD")).decode()
    assert [line.partition(",")[0] for line in record.splitlines()][:3] == [
        "../../../bin/e",
        "../../../etc/c.conf",
        f"../../../include/site/python{MINOR}/pure/d.h",
    ]


@pytest.mark.parametrize("prefix", ["/opt/env", "/opt/an env", "/opt/" + "deep/" * 40 + "env"])
def test_scripts_for_python_get_the_interpreter_of_the_prefix(tmp_path: Path, prefix: str) -> None:
    script = "#!python -s\nprint('hello')\n"
    wheel = write_wheel(tmp_path, "tool", files={"tool-1.0.data/scripts/tool": script})
    text = content(named(wheel_files(wheel, WheelTarget(prefix=prefix, python=MINOR)), "bin/tool")).decode()
    assert text.startswith("#!/opt/env/bin/python\n" if prefix == "/opt/env" else "#!/bin/sh\n")
    assert f"{prefix}/bin/python" in text
    assert text.endswith("\nprint('hello')\n")


def test_a_script_for_python_runs_from_a_long_path(tmp_path: Path) -> None:
    prefix = tmp_path / ("long" * 40)
    script = "#!python\nimport sys\nprint(sys.prefix, *sys.argv[1:])\n"
    wheel = write_wheel(tmp_path, "tool", files={"tool-1.0.data/scripts/tool": script})
    installed(prefix, wheel)
    assert run((prefix / "bin/tool", "a b")) == f"{prefix} a b\n"


def test_an_entry_point_wins_over_a_script_of_its_name(tmp_path: Path) -> None:
    wheel = write_wheel(
        tmp_path,
        "tool",
        files={"tool-1.0.data/scripts/tool": "#!python\nprint('old')\n", "tool.py": "def main(): print('new')\n"},
        entry_points={"tool": "tool:main"},
    )
    prefix = installed(tmp_path / "env", wheel)
    assert run((prefix / "bin/tool",)) == "new\n"
    record = (prefix / SITE_PACKAGES / "tool-1.0.dist-info/RECORD").read_text()
    assert record.count("bin/tool,") == 1


def test_bytecode_in_a_wheel_is_left_behind(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "a", files={"a.py": "", "__pycache__/a.cpython-311.pyc": b"?"})
    files = wheel_files(wheel, IMAGE)
    assert f"{SITE_PACKAGES}/a.py" in paths(files)
    assert not any("pyc" in content(file).decode() or "pyc" in file.path for file in files)


def test_bytes_are_read_by_any_number_of_readers_at_once() -> None:
    file = named(wheel_files(wheels.path("click"), IMAGE), f"{SITE_PACKAGES}/click/core.py")
    assert file.content is not None
    readers = [file.content.chunks() for _ in range(3)]
    assert {b"".join(pieces) for pieces in zip(*readers, strict=True)} == {content(file) * 3}


def test_the_same_files_come_out_of_any_python() -> None:
    code = (
        "import sys; from pathlib import Path; from hashlib import sha256\n"
        "from envlock.environments.wheel import WheelTarget, wheel_files\n"
        f"files = wheel_files(Path(sys.argv[1]), WheelTarget(prefix='/opt/env', python='{MINOR}'))\n"
        "digest = sha256()\n"
        "for f in files:\n"
        "    digest.update(f'{f.path} {f.mode} {f.size}'.encode() + b''.join(f.content.chunks()))\n"
        "print(digest.hexdigest())\n"
    )
    root = str(Path(__file__).parents[1])
    answers = {
        subprocess.run(
            (sys.executable, "-c", code, wheels.path("flask")),
            env={"PYTHONPATH": root, "PYTHONHASHSEED": seed, "LC_ALL": locale, "TZ": zone},
            check=True,
            capture_output=True,
        ).stdout
        for seed, locale, zone in (("1", "C", "UTC"), ("2", "C.UTF-8", "Asia/Tokyo"))
    }
    assert len(answers) == 1


def test_members_can_be_had_as_the_wheel_keeps_them() -> None:
    """What comes out of the stream that is kept is what comes out of the member, and the checksum fits."""
    kept = 0
    for file in wheel_files(wheels.path("numpy"), IMAGE):
        deflation = file.content.deflation(NearReader()) if isinstance(file.content, Deflatable) else None
        if deflation is None:
            continue
        pairs = list(deflation.pairs)
        packed, plain = b"".join(p for p, _ in pairs), b"".join(p for _, p in pairs)
        assert len(packed) == deflation.packed
        assert zlib.decompress(packed, -zlib.MAX_WBITS) == plain == content(file)
        assert zlib.crc32(plain) == deflation.crc
        kept += 1
    assert kept > 500
