"""A virtual environment as files: what `python -m venv` would leave, without running it."""

from envlock.model.files import Inline, PrefixFile


def venv_files(home: str, interpreter: str, python: str) -> tuple[PrefixFile, ...]:
    """The files that make a prefix an environment of its own, without the system's packages.

    `interpreter` is the absolute path of the Python it stands on, `home` the folder that one lies in, `python`
    its full version ("3.11.7").
    """
    minor = ".".join(python.split(".")[:2])
    settings = f"home = {home}\ninclude-system-site-packages = false\nversion = {python}\n"
    return (
        PrefixFile(path="bin/python", link=f"python{minor}"),
        PrefixFile(path="bin/python3", link=f"python{minor}"),
        PrefixFile(path=f"bin/python{minor}", link=interpreter),
        PrefixFile(path="pyvenv.cfg", content=Inline(settings.encode())),
    )
