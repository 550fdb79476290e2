"""The programs of docs/python-api.md, run as they stand there, one after the other."""

from pathlib import Path

from tests.support.api_world import api_world, scripts
from tests.support.processes import PROJECT
from tests.support.registry import Registry


def test_the_page_says_what_its_programs_do(tmp_path: Path, registry: Registry) -> None:
    page = (PROJECT / "docs" / "python-api.md").read_text()
    found = scripts(page)
    assert len(found) == page.count("<!-- script")
    with api_world(tmp_path, registry) as world:
        for kind, code, said in found:
            assert world.must(code, kind=kind) == said, code
