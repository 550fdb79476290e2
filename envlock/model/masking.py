"""Secrets in a command are not recorded: `***` stands in their place. By rules, which docs/runs.md tells people.

What looks like a secret and is none costs a word of a record; a secret that is kept stays in all clones. So in doubt
a word is masked.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

MASK = "***"
# characters of a variable's value that is looked for in a command
_LEAST, _LEAST_DIGITS = 4, 6

# in any name, wherever
_ALWAYS = ("password", "passwd", "passphrase", "secret", "credential", "apikey", "privatekey", "accesskey")
# as a word of a name: api-token, DB_PASS, accessToken
_WORDS = {"token", "authtoken", "accesstoken", "pass", "pwd", "pw", "pat", "auth", "jwt", "bearer", "otp", "pin", "dsn"}
# as the last word of a name
_LAST = {"key", "sig", "signature", "authorization", "cookie"}
# after which a name says where a secret is, or something about it, but not the secret
_HARMLESS_ENDS = {
    *("file", "path", "dir", "folder", "name", "id", "ids", "type", "count", "limit", "length", "len", "size", "stdin"),
    *("url", "uri", "column", "field", "index", "ttl", "expiry", "prompt", "method", "mode", "sock", "version", "fd"),
}
# before `token` and `key`: those of language models, of tables, and public ones
_HARMLESS_STARTS = {
    *("pad", "eos", "bos", "unk", "sep", "cls", "mask", "special", "stop", "max", "min", "new", "num", "per"),
    *("primary", "foreign", "sort", "partition", "group", "join", "column", "row", "public", "pub", "index", "cache"),
}
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SHELL_STATE = {"PWD", "OLDPWD"}

# each is looked for where it begins, and only there: a word may be long
_NAME = r"(?<![\w.-])[\w.-]+"
_QUOTED = r"\"(?:\\.|[^\"\\])*\"?|'[^']*'?"
# `--token=x`, `TOKEN=x`, `-e TOKEN=x`, `"token": "x"`, `?token=x`; the value ends where a shell, JSON or URL ends it
_ASSIGNED = re.compile(
    rf"(?P<name>{_NAME})(?:\\*[\"'])?\s*(?:=|(?<!:):(?![/:]))\s*(?P<value>\\+\".*?(?:\\\"|$)|(?:{_QUOTED}|[^\s&;\"'])+)",
    re.DOTALL,
)
# `--token x` within one word, which is a shell's line
_OPTION = re.compile(rf"(?<![\w-])(?P<start>--?(?P<name>\w[\w.-]*)\s+)(?P<value>(?:{_QUOTED}|[^\s;|&\"'])+)")
_WHOLE = re.compile(rf"(?P<name>{_NAME})(?:=|:(?![/:])[ ]?)", re.DOTALL)
_FLAG = re.compile(r"--?(?P<name>[\w.-]+)")
_HEADER = re.compile(r"(?i)\b(authorization|cookie|set-cookie|x-[\w-]{0,40}(?:key|token|auth))(\s*[:=]\s*)[^\"'\r\n]+")
_BEARER = re.compile(r"(?i)\b(bearer)(\s+)[^\s\"']{6,}")
# a password may hold a `/`; but `https://host:8080/@scope` has none
_USER = re.compile(
    r"((?<![A-Za-z0-9+.-])[A-Za-z0-9+.-]+://)(?:[^\s\"'<>/?#]*@|[^\s\"'<>/?#:]*:(?!\d+[/?#])[^\s\"'<>]*@)"
)
_IN_PATH = re.compile(r"(?<=/t/)[^/\s\"'?#]{8,}")

# what services give out, known by how it begins
_KNOWN = re.compile(
    r"gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|gl[a-z]{2,5}-[\w-]{16,}|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}"
    r"|hf_[A-Za-z0-9]{16,}|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}|eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"
    r"|sk-[\w-]{16,}|[sr]k_(?:live|test)_\w{10,}|AIza[\w-]{30,}|ya29\.[\w-]{16,}|npm_[A-Za-z0-9]{16,}"
    r"|pypi-[\w-]{16,}|dckr_[a-z]+_[\w-]{16,}|SG\.[\w-]{10,}\.[\w-]{10,}|dapi[0-9a-f]{24,}|wandb_v1_\w{16,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    re.DOTALL,
)

# programs whose short options take a secret: as the next word, and with it in the same word
_OF_PROGRAMS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump"), ("-p",)),
    **dict.fromkeys(("curl", "http", "https"), ("-u", "--user", "-U", "--proxy-user", "-a", "-b")),
    **dict.fromkeys(("sshpass", "mongo", "mongosh", "mongodump", "twine", "7z"), ("-p",)),
    **dict.fromkeys(("ldapsearch", "ldapadd", "ldapmodify"), ("-w",)),
    **dict.fromkeys(("sqlcmd", "bcp", "unzip", "zip"), ("-P",)),
    "redis-cli": ("-a",),
    "smbclient": ("-U", "--user"),
    "login": ("-p", "--creds"),  # of docker, podman, az, helm registry
}
# `-p` of these takes it in the same word only: the next is another argument
_ATTACHED = {"mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump"}
_PIECE = re.compile(rf"(?:{_QUOTED}|[^\s\"';|&()])+")


def masked(command: Sequence[str], secrets: Iterable[str] = ()) -> tuple[str, ...]:
    """The command with its secrets masked; `secrets` are such as are known, wherever in it they stand."""
    known = sorted(set(secrets), key=len, reverse=True)
    words: list[str] = []
    hidden = _options_of_programs(command)
    for number, word in enumerate(command):
        before = command[number - 1] if number else ""
        words.append(_masked_word(_without(word, known), before, hidden.get(number)))
    return tuple(words)


def secrets_of(environment: Mapping[str, str]) -> frozenset[str]:
    """The values of variables that are secret by their name, and the passwords in addresses that others hold."""
    named = (value for name, value in environment.items() if is_secret(name))
    held = (match[1] for value in environment.values() for match in re.finditer(r"://[^\s/:@]*:([^\s@]+)@", value))
    return frozenset(
        value for value in chain(named, held) if len(value) >= (_LEAST_DIGITS if value.isdecimal() else _LEAST)
    )


def is_secret(name: str) -> bool:
    """Is what has this name (of an option, a variable, a field) kept from others?"""
    words = [word.lower() for word in _PART.findall(name)]
    if not words or name in _SHELL_STATE or words[-1] in _HARMLESS_ENDS:
        return False
    if any(part in "".join(words) for part in _ALWAYS):
        return True
    if len(words) > 1 and words[-2] in _HARMLESS_STARTS:
        return False
    return words[-1] in _LAST or any(word in _WORDS or word.endswith(("token", "pwd")) for word in words)


def _without(word: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        word = word.replace(secret, MASK)
    return word


def _masked_word(word: str, before: str, hidden: int | None) -> str:
    flag, whole = _FLAG.fullmatch(before), _WHOLE.match(word)
    if flag and is_secret(flag["name"]):
        return MASK
    if hidden is not None:  # from which character on
        return word[:hidden] + MASK
    if whole and is_secret(whole["name"]):
        return word[: whole.end()] + MASK
    return _masked_text(word)


def _masked_text(text: str) -> str:
    if any(char.isspace() for char in text):
        text = _masked_line(text)
    text = _USER.sub(rf"\1{MASK}@", text)
    text = _HEADER.sub(rf"\1\2{MASK}", text)
    text = _BEARER.sub(rf"\1\2{MASK}", text)
    text = _KNOWN.sub(MASK, text)
    return _IN_PATH.sub(MASK, _ASSIGNED.sub(_value, text))


def _masked_line(text: str) -> str:
    """Several words in one, as for `sh -c`."""
    text = _OPTION.sub(_value, text)
    pieces = list(_PIECE.finditer(text))
    hidden = _options_of_programs([piece[0] for piece in pieces])
    for number in sorted(hidden, reverse=True):
        start, end = pieces[number].span()
        text = text[: start + hidden[number]] + MASK + text[end:]
    return text


def _value(match: re.Match[str]) -> str:
    if not is_secret(match["name"]):
        # what follows may hold more: `--env=TOKEN=x`, `-e TOKEN=x`
        start = match.start("value") - match.start()
        rest = match[0][start:]
        return match[0][:start] + (_ASSIGNED.sub(_value, rest) if "=" in rest or ":" in rest else rest)
    return match[0][: match.start("value") - match.start()] + MASK


def _options_of_programs(words: Sequence[str]) -> dict[int, int]:
    """Which words hold a secret as programs are known to take it, each with the character that it begins at."""
    found: dict[int, int] = {}
    program = ""
    for number, word in enumerate(words):
        name = word.rpartition("/")[2]
        program = name if name in _OF_PROGRAMS else program
        for option in _OF_PROGRAMS.get(program, ()):
            if word == option and program not in _ATTACHED and number + 1 < len(words):
                found[number + 1] = 0
            elif word.startswith(option) and word != option and not option.startswith("--"):
                found[number] = len(option)
    return found
