"""Hand-made wheels: small, deterministic, and on demand malicious."""

import base64
import hashlib
import stat
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path

TIME = (2020, 1, 1, 0, 0, 0)


def write_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *,
    requires: Iterable[str] = (),
    files: Mapping[str, bytes | str] | None = None,
    entry_points: Mapping[str, str] | None = None,
    requires_python: str | None = None,
    extras: Iterable[str] = (),
    tag: str = "py3-none-any",
    bad: Mapping[str, bytes | str] | None = None,
    links: Mapping[str, str] | None = None,
    licence: str | None = None,
) -> Path:
    """A wheel in `folder`; without `files` it holds a module of its name with `__version__`.

    `bad` are members written under exactly the name given (`../x`, `/x`), `links` symbolic links (member:
    target); both come first, in RECORD like all others.
    """
    module = name.replace("-", "_").replace(".", "_")
    dist_info = f"{module}-{version}.dist-info"
    if files is None:
        files = {f"{module}.py": f'__version__ = "{version}"\n'}
    members: dict[str, bytes] = {member: _bytes(content) for member, content in (bad or {}).items()}
    members |= {member: _bytes(content) for member, content in sorted(files.items())}
    stated = f"License-Expression: {licence}\n".encode() if licence else b""
    members[f"{dist_info}/METADATA"] = _metadata(name, version, requires, requires_python, extras) + stated
    members[f"{dist_info}/WHEEL"] = _wheel(tag)
    if entry_points:
        lines = "".join(f"{command} = {target}\n" for command, target in sorted(entry_points.items()))
        members[f"{dist_info}/entry_points.txt"] = f"[console_scripts]\n{lines}".encode()
    members[f"{dist_info}/RECORD"] = _record({**members, **_targets(links)}, f"{dist_info}/RECORD")
    target = folder / f"{module}-{version}-{tag}.whl"
    folder.mkdir(parents=True, exist_ok=True)
    _write(target, _targets(links), members)
    return target


def _write(target: Path, links: Mapping[str, bytes], members: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in links.items():
            archive.writestr(_member(name, stat.S_IFLNK | 0o777), content)
        for name, content in members.items():
            archive.writestr(_member(name, stat.S_IFREG | 0o644), content)


def _member(name: str, mode: int) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name, TIME)
    member.create_system = 3  # Unix: the upper half of the attributes is a mode
    member.external_attr = mode << 16
    member.compress_type = zipfile.ZIP_DEFLATED
    return member


def _metadata(
    name: str, version: str, requires: Iterable[str], requires_python: str | None, extras: Iterable[str]
) -> bytes:
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Provides-Extra: {extra}" for extra in extras]
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    return ("\n".join(lines) + "\n").encode()


def _wheel(tag: str) -> bytes:
    pure = "true" if tag.endswith("-any") else "false"
    return f"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: {pure}\nTag: {tag}\n".encode()


def _record(members: Mapping[str, bytes], own_name: str) -> bytes:
    lines = [f"{name},{_record_hash(content)},{len(content)}\n" for name, content in members.items()]
    return ("".join(lines) + f"{own_name},,\n").encode()


def _record_hash(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return f"sha256={digest.rstrip(b'=').decode()}"


def _targets(links: Mapping[str, str] | None) -> dict[str, bytes]:
    return {name: target.encode() for name, target in (links or {}).items()}


def _bytes(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content
