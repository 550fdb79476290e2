"""Packages whose scripts need nobody to run them, as functions do the same, by the titles of these functions."""

from collections.abc import Mapping
from types import MappingProxyType

# packages whose scripts and triggers do nothing for a new root that these functions do not do
HANDLED: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "passwd and group": frozenset({"base-passwd", "passwd"}),
        "folders of the root": frozenset({"base-files"}),
        "login shells": frozenset({"debianutils"}),
        "time zone": frozenset({"tzdata"}),
        "CA bundle": frozenset({"ca-certificates"}),
        "PAM profiles": frozenset({"libpam-runtime"}),
        "settings of packages": frozenset({"libpam-modules", "login", "netbase", "readline-common", "sudo"}),
        "name service and library folders": frozenset({"libc6"}),
        "ld.so.cache": frozenset({"libc-bin"}),
    }
)
