"""A container in which code of packages may run: an image of what is there by then, and how it reaches the network."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from shlex import quote

from envlock.errors import OutsideError
from envlock.images.docker_engine.container import Container, container
from envlock.images.docker_engine.session import session
from envlock.model.files import IMAGE_PREFIX
from envlock.model.image import Image
from envlock.system.ca_bundle import host_bundle
from envlock.workflows.context import Context
from envlock.workflows.docker_log import Log, network

_CA = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# and no clock where that can be had: archives that are made have the oldest time that a zip file knows
_TOLD = {"PATH": f"{IMAGE_PREFIX}/bin:{_PATH}", "SOURCE_DATE_EPOCH": "315532800"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A container, what each command in it is told (`secrets` is a file of more of that), and who is told what they
    say."""

    container: Container
    variables: Mapping[str, str]
    secrets: str
    log: Log

    def must(self, command: list[str], environment: Mapping[str, str], what: str) -> None:
        """Runs a command; OutsideError that begins with `what`, and has the last of its words, where it fails."""
        if code := self.run(command, environment):
            raise self.log.failed(OutsideError(f"{what} (exit code {code})"))

    def run(self, command: list[str], environment: Mapping[str, str], line: Callable[[str], None] | None = None) -> int:
        """Runs a command; its exit code. What it says goes to `line`, else to the log."""
        words = ["/bin/sh", "-c", '. "$0" && exec "$@"', self.secrets, *command]
        return self.container.run(words, line or self.log.line, {**self.variables, **environment})


@contextmanager
def room(image: Image, context: Context) -> Iterator[Room]:
    """A container of an image; when it is left, nothing of it is in the engine any more."""
    reached = network(context.environment, offline=context.offline)
    with session(context.environment, context.cache) as held:
        context.progress(f"starting a container ({held.engine})")
        name = held.load(image, "prefix")
        with container(held, name, reached) as started:
            variables = dict(_TOLD)
            bundle = host_bundle(context.environment) if reached != "none" else None
            if bundle:
                place = started.put_on_tmpfs("ca.pem", bundle)
                variables |= dict.fromkeys(_CA, place)
            secrets = started.put_on_tmpfs("proxies", _proxies(context))
            yield Room(container=started, variables=variables, secrets=secrets, log=Log(context))


def _proxies(context: Context) -> str:
    """As a shell reads them: a proxy's address may have a password in it."""
    spelt = [*_PROXIES, *map(str.lower, _PROXIES)]
    found = {name: context.environment[name] for name in spelt if context.environment.get(name)}
    return "\n".join(f"export {name}={quote(value)}" for name, value in found.items())
