"""The merge of two env.toml: what they ask for by the rule of all merges, with comments and layout of both sides."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from time import monotonic
from typing import Any

from envlock.errors import EnvlockError
from envlock.manifest.merged_values import merged_values, values_of
from envlock.manifest.reader import read_manifest
from envlock.manifest.remarks import Remark, comments, remarks, without_comments
from envlock.manifest.value_edits import NotEditable, with_values
from envlock.model.lock import ImageSettings, Inputs
from envlock.model.merge_notes import conflict_notes
from envlock.model.spec import EnvSpec
from envlock.model.three_way import merged_image, merged_inputs
from envlock.workflows.merged import Merged, Texts
from envlock.workflows.project import MANIFEST
from envlock.workflows.text_merge import marked, text_merge

# seconds after which no other way is tried
_LIMIT = 3.0
_BROKEN = "env.toml could not be read on every side: it is merged as text"
_APART = "both sides changed the same lines, or comments on them: choose"
_UNCLEAR = "what both sides changed asks for something else when taken together ({}): choose, then run `envlock lock`"
# what is asked for, by its key in env.toml; what is not here is below `image`
_KEYS = {
    **{key: key for key in ("python", "platforms", "groups", "variables")},
    "channels": "conda.channels",
    "channel_priority": "conda.channel-priority",
    "conda": "conda.dependencies",
    "pip": "pip.dependencies",
    "constraints": "pip.constraints",
    "indexes": "pip.indexes",
    "editable": "pip.editable",
    "platform_wants": "platform",
    "systems": "platform",
    "exclude_newer": "lock.exclude-newer",
}


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The values that both sides merge to; where these conflict, with those of ours, and with those of theirs."""

    ours: dict[str, Any]
    theirs: dict[str, Any]
    notes: tuple[str, ...]


def merge_manifest(texts: Texts, folder: Path, *, marker_size: int = 7) -> Merged:
    """Ours and theirs as one; where both changed the same and differently, with conflict markers. `folder` is where
    the file lies, from which what it `extends` is read."""
    size = f"--marker-size={marker_size}"
    textual = text_merge(texts, size)
    try:
        wanted = _wanted(texts)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return Merged(text=textual.text, clean=textual.clean, notes=() if textual.clean else (_BROKEN,))
    began, note = monotonic(), _APART
    for start in _starts(textual, texts):
        if monotonic() - began > _LIMIT:
            break
        for text in _edited(start, wanted, texts, marker_size):
            if wanted.notes:
                return Merged(text=text, clean=False, notes=wanted.notes)
            other = _otherwise(texts, folder, text)
            if other is None:
                return Merged(text=text, clean=True)
            note = _UNCLEAR.format(other)
    undecided = marked(texts.ours, texts.theirs, marker_size=marker_size) if textual.clean else textual.text
    return Merged(text=undecided, clean=False, notes=wanted.notes or (note,))


def _starts(textual: Merged, texts: Texts) -> Iterator[str]:
    """What to make the merged text of, the best first."""
    if textual.clean:
        yield textual.text
    yield text_merge(texts, "--union").text
    yield text_merge(Texts(base=texts.base, ours=texts.theirs, theirs=texts.ours), "--union").text
    yield from (texts.ours, texts.theirs)


def _wanted(texts: Texts) -> _Wanted:
    base, ours, theirs = (values_of(text or "") for text in (texts.base, texts.ours, texts.theirs))
    known = base if texts.base else None
    merged, other = merged_values(known, ours, theirs), merged_values(known, theirs, ours)
    return _Wanted(merged.value, other.value, tuple(conflict_notes(merged.conflicts)))


def _edited(start: str, wanted: _Wanted, texts: Texts, marker_size: int) -> Iterator[str]:
    """A text with the values that are wanted, if it can be made of another; nothing where a comment would be lost."""
    donors = (texts.theirs, texts.ours)
    was, now = set(comments(texts.base or "")), (set(comments(texts.ours)), set(comments(texts.theirs)))
    gone = {one for one in was if any(one not in side for side in now)}
    try:
        text = found = without_comments(with_values(start, wanted.ours, donors), gone)
        if wanted.notes:
            other = with_values(text, wanted.theirs, donors)
            found, text = text + other, "" if text == other else marked(text, other, marker_size=marker_size)
    except NotEditable:
        return
    if text and (now[0] | now[1]) - gone <= set(comments(found)) and (wanted.notes or _as_said(texts, text)):
        yield text


def _as_said(texts: Texts, text: str) -> bool:
    """Is each comment about what it is about on one side, and each new one about all that it is new for?"""
    was, ours, theirs, found = map(remarks, (texts.base or "", texts.ours, texts.theirs, text))
    new = {one for side in (ours, theirs) for one in side if _count(side, one) > _count(was, one)}
    return {*found} <= {*ours, *theirs} and new - {*was} <= {*found}


def _count(side: list[Remark], remark: Remark) -> int:
    return sum(comment == remark[0] for comment, _ in side)


def _otherwise(texts: Texts, folder: Path, text: str) -> str | None:
    """What of the merged text is not what both sides' locks merge to; None where all is, and where a side cannot be
    read, as nobody can tell."""
    try:
        base = _spec(folder, texts.base) if texts.base else None
        ours, theirs = _spec(folder, texts.ours), _spec(folder, texts.theirs)
    except EnvlockError:
        return None
    inputs = merged_inputs(Inputs.of(base) if base else None, Inputs.of(ours), Inputs.of(theirs))
    image = merged_image(ImageSettings.of(base) if base else None, ImageSettings.of(ours), ImageSettings.of(theirs))
    try:
        spec = _spec(folder, text)
    except EnvlockError as error:
        return error.message
    if not (inputs.clean and image.clean):
        return None
    other = (*_other_keys(Inputs.of(spec), inputs.value), *_other_keys(ImageSettings.of(spec), image.value))
    return ", ".join(other) or None


def _other_keys(asked: Inputs | ImageSettings, wanted: Inputs | ImageSettings) -> Iterator[str]:
    for one in fields(asked):
        if getattr(asked, one.name) != getattr(wanted, one.name):
            yield f"`{_KEYS.get(one.name, f'image.{one.name}')}`"


def _spec(folder: Path, text: str) -> EnvSpec:
    return read_manifest(folder / MANIFEST, text)
