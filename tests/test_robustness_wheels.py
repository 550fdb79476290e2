"""Wheels that would take too much, or what is not theirs."""

import zipfile
from pathlib import Path

import pytest

from envlock.environments.wheel import WheelTarget, wheel_files
from envlock.errors import OutsideError
from tests.support.processes import run_python
from tests.support.tiny_wheels import write_wheel

TARGET = WheelTarget(prefix="/opt/env", python="3.11")
SCRIPT = "tool-1.0.data/scripts/tool"
LARGE = 300 << 20


def large_script(folder: Path) -> Path:
    """A wheel of a few hundred kB whose script for Python has 300 MiB."""
    wheel = write_wheel(folder, "tool")
    with zipfile.ZipFile(wheel, "a", zipfile.ZIP_DEFLATED) as archive, archive.open(SCRIPT, "w") as script:
        script.write(b"#!python\n")
        for _ in range(LARGE >> 20):
            script.write(bytes(1 << 20))
    return wheel


def test_a_script_of_any_size_is_never_held_whole(tmp_path: Path) -> None:
    wheel = large_script(tmp_path)
    said = run_python(
        "import resource; from pathlib import Path\n"
        "from tests.test_robustness_wheels import TARGET, wheel_files\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        f"(script,) = [f for f in wheel_files(Path({str(wheel)!r}), TARGET) if f.path == 'bin/tool']\n"
        "read = sum(map(len, script.content.chunks()))\n"
        "after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(read == script.size, script.size, after - before < 50_000)\n"
    )
    assert said.split() == ["True", str(LARGE + len("#!/opt/env/bin/python\n")), "True"]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (b"#!python\n", b"#!/opt/env/bin/python\n"),
        (b"#!python", b"#!/opt/env/bin/python\n"),
        (b"#!pythonw -s\n\nx\n", b"#!/opt/env/bin/python\n\nx\n"),
        (b"#!/bin/sh\n#!python\n", b"#!/bin/sh\n#!python\n"),
        (b"#!python" + bytes(2 << 20), b"#!python" + bytes(2 << 20)),
        (b"", b""),
    ],
)
def test_only_the_first_line_of_a_script_for_python_is_another(tmp_path: Path, script: bytes, expected: bytes) -> None:
    wheel = write_wheel(tmp_path, "tool", files={SCRIPT: script})
    (found,) = [file for file in wheel_files(wheel, TARGET) if file.path == "bin/tool"]
    assert found.content is not None
    assert b"".join(found.content.chunks()) == expected
    assert found.size == len(expected)


@pytest.mark.parametrize(
    "path", ["conda-meta/other-1.0-0.json", "conda-meta/history", "conda-meta", "pyvenv.cfg", "envlock-complete.json"]
)
def test_what_tells_an_environment_is_not_for_wheels(tmp_path: Path, path: str) -> None:
    wheel = write_wheel(tmp_path, "tool", files={f"tool-1.0.data/data/{path}": "{}"})
    with pytest.raises(OutsideError) as refusal:
        wheel_files(wheel, TARGET)
    expected = f"the wheel `{wheel.name}` is refused: it brings `{path}`, which says what the environment itself is"
    assert refusal.value.message == expected


def test_what_is_only_named_alike_is(tmp_path: Path) -> None:
    names = ("conda-metal/x", "etc/conda-meta/x", "etc/pyvenv.cfg")
    wheel = write_wheel(tmp_path, "tool", files={f"tool-1.0.data/data/{name}": "" for name in names})
    assert {file.path for file in wheel_files(wheel, TARGET)} >= set(names)
