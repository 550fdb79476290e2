"""The image of an environment in continuous integration: found by its key, or made; pushed and tagged where that is
wanted.

Of a pull request nothing is written to a registry: what it has is read, as far as it lets us.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from envlock.errors import OutsideError, UserInputError
from envlock.lockfile.reader import read_lock
from envlock.model.ci_event import Event, Kind
from envlock.model.digest import image_key, lock_hash
from envlock.model.image import INDEX_TYPE, MANIFEST_TYPE, Descriptor
from envlock.model.lock import Lock
from envlock.model.reference import Reference, parse_reference
from envlock.oci.layout import Layout
from envlock.registry.found import Found
from envlock.workflows import later
from envlock.workflows.build import REGISTRY, BuildOptions, BuildResult, build, found_for, require_expected
from envlock.workflows.build_target import Place, Target, target_of
from envlock.workflows.check import require_fresh
from envlock.workflows.ci import CiOptions, wants_push
from envlock.workflows.ci_bill import write_bill
from envlock.workflows.ci_login import without_logins
from envlock.workflows.ci_places import place_of, required_place
from envlock.workflows.ci_report import CiImage, Subject, Tagged
from envlock.workflows.ci_sizes import Read, from_cache, from_registry, image_before, size_made_before, size_of
from envlock.workflows.ci_tags import Names, names_of, set_tags
from envlock.workflows.context import Context
from envlock.workflows.make_image import DOCKER, why_docker


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """An image that is wanted: `repository` is None where nobody says where it goes."""

    subject: Subject
    target: Target
    repository: Reference | None
    pushes: bool
    names: Names
    began: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What the registry has: the image, and that of the base. Where it does not answer, `notes` say so."""

    image: Found | None = None
    before: Found | None = None
    answers: bool = True
    notes: tuple[str, ...] = ()


def image_of(subject: Subject, event: Event, options: CiOptions, context: Context) -> CiImage:
    """Finds or makes the image of a locked environment; EnvlockError where that cannot be."""
    if event.has_secrets:
        context = context.once(without_logins, partial(without_logins, context))
    job = _job(subject, event, options, context)
    seen = _seen(job, context)
    if seen.image is None and event.has_secrets:
        _refuse_to_execute(job.target)
    place = partial(place_of, event=event, options=options)
    result = _found(job, seen.image) if seen.image else _made(job, seen, place, context)
    return _told(job, seen, result, options.home, context)


def known_image_of(subject: Subject, event: Event, options: CiOptions, context: Context) -> CiImage | None:
    """The same of what the registry has, with its tags; None where it is to be made. For several at a time."""
    job = _job(subject, event, options, context)
    seen = _seen(job, context)
    return _told(job, seen, _found(job, seen.image), options.home, context) if seen.image else None


def _told(job: _Job, seen: _Seen, result: BuildResult, home: Path | None, context: Context) -> CiImage:
    image, subject = seen.image or _in_cache(job.target, result.digest, context), job.subject
    tags = _tagged(job, image, context)
    size = size_of(image.content, _reader(job, seen, context))
    return CiImage(
        name=result.name,
        digest=result.digest,
        key=job.target.key,
        lock_hashes=tuple((p.platform, lock_hash(job.target.lock, p)) for p in job.target.platforms),
        came=result.cached,
        in_registry=result.in_registry,
        layers=result.layers,
        base_layers=len(result.base),
        size=size,
        before=size if subject.was == job.target.key else _size_before(job, seen, context),
        pushed=result.pushed,
        tags=tags,
        notes=tuple(dict.fromkeys((*seen.notes, *job.names.notes, *result.notes))),
        sbom=write_bill(job.target, subject, home, context) if home else None,
        seconds=(datetime.now(UTC) - job.began).total_seconds(),
    )


def _job(subject: Subject, event: Event, options: CiOptions, context: Context) -> _Job:
    began, project, pushes = datetime.now(UTC), subject.project, wants_push(event, options)
    assert project
    require_fresh(project, context.cache)
    lock, spec = read_lock(project.lockfile), later.read_manifest(project)
    asked = required_place if pushes else place_of
    place = asked(spec.name, spec.image.repository, event, options)
    if pushes and context.offline:
        raise UserInputError("an image cannot be pushed with --offline")
    target = target_of(project, lock, place or spec.name, _platforms(lock, options), options.engine)
    names = names_of(subject, event) if pushes or event.kind is Kind.TAG else Names()
    if target.key != image_key(lock):
        names = replace(names, image=None)  # what is known is the image of all platforms
    return _Job(
        subject=subject,
        target=target,
        repository=parse_reference(target.name) if place else None,
        pushes=pushes,
        names=names,
        began=began,
    )


def _platforms(lock: Lock, options: CiOptions) -> Sequence[str]:
    """Those of the wanted ones that are locked: not every environment has all of them."""
    locked = {platform.platform for platform in lock.platforms}
    return [name for name in options.platforms if name in locked] or options.platforms


def _seen(job: _Job, context: Context) -> _Seen:
    """What is asked of the registry before anything is made: once of each environment."""
    return context.once((_seen, job.subject.folder), partial(_looked, job, context))


def _looked(job: _Job, context: Context) -> _Seen:
    if job.repository is None or context.offline:
        return _Seen(answers=False)
    client, registry = later.registry_client(context), job.repository.registry
    try:
        if not job.pushes:  # what could do without is not long waited for, nor by the next one
            context.once((_looked, registry), partial(client.require_answer, job.repository))
        image = found_for(job.target, context)
        if image is None and not job.pushes:
            client.require_readable(job.repository)
        return _Seen(image=image, before=image_before(job.subject, job.target, context))
    except OutsideError as error:
        if job.pushes:
            raise
        return _Seen(answers=False, notes=(f"nothing of the registry is used: {error.message}",))


def _refuse_to_execute(target: Target) -> None:
    if target.engine == DOCKER:
        needy = why_docker(target.platforms[0])
        what = f"the docker engine, needed for {needy}," if needy else "the docker engine"
        raise UserInputError(
            f"{what} runs code that the pull request brings, and this run holds secrets: the image is not made",
            hint="let the workflow run on `pull_request`, which has none",
        )


def _found(job: _Job, image: Found) -> BuildResult:
    require_expected(job.names.image, image.descriptor.digest, job.target)
    return BuildResult(name=job.target.name, digest=image.descriptor.digest, cached=REGISTRY, in_registry=True)


def _made(job: _Job, seen: _Seen, place: Place, context: Context) -> BuildResult:
    """Made of what is here and, where the registry answers, of layers that it has."""
    before = (str(job.repository.at(seen.before.descriptor.digest)),) if job.repository and seen.before else ()
    how = BuildOptions(
        platforms=tuple(platform.platform for platform in job.target.platforms),
        engine=job.target.engine,
        push=job.pushes,
        ask=False,  # that was done
        reuse=before,
        place=place,
        looks=seen.answers,
        expected=job.names.image,
    )
    return build(job.target.project, context, how)


def _in_cache(target: Target, digest: str, context: Context) -> Found:
    """The manifest or index of what was made here."""
    content = Layout(context.cache.image_layout).read(digest)
    media_type = INDEX_TYPE if target.is_index else MANIFEST_TYPE
    return Found(descriptor=Descriptor(media_type=media_type, digest=digest, size=len(content)), content=content)


def _tagged(job: _Job, image: Found, context: Context) -> tuple[Tagged, ...]:
    return set_tags(job.names, image, job.repository, context) if job.pushes and job.repository else ()


def _reader(job: _Job, seen: _Seen, context: Context) -> Read:
    return from_registry(job.repository, context) if seen.image and job.repository else from_cache(context)


def _size_before(job: _Job, seen: _Seen, context: Context) -> int | None:
    if seen.before and job.repository:
        return size_of(seen.before.content, from_registry(job.repository, context))
    return size_made_before(job.subject, job.target, context)
