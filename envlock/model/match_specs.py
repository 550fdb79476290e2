"""What can be told of a conda match spec without a solver's library."""


def conda_name(spec: str) -> str:
    """The package name of a match spec: "conda-forge::numpy >=1" -> "numpy"."""
    text = spec.rpartition("::")[2].strip()
    end = next((i for i, c in enumerate(text) if c in " <>=!~[@"), len(text))
    return text[:end].lower()
