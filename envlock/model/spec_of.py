"""A manifest made back from what a lock says that it was made for: as far as locking and checking go, the same."""

from envlock.model.lock import ImageSettings, Inputs
from envlock.model.spec import CondaSpec, EnvSpec, ImageSpec, LockSpec, PipSpec


def spec_of(inputs: Inputs, image: ImageSettings | None = None) -> EnvSpec:
    """A manifest of which `Inputs.of` and `ImageSettings.of` make these again; it has no name, and nothing of what
    does not stand in a lock: mirrors, solvers, the repository of images."""
    image = image or ImageSettings()
    return EnvSpec(
        name="",
        python=inputs.python,
        platforms=inputs.platforms,
        systems=inputs.systems,
        conda=CondaSpec(channels=inputs.channels, channel_priority=inputs.channel_priority, dependencies=inputs.conda),
        pip=PipSpec(
            dependencies=inputs.pip,
            constraints=inputs.constraints,
            editable=inputs.editable,
            indexes=inputs.indexes,
        ),
        platform_wants=inputs.platform_wants,
        groups=inputs.groups,
        lock=LockSpec(exclude_newer=inputs.exclude_newer),
        variables=image.variables,
        image=_image(inputs, image),
    )


def _image(inputs: Inputs, image: ImageSettings) -> ImageSpec:
    return ImageSpec(
        base=inputs.base,
        debian=inputs.debian,
        dockerfile=inputs.dockerfile,
        interpreter=inputs.interpreter,
        user=image.user,
        workdir=image.workdir,
        entrypoint=image.entrypoint,
        cmd=image.cmd,
        labels=image.labels,
        copy=image.copy,
        bytecode=image.bytecode,
    )
