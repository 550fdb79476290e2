"""`envlock ci`"""

from typing import Any

from envlock.cli.ci_options import ci_options
from envlock.cli.ci_run import first_words, refused_words, run_ci
from envlock.cli.command import Session, command


@command(
    "envlock ci",
    "envlock ci --base main",
    "envlock ci --matrix",
    "envlock ci --push true --repository registry.acme.test/ml/{name}",
    more=first_words,
    refused=refused_words,
)
@ci_options
def ci_command(session: Session, **flags: Any) -> int:
    """Do what continuous integration is to do: check all environments, and make the images that changed.

    On a pull request images are made, and go nowhere. On the default branch, and on version tags, those that their
    repository lacks are made and pushed, and tags are set. The server is recognised; on a laptop it is as for a pull
    request to the default branch. Prints the report as Markdown, where no server takes it.
    """
    return run_ci(session, flags)
