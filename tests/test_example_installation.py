"""How the examples for GitLab and Jenkins install envlock: their own lines, run by a shell."""

import os
import re
import sys
from pathlib import Path

import pytest
import yaml

from tests.support.actions.at_forge import copied_action
from tests.support.processes import PROJECT, run
from tests.support.repository import History

EXAMPLES = PROJECT / "examples" / "workflows"
HERE = f"py{sys.version_info.major}.{sys.version_info.minor}"
# a folder that a container has for itself
GITLAB, OPT = yaml.safe_load((EXAMPLES / "gitlab-ci.yml").read_text())[".envlock"], "/opt/envlock"


def lines(name: str) -> str:
    if name == "gitlab-ci.yml":
        return "\n".join(GITLAB["before_script"])
    (found,) = re.findall(r"sh '''\n(.*?)'''", (EXAMPLES / name).read_text(), re.S)
    return str(found)


@pytest.mark.parametrize("name", ["gitlab-ci.yml", "Jenkinsfile"])
def test_what_is_installed_is_locked(name: str) -> None:
    script = lines(name)
    run(("sh", "-n", "-c", script))
    assert re.findall(r"pip install --quiet (\S+) --no-deps", script) == ["--require-hashes"]
    assert "pip install --quiet --no-deps --no-build-isolation" in script
    assert len(re.findall(r"pip install", script)) == 2


def test_what_is_locked_is_for_the_python_of_the_image() -> None:
    image, version = GITLAB["image"].split(":")
    (locked,) = re.findall(r"/opt/envlock/(\S+\.txt)", lines("gitlab-ci.yml"))
    assert (image, locked) == ("python", f".github/action/py{version}/linux-64.txt")
    assert (PROJECT / locked).exists()


@pytest.mark.full
@pytest.mark.parametrize("name", ["gitlab-ci.yml", "Jenkinsfile"])
def test_the_lines_install_envlock(name: str, tmp_path: Path) -> None:
    history = History(copied_action(tmp_path / "origin"))
    history.git("init", "--quiet")
    commit = history.commit()
    here = f'ln -s "{sys.executable}" "{tmp_path}/python"; PATH="{tmp_path}:$PATH"\n'
    script = lines(name).replace(OPT, str(tmp_path / "envlock")).replace("py3.12", HERE)
    given = {"ENVLOCK": history.folder.as_uri(), "ENVLOCK_COMMIT": commit, "WORKSPACE_TMP": str(tmp_path)}
    run(("sh", "-ec", here + script), environment={**os.environ, **given}, folder=tmp_path)
    assert run((tmp_path / "envlock" / ".venv" / "bin" / "envlock", "--version")).startswith("envlock ")
