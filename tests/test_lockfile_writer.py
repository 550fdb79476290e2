"""env.lock as text: one spelling of every lock."""

from dataclasses import replace

from envlock.lockfile.writer import lock_text
from envlock.model.lock import Base, ImageSettings, Lock, PlatformLock
from tests.support.locks import DEBIAN_LOCK, LOCK

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


DEBIAN_INPUTS = """\
[inputs]
python = "3.11"
platforms = [
    "linux-64",
]

[inputs.debian]
suite = "bookworm"
components = [
    "contrib",
    "main",
]
packages = [
    "git",
    "libc6 (>= 2.36)",
]

[inputs.conda]
"""
DEBIAN_PLATFORM = """\
[platform.linux-64.base]
suite = "bookworm"
glibc = "2.36"
shell = "/bin/sh"

[platform.linux-64.base.dates]
bookworm = "2026-07-11T10:16:37Z"
bookworm-security = "2026-11-21T00:53:02Z"

[[platform.linux-64.debian]]
name = "base-files"
version = "12.4+deb12u11"
architecture = "all"
file = "pool/main/b/base-files/base-files_12.4+deb12u11_all.deb"
sha256 = "7777777777777777777777777777777777777777777777777777777777777777"
size = 70924
requires = [
    "awk | mawk:any (>= 1.3)",
]

[[platform.linux-64.debian]]
name = "git"
version = "1:2.39.5-0+deb12u2"
architecture = "amd64"
archive = "security"
file = "pool/updates/main/g/git/git_2.39.5-0+deb12u2_amd64.deb"
sha256 = "5555555555555555555555555555555555555555555555555555555555555555"
size = 7264264
requires = [
    "libc6 (>= 2.34)",
    "libcurl3-gnutls (>= 7.56.1)",
    "perl",
]
provides = [
    "git-completion",
    "git-core (= 1:2.39.5)",
]
conflicts = [
    "bash-completion (<< 1:1.90-1)",
]

[[platform.linux-64.debian]]
name = "libc6"
version = "2.36-9+deb12u10"
architecture = "amd64"
file = "pool/main/g/glibc/libc6_2.36-9+deb12u10_amd64.deb"
sha256 = "6666666666666666666666666666666666666666666666666666666666666666"
size = 2757792
requires = [
    "libgcc-s1",
]

[[platform.linux-64.conda]]
"""


def test_debian_s_packages() -> None:
    """Where they are found (mirror, snapshot archive, keys) and what is as always (docs) is not written."""
    text = lock_text(DEBIAN_LOCK)
    assert DEBIAN_INPUTS in text
    assert DEBIAN_PLATFORM in text
    assert text.replace(DEBIAN_PLATFORM, "").count("[platform") == 1
    asked = DEBIAN_LOCK.inputs.debian
    assert asked
    bare = replace(asked, docs=False, packages=(), components=("main",))
    text = lock_text(replace(DEBIAN_LOCK, inputs=replace(DEBIAN_LOCK.inputs, debian=bare)))
    assert '[inputs.debian]\nsuite = "bookworm"\ncomponents = [\n    "main",\n]\ndocs = false\n\n' in text


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
