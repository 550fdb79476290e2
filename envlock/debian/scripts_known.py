"""What the commands of maintainer scripts do to a new root, in a few words: a table by the name of the program."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from posixpath import basename

from envlock.debian.shell_status import UNKNOWN

# what is done, in words, and to what
Effect = tuple[str, str]
Reader = Callable[[Sequence[str]], Iterator[Effect]]

WRITE, MAKE, OWN, MODE, LINK, RUN = "write", "make", "change the owner of", "change the mode of", "link", "run"

# where nothing lasts, or dpkg, systemd and the local administrator keep what an image has no use for
_ELSEWHERE = (
    *("/tmp/", "/var/tmp/", "/run/", "/var/run/", "/var/lock/", "/proc/", "/sys/", "/dev/", "/var/cache/"),
    *("/usr/local/", "/var/lib/dpkg/", "/var/lib/systemd/deb-systemd", "/var/lib/ucf/"),
)


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


# programs that change nothing in a new root: they look, say something, or take away what older versions left
NOTHING = _words(
    "[ [[ test true false : . source cd echo printf cat grep egrep fgrep awk gawk mawk cut tr head tail sort uniq wc",
    "ls stat readlink realpath basename dirname expr id whoami getent uname which type hash command date sleep sync",
    "wait mktemp tempfile md5sum sha1sum sha256sum cmp diff seq fold tac rev od tty umask trap ulimit alias getopts",
    "kill logger mountpoint ischroot pidof pgrep ps rm rmdir unlink hostname stty tput getcap findmnt lsb_release",
    "locale ss pwd gettext eval_gettext dpkg dpkg-query dpkg-architecture dpkg-vendor dpkg-realpath dpkg-trigger",
    # dpkg's and ucf's functions for scripts, and ucf's books
    "setup_colors warning error notice ucfr ucfq",
    # debconf: the default answers hold where nobody is asked
    "db_stop db_go db_title db_fset db_set db_subst db_reset db_register db_unregister db_beginblock db_endblock",
    "db_purge db_progress db_info db_settitle db_x_loadtemplatefile",
    # services, of an init that an image does not have, and what debhelper writes about them and older versions
    "dpkg-maintscript-helper deb-systemd-helper deb-systemd-invoke update-rc.d invoke-rc.d service start-stop-daemon",
    "runlevel telinit systemd-tmpfiles",
    # bytecode is made where Python finds none; documentation and menus are found without their indexes
    "py3compile py3clean pycompile pypy3compile install-info update-info-dir mandb update-menus",
    # the kernel, and labels of its files: no matter of an image
    "restorecon selinuxenabled apparmor_parser aa-enabled aa-status update-initramfs update-grub udevadm",
    "update-binfmts",
    # users and groups of older versions; PAM's profiles, the shells that packages list by a file, and the cache of
    # libraries are put together in the end
    "userdel groupdel deluser delgroup pam-auth-update update-shells ldconfig",
)
# users that base-passwd brings and scripts make sure of all the same
_ALWAYS_THERE = frozenset({"_apt", "backup", "games", "irc", "list", "lp", "mail", "news", "proxy", "uucp", "www-data"})
_USER_VALUES = _words(
    "--home --shell --ingroup --gid --gecos --uid --firstuid --lastuid --comment --conf --groups --home-dir --base-dir",
    "-h -s -u -g -d -c -G -k -p -b -K --key",
)


def effects(words: Sequence[str]) -> Iterator[Effect]:
    """What a command with these words does that lasts; the name alone where it is not known."""
    name = basename(words[0])
    if reader := _READERS.get(name):
        yield from reader(words[1:])
    elif name not in NOTHING and not any(word.endswith("/py_compile.py") for word in words):
        yield RUN, name


def written(path: str) -> Iterator[Effect]:
    """Of a file that output is written to."""
    yield from _at(WRITE, path)


def _at(what: str, path: str) -> Iterator[Effect]:
    if path and not path.startswith(_ELSEWHERE):
        yield what, path


def _on_last(what: str) -> Reader:
    def read(words: Sequence[str]) -> Iterator[Effect]:
        if plain := _plain(words):
            yield from _at(what, plain[-1])

    return read


def _on_all(what: str, skipped: int = 0) -> Reader:
    """All that are no options, but for the first ones: an owner, a mode."""

    def read(words: Sequence[str]) -> Iterator[Effect]:
        for path in _plain(words)[skipped:]:
            yield from _at(what, path)

    return read


def _install(words: Sequence[str]) -> Iterator[Effect]:
    plain = _plain(words, frozenset({"-o", "-g", "-m", "-t", "--owner", "--group", "--mode"}))
    if any(word in {"-d", "--directory"} for word in words):
        for path in plain:
            yield from _at(MAKE, path)
    else:
        yield from _at(WRITE, plain[-1] if plain else UNKNOWN)


def _make(words: Sequence[str]) -> Iterator[Effect]:
    for path in _plain(words, frozenset({"-m", "--mode"})):
        yield from _at(MAKE, path)


def _sed(words: Sequence[str]) -> Iterator[Effect]:
    plain = _plain(words, frozenset({"-e", "--expression", "-f", "--file"}))
    if plain and any(word.startswith(("-i", "--in-place")) for word in words):
        yield from _at(WRITE, plain[-1])


def _link(words: Sequence[str]) -> Iterator[Effect]:
    plain = _plain(words)
    # with /usr merged, `ln -s /bin/touch /usr/bin/touch` finds the file there
    if plain and not (len(plain) == 2 and plain[1] == f"/usr{plain[0]}"):
        yield from _at(LINK, plain[-1])


def _own(words: Sequence[str]) -> Iterator[Effect]:
    """Packages bring what belongs to root anyway."""
    owner, *paths = _plain(words) or ["root"]
    if owner not in {"root", "root:root", "0:0", "0", "root.root", "root:", ":root"}:
        for path in paths:
            yield from _at(OWN, path)


def _add_user(words: Sequence[str]) -> Iterator[Effect]:
    if "--group" in words and "--system" not in words:
        yield from _add_group(words)
        return
    match _plain(words, _USER_VALUES):
        case [user, group]:
            yield f"add the user `{shown(user)}` to the group", group
        case [user, *_] if user not in _ALWAYS_THERE:
            yield "create the user", user


def _add_group(words: Sequence[str]) -> Iterator[Effect]:
    match _plain(words, _USER_VALUES):
        case [user, group]:
            yield f"add the user `{shown(user)}` to the group", group
        case [group, *_]:
            yield "create the group", group


def _change_user(words: Sequence[str]) -> Iterator[Effect]:
    if plain := _plain(words, _USER_VALUES):
        yield "change the user", plain[-1]


def _alternatives(words: Sequence[str]) -> Iterator[Effect]:
    """Those that can be read are made; the others are told."""
    if "--install" in words:
        asked = [*words[words.index("--install") + 1 :], *[UNKNOWN] * 4][:4]
        # slaves that are not known here depend on files, which are known when they are made
        if any(UNKNOWN in word for word in asked):
            yield "install alternatives of", asked[0]
    elif "--set" in words:
        yield "choose the alternative", words[-1]


def _divert(words: Sequence[str]) -> Iterator[Effect]:
    asks = {"--remove", "--list", "--listpackage", "--truename"}
    plain = _plain(words, frozenset({"--divert", "--package", "--admindir", "--instdir", "--root"}))
    # what is kept from moving while /usr is merged has nowhere to move where it is
    if asks.isdisjoint(words) and plain and not any(word.endswith(".usr-is-merged") for word in words):
        yield "divert", plain[-1]


def _override(words: Sequence[str]) -> Iterator[Effect]:
    if "--update" in words and "--add" in words:
        yield MODE, words[-1]


def _systemctl(words: Sequence[str]) -> Iterator[Effect]:
    match _plain(words):
        case ["enable" | "preset" | "mask" as verb, *units]:
            yield f"{verb} the service", units[-1] if units else UNKNOWN


def _find(words: Sequence[str]) -> Iterator[Effect]:
    if not {"-exec", "-execdir", "-ok", "-fprint", "-fprintf"}.isdisjoint(words):
        yield "change files below", next(iter(_plain(words)), ".")


def _through(words: Sequence[str]) -> Iterator[Effect]:
    """`xargs -r chown root`: what the rest does, to what nobody knows."""
    rest = [*words]
    while rest and (rest[0].startswith("-") or "=" in rest[0]):
        rest.pop(0)
    if rest:
        yield from effects([*rest, UNKNOWN])


def _ask(words: Sequence[str]) -> Iterator[Effect]:
    yield "ask", words[-1] if words else UNKNOWN


def _plain(words: Sequence[str], valued: frozenset[str] = frozenset()) -> list[str]:
    """The words that are neither options nor values of these options."""
    found: list[str] = []
    after = ""
    for word in words:
        if word == "--" or word.startswith("-") or after in valued:
            after = "" if after in valued else word
        else:
            found.append(word)
            after = word
    return found


def shown(name: str) -> str:
    """A name from a script, fit for a terminal and for reading: "…" is for what is not known."""
    text = re.sub("…+", "…", "".join(c if c.isprintable() and c != "`" else "…" for c in name))
    return text if len(text) <= 60 else f"{text[:59]}…"


_READERS: Mapping[str, Reader] = {
    "mkdir": _make,
    "touch": _on_all(MAKE),
    "mkfifo": _on_all(MAKE),
    "mknod": lambda words: _at(MAKE, _plain(words)[0] if _plain(words) else UNKNOWN),
    "tee": _on_all(WRITE),
    "cp": _on_last(WRITE),
    "mv": _on_last(WRITE),
    "dd": lambda words: _at(WRITE, next((w[3:] for w in words if w.startswith("of=")), "/dev/stdout")),
    "ucf": _on_last(WRITE),
    "install": _install,
    "ln": _link,
    "chown": _own,
    "chgrp": _on_all(OWN, 1),
    "chmod": _on_all(MODE, 1),
    "chattr": _on_all(MODE, 1),
    "setfacl": _on_last(MODE),
    "setcap": lambda words: _at("give capabilities to", words[-1] if words else UNKNOWN),
    "dpkg-statoverride": _override,
    "dpkg-divert": _divert,
    "sed": _sed,
    "find": _find,
    "add-shell": _on_all("list the login shell"),
    "xargs": _through,
    "env": _through,
    "nice": _through,
    "adduser": _add_user,
    "useradd": _add_user,
    "addgroup": _add_group,
    "groupadd": _add_group,
    "usermod": _change_user,
    "gpasswd": _change_user,
    "chsh": _change_user,
    "update-alternatives": _alternatives,
    "systemctl": _systemctl,
    "db_input": _ask,
}
