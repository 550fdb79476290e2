"""A small manifest, a lock that answers it, and what a check of the two says."""

from dataclasses import replace
from typing import Any

from envlock.debian.versions import compare
from envlock.model.edges import CondaRecord
from envlock.model.freshness import Judges, problems
from envlock.model.lock import Base, CondaPackage, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from envlock.model.spec import CondaSpec, EnvSpec, PipSpec
from envlock.system.conda.matching import matches


def conda(name: str, version: str, *requires: str, **more: Any) -> CondaPackage:
    file = f"{name}-{version}-0.conda"
    return CondaPackage(
        name=name,
        version=version,
        build="0",
        subdir="linux-64",
        file=file,
        sha256="1" * 64,
        size=1,
        channel="conda-forge",
        requires=requires,
        **more,
    )


def pip(name: str, version: str, *requires: str, tag: str = "py3-none-any", **more: object) -> PipPackage:
    package = PipPackage(
        name=name,
        version=version,
        file=f"{name}-{version}-{tag}.whl",
        sha256="2" * 64,
        size=1,
        index="pypi",
        requires=requires,
    )
    return replace(package, **more)  # type: ignore[arg-type]


SPEC = EnvSpec(
    name="small",
    python="3.11",
    conda=CondaSpec(channels=("conda-forge", "acme"), dependencies=("numpy >=1.20", "pandas")),
    pip=PipSpec(dependencies=("flask<4", "lib-core")),
)
CONDA = (
    conda("numpy", "1.26.4", "python >=3.11,<3.12.0a0", "__glibc >=2.17", provides=("numpy==1.26.4",)),
    conda("pandas", "2.2.0", "numpy >=1.22,<2.0a0", "lib-c", provides=("pandas==2.2.0",)),
    conda("lib-c", "5.0", constrains=("numpy <2", "absent >9"), provides=("lib-core==5.0",)),
    conda("python", "3.11.7"),
)
PIP = (
    pip("flask", "3.0.3", "werkzeug>=3", "numpy>=1.20"),
    pip("werkzeug", "3.1", requires_python=">=3.9"),
)
LOCK = Lock(
    inputs=Inputs.of(SPEC),
    image=ImageSettings.of(SPEC),
    platforms=(PlatformLock(platform="linux-64", base=Base(reference="debian:trixie-slim"), conda=CONDA, pip=PIP),),
)


def conda_matches(spec: str, record: CondaRecord) -> bool:
    return matches(spec, record.name, record.version, record.build, record.subdir)


JUDGES = Judges(conda_matches, compare)


def said(spec: EnvSpec, lock: Lock) -> list[str]:
    return [problem.message for problem in problems(spec, lock, JUDGES)]
