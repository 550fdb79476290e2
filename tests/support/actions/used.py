"""Actions of others: what their documentation says that they do, done without them."""

import base64
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.actions.caches import exists, restore
from tests.support.actions.running import SUCCESS, RunningJob
from tests.support.ci_scene import checked_out
from tests.support.processes import run

# the server that a login is kept for where none is said
_DOCKER_HUB = "docker.io"


class UsedError(Exception):
    """A used action fails, or nobody knows what it does."""


@dataclass(frozen=True, kw_only=True)
class UsedStep:
    """`outputs` are filled by what is used; `variables` are what its process would see."""

    inputs: Mapping[str, str]
    job: RunningJob
    variables: Mapping[str, str]
    outputs: dict[str, str]

    def lines(self, name: str) -> list[str]:
        return [line.strip() for line in self.inputs.get(name, "").splitlines() if line.strip()]

    def is_set(self, name: str, *, default: bool) -> bool:
        """As @actions/core reads a boolean."""
        return (self.inputs.get(name) or str(default)).lower() == "true"

    @property
    def home(self) -> Path:
        return Path(self.variables["HOME"])


def checkout(step: UsedStep) -> None:
    """At depth 1 what the run is of; with `persist-credentials` the token is in the repository until the job ends."""
    job = step.job
    depth = int(step.inputs.get("fetch-depth") or 1)
    tree = job.folders.workspace / step.inputs.get("path", "")
    commit, ref = job.trigger.sha, job.trigger.ref
    wanted = step.inputs.get("ref")
    if wanted:
        commit = run(
            ("git", "-C", job.host.remote.removeprefix("file://"), "rev-parse", f"{wanted}^{{commit}}")
        ).strip()
        ref = f"refs/heads/{wanted}" if len(wanted) != len(commit) else "refs/heads/pinned"
    checked_out(job.host.remote, tree, commit, ref, depth=depth)
    step.outputs.update(ref=ref, commit=commit)
    if step.is_set("persist-credentials", default=True):
        token = base64.b64encode(f"x-access-token:{job.contexts['secrets']['GITHUB_TOKEN']}".encode()).decode()
        name = f"http.{job.host.server_url}/.extraheader"
        run(("git", "-C", tree, "config", "--local", name, f"AUTHORIZATION: basic {token}"))
        job.posts.append(lambda _status: _forget(tree, name))


def _forget(tree: Path, name: str) -> None:
    if (tree / ".git").exists():
        run(("git", "-C", tree, "config", "--local", "--unset-all", name))


def cache(step: UsedStep) -> None:
    """Restored now; saved at the end of a job that succeeds, where there was no entry of exactly this key."""
    cache_restore(step)
    if step.outputs.get("cache-hit") != "true" and not step.is_set("lookup-only", default=False):
        step.job.posts.append(lambda status: _save(step) if status == SUCCESS else None)


def cache_restore(step: UsedStep) -> None:
    caches, key = step.job.host.caches, step.inputs["key"]
    scopes = caches.scopes(step.job.trigger.ref, step.job.github["base_ref"])
    entry = caches.find(scopes, _paths(step), (key, *step.lines("restore-keys")))
    step.outputs["cache-primary-key"] = key
    if entry is None:
        if step.is_set("fail-on-cache-miss", default=False):
            raise UsedError(f"Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: {key}")
        step.job.log.say(f"Cache not found for input keys: {key}")
        return
    step.outputs.update({"cache-hit": str(entry.key == key).lower(), "cache-matched-key": entry.key})
    if not step.is_set("lookup-only", default=False):
        restore(entry, step.job.folders.root)
    step.job.log.say(f"Cache restored from key: {entry.key}")


def cache_save(step: UsedStep) -> None:
    _save(step)


def _save(step: UsedStep) -> None:
    """What hinders it is a warning."""
    log, key, disk = step.job.log, step.inputs["key"], step.job.folders.root
    if not exists(_paths(step), disk):
        log.remark("warning", "Path Validation Error: Path(s) specified in the action for caching do(es) not exist")
    elif not step.job.host.caches.save(step.job.trigger.ref, _paths(step), key, disk):
        log.remark("warning", f"Failed to save: Unable to reserve cache with key {key}, another job may be creating it")
    else:
        log.say(f"Cache saved with key: {key}")


def _paths(step: UsedStep) -> list[str]:
    """Below the disk of the job."""
    folders = step.job.folders
    given = [line.replace("~", str(step.home), 1) if line.startswith("~") else line for line in step.lines("path")]
    return [str((folders.workspace / line).relative_to(folders.root)) for line in given]


def upload_artifact(step: UsedStep) -> None:
    """A name is taken once a run, unless it is to be overwritten."""
    name = step.inputs.get("name") or "artifact"
    target = step.job.host.artifacts / name
    found = [path for line in step.lines("path") for path in sorted(step.job.folders.workspace.glob(line))]
    if not found and step.inputs.get("if-no-files-found") == "error":
        raise UsedError(f"No files were found with the provided path: {step.inputs.get('path')}")
    if target.exists() and not step.is_set("overwrite", default=False):
        raise UsedError("Failed to CreateArtifact: (409) Conflict: an artifact with this name already exists")
    target.mkdir(parents=True, exist_ok=True)
    for path in found:
        run(("cp", "-a", path, target))


def download_artifact(step: UsedStep) -> None:
    name = step.inputs["name"]
    source = step.job.host.artifacts / name
    if not source.exists():
        raise UsedError(f"Unable to download artifact(s): Artifact not found for name: {name}")
    shutil.copytree(source, step.job.folders.workspace / step.inputs.get("path", ""), dirs_exist_ok=True)


def docker_login(step: UsedStep) -> None:
    """In docker's own settings until the job ends."""
    registry = step.inputs.get("registry") or _DOCKER_HUB
    _log_in(step, registry, step.inputs.get("username", ""), step.inputs.get("password", ""))
    if step.is_set("logout", default=True):
        step.job.posts.append(lambda _status: _log_out(step, registry))


def _log_in(step: UsedStep, registry: str, username: str, password: str) -> None:
    if not username or not password:
        raise UsedError("Username and password required")
    login = base64.b64encode(f"{username}:{password}".encode()).decode()
    settings = _settings(step)
    _write_settings(step, {**settings, "auths": {**settings.get("auths", {}), registry: {"auth": login}}})


def _log_out(step: UsedStep, registry: str) -> None:
    settings = _settings(step)
    kept = {name: login for name, login in settings.get("auths", {}).items() if name != registry}
    _write_settings(step, {**settings, "auths": kept})


def _settings_path(step: UsedStep) -> Path:
    return Path(step.variables.get("DOCKER_CONFIG") or step.home / ".docker") / "config.json"


def _settings(step: UsedStep) -> dict[str, dict[str, object]]:
    path = _settings_path(step)
    return dict(json.loads(path.read_text())) if path.exists() else {}


def _write_settings(step: UsedStep, settings: Mapping[str, object]) -> None:
    path = _settings_path(step)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(settings))
    path.chmod(0o600)


def aws_credentials(step: UsedStep) -> None:
    """Variables for all later steps."""
    for name in ("role-to-assume", "aws-region"):
        if not step.inputs.get(name):
            raise UsedError(f"Input required and not supplied: {name}")
    step.job.log.mask("secret-of-aws")
    step.job.environment.update(
        AWS_REGION=step.inputs["aws-region"],
        AWS_DEFAULT_REGION=step.inputs["aws-region"],
        AWS_ACCESS_KEY_ID="key-of-aws",
        AWS_SECRET_ACCESS_KEY="secret-of-aws",
        AWS_SESSION_TOKEN="session-of-aws",
    )


def ecr_login(step: UsedStep) -> None:
    """Docker is logged in at the account's registry, which is a variable of the tests."""
    if "AWS_ACCESS_KEY_ID" not in step.job.environment:
        raise UsedError("Could not load credentials from any providers")
    registry = step.job.host.variables["ECR_REGISTRY"]
    _log_in(step, registry, "AWS", step.job.host.variables["ECR_PASSWORD"])
    step.job.posts.append(lambda _status: _log_out(step, registry))
    step.outputs["registry"] = registry


USED: Mapping[str, Callable[[UsedStep], None]] = {
    "actions/checkout": checkout,
    "actions/cache": cache,
    "actions/cache/restore": cache_restore,
    "actions/cache/save": cache_save,
    "actions/upload-artifact": upload_artifact,
    "actions/download-artifact": download_artifact,
    "docker/login-action": docker_login,
    "aws-actions/configure-aws-credentials": aws_credentials,
    "aws-actions/amazon-ecr-login": ecr_login,
}
