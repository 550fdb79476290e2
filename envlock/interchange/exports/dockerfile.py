"""A Dockerfile that any builder turns into the same packages: Docker's classic one, BuildKit, buildah, kaniko.

One file is enough, without here-documents, which the classic builder lacks: lists of packages are written by `printf`,
in stages of their own that leave nothing behind but `/opt/env`. micromamba, in the image of its own, installs conda
packages, and the base's own pip what is from indexes; both compare the sha256 of each file.
"""

import json
import posixpath
import shlex
from collections.abc import Iterable, Iterator, Sequence

from envlock.interchange.exports.contents import Contents, git_requirement
from envlock.interchange.exports.explicit import in_order
from envlock.model.activation import environment
from envlock.model.files import IMAGE_PREFIX
from envlock.model.image_values import copied_name
from envlock.model.lock import PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.model.reference import parse_reference

# its tags do not move once they name all three numbers
MICROMAMBA = "docker.io/mambaorg/micromamba:2.3.0"
_DEBIAN = "docker.io/library/debian"
_PATH = "${PATH:-/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin}"
_LOCAL = "/tmp/envlock"  # in a stage that is thrown away
# the command of one RUN is one argument of a shell, and Linux has 128 KiB for that
_MOST_BYTES = 64 << 10
_PIP = "install --no-deps --no-cache-dir --disable-pip-version-check --root-user-action ignore"


def dockerfile(contents: Contents) -> str:
    """The stages: what the base is, the environment, and both together with the settings of the image."""
    (locked,) = contents.platforms
    stages = [
        _head(contents, locked),
        [f"FROM {_base(locked)} AS base", *_apt(contents)] if _base(locked) != "scratch" else [],
        _environment_stage(contents, locked),
        _image(contents, locked),
    ]
    texts = ("".join(f"{line}\n" for line in stage) for stage in stages)
    return "\n".join(text for text in texts if text)


def dockerfile_notes(contents: Contents) -> Iterator[str]:
    """What the file cannot say, or not as the lock does."""
    (locked,) = contents.platforms
    image = contents.lock.image
    yield from _of_base(contents, locked)
    if locked.conda:
        yield "variables that conda packages set when they are activated are left out"
    if locked.pip and not _python(locked):
        yield f"{len(locked.pip)} pip packages left out: neither conda nor the base brings Python"
    for package in locked.pip:
        yield from _of_package(package)
    left_out = [name for name, value in (*image.variables, *image.labels) if not _fits(value)]
    yield from (f"`{name}` left out: a value in a Dockerfile has no line breaks" for name in left_out)
    if image.copy:
        yield "`copy` takes what lies in the build context, whatever content is locked"


def _of_base(contents: Contents, locked: PlatformLock) -> Iterator[str]:
    base = locked.base
    if base.suite:
        yield f"what `{_DEBIAN}:{base.suite}-slim` has besides the locked Debian packages stays in the image"
    if base.suite and not contents.snapshot:
        yield (
            "no snapshot archive is named: Debian's mirrors drop versions some weeks after newer ones came, and these"
            " cannot be built any more then"
        )
    if _is_elsewhere(locked):
        made = f"`{contents.lock.inputs.dockerfile}`" if base.context else f"`{base.reference}`"
        yield f"the base is {made}, which no Dockerfile can name: give an image of it by `--build-arg BASE=…`"


def _of_package(package: PipPackage) -> Iterator[str]:
    if package.builds:
        yield f"`{package.name}` is built by versions of its build tools that are not locked"
    if package.git:
        yield f"pip compares no hash of `{package.name}`, which is from git: the base needs the program `git`"


def outside(package: PipPackage) -> str | None:
    """Why a package has no place in the file, where it has none."""
    return "it lies outside of env.toml's folder, which is the build context" if _is_outside(package) else None


def _is_outside(package: PipPackage) -> bool:
    return posixpath.normpath(package.path or ".").startswith("..")


def _head(contents: Contents, locked: PlatformLock) -> Iterator[str]:
    platform = PLATFORMS[locked.platform]
    yield f"# {contents.name} on {locked.platform} (linux/{platform.architecture}); made by `envlock export`"
    if contents.lock.image.copy or any(package.path for package in locked.pip):
        yield "# The build context is the folder of env.toml."
    if locked.conda:
        yield f"ARG MICROMAMBA={MICROMAMBA}"
    if locked.base.suite:
        yield f"ARG DEBIAN={_DEBIAN}:{locked.base.suite}-slim"
        yield f"ARG SNAPSHOT={contents.snapshot or ''}"
    if _is_elsewhere(locked):
        yield "ARG BASE"


def _is_elsewhere(locked: PlatformLock) -> bool:
    """Is the base an image that has no name in a registry?"""
    return bool(locked.base.context) or (locked.base.reference or "").startswith("oci:")


def _base(locked: PlatformLock) -> str:
    base = locked.base
    if base.suite:
        return "${DEBIAN}"
    if _is_elsewhere(locked):
        return "${BASE}"
    if not base.digest or not base.reference:
        return "scratch"
    return str(parse_reference(base.reference).at(base.digest))


def _apt(contents: Contents) -> Iterator[str]:
    """Debian's packages by version: from the snapshot archive where one is given, else as the base's apt finds them."""
    (locked,) = contents.whole
    if not locked.debian:
        return
    components = " ".join(contents.lock.inputs.debian.components if contents.lock.inputs.debian else ())
    sources = [
        f'"deb [check-valid-until=no] $SNAPSHOT/{path} {suite} {components}"' for suite, path in contents.snapshots
    ]
    yield "ARG SNAPSHOT"
    # of several days one has each version: it is the installing that must find them all
    yield from _run(
        "set -e; if [ -n \"$SNAPSHOT\" ]; then rm -f /etc/apt/sources.list.d/*; printf '%s\\n'",
        *sources,
        "> /etc/apt/sources.list; fi; apt-get update || :; DEBIAN_FRONTEND=noninteractive apt-get install --yes",
        "--no-install-recommends --allow-downgrades",
        *(shlex.quote(f"{package.name}={package.version}") for package in locked.debian),
        "; rm -rf /var/lib/apt/lists/*",
    )


def _environment_stage(contents: Contents, locked: PlatformLock) -> Iterator[str]:
    python = _python(locked)
    if not locked.conda and not python:
        return
    yield f"FROM {'${MICROMAMBA}' if locked.conda else 'base'} AS env"
    yield "USER 0"
    if locked.conda:
        listed = [f"{contents.urls[package]}#{package.sha256}" for package in in_order(locked.conda)]
        yield from _listed(["@EXPLICIT", *listed], "/tmp/explicit.txt")
        yield f"RUN micromamba create --yes --prefix {IMAGE_PREFIX} --file /tmp/explicit.txt"
    else:
        yield f"RUN {python} -m venv --without-pip {IMAGE_PREFIX}"
    if locked.pip and python:
        yield from _pip_part(contents, locked.pip, python)
    if contents.lock.image.bytecode and python:
        yield f"RUN {IMAGE_PREFIX}/bin/python -m compileall -q {IMAGE_PREFIX}"


def _python(locked: PlatformLock) -> str | None:
    """The one that runs the packages, where there is one."""
    if any(package.name == "python" for package in locked.conda):
        return f"{IMAGE_PREFIX}/bin/python"
    return None if locked.conda else locked.base.interpreter


def _pip_part(contents: Contents, packages: Sequence[PipPackage], python: str) -> Iterator[str]:
    for package in packages:
        if package.path:
            yield f"COPY {json.dumps([_escaped(package.path), _place(package)])}"
    index = [f"--index-url {contents.own_default_index}"] if contents.own_default_index else []
    hashed = [f"{_requirement(p, contents)} --hash=sha256:{p.sha256}" for p in packages if p.sha256]
    others = [_requirement(p, contents) for p in packages if not p.sha256]
    # Debian's Python has a pip of Debian's, or none; and where it has one, it may be unable to make a venv with another
    yield from _run(
        f"if {python} -m pip --version; then echo {python} > /tmp/python;",
        f"else {python} -m venv /tmp/pip && echo /tmp/pip/bin/python > /tmp/python; fi",
    )
    for kind, requirements, option in (("hashed", hashed, " --require-hashes"), ("others", others, "")):
        if requirements:
            file = f"/tmp/{kind}.txt"
            yield from _listed([*index, *requirements], file)
            yield from _run(
                f'"$(cat /tmp/python)" -m pip --python {IMAGE_PREFIX}/bin/python',
                f"{_PIP}{option} --requirement {file}",
            )


def _requirement(package: PipPackage, contents: Contents) -> str:
    if package.git:
        return f"{package.name} @ {git_requirement(package)}"
    if package.path:
        return _place(package)
    if package.index == contents.default_index:
        return f"{package.name}=={package.version}"
    return f"{package.name} @ {contents.urls[package]}"


def _place(package: PipPackage) -> str:
    """Where what is copied lies in the stage: a file, or a folder of the package's own."""
    return f"{_LOCAL}/{package.name}" if package.tree else f"{_LOCAL}/{package.file}"


def _image(contents: Contents, locked: PlatformLock) -> Iterator[str]:
    image, has_prefix = contents.lock.image, bool(locked.conda or locked.base.interpreter)
    yield "FROM scratch" if _base(locked) == "scratch" else "FROM base"
    if has_prefix:
        yield f"COPY --from=env {IMAGE_PREFIX} {IMAGE_PREFIX}"
    inside = environment(locked, image, prefix=IMAGE_PREFIX if has_prefix else None, path="")
    said = [f"{name}={_quoted(value)}" for name, value in sorted(inside.items()) if name != "PATH" and _fits(value)]
    if has_prefix:
        said.append(f'PATH="{IMAGE_PREFIX}/bin:{_PATH}"')
    yield from _joined("ENV", said)
    yield from _joined("LABEL", [f"{_quoted(name)}={_quoted(value)}" for name, value in image.labels if _fits(value)])
    if image.workdir:
        yield f"WORKDIR {_escaped(image.workdir)}"
    for path in image.copy:
        target = posixpath.join(image.workdir or "/", copied_name(path))
        yield f"COPY {json.dumps([_escaped(path), _escaped(target)], ensure_ascii=False)}"
    if image.user:
        yield f"USER {image.user}"
    for word, command in (("ENTRYPOINT", image.entrypoint), ("CMD", image.cmd)):
        if command is not None:
            yield f"{word} {json.dumps(command, ensure_ascii=False)}"


def _fits(value: str) -> bool:
    return "\n" not in value


def _joined(word: str, said: Sequence[str]) -> Iterator[str]:
    if said:
        yield f"{word} " + " \\\n    ".join(said)


def _listed(lines: Sequence[str], file: str) -> Iterator[str]:
    """Commands that write these lines into a file."""
    arrow = ">"
    for part in _parts([shlex.quote(line) for line in lines]):
        yield from _run("printf '%s\\n'", *part, f"{arrow} {file}")
        arrow = ">>"


def _parts(words: Iterable[str]) -> Iterator[list[str]]:
    part: list[str] = []
    size = 0
    for word in words:
        if size + len(word) > _MOST_BYTES:
            yield part
            part, size = [], 0
        part.append(word)
        size += len(word) + 8
    yield part


def _run(*words: str) -> Iterator[str]:
    yield "RUN " + " \\\n    ".join(words)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return f'"{escaped}"'


def _escaped(text: str) -> str:
    """Where variables are put in, and quotes are not taken away by every builder."""
    return text.replace("\\", "\\\\").replace("$", "\\$")
