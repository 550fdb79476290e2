"""env.lock as text: one spelling of every lock."""

from dataclasses import replace

from envlock.lockfile.writer import GITATTRIBUTES_LINE, lock_text
from envlock.model.lock import Base, ImageSettings, Lock, PlatformLock
from tests.support.locks import LOCK

TEXT = """\
# Made by `envlock lock`. Do not edit: change env.toml and lock again.
lock-version = 1

[inputs]
python = "3.11"
platforms = [
    "linux-64",
]
base = "debian:trixie-slim"

[inputs.conda]
channels = [
    "conda-forge",
    "./channel",
]
channel-priority = "strict"
dependencies = [
    "numpy <2,>=1.26",
    "python",
]

[inputs.pip]
dependencies = [
    "flask[async]<4",
]

[[inputs.pip.indexes]]
name = "acme"
url = "https://pip.acme.test/simple"
default = true

[[inputs.pip.indexes]]
name = "pypi"

[inputs.platform.linux-64]
glibc = "2.28"
linux = "4.18"
cuda = "12.4"
archspec = "x86_64"

[image]
user = "1000"
workdir = "/srv"
entrypoint = []
cmd = [
    "python",
    "-c",
    "print(\\"a\\\\b\\")\\n",
]

[image.labels]
"org.acme.team" = "ml"

[image.variables]
OMP_NUM_THREADS = "1"

[platform.linux-64.base]
reference = "debian:trixie-slim"
digest = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
glibc = "2.41"
shell = "/bin/sh"

[[platform.linux-64.conda]]
name = "numpy"
version = "1.26.4"
build = "py311h64a7726_0"
channel = "conda-forge"
subdir = "linux-64"
file = "numpy-1.26.4-py311h64a7726_0.conda"
sha256 = "1111111111111111111111111111111111111111111111111111111111111111"
size = 8065890
requires = [
    "libcblas >=3.9.0,<4.0a0",
    "python >=3.11,<3.12.0a0",
]
constrains = [
    "numpy-base <0a0",
]
provides = [
    "numpy==1.26.4",
]

[[platform.linux-64.pip]]
name = "flask"
version = "3.0.3"
index = "pypi"
file = "flask-3.0.3-py3-none-any.whl"
sha256 = "2222222222222222222222222222222222222222222222222222222222222222"
size = 101735
uploaded = "2024-04-07T19:26:08Z"
requires-python = ">=3.8"
extras = [
    "async",
]
requires = [
    "asgiref>=3.2",
    "werkzeug>=3.0.0",
]
"""


def test_the_text() -> None:
    assert lock_text(LOCK) == TEXT


def test_the_least_lock() -> None:
    inputs = replace(LOCK.inputs, python=None, channels=(), conda=(), pip=(), indexes=(), base="scratch")
    least = Lock(
        inputs=inputs,
        image=ImageSettings(),
        platforms=(PlatformLock(platform="linux-64", base=Base(reference="scratch")),),
    )
    assert lock_text(least) == (
        "# Made by `envlock lock`. Do not edit: change env.toml and lock again.\n"
        'lock-version = 1\n\n[inputs]\nplatforms = [\n    "linux-64",\n]\nbase = "scratch"\n\n'
        '[inputs.platform.linux-64]\nglibc = "2.28"\nlinux = "4.18"\ncuda = "12.4"\narchspec = "x86_64"\n\n'
        '[platform.linux-64.base]\nreference = "scratch"\n'
    )


def test_git_attributes() -> None:
    assert GITATTRIBUTES_LINE == "env.lock text eol=lf merge=envlock diff=envlock linguist-generated"
