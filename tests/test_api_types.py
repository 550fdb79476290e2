"""What type checkers tell people who use the Python API."""

import subprocess
import sys
from pathlib import Path

from tests.support.api_world import scripts
from tests.support.cache import cache_folder
from tests.support.processes import PROJECT

WRONG = """
from envlock import CondaDependencies, Environment, Run, Workspace

ws = Workspace.discover()
env = Environment("small")
env.docker.enabled = True
env.build(ws, image_build_compute="cluster")
env.python.conda_dependencies = ["numpy"]
number: int = env.register(ws).version
number = Run.get(ws, "7f3a").get_environment()
"""
RIGHT = """
from envlock import CondaDependencies, Environment, Workspace
from envlock.api.building import Build


def made(ws: Workspace, env: Environment, in_docker: bool) -> Build | None:
    env.environment_variables = {"A": "1"}
    env.python.conda_dependencies = CondaDependencies.create(pip_packages="flask", conda_packages=["numpy"])
    env.lock(packages="numpy")
    env.build_local(ws).prefix.exists()
    env.build_local(ws, useDocker=True).get_log()
    there = env.build_local(ws, useDocker=in_docker)
    return there if isinstance(there, Build) else None
"""
SAID = [
    (6, "attr-defined"),
    (7, "call-arg"),
    (8, "assignment"),
    (9, "assignment"),
    (10, "assignment"),
]


def test_programs_of_the_documentation_are_typed_and_mistakes_are_seen(tmp_path: Path) -> None:
    page = (PROJECT / "docs" / "python-api.md").read_text()
    programs = [code for kind, code, _ in scripts(page) if kind == "python"]
    for number, code in enumerate(programs):
        (tmp_path / f"program_{number}.py").write_text(code)
    (tmp_path / "right.py").write_text(RIGHT)
    (tmp_path / "wrong.py").write_text(WRONG)
    words = ("--strict", "--no-error-summary", "--show-error-codes", "--cache-dir", cache_folder() / "mypy-api")
    done = subprocess.run(
        (sys.executable, "-m", "mypy", *words, "--config-file", "", *sorted(tmp_path.glob("*.py"))),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line.partition(": error: ") for line in done.stdout.splitlines() if ": error: " in line]
    found = [(place, text.rpartition("[")[2].rstrip("]")) for place, _, text in lines]
    assert found == [(f"wrong.py:{line}", code) for line, code in SAID], done.stdout + done.stderr
