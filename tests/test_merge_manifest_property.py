"""Whatever two branches do to env.toml: it merges to what their locks merge to, or one of both merges is a conflict."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envlock.manifest.editor import new_manifest
from envlock.manifest.reader import read_manifest
from envlock.manifest.remarks import comments
from envlock.model.lock import ImageSettings, Inputs
from envlock.model.spec import CondaSpec, EnvSpec, ImageSpec, Index, LockSpec, PipSpec, Wants
from envlock.model.three_way import merged_image, merged_inputs
from envlock.workflows.merge_manifest import merge_manifest
from envlock.workflows.merged import Merged, Texts


def _some(*items: str, most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(items), unique_by=_name, max_size=most).map(lambda found: tuple(sorted(found)))


def _name(text: str) -> str:
    return text.partition(" ")[0].partition(">")[0].partition("<")[0].partition("[")[0]


_CONDA = _some("numpy", "numpy >=1", "numpy >=1.0", "zlib", "xz >=5")
_PIP = _some("attrs", "attrs>=23", "attrs[x]>=23", "idna", "six>=1", "toml<1")
_WANTS = st.builds(Wants, conda=_some("git", "git >=2"), pip=_PIP)
_TABLE = st.dictionaries(st.sampled_from("AB"), st.sampled_from("12"), max_size=2).map(
    lambda table: tuple(sorted(table.items()))
)
_INDEX = st.builds(Index, name=st.sampled_from("ab"), url=st.sampled_from(["https://a.test", "https://b.test"]))


def _rarely(values: st.SearchStrategy[Any], otherwise: Any = ()) -> st.SearchStrategy[Any]:
    return st.one_of(st.just(otherwise), st.just(otherwise), values)


FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "description": st.sampled_from(["", "one", "two"]),
    "python": st.sampled_from([None, "3.11", "3.12", "3.13"]),
    "platforms": _some("linux-64", "linux-aarch64", "osx-64").filter(bool),
    "conda": st.builds(
        CondaSpec,
        channels=st.sampled_from([("conda-forge",), ("a", "b"), ("b", "a"), ("a", "b", "c")]),
        dependencies=_rarely(_CONDA),
    ),
    "pip": st.builds(
        PipSpec,
        dependencies=_PIP,
        indexes=_rarely(st.lists(_INDEX, unique_by=lambda index: index.name, max_size=2).map(tuple)),
    ),
    "platform_wants": st.dictionaries(st.sampled_from(["linux-64", "osx-64"]), _WANTS.filter(bool), max_size=1).map(
        lambda table: tuple(sorted(table.items()))
    ),
    "groups": st.dictionaries(st.sampled_from(["dev", "gpu"]), _WANTS, max_size=2).map(
        lambda table: tuple(sorted(table.items()))
    ),
    "variables": _TABLE,
    "lock": st.builds(LockSpec, exclude_newer=st.sampled_from([None, None, "7d", "14d"])),
    "image": st.builds(
        ImageSpec,
        base=st.sampled_from([None, None, "acme/a:1", "acme/b:1"]),
        workdir=st.just("/app"),
        cmd=st.sampled_from([None, ("a",), ("a", "b")]),
        labels=_TABLE,
        copy=_some("./src", "./score.py"),
        bytecode=st.booleans(),
    ),
}


def _possible(values: dict[str, Any]) -> EnvSpec:
    """Only platforms that are asked for have tables."""
    wants = tuple((name, one) for name, one in values["platform_wants"] if name in values["platforms"])
    return EnvSpec(name="train", **{**values, "platform_wants": wants})


SPEC = st.fixed_dictionaries(FIELDS).map(_possible)


@st.composite
def branches(draw: st.DrawFn) -> tuple[EnvSpec, EnvSpec, EnvSpec]:
    """An environment, and what two people make of it who change a few things each."""
    base = draw(SPEC)
    sides = []
    for _ in range(2):
        changed = draw(st.sets(st.sampled_from(sorted(FIELDS)), min_size=1, max_size=3))
        values = {key: getattr(base, key) for key in FIELDS}
        sides.append(_possible({**values, **{key: draw(FIELDS[key]) for key in sorted(changed)}}))
    return base, sides[0], sides[1]


@dataclass(frozen=True)
class Manner:
    """How somebody writes: a comment above the first list, one behind its items, and all lists on a line."""

    above: str
    behind: str
    narrow: bool

    def written(self, spec: EnvSpec) -> str:
        text = new_manifest(spec)
        if self.narrow:
            text = re.sub(r",\n\]", "]", re.sub(r"(?<=[\[,])\n +(?=\")", "", text))
        elif self.behind:
            text = re.sub(r'(?m)^    "attrs.*,$', rf"\g<0>  # {self.behind}", text)
        return text.replace("dependencies = ", f"# {self.above}\ndependencies = ", 1) if self.above else text


REMARK = st.sampled_from(["", "", "why", "how"])
MANNER = st.builds(Manner, above=REMARK, behind=REMARK, narrow=st.sampled_from([False, False, True]))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(specs=branches(), manners=st.tuples(MANNER, MANNER, MANNER))
def test_env_toml_and_env_lock_merge_to_the_same(
    specs: tuple[EnvSpec, EnvSpec, EnvSpec], manners: tuple[Manner, Manner, Manner]
) -> None:
    base, ours, theirs = (manner.written(spec) for spec, manner in zip(specs, manners, strict=True))
    path = Path("train/env.toml")
    was, one, other = (read_manifest(path, text) for text in (base, ours, theirs))
    inputs = merged_inputs(Inputs.of(was), Inputs.of(one), Inputs.of(other))
    image = merged_image(ImageSettings.of(was), ImageSettings.of(one), ImageSettings.of(other))
    found = merge_manifest(Texts(base=base, ours=ours, theirs=theirs), path.parent)
    mirrored = merge_manifest(Texts(base=base, ours=theirs, theirs=ours), path.parent)
    assert found.clean == mirrored.clean
    _holds_all_that_is_new(found, base, ours, theirs)
    if found.clean:
        spec = read_manifest(path, found.text)
        assert read_manifest(path, mirrored.text) == spec
        if inputs.clean and image.clean:
            assert Inputs.of(spec) == inputs.value
            assert ImageSettings.of(spec) == image.value
    else:
        assert "<<<<<<< ours\n" in found.text
        assert found.notes


def _holds_all_that_is_new(found: Merged, base: str, ours: str, theirs: str) -> None:
    new = ({*comments(ours)} | {*comments(theirs)}) - {*comments(base)}
    assert new <= {*comments(found.text)}
    if ours == base:
        assert found == Merged(text=theirs, clean=True)
