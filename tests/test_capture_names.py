"""conda environments by their names, as conda's tools find them; and prefixes of any content."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envlock.errors import UserInputError
from envlock.interchange.foreign import foreign_of
from envlock.interchange.installed import conda_prefix, virtual_environment
from envlock.interchange.source import Source
from envlock.workflows.capture import prefix_at
from tests.support.prefixes import conda_record, python_record, write_distribution, write_prefix, write_venv


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A conda with two environments, one noted elsewhere, and a folder of further ones."""
    root = write_prefix(tmp_path / "conda", conda_record("conda"))
    (root / "condabin").mkdir()
    for place in ("conda/envs/train", "conda/envs/serve", "far/away/noted", "more/extra", "home/.conda/envs/own"):
        write_prefix(tmp_path / place, conda_record("a"))
    (tmp_path / "more" / "none").mkdir()
    (tmp_path / "home/.conda/environments.txt").write_text(f"{tmp_path}/far/away/noted\n{tmp_path}/gone\nrelative\n\n")
    return tmp_path


FOUND = [
    ("train", {"CONDA_EXE": "{}/conda/bin/conda"}, "conda/envs/train"),
    ("serve", {"CONDA_PREFIX": "{}/conda/envs/train"}, "conda/envs/serve"),
    ("serve", {"CONDA_PREFIX": "{}/x", "CONDA_PREFIX_1": "{}/conda"}, "conda/envs/serve"),
    ("serve", {"MAMBA_ROOT_PREFIX": "{}/conda"}, "conda/envs/serve"),
    ("base", {"CONDA_PREFIX": "{}/conda"}, "conda"),
    ("extra", {"CONDA_ENVS_PATH": "{}/nowhere:{}/more"}, "more/extra"),
    ("extra", {"CONDA_ENVS_DIRS": "{}/more"}, "more/extra"),
    ("noted", {"HOME": "{}/home"}, "far/away/noted"),
    ("own", {"HOME": "{}/home"}, "home/.conda/envs/own"),
]


def filled(variables: Mapping[str, str], home: Path) -> dict[str, str]:
    return {name: value.replace("{}", str(home)) for name, value in variables.items()}


@pytest.mark.parametrize(("name", "variables", "place"), FOUND)
def test_names(home: Path, name: str, variables: dict[str, str], place: str) -> None:
    assert prefix_at(Path(name), filled(variables, home)) == home / place


def test_a_folder_is_itself(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home / "conda" / "envs")
    for path in (Path("train"), Path("./train"), home / "nowhere", Path("a/b")):
        assert prefix_at(path, {}) == path


@pytest.mark.parametrize("place", ["/", "/usr", "home"])
def test_folders_that_are_no_prefix(home: Path, place: str) -> None:
    """Such as the Python of the system, whose packages are Debian's."""
    with pytest.raises(UserInputError, match="is neither a conda environment nor a virtual environment"):
        prefix_at(home / place, {})


@pytest.mark.parametrize(
    ("name", "variables", "message", "hint"),
    [
        ("trian", {"CONDA_PREFIX": "{}/conda"}, "no conda environment `trian`", "did you mean `train`?"),
        ("xyz", {"HOME": "{}/home"}, "no conda environment `xyz`", "known are noted, own"),
        ("xyz", {}, "no conda environment `xyz`", "conda's tools have noted none for this user"),
        (
            "own",
            {"HOME": "{}/home", "CONDA_ENVS_PATH": "{}/twice"},
            "several conda environments are named `own`: `{}/home/.conda/envs/own`, `{}/twice/own`",
            "name its folder",
        ),
    ],
)
def test_no_name(home: Path, name: str, variables: dict[str, str], message: str, hint: str) -> None:
    write_prefix(home / "twice" / "own", conda_record("a"))
    with pytest.raises(UserInputError) as refusal:
        prefix_at(Path(name), filled(variables, home))
    assert (refusal.value.message, refusal.value.hint) == (message.replace("{}", str(home)), hint)


def test_which_folder_is_what(tmp_path: Path) -> None:
    both = write_prefix(write_venv(tmp_path / "both"), conda_record("a"))
    places = (write_prefix(tmp_path / "conda"), write_venv(tmp_path / "venv"), both)
    assert [foreign_of(place, "") for place in places] == ["conda prefix", "virtual environment", "conda prefix"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    changes=st.dictionaries(st.sampled_from([*conda_record("a"), "paths_data", "requested_spec"]), values, max_size=3)
)
def test_no_record_is_more_than_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    """Whatever stands in a record, it is read, or refused in words."""
    prefix = write_prefix(tmp_path / "env", python_record())
    path = prefix / "conda-meta" / "a.json"
    path.write_text(json.dumps(conda_record("a") | changes))
    with suppress(UserInputError, ValueError):
        found = conda_prefix.read(Source(path=prefix)).pinned[0].conda
        assert "python" in {package.name for package in found}


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    file=st.sampled_from(["METADATA", "WHEEL", "RECORD", "INSTALLER", "direct_url.json"]),
    content=st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | values.map(lambda v: json.dumps(v).encode()),
)
def test_no_distribution_is_more_than_named(tmp_path: Path, file: str, content: bytes) -> None:
    venv = tmp_path / "env"
    if not venv.exists():
        write_venv(venv)
        write_distribution(venv, "good")
        write_distribution(venv, "odd")
    odd = next(venv.rglob("odd-1.0.dist-info"))
    before = (odd / file).read_bytes() if (odd / file).exists() else None
    (odd / file).write_bytes(content)
    imported = virtual_environment.read(Source(path=venv))
    names = {package.name for package in imported.pinned[0].pip}
    assert "good" in names
    assert len(names) == 2 or imported.remarks
    (odd / file).unlink() if before is None else (odd / file).write_bytes(before)
