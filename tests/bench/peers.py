"""What people use instead: BuildKit running uv with a cache mount, and `docker build` running pip.

Both install the wheels of the same lock, hash-checked, from an index on loopback, into a virtual environment that is
there already. Their base has uv, pip and that virtual environment on top of envlock's base.
"""

import shutil
from collections.abc import Sequence
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import pip
import uv

from envlock.model.lock import PlatformLock
from tests.bench.measure import Step
from tests.support import base_image
from tests.support.docker_engine import Engine
from tests.support.processes import run, with_variables
from tests.support.services import require

# Debian's own, which still has the classic builder and brings BuildKit within the engine
DOCKER = "/usr/bin/docker"
BASE, TOOLS = "bench/base:1", "bench/tools:1"
DOCKERFILES = {
    "tools": f"""FROM {BASE}
COPY uv /usr/local/bin/uv
COPY pip /opt/pip/pip
RUN {base_image.INTERPRETER} -m compileall -q /opt/pip && {base_image.INTERPRETER} -m venv --without-pip /opt/env
""",
    "uv": f"""FROM {TOOLS}
ARG ROUND
COPY requirements.txt /opt/
RUN --mount=type=cache,target=/root/.cache/uv UV_LINK_MODE=copy uv --no-config pip sync --quiet \\
    --python /opt/env/bin/python --require-hashes --only-binary :all: --index-url INDEX /opt/requirements.txt
""",
    "pip": f"""FROM {TOOLS}
ARG ROUND
COPY requirements.txt /opt/
RUN PYTHONPATH=/opt/pip /opt/env/bin/python -m pip --disable-pip-version-check install --quiet --no-cache-dir \\
    --require-hashes --no-deps --only-binary :all: --index-url INDEX FLAGS --requirement /opt/requirements.txt
""",
    "compiled": "FROM IMAGE\nUSER 0\nRUN python -m compileall -q /opt/env\n",
}


class Peers:
    """One engine and the folder with what is built there; `index` serves the locked wheels on loopback."""

    def __init__(self, folder: Path, engine: Engine, locked: PlatformLock, index: str) -> None:
        self.engine = engine
        self._folder, self._locked, self._index = folder, locked, index
        self._rounds = count()
        folder.mkdir()

    @cached_property
    def docker(self) -> str:
        return DOCKER if Path(DOCKER).exists() else require("docker", "docker.io")

    @property
    def host(self) -> dict[str, str]:
        """The variable that leads clients to the engine."""
        return {"DOCKER_HOST": self.engine.url}

    @cached_property
    def tools(self) -> str:
        """The image that both peers start from, made once."""
        layout = f"oci:{base_image.base_layout()}:{base_image.TAG}"
        skopeo = (require("skopeo", "skopeo"), "--insecure-policy", "copy", "--quiet")
        run((*skopeo, "--dest-daemon-host", self.engine.url, layout, f"docker-daemon:{BASE}"))
        assert self.tools_context
        self._run_now(self._build("tools", TOOLS, buildkit=False))
        return TOOLS

    @cached_property
    def tools_context(self) -> Path:
        context = self._context("tools", {})
        shutil.copy(uv.find_uv_bin(), context / "uv")
        shutil.copytree(Path(pip.__file__).parent, context / "pip", ignore=shutil.ignore_patterns("__pycache__"))
        return context

    def with_uv(self) -> Sequence[Step]:
        """uv in BuildKit; wheels come from its cache mount once a round has filled it."""
        return self._install("uv", buildkit=True)

    def with_pip(self, flags: str = "") -> Sequence[Step]:
        """pip in the classic builder."""
        return self._install("pip", buildkit=False, flags=flags)

    def compiled(self, image: str) -> str:
        """The same image with `.pyc` beside its modules."""
        name = f"{image.partition(':')[0]}:compiled"
        self._context("compiled", {"IMAGE": image})
        self._run_now(self._build("compiled", name, buildkit=False))
        return name

    def run_in(self, image: str, *command: str) -> Step:
        """A container from its start to its end, as an ordinary user."""
        isolated = ("--rm", "--network", "none", "--user", "1000:1000")
        return self._step(self.docker, "run", *isolated, image, *command)

    def remove(self, image: str) -> None:
        """Takes an image out of the engine, where it is there."""
        if image in {tag for found in self.engine.client.images.list() for tag in found.tags}:
            self.engine.client.images.remove(image, force=True)

    def _install(self, kind: str, *, buildkit: bool, flags: str = "") -> Sequence[Step]:
        assert self.tools
        self._context(kind, {"INDEX": self._index, "FLAGS": flags})
        self.remove(f"bench/{kind}:1")
        return [self._build(kind, f"bench/{kind}:1", buildkit=buildkit)]

    def _context(self, kind: str, words: dict[str, str]) -> Path:
        folder = self._folder / kind
        folder.mkdir(exist_ok=True)
        text = DOCKERFILES[kind]
        for word, value in words.items():
            text = text.replace(word, value)
        (folder / "Dockerfile").write_text(text)
        listed = [f"{p.name}=={p.version} --hash=sha256:{p.sha256}\n" for p in self._locked.pip]
        (folder / "requirements.txt").write_text("".join(listed))
        return folder

    def _build(self, kind: str, tag: str, *, buildkit: bool) -> Step:
        """A build whose ROUND no build had before: nothing after it comes from the layer cache."""
        command = (self.docker, "build", "--quiet", "--network", "host", "--tag", tag)
        arguments = ("--build-arg", f"ROUND={next(self._rounds)}", str(self._folder / kind))
        return self._step(*command, *arguments, DOCKER_BUILDKIT="1" if buildkit else "0")

    def _step(self, *command: str, **variables: str) -> Step:
        return Step(command=command, folder=self._folder, variables=with_variables({**self.host, **variables}))

    def _run_now(self, step: Step) -> None:
        run(step.command, environment=step.variables, folder=step.folder)

    def dockerfile(self, kind: str) -> Path:
        """The folder of a Dockerfile, ready to be built."""
        return self._context(kind, {"INDEX": self._index, "FLAGS": ""})

    def facts(self) -> dict[str, Any]:
        words = run((self.docker, "--host", self.engine.url, "info", "--format", "{{.ServerVersion}} {{.Driver}}"))
        version, storage = words.split()
        return {"version": version, "storage": storage, "pip": pip.__version__}
