"""Relations between Debian packages, against the Policy Manual, python-debian and dpkg."""

import shutil
import subprocess

import pytest
from debian.deb822 import PkgRelation
from hypothesis import given
from hypothesis import strategies as st

from envlock.debian.versions import compare
from envlock.model.debian_relations import Relation, is_met, items, plain_requirement, provided, relations


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("libc6", [Relation("libc6")]),
        ("libc6 (>= 2.36)", [Relation("libc6", None, ">=", "2.36")]),
        ("libc6(>=2.36)", [Relation("libc6", None, ">=", "2.36")]),
        ("  libc6   (  >=   2.36  )  ", [Relation("libc6", None, ">=", "2.36")]),
        ("libc6\n (>= 2.36)", [Relation("libc6", None, ">=", "2.36")]),
        ("perl:any", [Relation("perl", "any")]),
        ("make:native (<< 5)", [Relation("make", "native", "<<", "5")]),
        ("libx32gcc1:x32", [Relation("libx32gcc1", "x32")]),
        ("git:amd64 (= 1:2.39.5-0+deb12u2)", [Relation("git", "amd64", "=", "1:2.39.5-0+deb12u2")]),
        ("awk | mawk|gawk (>> 1~)", [Relation("awk"), Relation("mawk"), Relation("gawk", None, ">>", "1~")]),
        # as dpkg reads the forms that are out of use
        ("old (< 2)", [Relation("old", None, "<=", "2")]),
        ("old (> 2)", [Relation("old", None, ">=", "2")]),
        ("g++ (>= 4:10.2)", [Relation("g++", None, ">=", "4:10.2")]),
        ("libstdc++6", [Relation("libstdc++6")]),
        ("0ad", [Relation("0ad")]),
    ],
)
def test_the_alternatives_of_an_item_are_read(text: str, expected: list[Relation]) -> None:
    assert relations(text) == tuple(expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "|",
        "a",  # two characters at least
        "Git",
        "git |",
        "git, curl",
        "git (2)",
        "git (>= )",
        "git (== 2)",
        "git (>= 2",
        "git >= 2",
        "git (>= 2) (<< 3)",
        "git (>= a2)",
        "git (>= 2-)",
        "git (>= 2_1)",
        "git (>= 1234567890:2)",
        f"git (>= {'9' * 300})",
        "git:",
        "git:a_b",
        "gït",
        "git ../etc",
    ],
)
def test_what_is_no_relation_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no relation of Debian's packages"):
        relations(text)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("", ()),
        (" \n ", ()),
        ("libc6 (>= 2.34), perl", ("libc6 (>= 2.34)", "perl")),
        ("awk|mawk(>=1),\n libc6:any( << 3 )", ("awk | mawk (>= 1)", "libc6:any (<< 3)")),
        ("a1,,b1,", ("a1", "b1")),
        ("old (< 2)", ("old (<= 2)",)),
        ("ours [amd64], theirs [arm64]", ("ours",)),
        ("both [arm64 amd64], not-ours [!amd64], not-theirs [!arm64 !i386]", ("both", "not-theirs")),
        ("all [any], linux [linux-any], amd [any-amd64], bsd [kfreebsd-any]", ("all", "linux", "amd")),
        ("first [i386] | second (>= 1) [amd64] | third", ("second (>= 1) | third",)),
        ("test <!nocheck>, stage <stage1>, two <!stage1 !nocheck>", ("test", "two")),
        ("either <stage1> <!cross>, neither <stage1> <cross>", ("either",)),
        ("full:any (>= 1) [linux-any] <!nodoc>", ("full:any (>= 1)",)),
    ],
)
def test_a_field_is_read_as_items_that_apply(field: str, expected: tuple[str, ...]) -> None:
    assert items(field, "amd64") == expected


@pytest.mark.parametrize("field", ["a1 []", "a1 [AMD]", "a1 <>", "a1 <UPPER>", "a1 [amd64", "a1 <nocheck", "a1 | , b1"])
def test_a_field_that_cannot_be_read_is_refused(field: str) -> None:
    with pytest.raises(ValueError, match="`a1"):
        items(field, "amd64")


def test_architectures_ask_for_one() -> None:
    with pytest.raises(ValueError, match="`a1 \\[amd64\\]` has architectures"):
        items("a1 [amd64]")


_names = st.from_regex(r"[a-z][a-z0-9+.-]{1,8}", fullmatch=True)
_versions = st.from_regex(r"([0-9]{1,2}:)?[0-9][0-9a-z.+~]{0,6}(-[0-9a-z.+~]{1,4})?", fullmatch=True)
_blank = st.sampled_from(["", " ", "  ", "\t"])


@st.composite
def _fields(draw: st.DrawFn) -> str:
    def alternative() -> str:
        text = draw(_names) + draw(st.sampled_from(["", ":any", ":amd64"]))
        if draw(st.booleans()):
            blanks = [draw(_blank) for _ in range(4)]
            operator, version = draw(st.sampled_from(["<<", "<=", "=", ">=", ">>"])), draw(_versions)
            text += f"{blanks[0]}({blanks[1]}{operator}{blanks[2]}{version}{blanks[3]})"
        return text

    def item() -> str:
        return f"{draw(_blank)}|{draw(_blank)}".join(alternative() for _ in range(draw(st.integers(1, 3))))

    return f"{draw(_blank)},{draw(_blank)}".join(item() for _ in range(draw(st.integers(1, 4))))


@given(_fields())
def test_python_debian_reads_the_same(field: str) -> None:
    theirs = [
        [(r["name"], r["archqual"], *(r["version"] or (None, None))) for r in item]
        for item in PkgRelation.parse_relations(field)
    ]
    ours = [[(r.name, r.qualifier, r.operator, r.version) for r in relations(item)] for item in items(field)]
    assert ours == theirs
    # what was normalised stays as it is
    assert items(", ".join(items(field))) == items(field)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("awk", ("awk", None)), ("libzstd-dev (= 1.5)", ("libzstd-dev", "1.5")), ("perlapi:any (= 5)", ("perlapi", "5"))],
)
def test_what_is_provided_is_read(text: str, expected: tuple[str, str | None]) -> None:
    assert provided(text) == expected


@pytest.mark.parametrize("text", ["awk (>= 1)", "awk | mawk"])
def test_what_cannot_be_provided_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be provided"):
        provided(text)


@pytest.mark.parametrize(
    ("relation", "version", "expected"),
    [
        ("git", "1", True),
        ("git", None, True),
        ("git (>= 1)", None, False),  # what is provided in no version meets no version
        ("git (>= 1)", "1", True),
        ("git (>= 1)", "1~rc1", False),
        ("git (>> 1)", "1", False),
        ("git (>> 1)", "1-1", True),
        ("git (<= 1)", "1", True),
        ("git (<< 1)", "1", False),
        ("git (<< 1)", "1~", True),
        ("git (= 1)", "1", True),
        ("git (= 1)", "1-0", True),  # no revision is the revision 0
        ("git (= 1)", "0:1", True),
        ("git (>= 1:0)", "2", False),
        ("git (>= 2.10)", "2.9", False),
    ],
)
def test_versions_meet_relations(relation: str, version: str | None, expected: bool) -> None:
    assert is_met(relations(relation)[0], version, compare) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("git", "git"),
        (" git ", "git"),
        ("libgomp1 (>= 12)", "libgomp1 (>= 12)"),
        ("libgomp1(>=12)", "libgomp1 (>= 12)"),
        ("curl=7.88.1-10+deb12u14", "curl (= 7.88.1-10+deb12u14)"),
        ("curl = 7.88.1", "curl (= 7.88.1)"),
        ("git (<< 1:3~)", "git (<< 1:3~)"),
    ],
)
def test_what_people_write_is_normalised(text: str, expected: str) -> None:
    assert plain_requirement(text) == expected
    assert plain_requirement(expected) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a name, `NAME \\(>= VERSION\\)` or `NAME=VERSION`, got ``$"),
        ("git >= 2", "expected a name"),
        ("git==2", "expected a name"),
        ("git/bookworm", "expected a name"),
        ("mawk | gawk", "expected a name"),
        ("git, curl", "expected a name"),
        ("git [amd64]", "expected a name"),
        ("git <!nocheck>", "expected a name"),
        ("git:amd64", "which architecture it is, the platform says"),
        ("git (< 2)", "`<` is written `<<`"),
        ("git (> 2)", "`>` is written `>>`"),
    ],
)
def test_what_people_may_not_write_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plain_requirement(text)


_ODD = [
    "1",
    "1-0",
    "0:1",
    "1-1",
    "1~",
    "1~~",
    "1~rc1",
    "1~rc1-1",
    "1+b1",
    "1.0",
    "1.00",
    "1.0a",
    "1.0.1",
    "1.10",
    "1.9",
    "01",
    "1a",
    "1a1",
    "1+",
    "1-1~bpo12+1",
    "1-1+deb12u1",
    "1-1.1",
    "1:0",
    "2:0~",
    "10",
    "9",
    "1.2-3",
    "1.2-3-4",
    "1.2~-3",
    "0",
    "2.36-9+deb12u10",
    "2.36-9+deb12u9",
    "2.36-9",
    "20240203",
    "0.0~git20240203.1",
    "0.0+git20240203",
]


@pytest.mark.skipif(not shutil.which("dpkg"), reason="dpkg is Debian's")
def test_dpkg_orders_versions_the_same() -> None:
    pairs = [(one, other) for one in _ODD for other in _ODD[:: max(1, len(_ODD) // 12)]]
    script = "\n".join(
        f"if dpkg --compare-versions {one} lt {other}; then echo -1; "
        f"elif dpkg --compare-versions {one} gt {other}; then echo 1; else echo 0; fi"
        for one, other in pairs
    )
    found = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True).stdout.split()
    assert [compare(*pair) for pair in pairs] == [int(order) for order in found]
