"""The main job on real packages: declared, locked, installed and run here, and as an image in a Docker engine."""

import json
from pathlib import Path

from envlock.model.lock import PlatformLock
from envlock.oci.layout import Layout
from tests.support.base_image import INTERPRETER as BASE_INTERPRETER
from tests.support.base_image import MINOR as BASE_MINOR
from tests.support.containers import built_everywhere, started
from tests.support.docker_engine import Engine
from tests.support.http_server import FileServer
from tests.support.processes import run
from tests.support.projects import Project, cache_with_downloads, new_project
from tests.support.wheels import VERSIONS

FIT = """
import flask, lightgbm, numpy, pandas, sklearn.linear_model

frame = pandas.DataFrame({"x": numpy.linspace(-1, 1, 200)})
wanted = (frame["x"] > 0).astype(int)
models = sklearn.linear_model.LogisticRegression(), lightgbm.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1)
scores = [float(model.fit(frame, wanted).score(frame, wanted)) for model in models]
app = flask.Flask("model")
app.add_url_rule("/", view_func=lambda: scores)
print(app.test_client().get("/").json)
"""
DISTRIBUTIONS = """
import json, re
from importlib.metadata import distributions
print(json.dumps({re.sub("[-_.]+", "-", d.metadata["Name"]).lower(): d.version for d in distributions()}))
"""


def locked_distributions(locked: PlatformLock) -> dict[str, str]:
    """What Python is to find, by the lock: wheels, and what conda packages have inside."""
    provided = (text.split("==") for package in locked.conda for text in package.provides)
    return {name: version for name, version in provided} | {package.name: package.version for package in locked.pip}


def same_everywhere(project: Project, engine: Engine, image: str) -> dict[str, str]:
    """The distributions, which the lock, the local prefix and the container agree on."""
    locked = locked_distributions(project.locked())
    here = json.loads(project.must("run", "python", "-c", DISTRIBUTIONS))
    inside = json.loads(started(engine, image, "python", "-c", DISTRIBUTIONS))
    assert here == locked
    assert inside == locked
    return locked


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
    assert project.must("run", "python", "-c", FIT) == "[1.0, 1.0]\n"
    image = built_everywhere(project, docker_engine, tmp_path)
    assert started(docker_engine, image, "python", "-c", FIT) == "[1.0, 1.0]\n"
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
