"""A project over a base of tiny packages of Debian, with a mirror and a snapshot archive: whole commands in a second.

Its env.toml names no mirror: the environment does.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.debian_archive import Archive, tiny_archive
from tests.support.debian_debs import Tiny
from tests.support.debian_packages import SUITE
from tests.support.debian_servers import mirror_pages, snapshot_pages
from tests.support.http_server import FileServer, Page, serve
from tests.support.projects import Project, new_project
from tests.support.tiny_project import NO_PROXY

PASSWD = "root:*:0:0:root:/root:/bin/bash\nnobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
PACKAGES: tuple[Tiny, ...] = (
    {"name": "base-files", "files": {"tmp/.keep": "", "usr/lib/os-release": "ID=debian\n"}, "modes": {"tmp": 0o1777}},
    {"name": "base-passwd", "files": {"usr/share/base-passwd/passwd.master": PASSWD}},
    {"name": "libc6", "version": "2.36-9", "files": {"lib/libc": bytes(range(256)) * 1000}},
    {"name": "libstdc++6"},
    {"name": "dash", "files": {"bin/dash": "dash"}, "links": {"bin/sh": "dash"}},
    {"name": "mawk"},
    {"name": "tool", "depends": "libc6", "files": {"bin/tool": "#!/bin/sh\n"}, "modes": {"bin/tool": 0o755}},
    {"name": "other", "files": {"etc/other": "1\n"}},
)


@dataclass(frozen=True, kw_only=True)
class TinyDebian(Project):
    """The project, and where its packages come from."""

    archive: Archive
    mirror: FileServer
    snapshot: FileServer

    def write(self, *packages: str) -> None:
        """env.toml, for these packages."""
        self.manifest.write_text(
            'name = "tiny"\nplatforms = ["linux-64"]\n\n[image.debian]\n'
            f'suite = "{SUITE}"\nkeys = "./archive.asc"\npackages = {[*packages]}\n'
        )

    def path(self, file: Path) -> str:
        """Of a file of the archive: what it is asked for by."""
        return f"/{file.relative_to(self.archive.root)}"


def _open(page: Page) -> Page:
    return page


@contextmanager
def tiny_debian(
    root: Path,
    packages: Sequence[Tiny] = PACKAGES,
    *,
    guard: Callable[[Page], Page] = _open,
    snapshot_guard: Callable[[Page], Page] = _open,
) -> Iterator[TinyDebian]:
    """A project below `root` that asks for `tool`, not yet locked; guards stand before the servers."""
    archive = tiny_archive(root / "served", packages)
    pages, snapshot_of = guard(mirror_pages(archive)), snapshot_guard(snapshot_pages(archive))
    with serve(pages) as mirror, serve(snapshot_of) as snapshot:
        project = new_project(root / "project", "", cache=root / "cache", git=False)
        (project.folder / "archive.asc").write_bytes(archive.keys.read_bytes())
        made = TinyDebian(
            folder=project.folder,
            cache=project.cache,
            archive=archive,
            mirror=mirror,
            snapshot=snapshot,
            variables={
                **NO_PROXY,
                "ENVLOCK_DEBIAN_MIRROR": f"{mirror.url}/debian",
                "ENVLOCK_DEBIAN_SNAPSHOT": snapshot.url,
            },
        )
        made.write("tool")
        yield made
