"""What was imported, in lines: what was written, what is in it, and what was not carried over."""

import os
from collections.abc import Iterable, Iterator

from envlock.cli.text import number
from envlock.errors import escaped
from envlock.model.imported import Remark
from envlock.model.problem import Problem
from envlock.model.spec import EnvSpec
from envlock.workflows.import_asked import ImportResult


def import_lines(result: ImportResult) -> Iterator[str]:
    """What was written and what that holds; then, one a line, what of the file is not in it, and why."""
    if result.written:
        files = ", ".join(os.path.relpath(file) for file in result.written)
        yield f"wrote {files}: {_counts(result)}"
    if result.remarks:
        yield "not carried over, or not as it stands there:"
    yield from (f"  {remark_line(remark)}" for remark in result.remarks)
    yield from (f"note: {escaped(line)}" for line in _inconsistent(result.problems))
    if result.written and result.lock is None:
        yield "next: `envlock lock` chooses versions"


def remark_line(remark: Remark) -> str:
    """`file:line: what: why`."""
    place = f"{remark.file}:{remark.line}: " if remark.line else f"{remark.file}: " if remark.file else ""
    return escaped(f"{place}`{remark.what}`: {remark.why}")


def _counts(result: ImportResult) -> str:
    """What is pinned, or asked for."""
    if result.lock is None:
        return ", ".join(_asked(result.spec)) or "it asks for no package"
    pinned = [f"{locked.platform} {number(len(locked.prefix_packages), 'package')}" for locked in result.lock.platforms]
    return f"pins kept ({', '.join(pinned)})"


def _asked(spec: EnvSpec) -> Iterator[str]:
    every = [*(wants for _, wants in (*spec.platform_wants, *spec.groups))]
    for kind, main in (("conda", spec.conda.dependencies), ("pip", spec.pip.dependencies)):
        count = len({*main, *(text for wants in every for text in getattr(wants, kind))})
        if count:
            yield f"{count} {kind}"


def _inconsistent(problems: Iterable[Problem]) -> Iterator[str]:
    found = list(problems)
    if found:
        yield "what is pinned does not fit together, as it was there; `envlock lock` mends it:"
        yield from (f"  {problem.message}" for problem in found)
