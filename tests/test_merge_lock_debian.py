"""Two locks of a base of Debian's packages become one, from either side the same, without asking the archive."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from envlock.lockfile.reader import lock_of
from envlock.lockfile.writer import lock_text
from envlock.model.lock import DebianPackage as Deb
from envlock.model.lock import PipPackage, PlatformLock
from envlock.model.spec import DebianSpec, EnvSpec, ImageSpec, PipSpec
from envlock.system.cache import Cache
from envlock.workflows.context import Context
from envlock.workflows.merge_lock import merge_lock
from envlock.workflows.merged import Merged, Texts
from tests.support.answering_lock import pip, said
from tests.support.debian_lock import DATES, GROUP, PYTHON, base_lock, debian

LESS = debian("less", "590-2.1", "libc6 (>= 2.34)", provides=("pager",))
MORE = debian("more", "2.38-5", "libc6 (>= 2.34)", provides=("pager",))
TOOL = debian("tool", "1:2.0-1", "libc6 (>= 2.36)", "pager | less")
NEWER = debian("tool", "1:2.1-1", "libc6 (>= 2.36)", "pager | less")
NEWEST = debian("tool", "1:2.10-1", "libc6 (>= 2.36)", "pager | less")
OTHER = debian("other", "1.0-1", "libc6")
STRICT = debian("strict", "1.0-1", "libc6", conflicts=("less",))
LATER = tuple((suite, date.replace("2025-06", "2025-07")) for suite, date in DATES)
WHEEL = pip("c", "1.0")
PYTHON_NAME = "python3.11"


def spec_of(*packages: str, wheels: Sequence[str] = ()) -> EnvSpec:
    debian_spec = DebianSpec(suite="bookworm", packages=tuple(sorted(packages)))
    return EnvSpec(name="small", pip=PipSpec(dependencies=tuple(wheels)), image=ImageSpec(debian=debian_spec))


def text_of(
    spec: EnvSpec,
    *packages: Deb,
    interpreter: str | None = None,
    wheels: Sequence[PipPackage] = (),
    later: bool = False,
) -> str:
    """The lock that answers a manifest by these packages; that it does is made sure of."""
    lock = base_lock(spec, *GROUP, *packages, interpreter=interpreter, pip=wheels)
    assert said(spec, lock) == []
    text = lock_text(lock)
    for (_, old), (_, new) in zip(DATES, LATER, strict=True):
        text = text.replace(old, new) if later else text
    return text


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(cache=Cache(tmp_path / "cache"), offline=True)


def merged(context: Context, base: str, ours: str, theirs: str) -> Merged:
    return merge_lock(Texts(base=base, ours=ours, theirs=theirs), context.cache.root.parent, context)


def clean(context: Context, spec: EnvSpec, *, base: str, ours: str, theirs: str) -> PlatformLock:
    found, turned = merged(context, base, ours, theirs), merged(context, base, theirs, ours)
    assert found.clean, found.notes
    assert turned.text == found.text
    lock = lock_of("env.lock", found.text)
    assert said(spec, lock) == []
    return lock.platforms[0]


def beside_the_group(platform: PlatformLock) -> dict[str, str]:
    names = {package.name for package in GROUP}
    return {p.name: p.version for p in platform.debian if p.name not in names}


@pytest.mark.parametrize(
    ("asked", "locked"),
    [
        pytest.param(
            (["less"], ["less", "tool"], ["less", "other"], ["less", "tool", "other"]),
            (
                (LESS,),
                (LESS, TOOL),
                (LESS, OTHER),
                (LESS, OTHER, TOOL),
            ),
            id="each adds one",
        ),
        pytest.param(
            (["tool"], ["tool"], ["tool", "other"], ["tool", "other"]),
            (
                (LESS, TOOL),
                (LESS, NEWER),
                (LESS, OTHER, TOOL),
                (LESS, OTHER, NEWER),
            ),
            id="one upgrades",
        ),
        pytest.param(
            (["tool"], ["tool"], ["tool"], ["tool"]),
            (
                (LESS, TOOL),
                (LESS, NEWER),
                (LESS, NEWEST),
                (LESS, NEWEST),
            ),
            id="both upgrade",
        ),
        pytest.param(
            (["tool"], ["tool"], ["tool", "other"], ["tool", "other"]),
            (
                (LESS, NEWER),
                (LESS, TOOL),
                (LESS, NEWER, OTHER),
                (LESS, OTHER, TOOL),
            ),
            id="one goes back to an older one",
        ),
        pytest.param(
            (["less", "tool"], ["less"], ["less", "tool"], ["less"]),
            (
                (LESS, TOOL),
                (LESS,),
                (LESS, NEWER),
                (LESS,),
            ),
            id="one takes out what the other upgrades",
        ),
        pytest.param(
            (["less", "other", "tool"], ["less", "other"], ["less", "tool"], ["less"]),
            (
                (LESS, OTHER, TOOL),
                (LESS, OTHER),
                (LESS, TOOL),
                (LESS,),
            ),
            id="each takes one out",
        ),
        pytest.param(
            (["tool"], ["strict", "tool"], ["other", "tool"], ["other", "strict", "tool"]),
            (
                (LESS, TOOL),
                (MORE, STRICT, TOOL),
                (LESS, OTHER, TOOL),
                (MORE, OTHER, STRICT, TOOL),
            ),
            id="one has another provider, as it conflicts with the first",
        ),
    ],
)
def test_what_each_side_has_changed_is_there(
    context: Context,
    asked: tuple[list[str], ...],
    locked: tuple[tuple[Deb, ...], ...],
) -> None:
    specs = [spec_of(*names) for names in asked]
    texts = [text_of(spec, *packages) for spec, packages in zip(specs, locked, strict=True)]
    found = clean(context, specs[3], base=texts[0], ours=texts[1], theirs=texts[2])
    assert beside_the_group(found) == {p.name: p.version for p in locked[3]}


def test_the_later_dates_hold(context: Context) -> None:
    base, ours = text_of(spec_of("tool"), LESS, TOOL), text_of(spec_of("tool"), LESS, NEWER, later=True)
    theirs = text_of(spec_of("other", "tool"), LESS, OTHER, TOOL)
    found = clean(context, spec_of("other", "tool"), base=base, ours=ours, theirs=theirs)
    assert found.base.dates == LATER


@pytest.mark.parametrize("stays", [(LESS,), (LESS, TOOL)], ids=["", "with what the other adds"])
def test_the_python_that_one_side_brings_in_stays_with_its_wheels(context: Context, stays: tuple[Deb, ...]) -> None:
    names = [package.name for package in stays]
    base, ours = text_of(spec_of("less"), LESS), text_of(spec_of(*names, "other"), OTHER, *stays)
    with_python = spec_of("less", PYTHON_NAME, wheels=["c"])
    theirs = text_of(with_python, LESS, *PYTHON, interpreter=PYTHON_NAME, wheels=[WHEEL])
    wanted = spec_of(*names, "other", PYTHON_NAME, wheels=["c"])
    found = clean(context, wanted, base=base, ours=ours, theirs=theirs)
    assert (found.base.interpreter, found.base.python) == ("/usr/bin/python3.11", "3.11.2")
    assert [p.name for p in found.pip] == ["c"]


def test_what_conflicts_is_left_to_people(context: Context) -> None:
    base = text_of(spec_of("tool"), LESS, TOOL)
    ours = text_of(spec_of("strict", "tool"), MORE, STRICT, TOOL)
    theirs = text_of(spec_of("less", "tool"), LESS, TOOL)
    found = merged(context, base, ours, theirs)
    assert not found.clean
    assert "\n<<<<<<< ours\n" in found.text
    assert found.notes[-1].startswith("run `envlock lock`")
