"""What environments are made of: files of other tools, prefixes, images, Dockerfiles."""

from dataclasses import replace
from pathlib import Path

from envlock.api.definition import InMemory, put
from envlock.api.sections import put_dockerfile
from envlock.api.session import Session
from envlock.errors import UserInputError
from envlock.workflows.capture import prefix_at
from envlock.workflows.draft import Draft, new_draft, read_draft, saved_draft

CONDA, PIP = "environment.yml", "requirements.txt"


def of_file(name: str, path: str | Path, kind: str | None = None) -> Draft:
    """Of a file or folder of another tool."""
    with Session().context() as context:
        return read_draft(name, Path(path), kind, context)


def of_prefix(name: str, given: str | Path) -> Draft:
    """Of a conda environment on this machine, every package as it is there."""
    with Session().context() as context:
        return read_draft(name, prefix_at(Path(given), context.environment), None, context)


def of_folder(path: str | Path) -> Draft:
    """Of a folder with a definition: by the name that it has there."""
    with Session().context() as context:
        return saved_draft(Path(path), context)


def of_image(name: str, image: str, conda: str | Path | None, pip: str | Path | None) -> Draft:
    """Of an image, and the packages of at most one file."""
    made = InMemory(_with_packages(name, conda, pip))
    put(made, (("image", "base"), image))
    return made.draft


def of_dockerfile(name: str, dockerfile: str | Path, conda: str | Path | None, pip: str | Path | None) -> Draft:
    """Of what a Dockerfile makes, and the packages of at most one file."""
    made = InMemory(_with_packages(name, conda, pip))
    put_dockerfile(made, dockerfile)
    return made.draft


def _with_packages(name: str, conda: str | Path | None, pip: str | Path | None) -> Draft:
    if conda and pip:
        raise UserInputError("`conda_specification` and `pip_requirements` exclude each other", hint="give one of them")
    if conda or pip:
        return of_file(name, conda or pip or "", CONDA if conda else PIP)
    draft = new_draft(name, Path.cwd())
    # the Python of the base is what counts
    return replace(draft, imported=replace(draft.imported, spec=replace(draft.spec, python=None)))
