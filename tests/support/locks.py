"""Locks made by hand, with a bit of everything in them."""

from dataclasses import replace

from envlock.model.lock import (
    Base,
    CondaPackage,
    DebianPackage,
    ImageSettings,
    Inputs,
    Lock,
    PipPackage,
    PlatformLock,
)
from envlock.model.platform import System
from envlock.model.spec import DebianSpec, Index

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

GIT = DebianPackage(
    name="git",
    version="1:2.39.5-0+deb12u2",
    architecture="amd64",
    archive="security",
    file="pool/updates/main/g/git/git_2.39.5-0+deb12u2_amd64.deb",
    sha256="5" * 64,
    size=7264264,
    requires=("libc6 (>= 2.34)", "libcurl3-gnutls (>= 7.56.1)", "perl"),
    provides=("git-completion", "git-core (= 1:2.39.5)"),
    conflicts=("bash-completion (<< 1:1.90-1)",),
)
LIBC = DebianPackage(
    name="libc6",
    version="2.36-9+deb12u10",
    architecture="amd64",
    file="pool/main/g/glibc/libc6_2.36-9+deb12u10_amd64.deb",
    sha256="6" * 64,
    size=2757792,
    requires=("libgcc-s1",),
)
BASE_FILES = DebianPackage(
    name="base-files",
    version="12.4+deb12u11",
    architecture="all",
    file="pool/main/b/base-files/base-files_12.4+deb12u11_all.deb",
    sha256="7" * 64,
    size=70924,
    requires=("awk | mawk:any (>= 1.3)",),
)
# over Debian's packages
DEBIAN_LOCK = replace(
    LOCK,
    inputs=replace(
        LOCK.inputs,
        base=None,
        debian=DebianSpec(suite="bookworm", packages=("git", "libc6 (>= 2.36)"), components=("contrib", "main")),
    ),
    platforms=(
        replace(
            LOCK.platforms[0],
            base=Base(
                suite="bookworm",
                dates=(("bookworm", "2026-07-11T10:16:37Z"), ("bookworm-security", "2026-11-21T00:53:02Z")),
                glibc="2.36",
                shell="/bin/sh",
            ),
            debian=(BASE_FILES, GIT, LIBC),
        ),
    ),
)
