"""The forges that are known, each found by the variables that it sets for all of its jobs."""

from collections.abc import Mapping

from envlock.forges.forge import Forge
from envlock.forges.github import GitHub
from envlock.forges.gitlab import GitLab
from envlock.forges.jenkins import Jenkins
from envlock.forges.nowhere import Nowhere

FORGES: Mapping[str, tuple[str, type[GitHub | GitLab | Jenkins]]] = {
    "github": ("GITHUB_ACTIONS", GitHub),
    "gitlab": ("GITLAB_CI", GitLab),
    "jenkins": ("JENKINS_URL", Jenkins),
}


def forge_of(environment: Mapping[str, str]) -> Forge:
    """The one that runs this; `Nowhere` is a laptop, or a server that is not known."""
    for variable, forge in FORGES.values():
        if environment.get(variable):
            return forge(environment)
    return Nowhere()
