"""What pip installed over conda's packages, of which an environment has one or the other."""

from collections.abc import Sequence
from dataclasses import dataclass

from envlock.interchange.installed.conda_meta import CondaRecord
from envlock.interchange.installed.site_packages import Site
from envlock.model.conda_contents import distributions
from envlock.model.imported import Remark
from envlock.model.match_specs import conda_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlaid:
    """The conda packages that give way to pip's distributions, and the distributions that give way to conda's."""

    conda: frozenset[str]
    pip: frozenset[str]
    remarks: tuple[Remark, ...]


def overlaid(records: Sequence[CondaRecord], site: Site) -> Overlaid:
    """What is needed by another conda package stays as conda's."""
    installed = {one.name: one for one in site.distributions}
    needed = {conda_name(text) for record in records for text in record.pinned.requires or ()}
    conda, pip, remarks = set[str](), set[str](), list[Remark]()
    for record in records:
        package = record.pinned
        twice = sorted(installed.keys() & brought(record))
        if twice and package.name not in needed:
            conda.add(package.name)
            over = ", ".join(f"{name} {installed[name].version}" for name in twice)
            why = f"pip installed {over} over conda's package: carried over is the wheel"
            remarks.append(Remark(what=f"{package.name} {package.version}", why=why))
        elif twice:
            pip.update(twice)
            why = f"pip installed it over conda's {package.version}, which other packages need: that is carried over"
            remarks += [Remark(what=f"{name} {installed[name].version}", why=why) for name in twice]
        else:
            remarks += record.state.remarks(f"{package.name} {package.version}")
    return Overlaid(conda=frozenset(conda), pip=frozenset(pip), remarks=tuple(remarks))


def brought(record: CondaRecord) -> set[str]:
    """The distributions of a conda package, by canonical name."""
    paths = (f"site-packages/{n}/METADATA" if n.endswith(".dist-info") else f"site-packages/{n}" for n in record.site)
    return {text.partition("==")[0] for text in distributions(paths)}
