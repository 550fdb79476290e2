"""`envlock doctor`"""

from dataclasses import asdict

from envlock.cli.command import Session, command
from envlock.cli.options import as_json
from envlock.cli.settings import environment
from envlock.cli.text import aligned
from envlock.system.cache import Cache
from envlock.workflows.doctor import Finding, doctor


@command("envlock doctor", "envlock doctor --json")
@as_json("the findings")
def doctor_command(session: Session, as_json: bool) -> int:
    """Say what envlock finds on this machine, what is missing, and what to do about it.

    Exit code 1 where something is missing that envlock cannot do without.
    """
    findings = doctor(Cache(session.settings.cache_folder), environment())
    if as_json:
        session.console.json([asdict(finding) for finding in findings])
    else:
        for line in aligned([_row(finding) for finding in findings]):
            session.console.data(line)
        for finding in findings:
            if finding.hint:
                session.console.hint(f"{finding.name}: {finding.hint}")
    return 1 if any(f.required and not f.found for f in findings) else 0


def _row(finding: Finding) -> tuple[str, str, str]:
    mark = "found" if finding.found else "MISSING" if finding.required else "not there"
    return mark, finding.name, finding.detail
