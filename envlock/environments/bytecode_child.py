"""The program that compiles modules, run by a Python of any version from 3.8 on: it reads one file and writes another.

What it imports is built into every Python, so nothing that lies about can get in. None of the code is executed.
"""

import _imp
import marshal
import sys
from _frozen_importlib_external import MAGIC_NUMBER

# no references between the objects of a module: these come and go with what else the interpreter holds
_VERSION = 2
_UNCHECKED = 1  # a pyc that is told by the hash of its source, which nobody compares


def main(request: str, pack: str) -> None:
    with open(request, "rb") as asked, open(pack, "wb") as out:  # noqa: PTH123  # pathlib is not built in
        while True:
            head = asked.readline()
            if not head:
                return
            name, filename, source = (asked.read(int(size)) for size in head.split())
            code = compiled(source, filename.decode("utf-8"))
            if code is not None:
                out.write(b"%d %d\n%s%s" % (len(name), len(code), name, code))


def compiled(source: bytes, filename: str) -> "bytes | None":
    """The pyc of a source; None for what does not compile, as `compileall` leaves it out."""
    try:
        code = marshal.dumps(compile(source, filename, "exec", dont_inherit=True, optimize=0), _VERSION)
    except Exception:  # noqa: BLE001  # whatever a compiler raises, the module stays as it is
        return None
    magic = int.from_bytes(MAGIC_NUMBER[:2], "little") | int.from_bytes(b"\r\n", "little") << 16
    digest = _imp.source_hash(magic, source)
    return MAGIC_NUMBER + _UNCHECKED.to_bytes(4, "little") + digest + code


if __name__ == "__main__":
    if sys.version_info.releaselevel != "final":
        raise RuntimeError("it is no release of Python")
    main(sys.argv[1], sys.argv[2])
