"""The parts of an environment that scripts read and set: packages, variables, Python, the image's base."""

import os
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import NoReturn

from envlock.api.conda_dependencies import CondaDependencies
from envlock.api.definition import Definition, InMemory, add, put, remove
from envlock.api.session import LOGGER
from envlock.errors import UserInputError
from envlock.workflows.dependencies import Wish

_DOCKERFILE = "Dockerfile"
_BASE, _MADE, _DEBIAN = ("image", "base"), ("image", "dockerfile"), ("image", "debian")


class Packages:
    """Packages of one kind that an environment asks for: `env.conda` are match specs, `env.pip` requirements.

    `in`, `len` and iteration are over those of the main set, as env.toml has them, sorted.
    """

    __slots__ = ("_definition", "_kind")

    def __init__(self, definition: Definition, kind: str) -> None:
        self._definition, self._kind = definition, kind

    def add(self, *specs: str, group: str | None = None, platform: str | None = None) -> None:
        """Asks for packages, for all, for one group, or on one platform; what stands there of their names is changed.

        UserInputError for what is no match spec (conda) or no requirement (pip).
        """
        add(self._definition, self._wish(specs, group, platform))

    def remove(self, *names: str, group: str | None = None, platform: str | None = None) -> None:
        """Asks for packages no more; UserInputError for a name that is not there."""
        remove(self._definition, self._wish(names, group, platform))

    def _wish(self, texts: tuple[str, ...], group: str | None, platform: str | None) -> Wish:
        platforms = (platform,) if platform else ()
        return Wish(texts=texts, folder=Path.cwd(), kind=self._kind, group=group, platforms=platforms)

    def _stated(self) -> tuple[str, ...]:
        spec = self._definition.spec
        return spec.conda.dependencies if self._kind == "conda" else spec.pip.dependencies

    def __iter__(self) -> Iterator[str]:
        return iter(self._stated())

    def __len__(self) -> int:
        return len(self._stated())

    def __contains__(self, spec: object) -> bool:
        return spec in self._stated()

    def __repr__(self) -> str:
        return f"{[*self._stated()]}"


class Variables(MutableMapping[str, str]):
    """The environment variables of images and runs; what is set stands in env.toml."""

    __slots__ = ("_definition",)

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    def __getitem__(self, name: str) -> str:
        return dict(self._definition.spec.variables)[name]

    def __setitem__(self, name: str, value: str) -> None:
        put(self._definition, (("variables", name), value))

    def __delitem__(self, name: str) -> None:
        del dict(self._definition.spec.variables)[name]
        put(self._definition, (("variables", name), None))

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._definition.spec.variables))

    def __len__(self) -> int:
        return len(self._definition.spec.variables)

    def replace(self, values: Mapping[str, str]) -> None:
        """These variables, and no others."""
        gone = [(("variables", name), None) for name in self if name not in values]
        put(self._definition, *gone, *((("variables", name), value) for name, value in values.items()))

    def __repr__(self) -> str:
        return repr(dict(self))


class PythonSection:
    """`env.python`: which Python, and whether envlock installs into the image at all."""

    __slots__ = ("_definition",)

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    @property
    def version(self) -> str | None:
        """A minor ("3.12") or exact version; None: that of the base, or the documented default."""
        return self._definition.spec.python

    @version.setter
    def version(self, version: str | None) -> None:
        put(self._definition, (("python",), version))

    @property
    def conda_dependencies(self) -> CondaDependencies:
        """The packages, as one object: what is added to it is added to the environment."""
        return CondaDependencies._of(self._definition)

    @conda_dependencies.setter
    def conda_dependencies(self, dependencies: CondaDependencies) -> None:
        dependencies._put_into(self._definition)

    @property
    def user_managed_dependencies(self) -> bool:
        """Is nothing installed: neither conda nor pip packages are asked for, and the base is used as it is?"""
        spec = self._definition.spec
        return not any(spec.all_wants(platform) for platform in spec.platforms)

    @user_managed_dependencies.setter
    def user_managed_dependencies(self, managed: bool) -> None:
        if managed and not self.user_managed_dependencies:
            raise UserInputError(
                f"`{self._definition.spec.name}` asks for packages, which would not be installed",
                hint="remove them: an environment without packages uses its base as it is",
            )
        if managed and self._definition.spec.python:
            put(self._definition, (("python",), None))  # the base's own is what counts

    @property
    def interpreter_path(self) -> str | None:
        """The Python of the base, as an absolute path; None: where the default bases have it."""
        return self._definition.spec.image.interpreter

    @interpreter_path.setter
    def interpreter_path(self, path: str | None) -> None:
        put(self._definition, (("image", "interpreter"), path))

    def __repr__(self) -> str:
        packages = self.conda_dependencies
        counted = f"{len(packages.conda_packages)} conda, {len(packages.pip_packages)} pip packages"
        return f"<PythonSection: {self.version or 'no version'}, {counted}>"


class DockerSection:
    """`env.docker`: what the image stands on, and where it goes. Of `base_image` and `base_dockerfile` the one that is
    set last counts, and stands in the place of a base of Debian's packages, too."""

    __slots__ = ("_definition",)

    def __init__(self, definition: Definition) -> None:
        self._definition = definition

    @property
    def base_image(self) -> str | None:
        """A registry reference, `oci:FOLDER` or `scratch`; where none is set, the documented default."""
        return self._definition.spec.base

    @base_image.setter
    def base_image(self, reference: str | None) -> None:
        _put_base(self._definition, _BASE, reference)

    @property
    def base_image_registry(self) -> NoReturn:
        """There is none: UserInputError. The registry is part of `base_image`, and no login stands in a file."""
        raise UserInputError(
            "no registry and no login stand apart from `base_image`",
            hint="name it as `acme.test/base:1`; `docker login` keeps the login, or any credential helper of docker",
        )

    @property
    def base_dockerfile(self) -> str | None:
        """The path of a Dockerfile that makes the base, relative to env.toml.

        Set it to a path, relative to the current folder, of a file that is there (UserInputError otherwise), or to the
        text of one, which is written as `Dockerfile` beside env.toml.
        """
        return self._definition.spec.image.dockerfile

    @base_dockerfile.setter
    def base_dockerfile(self, dockerfile: str | Path | None) -> None:
        put_dockerfile(self._definition, dockerfile)

    @property
    def repository(self) -> str | None:
        """Where images go, such as `registry.example.test/team/train`; None: nowhere but to this machine."""
        return self._definition.spec.image.repository

    @repository.setter
    def repository(self, repository: str | None) -> None:
        put(self._definition, (("image", "repository"), repository))

    def __repr__(self) -> str:
        image = self._definition.spec.image
        base = image.dockerfile or self.base_image or ("of Debian's packages" if image.debian else "by default")
        return f"<DockerSection: base {base}, repository {self.repository or 'none'}>"


def put_dockerfile(definition: Definition, dockerfile: str | Path | None) -> None:
    """Has env.toml name a Dockerfile: that of a path, or one with that text beside env.toml."""
    if not dockerfile:
        put(definition, (_MADE, None))
        return
    text = dockerfile.encode() if isinstance(dockerfile, str) and "\n" in dockerfile else None
    path = _DOCKERFILE if text is not None else _found(definition, dockerfile)
    if isinstance(definition, InMemory):
        put(definition, (_MADE, None))  # the text that was brought along until now goes with it
    if text is not None:
        definition.add_file(path, text)
    _put_base(definition, _MADE, path)


def _found(definition: Definition, dockerfile: str | Path) -> str:
    place = Path.cwd() / dockerfile
    if not place.is_file():
        raise UserInputError(f"there is no Dockerfile `{dockerfile}`", hint="give the path of a file, or its text")
    return Path(os.path.relpath(place.resolve(), definition.home.resolve())).as_posix()


def _put_base(definition: Definition, path: tuple[str, ...], value: str | None) -> None:
    """Sets one of those that a base can be, in place of the others."""
    debian = definition.spec.image.debian
    if value and debian and debian.packages:
        LOGGER.warning("these of Debian's packages go with the base: %s", ", ".join(debian.packages))
    others = [(other, None) for other in (_BASE, _MADE, _DEBIAN) if value and other != path]
    put(definition, *others, (path, value))
