"""The fields of METADATA and PKG-INFO, which have the form of a mail's header.

As Python's own reader of mail takes them; that one reads the description to its end as well, which is a hundred times
as long as what is asked for.
"""

import io
import re

_FIELD = re.compile(r"([!-9;-~]*):[ \t]*(.*)", re.DOTALL)


def metadata_fields(data: bytes) -> dict[str, list[str]]:
    """The values of every field by its name in lower case, in order; none where one of them is no UTF-8."""
    found: dict[str, list[str]] = {}
    values: list[str] = []
    for line in io.TextIOWrapper(io.BytesIO(data), encoding="utf-8", errors="surrogateescape"):
        if line[0] in " \t":  # it goes on
            values[-1:] = [value + line for value in values[-1:]]
        elif field := _FIELD.match(line):
            values = found.setdefault(field[1].lower(), [])
            values.append(field[2])
        else:
            break  # here begins the description
    return {name: values for name, values in found.items() if name and all(map(_is_text, values))}


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
