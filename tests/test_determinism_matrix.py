"""Everything that must not matter, in all pairs: the golden environment is one manifest digest."""

import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, product
from pathlib import Path

import pytest

from envlock.model.layers import LAYOUT
from envlock.oci.compress import compressor_id
from envlock.system.cache import Cache
from tests.support.golden_packages import write_golden_base, write_golden_channel, write_golden_wheel
from tests.support.http_server import serve_folder
from tests.support.index_server import WheelFolders, serve_index
from tests.support.pairwise import pairwise
from tests.support.processes import run
from tests.support.projects import MINOR, Project, new_project
from tests.support.pythons import START, envlock_under, is_here
from tests.support.services import require, require_root
from tests.support.tiny_project import NO_PROXY
from tests.test_golden_images import ENVIRONMENTS, MANIFESTS

MEMORY = Path("/dev/shm")
OTHERS = tuple(minor for minor in ("3.11", "3.12", "3.13") if minor != MINOR)
NOBODY = 65534
# the Python that runs the tests may lie in somebody's home
REACHES_PYTHON = ("--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search")
# of each, the first is the usual one
VALUES: Mapping[str, tuple[str, ...]] = {
    "folder": ("a", "another folder/with ü/and a name that is longer than the first one's"),
    "disk": ("temporary", "memory"),
    "user": ("me", "nobody"),
    "umask": ("022", "077"),
    "zone": ("UTC0", "XYZ-11:45"),
    "locale": ("C.UTF-8", "C"),
    "seed": ("0", "4711"),
    "epoch": ("", "1700000000"),
    "history": ("none", "committed"),
    "threads": ("2", "1", "8"),
    "channel": ("http", "file"),
    "lock": ("written", "reversed"),
    "layers": ("cold", "kept", "anew"),
    "python": (MINOR, *OTHERS),
}


@dataclass(frozen=True, kw_only=True)
class Places:
    """Folders that everybody may read, on disk and in memory, and where the packages come from."""

    roots: Mapping[str, Path]
    base: Path
    channels: Mapping[str, str]
    index: str


@pytest.fixture(scope="module")
def places() -> Iterator[Places]:
    temporary, memory = (Path(tempfile.mkdtemp(prefix="envlock-matrix-", dir=folder)) for folder in (None, MEMORY))
    for root in (temporary, memory):
        root.chmod(0o755)  # pytest's own folders are for their owner alone
    channel, base = write_golden_channel(temporary / "channel"), write_golden_base(temporary / "base")
    write_golden_wheel(temporary / "wheels")
    try:
        with serve_folder(channel) as server, serve_index(WheelFolders((temporary / "wheels",))) as index:
            channels = {"http": server.url, "file": channel.as_uri()}
            roots = {"temporary": temporary / "built", "memory": memory / "built"}
            yield Places(roots=roots, base=base, channels=channels, index=index.url)
    finally:
        shutil.rmtree(temporary)
        shutil.rmtree(memory)


def _python(minor: str) -> str:
    """The Python that is to run envlock."""
    return sys.executable if minor == MINOR else str(envlock_under(minor)[0])


def _project(row: Mapping[str, str], places: Places, root: Path) -> Project:
    parts = ENVIRONMENTS["both"].format(channel=places.channels[row["channel"]], index=places.index)
    manifest = f"name = 'golden'\npython = '3.11'\n{parts}"
    place = root / row["folder"]
    made = new_project(place / "golden", manifest, cache=place / "cache", base=places.base, git=False)
    # how many threads there are is asked of the system alone
    code = f"import os; os.cpu_count = lambda: {row['threads']}; {START}"
    starter: tuple[str | Path, ...] = ("sh", "-c", f'umask {row["umask"]}; exec "$@"', "sh")
    if row["user"] == "nobody":
        program = require("setpriv", "util-linux")
        who = ("--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups")
        starter = (program, *who, *REACHES_PYTHON, *starter)
    variables = {"TZ": row["zone"], "LANG": row["locale"], "LC_ALL": row["locale"], "PYTHONHASHSEED": row["seed"]}
    variables |= {"HOME": str(place), **({"SOURCE_DATE_EPOCH": row["epoch"]} if row["epoch"] else {})}
    project = Project(folder=made.folder, cache=made.cache, command=(*starter, _python(row["python"]), "-c", code))
    return project.given(**NO_PROXY, **variables)


def _give_history(folder: Path) -> None:
    git = ("git", "-C", folder, "-c", "user.name=A", "-c", "user.email=a@example.test")
    run(("git", "init", "--quiet", folder))
    run((*git, "remote", "add", "origin", "https://git.example.test/team/golden.git"))
    run((*git, "add", "env.toml", "env.lock"))
    run((*git, "commit", "--quiet", "--message", "Start"))


def _reverse(lockfile: Path) -> None:
    """The tables of a lock in the other order."""
    head, *tables = re.split(r"\n(?=\[)", lockfile.read_text())
    assert len(tables) > 5
    lockfile.write_text("\n".join([head, *(f"{table.strip()}\n" for table in reversed(tables))]))


def _belongs_to(folder: Path, user: str) -> None:
    number = {"me": os.geteuid(), "nobody": NOBODY}[user]
    run(("chown", "--recursive", f"{number}:{number}", folder))


def _digest(row: Mapping[str, str], places: Places) -> str:
    """What `build` prints last."""
    root = places.roots[row["disk"]]
    (root / row["folder"]).mkdir(parents=True)
    project = _project(row, places, root)
    _belongs_to(root, row["user"])
    project.must("lock")
    if row["lock"] == "reversed":
        _reverse(project.lockfile)
    if row["history"] == "committed":
        _belongs_to(root, "me")  # git trusts no repository of somebody else
        _give_history(project.folder)
        _belongs_to(root, row["user"])
    printed = project.must("build")
    if row["layers"] == "kept":
        shutil.rmtree(Cache(project.cache).records / "images")  # or nothing would be put together again
    if row["layers"] != "cold":
        printed = project.must("build", *(("--no-cache",) if row["layers"] == "anew" else ()))
    shutil.rmtree(root)
    return printed


def _possible() -> Mapping[str, tuple[str, ...]]:
    """Without Pythons that this machine has not."""
    return {**VALUES, "python": (MINOR, *(minor for minor in OTHERS if is_here(minor)))}


def _unlike(rows: tuple[dict[str, str], ...], places: Places) -> list[tuple[dict[str, str], str]]:
    """The rows that make another image, with it."""
    expected = f"golden@{MANIFESTS[LAYOUT, compressor_id()]['both']}\n"
    return [(row, found) for row in rows if (found := _digest(row, places)) != expected]


def test_rows_have_all_pairs() -> None:
    rows = pairwise(VALUES)
    for one, other in combinations(VALUES, 2):
        assert {(row[one], row[other]) for row in rows} == {*product(VALUES[one], VALUES[other])}
    assert len(rows) < 20
    assert rows[0] == {name: values[0] for name, values in VALUES.items()}


def test_no_two_surroundings_together_matter(places: Places) -> None:
    require_root("building as somebody else")
    assert _unlike(pairwise(_possible()), places) == []


@pytest.mark.full
@pytest.mark.parametrize("part", range(8))
def test_no_three_surroundings_together_matter(places: Places, part: int) -> None:
    """All pairs again under every value of each of the others; every Python of this machine."""
    rows = {
        json.dumps(row): row
        for name, values in VALUES.items()
        for value in values
        for row in pairwise({**VALUES, name: (value,)})
    }
    assert _unlike(tuple(rows.values())[part::8], places) == []
