"""Dockerfiles, built in the engine that is meant, and what they make brought out of it."""

from envlock.images.docker_engine.building import DockerfileBuild, build_dockerfile
from envlock.images.docker_engine.saving import save
from envlock.images.docker_engine.session import session
from envlock.images.dockerfile import DockerContext
from envlock.model.image import Descriptor
from envlock.model.platform import Platform
from envlock.workflows.context import Context
from envlock.workflows.docker_log import Log, network


def dockerfile_image(read: DockerContext, platform: Platform, context: Context, log: Log, *, anew: bool) -> Descriptor:
    """The image of a Dockerfile in the cache's layout; nothing of it stays in the engine."""
    wanted = DockerfileBuild(
        context=read,
        platform=platform,
        network=network(context.environment, offline=False),
        anew=anew,
        stages=context.cache.root / "stages",
        environment=context.environment,
    )
    with session(context.environment, context.cache) as held:
        name = build_dockerfile(held, wanted, log.line)
        return save(held.engine, name, context.cache)
