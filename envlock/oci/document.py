"""JSON from outside, checked before it is used: each error says where in which document what stands."""

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

from envlock.errors import OutsideError
from envlock.model.digest import canonical_json
from envlock.model.image import Descriptor

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_SHOWN = 60  # characters of a wrong value


def hex_of(digest: str) -> str:
    """The 64 hex digits of `sha256:HEX`; OutsideError for any other text, so that it never becomes a path."""
    match = _DIGEST.fullmatch(digest)
    if match is None:
        raise OutsideError(f"`{digest[:_SHOWN]}` is not a digest (sha256: and 64 hex digits)")
    return match[1]


def parse(data: bytes, name: str) -> "Node":
    """The root of a JSON document; `name` says in errors which one it is."""
    try:
        value = json.loads(data, object_pairs_hook=_once)
        canonical_json(value)  # what cannot be written again (NaN, half a surrogate pair) is refused here
    except (ValueError, RecursionError) as error:
        raise OutsideError(f"{name}: not JSON ({error})") from error
    return Node(value, name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Of a key that stands in it twice one reader takes the first, one the last, and one parts of both."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice in an object")
    return found


@dataclass(frozen=True, slots=True)
class Node:
    """A value in a document, with the document's name and the path to it."""

    value: Any
    document: str
    path: str = ""

    def field(self, name: str) -> "Node":
        """A field that must be there."""
        found = self.optional(name)
        if found is None:
            raise OutsideError(f"{self.document}: `{self._below(name)}` is missing")
        return found

    def optional(self, name: str) -> "Node | None":
        """A field; None where it is absent or null."""
        value = self.mapping().get(name)
        return None if value is None else Node(value, self.document, self._below(name))

    def mapping(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            self._wrong("an object")
        return self.value

    def items(self) -> "tuple[Node, ...]":
        if not isinstance(self.value, list):
            self._wrong("a list")
        return tuple(Node(item, self.document, f"{self.path}[{n}]") for n, item in enumerate(self.value))

    def text(self) -> str:
        if not isinstance(self.value, str):
            self._wrong("text")
        return self.value

    def texts(self) -> tuple[str, ...]:
        return tuple(item.text() for item in self.items())

    def text_by_name(self) -> dict[str, str]:
        return {name: self.field(name).text() for name in self.mapping()}

    def count(self) -> int:
        if not isinstance(self.value, int) or isinstance(self.value, bool) or self.value < 0:
            self._wrong("a number of at least 0")
        return self.value

    def digest(self) -> str:
        if not _DIGEST.fullmatch(self.text()):
            self._wrong("a digest (sha256: and 64 hex digits)")
        return self.text()

    def descriptor(self) -> Descriptor:
        """An OCI content descriptor; what else stands in it (urls, annotations) is the caller's to read."""
        return Descriptor(
            media_type=self.field("mediaType").text(),
            digest=self.field("digest").digest(),
            size=self.field("size").count(),
        )

    def _below(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def _wrong(self, expected: str) -> NoReturn:
        shown = json.dumps(self.value, ensure_ascii=False)
        shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
        place = f"`{self.path}`" if self.path else "the document"
        raise OutsideError(f"{self.document}: {place} is {shown}, expected {expected}")
