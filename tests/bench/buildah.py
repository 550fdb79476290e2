"""Debian's buildah running pip: the same Dockerfiles as Docker's, without a daemon, in a storage of its own."""

from collections.abc import Sequence
from functools import cached_property
from itertools import count
from pathlib import Path

from tests.bench.measure import Step
from tests.bench.peers import BASE, TOOLS, Peers
from tests.support import base_image
from tests.support.processes import CommandError, run
from tests.support.services import require


class Buildah:
    """Containers are only a changed root: what else isolates them takes time, and is not there on every machine."""

    def __init__(self, folder: Path, peers: Peers) -> None:
        self._folder, self._peers = folder, peers
        self._rounds = count()
        folder.mkdir()

    def with_pip(self) -> Sequence[Step]:
        assert self.tools
        return [self._build("pip", "bench/pip:1")]

    @cached_property
    def tools(self) -> str:
        """The image that the build starts from, made once."""
        layout = f"oci:{base_image.base_layout()}:{base_image.TAG}"
        storage = f"containers-storage:[{self.storage}@{self._folder / 'root'}+{self._folder / 'run'}]localhost/{BASE}"
        run((require("skopeo", "skopeo"), "--insecure-policy", "copy", "--quiet", layout, storage))
        assert self._peers.tools_context
        step = self._build("tools", TOOLS)
        run(step.command, folder=step.folder)
        return TOOLS

    @cached_property
    def _words(self) -> tuple[str, ...]:
        program = require("buildah", "buildah")
        places = ("--root", str(self._folder / "root"), "--runroot", str(self._folder / "run"))
        return (program, *places, "--storage-driver", self.storage)

    @cached_property
    def storage(self) -> str:
        """Overlay where this file system can be under one: without it, each layer is a whole copy."""
        trial = self._folder / "trial"
        places = ("--root", str(trial / "root"), "--runroot", str(trial / "run"))
        try:
            run((require("buildah", "buildah"), *places, "--storage-driver", "overlay", "images"))
        except CommandError:
            return "vfs"
        return "overlay"

    def _build(self, kind: str, tag: str) -> Step:
        context = self._peers.tools_context if kind == "tools" else self._peers.dockerfile(kind)
        options = ("--quiet", "--isolation", "chroot", "--network", "host", "--pull-never", "--tag", f"localhost/{tag}")
        argument = ("--build-arg", f"ROUND={next(self._rounds)}")
        return Step(command=(*self._words, "bud", *options, *argument, str(context)), folder=self._folder)

    def facts(self) -> dict[str, str]:
        version = run((require("buildah", "buildah"), "--version")).split()[2]
        return {"version": version, "storage": self.storage}
