"""`@EXPLICIT`: URLs and hashes of one platform's conda packages, which conda's tools install as they stand."""

from collections.abc import Iterator

from envlock.interchange.exports.contents import Contents
from envlock.model.lock import CondaPackage
from envlock.model.match_specs import conda_name


def explicit(contents: Contents) -> str:
    """Packages after those that they require: some tools link in the order of the file. 64 digits are a sha256."""
    (locked,) = contents.platforms
    lines = (f"{contents.urls[p]}#{p.sha256}\n" for p in in_order(locked.conda))
    return f"# platform: {locked.platform}\n@EXPLICIT\n{''.join(lines)}"


def in_order(packages: tuple[CondaPackage, ...]) -> tuple[CondaPackage, ...]:
    """Each package after what it requires, else by name; where they require one another, by name."""
    by_name = {package.name: package for package in sorted(packages, key=lambda p: p.name)}
    begun: set[str] = set()

    def after_what_it_requires(name: str) -> Iterator[CondaPackage]:
        if name in by_name and name not in begun:
            begun.add(name)
            for needed in sorted(map(conda_name, by_name[name].requires)):
                yield from after_what_it_requires(needed)
            yield by_name[name]

    return tuple(package for name in by_name for package in after_what_it_requires(name))
