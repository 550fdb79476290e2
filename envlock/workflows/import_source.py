"""What is to be imported, read: which kind of file or folder it is, its text, and what that comes to."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from envlock.errors import UserInputError
from envlock.interchange.foreign import FOREIGN, foreign_of
from envlock.interchange.foreign_text import decoded, foreign_text
from envlock.interchange.moved_spec import moved_pins
from envlock.interchange.source import Source
from envlock.model.imported import Imported, Remark
from envlock.model.words import did_you_mean
from envlock.sources.index import DEFAULT_URL
from envlock.system.secrets import redact, redact_text
from envlock.system.text_file import display
from envlock.workflows.context import Context
from envlock.workflows.import_asked import Asked

_KINDS = ", ".join(FOREIGN)
_LIMIT = 64 << 20  # the largest locks of others have some tens of megabytes
_FETCHED = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What was read: which kind it is, and what it comes to; paths in its spec are relative to `folder`, those of its
    pins to where env.toml is to be written."""

    kind: str
    folder: Path
    imported: Imported


def read_source(path: Path, asked: Asked, context: Context) -> Read:
    """A file or folder of another tool; UserInputError where it is none that is known, or says what cannot be."""
    if not path.exists():
        raise UserInputError(f"`{display(path)}` does not exist")
    text = "" if path.is_dir() else foreign_text(path, limit=_LIMIT)
    kind = asked.kind or foreign_of(path, text)
    if kind and kind not in FOREIGN:
        raise UserInputError(f"there is no kind `{kind}`", hint=did_you_mean(kind, FOREIGN) or f"there are: {_KINDS}")
    if kind is None or (path.is_dir() and not FOREIGN[kind].folders):
        raise UserInputError(
            f"`{display(path)}` is no {'folder' if path.is_dir() else 'file'} that can be imported",
            hint=_hint(path),
        )
    source = Source(
        path=path,
        text=text,
        platforms=asked.platforms,
        groups=asked.groups,
        fetch=_fetching(context) if asked.urls else _refused,
        environment=context.environment,
        default_index=DEFAULT_URL,
        into=asked.into,
    )
    # texts of any kind end in what readers say, and a login in a URL of any of them must not
    try:
        imported = FOREIGN[kind].read(source)
    except UserInputError as error:
        raise UserInputError(redact_text(error.message), hint=error.hint and redact_text(error.hint)) from None
    except ValueError as error:
        raise UserInputError(redact_text(f"{display(path)}: {error}")) from None
    folder = path if path.is_dir() else path.parent
    here = os.path.relpath(folder.resolve(), asked.into or folder.resolve())
    remarks = tuple(_placed(remark, path) for remark in imported.remarks)
    imported = replace(imported, remarks=remarks, pinned=moved_pins(imported.pinned, here))
    return Read(kind=kind, folder=folder, imported=imported)


def _placed(remark: Remark, path: Path) -> Remark:
    """With the file that was read, where a remark is of no other."""
    remark = replace(remark, what=redact_text(remark.what), why=redact_text(remark.why))
    return remark if remark.file or path.is_dir() else replace(remark, file=display(path))


def _hint(path: Path) -> str:
    """What in a folder could have been meant, else what there is."""
    if not path.is_dir():
        return f"say by --format which it is: {_KINDS}"
    inside = [file for file in sorted(path.iterdir()) if file.is_file() and _known_by_name(file)]
    if inside:
        return f"name a file: {', '.join(display(file) for file in inside)}"
    return "name a file in it"


def _known_by_name(file: Path) -> bool:
    return foreign_of(file, "") is not None


def _fetching(context: Context) -> Callable[[str], str]:
    def fetch(url: str) -> str:
        if not url.startswith(("https://", "http://")):
            raise ValueError(f"`{redact(url)}` is no address of the web")
        content = context.http.read(url)
        if content is None:
            raise ValueError(f"`{redact(url)}` is not there")
        if len(content) > _FETCHED:
            raise ValueError(f"`{redact(url)}` is larger than {_FETCHED >> 20} MiB")
        return decoded(content, redact(url))

    return fetch


def _refused(url: str) -> str:
    raise ValueError(f"`{redact(url)}` is on the network: `--allow-urls` reads it")
