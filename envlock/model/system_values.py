"""Values of a declared system, as they stand in env.toml and in env.lock."""

from envlock.model.fields import Parse, matching
from envlock.model.platform import PLATFORMS

# by key, in the order in which they are written; wheel tags know no glibc before 2.5
_PATTERNS = {
    "glibc": (r"2\.(?:[5-9]|[1-9]\d{1,2})", "2.28"),
    "linux": (r"\d{1,3}\.\d{1,3}(?:\.\d{1,4})?", "4.18"),
    "macos": (r"1\d(?:\.\d{1,2}){0,2}|[2-9]\d(?:\.\d{1,2}){0,2}", "13.0"),
    "windows": (r"\d{1,2}(?:\.\d{1,5}){0,2}", "10.0.19041"),
    "cuda": (r"\d{1,3}(?:\.\d{1,3})?", "12.4"),
    "cuda-arch": (r"\d{1,2}\.\d", "8.6"),
    "archspec": (r"[a-z0-9]+(?:_[a-z0-9]+)*", "x86_64_v3"),
}
SYSTEM_KEYS = tuple(_PATTERNS)


def system_value(key: str) -> Parse:
    """The reader of one field of a `System`, by its key."""
    pattern, example = _PATTERNS[key]
    return matching(pattern, f"a value such as `{example}`")


def platform_name(text: str) -> str:
    """The name of a platform."""
    if text not in PLATFORMS:
        raise ValueError(f"expected a platform ({', '.join(f'`{name}`' for name in PLATFORMS)}), got `{text}`")
    return text
