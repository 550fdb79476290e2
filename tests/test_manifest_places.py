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
labels = { team = "maps" }

[platform.linux-64]
cuda = "12"

[variables]
MODE = "fast"
"""

LINES = {
    ("unmet", "numpy <2,>=1.26"): 9,
    ("unmet", "pandas"): 10,
    ("added", "flask-login>=1"): 14,
    ("unmet", "python 3.11.*"): 2,
    ("unasked", "libcblas"): None,
    ("unmet", "user"): None,  # a package: not the key of that name
    ("input", "python"): 2,
    ("origin", "channels"): 5,
    ("input", "channel-priority"): 4,  # not written: the table it would stand in
    ("origin", "indexes"): 13,
    ("image", "user"): 17,
    ("image", "labels.team"): 18,
    ("image", "labels.owner"): 18,
    ("image", "variables.MODE"): 24,
    ("input", "cuda"): 21,
    ("platform", "linux-64"): None,
    ("image", "pandas"): None,
    ("unmet", None): None,
}


def test_lines_of_problems(tmp_path: Path) -> None:
    manifest = tmp_path / "env.toml"
    manifest.write_text(TEXT)
    problems = [Problem(kind=kind, message="", platform="linux-64", subject=subject) for kind, subject in LINES]
    assert dict(zip(LINES, lines_of(manifest, problems), strict=True)) == LINES
