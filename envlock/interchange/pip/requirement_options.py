"""Options of pip in files of requirements: why those that env.toml has no place for are not carried over."""

SILENT = {
    "--require-hashes": "env.lock has the hash of every file",
    "--prefer-binary": "a wheel is taken wherever there is one",
}
_SETTINGS = "what is built is built as its project says: make a wheel of it, and name that"
REASONS = {
    "--find-links": "env.toml has no such places: name a wheel by `NAME @ ./FILE.whl`, or serve the folder as an index",
    "--no-index": "locking asks the indexes of env.toml: see `ENVLOCK_MIRROR_NAME` for a folder in their place",
    "--pre": "ask for the pre-release by its version, such as `x>=2.0a1`",
    "--all-releases": "ask for the pre-release by its version, such as `x>=2.0a1`",
    "--only-final": "that is so by default",
    "--no-binary": "wheels are taken wherever there are some: name an sdist by its URL to have it built",
    "--only-binary": "what has no wheel is locked all the same, and built by `install`: images refuse it",
    "--trusted-host": "no server is trusted without a certificate: give that one's authority by SSL_CERT_FILE",
    "--use-feature": "it is a switch of pip's own",
    "--use-deprecated": "it is a switch of pip's own",
    "--uploaded-prior-to": "`[lock] exclude-newer` says that",
    "--config-settings": _SETTINGS,
    "--global-option": _SETTINGS,
    "--install-option": _SETTINGS,
    "--build-option": _SETTINGS,
}
UNKNOWN = "envlock knows no such option of pip"


def why_not(name: str) -> str | None:
    """Why an option is not carried over; None where nothing is lost by it."""
    return None if name in SILENT else REASONS.get(name, UNKNOWN)
