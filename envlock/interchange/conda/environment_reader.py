"""environment.yml, section by section: what each comes to in env.toml, with a remark for what does not."""

import re
from collections.abc import Callable, Iterator

from envlock.interchange.conda.environment_keys import keys_of
from envlock.interchange.conda.environment_pip import PipLines
from envlock.interchange.conda.environment_selectors import selected, selector_of
from envlock.interchange.conda.environment_specs import conda_dependency
from envlock.interchange.conda.environment_wants import Gathered
from envlock.interchange.group_names import group_named
from envlock.interchange.source import Source
from envlock.interchange.yaml_nodes import (
    NUMBERS,
    MappingNode,
    Node,
    ScalarNode,
    SequenceNode,
    Wrong,
    is_nothing,
    items,
    line_of,
    text_in,
)
from envlock.model.image_values import variable_name
from envlock.model.imported import Imported
from envlock.model.masking import shareable
from envlock.model.platform import DEFAULT_PLATFORM, PLATFORMS
from envlock.model.spec import DEFAULT_CHANNEL, MAIN, CondaSpec, EnvSpec, PipSpec, Wants
from envlock.system.secrets import holds_token

_UNKNOWN = "environment.yml has no such key: conda does not read it"
_ABSENT = ScalarNode("tag:yaml.org,2002:null", "")
_SEL = re.compile(r"sel\((?P<words>[^()]*)\)")
_BOOL = "tag:yaml.org,2002:bool"
_LOGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[^\s/@]+:[^\s/@]+@|[^\s/?#]+(?P<path>/[^\s?#]*))", re.IGNORECASE)


class EnvironmentReader:
    """One file: the sections in the order in which one needs the other."""

    def __init__(self, source: Source) -> None:
        self._source, self._found = source, Gathered(source)
        lines = enumerate(source.text.split("\n"), start=1)
        self._selectors = {number: found for number, line in lines if (found := selector_of(line))}
        self._pip = PipLines(self._found)
        self._used: set[int] = set()
        self._read: set[tuple[int, frozenset[str] | None]] = set()
        self._defaults: int | None = None
        self._unlisted = False
        self._name = ""
        self._variables: dict[str, str] = {}

    def read(self, node: Node) -> Imported:
        keys = self._keys(node)
        for name, section in _SECTIONS.items():
            key, value = keys.pop(name, (None, _ABSENT))
            section(self, value, line_of(key) if key else None)
        for name, (key, value) in keys.items():
            self._say(f"{name}: {value.value}" if isinstance(value, ScalarNode) else name, _UNKNOWN, line_of(key))
        for line, (selector, _) in self._selectors.items():
            if line not in self._used and line_of(node) <= line <= node.end_mark.line + 1:
                self._say(selector, "no dependency is on this line: what is there holds for every platform", line)
        self._say_unlisted()
        remarks = dict.fromkeys(
            sorted((*self._found.all_remarks(), *self._pip.reader.remarks), key=lambda each: each.line or 0)
        )
        return Imported(spec=self._spec(), remarks=tuple(remarks))

    def _say(self, what: str, why: str, line: int | None) -> None:
        self._found.say(what, why, line)

    def _keys(self, node: Node) -> dict[str, tuple[ScalarNode, Node]]:
        found = keys_of(node)
        for key in found.outdone:
            self._say(f"{key.value}:", "it stands there again below, and conda takes the last one", line_of(key))
        return dict(found.of)

    def _items(self, node: Node, what: str) -> list[Node]:
        """The items of a list; of a single text, that. A remark for what is no list."""
        if isinstance(node, SequenceNode) or is_nothing(node):
            return [item for item in items(node) if not is_nothing(item)]
        if isinstance(node, ScalarNode):
            return [node]
        self._say(what, "expected a list, each item behind `- `", line_of(node))
        return []

    def _texts(self, node: Node, what: str) -> Iterator[tuple[str, Node]]:
        for item in self._items(node, what):
            try:
                yield text_in(item).strip(), item
            except Wrong as wrong:
                self._say(item.value if isinstance(item, ScalarNode) else what, str(wrong), line_of(item))

    def _platforms(self, node: Node, _line: int | None) -> None:
        named: dict[str, int] = {}
        for text, item in self._texts(node, "platforms"):
            if text in PLATFORMS:
                named[text] = line_of(item)
            else:
                self._say(
                    f"platforms: {text}",
                    f"nothing can be locked for it: known are {', '.join(PLATFORMS)}",
                    line_of(item),
                )
        chosen = self._source.platforms or tuple(named) or (DEFAULT_PLATFORM,)
        for text, line in named.items():
            if text not in chosen:
                self._say(f"platforms: {text}", "another platform was asked for", line)
        self._found.platforms = tuple(sorted(set(chosen)))

    def _category(self, node: Node, line: int | None) -> None:
        text = node.value if isinstance(node, ScalarNode) and not is_nothing(node) else MAIN
        try:
            group = group_named(str(text))
        except ValueError as error:
            self._say(f"category: {text}", str(error), line)
            return
        if group != text:
            self._say(f"category: {text}", f"the group is called `{group}`", line)
        self._found.group = None if group == MAIN else group

    def _named(self, node: Node, line: int | None) -> None:
        if is_nothing(node):
            return
        if not isinstance(node, ScalarNode):
            self._say("name", "expected text", line)
            return
        text = str(node.value).strip()
        name = re.sub(r"[^a-z0-9._-]+", "-", text.lower())
        name = re.sub(r"([._-])[._-]+", r"\1", name).strip("._-")
        # what is not to be mended is the caller's to name
        self._name = name or text
        if name and name != text:
            self._say(
                f"name: {text}", f"an environment's name has lower-case letters, digits, `.`, `_`, `-`: `{name}`", line
            )

    def _channels(self, node: Node, _line: int | None) -> None:
        for text, item in self._texts(node, "channels"):
            self._channel(text, item)
        if not self._found.channels.names:
            self._found.channels.add(DEFAULT_CHANNEL)
            self._unlisted = True

    def _say_unlisted(self) -> None:
        """Of channels that only conda's settings of some machine know."""
        instead = f": `{DEFAULT_CHANNEL}` is asked in their place" if self._unlisted else ": name them"
        why = f"it stands for channels of conda's own settings, which nobody can know here{instead}"
        if self._defaults:
            self._say("defaults", why, self._defaults)
        elif self._unlisted and self._found.asks_conda:
            self._say("channels", f"none is named, and conda takes those of its own settings{instead}", None)

    def _channel(self, text: str, item: Node) -> None:
        if text == "nodefaults" or text in self._found.channels.names:
            return
        if text == "defaults":
            self._defaults = line_of(item)
            return
        try:
            self._found.channels.add(text, line_of(item))
        except ValueError as error:
            self._say(text, str(error), line_of(item))

    def _only(self, node: Node) -> frozenset[str] | None:
        """The platforms that the selector behind an item is for."""
        line = line_of(node)
        selector = self._selectors.get(line)
        if selector is None:
            return None
        if selector[1] is None and line not in self._used:
            self._say(
                selector[0], "nobody here can tell what this selector is for: the line holds on every platform", line
            )
        self._used.add(line)
        return selector[1]

    def _dependencies(self, node: Node, _line: int | None) -> None:
        if isinstance(node, MappingNode):
            self._mapping(node, None)
            return
        for item in self._items(node, "dependencies"):
            self._dependency(item, self._only(item))

    def _again(self, node: Node, only: frozenset[str] | None) -> bool:
        """Is it an alias of what was read for these platforms already? It asks for nothing more."""
        known = (id(node), only) in self._read
        self._read.add((id(node), only))
        return known

    def _dependency(self, item: Node, only: frozenset[str] | None) -> None:
        if self._again(item, only):
            return
        if isinstance(item, MappingNode):
            self._mapping(item, only)
            return
        try:
            conda_dependency(text_in(item).strip(), line_of(item), self._found, only)
        except Wrong as wrong:
            self._say(item.value if isinstance(item, ScalarNode) else "a list", str(wrong), line_of(item))

    def _mapping(self, node: Node, only: frozenset[str] | None) -> None:
        """`pip:` and what conda-lock has for some platforms."""
        for name, (key, value) in self._keys(node).items():
            sel = _SEL.fullmatch(name)
            try:
                if name == "pip":
                    self._pip_lines(value, _met(only, self._only(key)))
                elif sel:
                    mine = _met(_met(only, selected(sel["words"])), self._only(key))
                    for item in self._items(value, name):
                        self._dependency(item, _met(mine, self._only(item)))
                else:
                    self._strange(name, key, value)
            except ValueError as error:
                self._say(f"{name}: …", str(error), line_of(key))

    def _strange(self, name: str, key: Node, value: Node) -> None:
        said = f"{name}: {value.value}" if isinstance(value, ScalarNode) else f"{name}:"
        version = isinstance(value, ScalarNode) and value.value and not is_nothing(value)
        hint = f": a version is asked for by `{name}={value.value}`" if version else ""
        self._say(said, f"conda takes no `{name}:` among dependencies{hint}", line_of(key))

    def _pip_lines(self, node: Node, only: frozenset[str] | None) -> None:
        if self._again(node, only):
            return
        for text, item in self._texts(node, "pip"):
            self._pip.item(text, line_of(item), _met(only, self._only(item)))

    def _variables_of(self, node: Node, _line: int | None) -> None:
        try:
            found = self._keys(node)
        except Wrong as wrong:
            self._say("variables", str(wrong), wrong.line)
            return
        for name, (key, value) in found.items():
            try:
                self._variables[name] = shareable(variable_name(name), _value(value))
            except (ValueError, Wrong) as error:
                self._say(name, str(error), line_of(key))

    def _prefix(self, node: Node, line: int | None) -> None:
        if not is_nothing(node):
            said = f"prefix: {node.value}" if isinstance(node, ScalarNode) else "prefix"
            self._say(said, "a place on one machine: `install --prefix` says where an environment goes", line)

    def _spec(self) -> EnvSpec:
        found, main, pip = self._found, self._found.wants(), self._pip.reader
        here = main if found.group is None else Wants()
        unsaid = found.python and not found.asks_conda
        if unsaid:
            # else Python would not be conda's any more
            limit = f"=={found.python}" if found.python and found.python.count(".") > 1 else f"{found.python}.*"
            here = here + Wants(conda=(f"python {limit}",))
        each = ((name, found.wants(name)) for name in found.platforms)
        return EnvSpec(
            name=self._name,
            python=found.python,
            platforms=found.platforms,
            conda=CondaSpec(channels=tuple(found.channels.names), dependencies=here.conda),
            pip=PipSpec(
                dependencies=here.pip,
                constraints=found.constraints,
                editable=tuple(pip.editable[path] for path in sorted(pip.editable)),
                indexes=pip.indexes.all,
            ),
            platform_wants=tuple((name, wants) for name, wants in each if wants),
            groups=((found.group, main),) if found.group and main else (),
            variables=tuple(sorted(self._variables.items())),
        )


def _met(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """The platforms that two selectors hold for together; None is every one."""
    return other if one is None else one if other is None else one & other


def _value(node: Node) -> str:
    """A variable's; ValueError where it is a secret's place."""
    if is_nothing(node):
        raise ValueError("it has no value")
    text = text_in(node, (*NUMBERS, _BOOL))
    if any(match["path"] is None or holds_token(match["path"]) for match in _LOGIN.finditer(text)):
        raise ValueError("its value holds credentials: set it where the environment runs")
    return text


_SECTIONS: dict[str, Callable[[EnvironmentReader, Node, int | None], None]] = {
    "platforms": EnvironmentReader._platforms,
    "category": EnvironmentReader._category,
    "name": EnvironmentReader._named,
    "channels": EnvironmentReader._channels,
    "dependencies": EnvironmentReader._dependencies,
    "variables": EnvironmentReader._variables_of,
    "prefix": EnvironmentReader._prefix,
}
