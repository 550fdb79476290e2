"""The example that the README begins with, from nothing, in a folder of its own."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.docker_engine import Engine
from tests.support.processes import PROJECT
from tests.support.services import require_root


@pytest.mark.full
def test_the_quickstart_makes_an_image_and_is_quick_again(tmp_path: Path, docker_engine: Engine) -> None:
    require_root("the quickstart's base image")
    variables = {"ENVLOCK_QUICKSTART": str(tmp_path / "quickstart"), "DOCKER_HOST": docker_engine.url}
    for _ in range(2):
        done = subprocess.run(
            ("bash", PROJECT / "examples" / "quickstart.sh"),
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("97% of 150 irises known") == 2  # on this machine, and in the container
        assert len(re.findall(r"^quickstart@sha256:[0-9a-f]{64}$", done.stdout, re.MULTILINE)) == 2
    assert "making a base image" not in done.stderr
    assert "fetching" not in done.stderr
    assert list((tmp_path / "quickstart").glob("project.*")) == []
