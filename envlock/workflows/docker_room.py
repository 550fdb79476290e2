"""A container in which code of packages may run: an image of what is there by then, and how it reaches the network."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

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
    """A container, what each command in it is told, and who is told what they say."""

    container: Container
    variables: Mapping[str, str]
    log: Log

    def must(self, command: list[str], environment: Mapping[str, str], what: str) -> None:
        """Runs a command; OutsideError that begins with `what`, and has the last of its words, where it fails."""
        if code := self.run(command, environment):
            raise self.log.failed(OutsideError(f"{what} (exit code {code})"))

    def run(self, command: list[str], environment: Mapping[str, str]) -> int:
        return self.container.run(command, self.log.line, {**self.variables, **environment})


@contextmanager
def room(image: Image, context: Context) -> Iterator[Room]:
    """A container of an image; when it is left, nothing of it is in the engine any more."""
    reached = network(context.environment, offline=context.offline)
    with session(context.environment, context.cache) as held:
        context.progress(f"starting a container ({held.engine})")
        name = held.load(image, "prefix")
        with container(held, name, reached) as started:
            variables = {**_TOLD, **_proxies(context)}
            bundle = host_bundle(context.environment) if reached != "none" else None
            if bundle:
                place = started.put_on_tmpfs("ca.pem", bundle.encode())
                variables |= dict.fromkeys(_CA, place)
            yield Room(container=started, variables=variables, log=Log(context))


def _proxies(context: Context) -> dict[str, str]:
    spelt = [*_PROXIES, *map(str.lower, _PROXIES)]
    return {name: context.environment[name] for name in spelt if context.environment.get(name)}
