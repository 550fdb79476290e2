"""The hashes that name things: lock hash, image key, environment hash, prefix key.

Form 1 of the lock hash is SHA-256 over `envlock-lock-hash 1`, a line feed, and RFC 8785 JSON of what the
packages and the image are made from. Defaults are left out, so that a new setting moves no old hash.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from envlock.model.lock import Base, Lock, Package, PlatformLock

TAG_DIGITS = 16


def lock_hash(lock: Lock, platform: PlatformLock) -> str:
    """The lock hash of one platform, 64 hex digits: of the main set, whatever other groups there are."""
    main = platform.of_groups()
    return _sha256(
        f"envlock-lock-hash {lock.version}\n",
        {
            "platform": platform.platform,
            "base": platform.base.digest,
            "dockerfile": platform.base.context,
            "debian": _debian(lock),
            "interpreter": _interpreter(platform),
            "python": _stated_python(platform),
            "packages": [_package(p) for p in sorted(main.packages, key=_order)],
            "image": _settings(lock),
        },
    )


def lock_hashes(lock: Lock) -> dict[str, str]:
    """The lock hashes of all platforms, by platform."""
    return {platform.platform: lock_hash(lock, platform) for platform in lock.platforms}


def image_key(lock: Lock) -> str:
    """What the image is found by: the lock hash of the one Linux platform, else one over them all."""
    return image_key_of(lock_hashes(lock))


def image_key_of(hashes: Mapping[str, str]) -> str:
    """The same of lock hashes by platform."""
    found = sorted(value for platform, value in hashes.items() if platform.startswith("linux-"))
    return found[0] if len(found) == 1 else _sha256("envlock-image-key 1\n", found)


def environment_hash(lock: Lock) -> str:
    """SHA-256 over all platforms' lock hashes: what versions go by."""
    return environment_hash_of(lock_hashes(lock))


def environment_hash_of(hashes: Mapping[str, str]) -> str:
    """The same of lock hashes by platform."""
    return _sha256("envlock-environment-hash 1\n", sorted(hashes.values()))


def prefix_key(platform: PlatformLock, python: str | None, editable: Sequence[str] = ()) -> str:
    """Packages, Python, and what tells local projects that are installed editable: changing `workdir` reinstalls
    nothing."""
    packages = [_package(p) for p in sorted(platform.prefix_packages, key=_order)]
    found = {"platform": platform.platform, "packages": packages, "python": python, "editable": [*editable] or None}
    return _sha256("envlock-prefix 1\n", found)


def image_tag(key: str) -> str:
    """The tag an image is pushed and loaded under: `lock-` and 16 hex digits."""
    return f"lock-{key[:TAG_DIGITS]}"


def canonical_json(value: Any) -> bytes:
    """RFC 8785 JSON of strings, integers, booleans, lists and objects (no floats, which envlock has none of)."""
    return json.dumps(_in_key_order(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _in_key_order(value: Any) -> Any:
    if isinstance(value, str | int):  # most are, and asking what is a mapping takes long
        return value
    if isinstance(value, Mapping):
        # RFC 8785 sorts by UTF-16 code units; Python's own order is by code points
        return {k: _in_key_order(value[k]) for k in sorted(value, key=lambda k: k.encode("utf-16-be"))}
    if isinstance(value, list | tuple):
        return [_in_key_order(item) for item in value]
    return value


def _sha256(prefix: str, value: Any) -> str:
    return hashlib.sha256(prefix.encode() + canonical_json(_without_defaults(value))).hexdigest()


def _without_defaults(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    cleaned = {k: _without_defaults(v) for k, v in value.items()}
    return {k: v for k, v in cleaned.items() if v is not None and v != {}}


def _debian(lock: Lock) -> dict[str, Any] | None:
    """What decides a base of Debian's packages beyond the packages."""
    debian = lock.inputs.debian
    return {"docs": False} if debian and not debian.docs else None


def _order(package: Package) -> tuple[str, str, str, str, str]:
    return package.kind, package.name, package.version, package.build, package.identity


def _package(package: Package) -> dict[str, str]:
    kind, name, version, build, identity = _order(package)
    # what has no sha256 is told by the hash of its folder or by its commit
    told_by = "sha256" if package.sha256 else "source"
    found = {"kind": kind, "name": name, "version": version, told_by: identity}
    return {**found, "build": build} if build else found


def _interpreter(platform: PlatformLock) -> str | None:
    base: Base = platform.base
    return None if any(p.name == "python" for p in platform.conda) else base.interpreter


def _stated_python(platform: PlatformLock) -> str | None:
    """The Python that wheels are laid out for, where neither packages nor the base's digest say which one it is."""
    has_one = platform.base.digest or any(p.name == "python" for p in platform.conda)
    return None if has_one else platform.base.python


def _settings(lock: Lock) -> dict[str, Any]:
    image = lock.image
    return {
        "variables": dict(image.variables),
        "user": image.user,
        "workdir": image.workdir,
        "entrypoint": image.entrypoint,  # an empty list clears the base's and is no default: it stays
        "cmd": image.cmd,
        "labels": dict(image.labels),
        "copy": dict(lock.copied),
        "bytecode": image.bytecode or None,
    }
