"""Where environments are in commits: found by their names, which are read once, however many commits have them."""

from collections.abc import Iterator
from pathlib import Path

from envlock.history.git_program import Git
from envlock.history.objects import Objects
from envlock.manifest.stated_name import stated_name
from envlock.workflows.project import LOCKFILE, MANIFEST

_FILES = ("100644", "100755")


class PastFolders:
    """Folders are as git has them: "" is the top, whose name git does not keep: it is that of the work tree, `root`."""

    def __init__(self, git: Git, objects: Objects, root: Path | None) -> None:
        self._git, self._objects, self._top = git, objects, root.name if root else ""
        self._names: dict[tuple[str, str], str] = {}
        self._seen: dict[tuple[str, str], str | None] = {}

    def folder_of(self, name: str, commit: str) -> str | None:
        """Where the environment of that name is in a commit."""
        key = (name, commit)
        if key not in self._seen:
            found = (folder for folder, id in self.manifests(commit) if self._is(name, folder, id))
            self._seen[key] = next(found, None)
        return self._seen[key]

    def names(self, commit: str) -> dict[str, str]:
        """The names of all environments of a commit, by folder."""
        return {folder: self.name(folder, id) for folder, id in self.manifests(commit)}

    def name(self, folder: str, manifest: str) -> str:
        """The name of an environment by the id of what its manifest is."""
        own = folder.rpartition("/")[2] or self._top
        if (manifest, own) not in self._names:
            found = self._objects.get(manifest)
            text = found.content.decode("utf-8-sig", errors="replace") if found else ""
            self._names[manifest, own] = stated_name(text, own)
        return self._names[manifest, own]

    def lock_in(self, commit: str, folder: str) -> str | None:
        """The id of what the lock of a folder is in a commit."""
        found = self._objects.get(f"{commit}:{folder}/{LOCKFILE}" if folder else f"{commit}:{LOCKFILE}")
        return found.id if found and found.kind == "blob" else None

    def removed_from(self, name: str, start: str) -> str | None:
        """The folder in which the environment was when it was removed, or its name was, last before a commit."""
        words = ("--diff-filter=DM", "--no-renames", "--raw", "--no-abbrev", "--format=", "-m", "--first-parent")
        with self._git.started(
            "-c", "diff.relative=false", "log", *words, "-z", start, "--", f":(top,glob)**/{MANIFEST}"
        ) as log:
            for raw, path in _pairs(log.stdout.read().split(b"\0")):
                before = raw.split()[2].decode()
                folder = path.decode(errors="surrogateescape").rpartition("/")[0]
                if self.name(folder, before) == name:
                    return folder
        return None

    def manifests(self, commit: str) -> Iterator[tuple[str, str]]:
        """The folders of all environments of a commit, and the ids of their manifests."""
        for entry in self._git.said("ls-tree", "-r", "-z", "--full-tree", commit).split(b"\0"):
            if entry.endswith(MANIFEST.encode()):
                told, _, path = entry.decode(errors="surrogateescape").partition("\t")
                folder, _, file = path.rpartition("/")
                mode, _, id = told.split()
                if file == MANIFEST and mode in _FILES:
                    yield folder, id

    def _is(self, name: str, folder: str, manifest: str) -> bool:
        """Most need not be parsed: what states a name has it in its text, or has escapes."""
        own = folder.rpartition("/")[2] or self._top
        if own != name and (manifest, own) not in self._names:
            found = self._objects.get(manifest)
            if found is None or not (name.encode() in found.content or b"\\" in found.content):
                return False
        return self.name(folder, manifest) == name


def _pairs(parts: list[bytes]) -> Iterator[tuple[bytes, bytes]]:
    yield from zip(parts[::2], parts[1::2], strict=False)
