"""What scripts would do is told by their text alone: rows of script and words, real packages, texts made to harm."""

from collections.abc import Mapping
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.debian.deb import read_control
from envlock.debian.scripts import unhandled
from tests.support.debian_archive import archive
from tests.support.debian_packages import SUITE

MANY = 10_000


def lost(postinst: str, **others: str) -> tuple[str, ...]:
    scripts = {"postinst": f"#!/bin/sh\nset -e\n{postinst}\n", **others}
    return unhandled("tiny", {name: text.encode() for name, text in scripts.items()})


# scripts that do nothing to a new root, or nothing that matters in an image
NOTHING = [
    "",
    "# adduser messagebus",
    "exit 0; adduser tiny",
    # as debhelper writes them
    'if [ "$1" = "configure" ]; then\n\tldconfig\nfi',
    "if which py3compile >/dev/null 2>&1; then\n\tpy3compile -p tiny /usr/share/tiny\nfi",
    'dpkg-maintscript-helper rm_conffile /etc/tiny.conf 1.2~ -- "$@"',
    "if deb-systemd-helper --quiet was-enabled 'tiny.service'; then deb-systemd-helper enable 'tiny.service'; fi",
    'if [ -x "/etc/init.d/tiny" ]; then\n update-rc.d tiny defaults >/dev/null\n invoke-rc.d tiny start || exit 1\nfi',
    "if [ -d /run/systemd/system ]; then systemctl --system daemon-reload >/dev/null || true; fi",
    'if [ -x "$(command -v systemd-tmpfiles)" ]; then systemd-tmpfiles --create tiny.conf || true; fi',
    "if [ ! -e /usr/local/lib/tiny ]; then if mkdir -p /usr/local/lib/tiny; then chown root:staff /usr/local/lib/tiny;"
    " fi; fi",
    # only for those who had an older version
    'if [ -n "$2" ]; then adduser tiny; fi',
    'if dpkg --compare-versions "$2" lt-nl 1.2-3; then adduser tiny; fi',
    'test "$1" = upgrade && adduser tiny || true',
    'case "$1" in\n  configure) ;;\n  abort-upgrade|abort-*) adduser tiny ;;\n  *) adduser tiny; exit 1 ;;\nesac',
    'v=$2\nif [ "${v:-none}" != none ]; then adduser tiny; fi',
    "make_it() { adduser tiny; }\nif [ $# -gt 2 ]; then make_it; fi",
    "if [ -f /etc/tiny.conf.dpkg-old ]; then mv /etc/tiny.conf.dpkg-old /etc/tiny.conf; fi",
    "rm -f /etc/tiny.old; rmdir /var/lib/tiny || true",
    # elsewhere than in the image
    "f=$(mktemp)\necho text > $f\necho text > /dev/null\necho wrong >&2\ntouch /run/tiny",
    "cat <<EOF\nadduser tiny\nEOF\ncat <<-'END' >/dev/null\n\t$(adduser tiny)\n\tEND",
    # what other functions do
    "update-alternatives --install /usr/bin/tiny tiny /usr/bin/tiny.one 10 \\\n  --slave /usr/bin/t t /usr/bin/t.one",
    "ln -s /bin/tiny /usr/bin/tiny",
    "update-shells",
    "dpkg-divert --package tiny --add --rename --divert /bin/a.real /bin/a",
    "chown root:root /usr/bin/tiny; chown root /etc/tiny",
    "echo 'adduser tiny'; echo \"$(cat /etc/x)\"",
    # since trixie: it keeps dpkg from removing a file that moved into /usr
    "for l in a.so b.so; do dpkg-divert --package tiny --no-rename --divert /lib/$l.usr-is-merged --add /lib/$l; done",
    'echo text > "$nowhere"',
    # a question whose answer changes nothing
    ". /usr/share/debconf/confmodule\ndb_input low tiny/question || true\ndb_go || true",
]


@pytest.mark.parametrize("script", NOTHING)
def test_what_changes_nothing_is_not_told(script: str) -> None:
    assert lost(script) == ()


TOLD = [
    ("adduser --system --home /var/lib/tiny --no-create-home tiny", "create the user `tiny`"),
    ("adduser --quiet --system --group --shell /bin/false --gecos 'A B' tiny", "create the user `tiny`"),
    ("useradd -r -d /nowhere -s /usr/sbin/nologin tiny", "create the user `tiny`"),
    ("adduser tiny audio", "add the user `tiny` to the group `audio`"),
    ("addgroup --system tiny || true", "create the group `tiny`"),
    ("groupadd -g 42 tiny", "create the group `tiny`"),
    ("usermod -a -G audio tiny", "change the user `tiny`"),
    ("if ! getent passwd tiny >/dev/null; then adduser tiny; fi", "create the user `tiny`"),
    ("USER=tiny; NAME=${USER}er; adduser \"$NAME\"", "create the user `tinyer`"),
    ("for u in one two; do adduser $u; done", "create the user `one`, `two`"),
    ("for u in 1 2 3 4 5; do adduser u$u; done", "create the user `u1`, `u2`, `u3` and 2 more"),
    ("add() { adduser --system \"$1\"; }\nadd tiny", "create the user `tiny`"),
    ("eval 'adduser tiny'", "create the user `tiny`"),
    ("sh -c 'adduser tiny'", "create the user `tiny`"),
    ("true && adduser tiny", "create the user `tiny`"),
    ("[ -e /etc/x ] || adduser tiny", "create the user `tiny`"),
    ("( cd /; { adduser tiny; } )", "create the user `tiny`"),
    ("ls | while read -r u; do adduser \"x-$u\"; done", "create the user `x-…`"),
    ("while true; do adduser tiny; break; done", "create the user `tiny`"),
    ("x=$(adduser tiny)", "create the user `tiny`"),
    ("x=`adduser tiny`", "create the user `tiny`"),
    ("case $(uname -m) in x*) adduser tiny;; esac", "create the user `tiny`"),
    ("if [ -r /etc/default/tiny ]; then . /etc/default/tiny; fi\n[ \"$MAKE\" != yes ] || adduser tiny",
     "create the user `tiny`"),
    ("for f in /a /b; do if [ -e $f ]; then found=$f; break; fi; done\nif [ -n \"$found\" ]; then adduser tiny; fi",
     "create the user `tiny`"),
    ("ready() { if [ -e /a ]; then return 0; fi; return 1; }\nif ! ready; then adduser tiny; fi",
     "create the user `tiny`"),
    ("locale-gen", "run `locale-gen`"),
    ("/usr/sbin/update-thing --all", "run `update-thing`"),
    ("$(cat /etc/tool) --go", "run `…`"),
    ("mkdir -p -m 755 /var/lib/tiny", "make `/var/lib/tiny`"),
    ("install -d -o tiny -g adm -m 2750 /var/log/tiny", "make `/var/log/tiny`"),
    ("install -m 644 /usr/share/tiny/a /etc/tiny", "write `/etc/tiny`"),
    ("cp -p /usr/share/tiny/a /etc/tiny", "write `/etc/tiny`"),
    ("echo text > /etc/tiny", "write `/etc/tiny`"),
    ("cat >> /etc/tiny <<EOF\ntext\nEOF", "write `/etc/tiny`"),
    ("{ echo a; echo b; } > /etc/tiny", "write `/etc/tiny`"),
    (": > /var/log/tiny", "write `/var/log/tiny`"),
    ("sed -i -e s/a/b/ /etc/tiny", "write `/etc/tiny`"),
    ("ucf --three-way /usr/share/tiny/a /etc/tiny", "write `/etc/tiny`"),
    ("echo x | tee /etc/tiny", "write `/etc/tiny`"),
    ("ln -sf /usr/lib/tiny /etc/tiny", "link `/etc/tiny`"),
    ("chown tiny:tiny /var/lib/tiny", "change the owner of `/var/lib/tiny`"),
    ("chmod 4755 /usr/bin/tiny", "change the mode of `/usr/bin/tiny`"),
    ("find /var/lib/tiny -type d -exec chmod 700 {} +", "change files below `/var/lib/tiny`"),
    ("find -H /var/lib/tiny -type d -exec chmod 700 {} +", "change files below `/var/lib/tiny`"),
    ("add-shell /usr/bin/tiny", "list the login shell `/usr/bin/tiny`"),
    ("find /x -print0 | xargs -0 chown tiny", "change the owner of `…`"),
    ("if ! dpkg-statoverride --list /usr/bin/tiny; then chmod 2755 /usr/bin/tiny; fi",
     "change the mode of `/usr/bin/tiny`"),
    ("setcap cap_net_raw+ep /bin/tiny", "give capabilities to `/bin/tiny`"),
    ("dpkg-divert --package tiny --add --rename --divert /bin/a.$(uname -r) /bin/a", "divert `/bin/a`"),
    ("dpkg-divert --local --rename /bin/a", "divert `/bin/a`"),
    ("systemctl enable tiny.service", "enable the service `tiny.service`"),
    ("update-alternatives --set editor /usr/bin/tiny", "choose the alternative `/usr/bin/tiny`"),
    ("update-alternatives --install /usr/bin/x x $(cat /etc/path) 10", "install alternatives of `/usr/bin/x`"),
    ("adduser \"\x1b[31mred\x07\"", "create the user `…[31mred…`"),
    (f"adduser {'a' * 200}", f"create the user `{'a' * 59}…`"),
]  # fmt: skip


@pytest.mark.parametrize(("script", "words"), TOLD)
def test_what_would_be_lost_is_told(script: str, words: str) -> None:
    assert lost(script) == (words,)


def test_a_question_is_told_where_more_is_lost() -> None:
    asks = ". /usr/share/debconf/confmodule\ndb_input low tiny/user\ndb_go\n"
    assert lost(f"{asks}db_get tiny/user\nadduser $RET") == ("create the user `…`", "ask debconf")
    assert lost("adduser tiny", config=f"#!/bin/sh\n{asks}") == ("create the user `tiny`", "ask debconf")


OTHERS = [
    ({"postinst": b"#!/usr/bin/perl -w\nexit 0;\n"}, ("run a script in Perl: `postinst`",)),
    ({"preinst": b"#! /usr/bin/env python3\n"}, ("run a script in Python: `preinst`",)),
    ({"postinst": b"#!/usr/bin/guile\n"}, ("run a script in `guile`: `postinst`",)),
    ({"postinst": b"\x7fELF\x02\x01\x01\0\0"}, ("run a script in machine code: `postinst`",)),
    ({"postinst": b"", "preinst": b""}, ()),
    ({"postinst": b"#!/bin/sh\nif true; then\n"}, ("run a script that cannot be read ahead: `postinst`",)),
    ({"postinst": b"#!/bin/bash\n[[ -e /x && $1 =~ ^c ]] && adduser tiny\n"}, ("create the user `tiny`",)),
    ({"config": b"#!/usr/bin/perl\n"}, ()),
    ({"preinst": b"#!/bin/sh\n[ $1 = install ] && adduser tiny"}, ("create the user `tiny`",)),
    ({"prerm": b"#!/bin/sh\nadduser tiny", "postrm": b"#!/bin/sh\nadduser tiny"}, ()),
]


@pytest.mark.parametrize(("control", "words"), OTHERS)
def test_scripts_of_other_kinds(control: Mapping[str, bytes], words: tuple[str, ...]) -> None:
    assert unhandled("tiny", control) == words


def test_what_is_done_for_other_packages_files_is_told() -> None:
    script = 'if [ "$1" = triggered ]; then\n\tfc-cache -s\nfi'
    assert lost(script) == ()
    assert lost(script, triggers="# comment\ninterest-noawait /usr/share/fonts\n") == ("run `fc-cache`",)
    assert lost(script, triggers="activate-noawait ldconfig\n") == ()


def test_files_of_the_package_itself_are_known() -> None:
    script = "[ -e /usr/lib/tiny ] || ln -s /etc/tiny /usr/lib/tiny\n[ -x /bin/tiny ] || adduser tiny"
    assert lost(script) == ("link `/usr/lib/tiny`", "create the user `tiny`")
    sums = "0" * 32 + "  usr/lib/tiny/data\n" + "0" * 32 + "  usr/bin/tiny\n"
    assert lost(script, md5sums=sums) == ()


# packages that most bases have: what their scripts do is done, or no loss
HARMLESS = (
    *("adduser", "base-files", "base-passwd", "bash", "ca-certificates", "coreutils", "curl", "dash", "debianutils"),
    *("dpkg", "gawk", "git", "grep", "less", "libblas3", "libc-bin", "libc6", "libgomp1", "libssl3", "libstdc++6"),
    *("apt", "libpam-runtime"),
    *("login", "mawk", "mount", "nano", "netcat-openbsd", "openssl", "passwd", "perl-base", "procps", "python3"),
    *("python3.11", "python3.11-minimal", "python3-minimal", "tar", "tzdata", "util-linux", "vim-tiny", "zlib1g"),
)
SSH_AGENT = ("change the owner of `/usr/bin/ssh-agent`", "change the mode of `/usr/bin/ssh-agent`")
LOST = {
    "dbus": ("change the mode of `/usr/lib/dbus-1.0/dbus-daemon-launch-helper`", "run `dbus-send`"),
    "dbus-daemon": ("make `/var/lib/dbus`", "run `dbus-uuidgen`"),
    "dbus-system-bus-common": ("create the user `messagebus`",),
    "libglib2.0-0": (
        "make `/usr/lib/x86_64-linux-gnu/gio/modules`",
        "run `glib-compile-schemas`, `gio-querymodules`",
    ),
    "locales": (
        "link `/etc/locale.gen`",
        "write `/etc/locale.gen`",
        "run `locale-gen`, `update-locale`",
        "ask debconf",
    ),
    "openssh-client": ("create the group `_ssh`", *SSH_AGENT),
    "vim-common": ("run `update-icon-caches`",),
}


@cache
def real(package: str) -> Mapping[str, bytes]:
    """The control files of one version of a package."""
    made = archive()
    pools = (*made.pool(), *made.pool(f"{SUITE}-security"), *made.pool(f"{SUITE}-updates"))
    named = [p for p in pools if p.name.startswith(f"{package}_") and not p.name.endswith("_arm64.deb")]
    return read_control(named[0])


@pytest.mark.parametrize("package", HARMLESS)
def test_common_packages_lose_nothing(package: str) -> None:
    assert unhandled(package, real(package)) == ()


@pytest.mark.parametrize("package", LOST)
def test_what_real_packages_lose(package: str) -> None:
    assert unhandled(package, real(package)) == LOST[package]


def test_no_real_script_is_too_much() -> None:
    made = archive()
    told = {p.name: unhandled(p.name.partition("_")[0], read_control(p)) for p in made.pool() if p.suffix == ".deb"}
    assert len(told) > 100
    assert [name for name, words in told.items() if "cannot be read" in " ".join(words)] == []


# texts that a reader could spend its life on: it is over after a bounded number of steps, whatever they are
HOSTILE = {
    "open brackets": "(" * MANY,
    "open substitutions": "$(" * MANY,
    "open expansions": "${a:-" * MANY,
    "backticks": "`" * (MANY + 1),
    "quoted substitutions": '"$(' * MANY,
    "nested conditions": "if true; then " * MANY,
    "nested expansions": "echo " + "${a:-" * 60 + "}" * 60,
    "loops in loops": "for a in 1 2 3 4 5 6 7 8 9; do " * 30 + "adduser x;" + "done;" * 30,
    "arguments that double": "set -- a b c;" + 'set -- "$@" "$@";' * MANY,
    "functions that call each other": "".join(f"f{i}() {{ f{i + 1}; f{i + 1}; }}\n" for i in range(30)) + "f0",
    "a function that calls itself": "f() { f; f; }; f",
    "many negations": "! " * MANY + "[ " + "! " * MANY + "]",
    "many commands": "a;" * 60_000,
    "too long": "# " * 100_000,
    "an expansion of nothing": "${}; ${#}; ${!a}; ${a@Q}; $",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_texts_made_to_harm_end(name: str) -> None:
    refused = ("run a script that cannot be read ahead: `postinst`",)
    assert lost(HOSTILE[name]) == refused or name in {"an expansion of nothing", "many negations"}


def test_what_grows_without_end_is_not_known_any_more() -> None:
    grown = "x=aaaaaaaaaa;" + 'x="$x$x";' * 1000 + 'adduser "$x"'
    assert lost(grown) == ("create the user `…`",)


WORDS = st.sampled_from(
    (
        *"$`\"'(){}[];&|<>#!\\\n =*?",
        *(
            "if ",
            "then ",
            "fi ",
            "case x in ",
            "esac ",
            "for a in ",
            "while ",
            "do ",
            "done ",
            "&& ",
            "|| ",
            ";;",
            "$(",
            "${",
        ),
        *("adduser ", "f() ", "x=", "$x ", "[ ", "]", "exit ", "return ", "eval ", "local ", "<<E\n", "E\n"),
    )
)


@given(st.lists(WORDS, max_size=60).map("".join))
@settings(max_examples=400, deadline=None)
def test_any_text_gives_words(text: str) -> None:
    assert all(words.isprintable() for words in lost(text))
    assert all(words.isprintable() for words in unhandled("tiny", {"postinst": text.encode()}))


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_any_bytes_give_words(data: bytes) -> None:
    assert all(
        words.isprintable() for words in unhandled("tiny", {"postinst": b"#!/bin/sh\n" + data, "triggers": data})
    )
    assert all(words.isprintable() for words in unhandled("tiny", {"preinst": data, "md5sums": data, "control": data}))
