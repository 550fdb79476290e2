"""What the README begins with, from nothing; it and the examples alone talk to the machine's mirror of Debian."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.support.docker_engine import Engine
from tests.support.processes import PROJECT
from tests.support.registry import running_registry

SCORE = "97% of 150 irises known"
RIGHT = re.compile(r"; (\d+) of \1 layers are what they should be\n")


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
    assert re.search(
        r"^(\d+) packages fetched .*; (\d+) of \2 layers are what they should be$", first.stdout, re.MULTILINE
    )
    assert "fetching" in first.stderr

    second = quickstart(tmp_path / "quickstart", docker_engine)
    assert re.findall(r"^quickstart@sha256:[0-9a-f]{64}$", second.stdout, re.MULTILINE) == now[:1]
    assert SCORE in second.stderr
    assert "nothing to do" in second.stderr
    for work in ("installing", "fetching", "verify", "loading", "$ docker run"):
        assert work not in second.stderr


def test_the_readme_leads_from_nothing_to_a_registry(tmp_path: Path) -> None:
    section = (PROJECT / "README.md").read_text().partition("## From nothing to a registry")[2]
    serving, commands = section.split("```")[1].split("\n\n", 1)
    assert "docker-registry serve registry.yml" in serving  # at a port of its own
    whose = {f"GIT_{who}_{what}": "kim@ours.test" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    with running_registry(tmp_path) as registry:
        done = subprocess.run(
            ("bash", "-euc", commands.replace("localhost:5000", registry.host)),
            cwd=tmp_path,
            env={**os.environ, **whose, "PATH": path, "ENVLOCK_CACHE_DIR": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    again, changed = re.findall(rf"^{registry.host}/shop@sha256:[0-9a-f]{{64}}$", done.stdout, re.MULTILINE)
    assert again != changed
    assert f"  digest     {again.partition('@')[2]}\n" in done.stdout
    assert RIGHT.search(done.stdout)
    bill = json.loads((tmp_path / "shop" / "shop.cdx.json").read_text())
    assert {"flask", "rich", "libc6"} <= {component["name"] for component in bill["components"]}
