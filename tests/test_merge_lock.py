"""Two locks become one: of what both have, without a solver; and where they cannot, nothing of either is lost."""

from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.errors import UserInputError
from envlock.lockfile.conflict import read_conflict
from envlock.lockfile.conflict_text import conflict_text
from envlock.lockfile.reader import lock_of
from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.closure import with_groups
from envlock.model.freshness import problems
from envlock.model.lock import Base, CondaPackage, ImageSettings, Inputs, Lock, Package, PipPackage, PlatformLock
from envlock.model.spec import CondaSpec, EnvSpec, ImageSpec, Index, PipSpec, Wants
from envlock.model.spec_of import spec_of
from envlock.system.cache import Cache
from envlock.workflows.context import Context
from envlock.workflows.merge_lock import merge_lock, of_both
from envlock.workflows.merge_sides import read_sides
from envlock.workflows.merge_solve import merge_solved
from envlock.workflows.merged import Merged, Texts
from tests.support.answering_lock import JUDGES, conda, pip
from tests.support.lock_strategies import locks

PYTHON = "3.11.7"


@given(lock=locks)
@settings(deadline=None, max_examples=200)
def test_a_manifest_is_made_back_from_its_inputs(lock: Lock) -> None:
    spec = spec_of(lock.inputs, lock.image)
    assert ImageSettings.of(spec) == lock.image
    inputs = Inputs.of(spec)  # as an env.toml would have given them
    assert Inputs.of(spec_of(inputs)) == inputs
    assert replace(inputs, channels=(), channel_priority="") == replace(lock.inputs, channels=(), channel_priority="")


MANIFEST = """name = "small"
python = "3.11"
platforms = ["linux-64", "osx-arm64"]
[conda]
channels = ["conda-forge", "acme"]
dependencies = ["numpy >=1.20", "python"]
[pip]
dependencies = ["flask[async]<4", "a ; python_version < '3.12'"]
[[pip.indexes]]
name = "acme"
url = "https://pip.acme.test/simple"
packages = ["acme-*"]
[groups.dev.pip]
dependencies = ["ruff"]
[platform.linux-64]
cuda = "12.4"
[platform.linux-64.pip]
dependencies = ["b"]
[lock]
exclude-newer = "7d"
[variables]
A = "1"
[image.debian]
suite = "bookworm"
packages = ["git"]
"""


@pytest.mark.parametrize("manifest", [MANIFEST, 'name = "nothing"\n', 'name = "x"\npip.dependencies = ["a"]\n'])
def test_a_manifest_that_somebody_wrote_is_made_back(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "env.toml").write_text(manifest)
    spec = read_manifest(tmp_path / "env.toml")
    made = spec_of(Inputs.of(spec), ImageSettings.of(spec))
    assert (Inputs.of(made), ImageSettings.of(made)) == (Inputs.of(spec), ImageSettings.of(spec))
    for platform in spec.platforms:
        assert [made.wants(platform, group) for group in made.group_names] == [
            spec.wants(platform, group) for group in spec.group_names
        ]
        assert made.system(platform) == spec.system(platform)


def cond(name: str, version: str, *requires: str, **more: Any) -> CondaPackage:
    made: CondaPackage = conda(name, version, *requires, **more)
    return replace(made, sha256=f"c{name}{version}".encode().hex().ljust(64, "0")[:64])


def whl(name: str, version: str, *requires: str, **more: Any) -> PipPackage:
    made = pip(name, version, *requires, **more)
    return replace(made, sha256=f"{name}{version}".encode().hex().ljust(64, "0")[:64])


def text_of(spec: EnvSpec, *packages: Package, python: str = PYTHON, **more: Any) -> str:
    """The lock that answers a manifest by these packages; that it does is made sure of."""
    platform = PlatformLock(
        platform="linux-64",
        base=Base(reference="scratch", python=None if spec.has_conda else python),
        conda=tuple(sorted((p for p in packages if isinstance(p, CondaPackage)), key=lambda p: p.name)),
        pip=tuple(sorted((p for p in packages if isinstance(p, PipPackage)), key=lambda p: p.name)),
    )
    lock = Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=(with_groups(platform, spec),), **more)
    assert problems(spec, lock, JUDGES) == ()
    return lock_text(lock)


def wants(*pip: str, conda: tuple[str, ...] = (), groups: dict[str, Wants] | None = None, **more: Any) -> EnvSpec:
    return EnvSpec(
        **{
            "name": "small",
            "python": "3.11",
            "pip": PipSpec(dependencies=tuple(sorted(pip))),
            "conda": CondaSpec(dependencies=tuple(sorted(conda))),
            "groups": tuple(sorted((groups or {}).items())),
            "image": ImageSpec(base="scratch"),
            **more,
        }
    )


@pytest.fixture
def context(tmp_path: Path) -> Context:
    return Context(cache=Cache(tmp_path / "cache"), offline=True)


def merged(context: Context, *, base: str | None, ours: str, theirs: str) -> Merged:
    return merge_lock(Texts(base=base, ours=ours, theirs=theirs), context.cache.root.parent, context)


def clean(context: Context, spec: EnvSpec, *, base: str | None, ours: str, theirs: str) -> PlatformLock:
    """What is locked for the one platform, in a lock that answers `spec`; the same from either side."""
    found = merged(context, base=base, ours=ours, theirs=theirs)
    assert found.clean, found.notes
    turned = merged(context, base=base, ours=theirs, theirs=ours)
    assert (turned.text, turned.clean) == (found.text, True)
    lock = lock_of("env.lock", found.text)
    assert problems(spec, lock, JUDGES) == ()
    assert lock_text(lock) == found.text
    return lock.platforms[0]


def versions(platform: PlatformLock) -> dict[str, str]:
    return {p.name: p.version for p in platform.packages}


A, B, C = whl("a", "1.0", "shared>=1"), whl("b", "1.0", "shared"), whl("c", "1.0")
SHARED = whl("shared", "1.0")


def test_what_each_side_has_added_is_there_with_what_it_needs(context: Context) -> None:
    base = text_of(wants("a"), A, SHARED)
    ours = text_of(wants("a", "b"), A, B, SHARED)
    theirs = text_of(wants("a", "c"), A, SHARED, C)
    found = clean(context, wants("a", "b", "c"), base=base, ours=ours, theirs=theirs)
    assert versions(found) == {"a": "1.0", "b": "1.0", "c": "1.0", "shared": "1.0"}
    said = merged(context, base=base, ours=ours, theirs=theirs).notes
    assert said == ("kept 3 pins, added 1 for `c`, 0 conflicts",)


def test_what_nothing_asks_for_any_more_goes(context: Context) -> None:
    base = text_of(wants("a", "b", "c"), A, B, C, SHARED)
    ours, theirs = text_of(wants("b", "c"), B, C, SHARED), text_of(wants("a", "c"), A, C, SHARED)
    assert versions(clean(context, wants("c"), base=base, ours=ours, theirs=theirs)) == {"c": "1.0"}


def test_what_a_side_no_longer_has_stays_where_the_other_needs_it(context: Context) -> None:
    base = text_of(wants("a"), A, SHARED)
    ours, theirs = text_of(wants("c"), C), text_of(wants("a", "b"), A, B, SHARED)
    found = clean(context, wants("b", "c"), base=base, ours=ours, theirs=theirs)
    assert versions(found) == {"b": "1.0", "c": "1.0", "shared": "1.0"}


def test_both_have_added_the_file(context: Context) -> None:
    ours, theirs = text_of(wants("a"), A, SHARED), text_of(wants("b"), B, SHARED)
    for base in (None, "", "no lock at all"):
        found = clean(context, wants("a", "b"), base=base, ours=ours, theirs=theirs)
        assert versions(found) == {"a": "1.0", "b": "1.0", "shared": "1.0"}


def test_groups_are_told_anew(context: Context) -> None:
    of_dev = {"dev": Wants(pip=("b",))}
    base = text_of(wants("a"), A, SHARED)
    ours, theirs = text_of(wants("a", groups=of_dev), A, B, SHARED), text_of(wants("c"), C)
    found = clean(context, wants("c", groups=of_dev), base=base, ours=ours, theirs=theirs)
    assert {p.name: p.groups for p in found.pip} == {"b": ("dev",), "c": ("main",), "shared": ("dev",)}


def test_of_two_upgrades_the_newer_is_taken(context: Context) -> None:
    base, spec = text_of(wants("c"), C), wants("c")
    ours, theirs = text_of(spec, whl("c", "1.9")), text_of(spec, whl("c", "1.10"))
    assert versions(clean(context, spec, base=base, ours=ours, theirs=theirs)) == {"c": "1.10"}


def test_where_the_newer_does_not_fit_the_older_is_taken(context: Context) -> None:
    """Each side holds another package back; only the older of either suits all."""
    base = text_of(wants("a", "c"), A, C, SHARED)
    ours = text_of(wants("a", "c", "x"), A, SHARED, whl("c", "1.1"), whl("x", "1", "c<1.2"))
    theirs = text_of(wants("a", "c"), A, whl("shared", "2.0"), whl("c", "1.2"))
    found = clean(context, wants("a", "c", "x"), base=base, ours=ours, theirs=theirs)
    assert versions(found) == {"a": "1.0", "c": "1.1", "shared": "2.0", "x": "1"}


def test_choices_are_turned_round_one_by_one(context: Context) -> None:
    """Of c ours alone will do, of d theirs alone."""
    base = text_of(wants("c", "d"), C, whl("d", "1.0"))
    ours = text_of(wants("c", "d", "x"), whl("c", "1.1"), whl("d", "1.2"), whl("x", "1", "c<1.2"))
    theirs = text_of(wants("c", "d", "y"), whl("c", "1.2"), whl("d", "1.1"), whl("y", "1", "d<1.2"))
    found = clean(context, wants("c", "d", "x", "y"), base=base, ours=ours, theirs=theirs)
    assert versions(found) == {"c": "1.1", "d": "1.1", "x": "1", "y": "1"}


def test_an_extra_that_each_side_asks_for(context: Context) -> None:
    def asked(extras: str, *needs: str) -> PipPackage:
        names = tuple(extras.split(","))
        return whl("web", "1.0", *needs, extras=names)

    tls, zip_ = whl("tls", "1.0"), whl("zip", "1.0")
    base = text_of(wants("web[old]"), asked("old"))
    ours = text_of(wants("web[tls]"), asked("tls", 'tls ; extra == "tls"'), tls)
    theirs = text_of(wants("web[old]", "x"), asked("old,zip", 'zip ; extra == "zip"'), zip_, whl("x", "1", "web[zip]"))
    found = clean(context, wants("web[tls]", "x"), base=base, ours=ours, theirs=theirs)
    web = next(p for p in found.pip if p.name == "web")
    assert (web.extras, web.requires) == (("tls", "zip"), ('tls ; extra == "tls"', 'zip ; extra == "zip"'))


def test_what_conda_brings_is_no_wheel_any_more(context: Context) -> None:
    python, brings = cond("python", PYTHON), cond("shared-c", "1.0", provides=("shared==1.0",))
    base = text_of(wants(conda=("python",)), python)
    ours = text_of(wants(conda=("python", "shared-c")), python, brings)
    theirs = text_of(wants("a", conda=("python",)), python, A, SHARED)
    found = clean(context, wants("a", conda=("python", "shared-c")), base=base, ours=ours, theirs=theirs)
    assert versions(found) == {"python": PYTHON, "shared-c": "1.0", "a": "1.0"}


def test_what_a_wheel_requires_holds_for_one_python_alone(context: Context) -> None:
    """Which of its markers hold on another, its lock does not tell: that it would pass `check` is not enough. Here
    there is no solver's cache to look it up, and so the Python is the one that c is locked for."""
    python = {version: cond("python", version) for version in (PYTHON, "3.11.9")}
    spec = wants(conda=("python",))
    base = text_of(spec, python[PYTHON])
    ours, theirs = text_of(spec, python["3.11.9"]), text_of(wants("c", conda=("python",)), python[PYTHON], C)
    found = clean(context, wants("c", conda=("python",)), base=base, ours=ours, theirs=theirs)
    assert versions(found) == {"c": "1.0", "python": PYTHON}
    notes = merged(context, base=base, ours=ours, theirs=theirs).notes
    assert notes[1:] == (f"`python` stays {PYTHON}: 3.11.9 of ours does not go with the rest",)
    # nor is there one where both wheels are locked for a Python of their own
    both = text_of(wants("a", conda=("python",)), python["3.11.9"], A, SHARED)
    said = merged(context, base=base, ours=both, theirs=theirs)
    assert not said.clean
    assert said.notes[0].startswith("nothing at hand answers both sides: ")
    assert said.notes[-1] == "run `envlock lock` once env.toml is merged: it keeps what both sides have locked"


def _sides(text: str) -> tuple[str, str]:
    """The two texts between markers of any size."""
    sides: dict[str, list[str]] = {"ours": [], "theirs": []}
    within: tuple[str, ...] = ("ours", "theirs")
    for line in text.splitlines(keepends=True):
        if line.startswith("<<<<<<<") and line.endswith(" ours\n"):
            within = ("ours",)
        elif within == ("ours",) and line.strip("=\n") == "" and len(line) > 7:
            within = ("theirs",)
        elif line.startswith(">>>>>>>") and line.endswith(" theirs\n"):
            within = ("ours", "theirs")
        else:
            for side in within:
                sides[side].append(line)
    return "".join(sides["ours"]), "".join(sides["theirs"])


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        (wants("c<2"), wants("c>=1"), "both sides changed `pip.dependencies.c`: `c<2` here, `c>=1` there"),
        (
            wants("c", variables=(("A", "1"),)),
            wants("c", variables=(("A", "2"),)),
            "both sides changed `variables.A`: `1` here, `2` there",
        ),
    ],
)
def test_what_people_must_decide_is_left_to_them(
    context: Context, tmp_path: Path, ours: EnvSpec, theirs: EnvSpec, said: str
) -> None:
    texts = [text_of(spec, C) for spec in (wants("c"), ours, theirs)]
    found = merged(context, base=texts[0], ours=texts[1], theirs=texts[2])
    assert not found.clean
    assert found.notes[0] == said
    assert _sides(found.text) == (texts[1], texts[2])
    (tmp_path / "env.lock").write_text(found.text)
    read = read_conflict(tmp_path / "env.lock")
    assert read
    assert (read.ours.label, read.theirs.label) == ("ours", "theirs")
    for side, text in ((read.ours, texts[1]), (read.theirs, texts[2])):
        found_side = [replace(p, conda=p.conda) for p in side.platforms]
        assert found_side == list(lock_of("env.lock", text).platforms)


GOOD = text_of(wants("c"), C)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "env.lock (theirs): `lock-version`: expected 1"),
        ("\0\x01 garbage", "env.lock (theirs):1: not valid TOML"),
        (GOOD.replace("lock-version = 1", "lock-version = 9"), "made by a newer envlock"),
        (GOOD[:-40], "env.lock (theirs)"),
        (f"<<<<<<< x\n{GOOD}=======\n{GOOD}>>>>>>> y\n", "git's conflict marker"),
    ],
    ids=["empty", "garbage", "newer", "truncated", "markers"],
)
def test_a_side_that_cannot_be_read_is_kept_whole(context: Context, text: str, said: str) -> None:
    ours = text_of(wants("c", "a"), A, C, SHARED)
    found = merged(context, base=GOOD.replace("1.0", "0.9"), ours=ours, theirs=text)
    assert not found.clean
    assert said in found.notes[0]
    ended = text if text.endswith("\n") or not text else f"{text}\n"
    assert _sides(found.text) == (ours, ended)


def test_line_ends_and_bom_are_no_difference(context: Context) -> None:
    base, ours = text_of(wants("a"), A, SHARED), text_of(wants("a", "b"), A, B, SHARED)
    theirs = text_of(wants("a", "c"), A, SHARED, C)
    expected = merged(context, base=base, ours=ours, theirs=theirs)
    crlf = [f"\ufeff{text}".replace("\n", "\r\n") for text in (base, ours, theirs)]
    assert merged(context, base=crlf[0], ours=crlf[1], theirs=crlf[2]) == expected
    assert merged(context, base=crlf[0], ours=ours, theirs=crlf[0]) == Merged(text=ours, clean=True)


def test_what_one_side_alone_has_changed_is_taken_unread(context: Context) -> None:
    for base, ours, theirs, text in (("x", "x", "y", "y"), ("x", "y", "x", "y"), (None, "y", "y", "y")):
        assert merged(context, base=base, ours=ours, theirs=theirs) == Merged(text=text, clean=True)


def test_files_that_both_sides_have_changed_are_not_merged_yet(context: Context) -> None:
    def copying(digit: str) -> str:
        spec = wants("c", image=ImageSpec(base="scratch", workdir="/srv", copy=("./src",)))
        return text_of(spec, C, copied=(("./src", digit * 64),))

    found = merged(context, base=copying("1"), ours=copying("2"), theirs=copying("3"))
    assert (found.clean, found.notes[0]) == (False, "`./src` was changed on both sides")
    alone = merged(context, base=copying("1"), ours=copying("2"), theirs=copying("1"))
    assert alone == Merged(text=copying("2"), clean=True)

    def local(digit: str, *more: PipPackage) -> str:
        folder = replace(whl("c", "1.0"), file="", sha256="", size=None, index=None, path="./c", tree=digit * 64)
        return text_of(wants("c @ ./c", *(p.name for p in more)), replace(folder, builds=True), *more)

    found = merged(context, base=local("1"), ours=local("2"), theirs=local("3"))
    assert (found.clean, found.notes[0]) == (False, "`./c` was changed on both sides")
    found = merged(context, base=local("1"), ours=local("2"), theirs=local("1", whl("d", "1")))
    assert found.clean
    assert "2" * 64 in found.text


def test_the_same_wheel_from_another_index(context: Context) -> None:
    """Where it is from is part of what a side may have changed."""

    def asked(*pip: str, own: bool = False) -> EnvSpec:
        more = (Index(name="own", url="https://own.test/simple", packages=("c",)),) if own else ()
        return wants(pip=PipSpec(dependencies=pip, indexes=(Index(name="all", default=True), *more)))

    c, d = (replace(whl(name, "1.0"), index="all") for name in "cd")
    base, ours = text_of(asked("c"), c), text_of(asked("c", "d"), c, d)
    theirs = text_of(asked("c", own=True), replace(c, index="own"))
    found = clean(context, asked("c", "d", own=True), base=base, ours=ours, theirs=theirs)
    assert {p.name: p.index for p in found.pip} == {"c": "own", "d": "all"}


def test_few_words_are_said_of_a_conflict_and_what_to_do_next(context: Context) -> None:
    def asked(limit: str) -> EnvSpec:
        return wants(*(f"{name}{limit}" for name in "cdefg"))

    wheels = [whl(name, "1.0") for name in "cdefg"]
    texts = [text_of(asked(limit), *wheels) for limit in ("", "<2", ">=1")]
    notes = merged(context, base=texts[0], ours=texts[1], theirs=texts[2]).notes
    assert [note.partition(":")[0] for note in notes] == [
        "both sides changed `pip.dependencies.c`",
        "both sides changed `pip.dependencies.d`",
        "and 3 more",
        "run `envlock lock` once env.toml is merged",
    ]


def test_of_what_solvers_say_the_reason_alone_is_told(context: Context) -> None:
    base = text_of(wants("c"), C)
    ours = text_of(wants("c", "x"), whl("c", "1.1"), whl("x", "1", "c==1.1"))
    theirs = text_of(wants("c", "y"), whl("c", "1.2"), whl("y", "1", "c==1.2"))
    found = merged(context, base=base, ours=ours, theirs=theirs)
    assert (found.clean, len(found.notes)) == (False, 2)
    assert found.notes[0].startswith("nothing at hand answers both sides: ")
    assert found.notes[1].startswith("run `envlock lock`")


def test_choices_have_their_time_and_no_more() -> None:
    base, ours = text_of(wants("a"), A, SHARED), text_of(wants("a", "b"), A, B, SHARED)
    sides = read_sides(Texts(base=base, ours=ours, theirs=text_of(wants("a", "c"), A, SHARED, C)))
    assert of_both(sides, until=inf)
    assert of_both(sides, until=0.0) is None


def test_a_solver_has_its_time_and_no_more(context: Context, tmp_path: Path) -> None:
    texts = Texts(base=None, ours=text_of(wants("a"), A, SHARED), theirs=text_of(wants("b"), B, SHARED))
    with pytest.raises(UserInputError, match="nothing at hand answers both sides: there was no time for more"):
        merge_solved(texts, tmp_path, context, 0.0)


@given(ours=locks, theirs=locks)
@settings(deadline=None, max_examples=50)
def test_two_texts_with_markers_are_two_texts(ours: Lock, theirs: Lock) -> None:
    texts = lock_text(ours), lock_text(theirs)
    assert _sides(conflict_text(*texts)) == texts


TABLES = st.lists(st.sampled_from(["[a]\n", "[[b]]\nx = 1\n", "[[b]]\nx = 2\n", "[c]\ny = 1\n"]), max_size=8).map(
    "".join
)


@given(ours=TABLES, theirs=TABLES)
@settings(deadline=None)
def test_tables_may_come_again_and_in_any_order(ours: str, theirs: str) -> None:
    assert _sides(conflict_text(ours, theirs)) == (ours, theirs)
