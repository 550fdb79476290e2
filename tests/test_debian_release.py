"""What an archive signed, and what of it is believed: frames, keys, fields, dates; indexes that unpack too far."""

import gzip
import hashlib
import io
import lzma
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pysequoia import Cert, SignatureMode, Tsk, sign

from envlock.debian.packed_index import require_unpacked
from envlock.debian.release import Limits, Listed, Release, index_paths, read_release, require_current
from envlock.debian.signatures import INSTALLED, SHIPPED, Keyring, archive_keys, keys_of
from envlock.errors import EnvlockError, OutsideError, UserInputError
from tests.support.debian_releases import real_releases

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TEXT = b"Origin: Test\nDate: Sat, 21 Nov 2026 00:53:02 UTC\n- a line that begins with a dash\n"
BEGIN, SIGNATURE, END = (f"-----{mark}-----\n".encode() for mark in (
    "BEGIN PGP SIGNED MESSAGE", "BEGIN PGP SIGNATURE", "END PGP SIGNATURE"
))  # fmt: skip


@pytest.fixture(scope="module")
def key() -> Tsk:
    return Tsk.generate("Archive <archive@packages.test>")


@pytest.fixture(scope="module")
def keys(key: Tsk) -> Keyring:
    return Keyring([key.extract_certificate()])


@pytest.fixture(scope="module")
def data(key: Tsk) -> bytes:
    return signed(key)


def signed(key: Tsk, text: bytes = TEXT) -> bytes:
    return sign(key.signer(), text, mode=SignatureMode.CLEAR)


# signatures


def test_the_signed_text_and_nothing_else(keys: Keyring, data: bytes) -> None:
    assert keys.signed_text(data, name="InRelease", now=NOW) == TEXT


def both(data: bytes) -> bytes:
    """Two texts, each of them signed."""
    return data + data


FRAMES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda _data: b"", "`InRelease` is not signed"),
    "unsigned": (lambda _data: TEXT, "`InRelease` is not signed"),
    "a page": (lambda _data: b"<html>502 Bad Gateway</html>", "`InRelease` is not signed"),
    "cut in the text": (lambda data: data[:80], "`InRelease` is cut off: its signature has no end"),
    "cut in the signature": (lambda data: data[:-60], "`InRelease` is cut off: its signature has no end"),
    "text before": (lambda data: b"Date: now\n" + data, "`InRelease` holds text that is not signed"),
    "text behind": (lambda data: data + b"Date: now\n", "`InRelease` holds text that is not signed"),
    "a second one": (both, "`InRelease` holds text that is not signed"),
    "a field in the head": (
        lambda data: data.replace(BEGIN, BEGIN + b"Date: now\n"),
        "`InRelease` holds text that is not signed",
    ),
    "a second head": (
        lambda data: data.replace(TEXT[:8], BEGIN + TEXT[:8]),
        "`InRelease` holds text that is not signed",
    ),
    "text between": (
        lambda data: data.replace(SIGNATURE, b"Date: now\n" + SIGNATURE),
        "`InRelease` is not what was signed: no signature fits it",
    ),
    "changed": (
        lambda data: data.replace(b"Origin: Test", b"Origin: Tess"),
        "`InRelease` is not what was signed: no signature fits it",
    ),
    "no signature in it": (
        lambda data: data.partition(SIGNATURE)[0] + SIGNATURE + END,
        "`InRelease` cannot be read as a signed text",
    ),
}


@pytest.mark.parametrize("case", FRAMES)
def test_what_is_not_one_signed_text_is_refused(keys: Keyring, data: bytes, case: str) -> None:
    change, message = FRAMES[case]
    assert change(data) != data
    with pytest.raises(OutsideError) as error:
        keys.signed_text(change(data), name="InRelease", now=NOW)
    assert error.value.message == message


def test_a_key_that_nobody_believes(data: bytes) -> None:
    other = Keyring([Tsk.generate("Other <other@packages.test>").extract_certificate()])
    with pytest.raises(OutsideError) as error:
        other.signed_text(data, name="InRelease", now=NOW)
    assert error.value.message.startswith("`InRelease` is signed by `")
    assert error.value.message.endswith("`: no key that is believed")
    assert "debian-archive-keyring" in (error.value.hint or "")


def test_a_key_whose_time_is_over_signs_nothing_more(key: Tsk, data: bytes) -> None:
    over = key.extract_certificate().set_expiration(datetime.now(UTC) - timedelta(seconds=1), key.certifier())
    with pytest.raises(OutsideError, match=r"is signed by a key whose time is over: `[0-9A-F]{40}` ended on") as error:
        Keyring([over]).signed_text(data, name="InRelease", now=datetime.now(UTC))
    assert "newer ones come with debian-archive-keyring" in (error.value.hint or "")


def test_a_key_may_end_after_it_signed_where_the_past_is_asked(key: Tsk, data: bytes) -> None:
    ends = datetime.now(UTC) + timedelta(days=1)
    keys = Keyring([key.extract_certificate().set_expiration(ends, key.certifier())])
    assert keys.signed_text(data, name="InRelease", now=None) == TEXT
    with pytest.raises(OutsideError, match="is signed by a key whose time is over"):
        keys.signed_text(data, name="InRelease", now=ends + timedelta(days=1))


def test_one_of_several_signatures_is_enough(key: Tsk, keys: Keyring, data: bytes, tmp_path: Path) -> None:
    other = Tsk.generate("Other <other@packages.test>")
    for ring in (Keyring([other.extract_certificate(), key.extract_certificate()]), keys):
        assert ring.signed_text(data, name="InRelease", now=NOW) == TEXT
    two = tmp_path / "two.asc"
    two.write_text(f"{other.extract_certificate()}\n{key.extract_certificate()}")
    assert keys_of(two).signed_text(data, name="InRelease", now=NOW) == TEXT
    two.write_bytes(bytes(other.extract_certificate()) + bytes(key.extract_certificate()))
    assert keys_of(two).signed_text(data, name="InRelease", now=NOW) == TEXT


@pytest.mark.parametrize("content", [b"", b"no keys\n", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n", None])
def test_a_file_without_keys(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "keys.asc"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UserInputError) as error:
        keys_of(path)
    assert "keys.asc" in error.value.message


def mutated(data: bytes, seed: int) -> bytes:
    """The same with a byte changed, a piece cut out, or something put in."""
    chance = random.Random(seed)
    at = chance.randrange(len(data))
    piece = chance.choice((b"\n", b"-", b" ", b"=abcd\n", BEGIN, SIGNATURE, END))
    return chance.choice(
        (
            data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :],
            data[:at] + data[at + chance.randint(1, 30) :],
            data[:at] + piece + data[at:],
        )
    )


@pytest.mark.parametrize("first", range(0, 400, 100))
def test_whatever_is_changed_no_other_text_comes_out(keys: Keyring, data: bytes, first: int) -> None:
    for seed in range(first, first + 100):
        try:
            assert keys.signed_text(mutated(data, seed), name="InRelease", now=NOW) == TEXT
        except OutsideError:
            continue


@pytest.mark.parametrize("first", range(0, 200, 100))
def test_broken_keys_are_refused_or_sign_nothing_else(key: Tsk, data: bytes, tmp_path: Path, first: int) -> None:
    path, whole = tmp_path / "keys.gpg", bytes(key.extract_certificate())
    for seed in range(first, first + 100):
        path.write_bytes(mutated(whole, seed))
        try:
            assert keys_of(path).signed_text(data, name="InRelease", now=NOW) == TEXT
        except (OutsideError, UserInputError):
            continue


def test_keys_of_the_machine_count_beside_those_that_come_along(data: bytes, key: Tsk, tmp_path: Path) -> None:
    own, broken = tmp_path / "own.gpg", tmp_path / "broken.gpg"
    own.write_bytes(bytes(key.extract_certificate()))
    broken.write_bytes(b"broken")
    assert archive_keys([broken, tmp_path / "none.gpg", own]).signed_text(data, name="InRelease", now=NOW) == TEXT
    with pytest.raises(OutsideError, match="no key that is believed"):
        archive_keys([broken]).signed_text(data, name="InRelease", now=NOW)


def test_the_keys_that_come_along_are_debians() -> None:
    shipped = {cert.fingerprint: cert for cert in Cert.split_file(str(SHIPPED))}
    assert len(shipped) == 6
    names = sorted(str(cert.user_ids[0]).partition(" <")[0] for cert in shipped.values())
    assert [name for name in names if "bookworm" in name] == [
        "Debian Archive Automatic Signing Key (12/bookworm)",
        "Debian Security Archive Automatic Signing Key (12/bookworm)",
        "Debian Stable Release Key (12/bookworm)",
    ]
    installed = [path for path in INSTALLED if path.is_file()]
    if installed:
        known = {cert.fingerprint for path in installed for cert in Cert.split_file(str(path))}
        assert shipped.keys() <= known


@pytest.mark.parametrize("load", [archive_keys, lambda: keys_of(SHIPPED)], ids=["all", "shipped"])
def test_real_releases_are_signed_by_debian(load: Callable[[], Keyring]) -> None:
    """As apt got them; that may be long ago, so their `Valid-Until` is not asked here."""
    keys = load()
    for suite, data in real_releases().items():
        text = keys.signed_text(data, name=suite, now=None)
        release = read_release(text, suite=suite, archive="main", name=suite)
        assert release.by_hash
        assert not release.all_apart
        assert "main" in release.components
        for architecture in ("amd64", "arm64"):
            paths = index_paths(release, "main", architecture, name=suite)
            assert paths[0] == f"main/binary-{architecture}/Packages.xz"
            assert release.files[paths[0]].size <= release.files[paths[-1]].size
        with pytest.raises(OutsideError, match="is not what was signed"):
            keys.signed_text(data.replace(b"Packages.xz", b"Packages.xy", 1), name=suite, now=None)


# fields

HASH = "9e0b5aabb2465b3d2e7a7fe27f9913846277833f7a2826e7767acccff5b588c5"
FIELDS = f"""\
Origin: Anybody
Suite: oldstable
Codename: bookworm
Date: Sat, 21 Nov 2026 00:53:02 UTC
Valid-Until: Sat, 28 Nov 2026 00:53:02 UTC
Acquire-By-Hash: yes
Architectures: amd64 arm64
Components: main contrib
Description: A text
 that goes on
SHA256:
 {HASH}     8788 main/binary-amd64/Packages.xz
 {HASH}    49211 main/binary-amd64/Packages
 {HASH}       20 main/binary-amd64/Packages.bz2
 {HASH}     9000 main/binary-arm64/Packages.gz
"""


def read(text: str = FIELDS, suite: str = "bookworm") -> Release:
    return read_release(text.encode(), suite=suite, archive="main", name="InRelease")


def test_a_release() -> None:
    release = read()
    assert (release.codename, release.date) == ("bookworm", "2026-11-21T00:53:02Z")
    assert (release.valid_until, release.by_hash) == ("2026-11-28T00:53:02Z", True)
    assert (release.architectures, release.components) == (("amd64", "arm64"), ("main", "contrib"))
    assert release.files["main/binary-amd64/Packages.xz"] == Listed(HASH, 8788)
    paths = index_paths(release, "main", "amd64", name="InRelease")
    assert paths == ("main/binary-amd64/Packages.xz", "main/binary-amd64/Packages")
    assert index_paths(release, "main", "arm64", name="InRelease") == ("main/binary-arm64/Packages.gz",)


def test_what_a_release_may_leave_out() -> None:
    release = read(FIELDS.replace("Valid-Until", "Valid").replace("Acquire-By-Hash: yes\n", ""))
    assert (release.valid_until, release.by_hash) == (None, False)
    # the security archive says so of folders that are called as everywhere
    assert read(FIELDS.replace("Components: main", "Components: updates/main")).components == ("main", "contrib")
    every = FIELDS.replace("Architectures: amd64", "Architectures: all amd64")
    assert read(every).all_apart
    assert not read(f"No-Support-for-Architecture-all: Packages\n{every}").all_apart
    assert read(FIELDS.replace("00:53:02 UTC", "02:53:02 +0200")).date == "2026-11-21T00:53:02Z"


BROKEN = {
    "no date": (FIELDS.replace("Date:", "Dat:"), "`date` is missing"),
    "no time": (FIELDS.replace("Sat, 21 Nov", "Someday in"), "its Date is no time: `Someday in 2026 00:53:02 UTC`"),
    "a time too late": (
        FIELDS.replace("21 Nov 2026 00:53:02 UTC", "31 Dec 9999 23:59:59 -0100"),
        "its Date is no time: `Sat, 31 Dec 9999 23:59:59 -0100`",
    ),
    "no list": (FIELDS.replace("SHA256:", "SHA1:"), "`sha256` is missing"),
    "no codename": (FIELDS.replace("Codename:", "Code:"), "`codename` is missing"),
    "twice": (f"Codename: bookworm\n{FIELDS}", "`codename` stands there twice"),
    "no field": (FIELDS.replace("Origin: Anybody", "Anybody"), "`Anybody` is no field"),
    "two stanzas": (FIELDS.replace("SHA256:", "\nSHA256:"), "`` is no field"),
    "within a field": (f" more\n{FIELDS}", "` more` is no field"),
    "a path upwards": (
        FIELDS.replace("main/binary-amd64/Packages\n", "main/../../x\n"),
        f"`{HASH}    49211 main/../../x` is no line of its SHA256 list",
    ),
    "an absolute path": (
        FIELDS.replace("main/binary-amd64/Packages\n", "/etc/passwd\n"),
        f"`{HASH}    49211 /etc/passwd` is no line of its SHA256 list",
    ),
    "no size": (FIELDS.replace(" 8788 ", " -1 "), f"`{HASH}     -1 main/binary-amd64/Packages.xz` is no line of"),
    "no hash": (FIELDS.replace(HASH, "cafe", 1), "`cafe     8788 main/binary-amd64/Packages.xz` is no line of"),
    "listed twice": (
        f"{FIELDS} {HASH} 1 main/binary-amd64/Packages\n",
        "`main/binary-amd64/Packages` is listed twice, as two files",
    ),
    "control characters": (FIELDS.replace(" 8788 ", " \x1b[31m "), "`" + HASH + "     \\u001b[31m main/binary-amd64"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_release_is_refused(case: str) -> None:
    text, message = BROKEN[case]
    assert text != FIELDS
    with pytest.raises(OutsideError) as error:
        read(text)
    assert error.value.message.startswith(f"`InRelease` cannot be read: {message}")


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(OutsideError, match="`InRelease` cannot be read: 'utf-8' codec can't decode"):
        read_release(b"\xff" + FIELDS.encode(), suite="bookworm", archive="main", name="InRelease")


@pytest.mark.parametrize(
    ("suite", "hint"),
    [("trixie", "`suite` is a codename: `bookworm`"), ("bookworm-security", "name another mirror")],
)
def test_a_release_of_another_suite(suite: str, hint: str) -> None:
    with pytest.raises(OutsideError) as error:
        read(suite=suite)
    assert (error.value.message, error.value.hint) == (f"`InRelease` is of `bookworm`, not of `{suite}`", hint)


def missing(component: str, architecture: str) -> str:
    with pytest.raises(EnvlockError) as error:
        index_paths(read(), component, architecture, name="InRelease")
    return error.value.message


def test_what_a_release_does_not_have() -> None:
    assert missing("extra", "amd64") == "`InRelease` has no component `extra`: it has `main`, `contrib`"
    assert missing("main", "riscv64") == "`InRelease` has nothing for `riscv64`: it has `amd64`, `arm64`"
    assert missing("contrib", "arm64") == (
        "`InRelease` lists no `contrib/binary-arm64/Packages` in a form that can be read (.xz, .gz or plain)"
    )


# too old, too new


def refusal(now: datetime | None, recorded: str | None = None) -> str | None:
    try:
        require_current(read(), Limits(now=now, recorded=recorded), name="InRelease")
    except OutsideError as error:
        return error.message
    return None


def test_a_release_of_its_time() -> None:
    for now in (NOW, datetime(2026, 11, 28, 0, 53, 2, tzinfo=UTC), datetime(2026, 11, 20, 1, tzinfo=UTC), None):
        assert refusal(now) is None
    assert refusal(NOW, "2026-11-21T00:53:02Z") is None


def test_a_release_of_another_time() -> None:
    assert refusal(datetime(2026, 11, 28, 0, 53, 3, tzinfo=UTC)) == (
        "`InRelease` was valid until 2026-11-28T00:53:02Z: its mirror is not kept up"
    )
    assert refusal(datetime(2026, 11, 20, tzinfo=UTC)) == (
        "`InRelease` is of 2026-11-21T00:53:02Z, which is still to come"
    )
    for now in (NOW, None):
        assert refusal(now, "2026-11-21T00:53:03Z") == (
            "`InRelease` is of 2026-11-21T00:53:02Z, older than the one that env.lock was made from"
            " (2026-11-21T00:53:03Z)"
        )


# indexes, compressed

PLAIN = random.Random(1).randbytes(300_000) + bytes(1_200_000)
LISTED = Listed(hashlib.sha256(PLAIN).hexdigest(), len(PLAIN))
LARGE_DICTIONARY = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 29}]


def refused(form: str, data: bytes, plain: Listed | None = LISTED) -> str | None:
    try:
        require_unpacked(io.BytesIO(data), form=form, plain=plain, name="Packages")
    except OutsideError as error:
        return error.message
    return None


def test_indexes_in_all_forms() -> None:
    assert refused("", PLAIN) is None
    assert refused(".gz", gzip.compress(PLAIN, 1)) is None
    assert refused(".xz", lzma.compress(PLAIN, preset=0)) is None
    assert refused(".xz", lzma.compress(PLAIN, preset=0), plain=None) is None
    # as parallel compressors write them
    halves = (PLAIN[:900_000], PLAIN[900_000:])
    assert refused(".xz", b"".join(lzma.compress(half, preset=0) for half in halves)) is None
    empty = Listed(hashlib.sha256().hexdigest(), 0)
    assert [refused(form, data, empty) for form, data in (("", b""), (".gz", gzip.compress(b"")))] == [None, None]
    assert refused(".xz", lzma.compress(b""), empty) is None


PACKED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "bomb, xz": (".xz", lambda: lzma.compress(PLAIN + bytes(16 << 20), preset=0), "unpacks into more than the 1500000"),
    "bomb, gz": (".gz", lambda: gzip.compress(PLAIN + bytes(16 << 20), 1), "unpacks into more than the 1500000 bytes"),
    "too long": ("", lambda: PLAIN + b"x", "unpacks into more than the 1500000 bytes that its release names"),
    "too short": (".xz", lambda: lzma.compress(PLAIN[:-1], preset=0), "does not unpack into what its release names"),
    "other bytes": (".gz", lambda: gzip.compress(b"x" + PLAIN[1:], 1), "does not unpack into what its release names"),
    "cut, xz": (".xz", lambda: lzma.compress(PLAIN, preset=0)[:-9], "cannot be unpacked: it ends too soon"),
    "cut, gz": (".gz", lambda: gzip.compress(PLAIN, 1)[:-9], "cannot be unpacked: Compressed file ended before"),
    "no xz": (".xz", lambda: PLAIN, "cannot be unpacked: Input format not supported by decoder"),
    "no gz": (".gz", lambda: PLAIN, "cannot be unpacked: Not a gzipped file"),
    "much memory": (
        ".xz",
        lambda: lzma.compress(PLAIN, filters=LARGE_DICTIONARY),
        "cannot be unpacked: Memory usage limit exceeded",
    ),
}


@pytest.mark.parametrize("case", PACKED)
def test_what_does_not_unpack_into_the_index_is_refused(case: str) -> None:
    form, data, message = PACKED[case]
    assert (refused(form, data()) or "").startswith(f"`Packages` {message}")
