"""What building asks for, chosen and fetched on this machine: containers see wheels, and neither indexes nor logins."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from envlock.errors import EnvlockError, OutsideError
from envlock.model.lock import Lock, PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.solvers.pip_uv import solve
from envlock.solvers.requests import PipAnswer, PipRequest
from envlock.sources.fetch import fetch, remember
from envlock.sources.places import Sources
from envlock.sources.supply import Supply
from envlock.system.secrets import redact
from envlock.workflows.context import Context
from envlock.workflows.logins import uv_logins

_ELSEWHERE = "let it be built elsewhere, and name its wheel in env.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildNeeds:
    """Answers for one platform; what is newest then is taken, as what is needed for building is not locked."""

    lock: Lock
    locked: PlatformLock
    sources: Sources
    supply: Supply
    context: Context

    def files(self, requirements: Iterable[str]) -> dict[str, Path]:
        """By file name all that answers requirements, with all that this needs in turn: in the cache, verified."""
        asked = tuple(sorted(requirements))
        for each in asked:
            # what the source wants fetched is not for it to say
            if url := Requirement(each).url:
                raise OutsideError(f"building asks for `{redact(url)}`, which is no file of an index", hint=_ELSEWHERE)
        try:
            answers = solve(self._request(asked))
        except EnvlockError as error:
            raise OutsideError(f"building asks for {', '.join(asked)}: {error.message}", hint=_ELSEWHERE) from error
        return {answer.file: self._file(answer) for answer in answers}

    def _request(self, requirements: tuple[str, ...]) -> PipRequest:
        inputs, context = self.lock.inputs, self.context
        platform = PLATFORMS[self.locked.platform]
        indexes = self.sources.asked_indexes(inputs.indexes)
        limit = inputs.exclude_newer
        return PipRequest(
            requirements=requirements,
            indexes=indexes,
            provided={},
            python=self.locked.python or "",
            platform=platform,
            system=dict(inputs.systems).get(platform.name, platform.system),
            keep=(),
            cache=context.cache.solver_cache,
            offline=context.offline,
            cutoff=limit if limit and limit.endswith("Z") else None,
            only_wheels=True,
            credentials=uv_logins(indexes, context.environment),
        )

    def _file(self, answer: PipAnswer) -> Path:
        if answer.index and answer.index not in self.sources.mirrors:
            remember(answer.sha256, answer.url, self.context.cache)
        package = PipPackage(
            name=answer.name,
            version=answer.version,
            file=answer.file,
            sha256=answer.sha256,
            size=answer.size,
            index=answer.index,
        )
        return fetch(package, self.supply)
