"""The `pip:` of an environment.yml: lines of a requirements file, for every platform or for some."""

from envlock.interchange.conda.environment_wants import Gathered
from envlock.interchange.pip.requirement_lines import joined
from envlock.interchange.pip.requirement_reader import Origin, RequirementReader
from envlock.interchange.pip.requirement_source import is_direct
from envlock.system.text_file import display

_HASHES = "hashes stand in env.lock, where `envlock lock` writes those of what it chooses"


class PipLines:
    """The lines of all `pip:` of a file, and of the files that they name; `reader` has what holds for all of them."""

    def __init__(self, found: Gathered) -> None:
        self._found = found
        self._hashed = False
        self._origin = Origin(found.source.path, None, display(found.source.path))
        self.reader = RequirementReader(found.source)

    def item(self, text: str, line: int, only: frozenset[str] | None) -> None:
        """One item of the list: a line, or several."""
        if not self._found.applies(text, line, only):
            return
        for number, each in joined(text):
            self._line(each, line + number - 1, only)

    def _line(self, text: str, line: int, only: frozenset[str] | None) -> None:
        asked, limits = len(self.reader.asked), len(self.reader.limits)
        self.reader.line(text, self._origin._replace(line=line))
        for each in self.reader.asked[asked:]:
            self._found.want("pip", each.requirement, line, only)
            if each.hashes and not self._hashed:  # one word for all of them
                self.reader.remark("--hash", _HASHES, each.origin)
                self._hashed = True
        for each in self.reader.limits[limits:]:
            self._found.want("constraint", each.requirement, line)
        limiting = only is not None and not self._found.everywhere(only)
        if limiting and text.startswith("-") and not is_direct(text):
            self._found.say(text, "what options say holds for every platform", line)
