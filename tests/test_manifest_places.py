"""The lines of env.toml that problems are about."""

from pathlib import Path

from envlock.manifest.places import lines_of
from envlock.model.problem import Problem

TEXT = """\
name = "e"
python = "3.11"

[conda]
channels = [
    "conda-forge",
]
dependencies = [
    "Numpy>=1.26,<2",
    "pandas",
]

[pip]
dependencies = ["Flask_Login >= 1"]

[image]
user = "1000"

[platform.linux-64]
cuda = "12"
"""

LINES = {
    "numpy <2,>=1.26": 9,
    "pandas": 10,
    "flask-login>=1": 14,
    "python 3.11.*": 2,
    "python": 2,
    "channels": 5,
    "channel_priority": 4,  # not written: the table it would stand in
    "user": 17,
    "cuda": 20,
    "libcblas": None,
}


def test_lines_of_problems(tmp_path: Path) -> None:
    manifest = tmp_path / "env.toml"
    manifest.write_text(TEXT)
    problems = [Problem(kind="input", message="", platform="linux-64", subject=subject) for subject in LINES]
    problems.append(Problem(kind="unmet", message=""))
    assert lines_of(manifest, problems) == (*LINES.values(), None)
