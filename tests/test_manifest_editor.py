"""The scaffold that `envlock init` writes."""

from envlock.manifest.editor import new_manifest
from envlock.model.spec import CondaSpec, DebianSpec, EnvSpec, ImageSpec, Index, PipSpec

EMPTY = """\
#:schema https://envlock.dev/schema/env.json

# What this environment is made from. `envlock lock` answers it in env.lock: keep both in git.
name = "train"
python = "3.11"

[conda]
# names, URLs or paths such as ./channel, best first
channels = ["conda-forge"]
# match specs, such as "numpy >=1.26,<2"; where there are any, Python comes from conda too
dependencies = []

[pip]
# requirements, such as "flask >=3,<4"; what conda provides is not installed twice
dependencies = []

# [image]
# base = "python:3.11-slim"  # the image below the packages
# or a base of Debian's packages, in place of `base`:
# [image.debian]
# suite = "bookworm"
# packages = ["git", "libgomp1 (>= 12)"]
"""

FILLED = """\
#:schema https://envlock.dev/schema/env.json

# What this environment is made from. `envlock lock` answers it in env.lock: keep both in git.
name = "train"

[conda]
# names, URLs or paths such as ./channel, best first
channels = ["./channel", "conda-forge"]
# match specs, such as "numpy >=1.26,<2"; where there are any, Python comes from conda too
dependencies = [
    "numpy <2",
    "pandas",
]

[pip]
# requirements, such as "flask >=3,<4"; what conda provides is not installed twice
dependencies = [
    "flask<4",
]

[[pip.indexes]]
name = "acme"
url = "https://pip.acme.test/simple"
default = true

# [image]
# base = "debian:trixie-slim"  # the image below the packages
# or a base of Debian's packages, in place of `base`:
# [image.debian]
# suite = "bookworm"
# packages = ["git", "libgomp1 (>= 12)"]
"""


def test_an_empty_scaffold() -> None:
    assert new_manifest(EnvSpec(name="train", python="3.11")) == EMPTY


def test_a_filled_scaffold() -> None:
    spec = EnvSpec(
        name="train",
        conda=CondaSpec(channels=("./channel", "conda-forge"), dependencies=("numpy <2", "pandas")),
        pip=PipSpec(
            dependencies=("flask<4",), indexes=(Index(name="acme", url="https://pip.acme.test/simple", default=True),)
        ),
    )
    assert new_manifest(spec) == FILLED


DEBIAN = """\
[image.debian]
suite = "bookworm"
packages = [
    "curl (= 7.88.1-10)",
    "git",
]
components = ["contrib", "main"]
docs = false
"""


def test_a_base_of_debian_s_packages() -> None:
    debian = DebianSpec(
        suite="bookworm", packages=("curl (= 7.88.1-10)", "git"), components=("contrib", "main"), docs=False
    )
    text = new_manifest(EnvSpec(name="train", image=ImageSpec(debian=debian)))
    assert text.endswith(f"dependencies = []\n\n{DEBIAN}")
    text = new_manifest(EnvSpec(name="train", image=ImageSpec(debian=debian, user="1000")))
    assert text.endswith(f'\n[image]\nuser = "1000"\n\n{DEBIAN}')
