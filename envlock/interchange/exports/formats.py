"""The formats there are: who writes them, and what they cannot hold."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from envlock.interchange.exports.conda_lock_yml import conda_lock_yml
from envlock.interchange.exports.contents import Contents
from envlock.interchange.exports.dockerfile import dockerfile, dockerfile_notes, outside
from envlock.interchange.exports.environment_yml import environment_yml
from envlock.interchange.exports.explicit import explicit
from envlock.interchange.exports.pixi_lock import pixi_lock
from envlock.interchange.exports.pylock import pylock_toml
from envlock.interchange.exports.requirements_txt import requirements_txt
from envlock.model.lock import PipPackage


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How to write one format.

    `one_platform`: a file holds one alone. `left_out`: why it has no packages of a kind. `refuses`: why a pip package
    has no place in it, where it has none. `without_python`: what it says of Python where no conda package brings one.
    `asks_for_pip`: does it name a `pip` that is not locked where there is none to install the rest?
    `needs_url`: are URLs of pip packages of the default index written, too? `bill`: what is written is a bill of
    materials, Debian's packages and all, by the table of `workflows.later`: a library makes it.
    `of_image`: it makes an image, base and all. `notes`: what else is to be said of what it holds.
    """

    write: Callable[[Contents], str] = lambda _contents: ""
    one_platform: bool = False
    left_out: Mapping[str, str] = field(default_factory=dict)
    refuses: Callable[[PipPackage], str | None] = lambda _package: None
    without_python: str | None = None
    asks_for_pip: bool = False
    conda_urls: bool = True
    needs_url: bool = True
    needs_md5: bool = False
    bill: bool = False
    of_image: bool = False
    notes: Callable[[Contents], Iterable[str]] = lambda _contents: ()


def _hashes_nothing_of(package: PipPackage) -> str | None:
    if package.git:
        return "pip compares no hash of what is from git"
    return "pip compares no hash of a folder" if package.tree else None


def _names_urls_alone(package: PipPackage) -> str | None:
    return "conda-lock.yml has no relative paths" if package.path else None


_CONDA_ALONE = {"pip": "an explicit file is of conda packages alone"}
_PYTHON_ALONE = {"conda": "this format is of Python distributions alone"}

_NO_PYTHON = "the file names none"

FORMATS = {
    "conda-lock": Format(write=conda_lock_yml, refuses=_names_urls_alone, without_python=_NO_PYTHON, needs_md5=True),
    "explicit": Format(write=explicit, one_platform=True, left_out=_CONDA_ALONE),
    "environment.yml": Format(
        write=environment_yml,
        one_platform=True,
        without_python="the file asks conda for its minor version",
        asks_for_pip=True,
        conda_urls=False,
        needs_url=False,
    ),
    "requirements": Format(write=requirements_txt, left_out=_PYTHON_ALONE, refuses=_hashes_nothing_of, needs_url=False),
    "pylock": Format(write=pylock_toml, left_out=_PYTHON_ALONE),
    "pixi": Format(write=pixi_lock, without_python=_NO_PYTHON),
    "dockerfile": Format(
        write=dockerfile, one_platform=True, refuses=outside, needs_url=False, of_image=True, notes=dockerfile_notes
    ),
    "cyclonedx": Format(bill=True, one_platform=True),
    "spdx": Format(bill=True, one_platform=True),
}
