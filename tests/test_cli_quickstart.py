"""The example that the README begins with, from nothing; it alone talks to the machine's mirror of Debian."""

import os
import re
import subprocess
from pathlib import Path

from tests.support.docker_engine import Engine
from tests.support.processes import PROJECT

SCORE = "97% of 150 irises known"


def quickstart(folder: Path, engine: Engine) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ("bash", PROJECT / "examples" / "quickstart.sh"),
        env={**os.environ, "ENVLOCK_QUICKSTART": str(folder), "DOCKER_HOST": engine.url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_the_quickstart_makes_an_image_and_has_nothing_to_do_again(tmp_path: Path, docker_engine: Engine) -> None:
    first = quickstart(tmp_path / "quickstart", docker_engine)
    before, *now = re.findall(r"^quickstart@sha256:[0-9a-f]{64}$", first.stdout, re.MULTILINE)
    assert [before != digest for digest in now] == [True, True]  # what was upgraded is in the image
    assert re.search(r"^upgraded +joblib +1\.4\.\S+ +\S+", first.stdout, re.MULTILINE)
    assert re.search(r"^└── python3\.\d+ 3\.\d+\S* +debian$", first.stdout, re.MULTILINE)
    assert first.stdout.count(SCORE) == 1  # in the container
    assert "fetching" in first.stderr

    second = quickstart(tmp_path / "quickstart", docker_engine)
    assert re.findall(r"^quickstart@sha256:[0-9a-f]{64}$", second.stdout, re.MULTILINE) == now[:1]
    assert SCORE in second.stderr
    assert "nothing to do" in second.stderr
    for work in ("installing", "fetching", "loading", "$ docker run"):
        assert work not in second.stderr
