"""Wheels that are wrong or meant ill: each is refused before anything of it is believed, with all reasons at once."""

import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envlock.environments.wheel import WheelTarget, wheel_files
from envlock.errors import OutsideError
from tests.support.tiny_wheels import write_wheel

TARGET = WheelTarget(prefix="/opt/env", python="3.11")
FILE = "a-1.0-py3-none-any.whl"
INFO = "a-1.0.dist-info"
# fields of an entry in the directory of a zip file: offset and format
NEEDED, FLAGS, METHOD, SIZE, MODE = (6, "<H"), (8, "<H"), (10, "<H"), (24, "<L"), (38, "<L")

Make = Callable[[Path], Path]


def tiny(**changes: Mapping[str, bytes | str]) -> Make:
    return lambda folder: write_wheel(folder, "a", **changes)  # type: ignore[arg-type]


def rewritten(changes: Mapping[str, bytes | None]) -> Make:
    """A wheel with members of other content, or without them."""

    def make(folder: Path) -> Path:
        wheel = write_wheel(folder, "a", entry_points={"a": "a:main"})
        with zipfile.ZipFile(wheel) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        with zipfile.ZipFile(wheel, "w") as archive:
            for name, data in {**members, **changes}.items():
                if data is not None:
                    archive.writestr(name, data)
        return wheel

    return make


def patched(field: tuple[int, str], value: int, *, first_only: bool = True) -> Make:
    """A wheel whose directory says something else of its first file, or of all."""

    def make(folder: Path) -> Path:
        wheel = write_wheel(folder, "a", files={"a.py": "x = 1\n" * 100, **{f"m{n}.py": "" for n in range(6)}})
        data = bytearray(wheel.read_bytes())
        position = data.find(b"PK\1\2")
        while position >= 0:
            struct.pack_into(field[1], data, position + field[0], value)
            position = -1 if first_only else data.find(b"PK\1\2", position + 1)
        wheel.write_bytes(data)
        return wheel

    return make


def far(folder: Path) -> Path:
    """A wheel whose directory says that its first file begins where no file can: 64 bits have room for that."""
    wheel = patched((42, "<L"), 0xFFFFFFFF)(folder)
    data = bytearray(wheel.read_bytes())
    entry, end = data.find(b"PK\1\2"), data.rfind(b"PK\5\6")
    extra = struct.pack("<HHQ", 1, 8, (1 << 63) + 5)
    (length,) = struct.unpack_from("<L", data, end + 12)
    struct.pack_into("<L", data, end + 12, length + len(extra))
    struct.pack_into("<H", data, entry + 30, len(extra))
    place = entry + 46 + len("a.py")
    data[place:place] = extra
    wheel.write_bytes(data)
    return wheel


def replaced(old: bytes, new: bytes, *, files: Mapping[str, bytes | str]) -> Make:
    """A wheel with some of its own bytes replaced by as many others."""

    def make(folder: Path) -> Path:
        wheel = write_wheel(folder, "a", files=files)
        data = wheel.read_bytes()
        assert old in data
        wheel.write_bytes(data.replace(old, new))
        return wheel

    return make


def renamed(name: str) -> Make:
    return lambda folder: write_wheel(folder, "a").rename(folder / name)


def raw(data: bytes) -> Make:
    def make(folder: Path) -> Path:
        (folder / FILE).write_bytes(data)
        return folder / FILE

    return make


def twice(folder: Path) -> Path:
    wheel = write_wheel(folder, "a")
    with zipfile.ZipFile(wheel, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("a.py", "other")
    return wheel


ENTRY_POINTS = f"{INFO}/entry_points.txt"
NOT_WHEELS: list[tuple[Make, str]] = [
    (raw(b""), f"`{FILE}` is not a wheel: File is not a zip file"),
    (raw(b"a text"), f"`{FILE}` is not a wheel: File is not a zip file"),
    (patched(NEEDED, 255), f"`{FILE}` is not a wheel: zip file version 25.5"),
]
REFUSED: list[tuple[Make, str]] = [
    (raw(b"PK\5\6" + bytes(18)), "it has 0 dist-info folders instead of one"),
    (tiny(bad={"../x": ""}), "the name '../x' leaves its folder by `..`"),
    (tiny(bad={"a/../../x": ""}), "the name 'a/../../x' leaves its folder by `..`"),
    (tiny(bad={"/x": ""}), "the name '/x' is absolute"),
    (tiny(bad={"a//x": ""}), "the name 'a//x' is not a normalised path"),
    (tiny(bad={"./x": ""}), "the name './x' is not a normalised path"),
    (tiny(bad={"a\\x": ""}), r"the name 'a\\x' holds a backslash"),
    (tiny(bad={"x" * 256: ""}), f"the name '{'x' * 256}' has a component of more than 255 bytes"),
    (
        replaced(b"cut-here", b"cut\0here", files={"a.py": "", "cut-here": ""}),
        r"the name 'cut\x00here' holds a control character",
    ),
    (tiny(files={"a-1.0.data/scripts/../../x": ""}), "the name 'a-1.0.data/scripts/../../x' leaves its folder by `..`"),
    (tiny(links={"link": "/etc"}), "`link` is a symbolic link"),
    (tiny(links={"link": "../../x"}), "`link` is a symbolic link"),
    (patched(MODE, 0o020644 << 16), "`a.py` is a device or the like"),
    (twice, "`a.py` is there 2 times"),
    (patched(FLAGS, 1), "`a.py` is encrypted"),
    (patched(METHOD, 12), "`a.py` is compressed by a method that wheels do not have (12)"),
    (tiny(files={"a-1.0.data/elsewhere/x": ""}), "`a-1.0.data/elsewhere/x` is for a place that wheels do not have"),
    (tiny(files={"a-1.0.data/scripts": ""}), "`a-1.0.data/scripts` is for a place that wheels do not have"),
    (tiny(files={"a-1.0.data": ""}), "`a-1.0.data` is for a place that wheels do not have"),
    (
        tiny(files={"a-1.0.data/data/x": "", "A-1.0.data/data/x": ""}),
        "it has several data folders: A-1.0.data, a-1.0.data",
    ),
    (
        tiny(files={"a.py": "", "a-1.0.data/purelib/a.py": ""}),
        "two of its files become `lib/python3.11/site-packages/a.py`",
    ),
    (tiny(files={"b-1.0.dist-info/METADATA": ""}), "it has 2 dist-info folders instead of one"),
    (renamed("b-1.0-py3-none-any.whl"), "its dist-info folder is `a-1.0.dist-info`; its METADATA is of a 1.0"),
    (renamed("a-2.0-py3-none-any.whl"), "its dist-info folder is `a-1.0.dist-info`; its METADATA is of a 1.0"),
    (rewritten({f"{INFO}/METADATA": None}), "it has no METADATA"),
    (rewritten({f"{INFO}/METADATA": b"Name: a\n"}), "METADATA names no valid version: ``"),
    (rewritten({f"{INFO}/METADATA": b"Version: 1.0\n"}), "METADATA names no distribution"),
    (rewritten({f"{INFO}/WHEEL": None}), "it has no WHEEL"),
    (rewritten({f"{INFO}/WHEEL": b"Wheel-Version: 2.0\n"}), "its Wheel-Version is 2.0, not 1.x"),
    (rewritten({f"{INFO}/WHEEL": b""}), "its Wheel-Version is None, not 1.x"),
    (rewritten({f"{INFO}/WHEEL": b"\xff"}), "its WHEEL is not UTF-8"),
    (rewritten({f"{INFO}/RECORD": None}), "it has no RECORD"),
    (rewritten({f"{INFO}/RECORD": b"a.py\n"}), "its RECORD is not valid: Row Index 0: expected 3 elements, got 1"),
    (rewritten({f"{INFO}/RECORD": b"a.py,md9=1,2\n"}), "its RECORD is not valid: invalid hash algorithm 'md9'"),
    (rewritten({f"{INFO}/RECORD": b"a.py,,many\n"}), "its RECORD is not valid: `size` cannot be non-integer"),
    (rewritten({ENTRY_POINTS: b"[console_scripts]\n../../x = a:b\n"}), "the script '../../x' cannot be a file name"),
    (rewritten({ENTRY_POINTS: b"[console_scripts]\n/bin/sh = a:b\n"}), "the script '/bin/sh' cannot be a file name"),
    (rewritten({ENTRY_POINTS: b"[console_scripts]\n.. = a:b\n"}), "the script '..' cannot be a file name"),
    (
        rewritten({ENTRY_POINTS: b"[console_scripts]\nx = a\n"}),
        "its entry_points.txt is not valid: a script names nothing to call",
    ),
    (
        rewritten({ENTRY_POINTS: b"x"}),
        "its entry_points.txt is not valid: File contains no section headers. file: '<string>', line: 1 'x'",
    ),
    (renamed("a.whl"), "its file name is not that of a wheel: Invalid wheel filename (wrong number of parts): 'a'"),
]


@pytest.mark.parametrize(("make", "message"), NOT_WHEELS)
def test_what_is_no_archive_is_named(tmp_path: Path, make: Make, message: str) -> None:
    with pytest.raises(OutsideError) as refusal:
        wheel_files(make(tmp_path), TARGET)
    assert refusal.value.message == message


@pytest.mark.parametrize(("make", "reasons"), REFUSED)
def test_a_bad_wheel_is_refused(tmp_path: Path, make: Make, reasons: str) -> None:
    wheel = make(tmp_path)
    with pytest.raises(OutsideError) as refusal:
        wheel_files(wheel, TARGET)
    assert refusal.value.message == f"the wheel `{wheel.name}` is refused: {reasons}"


def test_all_reasons_are_given_at_once(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "a", bad={"../x": "", "/y": ""}, links={"z": "/etc"}, entry_points={"a/b": "a:main"})
    with pytest.raises(OutsideError) as refusal:
        wheel_files(wheel, TARGET)
    assert refusal.value.message == (
        f"the wheel `{FILE}` is refused: the name '../x' leaves its folder by `..`; the name '/y' is absolute; "
        "`z` is a symbolic link; the script 'a/b' cannot be a file name"
    )


def test_a_missing_wheel_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match=r"cannot read `.*/missing\.whl`: No such file or directory"):
        wheel_files(tmp_path / "missing.whl", TARGET)


def test_a_wheel_that_claims_to_unpack_to_more_than_it_may_is_refused(tmp_path: Path) -> None:
    wheel = patched(SIZE, 0xFFFFFFF0, first_only=False)(tmp_path)
    with pytest.raises(OutsideError, match=r"it unpacks to \d{11} bytes, more than 21474836480"):
        wheel_files(wheel, TARGET)


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (patched(SIZE, 599), "it holds more than the 599 bytes it declares"),
        (patched(SIZE, 0), "it holds more than the 0 bytes it declares"),
        (patched(SIZE, 601), "it holds 600 of the 601 bytes it declares"),
        (patched((16, "<L"), 1), "its checksum is wrong"),
        (patched((20, "<L"), 3), "it ends too early"),
        (patched((42, "<L"), 7), "the directory of the archive and the file disagree"),
        (far, "it ends too early"),
    ],
)
def test_damage_shows_when_bytes_are_read(tmp_path: Path, make: Make, why: str) -> None:
    wheel = make(tmp_path)
    with pytest.raises(OutsideError) as damage:
        read_all(wheel)
    assert damage.value.message.startswith(f"`a.py` in `{FILE}` is damaged: {why}")


def test_nothing_hides_behind_the_end_of_a_member(tmp_path: Path) -> None:
    """It would stand in an image, where the member is kept as it is, and come out of no installation."""
    wheel = write_wheel(tmp_path, "a", files={"a.py": b"x = 1\n" * 100})
    with zipfile.ZipFile(wheel) as archive:
        entry = archive.getinfo("a.py")
    data = bytearray(wheel.read_bytes())
    start = entry.header_offset + 30 + len("a.py")
    stream = bytes(data[start : start + entry.compress_size])
    plain = zlib.decompress(stream, -15)
    shorter = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = shorter.compress(plain[:0]) + shorter.flush()
    data[start : start + entry.compress_size] = packed.ljust(entry.compress_size, b"!")
    wheel.write_bytes(data)
    with pytest.raises(OutsideError, match="there are bytes behind its end"):
        read_all(wheel)


def test_a_bomb_is_unpacked_in_small_pieces_and_no_further_than_declared(tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "a", files={"bomb": bytes(64 << 20)})
    assert wheel.stat().st_size < 1 << 20
    bomb = next(file for file in wheel_files(wheel, TARGET) if file.path.endswith("/bomb"))
    assert bomb.content is not None
    sizes = [len(piece) for piece in bomb.content.chunks()]
    assert (sum(sizes), max(sizes)) == (64 << 20, 1 << 20)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=4))
def test_a_wheel_with_any_bytes_changed_is_read_or_refused(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    wheel = write_wheel(tmp_path, "a", entry_points={"a": "a:main"})
    data = bytearray(wheel.read_bytes())
    for position, value in changes:
        data[position % len(data)] = value
    wheel.write_bytes(data)
    try:
        read_all(wheel)
    except OutsideError as refusal:
        reason = refusal.message
    else:
        reason = FILE
    assert FILE in reason


def read_all(wheel: Path) -> None:
    for file in wheel_files(wheel, TARGET):
        assert file.content is not None
        assert sum(map(len, file.content.chunks())) == file.size
