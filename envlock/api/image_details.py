"""`ImageDetails`: the image that belongs to an environment, made or yet to be made."""

from collections.abc import Callable
from functools import cached_property

from envlock.model.files import IMAGE_PREFIX
from envlock.model.image_view import ImageView
from envlock.model.reference import parse_reference
from envlock.model.spec import EnvSpec


class ImageDetails:
    """What an environment's image is called, whether it is there, and what is known of it."""

    def __init__(self, spec: EnvSpec, view: ImageView, dockerfile: Callable[[], str]) -> None:
        self._spec, self._view, self._dockerfile = spec, view, dockerfile

    @property
    def image(self) -> str:
        """Its name, with the tag that follows from the lock: `registry.example.test/team/train:lock-3f9a1c22b07d4e18`;
        without the registry where env.toml names none."""
        return self._view.name

    @property
    def registry(self) -> str | None:
        """The host, with port; None where env.toml does not say where images go."""
        return parse_reference(self.image).registry if self._spec.image.repository else None

    @property
    def repository(self) -> str:
        """Its name without registry and tag."""
        return parse_reference(self.image).repository if self._spec.image.repository else self._spec.name

    @property
    def exists(self) -> bool:
        """Is it in its registry, or was it made on this machine?"""
        return self.where != "nowhere"

    @property
    def image_exist(self) -> bool:
        """The same."""
        return self.exists

    @property
    def where(self) -> str:
        """`registry`, `cache` (this machine), or `nowhere`."""
        return self._view.where

    @property
    def digest(self) -> str | None:
        """`sha256:…` of the manifest or index; None for one that is not made yet."""
        return self._view.digest

    @property
    def view(self) -> ImageView:
        """All that `envlock inspect` shows: platforms, layers, settings, attachments."""
        return self._view

    @cached_property
    def dockerfile(self) -> str:
        """The Dockerfile of the base where env.toml names one, else one that makes the same of what is locked."""
        return self._dockerfile()

    @property
    def environment_path(self) -> str | None:
        """Where packages lie in it; None where it has none but the base's."""
        return IMAGE_PREFIX if any(self._spec.all_wants(platform) for platform in self._spec.platforms) else None

    @property
    def interpreter_path(self) -> str | None:
        """The Python in it that has the packages; of a base that is used as it is, the one env.toml names."""
        return f"{self.environment_path}/bin/python" if self.environment_path else self._spec.image.interpreter

    def __repr__(self) -> str:
        return f"<ImageDetails: {self.image}, {'in the ' + self.where if self.exists else 'not made yet'}>"
