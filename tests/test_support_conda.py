"""The conda packages, channels and prefixes that tests are made of work as real ones do."""

import io
import json
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
import zstandard

from tests.support import wheels
from tests.support.conda_channel import rattler_index, write_channel
from tests.support.conda_package import CondaPackage, PackageFile, package_bytes
from tests.support.conda_prefix import install
from tests.support.conda_python import interpreter, python_package
from tests.support.conda_wheel import wheel_package
from tests.support.http_server import FileServer
from tests.support.processes import run_here

PYTHONS = {"running": sys.executable, "debian": "/usr/bin/python3.11"}

WHERE = """
import ctypes, json, site, sqlite3, ssl, sys, sysconfig
paths = sysconfig.get_paths()
print(json.dumps([sys.prefix, paths["purelib"], paths["scripts"], sys.path[-1], site.getsitepackages()[0]]))
"""

FIT = """
import lightgbm, pandas, sklearn.linear_model
table = pandas.DataFrame({"x": [0.0, 1.0, 2.0, 3.0]})
print([int(each) for each in sklearn.linear_model.LogisticRegression().fit(table, [0, 0, 1, 1]).predict(table)[1:3]])
"""


@pytest.mark.parametrize("which", PYTHONS)
def test_a_repacked_python_lives_in_the_prefix_it_is_installed_to(tmp_path: Path, which: str) -> None:
    program = PYTHONS[which]
    if not Path(program).exists():
        pytest.skip(f"there is no {program} here")
    channel, prefix = tmp_path / "channel", tmp_path / "prefix"
    write_channel(channel, [python_package(interpreter(program))])
    install(channel.as_uri(), ["python"], prefix)
    site_packages = next(prefix.glob("lib/python3.*")) / "site-packages"
    site_packages.mkdir(exist_ok=True)
    answer = json.loads(run_here(prefix / "bin/python", "-I", "-c", WHERE))
    expected = [prefix, site_packages, prefix / "bin", site_packages, site_packages]
    assert answer == [str(path) for path in expected]


def test_real_packages_work_after_installation(tmp_path: Path, conda_channel: Path) -> None:
    prefix = tmp_path / "prefix"
    install(conda_channel.as_uri(), ["python", "flask", "pandas", "scikit-learn", "lightgbm"], prefix)
    assert f"Flask {wheels.VERSIONS['flask']}" in run_here(prefix / "bin/flask", "--version")
    assert wheels.VERSIONS["numpy"] in run_here(prefix / "bin/numpy-config", "--version")
    assert run_here(prefix / "bin/python", "-c", FIT) == "[0, 1]\n"


def test_a_channel_is_installed_from_over_http_too(tmp_path: Path, conda_channel_http: FileServer) -> None:
    prefix = tmp_path / "prefix"
    install(conda_channel_http.url, ["python", "click"], prefix)
    assert run_here(prefix / "bin/python", "-c", "import click; print(click.__name__)") == "click\n"
    asked = [path for _, path in conda_channel_http.requests]
    assert f"/noarch/click-{wheels.VERSIONS['click']}-pyhd_0.conda" in asked


def test_a_package_has_the_same_bytes_each_time() -> None:
    python = interpreter(sys.executable)
    for name in ("flask", "markupsafe"):
        package = wheel_package(wheels.path(name), python)
        assert package_bytes(package) == package_bytes(wheel_package(wheels.path(name), python))
    first, second = python_package(python), python_package(python)
    assert package_bytes(first) == package_bytes(second)


def test_dependencies_are_those_of_the_wheel_in_condas_words() -> None:
    python = interpreter(sys.executable)
    flask, numpy = (wheel_package(wheels.path(name), python) for name in ("flask", "numpy"))
    assert flask.noarch == "python"
    assert flask.entry_points == ("flask = flask.cli:main",)
    assert "jinja2 >=3.1.2" in flask.depends
    assert not any("importlib" in spec for spec in flask.depends)  # its marker is for older Pythons
    assert numpy.subdir == "linux-64"
    assert f"python_abi {python.minor}.* *_cp{python.minor.replace('.', '')}" in numpy.depends


def test_our_index_of_a_tiny_channel_says_what_rattlers_says(tmp_path: Path) -> None:
    packages = [
        CondaPackage(name="tool", version="1.2", files={"bin/tool": b"#!/bin/sh\n"}, depends=("lib >=1",)),
        CondaPackage(name="lib", build="h1", build_number=3, noarch="generic", constrains=("tool >1",)),
    ]
    channel = write_channel(tmp_path, packages)
    folders = [channel / subdir for subdir in ("linux-64", "noarch")]
    ours = [json.loads((folder / "repodata.json").read_bytes())["packages.conda"] for folder in folders]
    rattler_index(channel)
    theirs = [json.loads((folder / "repodata.json").read_bytes())["packages.conda"] for folder in folders]
    assert [list(records) for records in ours] == [["tool-1.2-0.conda"], ["lib-1.0-h1.conda"]]
    assert ours == theirs


def test_a_hostile_package_holds_what_it_was_given(tmp_path: Path) -> None:
    files: dict[str, PackageFile | bytes] = {
        "way": PackageFile(link="/tmp"),
        "way/out": b"through a link",
        "../up": b"up",
        "/absolute": PackageFile(content=b"root", declared_sha256="0" * 64),
    }
    write_channel(tmp_path, [CondaPackage(name="bad", files=files)])
    with zipfile.ZipFile(tmp_path / "linux-64/bad-1.0-0.conda") as archive:
        assert tar_names(archive.read("pkg-bad-1.0-0.tar.zst")) == list(files)
        info = tar_of(archive.read("info-bad-1.0-0.tar.zst"))
        paths = json.loads(info.extractfile("info/paths.json").read())["paths"]  # type: ignore[union-attr]
    assert [entry["_path"] for entry in paths] == list(files)
    assert paths[3]["sha256"] == "0" * 64


def tar_of(compressed: bytes) -> tarfile.TarFile:
    return tarfile.open(fileobj=io.BytesIO(zstandard.ZstdDecompressor().decompress(compressed)))


def tar_names(compressed: bytes) -> list[str]:
    # TarFile.getnames would do, were it not that it takes the leading slash for granted
    return [member.name for member in tar_of(compressed).getmembers()]
