"""The alternatives that packages install, as `update-alternatives` leaves them: links, and its own records.

The calls are read off the packages' scripts, which are not run. Where several packages bring one of the same priority,
the first by name has it, as the one that was installed first would.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from posixpath import basename, dirname, join

from envlock.debian.overlay import file, folder, found, link, resolve
from envlock.debian.root import Root
from envlock.debian.shell_status import UNKNOWN, Known, Place
from envlock.debian.shell_walk import commands
from envlock.debian.shell_words import ShellError
from envlock.model.files import SystemFile

LINKS = "etc/alternatives"
RECORDS = "var/lib/dpkg/alternatives"
_PRIORITIES = range(-(2**31), 2**31)


@dataclass(frozen=True, slots=True)
class Name:
    """What is alternated: its name, and the link that people use."""

    name: str
    link: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One that can be chosen; `slaves` are paths by the names that go along with it."""

    path: str
    priority: int
    slaves: dict[str, str]


@dataclass(slots=True)
class Group:
    """All choices of one name."""

    master: Name
    chosen: str
    choices: dict[str, Choice] = field(default_factory=dict)
    slaves: dict[str, Name] = field(default_factory=dict)

    def add(self, choice: Choice, slaves: Sequence[Name]) -> None:
        self.choices[choice.path] = choice
        self.slaves.update((slave.name, slave) for slave in slaves)
        for other in (self.choices[path] for path in sorted(self.choices)):
            if other.priority > self.choices[self.chosen].priority:
                self.chosen = other.path

    @property
    def names(self) -> list[Name]:
        """The slaves that some choice has, by name."""
        return [self.slaves[name] for name in sorted({name for c in self.choices.values() for name in c.slaves})]

    def record(self) -> bytes:
        """What `update-alternatives` keeps of it (its format: update-alternatives(1), FILES)."""
        lines = ["auto", self.master.link, *(line for name in self.names for line in (name.name, name.link)), ""]
        for path in sorted(self.choices, key=lambda path: path.encode()):
            choice = self.choices[path]
            lines += [path, str(choice.priority), *(choice.slaves.get(name.name, "") for name in self.names)]
        return "".join(f"{line}\n" for line in (*lines, "")).encode()


def alternatives(root: Root) -> Iterator[SystemFile]:
    groups = _groups(root)
    if groups:
        yield from (folder(path) for path in (LINKS, RECORDS) if path not in root.files)
    for name in sorted(groups):
        group = groups[name]
        yield file(f"{RECORDS}/{name}", group.record())
        chosen = group.choices[group.chosen]
        yield from _links(root, group.master, chosen.path)
        for slave in group.names:
            target = chosen.slaves.get(slave.name)
            if target and _stands(root, target):
                yield from _links(root, slave, target)


def _links(root: Root, name: Name, path: str) -> Iterator[SystemFile]:
    """Both links, but where a file stands in the way, or the folder was left out."""
    place = resolve(root, dirname(name.link))
    if place is None:
        return
    yield link(f"{LINKS}/{name.name}", path)
    standing = root.files.get(join(place, basename(name.link)))
    if standing is None or standing.link is not None:
        yield link(join(place, basename(name.link)), f"/{LINKS}/{name.name}")


def _groups(root: Root) -> dict[str, Group]:
    groups: dict[str, Group] = {}
    owners: dict[str, str] = {}  # of names and links of masters and slaves: the group that has them
    for package in sorted(root.versions):
        for words in _calls(root, package):
            call = _installs(words)
            if call and _stands(root, call[1].path):
                _install(groups, owners, *call)
    return groups


def _install(
    groups: dict[str, Group], owners: dict[str, str], master: Name, choice: Choice, slaves: Sequence[Name]
) -> None:
    """As one call does; one that would take a name or a link of another group fails, and changes nothing."""
    taken = [text for name in (master, *slaves) for text in (name.name, name.link)]
    if any(owners.get(text, master.name) != master.name for text in taken):
        return
    owners.update(dict.fromkeys(taken, master.name))
    group = groups.setdefault(master.name, Group(master, choice.path))
    group.master = master
    group.add(choice, slaves)


def _calls(root: Root, package: str) -> Iterator[tuple[str, ...]]:
    script = root.control(package).get("postinst", b"")
    if b"update-alternatives" not in script:
        return
    known = Known(package=package, architecture=root.architecture, place=lambda path: _place(root, path))
    try:
        found = commands(script.decode("utf-8", "replace"), ("configure", ""), known)
    except ShellError:
        return
    yield from (c.words for c in found if c.words and basename(c.words[0]) == "update-alternatives")


def _place(root: Root, path: str) -> Place:
    standing = found(root, path)
    place = resolve(root, dirname(path))
    itself = root.files.get(join(place or "", basename(path)))
    return Place(
        link=itself is not None and itself.link is not None,
        folder=_stands(root, path) and (standing is None or standing.is_folder),
        file=standing is not None and not standing.is_folder,
        executable=standing is not None and not standing.is_folder and bool(standing.mode & 0o111),
        filled=standing is not None and (standing.size > 0 or standing.hardlink is not None),
    )


def _stands(root: Root, path: str) -> bool:
    return resolve(root, path) is not None


def _installs(words: Sequence[str]) -> tuple[Name, Choice, list[Name]] | None:
    """A call with `--install`, as far as it is known; None for others, and for what would be refused."""
    if "--install" not in words:
        return None
    start = words.index("--install") + 1
    asked, rest = words[start : start + 4], words[start + 4 :]
    if len(asked) < 4 or not _is_sound(asked[:3]) or (priority := _priority(asked[3])) is None:
        return None
    slaves = [rest[at + 1 : at + 4] for at, word in enumerate(rest) if word == "--slave"]
    sound = [slave for slave in slaves if _is_sound(slave)]
    choice = Choice(asked[2], priority, {name: path for _, name, path in sound})
    return Name(asked[1], asked[0]), choice, [Name(name, link) for link, name, _ in sound]


def _is_sound(words: Sequence[str]) -> bool:
    """A link, a name and a path as `update-alternatives` takes them."""
    if len(words) != 3 or any(UNKNOWN in word or "\n" in word for word in words):
        return False
    link, name, path = words
    is_name = name not in {"", ".", ".."} and not any(c == "/" or c.isspace() for c in name)
    return (
        is_name
        and link.startswith("/")
        and path.startswith("/")
        and link != path
        and basename(link) not in {"", ".", ".."}
    )


def _priority(text: str) -> int | None:
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 10:
        return None
    return int(text) if int(text) in _PRIORITIES else None
