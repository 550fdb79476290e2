"""What an environment.yml asks for, gathered: in which table of env.toml it is to stand, and what is left out."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from envlock.interchange.conda.conda_pins import Channels
from envlock.interchange.conda.environment_united import both_requirements, both_specs, conda_identity, pip_identity
from envlock.interchange.source import Source
from envlock.model.imported import Remark
from envlock.model.platform import PLATFORMS
from envlock.model.spec import Wants
from envlock.system.secrets import redact_text
from envlock.system.text_file import display

# identity -> what is asked for, of each table: "" is for every platform
_Tables = dict[str, dict[tuple[str, str], str]]
_UNITED: dict[str, tuple[Callable[[str], tuple[str, str]], Callable[[str, str], str]]] = {
    "conda": (conda_identity, both_specs),
    "pip": (pip_identity, both_requirements),
    "constraint": (pip_identity, both_requirements),
}


@dataclass(slots=True)
class Gathered:
    """`group` is where conda-lock's `category` puts all of it; `python` the key, where a dependency says so much."""

    source: Source
    platforms: tuple[str, ...] = ()
    group: str | None = None
    python: str | None = None
    channels: Channels = field(init=False)
    remarks: list[Remark] = field(default_factory=list)
    _wants: dict[str, _Tables] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.channels = Channels(self.source.path.parent)

    def say(self, what: str, why: str, line: int | None) -> None:
        """Something that is not carried over as it stands; each once."""
        shown = redact_text(" ".join(what.split()))
        shown = shown if len(shown) <= 200 else f"{shown[:200]}…"
        self.remarks.append(Remark(what=shown, why=why, file=display(self.source.path), line=line))

    def want(self, kind: str, text: str, line: int | None, only: frozenset[str] | None = None) -> None:
        """A normalised requirement, for the platforms of `only`."""
        for table in self._tables(text, line, only):
            known = self._wants.setdefault(kind, {}).setdefault(table, {})
            identity, both = _UNITED[kind]
            key = identity(text)
            try:
                known[key] = both(known[key], text) if key in known else text
            except ValueError as error:
                self.say(text, str(error), line)

    def applies(self, text: str, line: int | None, only: frozenset[str] | None) -> bool:
        """Is any of the platforms among `only`? A remark says so where none is."""
        if only is None or only & set(self.platforms):
            return True
        others = [name for name in PLATFORMS if name in only]
        asks = f": `--platform {others[0]}` asks for it" if others else ", for which nothing can be locked"
        self.say(text, f"it is for {' and '.join(others) or 'platforms'}{asks}", line)
        return False

    def everywhere(self, only: frozenset[str]) -> bool:
        """Are those all of the platforms?"""
        return only >= set(self.platforms)

    def _tables(self, text: str, line: int | None, only: frozenset[str] | None) -> tuple[str, ...]:
        if only is None or only >= set(PLATFORMS):
            return ("",)
        if not self.applies(text, line, only):
            return ()
        chosen = tuple(name for name in self.platforms if name in only)
        if self.group is None:
            return chosen
        if set(chosen) != set(self.platforms):
            why = f"groups are the same for every platform: it is asked for on {' and '.join(chosen)}, in no group"
            self.say(text, why, line)
            return chosen
        return ("",)

    def wants(self, platform: str = "") -> Wants:
        """What is asked for, on a platform alone or on every one."""
        conda, pip = (self._texts(kind, platform) for kind in ("conda", "pip"))
        return Wants(conda=conda, pip=pip)

    @property
    def asks_conda(self) -> bool:
        """Does anything ask for a conda package, on any platform?"""
        return any(self._wants.get("conda", {}).values())

    def all_remarks(self) -> tuple[Remark, ...]:
        """Those on channels, too."""
        file = display(self.source.path)
        return (*self.remarks, *(replace(remark, file=file) for remark in self.channels.remarks))

    @property
    def constraints(self) -> tuple[str, ...]:
        return self._texts("constraint", "")

    def _texts(self, kind: str, table: str) -> tuple[str, ...]:
        return tuple(sorted(set(self._wants.get(kind, {}).get(table, {}).values())))
