"""What maintainer scripts would have done to a new root and a runtime needs, by functions of what packages bring.

Nothing is executed, and nothing depends on a clock or a machine: the same packages, the same bytes.
"""

from collections.abc import Mapping
from types import MappingProxyType

from envlock.debian.alternatives import alternatives
from envlock.debian.base_files import base_files
from envlock.debian.ca_bundle import ca_bundle
from envlock.debian.ld_so_cache import ld_so_cache
from envlock.debian.libc import libc_settings
from envlock.debian.overlay import Overlay
from envlock.debian.pam import pam_profiles
from envlock.debian.passwd import passwd_and_group
from envlock.debian.root import Root, SystemFunction
from envlock.debian.settings import settings_of_packages
from envlock.debian.shells import login_shells
from envlock.debian.time_zone import time_zone
from envlock.model.files import SystemFile

# in this order; each sees what those before it made
FUNCTIONS: Mapping[str, SystemFunction] = MappingProxyType(
    {
        "passwd and group": passwd_and_group,
        "folders of the root": base_files,
        "login shells": login_shells,
        "time zone": time_zone,
        "CA bundle": ca_bundle,
        "PAM profiles": pam_profiles,
        "settings of packages": settings_of_packages,
        "name service and library folders": libc_settings,
        "alternatives": alternatives,
        # after everything that makes links in library folders
        "ld.so.cache": ld_so_cache,
    }
)


def system_files(root: Root) -> tuple[SystemFile, ...]:
    """Everything that the functions make, by path; where two make the same path, the later one counts."""
    grown = Overlay(root)
    for function in FUNCTIONS.values():
        grown.add(function(grown))
    return tuple(grown.made[path] for path in sorted(grown.made))
