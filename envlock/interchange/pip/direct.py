"""Requirements with a source of their own: `name @ ./wheels/x.whl`, a folder, a file's URL, a git repository."""

import posixpath
import re
from urllib.parse import SplitResult, unquote, urlsplit

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from envlock.model.direct import is_path
from envlock.system.secrets import holds_token

# nobody writes a longer one, and some patterns take their time with what is much longer
LONGEST = 2000
_NAMED = re.compile(r"\s*(?P<name>[A-Za-z0-9._-]+)\s*(?P<extras>\[[^\[\]]*\])?\s*@(?P<rest>.*)", re.DOTALL)
_BARE = re.compile(r"\s*(?:\.{0,2}/|\.{1,2}(?=\s|;|$)|[A-Za-z][A-Za-z0-9+.-]*://|[^;\[<>=!~@]*\.whl(?=\W|$))")
_EXTRAS = re.compile(r"(?P<source>[^\[\]]*)(?P<extras>\[[^\[\]]*\])?")
_MARKER = re.compile(r"\s+;")
_PATH_MARKER = re.compile(r"\s*;")
# what sdists are (PEP 625, and the older one); uv builds nothing else
_SDIST = (".tar.gz", ".zip")
_REVISION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/-]*")
_SUBDIRECTORY = re.compile(r"[A-Za-z0-9._+-]+(?:/[A-Za-z0-9._+-]+)*")
_GIT = ("git+https", "git+ssh", "git+file")

SECRET = "holds credentials: keep them in netrc or in environment variables, never here"
_EXPECTED = (
    "expected after `@` a path such as `./wheels/x-1.0-py3-none-any.whl`, `https://…` or `git+https://…@REVISION`"
)
_LOCAL = "a file of this machine is named by its path relative to env.toml, which begins with `./`"
_REFUSED_IN_URLS = {
    "?": "what follows could be a secret",
    "#": "the sha256 of what it gives stands in env.lock",
    ";": "a marker is parted from it by a blank",
}


def names_a_source(text: str) -> bool:
    """Is this a requirement that says itself where its package is?"""
    return bool(_BARE.match(text) or _NAMED.match(text.partition(";")[0]))


def with_name_and_source(text: str) -> str:
    """`NAME[EXTRAS] @ SOURCE ; MARKER`, the name taken from the file's where it is not written.

    ValueError says what is wrong, without showing a URL: it may hold a password.
    """
    named = None if _BARE.match(text) else _NAMED.match(text)
    rest = (named["rest"] if named else text).strip()
    at = (_PATH_MARKER if _is_path(rest) else _MARKER).search(rest)
    source, marker = (rest[: at.start()], rest[at.end() :].strip()) if at else (rest, "")
    extras = named["extras"] if named else None
    if not named:
        source, extras = _without_extras(source)
    source, own = _path(source) if _is_path(source) else _address(source)
    name = _agreed(named["name"] if named else None, own)
    return f"{name}{extras or ''} @ {source}" + (f" ; {marker}" if marker else "")


def path_of(requirement: str) -> str | None:
    """The path that a normalised requirement names, relative to env.toml; None where it names none."""
    source = requirement.partition(" @ ")[2].partition(" ; ")[0]
    return source if is_path(source) else None


def as_path(path: str) -> str:
    """A relative path in one spelling, which begins with `./` or `../`."""
    path = posixpath.normpath(path)
    if path in (".", ".."):
        return f"{path}/"
    return path if path.startswith("../") else f"./{path}"


def _is_path(source: str) -> bool:
    return source in (".", "..") or source.startswith(("./", "../", "/"))


def _without_extras(source: str) -> tuple[str, str | None]:
    """`./x-1.0-py3-none-any.whl[extra]` as both."""
    found = _EXTRAS.fullmatch(source)
    if not found:
        raise ValueError("expected brackets at the end alone, as in `./x-1.0-py3-none-any.whl[extra]`")
    return found["source"], found["extras"]


def _path(source: str) -> tuple[str, str | None]:
    if source.startswith("/"):
        raise ValueError("expected a path relative to this file, one that begins with `./` or `../`")
    if re.search(r"[\s\\#?%@]", source):
        raise ValueError("a path in a requirement cannot hold blanks, `\\`, `#`, `?`, `%` or `@`")
    return as_path(source), _file_name(source)


def _address(source: str) -> tuple[str, str | None]:
    """A URL, checked, and the name that it tells."""
    if not source or re.search(r"[\s\\]", source):
        raise ValueError(_EXPECTED)
    try:
        parts = urlsplit(source)
        _ = parts.port  # read for its ValueError
    except ValueError:
        raise ValueError(_EXPECTED) from None
    if _holds_secret(parts):
        raise ValueError(SECRET)
    if parts.scheme in _GIT:
        return _git(parts)
    return _file_url(source, parts)


def _holds_secret(parts: SplitResult) -> bool:
    user, at, _ = parts.netloc.rpartition("@")
    if at and parts.scheme == "git+ssh":
        return ":" in user
    return bool(at) or "@" in parts.netloc or (parts.scheme in ("http", "https") and holds_token(parts.path))


def _file_url(source: str, parts: SplitResult) -> tuple[str, str | None]:
    if not source.startswith(("https://", "http://")) or not parts.hostname:
        local = parts.scheme == "file" or ("://" not in source and source.endswith((".whl", *_SDIST)))
        raise ValueError(_LOCAL if local else _EXPECTED)
    for character, why in _REFUSED_IN_URLS.items():
        if character in source:
            raise ValueError(f"expected a URL without `{character}`: {why}")
    if not parts.path.endswith((".whl", *_SDIST)):
        raise ValueError(
            f"expected the URL of a wheel (`….whl`) or of an sdist ({', '.join(f'`…{s}`' for s in _SDIST)})"
        )
    return source, _file_name(unquote(parts.path))


def _git(parts: SplitResult) -> tuple[str, str | None]:
    """`git+https://HOST/PATH@REVISION#subdirectory=…`; `#egg=NAME` of old times tells the name."""
    complete = parts.path.startswith("/") and (not parts.netloc if parts.scheme == "git+file" else parts.hostname)
    if not complete or parts.query:
        raise ValueError("expected a repository such as `git+https://host.test/acme/project.git@v1.2`")
    path, at, revision = parts.path.rpartition("@")
    path = path if at else parts.path
    if at and not _REVISION.fullmatch(revision):
        raise ValueError("expected a branch, tag or commit after the last `@`")
    options = dict(pair.partition("=")[::2] for pair in parts.fragment.split("&")) if parts.fragment else {}
    if not options.keys() <= {"subdirectory", "egg"}:
        raise ValueError("after `#`, a git repository has `subdirectory=FOLDER` and nothing else")
    folder = options.get("subdirectory")
    if folder is not None and (not _SUBDIRECTORY.fullmatch(folder) or {".", ".."} & set(folder.split("/"))):
        raise ValueError("expected after `#subdirectory=` a folder inside the repository")
    source = f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}" + (f"@{revision}" if at else "")
    return source + (f"#subdirectory={folder}" if folder else ""), options.get("egg", "").partition("[")[0] or None


def _file_name(path: str) -> str | None:
    """The distribution whose wheel or sdist this is, None for what is neither."""
    file = posixpath.basename(path)
    try:
        if file.endswith(".whl"):
            return str(parse_wheel_filename(file)[0])
        return str(parse_sdist_filename(file)[0]) if file.endswith(_SDIST) else None
    except InvalidWheelFilename:
        raise ValueError(
            f"`{file}` is not the name of a wheel: expected one such as `x-1.0-py3-none-any.whl`"
        ) from None
    except InvalidSdistFilename:
        return None


def _agreed(written: str | None, own: str | None) -> str:
    if written is None and own is None:
        raise ValueError("expected a name before it: `NAME @ SOURCE`")
    if written and own and canonicalize_name(written) != canonicalize_name(own):
        raise ValueError(f"`{written}` is asked for, and the source is one of `{canonicalize_name(own)}`")
    return written or own or ""
