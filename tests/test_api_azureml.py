"""The same lines with Azure ML's SDK and with envlock, only their imports changed, say the same."""

import json
import subprocess
import sys
from pathlib import Path

from tests.support.api_world import new_repository
from tests.support.azureml import sdk

IMPORTS = "import json\nfrom envlock import CondaDependencies, Environment\nfolder = {folder!r}\n"
FILES = {
    "env.yml": "channels: [conda-forge]\ndependencies:\n- python=3.11\n- numpy\n- pip:\n  - flask\n  - rich\n",
    "requirements.txt": "flask\nrich\n",
    "Dockerfile": "FROM debian:trixie-slim\nRUN true\n",
}
CREATED = """
env = Environment(name="myenv")
conda_dep = CondaDependencies()
conda_dep.add_conda_package("scikit-learn")
conda_dep.add_pip_package("flask")
conda_dep.add_channel("bioconda")
env.python.conda_dependencies = conda_dep
env.environment_variables = {"MESSAGE": "Hello from the image"}
env.environment_variables["MORE"] = "1"
env.docker.base_image = "debian:trixie-slim"
env.docker.base_dockerfile = None
same = env.python.conda_dependencies
same.add_pip_package("rich")
same.remove_pip_package("flask")
same.remove_conda_package("scikit-learn")
clone = env.clone("new")
print(json.dumps([
    env.name, env.version, clone.name, env.environment_variables["MORE"], sorted(clone.environment_variables),
    clone.docker.base_image, clone.docker.base_dockerfile,
    "rich" in list(env.python.conda_dependencies.pip_packages),
    "flask" in list(env.python.conda_dependencies.pip_packages),
    "scikit-learn" in list(env.python.conda_dependencies.conda_packages),
    "bioconda" in list(clone.python.conda_dependencies.conda_channels),
]))
"""
FROM_FILES = """
import os
os.chdir(os.path.dirname(folder))
conda = Environment.from_conda_specification(name="fromconda", file_path="env.yml")
pip = Environment.from_pip_requirements(name="frompip", file_path="requirements.txt")
image = Environment.from_docker_image(name="fromimage", image="debian:trixie-slim")
both = Environment.from_docker_image("both", "debian:trixie-slim", conda_specification="env.yml")
made = Environment.from_dockerfile(name="fromfile", dockerfile="./Dockerfile", pip_requirements="requirements.txt")
print(json.dumps([
    [env.name for env in (conda, pip, image, both, made)],
    [list(env.python.conda_dependencies.pip_packages) for env in (conda, pip, both, made)],
    list(conda.python.conda_dependencies.conda_channels),
    conda.python.conda_dependencies.get_python_version(),
    ["numpy" in list(env.python.conda_dependencies.conda_packages) for env in (conda, pip, both)],
    [env.docker.base_image for env in (image, both, made)],
    [env.python.user_managed_dependencies for env in (conda, pip, image, both, made)],
]))
"""
MANAGED = """
env = Environment("managed")
env.docker.base_image = "debian:trixie-slim"
env.python.user_managed_dependencies = True
env.python.interpreter_path = "/opt/python/bin/python"
print(json.dumps([env.python.user_managed_dependencies, env.python.interpreter_path, env.docker.base_image]))
"""
SAVED = """
env = Environment(name="saved")
env.docker.base_image = "debian:trixie-slim"
env.python.conda_dependencies = CondaDependencies.create(pip_packages=["flask"], conda_packages=["numpy"])
env.save_to_directory(path=folder)
try:
    env.save_to_directory(path=folder)
    refused = False
except Exception:
    refused = True
env.environment_variables = {"A": "1"}
env.save_to_directory(path=folder, overwrite=True)
again = Environment.load_from_directory(path=folder)
print(json.dumps([
    refused, again.name, again.environment_variables["A"], again.docker.base_image,
    list(again.python.conda_dependencies.pip_packages), "numpy" in list(again.python.conda_dependencies.conda_packages),
]))
"""


def ours(script: str, folder: Path) -> str:
    done = subprocess.run(
        (sys.executable, "-c", IMPORTS.format(folder=str(folder)) + script),
        cwd=folder.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_same_lines_say_the_same(tmp_path: Path) -> None:
    """In one go: that SDK takes seconds to load."""
    found = []
    for name, says in (("theirs", sdk), ("ours", ours)):
        new_repository(tmp_path / name)
        for file, text in FILES.items():
            (tmp_path / name / file).write_text(text)
        said = says(CREATED + MANAGED + SAVED + FROM_FILES, tmp_path / name / "folder").splitlines()
        found.append([json.loads(line) for line in said if line.startswith("[")])
    assert found[0] == found[1]
    assert len(found[0]) == 4
