"""Values of a declared system, as they stand in env.toml and in env.lock."""

from envlock.model.fields import Parse, matching
from envlock.model.platform import PLATFORMS

# in the order in which they are written; wheel tags know no glibc before 2.5
_PATTERNS = {
    "glibc": (r"2\.(?:[5-9]|[1-9]\d{1,2})", "2.28"),
    "linux": (r"\d{1,3}\.\d{1,3}(?:\.\d{1,4})?", "4.18"),
    "cuda": (r"\d{1,3}(?:\.\d{1,3})?", "12.4"),
    "archspec": (r"[a-z0-9]+(?:_[a-z0-9]+)*", "x86_64_v3"),
}


def system_value(key: str) -> Parse:
    """The reader of one field of a `System`."""
    pattern, example = _PATTERNS[key]
    return matching(pattern, f"a value such as `{example}`")


def platform_name(text: str) -> str:
    """The name of a platform that this version can make environments for."""
    if text not in PLATFORMS:
        supported = ", ".join(f"`{name}`" for name in sorted(PLATFORMS))
        raise ValueError(f"expected a platform that this version of envlock supports ({supported}), got `{text}`")
    return text
