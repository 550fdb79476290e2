"""env.lock to values: what was edited, truncated or merged badly is refused, with everything said at once."""

import tomllib
from contextlib import suppress
from pathlib import Path

from envlock.errors import UserInputError
from envlock.lockfile.as_written import AsWritten
from envlock.lockfile.inputs import read_copied, read_image, read_inputs
from envlock.lockfile.platforms import read_platforms
from envlock.model.fields import Document, not_toml
from envlock.model.lock import LOCK_VERSION, Lock
from envlock.model.place import located
from envlock.system.text_file import display, read_text

LIMIT = 64 << 20
REPAIR = "restore it from git, or remove it and run `envlock lock`"
FINISH = "run `envlock lock`: it keeps what both sides have locked"


def read_lock(path: Path) -> Lock:
    """Reads an env.lock; the order of tables and packages in it is of no account."""
    return lock_of(display(path), read_text(path, limit=LIMIT, absent="`envlock lock` makes it"))


def lock_of(name: str, text: str) -> Lock:
    """The same from a text with LF line ends; `name` is what errors call it."""
    with suppress(UserInputError):
        known = AsWritten(text)
        lock = _lock(name, known.rest, known)
        if known.is_used_up:
            return lock
    # something is wrong, or unusual: read as a whole, errors have their lines
    return _lock(name, text, AsWritten(""))


def _lock(name: str, text: str, known: AsWritten) -> Lock:
    document = _document(name, text)
    refuse_version(document)
    root = document.root
    inputs, image = read_inputs(root.table("inputs")), read_image(root.table("image"))
    copied = read_copied(root.table("image"))
    platforms = read_platforms(root.table("platform"), inputs.platforms, known)
    document.close(hint=REPAIR)
    return Lock(inputs=inputs, image=image, platforms=platforms, copied=copied)


def _document(name: str, text: str) -> Document:
    try:
        return Document(name, text, tomllib.loads(text))
    except (ValueError, RecursionError) as error:
        raise not_toml(name, text, error, hint=REPAIR, finish=FINISH) from None


def refuse_version(document: Document) -> None:
    """Looked at before all else: what a newer envlock writes is not wrong, only unknown here."""
    version = document.root.integer("lock-version")
    if version == LOCK_VERSION:
        return
    what, hint = f"`lock-version`: expected {LOCK_VERSION}", REPAIR
    if version is not None and version > LOCK_VERSION:
        what = f"`lock-version` is {version}, this envlock reads {LOCK_VERSION}: made by a newer envlock"
        hint = "upgrade envlock"
    raise UserInputError(located(document.name, document.line(("lock-version",)), what), hint=hint)
