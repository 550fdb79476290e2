"""A repository at a forge, as its jobs see it: branches, pull requests, forks, and what a job has checked out."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.support.index_server import WheelFolders, serve_index
from tests.support.processes import run
from tests.support.projects import ENVLOCK, Result, cache_with_downloads, manifest_text, new_project
from tests.support.registry import Registry
from tests.support.repository import History
from tests.support.tiny_wheels import write_wheel

VERSIONS = ("1.0", "2.0")  # of `alpha`, on which an environment hangs
ZEROS = "0" * 40
_SERVERS = ("GITHUB_", "RUNNER_", "GITLAB_", "CI_", "JENKINS_", "CHANGE_", "BRANCH_", "TAG_")


@dataclass(frozen=True, kw_only=True)
class World:
    """What the scenes of a module share. `locks` are env.lock files that answer, by the version of `alpha`."""

    root: Path
    index: str
    locks: Mapping[str, str]
    registry: Registry

    def manifest(self, name: str, version: str = VERSIONS[0], *, image: str = "", top: str = "") -> str:
        """An env.toml that the lock of this version answers; `image` is more of its table, `top` of its beginning."""
        text = manifest_text(pip=[f"alpha=={version}"], index=self.index).replace('"small"', f'"{name}"')
        return f"{top}{text}{image}"

    def repository(self, name: str) -> str:
        """The same, as a line of `[image]`: a repository of its own in the registry."""
        return f'repository = "{self.registry.host}/{name}"\n'


@contextmanager
def world(root: Path, registry: Registry) -> Iterator[World]:
    """Locked once for all scenes, from wheels of a few hundred bytes."""
    for version in VERSIONS:
        write_wheel(root / "wheels", "alpha", version, requires=["beta"])
    write_wheel(root / "wheels", "beta")
    with serve_index(WheelFolders((root / "wheels",))) as index:
        locks = {}
        for version in VERSIONS:
            text = manifest_text(pip=[f"alpha=={version}"], index=index.url)
            project = new_project(root / version, text, cache=root / "downloads", git=False)
            project.must("lock")
            locks[version] = project.lockfile.read_text()
        project.must("build")
        yield World(root=root, index=index.url, locks=locks, registry=registry)


@dataclass(frozen=True, kw_only=True)
class Job:
    """A run of one job: the work tree, and a folder for what it tells its server by files."""

    tree: Path
    places: Path
    cache: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def given(self, **variables: str) -> "Job":
        return replace(self, variables={**self.variables, **variables})

    def environment(self) -> dict[str, str]:
        # of the server that runs these tests, nothing
        ours = {name: value for name, value in os.environ.items() if not name.startswith(_SERVERS)}
        return {**ours, "ENVLOCK_CACHE_DIR": str(self.cache), **self.variables}

    def call(self, *words: str | Path, folder: Path | None = None) -> Result:
        """`envlock ci` in the work tree, to its end."""
        done = self._run(*words, folder=folder, stderr=subprocess.PIPE)
        return Result(done.returncode, done.stdout, done.stderr)

    def log(self, *words: str | Path, folder: Path | None = None) -> tuple[int, str]:
        """The same, with stdout and stderr as a server's log has them."""
        done = self._run(*words, folder=folder, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def _run(self, *words: str | Path, folder: Path | None, stderr: int) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            (ENVLOCK, "ci", *words),
            cwd=folder or self.tree,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            errors="surrogateescape",
            timeout=120,
            check=False,
        )

    @property
    def summary(self) -> str:
        return _text(self.places / "summary")

    def outputs(self) -> dict[str, str]:
        """What the step gives to others, as a runner reads it."""
        return written_values(_text(self.places / "output"))


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A pull request: the commit of its author, that of the target, and the merge of both."""

    number: int
    branch: str
    head: str
    base: str
    merge: str
    is_fork: bool = False
    title: str = "Newer alpha"
    body: str | None = None


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A forge's repository `far`, and the work tree of somebody who may write there."""

    world: World
    root: Path

    @property
    def far(self) -> Path:
        return self.root / "far.git"

    @property
    def author(self) -> History:
        return History(self.root / "author")

    def write(
        self, name: str, version: str = VERSIONS[0], *, folder: str | None = None, image: str = "", top: str = ""
    ) -> Path:
        """An environment in the author's tree, locked; its folder is called as it is."""
        place = self.author.folder / (name if folder is None else folder)
        place.mkdir(parents=True, exist_ok=True)
        (place / "env.toml").write_text(self.world.manifest(name, version, image=image, top=top))
        (place / "env.lock").write_text(self.world.locks[version])
        return place

    def push(self, branch: str = "main") -> str:
        """All that the author has, committed to a branch of the forge."""
        commit = self.author.commit()
        self.author.git("push", "--quiet", "--force", self.far.as_uri(), f"HEAD:refs/heads/{branch}")
        return commit

    def tag(self, name: str) -> str:
        self.author.git("push", "--quiet", self.far.as_uri(), f"HEAD:refs/tags/{name}")
        return self.author.git("rev-parse", "HEAD")

    def branch(self, name: str = "topic") -> None:
        """From here on the author works on another one."""
        self.author.git("checkout", "--quiet", "-B", name)

    def propose(self, branch: str = "topic", *, number: int = 1, is_fork: bool = False) -> Proposal:
        """What the author has, as a pull request to `main`, which the forge merges for trial. A branch of a fork is
        none of the repository."""
        head = self.author.commit()
        base = self._far("rev-parse", "refs/heads/main")
        if not is_fork:
            self.author.git("push", "--quiet", "--force", self.far.as_uri(), f"{head}:refs/heads/{branch}")
        merge = self._merged(base, head)
        for ref, commit in (("head", head), ("merge", merge)):
            self.author.git("push", "--quiet", "--force", self.far.as_uri(), f"{commit}:refs/pull/{number}/{ref}")
        return Proposal(number=number, branch=branch, head=head, base=base, merge=merge, is_fork=is_fork)

    def _merged(self, base: str, head: str) -> str:
        """The first parent is the target, as the forges have it."""
        before = self.author.git("rev-parse", "--symbolic-full-name", "HEAD")
        self.author.git("checkout", "--quiet", "--detach", base)
        self.author.git("merge", "--quiet", "--no-ff", "--no-edit", head)
        merge = self.author.git("rev-parse", "HEAD")
        self.author.git("checkout", "--quiet", before.removeprefix("refs/heads/"))
        return merge

    def job(self, commit: str, ref: str, *, name: str = "job", depth: int = 1) -> Job:
        """One that has checked out a commit as actions/checkout does: nothing else is there (`depth` 0: everything).

        `ref` is its name, `refs/heads/X`, `refs/tags/X` or `refs/pull/N/merge`.
        """
        tree, places = self.root / name / "tree", self.root / name / "places"
        places.mkdir(parents=True)
        checked_out(self.far.as_uri(), tree, commit, ref, depth=depth)
        cache = self.root / name / "cache"
        cache.mkdir()
        return Job(tree=tree, places=places, cache=cache_with_downloads(cache, self.world.root / "downloads"))

    def _far(self, *words: str) -> str:
        return run(("git", "-C", self.far, *words)).strip()


def new_scene(world: World, root: Path, *names: str, image: bool = False) -> Scene:
    """A repository whose `main` has these environments; with `image` each one names its repository."""
    scene = Scene(world=world, root=root)
    run(("git", "init", "--quiet", "--bare", "--initial-branch=main", scene.far))
    run(("git", "init", "--quiet", "--initial-branch=main", scene.author.folder))
    scene.author.git("remote", "add", "origin", scene.far.as_uri())
    for name in names:
        scene.write(name, image=world.repository(f"{root.name}/{name}") if image else "")
    scene.push()
    return scene


def checked_out(url: str, tree: Path, commit: str, ref: str, *, depth: int = 1) -> None:
    """The commands of actions/checkout, in their order."""
    local = ref.replace("refs/heads/", "refs/remotes/origin/").replace("refs/pull/", "refs/remotes/pull/")
    shallow = (f"--depth={depth}",) if depth else ()
    alone = () if ref.startswith(("refs/heads/", "refs/tags/")) else (f"+{commit}:{local}",)
    every = ("+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*", *alone)
    wanted = every if not depth else (f"+{commit}:{local}",)
    run(("git", "init", "--quiet", "--initial-branch=master", tree))
    here = ("git", "-C", tree)
    run((*here, "remote", "add", "origin", url))
    fetch = ("-c", "protocol.version=2", "fetch", "--quiet", "--no-tags", "--prune", "--no-recurse-submodules")
    run((*here, *fetch, *shallow, "origin", *wanted))
    branch = ref.removeprefix("refs/heads/")
    named = ("-B", branch) if branch != ref else ()
    run((*here, "-c", "advice.detachedHead=false", "checkout", "--quiet", "--force", *named, local))


def written_values(text: str) -> dict[str, str]:
    """A file of GITHUB_OUTPUT, as documented: `NAME=VALUE`, or `NAME<<DELIMITER`, lines, and the delimiter alone."""
    values: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, equals, value = line.partition("=")
        before, begins, delimiter = line.partition("<<")
        if begins and (not equals or len(before) < len(name)):
            held = []
            for each in lines:
                if each == delimiter:
                    break
                held.append(each)
            else:
                raise ValueError(f"`{line}` has no end")
            values[before] = "\n".join(held)
        elif equals:
            values[name] = value
        elif line:
            raise ValueError(f"`{line}` is no output")
    return values


def _text(path: Path) -> str:
    return path.read_bytes().decode() if path.exists() else ""
