"""A lock made by hand, with a bit of everything in it."""

from envlock.model.lock import Base, CondaPackage, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from envlock.model.platform import System
from envlock.model.spec import Index

NUMPY = CondaPackage(
    name="numpy",
    version="1.26.4",
    build="py311h64a7726_0",
    subdir="linux-64",
    file="numpy-1.26.4-py311h64a7726_0.conda",
    sha256="1" * 64,
    size=8065890,
    channel="conda-forge",
    requires=("python >=3.11,<3.12.0a0", "libcblas >=3.9.0,<4.0a0"),
    constrains=("numpy-base <0a0",),
    provides=("numpy==1.26.4",),
)
FLASK = PipPackage(
    name="flask",
    version="3.0.3",
    file="flask-3.0.3-py3-none-any.whl",
    sha256="2" * 64,
    size=101735,
    index="pypi",
    extras=("async",),
    requires=("werkzeug>=3.0.0", "asgiref>=3.2"),
    requires_python=">=3.8",
    uploaded="2024-04-07T19:26:08Z",
)
LOCK = Lock(
    inputs=Inputs(
        python="3.11",
        platforms=("linux-64",),
        systems=(("linux-64", System(cuda="12.4")),),
        channels=("conda-forge", "./channel"),
        channel_priority="strict",
        conda=("numpy <2,>=1.26", "python"),
        pip=("flask[async]<4",),
        indexes=(Index(name="acme", url="https://pip.acme.test/simple", default=True), Index(name="pypi")),
        base="debian:trixie-slim",
        interpreter=None,
    ),
    image=ImageSettings(
        variables=(("OMP_NUM_THREADS", "1"),),
        user="1000",
        workdir="/srv",
        entrypoint=(),
        cmd=("python", "-c", 'print("a\\b")\n'),
        labels=(("org.acme.team", "ml"),),
    ),
    platforms=(
        PlatformLock(
            platform="linux-64",
            base=Base(reference="debian:trixie-slim", digest="sha256:" + "3" * 64, glibc="2.41", shell="/bin/sh"),
            conda=(NUMPY,),
            pip=(FLASK,),
        ),
    ),
)
