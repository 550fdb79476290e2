"""Choosing Debian's packages: tables of small archives, and every answer held against what an answer must be."""

import itertools
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.debian.index import Universe, open_universe
from envlock.debian.solve import Wanted, python_root, solve
from envlock.debian.solve_clauses import Clause, Search, Unsatisfiable
from envlock.errors import UserInputError
from envlock.model.lock import DebianPackage
from envlock.system.cache import Cache
from tests.support.debian_universe import index_cache_folder, real_indexes, written_index, wrong

# fields by their first letters, in one line: "git 2 D:libc6 (>= 2)+perl P:vcs"
FIELDS = {
    "D": "Depends",
    "E": "Pre-Depends",
    "P": "Provides",
    "C": "Conflicts",
    "B": "Breaks",
    "M": "Multi-Arch",
    "A": "Architecture",
    "!": "Essential",
    "R": "Priority",
    "X": "Recommends",
}


def stanza(line: str) -> Mapping[str, str]:
    name, version, *fields = line.split(" ; ", maxsplit=1)[0].split(" ", 2)[:2] + line.split(" ; ")[1:]
    return {"Package": name, "Version": version, **{FIELDS[field[0]]: field[2:] for field in fields}}


def universe_of(folder: Path, lines: Iterable[str], *, security: Iterable[str] = ()) -> Universe:
    suites = {"bookworm": lines, "bookworm-security": security}
    files = [written_index(folder, map(stanza, found), suite) for suite, found in suites.items()]
    return open_universe(files, Cache(folder / "cache"))


def wanted(roots: Iterable[str], keep: Iterable[DebianPackage] = ()) -> Wanted:
    return Wanted(roots=dict.fromkeys(roots, "env.toml"), keep=tuple(keep), architecture="amd64", suite="bookworm")


def names(packages: Iterable[DebianPackage]) -> str:
    return " ".join(f"{package.name}={package.version}" for package in packages)


@pytest.mark.parametrize(
    ("lines", "roots", "expected"),
    [
        (["git 1 ; D:perl, zlib (>= 1)", "perl 5", "zlib 1"], ["git"], "git=1 perl=5 zlib=1"),
        (["git 1 ; E:dpkg", "dpkg 1"], ["git"], "dpkg=1 git=1"),
        (["git 1 ; X:less", "less 1"], ["git"], "git=1"),  # recommended
        (["git 1", "base 1 ; !:yes"], ["git"], "git=1"),  # essential, and not asked for
        (["git 1", "git 3", "git 2"], ["git"], "git=3"),
        (["git 1", "git 3", "git 2"], ["git (<< 3)"], "git=2"),
        (["git 1~rc1", "git 1"], ["git (<< 1)"], "git=1~rc1"),
        # the first alternative, unless another one is there anyway
        (["a1 1 ; D:b1 | c1", "b1 1", "c1 1"], ["a1"], "a1=1 b1=1"),
        (["a1 1 ; D:b1 | c1", "b1 1", "c1 1"], ["a1", "c1"], "a1=1 c1=1"),
        (["a1 1 ; D:b1 | c1", "b1 1", "c1 1", "d1 1 ; D:e1", "e1 1 ; D:c1"], ["a1", "d1"], "a1=1 c1=1 d1=1 e1=1"),
        (["a1 1 ; D:b1 | c1", "c1 1"], ["a1"], "a1=1 c1=1"),
        (["a1 1 ; D:b1 (>= 2) | c1", "b1 1", "c1 1"], ["a1"], "a1=1 c1=1"),
        (["a1 1 ; D:b1 | c1", "b1 1 ; D:gone", "c1 1"], ["a1"], "a1=1 c1=1"),
        # what is superseded is not taken because it stands first
        (["a1 1 ; D:b1 (<< 2) | c1", "b1 1", "b1 2", "c1 1"], ["a1"], "a1=1 c1=1"),
        # virtual packages
        (["a1 1 ; D:awk", "gawk 1 ; P:awk", "mawk 1 ; P:awk ; R:required"], ["a1"], "a1=1 mawk=1"),
        (["a1 1 ; D:awk", "gawk 1 ; P:awk", "mawk 1 ; P:awk"], ["a1"], "a1=1 gawk=1"),
        (["a1 1 ; D:awk", "gawk 1 ; P:awk", "mawk 1 ; P:awk"], ["a1", "mawk"], "a1=1 mawk=1"),
        (["a1 1 ; D:awk", "gawk 1 ; P:awk ; R:required", "mawk 1 ; P:awk ; !:yes"], ["a1"], "a1=1 mawk=1"),
        (["a1 1 ; D:awk", "awk 1", "aawk 1 ; P:awk ; R:required"], ["a1"], "a1=1 awk=1"),  # the one of that name
        (["a1 1 ; D:awk (>= 2)", "gawk 1 ; P:awk", "mawk 1 ; P:awk (= 2)"], ["a1"], "a1=1 mawk=1"),
        (["a1 1 ; D:awk (>= 2)", "awk 1", "mawk 1 ; P:awk (= 2)"], ["a1"], "a1=1 mawk=1"),
        (["mawk 1 ; P:awk"], ["awk"], "mawk=1"),
        (["a1 1 ; D:zlib (= 1)", "zlib 2 ; P:zlib (= 1)"], ["a1"], "a1=1 zlib=2"),  # as an earlier version of itself
        (["a1 1 ; D:virtual ; P:virtual"], ["a1"], "a1=1"),  # it meets its own needs
        # conflicts
        (["a1 1 ; D:b1 | c1", "b1 1 ; C:d1", "c1 1", "d1 1"], ["a1", "d1"], "a1=1 c1=1 d1=1"),
        (["a1 1 ; D:b1 | c1", "b1 1", "c1 1", "d1 1 ; B:b1"], ["a1", "d1"], "a1=1 c1=1 d1=1"),
        (["mta 1 ; P:mail ; C:mail"], ["mta"], "mta=1"),  # never with itself
        (["a1 2 ; C:a1 (<< 2)", "a1 1"], ["a1"], "a1=2"),
        (["a1 1 ; C:virtual (<< 2)", "b1 1 ; P:virtual"], ["a1", "b1"], "a1=1 b1=1"),  # provided in no version
        (["a1 1 ; D:mail", "b1 1 ; P:mail ; C:mail", "c1 1 ; P:mail"], ["a1", "c1"], "a1=1 c1=1"),
        (["a1 1 ; C:b1:i386", "b1 1"], ["a1", "b1"], "a1=1 b1=1"),  # of another architecture
        # one step back: the later version of one cannot be beside the only version of another
        (["a1 2 ; D:c1 (= 2)", "a1 1", "b1 1 ; D:c1 (= 1)", "c1 1", "c1 2"], ["a1", "b1"], "a1=1 b1=1 c1=1"),
        # two packages of one source, in step
        (["a1 2 ; D:lib (= 2)", "a1 1 ; D:lib (= 1)", "lib 1", "lib 2", "b1 1 ; B:lib (>> 1)"], ["a1", "b1"],
         "a1=1 b1=1 lib=1"),
        # cycles
        (["a1 1 ; D:b1", "b1 1 ; D:a1"], ["a1"], "a1=1 b1=1"),
        # architectures
        (["a1 1 ; D:perl:any", "perl 1 ; M:allowed"], ["a1"], "a1=1 perl=1"),
        (["a1 1 ; D:perl:any | c1", "perl 1 ; M:foreign", "c1 1"], ["a1"], "a1=1 c1=1"),
        (["a1 1 ; D:perl:any", "perl5 1 ; M:allowed ; P:perl"], ["a1"], "a1=1 perl5=1"),
        (["a1 1 ; D:perl:amd64, make:native", "perl 1", "make 1 ; A:all"], ["a1"], "a1=1 make=1 perl=1"),
        (["a1 1 ; D:perl:i386 | c1", "perl 1 ; M:allowed", "c1 1"], ["a1"], "a1=1 c1=1"),
        (["a1 1 ; D:c1 [arm64] | d1", "c1 1", "d1 1"], ["a1"], "a1=1 d1=1"),
    ],
)  # fmt: skip
def test_what_is_asked_for_is_chosen_with_what_it_needs(
    lines: list[str], roots: list[str], expected: str, tmp_path: Path
) -> None:
    universe = universe_of(tmp_path, lines)
    for order in itertools.permutations(roots):
        found = solve(wanted(order), universe)
        assert names(found) == expected
        # what is locked is a solution, and so stays
        assert solve(wanted(order, keep=found), universe) == found


@pytest.mark.parametrize(
    ("lines", "roots", "message", "hint"),
    [
        (["git 1"], ["gitt"], "no `gitt` (env.toml) in Debian bookworm", "did you mean `git`?"),
        (
            ["git 1", "curl 1"],
            ["gitt", "curl (>= 2)"],
            "2 packages cannot be had in Debian bookworm\n"
            "  no `curl (>= 2)` (env.toml): there is `curl` 1\n"
            "  no `gitt` (env.toml): did you mean `git`?",
            None,
        ),
        (
            ["git 2", "git 1"],
            ["git (>= 3)"],
            "no `git (>= 3)` (env.toml) in Debian bookworm: there is `git` 2 and 1",
            "ask for what there is",
        ),
        (
            ["gawk 1 ; P:awk", "mawk 1 ; P:awk"],
            ["awk (>= 1)"],
            "no `awk (>= 1)` (env.toml) in Debian bookworm: there is only what `gawk` or `mawk` provides",
            "ask for what there is",
        ),
        (
            ["a1 1 ; D:b1", "b1 2 ; D:c1 (>= 2)", "c1 1"],
            ["a1"],
            "`a1` cannot be had in Debian bookworm\n"
            "  `a1` 1 (env.toml) needs `b1`\n"
            "  `b1` 2 needs `c1 (>= 2)`: there is `c1` 1",
            "loosen or drop it in env.toml",
        ),
        (
            ["a1 1 ; D:gone | lost"],
            ["a1"],
            "`a1` cannot be had in Debian bookworm\n  `a1` 1 (env.toml) needs `gone | lost`: there is no such package",
            "loosen or drop it in env.toml",
        ),
        (
            ["a1 1 ; D:perl:any", "perl 5"],
            ["a1"],
            "`a1` cannot be had in Debian bookworm\n"
            "  `a1` 1 (env.toml) needs `perl:any`: `perl` does not say that it serves `:any`",
            "loosen or drop it in env.toml",
        ),
        (
            ["a1 1 ; D:lib1", "lib1 1 ; C:lib2", "b1 1 ; D:c1", "c1 1 ; D:lib2 (>= 1)", "lib2 2"],
            ["a1", "b1"],
            "`a1` and `b1` cannot both be had in Debian bookworm\n"
            "  `a1` 1 (env.toml) needs `lib1`\n"
            "  `b1` 1 (env.toml) needs `c1`\n"
            "  `c1` 1 needs `lib2 (>= 1)`\n"
            "  `lib1` 1 conflicts with `lib2`, which `lib2` 2 is",
            "loosen or drop one of them in env.toml",
        ),
        (
            ["a1 1 ; D:x1 (= 1)", "b1 1 ; D:x1 (>= 2)", "x1 1", "x1 2"],
            ["a1", "b1"],
            "`a1` and `b1` cannot both be had in Debian bookworm\n"
            "  `a1` 1 (env.toml) needs `x1 (= 1)`\n"
            "  `b1` 1 (env.toml) needs `x1 (>= 2)`",
            "loosen or drop one of them in env.toml",
        ),
        (
            ["x1 1", "x1 2", "a1 1 ; D:x1 (>= 2)"],
            ["a1", "x1 (= 1)"],
            "`a1` and `x1 (= 1)` cannot both be had in Debian bookworm\n"
            "  `a1` 1 (env.toml) needs `x1 (>= 2)`\n"
            "  `x1 (= 1)` (env.toml) is `x1` 1",
            "loosen or drop one of them in env.toml",
        ),
        (
            ["a1 1 ; D:m1 | m2", "m1 1 ; P:mail ; C:mail", "m2 1 ; P:mail ; C:mail", "m3 1 ; P:mail ; C:mail"],
            ["a1", "m3"],
            "`a1` and `m3` cannot both be had in Debian bookworm\n"
            "  `a1` 1 (env.toml) needs `m1 | m2`\n"
            "  `m3` 1 (env.toml)\n"
            "  `m3` 1 conflicts with `mail`, which `m1` 1 provides",
            "loosen or drop one of them in env.toml",
        ),
        (
            ["a1 1 ; D:b1, c1", "b1 1", "c1 1 ; B:b1 (<< 2)"],
            ["a1"],
            "`a1` cannot be had in Debian bookworm\n"
            "  `a1` 1 (env.toml) needs `b1`\n"
            "  `a1` 1 (env.toml) needs `c1`\n"
            "  `c1` 1 conflicts with `b1 (<< 2)`, which `b1` 1 is",
            "loosen or drop it in env.toml",
        ),
    ],
)
def test_what_cannot_be_had_is_told_with_both_sides(
    lines: list[str], roots: list[str], message: str, hint: str, tmp_path: Path
) -> None:
    universe = universe_of(tmp_path, lines)
    for order in itertools.permutations(roots):
        with pytest.raises(UserInputError) as raised:
            solve(wanted(order), universe)
        assert raised.value.message.splitlines() == message.splitlines()
        assert raised.value.hint == hint


def test_who_asks_is_said_in_their_words(tmp_path: Path) -> None:
    universe = universe_of(tmp_path, ["dash 1 ; C:git", "git 1"])
    asked = Wanted(roots={"dash": "every base", "git": "env.toml"}, architecture="amd64", suite="bookworm")
    with pytest.raises(UserInputError, match=r"`dash` 1 \(every base\)\n  `git` 1 \(env.toml\)\n  `dash` 1 conflicts"):
        solve(asked, universe)


LATER = ["git 2 ; D:lib | other", "lib 2 ; P:api (= 2)", "other 2"]
EARLIER = ["git 1 ; D:lib | other", "lib 1 ; P:api (= 1)", "other 1"]


def locked(folder: Path, lines: Iterable[str]) -> list[DebianPackage]:
    """Packages as they are locked, of an archive as it was once."""
    universe = universe_of(folder, lines)
    return [one.package for name in universe.names() for one in universe.candidates(name)]


@pytest.mark.parametrize(
    ("now", "keep", "roots", "expected"),
    [
        (LATER + EARLIER, [], ["git"], "git=2 lib=2"),
        (LATER + EARLIER, [*EARLIER[:2]], ["git"], "git=1 lib=1"),
        (LATER, [*EARLIER[:2]], ["git"], "git=1 lib=1"),  # gone from the archive: kept all the same
        (LATER, [EARLIER[0]], ["git"], "git=1 lib=2"),
        (LATER, [EARLIER[1]], ["git"], "git=2 lib=1"),
        (LATER, [*EARLIER[:2]], ["git (>= 2)"], "git=2 lib=1"),  # what holds no more goes, and nothing else
        (LATER, [*EARLIER[:2]], ["git", "lib (>= 2)"], "git=1 lib=2"),
        (LATER, [EARLIER[0], EARLIER[2]], ["git"], "git=1 other=1"),  # an alternative that was chosen stays chosen
        (LATER, EARLIER, ["git"], "git=1 lib=1"),  # and what is not needed goes
        ([*LATER, "app 1 ; D:api (>= 2)"], [*EARLIER[:2]], ["app", "git"], "app=1 git=1 lib=2"),
        ([*LATER, "app 1 ; D:api"], [*EARLIER[:2]], ["app"], "app=1 lib=1"),  # it provides, though nobody has it
        ([*LATER, "app 1 ; B:lib (<< 2)"], [*EARLIER[:2]], ["app", "git"], "app=1 git=1 lib=2"),
        ([*LATER, "app 1"], ["old 1 ; C:app"], ["app", "git"], "app=1 git=2 lib=2"),
        (["app 1 ; D:perl:any"], ["perl 5"], ["app"], "app=1 perl=5"),  # it once held
    ],
)
def test_what_is_locked_stays_while_it_holds(
    now: list[str], keep: list[str], roots: list[str], expected: str, tmp_path: Path
) -> None:
    kept = locked(tmp_path / "then", keep)
    universe = universe_of(tmp_path / "now", now)
    for order in (kept, kept[::-1]):
        assert names(solve(wanted(roots, keep=order), universe)) == expected


def test_a_pin_that_moved_to_another_archive_stays_as_it_is_locked(tmp_path: Path) -> None:
    universe = universe_of(tmp_path, ["git 1"])
    (found,) = solve(wanted(["git"]), universe)
    pin = replace(found, archive="security", file="pool/updates/main/g/git/git_1_amd64.deb")
    assert solve(wanted(["git"], keep=[pin]), universe) == (pin,)


def test_the_same_version_with_other_bytes_is_another_package(tmp_path: Path) -> None:
    universe = universe_of(tmp_path, ["git 1"])
    (found,) = solve(wanted(["git"]), universe)
    pin = replace(found, sha256="0" * 64)
    assert solve(wanted(["git"], keep=[pin]), universe) == (pin,)


def test_security_fixes_are_chosen_before_what_they_mend(tmp_path: Path) -> None:
    universe = universe_of(tmp_path, ["git 1-1", "curl 2"], security=["git 1-1+deb12u1", "curl 1"])
    found = {package.name: package for package in solve(wanted(["git", "curl"]), universe)}
    assert (found["git"].version, found["git"].archive) == ("1-1+deb12u1", "security")
    assert (found["curl"].version, found["curl"].archive) == ("2", "main")


PYTHONS = [
    "python3 3.11.2-1 ; D:python3.11 (>= 3.11.2-1~), libpython3-stdlib (= 3.11.2-1)",
    "python3.11 3.11.2-6+deb12u6",
]


@pytest.mark.parametrize(
    ("lines", "security", "python", "expected"),
    [
        (PYTHONS, [], None, ("python3.11", "3.11")),
        (PYTHONS, [], "3.11", ("python3.11", "3.11")),
        (PYTHONS, [], "3.11.2", ("python3.11 (>= 3.11.2)", "3.11")),
        (["python3.12 3.12.9-1"], ["python3.12 3.12.10-1"], "3.12.9", ("python3.12 (= 3.12.9-1)", "3.12")),
        (["python3.13 3.13.0~rc2-1"], [], "3.13.0rc2", ("python3.13 (>= 3.13.0~rc2)", "3.13")),
    ],
)
def test_the_interpreter_is_what_the_suite_has(
    lines: list[str], security: list[str], python: str | None, expected: tuple[str, str], tmp_path: Path
) -> None:
    assert python_root(python, universe_of(tmp_path, lines, security=security)) == expected


@pytest.mark.parametrize(
    ("lines", "python", "message"),
    [
        (PYTHONS, "3.12", "no Python 3.12 in Debian bookworm: it has 3.11.2"),
        (PYTHONS, "3.11.9", "no Python 3.11.9 in Debian bookworm: it has 3.11.2"),
        ([*PYTHONS, "python3.10 3.10.1-1"], "3.9", "no Python 3.9 in Debian bookworm: it has 3.10.1 and 3.11.2"),
        (["git 1"], "3.12", "no Python 3.12 in Debian bookworm: it has none at all"),
        (["git 1"], None, "no `python3` in Debian bookworm: it has none at all"),
    ],
)
def test_a_missing_interpreter_names_what_there_is(
    lines: list[str], python: str | None, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserInputError) as raised:
        python_root(python, universe_of(tmp_path, lines))
    assert raised.value.message == message


@st.composite
def problems(draw: st.DrawFn) -> tuple[int, list[Sequence[int]]]:
    """A number of variables, and clauses: needs of one of them, or of nobody, and pairs that cannot be together."""
    count = draw(st.integers(1, 7))
    variables = st.integers(1, count)
    needs = st.tuples(st.integers(0, count), st.lists(variables, max_size=3, unique=True))
    pairs = st.tuples(variables, variables)
    found: list[Sequence[int]] = [
        [-asker, *needed] if asker else needed for asker, needed in draw(st.lists(needs, max_size=14))
    ]
    return count, [*found, *([-one, -other] for one, other in draw(st.lists(pairs, max_size=8)))]


@settings(max_examples=600)
@given(problems())
def test_an_answer_is_found_exactly_where_there_is_one(problem: tuple[int, list[Sequence[int]]]) -> None:
    count, clauses = problem
    if not any(holds(chosen, clauses) for chosen in subsets(count)):
        with pytest.raises(Unsatisfiable) as raised:
            searched(clauses)
        # what is named is enough for the contradiction
        named = [clause.literals for clause in raised.value.clauses]
        assert not any(holds(chosen, named) for chosen in subsets(count))
        return
    ours = searched(clauses)
    assert holds(set(ours), clauses)
    # and nothing is chosen that nobody needs
    assert all(any(number in clause and holds_but(number, clause, ours) for clause in clauses) for number in ours)


def searched(clauses: Sequence[Sequence[int]]) -> list[int]:
    """The clauses of a variable are known once it is true, as are those that begin with it."""

    def clauses_of(number: int) -> list[Clause]:
        own = [tuple(clause) for clause in clauses if clause and clause[0] == -number]
        return [Clause(clause, is_need=max(clause) > 0, easy=len(clause) < 3) for clause in own]

    roots = [Clause(tuple(clause), is_need=True) for clause in clauses if not clause or clause[0] > 0]
    return Search(clauses_of).solve(roots)


def subsets(count: int) -> Iterable[set[int]]:
    for chosen in itertools.product((False, True), repeat=count):
        yield {number for number, true in enumerate(chosen, start=1) if true}


def holds(chosen: set[int], clauses: Iterable[Sequence[int]]) -> bool:
    return all(any((literal in chosen) if literal > 0 else (-literal not in chosen) for literal in c) for c in clauses)


def holds_but(number: int, clause: Sequence[int], chosen: Iterable[int]) -> bool:
    """Is it a variable that a clause needs, whose asker is true?"""
    return all(-literal in chosen for literal in clause if literal < 0 and -literal != number)


REAL_ROOTS = ["base-files", "base-passwd", "libc6", "libstdc++6", "dash", "mawk"]


def real_universe() -> Universe:
    return open_universe(real_indexes(), Cache(index_cache_folder()))


def test_answers_from_the_real_indexes_hold() -> None:
    assert_hold(real_universe(), seed=1, count=15)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_answers_from_the_real_indexes_hold(seed: int) -> None:
    assert_hold(real_universe(), seed=seed, count=100)


def assert_hold(universe: Universe, *, seed: int, count: int) -> None:
    """Random packages: every relation of all that is chosen holds, whoever reads it, and order does not matter."""
    chance = random.Random(seed)
    known = universe.names()
    found = 0
    for _ in range(count):
        roots = [*REAL_ROOTS, *chance.sample(known, chance.choice((1, 2, 4, 8)))]
        try:
            chosen = solve(wanted(roots), universe)
        except UserInputError:  # which cannot be had together is a matter of chance: apt judges that
            continue
        found += 1
        assert wrong(chosen, roots) == []
        chance.shuffle(roots)
        assert solve(wanted(roots), universe) == chosen
        # all of it locked, one root less: nothing moves, and nothing comes
        fewer = solve(wanted(roots[1:], keep=chosen), universe)
        assert {*fewer} <= {*chosen}
    assert found > count / 2


def test_a_small_change_changes_little() -> None:
    universe = real_universe()
    before = solve(wanted([*REAL_ROOTS, "git", "python3"]), universe)
    after = solve(wanted([*REAL_ROOTS, "git", "python3", "wget"], keep=before), universe)
    assert {*before} < {*after}
    assert solve(wanted([*REAL_ROOTS, "git", "python3"], keep=after), universe) == before
