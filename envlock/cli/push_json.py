"""What a push came to, as JSON: the same for every command that pushes."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from envlock.registry.transfer import Pushed


def push_json(pushed: "Pushed | None") -> dict[str, Any] | None:
    if pushed is None:
        return None
    return {
        "uploaded": pushed.uploaded,
        "uploaded_layers": pushed.layers,
        "uploaded_bytes": pushed.uploaded_bytes,
        "mounted": pushed.mounted,
        "present": pushed.present,
    }
