"""register: gives the environment, as it is in git, the next number, or a name that never moves."""

from dataclasses import dataclass

from envlock.errors import UserInputError
from envlock.history.git_program import Git
from envlock.history.identity import committer
from envlock.history.remote import Remote, chosen_remote
from envlock.history.repository import Repository
from envlock.history.tags import Contents, Registered
from envlock.lockfile.reader import read_lock
from envlock.model.digest import environment_hash, image_key, image_tag, lock_hash
from envlock.model.version_name import why_not
from envlock.workflows import later, later_history, later_images
from envlock.workflows.check import require_fresh
from envlock.workflows.committed import require_committed
from envlock.workflows.context import Context
from envlock.workflows.numbering import Numbering
from envlock.workflows.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterOptions:
    """`name` in place of the next number; `remote` is a name or an address, else the one git would push to."""

    name: str | None = None
    push: bool = False
    remote: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A registered version, and what was done: `new` tells that it was none before, `pushed` that the remote did not
    have it; `remote` is where it is now, None where that was not asked for. `lock` is `lock-` with the first digits of
    the lock hash."""

    version: Registered
    lock: str
    new: bool
    pushed: bool
    remote: str | None


def register(project: Project, context: Context, options: RegisterOptions = RegisterOptions()) -> Registration:
    """The version that the environment has, or a new one; AnswerIsNo where it is stale or not committed."""
    repository = _repository(project)
    root = repository.root or repository.folder
    if options.name and (reason := why_not(options.name)):
        raise UserInputError(f"no version can be called `{options.name}`: {reason}")
    require_fresh(project, context.cache)
    if project.at is None:
        require_committed(project, repository, root)
    git = Git(root)
    by = committer(git)
    remote = _remote(git, options, context)
    commit = project.at.commit if project.at else repository.commit_of("HEAD")
    assert commit
    numbering = Numbering(
        repository=repository,
        git=git,
        environment=project.name,
        contents=_contents(project, commit, context),
        by=by,
        remote=remote,
        context=context,
    )
    placed = numbering.place(options.name, push=options.push)
    where = str(remote) if remote and options.push else None
    lock = image_tag(image_key(read_lock(project.lockfile)))
    return Registration(version=placed.version, lock=lock, new=placed.new, pushed=placed.pushed, remote=where)


def _repository(project: Project) -> Repository:
    if project.at and project.at.origin:
        raise UserInputError("only an environment of this repository can be registered", hint="clone the other one")
    repository = later_history.repository_around(project.home or project.folder)
    if repository is None:
        raise UserInputError(f"`{project.folder}` is in no git repository", hint="`git init`, and commit first")
    if not repository.has_commits and project.at is None:
        raise UserInputError("the repository has no commit yet", hint="commit env.toml and env.lock first")
    return repository


def _remote(git: Git, options: RegisterOptions, context: Context) -> Remote | None:
    """Where numbers come from, and a version is pushed to."""
    name = chosen_remote(git, options.remote)
    if options.push and name is None:
        raise UserInputError("there is no remote to push to", hint="`git remote add origin URL` adds one")
    if options.push and context.offline:
        raise UserInputError("a version cannot be pushed with --offline")
    if name and context.offline:
        context.warn("with --offline the number comes from this clone alone: another may give the same")
    return Remote(git, name) if name and not context.offline else None


def _contents(project: Project, commit: str, context: Context) -> Contents:
    lock, repository = read_lock(project.lockfile), later.read_manifest(project).image.repository
    return Contents(
        commit=commit,
        environment_hash=environment_hash(lock),
        lock_hashes=tuple((p.platform, lock_hash(lock, p)) for p in lock.platforms),
        image=later_images.recorded_image(project, lock, repository, context.cache) if repository else None,
    )
