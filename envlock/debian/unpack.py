"""All packages together as one root: what each of them puts there, with final paths, modes and owners."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from envlock.debian.accounts import Accounts
from envlock.debian.documentation import is_documentation
from envlock.debian.listing import Member
from envlock.debian.ownership import Brought, owned
from envlock.model.files import Content, SystemFile

# the content of a regular file of a package, by the package's name
ContentOf = Callable[[str, Member], Content]


def unpack(
    packages: Sequence[Brought], accounts: Accounts, content: ContentOf, *, docs: bool
) -> dict[str, tuple[SystemFile, ...]]:
    """The files that each package has in the root, sorted by path; conffiles are among them.

    Folders that nothing is in stay, as dpkg leaves them. Names for one file within a package are hard links of the
    first of them by path that is left: so a layer that is sorted has the file before its other names.
    """
    found = owned(packages)
    members: dict[str, list[Member]] = {package.name: [] for package in packages}
    kept = {p for p, each in found.items() if docs or not is_documentation(p, is_link=each.member.kind == "link")}
    kept |= {folder for path in kept for folder in _folders(path) if folder in found}
    for path in sorted(kept, key=str.encode):
        members[found[path].owner].append(found[path].member)
    return {package.name: tuple(_files(package, members[package.name], accounts, content)) for package in packages}


def _files(package: Brought, members: Iterable[Member], accounts: Accounts, content: ContentOf) -> Iterator[SystemFile]:
    regular = {member.path: member for member in package.members if member.kind == "file"}
    first: dict[str, str] = {}  # of the names of one file, by the one that the package has it under
    for member in members:
        inode = regular[member.target] if member.kind == "hardlink" else member
        name = first.setdefault(inode.path, member.path) if inode.kind == "file" else None
        yield SystemFile(
            path=member.path,
            mode=0o777 if inode.kind == "link" else inode.mode,
            uid=accounts.uid(inode.user, inode.uid),
            gid=accounts.gid(inode.group, inode.gid),
            content=content(package.name, inode) if name == member.path else None,
            link=inode.target if inode.kind == "link" else None,
            hardlink=name if name != member.path else None,
            is_folder=inode.kind == "folder",
        )


def _folders(path: str) -> Iterable[str]:
    while path := path.rpartition("/")[0]:
        yield path
