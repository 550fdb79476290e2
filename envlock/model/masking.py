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
_WORDS = {
    *("token", "authtoken", "accesstoken", "pass", "pwd", "pw", "pat", "auth", "jwt", "bearer", "otp", "pin", "dsn"),
    *("cred", "creds"),
}
# as the last word of a name
_LAST = {"key", "sig", "signature", "authorization", "cookie"}
# after which a name says where a secret is, or something about it, but not the secret
_HARMLESS_ENDS = {
    *("file", "path", "dir", "folder", "name", "id", "ids", "type", "count", "limit", "length", "len", "size", "stdin"),
    *("url", "uri", "column", "field", "index", "ttl", "expiry", "prompt", "method", "mode", "sock", "version", "fd"),
    *("dim", "dims", "rate", "dropout", "embedding", "memory", "batch", "step", "steps", "helper"),
}
# before `token` and `key`: those of language models, of tables, and public ones
_HARMLESS_STARTS = {
    *("pad", "eos", "bos", "unk", "sep", "cls", "mask", "special", "stop", "max", "min", "new", "num", "per"),
    *("primary", "foreign", "sort", "partition", "group", "join", "column", "row", "public", "pub", "index", "cache"),
    *("image", "metric", "loss", "dict"),
}
# what a switch, a size or a rate is set to: `--pin-memory true`, `USE_TOKEN=1`
_HARMLESS_VALUE = re.compile(r"true|false|yes|no|on|off|none|null|auto|[0-9]{0,3}(?:\.[0-9]{0,6})?", re.IGNORECASE)
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_SHELL_STATE = {"PWD", "OLDPWD"}

# each is looked for where it begins, and only there: a word may be long
_NAME = r"(?<![\w.-])[\w.-]+"
_QUOTED = r"\"(?:\\.|[^\"\\])*\"?|'[^']*'?"
# `--token=x`, `TOKEN=x`, `-e TOKEN=x`, `"token": "x"`, `?token=x`, `environ["TOKEN"] = "x"`: to where the value begins
_ASSIGNED = re.compile(rf"(?P<name>{_NAME})(?:\\*[\"']\]?)?\s*(?:=|(?<!:):(?![/:]))\s*")
# `putenv("TOKEN", "x")`
_ARGUMENT = re.compile(rf"(?<=\()[\"'](?P<name>{_NAME})[\"']\s*,\s*(?=[\"'])")
# `--token x` within one word, which is a shell's line; but `--token --lr 3` has a switch
_OPTION = re.compile(r"(?<![\w-])--?(?P<name>\w[\w.-]*)\s+(?!--[a-z])")
# it ends where a shell, JSON or an address ends it
_VALUE = re.compile(rf"\\+\".*?(?:\\\"|$)|(?:{_QUOTED}|[^\s&;\"'])+", re.DOTALL)
# of SQL
_IDENTIFIED = re.compile(r"(?i)\b(password|identified\s+by)(\s+)(?:'[^']*'?|\"[^\"]*\"?)")
_WHOLE = re.compile(rf"(?P<name>{_NAME})(?:=|:(?![/:])[ ]?)", re.DOTALL)
_OPTION_ALONE = re.compile(r"--[a-z][a-z-]*(?:=|$)")  # `--token --lr 3`: a switch
_FLAG = re.compile(r"--?(?P<name>[\w.-]+)")
_HEADER = re.compile(r"(?i)\b(authorization|cookie|set-cookie|x-[\w-]{0,40}(?:key|token|auth))(\s*[:=]\s*)[^\"'\r\n]+")
_BEARER = re.compile(r"(?i)\b(bearer)(\s+)[^\s\"']{6,}")
# a password may hold a `/`; but `https://host:8080/@scope` has none
_USER = re.compile(
    r"((?<![A-Za-z0-9+.-])[A-Za-z0-9+.-]+://)(?:[^\s\"'<>/?#]*@|[^\s\"'<>/?#:]*:(?!\d+[/?#])[^\s\"'<>]{0,2000}@)"
)
_IN_PATH = re.compile(r"(?<=/t/)[^/\s\"'?#]{8,}")

# what services give out, known by how it begins
_KNOWN = re.compile(
    r"gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|gl[a-z]{2,5}-[\w-]{16,}|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{12,}"
    r"|hf_[A-Za-z0-9]{16,}|xox[a-z]-[\w-]{10,}|xapp-[\w-]{10,}|eyJ[\w-]{8,2000}\.[\w-]+(?:\.[\w-]*)?"
    r"|sk-[\w-]{16,}|[sr]k_(?:live|test)_\w{10,}|AIza[\w-]{30,}|ya29\.[\w-]{16,}|npm_[A-Za-z0-9]{16,}"
    r"|pypi-[\w-]{16,}|dckr_[a-z]+_[\w-]{16,}|SG\.[\w-]{10,}\.[\w-]{10,}|dapi[0-9a-f]{24,}|wandb_v1_\w{16,}"
    r"|(?<=/services/)T\w+/B\w+/\w+|(?<=/webhooks/)[0-9]+/[\w-]{16,}|(?<=/bot)[0-9]+:[\w-]{16,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    re.DOTALL,
)

# programs whose short options take a secret: as the next word, and with it in the same word
_OF_PROGRAMS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump"), ("-p",)),
    "curl": ("-u", "--user", "-U", "--proxy-user", "-b", "--cookie"),
    **dict.fromkeys(("http", "https"), ("-a",)),
    **dict.fromkeys(("sshpass", "mongo", "mongosh", "mongodump", "twine", "7z", "cqlsh"), ("-p",)),
    **dict.fromkeys(("ldapsearch", "ldapadd", "ldapmodify"), ("-w",)),
    **dict.fromkeys(("sqlcmd", "bcp", "unzip", "zip"), ("-P",)),
    "redis-cli": ("-a",),
    "lftp": ("-u",),
    "smbclient": ("-U", "--user"),
    "login": ("-p", "--creds"),  # of docker, podman, az, helm registry
}
# `-p` of these takes it in the same word only: the next is another argument
_ATTACHED = {"mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump"}
# switches that may stand before an option in one word: `curl -su kim:x`
_SWITCHES = {"curl": "[#0123460afgGiIjJkLlMnNOpqRsSvVZ]*"}
# after which a name and its value are words: `aws configure set aws_secret_access_key x`
_SETTERS = {"config", "configure", "modify", "set", "--set"}
_SETTING = re.compile(r"[\w.:/-]*[A-Za-z_]")
_PIECE = re.compile(rf"(?:{_QUOTED}|[^\s\"';|&()])+")


def masked(command: Sequence[str], secrets: Iterable[str] = ()) -> tuple[str, ...]:
    """The command with its secrets masked; `secrets` are such as are known, wherever in it they stand."""
    known = sorted(set(secrets), key=len, reverse=True)
    words: list[str] = []
    hidden = _hidden_words(command)
    for number, word in enumerate(command):
        before = command[number - 1] if number else ""
        words.append(_masked_word(_without(word, known), before, hidden.get(number)))
    return tuple(words)


def secrets_of(environment: Mapping[str, str]) -> frozenset[str]:
    """The values of variables that are secret by their name, and the passwords in addresses that others hold."""
    named = (value for name, value in environment.items() if is_secret(name))
    held = (match[1] for value in environment.values() for match in re.finditer(r"://[^\s/:@]*:([^\s@]+)@", value))
    return frozenset(
        value
        for value in chain(named, held)
        if len(value) >= (_LEAST_DIGITS if value.isdecimal() else _LEAST) and not _HARMLESS_VALUE.fullmatch(value)
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


def holds_secret(name: str, value: str) -> bool:
    """Is a variable's value kept from others, by its name or by what it looks like?"""
    written = f"{name}={value}"
    return bool(value) and (is_secret(name) or masked((written,)) != (written,))


def shareable(name: str, value: str) -> str:
    """The value of a variable that a file may hold; ValueError where it is kept from others."""
    if holds_secret(name, value):
        raise ValueError("it looks like a secret, which never stands in a file: set it where the environment is run")
    return value


def _without(word: str, secrets: Sequence[str]) -> str:
    for secret in secrets:
        word = word.replace(secret, MASK)
    return word


def _masked_word(word: str, before: str, hidden: int | None) -> str:
    flag, whole = _FLAG.fullmatch(before), _WHOLE.match(word)
    if flag and is_secret(flag["name"]) and not _OPTION_ALONE.match(word):
        return _hidden(word)
    if hidden is not None:  # from which character on
        return word[:hidden] + MASK
    if whole and is_secret(whole["name"]):
        return word[: whole.end()] + _hidden(word[whole.end() :])
    return _masked_text(word)


def _hidden(value: str) -> str:
    return value if _HARMLESS_VALUE.fullmatch(value.strip("\"')}],")) else MASK


def _masked_text(text: str) -> str:
    if any(char.isspace() for char in text):
        text = _masked_line(text)
    text = _USER.sub(rf"\1{MASK}@", text)
    text = _HEADER.sub(rf"\1\2{MASK}", text)
    text = _BEARER.sub(rf"\1\2{MASK}", text)
    text = _KNOWN.sub(MASK, text)
    text = _masked_values(_ARGUMENT, text)
    text = _IDENTIFIED.sub(rf"\1\2{MASK}", text)
    return _IN_PATH.sub(MASK, _masked_values(_ASSIGNED, text))


def _masked_line(text: str) -> str:
    """Several words in one, as for `sh -c`."""
    text = _masked_values(_OPTION, text)
    pieces = list(_PIECE.finditer(text))
    hidden = _hidden_words([piece[0] for piece in pieces])
    for number in sorted(hidden, reverse=True):
        start, end = pieces[number].span()
        text = text[: start + hidden[number]] + MASK + text[end:]
    return text


def _masked_values(named: re.Pattern[str], text: str) -> str:
    """What follows secret names; a value of another name may hold more: `--env=TOKEN=x`."""
    kept, at = [], 0
    while match := named.search(text, at):
        kept.append(text[at : match.end()])
        at = match.end()
        if is_secret(match["name"]) and (value := _VALUE.match(text, at)):
            kept.append(_hidden(value[0]))
            at = value.end()
    return "".join(kept) + text[at:]


def _hidden_words(words: Sequence[str]) -> dict[int, int]:
    """Which words hold a secret as programs are known to take it, each with the character that it begins at."""
    found: dict[int, int] = {}
    program, setting = "", False
    for number, word in enumerate(words):
        name = word.rpartition("/")[2]
        program = name if name in _OF_PROGRAMS else program
        taken = _taken(program, word)
        if 0 < taken == len(word) or (setting and _SETTING.fullmatch(word) and is_secret(word)):
            found.update({number + 1: 0} if number + 1 < len(words) else {})
        elif taken:
            found[number] = taken
        setting = setting or word in _SETTERS
    return found


def _taken(program: str, word: str) -> int:
    """How much of a word is an option by which the program takes a secret: all, and the next word is the secret; or
    what stands before it in this one; 0 where it is none."""
    for option in _OF_PROGRAMS.get(program, ()):
        long = rf"{option}(?:=|$)"
        start = re.match(long if option.startswith("--") else f"-{_SWITCHES.get(program, '')}{option[1]}=?", word)
        if start and not (program in _ATTACHED and start[0] == word):
            return start.end()
    return 0
