"""`export --format dockerfile`: three builders make an image of it without envlock, and it has what is locked."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pip
import pytest
import rattler

from tests.conftest import IndexServers
from tests.support import micromamba
from tests.support.base_image import INTERPRETER, MINOR
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.debian_archive import Archive
from tests.support.debian_minbase import PACKAGES, ROOT, MinimalRoot
from tests.support.debian_projects import debian_manifest, debian_project
from tests.support.debian_servers import serve_snapshot
from tests.support.docker_engine import Engine
from tests.support.http_server import FileServer, serve_folder
from tests.support.processes import CommandError, run, with_variables
from tests.support.projects import Project, new_project
from tests.support.services import require
from tests.support.tiny_sources import write_project
from tests.support.tiny_wheels import write_wheel

# what is hard to write in a Dockerfile
HARD = """a "b" 'c' $HOME ${PATH} \\\\ \\n #d `e` é """
BUILDERS = ("docker, classic", "BuildKit", "buildah")
NAMES = """
import glob, json, os, sys
from importlib.metadata import distributions
print(json.dumps({
    "packages": {d.metadata["Name"].lower(): d.version for d in distributions() if "/opt/env" in str(d._path)},
    "variables": {k: os.environ.get(k) for k in ("HARD", "VIRTUAL_ENV", "CONDA_PREFIX", "PATH")},
    "records": [
        [r["name"], r["version"], r["build"], r["sha256"]]
        for r in map(json.load, map(open, glob.glob("/opt/env/conda-meta/*.json")))
    ],
    "folder": os.getcwd(), "user": os.getuid(), "prefix": sys.prefix, "here": sorted(os.listdir()),
}))
"""


@dataclass(frozen=True)
class Built:
    """What the image says of itself, and its settings."""

    said: dict[str, object]
    config: dict[str, object]


Builder = Callable[[Path, str], Built]


@pytest.fixture(scope="module")
def tools(base_reference: str, docker_engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A base with pip, in the registry; beside it is `micromamba`, an image with that program."""
    folder = tmp_path_factory.mktemp("tools")
    host = base_reference.rpartition("/")[0]
    shutil.copytree(Path(pip.__file__).parent, folder / "pip", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(Path(rattler.__file__).parent, folder / "rattler", ignore=shutil.ignore_patterns("__pycache__"))
    program = folder / "micromamba"
    program.write_text(f"#!{INTERPRETER}\n{Path(micromamba.__file__).read_text()}")
    program.chmod(0o755)
    place = f"/usr/local/lib/python{MINOR}/dist-packages"
    for name, lines in {
        "with-pip": (f"COPY pip {place}/pip",),
        "micromamba": (f"COPY rattler {place}/rattler", "COPY micromamba /usr/local/bin/micromamba", "USER 1000"),
    }.items():
        (folder / "Dockerfile").write_text("\n".join((f"FROM {base_reference}", *lines, "")))
        docker(docker_engine, "build", "--quiet", "--tag", f"{host}/{name}:1", str(folder))
        docker(docker_engine, "push", "--quiet", f"{host}/{name}:1")
    return f"{host}/with-pip:1"


def docker(engine: Engine, *words: str, **variables: str) -> str:
    # Debian's own, which has the classic builder and brings BuildKit within the engine
    program = next(path for path in ("/usr/bin/docker", require("docker", "docker.io")) if Path(path).exists())
    environment = with_variables({"DOCKER_HOST": engine.url, "DOCKER_BUILDKIT": "0", **variables})
    return run((program, *words), environment=environment)


@pytest.fixture
def builder(request: pytest.FixtureRequest, docker_engine: Engine, tmp_path: Path, tools: str) -> Iterator[Builder]:
    micromamba = f"MICROMAMBA={tools.replace('with-pip', 'micromamba')}"
    if request.param == "buildah":
        with_buildah = Buildah(tmp_path / "buildah")
        yield lambda folder, command: with_buildah(folder, command, micromamba)
        with_buildah.remove()
        return
    buildkit = "1" if request.param == "BuildKit" else "0"
    name = f"exported:{os.getpid()}"

    def build(folder: Path, command: str) -> Built:
        words = ("build", "--quiet", "--network", "host", "--build-arg", micromamba, "--tag", name, str(folder))
        docker(docker_engine, *words, DOCKER_BUILDKIT=buildkit)
        said = docker(docker_engine, "run", "--rm", "--network", "none", name, "python", "-c", command)
        (inspected,) = json.loads(docker(docker_engine, "inspect", name))
        return Built(json.loads(said), inspected["Config"])

    yield build
    docker(docker_engine, "rmi", "--force", name)


class Buildah:
    """Debian's buildah with a storage of its own; containers without isolation that this machine may not give."""

    def __init__(self, storage: Path) -> None:
        places = ("--root", str(storage / "root"), "--runroot", str(storage / "run"))
        self._words = require("buildah", "buildah"), *places, "--storage-driver", "vfs"

    def __call__(self, folder: Path, command: str, micromamba: str) -> Built:
        words = ("--isolation", "chroot", "--network", "host", "--tls-verify=false", "--build-arg", micromamba)
        self._run("bud", "--quiet", *words, "--tag", "exported", str(folder))
        container = self._run("from", "--pull-never", "exported").strip()
        said = self._run("run", "--isolation", "chroot", container, "--", "python", "-c", command)
        inspected = json.loads(self._run("inspect", "--type", "image", "exported"))
        return Built(json.loads(said), inspected["OCIv1"]["config"])

    def remove(self) -> None:
        self._run("rm", "--all")
        self._run("rmi", "--all", "--force")

    def _run(self, *words: str) -> str:
        return run((*self._words, *words))


@pytest.fixture
def wheels(tmp_path: Path) -> Path:
    folder = tmp_path / "wheels"
    write_wheel(folder, "alpha", requires=["beta"])
    write_wheel(folder, "beta")
    write_wheel(folder, "beta", "0.5")
    return folder


def project(folder: Path, base: str, more: str) -> Project:
    text = f'name = "exported"\npython = "{MINOR}"\n[image]\nbase = "{base}"\n{more}'
    return new_project(folder, text, cache=folder.parent / "cache", git=False)


def exported(project: Project) -> tuple[Path, list[str]]:
    """The folder of the file, which is the build context, and what was said of it."""
    project.must("lock")
    result = project.call("export", "--format", "dockerfile", "--output", "Dockerfile")
    assert result.code == 0, result
    return project.folder, result.stderr.splitlines()


@pytest.mark.parametrize(
    "builder", [BUILDERS[0], *(pytest.param(name, marks=pytest.mark.full) for name in BUILDERS[1:])], indirect=True
)
def test_packages_of_indexes_paths_and_settings(
    builder: Builder, tools: str, tmp_path: Path, wheels: Path, index_server: IndexServers
) -> None:
    other = tmp_path / "other"
    write_wheel(other, "elsewhere")
    settings = "user = '1234'\nworkdir = '/app dir'\ncopy = ['src', 'run.py']\n"
    settings += "entrypoint = ['env']\ncmd = ['a $b', 'c \"d\"']\n"
    made = project(
        tmp_path / "project",
        tools,
        f"{settings}labels = {{ 'a.b' = '''{HARD}''' }}\n[variables]\nHARD = '''{HARD}'''\n"
        "[pip]\ndependencies = ['alpha', 'beta <1', 'elsewhere', 'local @ ./local-2.0-py3-none-any.whl',"
        " 'tree @ ./tree']\n"
        f"[[pip.indexes]]\nname = 'ours'\nurl = '{index_server(wheels).url}'\ndefault = true\n"
        f"[[pip.indexes]]\nname = 'other'\nurl = '{index_server(other).url}'\npackages = ['elsewhere']\n",
    )
    write_wheel(made.folder, "local", "2.0")
    write_project(made.folder / "tree", "tree")
    (made.folder / "src").mkdir()
    (made.folder / "src" / "a.txt").write_text("")
    (made.folder / "run.py").write_text("")
    folder, notes = exported(made)
    built = builder(folder, NAMES)
    assert built.said["packages"] == made.versions()
    assert built.said["user"] == 1234
    assert (built.said["folder"], built.said["here"]) == ("/app dir", ["run.py", "src"])
    variables = built.said["variables"]
    assert isinstance(variables, dict)
    assert variables["HARD"] == made.lock().image.variables[0][1]
    assert (variables["VIRTUAL_ENV"], variables["CONDA_PREFIX"]) == ("/opt/env", None)
    assert str(variables["PATH"]).startswith("/opt/env/bin:/usr/local/sbin:")
    assert built.config["Labels"] == built.config["Labels"] | dict(made.lock().image.labels)  # type: ignore[operator]
    assert (built.config["Entrypoint"], built.config["Cmd"]) == (["env"], ["a $b", 'c "d"'])
    assert notes == [
        "note: `tree` is built by versions of its build tools that are not locked",
        "note: `copy` takes what lies in the build context, whatever content is locked",
    ]


@pytest.fixture
def pip_index(wheels: Path, index_server: IndexServers) -> str:
    return _index(index_server(wheels).url)


@pytest.mark.parametrize(
    "builder", [BUILDERS[0], *(pytest.param(name, marks=pytest.mark.full) for name in BUILDERS[1:])], indirect=True
)
def test_packages_of_conda_and_pip(
    builder: Builder, tools: str, tmp_path: Path, pip_index: str, conda_channel_http: FileServer
) -> None:
    with serve_folder(write_channel(tmp_path / "channel", [_pip()])) as second:
        made = project(
            tmp_path / "project",
            tools,
            f"[conda]\nchannels = ['{conda_channel_http.url}', '{second.url}']\ndependencies = ['markupsafe', 'pip']\n"
            f"[pip]\ndependencies = ['alpha']\n{pip_index}",
        )
        folder, notes = exported(made)
        built = builder(folder, NAMES)
    found = built.said["records"]
    assert sorted(found) == sorted([p.name, p.version, p.build, p.sha256] for p in made.locked().conda)  # type: ignore[call-overload]
    wanted = {name: version for name, version in made.versions().items() if not name.startswith("python")}
    assert built.said["packages"] == wanted
    assert built.said["prefix"] == "/opt/env"
    assert notes == ["note: variables that conda packages set when they are activated are left out"]


def _pip() -> CondaPackage:
    """The pip of our own environment, as channels have it."""
    place = Path(pip.__file__).parents[1]
    listed = [*(place / "pip").rglob("*"), *place.glob(f"pip-{pip.__version__}.dist-info/METADATA")]
    files = [path for path in listed if path.is_file() and "__pycache__" not in path.parts]
    inside = {f"site-packages/{path.relative_to(place)}": path.read_bytes() for path in files}
    return CondaPackage(name="pip", version=pip.__version__, noarch="python", depends=("python",), files=inside)


def _index(url: str) -> str:
    return f"[[pip.indexes]]\nname = 'ours'\nurl = '{url}'\ndefault = true\n"


def test_a_package_that_was_changed_is_not_installed(
    docker_engine: Engine, tools: str, tmp_path: Path, wheels: Path, pip_index: str
) -> None:
    folder, _ = exported(project(tmp_path / "project", tools, f"[pip]\ndependencies = ['alpha']\n{pip_index}"))
    write_wheel(wheels, "beta", "1.0", files={"beta/other.py": "changed = 1"})
    with pytest.raises(CommandError, match="THESE PACKAGES DO NOT MATCH THE HASHES"):
        docker(docker_engine, "build", "--network", "host", str(folder))


@pytest.mark.full
def test_a_base_of_debian_packages(docker_engine: Engine, debian_archive: Archive, tmp_path: Path) -> None:
    """From a snapshot archive, upon a Debian as its image is; a wheel by the Python that comes with it."""
    folder = tmp_path / "image"
    folder.mkdir()
    root = MinimalRoot(PACKAGES)
    docker(docker_engine, "import", str(root.folder / ROOT), "debian:bare")
    shutil.copy(debian_archive.keys, folder / "test.asc")
    (folder / "Dockerfile").write_text("FROM debian:bare\nCOPY test.asc /etc/apt/trusted.gpg.d/\n")
    docker(docker_engine, "build", "--quiet", "--tag", "debian:test", str(folder))
    manifest = debian_manifest(debian_archive, ["python3", "libgomp1", "libstdc++6"])
    made = debian_project(tmp_path / "project", debian_archive, manifest, cache=tmp_path / "cache")
    context, notes = exported(made)
    assert len(notes) == 2
    assert notes[1].startswith("note: no snapshot archive is named")
    missing = {p.name for p in made.locked().debian} - set(root.packages)
    assert "libgomp1" in missing
    with serve_snapshot(debian_archive) as server:
        given = ("--build-arg", "DEBIAN=debian:test", "--build-arg", f"SNAPSHOT={server.url}")
        docker(docker_engine, "build", "--network", "host", *given, "--tag", "with-debian", str(context))
    listed = ("dpkg-query", "--show", "--showformat", "${Package} ${Version}\\n")
    said = docker(docker_engine, "run", "--rm", "--network", "none", "with-debian", *listed)
    installed = dict(line.split(" ") for line in said.splitlines())
    assert {p.name: installed.get(p.name) for p in made.locked().debian} == {
        p.name: p.version for p in made.locked().debian
    }
