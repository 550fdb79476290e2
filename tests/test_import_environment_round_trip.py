"""environment.yml there and back: what is imported is what env.toml says, and an exported lock keeps its pins."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envlock.errors import UserInputError
from envlock.interchange.conda.environment_import import read
from envlock.interchange.source import Source
from envlock.manifest.editor import new_manifest
from envlock.manifest.reader import read_manifest
from envlock.model.imported import Imported
from envlock.model.platform import PLATFORMS
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.tiny_project import TinyProject, tiny_project

HERE = Path("/nowhere/environment.yml")

_NAMES = st.sampled_from(["numpy", "Scipy", "py-xgboost", "_mutex", "python", "r-base", "zlib"])
_VERSIONS = st.sampled_from(["", "=1.2", " 1.2.*", "==3.11.7", "=3.11", ">=1,<2", " 1|>=2", "=1=py_0", "~=1.4"])
_PLACES = st.sampled_from(["", "", "conda-forge::", "acme/label/rc::", "https://host.test/own::", "defaults::"])
_SELECTORS = st.sampled_from(["", "", "  # [linux]", "  # [not win]", "  # [osx and arm64]", "  # [py>=39]", "  # [1]"])
_OTHERS = st.sampled_from(
    ["https://host.test/own/linux-64/x-1.0-h0.conda", "x[md5=00]", "sel(osx): y=2", "3.10", "z: 1"]
)
_ITEMS = st.builds("{}{}{}{}".format, _PLACES, _NAMES, _VERSIONS, _SELECTORS) | _OTHERS
_LINES = st.sampled_from([
    "flask", "flask>=2  # [linux]", "Flask[async]<4", "tomli; python_version<'3.11'", "a @ git+https://git.test/a@main",
    "six==1.0 --hash=sha256:00", "--extra-index-url https://one.test/simple", "-i https://two.test/simple",
    "https://kim:pw@host.test/x-1.0-py3-none-any.whl", "-e ./absent", "--pre", "x==", "12",
])  # fmt: skip
_CHANNELS = st.sampled_from(["conda-forge", "defaults", "nodefaults", "https://u:pw@host.test/a", "acme/label/rc"])


@st.composite
def environments(draw: st.DrawFn) -> str:
    """Files as people have them, with much that has no place in env.toml."""
    lines = [f"name: {draw(st.sampled_from(['train', 'My Env', 'a--b', '']))}", "channels:"]
    lines += [f"  - {channel}" for channel in draw(st.lists(_CHANNELS, max_size=3))]
    if draw(st.booleans()):
        lines.append(f"platforms: [{', '.join(draw(st.lists(st.sampled_from([*PLATFORMS, 'win-32']), max_size=3)))}]")
    if draw(st.booleans()):
        lines.append(f"category: {draw(st.sampled_from(['main', 'dev', 'My group']))}")
    lines.append("dependencies:")
    lines += [f"  - {item}" for item in draw(st.lists(_ITEMS, max_size=8))]
    for section in draw(st.lists(st.lists(_LINES, max_size=5), max_size=2)):
        lines += ["  - pip:", *(f"    - {line}" for line in section)]
    lines += ["variables:", *draw(st.lists(st.sampled_from(["  A: 1", "  B_C: 'x y'", "  1: z", "  D:"]), max_size=3))]
    return "\n".join(lines) + "\n"


def imported(text: str, path: Path = HERE, **more: Any) -> Imported:
    return read(Source(path=path, text=text, **more))


@given(environments())
def test_env_toml_says_what_was_imported(text: str) -> None:
    found = imported(text)
    spec = replace(found.spec, name="train")
    assert read_manifest(HERE.with_name("env.toml"), new_manifest(spec)) == spec
    assert "pw" not in repr(found)


@given(environments())
def test_a_line_more_that_is_a_comment_changes_nothing_but_lines(text: str) -> None:
    found, moved = imported(text), imported(f"# a comment\n{text}")
    assert moved.spec == found.spec
    assert moved.remarks == tuple(replace(each, line=each.line + 1 if each.line else None) for each in found.remarks)


@given(st.text(alphabet="-:[]{}&*!|>'\"%@`#,?\n \tabdefnps=<1.", max_size=60))
def test_any_text_is_read_or_refused(rest: str) -> None:
    try:
        found = imported(f"dependencies:\n{rest}")
    except UserInputError as error:
        found = None
        said = error.message
    if found is None:
        assert said.startswith(f"{HERE}:")
        return
    spec = replace(found.spec, name="train")
    assert read_manifest(HERE.with_name("env.toml"), new_manifest(spec)) == spec


def test_an_alias_of_what_was_read_asks_for_nothing_more() -> None:
    """A small file, as large as a thousand of its sections if each alias were read again."""
    section = "  - &all\n    pip:\n" + "".join(f"      - ./absent-{number}\n" for number in range(100))
    found = imported("channels: [a]\ndependencies:\n" + section + "  - *all\n" * 1000)
    assert len(found.remarks) == 100
    shared = "channels: [a]\ndependencies:\n  - pip: &all\n" + "".join(f"    - ./absent-{n}\n" for n in range(100))
    assert len(imported(shared + "  - pip: *all\n" * 1000).remarks) == 100


def test_mappings_that_are_merged_by_many_are_read_once() -> None:
    lines = ["x0: &x0 {A: 1}", *(f"x{n}: &x{n}\n  <<: [{', '.join([f'*x{n - 1}'] * 16)}]" for n in range(1, 12))]
    found = imported("\n".join([*lines, "channels: [a]", "variables:", "  <<: *x11"]) + "\n")
    assert found.spec.variables == (("A", "1"),)


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[TinyProject]:
    with tiny_project(tmp_path) as project:
        yield project


def test_an_exported_lock_gives_the_same_pins(tiny: TinyProject) -> None:
    write_channel(tiny.channel, [CondaPackage(name="pip", depends=("python",))])
    tiny.write(conda=("tool", "pip"), pip=("alpha",))
    tiny.must("lock")
    before = tiny.locked()
    exported = tiny.must("export", "--format", "environment.yml")
    (tiny.folder / "environment.yml").write_text(exported)
    result = tiny.call("import", "environment.yml", "--overwrite", "--base", "scratch")
    assert result.code == 0, result
    assert "not carried over" not in result.stderr, result
    tiny.lockfile.unlink(missing_ok=True)
    tiny.must("lock")
    after = tiny.locked()
    pins = [(package.name, package.version, package.sha256) for package in before.packages]
    assert [(package.name, package.version, package.sha256) for package in after.packages] == pins
    again = tiny.must("export", "--format", "environment.yml")
    assert again == exported
