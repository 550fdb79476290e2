"""What is known of a script is what a shell makes of it: the same commands with the same words, in the same order."""

import subprocess
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.debian.shell_status import UNKNOWN, Known
from envlock.debian.shell_walk import commands
from tests.support.services import require

ARGUMENTS = ("configure", "")
# prints the words of each call, and is no command of any shell
MARK = "mark() { printf '<%s>' \"$@\" '|'; echo; }\n"


def by_us(script: str) -> list[tuple[str, ...]]:
    """Each `mark` that is reached for certain."""
    found = commands(script, ARGUMENTS, Known(package="tiny"))
    marks = [each for each in found if each.words[:1] == ("mark",)]
    assert all(each.certain for each in marks), marks
    return [each.words[1:] for each in marks]


def by_shell(script: str) -> list[tuple[str, ...]]:
    shell = require("dash", "dash")
    done = subprocess.run(
        (shell, "-c", MARK + script, "tiny", *ARGUMENTS),
        capture_output=True,
        text=True,
        check=False,
        env={},
        timeout=60,
    )
    lines = done.stdout.splitlines()
    return [tuple(line.removeprefix("<").removesuffix(">").split("><"))[:-1] for line in lines]


ROWS = [
    "mark a 'b c' \"d e\" f\\ g 'h'\"i\"j",
    "x=1 y='2 3'; mark $x $y \"$y\" ${x}a \"${x}\"b '$x' \\$x \"\\$x\"",
    "mark a$none b \"\" '' $none \"$none\"",
    "x='a  b '; mark $x. .$x \"$x\"",
    "mark ${none:-word} ${none-word} \"${none:-two words}\" ${none:+x} ${1:+set} ${2:-empty} ${2-not}",
    "x=/usr/bin/name.tar.gz; mark ${x##*/} ${x%/*} ${x%.*} ${x%%.*} ${x#*/} ${x%z?}",
    "mark $# $1 \"$2\" \"$@\" $*",
    "set -- one 'two three'; mark $# \"$@\"; shift; mark \"$1\" $1",
    "mark a # mark b\nmark c#d '#e'",
    "mark a \\\n  b \\\n  #c\nmark d",
    "mark a; mark b\nmark c & wait; { mark d; }; (mark e)",
    "true && mark a; false && mark b; true || mark c; false || mark d; ! true || mark e; false && true || mark f",
    "if false; then mark a; elif true; then mark b; else mark c; fi",
    "if [ a = a ]; then mark a; fi; if [ a != a ]; then mark b; else mark c; fi",
    "[ -n '' ] || mark a; [ -z '' ] && mark b; [ x ] && mark c; [ '' ] || mark d; [ ! x ] || mark e",
    "[ a = a -a b = c ] || mark a; [ a = b -o c = c ] && mark b; [ ! a = b ] && mark c; test 3 -gt 2 && mark d",
    "[ \"$1\" = configure ] && mark new; [ -z \"$2\" ] && mark first; [ \"$1\" = upgrade ] || mark not",
    "case $1 in configure) mark a;; *) mark b;; esac; case x in a|x) mark c;; esac; case x in (y) mark d;; esac",
    "case /usr/bin in /usr/*) mark a;; esac; case 'a*' in a\\*) mark b;; esac; case ab in 'a*') mark c;; esac",
    "case abc in a[bc]c) mark a;; esac; case '' in '') mark b;; esac; case a.b in *.b) mark c ;; esac",
    "for i in a 'b c' \"d\"; do mark $i \"$i\"; done",
    "for i; do mark \"[$i]\"; done; for i in; do mark never; done",
    "l='a b  c'; for i in $l; do [ $i = b ] && continue; mark $i; done; for i in $l; do mark $i; break; done",
    "for i in a b; do for j in 1 2; do mark $i$j; done; done",
    "f() { mark in \"$1\" $#; return 0; mark never; }; f x y && mark after; mark $1",
    "f() { local v=2; mark $v; }; f; g() { return 1; }; g || mark failed; h() { false; }; h || mark last",
    "f() {\n  v=$1\n}\nf set; mark $v",
    "(v=1; mark $v); mark \"${v:-none}\"",
    "x=$(echo one two); mark $x \"$x\"; mark \"$(echo 'a  b')\" `echo c` $(basename /a/b) \"$(dirname /a/b)\"",
    "f() { echo --opt $1; }; mark $(f a; f b)",
    "x=\"a$(echo \"b )\")c\"; mark \"$x\"; mark \"`echo \\\"q\\\"`\"",
    "eval \"mark a b\"; eval mark '\"c d\"'; sh -c 'exit 0'; mark e",
    "cat <<EOF >/dev/null\nmark no\nEOF\nmark yes; cat <<-'A' <<B >/dev/null\n\tmark no\n\tA\nmark no\nB\nmark end",
    "mark a >/dev/stdout 2>&1; mark b 2>/dev/null; mark c </dev/null; : > /dev/null; mark d",
    "mark a | cat; echo x | mark b; { mark c; } 2>/dev/null",
    "v=1; unset v; mark \"${v-unset}\"; export w=2; mark $w; readonly r='3 4'; mark \"$r\"",
    "if true\nthen\n  mark a\nfi\nwhile false\ndo\n  mark b\ndone\nuntil true; do mark c; done; mark d",
    "set -e; mark a; exit 0; mark b",
    "(exit 1); mark a; (mark b; exit 0; mark c); mark d",
    "a=1 b=$a c=${b:-x}$a; mark $a $b $c; a=5 mark x",
    "DPKG_ROOT=; mark \"$DPKG_ROOT/etc\"; mark 'it'\\''s' \"it's\" \"a\\\nb\" 'a\\b' \"a\\b\" \"\\\\\"",
    "mark if then fi; mark { }; mark a=b; mark -- -a; mark *nothing* ~ {a,b} ] [",
    "x='*'; mark \"$x\"; y='a=b'; mark $y; z=a=b=c; mark $z",
    "function_like() ( mark a; v=1 ); function_like; mark \"${v:-none}\"",
    "false || { mark a; mark b; }; true && ! false && mark d",
    "if dpkg --compare-versions \"$2\" lt-nl 1.0; then mark a; else mark b; fi;"
    " dpkg --compare-versions \"$2\" gt-nl 1 && mark c; dpkg --compare-versions \"\" lt 1 && mark d",
]  # fmt: skip


@pytest.mark.parametrize("script", ROWS)
def test_a_shell_runs_the_same(script: str) -> None:
    assert by_us(script) == by_shell(script.replace("dpkg ", f"{require('dpkg', 'dpkg')} "))


names = st.sampled_from(["x", "y", "z"])
texts = st.sampled_from(
    ["a", "b", "'a b'", '"$x"', "$y", '"${z:-d}"', "${x:+s}", '""', "c$x", '"$y$z"', "${y%b}", '"$1"']
)
words = st.lists(texts, max_size=3).map(" ".join)
tests = st.one_of(
    st.sampled_from(["true", "false", ":", "! true", "! false"]),
    st.tuples(texts, st.sampled_from(["=", "!="]), texts).map(lambda parts: '[ "x"{} {} "x"{} ]'.format(*parts)),
    st.tuples(st.sampled_from(["-n", "-z"]), names).map(lambda parts: '[ {} "${}" ]'.format(*parts)),
)
simple = st.one_of(
    words.map("mark {}".format),
    words.map("mark {}".format),
    st.tuples(names, texts).map("=".join),
    words.map("set -- {}".format),
    tests,
)


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, inner).map
    return st.one_of(
        pairs("\n".join),
        pairs("; ".join),
        st.tuples(tests, st.sampled_from(["&&", "||"]), inner).map(lambda p: f"{p[0]} {p[1]} {{ {p[2]}; }}"),
        st.tuples(tests, inner, inner).map(lambda p: f"if {p[0]}; then {p[1]}; else {p[2]}; fi"),
        st.tuples(names, words, inner).map(lambda p: f"for {p[0]} in {p[1]}; do {p[2]}; done"),
        st.tuples(texts, texts, inner, inner).map(lambda p: f"case {p[0]} in {p[1]}) {p[2]};; *) {p[3]};; esac"),
        inner.map(lambda body: f"( {body} )"),
        st.tuples(words, inner).map(lambda p: f"f() {{ {p[1]}; }}; f {p[0]}"),
        st.tuples(names, words).map(lambda p: f'{p[0]}="$(echo {p[1]})"'),
        st.tuples(tests, inner).map(lambda p: f"if {p[0]}; then {p[1]}; exit; fi"),
    )


@given(st.lists(st.recursive(simple, compound, max_leaves=6), min_size=1, max_size=4).map("\n".join))
@settings(max_examples=150, deadline=None)
def test_a_shell_runs_the_same_of_any_script_that_is_known(script: str) -> None:
    assert by_us(script) == by_shell(script)


UNKNOWNS: Sequence[tuple[str, list[tuple[tuple[str, ...], bool]]]] = [
    ("if [ -e /x ]; then mark a; fi; mark b", [(("a",), False), (("b",), True)]),
    ("if [ -e /x ]; then v=1; else v=2; fi; mark $v", [((UNKNOWN,), True)]),
    ("v=1; if [ -e /x ]; then v=1; fi; mark $v", [(("1",), True)]),
    ("if [ -e /x ]; then exit 0; fi; mark a", [(("a",), True)]),
    ("mark $(cat /x) \"$HOME\" $(mktemp)", [((UNKNOWN, UNKNOWN, f"/tmp/{UNKNOWN}"), True)]),
    ("read -r a b; mark $a$b", [((UNKNOWN * 2,), True)]),
    (". /etc/default/x; mark \"$v\"", [((UNKNOWN,), True)]),
    ("which x && mark a || mark b", [(("a",), False), (("b",), False)]),
    ("case $(cat /x) in a) mark a;; *) mark b;; esac", [(("a",), False), (("b",), False)]),
    ("while cat /x; do mark a; v=1; done; mark \"$v\"", [(("a",), False), ((UNKNOWN,), True)]),
    ("for f in /etc/*.conf; do mark $f; done", [((UNKNOWN,), False)]),
    ("f() { [ -e /x ] || return 1; }; if f; then mark a; fi", [(("a",), False)]),
]  # fmt: skip


@pytest.mark.parametrize(("script", "expected"), UNKNOWNS)
def test_what_is_not_known_is_looked_at_both_ways(script: str, expected: list[tuple[tuple[str, ...], bool]]) -> None:
    found = commands(script, ARGUMENTS, Known(package="tiny"))
    assert [(each.words[1:], each.certain) for each in found if each.words[:1] == ("mark",)] == expected
