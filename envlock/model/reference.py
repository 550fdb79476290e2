"""Image references as Docker and the OCI write them: `[registry/]repository[:tag][@digest]`."""

import re
from dataclasses import dataclass, replace

DOCKER_HUB = "docker.io"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_REGISTRY = re.compile(r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An image in a registry. `str()` gives it back with the registry written out."""

    registry: str
    repository: str
    tag: str | None = None
    digest: str | None = None

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"

    def at(self, digest: str) -> "Reference":
        """The same repository, by digest."""
        return replace(self, tag=None, digest=digest)


def parse_reference(text: str) -> Reference:
    """Reads a reference; ValueError with what is wrong. Docker Hub's short names are written out."""
    rest, at, digest = text.partition("@")
    if at and not _DIGEST.fullmatch(digest):
        raise ValueError(f"`{digest}` is not a digest (sha256: and 64 hex digits)")
    registry, rest = _split_registry(rest)
    if not _REGISTRY.fullmatch(registry):
        raise ValueError(f"`{registry}` is not the name of a registry")
    repository, colon, tag = rest.partition(":")
    if colon and not _TAG.fullmatch(tag):
        raise ValueError(f"`{tag}` is not a tag")
    if not _REPOSITORY.fullmatch(repository):
        raise ValueError(f"`{repository}` is not a repository name")
    if registry == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    implied = None if digest else "latest"
    return Reference(registry=registry, repository=repository, tag=tag or implied, digest=digest or None)


def _split_registry(text: str) -> tuple[str, str]:
    first, slash, rest = text.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return (DOCKER_HUB if first == "index.docker.io" else first), rest
    return DOCKER_HUB, text
