"""A repository of several environments at a forge: a bare one, a person's clone of it, and checkouts as servers make
them."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from envlock.model.ci_event import Event, Kind
from envlock.system.cache import Cache
from envlock.workflows.ci import CiOptions
from envlock.workflows.ci_report import Subject
from envlock.workflows.ci_subjects import Subjects, found_subjects
from envlock.workflows.context import Context
from tests.support.locked_project import MANIFEST, write_lock
from tests.support.processes import run
from tests.support.repository import History


@dataclass(frozen=True)
class Checkout(History):
    """A work tree."""

    def environment(self, folder: str, name: str | None = None, **changes: str) -> None:
        """Writes an environment with a lock that answers it; `variable` makes its image another one."""
        place = self.folder / folder
        place.mkdir(parents=True, exist_ok=True)
        text = MANIFEST.replace("train", name or Path(folder).name)
        more = "".join(f'\n[variables]\nA = "{value}"\n' for value in changes.values())
        (place / "env.toml").write_text(text + more)
        write_lock(place / "env.toml")

    def remove(self, folder: str) -> None:
        shutil.rmtree(self.folder / folder)

    def move(self, old: str, new: str) -> None:
        (self.folder / new).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / old).rename(self.folder / new)

    def subjects(self, event: Event, *, start: str = "", **options: object) -> Subjects:
        """What `ci` is about here."""
        context = Context(cache=Cache(self.folder.parent / "cache"))
        return found_subjects(event, CiOptions(**options), self.folder / start, context)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Shared:
    """`origin` is bare; in `work` main is checked out, with the environments `train` and `serve`."""

    root: Path
    work: Checkout

    @property
    def origin(self) -> Path:
        return self.root / "origin.git"

    def push(self, message: str = "work", to: str = "main") -> str:
        """Commits all that is in `work`, and pushes it; the commit."""
        id = self.work.commit(message)
        self.work.git("push", "--quiet", "--force", "origin", f"HEAD:refs/heads/{to}")
        return id

    def branch(self, name: str) -> None:
        self.work.git("checkout", "--quiet", "-b", name)

    def merged(self, number: int, head: str, base: str = "main") -> str:
        """What a forge makes of a pull request to try it: a merge commit that no branch has."""
        self.work.git("checkout", "--quiet", "--detach", base)
        self.work.git("merge", "--quiet", "--no-ff", "--no-edit", head)
        id = self.work.git("rev-parse", "HEAD")
        self.work.git("push", "--quiet", "--force", "origin", f"HEAD:refs/pull/{number}/merge")
        self.work.git("push", "--quiet", "--force", "origin", f"{head}:refs/pull/{number}/head")
        return id

    def checked_out(self, reference: str, *words: str, depth: int | None = 1) -> Checkout:
        """As a server has it, which fetches one reference into an empty repository."""
        found = Checkout(self.root / f"checkout-{len([*self.root.iterdir()])}")
        run(("git", "init", "--quiet", *words, found.folder))
        found.git("remote", "add", "origin", f"file://{self.origin}")
        far = () if depth is None else (f"--depth={depth}",)
        branches = ("+refs/heads/*:refs/remotes/origin/*",) if depth is None else ()
        found.git("fetch", "--quiet", "--no-tags", *far, "origin", f"+{reference}:refs/checked-out", *branches)
        found.git("checkout", "--quiet", "--detach", "refs/checked-out")
        return found


def shared(root: Path, *words: str) -> Shared:
    """`words` are for `git init`, of both."""
    root.mkdir(parents=True, exist_ok=True)
    run(("git", "init", "--quiet", "--bare", "--initial-branch=main", *words, root / "origin.git"))
    work = Checkout(root / "work")
    run(("git", "init", "--quiet", "--initial-branch=main", *words, work.folder))
    work.git("remote", "add", "origin", f"file://{root / 'origin.git'}")
    found = Shared(root, work)
    work.environment("envs/train")
    work.environment("envs/serve")
    found.push("begin")
    return found


def pull_request(head: str | None, base: str | None, merge: str | None = None) -> Event:
    proposed = Event(kind=Kind.PULL_REQUEST, forge="github", branch="topic", target="main", number=7)
    return replace(proposed, base=base, head=head, merge=merge)


def to_default(before: str | None) -> Event:
    return Event(kind=Kind.BRANCH, forge="github", branch="main", is_default=True, base=before)


def states(found: Subjects) -> dict[str, str]:
    """By folder and name, how each stands."""
    return {f"{each.folder} {each.name}".strip(): str(each.state) for each in found.subjects}


def one(found: Subjects, name: str) -> Subject:
    (subject,) = (each for each in found.subjects if each.name == name)
    return subject
