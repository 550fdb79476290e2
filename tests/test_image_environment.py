"""The variables of an environment, in images and in `run`."""

from envlock.model.activation import environment
from envlock.model.conda_contents import contents
from envlock.model.digest import lock_hash
from envlock.model.lock import Base, CondaPackage, ImageSettings, Inputs, Lock, PlatformLock
from envlock.model.spec import EnvSpec

PYTHON = CondaPackage(
    name="python",
    version="3.11.7",
    build="0",
    subdir="linux-64",
    file="python-3.11.7-0.conda",
    sha256="a" * 64,
    size=1,
    channel="c",
)
BASE = Base(reference="debian:1", digest=f"sha256:{'b' * 64}")
CONDA = PlatformLock(platform="linux-64", base=BASE, conda=(PYTHON,))
PIP = PlatformLock(platform="linux-64", base=BASE)


def test_a_users_own_packages_stay_out_of_conda_environments() -> None:
    found = environment(CONDA, ImageSettings(), prefix="/opt/env", path="/bin")
    assert found == {"PATH": "/opt/env/bin:/bin", "CONDA_PREFIX": "/opt/env", "PYTHONNOUSERSITE": "1"}


def test_a_virtual_environment_never_looks_there() -> None:
    found = environment(PIP, ImageSettings(), prefix="/opt/env", path="")
    assert found == {"PATH": "/opt/env/bin", "VIRTUAL_ENV": "/opt/env"}


def test_variables_of_the_manifest_outrank_activation_and_not_where_the_environment_lies() -> None:
    image = ImageSettings(variables=(("A", "manifest"), ("PYTHONNOUSERSITE", "0")))
    activated = (("A", "package"), ("B", "package"), ("PATH", "/evil"))
    assert environment(CONDA, image, prefix="/p", path="/bin", activated=activated) == {
        "A": "manifest",
        "B": "package",
        "PYTHONNOUSERSITE": "0",
        "CONDA_PREFIX": "/p",
        "PATH": "/p/bin:/bin",
    }


def test_what_activation_sets_names_the_image_and_not_the_builder() -> None:
    raw = {
        "files": [["etc/conda/env_vars.d/java.json", 10, "hardlink"]],
        "noarch": None,
        "entry_points": [],
        "scripts": [],
        "index": {},
        "activation": {
            "etc/conda/env_vars.d/java.json": ['{"JAVA_HOME": "/placehold/lib"}', "/placehold"],
            "etc/conda/env_vars.d/plain.json": ['{"A": "/placehold"}', None],
        },
    }
    assert contents(raw, python=None).activation == (
        ("etc/conda/env_vars.d/java.json", '{"JAVA_HOME": "/opt/env/lib"}'),
        ("etc/conda/env_vars.d/plain.json", '{"A": "/placehold"}'),
    )


def test_over_scratch_the_stated_python_is_part_of_the_hash() -> None:
    def hashed(base: Base) -> str:
        lock = Lock(
            inputs=Inputs.of(EnvSpec(name="a")),
            image=ImageSettings(),
            platforms=(PlatformLock(platform="linux-64", base=base),),
        )
        return lock_hash(lock, lock.platforms[0])

    eleven, twelve = (Base(reference="scratch", python=f"3.{minor}.0") for minor in (11, 12))
    assert hashed(eleven) != hashed(twelve)
    # a digest says it all
    assert hashed(Base(reference="a", digest=BASE.digest, python="3.11.1")) == hashed(BASE)
