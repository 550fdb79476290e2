"""Text of other tools' files, with LF line ends: UTF-8, or in the encoding that a file itself says."""

import codecs
import re
from pathlib import Path

from envlock.errors import OutsideError, UserInputError
from envlock.system.text_file import display

# PEP 263, which pip reads in requirements files
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)")
_BOMS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def foreign_text(path: Path, *, limit: int) -> str:
    """The text of a file of at most `limit` bytes; UserInputError where it is larger, or no text."""
    name = display(path)
    try:
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise OutsideError(f"`{name}` cannot be read: {error.strerror}") from error
    if len(content) > limit:
        raise UserInputError(f"`{name}` is larger than {limit >> 20} MiB: it is no list of packages")
    return decoded(content, name)


def decoded(content: bytes, name: str) -> str:
    """The text of bytes of a file that is called `name`; UserInputError where they are none."""
    encoding = next((encoding for bom, encoding in _BOMS.items() if content.startswith(bom)), None) or _coding(content)
    try:
        text = content.decode(encoding)
    except (UnicodeError, LookupError):
        raise UserInputError(f"`{name}` is no text in {encoding.upper().removesuffix('-SIG')}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _coding(content: bytes) -> str:
    lines = content.split(b"\n", 2)[:2]
    return next((match[1].decode() for line in lines if (match := _CODING.match(line))), "utf-8")
