"""What the token of a job may do."""

from typing import Any

SCOPES = ("actions", "checks", "contents", "deployments", "id-token", "issues", "packages", "pull-requests", "statuses")


def rights_of(permissions: Any, *, is_fork: bool) -> dict[str, str]:
    """Where some are named, all others are none; of a fork's pull request nothing is written."""
    if permissions is None:
        rights = {"contents": "read", "packages": "read", "metadata": "read"}
    elif isinstance(permissions, str):
        level = {"read-all": "read", "write-all": "write"}[permissions]
        rights = dict.fromkeys(SCOPES, level)
    else:
        rights = {name: level for name, level in permissions.items() if level != "none"}
    unknown = set(rights) - {*SCOPES, "metadata"}
    if unknown:
        raise ValueError(f"Unexpected value {unknown}")
    if not is_fork:
        return rights
    return {name: "read" for name in rights if name != "id-token"}
