"""Apt is the judge: from the same indexes, for the same wishes, the same packages in the same versions.

Where it takes others there is a reason, named below, and it accepts ours as they are. The reasons are three.

- Alternatives: apt decides on them as it meets them, we when all is known that is needed anyway. So it may have one
  more than is needed: what met the alternative came later.
- Virtual packages: of several providers that are needed equally, apt takes the one that has the highest of its
  internal numbers, which is as good as chance; we take the first by name.
- Versions: apt looks at the latest alone, and says that something cannot be where an earlier one would do.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence

import pytest

from envlock.debian.index import Universe, open_universe
from envlock.debian.release import IndexFile
from envlock.debian.solve import Wanted, solve
from envlock.errors import UserInputError
from envlock.model.debian_base import BASE_GROUP
from envlock.system.cache import Cache
from tests.support.debian_archive import archive
from tests.support.debian_universe import Apt, apt_of, index_cache_folder, indexes_of, real_indexes, written_index

Choice = Mapping[str, str]

SETS = (
    "",
    "git curl ca-certificates",
    "python3-numpy python3-pandas openjdk-17-jre-headless texlive-latex-base postgresql",
    "apache2 php mariadb-server exim4",
    "build-essential gfortran libopenblas-dev",
    "gawk",
)
# languages, servers, whole systems
MORE = """
python3 python3-venv | emacs | vim | r-base | julia octave | default-jdk maven | nodejs npm | nginx redis-server
docker.io | systemd dbus | rustc cargo | golang | ruby rails | ffmpeg imagemagick | libreoffice | gdal-bin python3-gdal
texlive-full | openssh-server sudo | mutt | firefox-esr | qtbase5-dev | python3-scipy python3-matplotlib jupyter
postfix | default-mta | linux-image-amd64 | samba | xfce4 | cups | gnome
"""
# what apt has more of, in these sets: the first alternative of `fonts-dejavu-core | ttf-bitstream-vera | …`, which
# it takes before it comes to `fonts-freefont-ttf`
EXTRA = {"cups": {"fonts-dejavu-core"}, "gnome": {"fonts-dejavu-core"}}


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[Universe, Apt]:
    files = real_indexes()
    return open_universe(files, Cache(index_cache_folder())), apt_of(tmp_path_factory.mktemp("apt"), files)


def ours(universe: Universe, roots: Iterable[str], architecture: str = "amd64") -> Choice | None:
    asked = dict.fromkeys(roots, "env.toml")
    try:
        found = solve(Wanted(roots=asked, architecture=architecture, suite="bookworm"), universe)
    except UserInputError:
        return None
    return {package.name: package.version for package in found}


def assert_same(names: str, universe: Universe, apt: Apt) -> None:
    # the shared test archive, where there is no other, has not all of them
    wanted = [*BASE_GROUP, *(name for name in names.split() if universe.candidates(name))]
    theirs = apt.choice(wanted)
    assert theirs is not None
    more = EXTRA.get(names.strip(), set())
    assert more <= theirs.keys()
    assert ours(universe, wanted) == {name: version for name, version in theirs.items() if name not in more}


def assert_judged(roots: Sequence[str], universe: Universe, apt: Apt) -> bool:
    """Is it the same choice? Where not, apt at least accepts ours, exactly; it never has one where we have none."""
    own, theirs = ours(universe, roots), apt.choice(roots)
    if own == theirs:
        return True
    assert own is not None, f"{roots}: apt has {theirs}"
    assert apt.choice([f"{name}={version}" for name, version in own.items()]) == own, roots
    return False


def test_sets_that_people_ask_for(real: tuple[Universe, Apt]) -> None:
    for names in SETS:
        assert_same(names, *real)


@pytest.mark.full
@pytest.mark.parametrize("names", MORE.replace("\n", "|").strip("|").split("|"))
def test_more_sets_that_people_ask_for(names: str, real: tuple[Universe, Apt]) -> None:
    assert_same(names, *real)


def test_random_sets(real: tuple[Universe, Apt]) -> None:
    assert_random(*real, seed=1, count=4)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_random_sets(seed: int, real: tuple[Universe, Apt]) -> None:
    assert_random(*real, seed=seed, count=40)


def assert_random(universe: Universe, apt: Apt, *, seed: int, count: int) -> None:
    chance = random.Random(seed)
    known = universe.names()
    sets = [[*BASE_GROUP, *chance.sample(known, chance.choice((1, 2, 3, 5)))] for _ in range(count)]
    same = [assert_judged(roots, universe, apt) for roots in sets]
    assert sum(same) >= 0.8 * count


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_the_whole_test_archive(architecture: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each of its packages, for both architectures."""
    files = indexes_of(archive(), architecture)
    universe = open_universe(files, Cache(index_cache_folder()))
    apt = apt_of(tmp_path_factory.mktemp("apt"), files)
    names = universe.names()
    assert len(names) > 50
    for name in names[:: max(1, len(names) // 12)]:
        found = ours(universe, [*BASE_GROUP, name], architecture)
        assert found == apt.choice([*BASE_GROUP, name]), name


def test_small_archives_full_of_conflicts(tmp_path_factory: pytest.TempPathFactory) -> None:
    assert_small(tmp_path_factory, seed=1, count=100)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_small_archives_full_of_conflicts(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert_small(tmp_path_factory, seed=seed, count=300)


def assert_small(tmp_path_factory: pytest.TempPathFactory, *, seed: int, count: int) -> None:
    """Versions, alternatives, provided names, conflicts and architectures at random: worlds beside one another."""
    chance = random.Random(seed)
    folder = tmp_path_factory.mktemp("small")
    worlds = [list(_world(f"w{number}", chance)) for number in range(count)]
    files: list[IndexFile] = [written_index(folder, [stanza for world in worlds for stanza in world])]
    universe, apt = open_universe(files, Cache(folder / "cache")), apt_of(tmp_path_factory.mktemp("apt"), files)
    found = []
    for world in worlds:
        roots = sorted({stanza["Package"] for stanza in chance.sample(world, 2)})
        assert_judged(roots, universe, apt)
        found.append(ours(universe, roots))
    # both kinds of answer are there
    assert count / 10 < found.count(None) < 9 * count / 10


def _world(prefix: str, chance: random.Random) -> Iterator[dict[str, str]]:
    names, virtual = [f"{prefix}{letter}" for letter in "abcdef"], [f"{prefix}{letter}" for letter in "xyb"]

    def relation(operators: Sequence[str], qualifiers: Sequence[str]) -> str:
        name = chance.choice([*names, *virtual[:2]]) + chance.choice(["", "", *qualifiers])
        operator = chance.choice(operators)
        return f"{name} ({operator} {chance.choice('123')})" if operator else name

    for name in names:
        for version in chance.sample("123", chance.choice((1, 1, 2))):
            needs = [
                " | ".join(relation(["", "", ">=", "<<", "="], ["", ":any"]) for _ in range(chance.choice((1, 2, 3))))
                for _ in range(chance.choice((0, 1, 2)))
            ]
            # Qualified, it means each package of that name to dpkg, as to us, and to apt some of them. `:amd64` and
            # `:i386` are left to the tables: what Debian has no example of, apt and dpkg read differently.
            against = relation(["", ">=", "<<"], [""])
            provided = chance.choice(virtual) + chance.choice(("", " (= 1)", " (= 2)"))
            fields = {
                "Depends": ", ".join(needs),
                "Provides": provided if chance.random() < 0.3 else "",
                chance.choice(("Conflicts", "Breaks")): against if chance.random() < 0.3 else "",
                "Multi-Arch": chance.choice(("", "", "allowed", "foreign", "same")),
            }
            yield {"Package": name, "Version": version, **{key: value for key, value in fields.items() if value}}
