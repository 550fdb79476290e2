"""What is locked that no way leads to from what is asked for."""

from collections.abc import Iterable, Iterator, Mapping


def unreached(roots: Iterable[str], needs: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """Of the names in `needs` those that nothing asks for, and of those that ask only for one another the first.

    What only such a name asks for is not named again: it goes with it.
    """
    left = needs.keys() - _reached(roots, needs)
    asked = {need for name in left for need in needs[name] if need != name}
    told: set[str] = set()
    for name in (*sorted(left - asked), *sorted(left)):
        if name not in told:
            yield name
            told |= _reached([name], needs)


def _reached(roots: Iterable[str], needs: Mapping[str, Iterable[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(roots)
    while waiting:
        name = waiting.pop()
        if name in needs and name not in found:
            found.add(name)
            waiting += needs[name]
    return found
