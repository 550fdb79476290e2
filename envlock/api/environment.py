"""`Environment`: what programs and notebooks do with environments; each method is what a command does."""

from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Literal, overload

from envlock.api import found, made_from
from envlock.api.building import Build
from envlock.api.definition import Curated, InHistory, InMemory
from envlock.api.image_details import ImageDetails
from envlock.api.parts import Parts
from envlock.api.standing import Standing
from envlock.api.words import words
from envlock.api.workspace import Workspace
from envlock.errors import UserInputError
from envlock.model.problem import Problem
from envlock.workflows.build import BuildOptions, BuildResult, build
from envlock.workflows.check import check
from envlock.workflows.commit_environment import commit_environment
from envlock.workflows.draft import Draft, new_draft
from envlock.workflows.export import ExportOptions, export
from envlock.workflows.inspect import image_of
from envlock.workflows.install import Installed, install
from envlock.workflows.label import label
from envlock.workflows.register import RegisterOptions, register
from envlock.workflows.relock import LockResult
from envlock.workflows.upgrade import KEEP, Upgrade

if TYPE_CHECKING:
    from envlock.workflows.save import Saved


class Environment(Parts):
    """An environment: a draft in memory, one of the work tree, or one of another time or repository.

    A draft is written into the folder NAME of its workspace by the first call that needs it there (`save`, `lock`,
    `install`, `build`, `register`). One of the work tree is written whenever it is changed. What was is never changed:
    UserInputError, and `clone` makes a draft of it.
    """

    __slots__ = ()

    def __init__(self, name: str) -> None:
        """A draft without packages, as `envlock init NAME` makes it; UserInputError for what cannot be a name."""
        self._standing = Standing(InMemory(new_draft(name, Path.cwd())))
        self._version: str | None = None

    @classmethod
    def _of(cls, standing: Standing, version: str | None = None) -> "Environment":
        made = cls.__new__(cls)
        made._standing, made._version = standing, version
        return made

    @classmethod
    def _drafted(cls, draft: Draft) -> "Environment":
        made = cls._of(Standing(InMemory(draft), remarks=draft.imported.remarks))
        for remark in draft.imported.remarks:
            made._standing.session().log(f"warning: not carried over: {found.line(remark)}")
        return made

    @staticmethod
    def get(
        workspace: Workspace | str, name: str, version: str | int | None = None, label: str | None = None
    ) -> "Environment":
        """The environment of a workspace: as it stands in the work tree, or of a version, or what a label stands for.

        `workspace` may be the address of another git repository: then it is that of its newest commit. `version` is
        whatever `NAME@VERSION` may be: a registered number or name, `latest`, a git revision. UserInputError where
        there is none.
        """
        standing, is_version = found.found(workspace, name, version, label)
        return Environment._of(standing, is_version)

    @staticmethod
    def list(workspace: Workspace) -> "dict[str, Environment]":
        """All environments of the work tree, by name; by folder where several share one."""
        return {name: Environment._of(standing) for name, standing in found.listed(workspace).items()}

    @staticmethod
    def from_conda_specification(name: str, file_path: str | Path) -> "Environment":
        """A draft of an environment.yml; what is not carried over is in `not_carried_over`, and logged."""
        return Environment._drafted(made_from.of_file(name, file_path, made_from.CONDA))

    @staticmethod
    def from_pip_requirements(name: str, file_path: str | Path) -> "Environment":
        """A draft of a requirements file and of those that it names."""
        return Environment._drafted(made_from.of_file(name, file_path, made_from.PIP))

    @staticmethod
    def from_file(name: str, file_path: str | Path, kind: str | None = None) -> "Environment":
        """A draft of whatever `envlock import` reads: also locks of other tools, with every pin. `kind` says which it
        is where name and text do not."""
        return Environment._drafted(made_from.of_file(name, file_path, kind))

    @staticmethod
    def from_existing_conda_environment(name: str, conda_environment_name: str | Path) -> "Environment":
        """A draft of a conda environment on this machine, by its name or folder, with every package as it is there."""
        return Environment._drafted(made_from.of_prefix(name, conda_environment_name))

    @staticmethod
    def from_docker_image(
        name: str,
        image: str,
        *,
        conda_specification: str | Path | None = None,
        pip_requirements: str | Path | None = None,
    ) -> "Environment":
        """A draft upon an image, used as it is, or with the packages of one of the files."""
        return Environment._drafted(made_from.of_image(name, image, conda_specification, pip_requirements))

    @staticmethod
    def from_dockerfile(
        name: str,
        dockerfile: str | Path,
        *,
        conda_specification: str | Path | None = None,
        pip_requirements: str | Path | None = None,
    ) -> "Environment":
        """A draft upon what a Dockerfile makes: the path of a file that is there, or its text."""
        return Environment._drafted(made_from.of_dockerfile(name, dockerfile, conda_specification, pip_requirements))

    @staticmethod
    def load_from_directory(path: str | Path) -> "Environment":
        """A draft of what `save_to_directory` wrote, or Azure ML's own."""
        return Environment._drafted(made_from.of_folder(path))

    def clone(self, new_name: str) -> "Environment":
        """A draft that is the same under another name; pins are kept."""
        return Environment._of(Standing(InMemory(self._standing.copied(new_name)), remarks=self._standing.remarks))

    def save(self, workspace: Workspace | None = None, *, overwrite: bool = False) -> Path:
        """Writes a draft into the folder NAME of its workspace, by default the one around the current folder.

        An env.toml of that name with other content is replaced if git has it as it is, or with `overwrite`.
        """
        self._standing.refuse_history("saved")
        with self._standing.session(workspace).context() as context:
            return self._standing.placed(context, workspace, overwrite=overwrite).folder

    def lock(self, *, packages: Sequence[str] = (), upgrade: bool = False) -> LockResult:
        """Resolves what is wanted into env.lock; pins that hold stay, but for `packages` (`numpy`, `numpy==2.1`,
        `base`), or with `upgrade` all of them.

        What was done: `lock`, its `changes`, `notes`, and `written`, which is False where the lock answers already.
        UserInputError where nothing satisfies what is wanted.
        """
        self._standing.refuse_history("locked")
        with self._standing.session().context() as context:
            return self._standing.lock(context, Upgrade.of(words(packages), everything=upgrade))

    def check(self) -> tuple[Problem, ...]:
        """Why env.lock does not answer env.toml; nothing where it does. Offline, and nothing is written."""
        if isinstance(self._definition, InMemory):
            return (Problem(kind="missing", message="there is no env.lock yet"),)
        with self._standing.session().context() as context:
            return check(self._standing.placed(context), context.cache)

    def install(self, *, prefix: str | Path | None = None, groups: Sequence[str] = ()) -> Installed:
        """Puts it on this machine as it is locked: `prefix` is where it is then, `python` the version of its Python.

        AnswerIsNo where env.toml was changed by others and not locked.
        """
        with self._standing.session().context() as context:
            project = self._standing.locked(context)
            return install(project, context, prefix=Path(prefix) if prefix else None, groups=words(groups))

    def build(
        self,
        workspace: Workspace | None = None,
        *,
        push: bool = False,
        load: bool = False,
        output: str | Path | None = None,
        platforms: Sequence[str] = (),
    ) -> Build:
        """Begins to make the image, and with `push` to put it into its repository, with `load` into the Docker engine,
        with `output` into a folder or a `.tar`. What is there already is not made again.

        What is not locked is locked before: UserInputError where that cannot be. It is not to be
        changed until the build has ended: AnswerIsNo may come of that.
        """
        place = Path(output).absolute() if output else None
        options = BuildOptions(push=push, load=load, output=place, platforms=words(platforms))
        said: list[str] = []
        session = self._standing.session(workspace)
        with session.context(said.append) as context:
            self._standing.locked(context, workspace)

        def work(told: Callable[[str], None], stopped: Event) -> BuildResult:
            with session.context(told, stopped) as context:
                return build(self._standing.placed(context), context, options)

        return Build(work, said)

    @overload
    def build_local(
        self, workspace: Workspace | None = None, *, useDocker: Literal[False] = False, push: bool = False
    ) -> Installed: ...
    @overload
    def build_local(
        self, workspace: Workspace | None = None, *, useDocker: Literal[True], push: bool = False
    ) -> Build: ...
    @overload
    def build_local(
        self, workspace: Workspace | None = None, *, useDocker: bool, push: bool = False
    ) -> Installed | Build: ...
    def build_local(
        self, workspace: Workspace | None = None, *, useDocker: bool = False, push: bool = False
    ) -> Installed | Build:
        """Makes it on this machine, and waits: installed, or with `useDocker` as an image in the Docker engine, whose
        log goes to stdout; with `push` also in its repository."""
        if not useDocker:
            if push:
                raise UserInputError(
                    "what is installed cannot be pushed", hint="say `useDocker=True`, or `build(push=True)`"
                )
            return self.install()
        return self.build(workspace, load=True, push=push).wait_for_completion(show_output=True)

    def register(
        self, workspace: Workspace | None = None, *, version: str | None = None, push: bool = False, commit: bool = True
    ) -> "Environment":
        """Gives it the next number, or the name `version`, as an annotated tag `env/NAME/N`; that version, to be read.

        What is not locked or not committed is first: env.toml, env.lock and the files they name, and nothing else.
        Without `commit` AnswerIsNo tells of it instead. With `push` others have the version, too. An environment that
        did not change has the version that it had.
        """
        if isinstance(self._definition, Curated):
            self._standing.refuse_history("registered")
        with self._standing.session(workspace).context() as context:
            if commit and not isinstance(self._definition, InHistory):
                self._standing.lock(context, KEEP, workspace)
                commit_environment(self._standing.placed(context), self._standing.written)
            project = self._standing.placed(context, workspace)
            done = register(project, context, RegisterOptions(name=version, push=push))
        return Environment.get(self._standing.within(workspace), self.name, done.version.version)

    @staticmethod
    def label(workspace: Workspace, name: str, version: str | int, labels: "Sequence[str]") -> None:
        """Lets labels stand for a version; they move from what they stood for."""
        for each in words(labels):
            label(f"{name}@{version}", each, workspace.root)

    def get_image_details(self, workspace: Workspace | None = None) -> ImageDetails:
        """What its image is called, whether its registry or else this machine has it, and what is known of it.

        What is not locked is locked first: the name follows from the lock.
        """
        with self._standing.session(workspace).context() as context:
            project = self._standing.locked(context, workspace)
            view = image_of(project, context)
        return ImageDetails(self._definition.spec, view, self._dockerfile)

    def export(self, format: str, *, platform: str | None = None, groups: Sequence[str] = ()) -> str:
        """What is locked, as a file of another tool: `environment.yml`, `requirements`, `conda-lock`, `pylock`, …"""
        options = ExportOptions(format=format, platform=platform, groups=words(groups))
        with self._standing.session().context() as context:
            return export(self._standing.locked(context), context, options).text

    def save_to_directory(
        self, path: str | Path, overwrite: bool = False, *, format: str = "envlock", with_packages: bool = False
    ) -> "Saved":
        """Writes a folder that works by itself, as `envlock save`: `format` may be `azureml`, and `with_packages` adds
        all that is to be installed.

        UserInputError where the folder has anything in it, but for what was saved there, with `overwrite`.
        """
        with self._standing.session().context() as context:
            return self._standing.save(Path(path), context, format=format, packages=with_packages, overwrite=overwrite)

    @staticmethod
    def add_private_pip_wheel(workspace: Workspace, file_path: str | Path, exist_ok: bool = False) -> str:
        """Copies a wheel into the folder `wheels` of the workspace; its path there, for `env.pip.add`. The lock pins it
        by its sha256.

        UserInputError where one of that name is there: with `exist_ok`, where it is another.
        """
        return found.kept_wheel(workspace, Path(file_path), exist_ok=exist_ok)

    def _dockerfile(self) -> str:
        path = self._definition.spec.image.dockerfile
        if path is None:
            return self.export("dockerfile")
        with self._standing.session().context() as context:
            return (self._standing.placed(context).folder / path).read_text(encoding="utf-8")

    def __repr__(self) -> str:
        return f"Environment({self._standing.title!r})"
