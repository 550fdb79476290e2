"""The main job on real packages: declared, locked, installed and run here, and as an image in a Docker engine."""

import json
from pathlib import Path

from envlock.oci.layout import Layout
from tests.support.base_image import INTERPRETER as BASE_INTERPRETER
from tests.support.base_image import MINOR as BASE_MINOR
from tests.support.container_programs import FIT, FITTED
from tests.support.containers import built_everywhere, same_everywhere, started
from tests.support.docker_engine import Engine
from tests.support.http_server import FileServer
from tests.support.processes import run
from tests.support.projects import cache_with_downloads, new_project
from tests.support.wheels import VERSIONS


def test_conda_and_pip_together(
    tmp_path: Path, shared_cache: Path, conda_channel_http: FileServer, base_reference: str, docker_engine: Engine
) -> None:
    manifest = f"""
name = "train"
python = "3.11"

[conda]
channels = ["{conda_channel_http.url}"]
dependencies = ["numpy", "pandas"]

[pip]
dependencies = ["flask=={VERSIONS["flask"]}", "lightgbm=={VERSIONS["lightgbm"]}", "scikit-learn >=1.5"]

[variables]
MODEL = "a b"

[image]
base = "{base_reference}"
workdir = "/srv"
"""
    cache = cache_with_downloads(tmp_path / "cache", shared_cache)
    project = new_project(tmp_path / "train", manifest, cache=cache)
    project.must("lock")
    assert project.call("check") == (0, "", "")
    project.must("install")
    assert project.must("run", "python", "-c", FIT) == FITTED
    image = built_everywhere(project, docker_engine, tmp_path)
    assert started(docker_engine, image, "python", "-c", FIT) == FITTED
    assert started(docker_engine, image, "sh", "-c", 'echo "$MODEL $PWD $CONDA_PREFIX"') == "a b /srv /opt/env\n"
    found = same_everywhere(project, docker_engine, image)
    assert {"numpy", "pandas", "flask", "lightgbm", "scikit-learn", "scipy"} < found.keys()


def test_pip_over_the_python_of_the_base(
    tmp_path: Path, shared_cache: Path, base_image: Path, docker_engine: Engine
) -> None:
    manifest = f"""
name = "serve"
python = "{BASE_MINOR}"

[pip]
dependencies = ["flask=={VERSIONS["flask"]}"]

[image]
base = "oci:base"
interpreter = "{BASE_INTERPRETER}"
cmd = ["flask", "--version"]
"""
    cache = cache_with_downloads(tmp_path / "cache", shared_cache)
    project = new_project(tmp_path / "serve", manifest, cache=cache, base=base_image)
    project.must("lock")
    assert project.call("check") == (0, "", "")
    prefix = Path(project.must("install").strip())
    assert f"Flask {VERSIONS['flask']}\n" in project.must("run", "flask", "--version")
    assert run((prefix / "bin" / "flask", "--version")) == project.must("run", "flask", "--version")
    image = built_everywhere(project, docker_engine, tmp_path)
    said = started(docker_engine, image)
    assert f"Python {project.locked().python}\nFlask {VERSIONS['flask']}\n" in said
    assert said == started(docker_engine, image, "/opt/env/bin/flask", "--version")
    assert started(docker_engine, image, "sh", "-c", "echo $VIRTUAL_ENV $PATH").startswith("/opt/env /opt/env/bin:/")
    where = "import flask, sys; print(flask.__file__, sys.prefix, sys.base_prefix)"
    site_packages = f"/opt/env/lib/python{BASE_MINOR}/site-packages"
    assert started(docker_engine, image, "python", "-c", where) == f"{site_packages}/flask/__init__.py /opt/env /usr\n"
    assert "flask" in same_everywhere(project, docker_engine, image)


def test_nothing_but_a_base(tmp_path: Path, base_image: Path, docker_engine: Engine) -> None:
    """No packages asked for: the layers are the base's, and what is said of the image is added."""
    manifest = """
name = "plain"

[variables]
GREETING = "hello"

[image]
base = "oci:base"
user = "1000"
cmd = ["sh", "-c", "echo $GREETING; id -u"]
"""
    project = new_project(tmp_path / "plain", manifest, cache=tmp_path / "cache", base=base_image)
    project.must("lock")
    assert project.call("check") == (0, "", "")
    assert project.must("show") == ""
    image = built_everywhere(project, docker_engine, tmp_path)
    assert started(docker_engine, image) == "hello\n1000\n"
    base, ours = Layout(base_image), Layout(tmp_path / "layout")
    assert layers(ours) == layers(base)
    assert project.must("run", "sh", "-c", "echo $GREETING") == "hello\n"


def layers(layout: Layout) -> list[str]:
    (listed,) = layout.manifests()
    return [layer["digest"] for layer in json.loads(layout.read(listed.descriptor))["layers"]]
