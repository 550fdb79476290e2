"""The merge of two env.toml: comments and layout of both sides, and what they ask for by the rule of all merges."""

from pathlib import Path

from envlock.workflows.merged import Merged, Texts
from envlock.workflows.text_merge import text_merge


def merge_manifest(texts: Texts, folder: Path, *, marker_size: int = 7) -> Merged:
    """Ours and theirs as one; where both changed the same and differently, with conflict markers."""
    return text_merge(texts, f"--marker-size={marker_size}")
