"""The parts that tests are made of work as real ones do."""

import hashlib
import io
import json
import os
import select
import stat
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import pytest
import zstandard

from tests.conftest import IndexServers
from tests.support import base_image as base_images
from tests.support import cache, services, wheels
from tests.support.conda_channel import rattler_index, write_channel
from tests.support.conda_package import CondaPackage, PackageFile, package_bytes
from tests.support.conda_prefix import install
from tests.support.conda_python import interpreter, python_package
from tests.support.conda_wheel import wheel_package
from tests.support.docker_engine import Engine
from tests.support.http_server import FileServer, Response, serve_folder
from tests.support.processes import PROJECT, ServerError, run, server, with_variables
from tests.support.registry import Registry
from tests.support.tiny_wheels import write_wheel

PYTHONS = {"running": sys.executable, "debian": "/usr/bin/python3.11"}

WHERE = """
import ctypes, json, site, sqlite3, ssl, sys, sysconfig
paths = sysconfig.get_paths()
print(json.dumps([sys.prefix, paths["purelib"], paths["scripts"], sys.path[-1], site.getsitepackages()[0]]))
"""


def printed(*command: str | Path, **variables: str) -> str:
    return run(command, environment=with_variables(variables))


# conda packages and channels


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
    answer = json.loads(printed(prefix / "bin/python", "-I", "-c", WHERE))
    expected = [prefix, site_packages, prefix / "bin", site_packages, site_packages]
    assert answer == [str(path) for path in expected]


def test_real_packages_work_after_installation(tmp_path: Path, conda_channel: Path) -> None:
    prefix = tmp_path / "prefix"
    install(conda_channel.as_uri(), ["python", "flask", "pandas", "scikit-learn", "lightgbm"], prefix)
    assert f"Flask {wheels.VERSIONS['flask']}" in printed(prefix / "bin/flask", "--version")
    assert wheels.VERSIONS["numpy"] in printed(prefix / "bin/numpy-config", "--version")
    code = "import pandas, sklearn.svm; print(pandas.DataFrame({'a': [1, 2]}).a.sum())"
    assert printed(prefix / "bin/python", "-c", code) == "3\n"


def test_a_channel_is_installed_from_over_http_too(tmp_path: Path, conda_channel_http: FileServer) -> None:
    prefix = tmp_path / "prefix"
    install(conda_channel_http.url, ["python", "click"], prefix)
    assert printed(prefix / "bin/python", "-c", "import click; print(click.__name__)") == "click\n"
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


# HTTP


def fetched(url: str, **headers: str) -> tuple[int, bytes]:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def test_files_ranges_and_overrides_over_http(tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    (tmp_path / "served/a b").write_bytes(b"0123456789")
    (tmp_path / "secret").write_bytes(b"not served")
    with serve_folder(tmp_path / "served") as served:
        address = f"{served.url}/a%20b"
        assert fetched(address) == (200, b"0123456789")
        assert fetched(address, Range="bytes=2-4") == (206, b"234")
        assert fetched(address, Range="bytes=7-") == (206, b"789")
        assert fetched(address, Range="bytes=-3") == (206, b"789")
        assert fetched(address, Range="bytes=10-") == (416, b"")
        assert fetched(f"{served.url}/../secret")[0] == 404
        served.overrides["/a b"] = b"tampered"
        assert fetched(address, Range="bytes=0-1") == (206, b"ta")
        served.overrides["/a b"] = 503
        assert fetched(address) == (503, b"")
        served.overrides["/a b"] = Response(content=b"later", status=429, headers={"Retry-After": "1"})
        assert fetched(address) == (429, b"later")
        assert served.requests == [("GET", "/a b")] * 5 + [("GET", "/../secret")] + [("GET", "/a b")] * 3


# package indexes


PIP_DOWNLOAD = (sys.executable, "-m", "pip", "--isolated", "download", "--quiet", "--no-deps")
UV_COMPILE = (sys.executable, "-m", "uv", "--no-config", "pip", "compile", "--python", sys.executable)


def download(index_url: str, requirements: Path, target: Path) -> set[str]:
    """The names of the files that pip downloads, every hash checked."""
    options = ("--require-hashes", "--index-url", index_url, "--dest", target, "--requirement", requirements)
    printed(*PIP_DOWNLOAD, *options, PIP_CONFIG_FILE=os.devnull)
    return {path.name for path in target.iterdir()}


def test_uv_and_pip_use_the_index(tmp_path: Path, real_wheels: Path, index_server: IndexServers) -> None:
    index = index_server(real_wheels)
    wanted, locked = tmp_path / "wanted.txt", tmp_path / "locked.txt"
    wanted.write_text("flask\n")
    locked.write_text(printed(*UV_COMPILE, "--generate-hashes", "--default-index", index.url, wanted))
    names = ("blinker", "click", "flask", "itsdangerous", "jinja2", "markupsafe", "werkzeug")
    assert download(index.url, locked, tmp_path / "got") == {wheels.path(name).name for name in names}
    assert ("GET", f"/files/{wheels.path('flask').name}.metadata") in index.requests


def test_a_tampered_wheel_is_announced_with_its_true_hash(tmp_path: Path, index_server: IndexServers) -> None:
    wheel = write_wheel(tmp_path / "wheels", "acme")
    index = index_server(tmp_path / "wheels")
    locked = tmp_path / "locked.txt"
    locked.write_text(f"acme==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    index.server.overrides[f"/files/{wheel.name}"] = wheel.read_bytes() + b"\0"
    with pytest.raises(AssertionError, match="DO NOT MATCH THE HASHES"):
        download(index.url, locked, tmp_path / "got")
    index.server.overrides.clear()
    assert download(index.url, locked, tmp_path / "got") == {wheel.name}


def test_both_forms_of_an_index_page_say_the_same(tmp_path: Path, index_server: IndexServers) -> None:
    old = write_wheel(tmp_path, "acme", "1.0", requires_python=">=3.9")
    new = write_wheel(tmp_path, "acme", "2.0")
    index = index_server(tmp_path, yanked={new.name: "broken <again>"}, uploaded={old.name: "2020-02-02T00:00:00Z"})
    _, page = fetched(f"{index.url}Acme/", Accept="application/vnd.pypi.simple.v1+json")
    first, second = json.loads(page)["files"]
    assert (first["filename"], first["requires-python"], first["yanked"]) == (old.name, ">=3.9", False)
    assert first["upload-time"] == "2020-02-02T00:00:00Z"
    assert first["hashes"]["sha256"] == hashlib.sha256(old.read_bytes()).hexdigest()
    assert second["yanked"] == "broken <again>"
    _, html_page = fetched(f"{index.url}acme/")
    assert f"{old.name}#sha256={first['hashes']['sha256']}".encode() in html_page
    assert b'data-requires-python="&gt;=3.9"' in html_page
    assert b'data-yanked="broken &lt;again&gt;"' in html_page
    assert fetched(f"{index.url}unknown/")[0] == 404


# wheels


def test_a_tiny_wheel_installs_and_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    def write(folder: Path) -> Path:
        return write_wheel(folder, "acme-tool", entry_points={"acme": "acme_tool:__name__.upper"})

    wheel = write(tmp_path / "one")
    assert wheel.read_bytes() == write(tmp_path / "two").read_bytes()
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--isolated",
        "install",
        "--quiet",
        "--no-index",
        "--target",
    ]
    printed(*pip, tmp_path / "target", wheel, PIP_CONFIG_FILE=os.devnull)
    code = "import acme_tool, importlib.metadata as m; print(acme_tool.__version__, m.version('acme-tool'))"
    assert printed(sys.executable, "-c", code, PYTHONPATH=str(tmp_path / "target")) == "1.0 1.0\n"


def test_a_hostile_wheel_holds_what_it_was_given(tmp_path: Path) -> None:
    bad = {"../up.py": "up", "/absolute.py": "root", "way/out.py": "through a link"}
    wheel = write_wheel(tmp_path, "bad", bad=bad, links={"way": "/tmp"})
    with zipfile.ZipFile(wheel) as archive:
        assert set(bad) < {entry.orig_filename for entry in archive.infolist()}
        link = archive.infolist()[0]
        assert stat.S_ISLNK(link.external_attr >> 16)
        assert archive.read(link) == b"/tmp"


# containers


def test_the_registry_keeps_the_digest_of_what_is_pushed(
    registry: Registry, base_image: Path, base_reference: str
) -> None:
    assert base_reference == f"{registry.host}/base:latest"
    accept = "application/vnd.oci.image.manifest.v1+json"
    status, manifest = fetched(f"{registry.url}/v2/base/manifests/latest", Accept=accept)
    assert status == 200
    assert f"sha256:{hashlib.sha256(manifest).hexdigest()}" == base_images.digest(base_image)


def test_the_base_image_runs_in_an_engine_of_our_own(base_image: Path, docker_engine: Engine) -> None:
    skopeo = [services.require("skopeo", "skopeo"), "--insecure-policy", "copy", "--quiet"]
    daemon = ["--dest-daemon-host", docker_engine.url, f"oci:{base_image}:base", "docker-daemon:base:test"]
    printed(*skopeo, *daemon)
    code = "import ssl, sqlite3, sys; print(sys.version_info[:2], len(ssl.create_default_context().get_ca_certs()) > 9)"
    output = docker_engine.client.containers.run(
        "base:test", [base_images.INTERPRETER, "-c", code], network_mode="none", remove=True, user="1000"
    )
    assert output == b"(3, 11) True\n"


# what is around them

LISTENER = (sys.executable, "-c", "import signal; print('ready', flush=True); signal.pause()")


def test_a_server_has_ended_when_its_block_is_left(tmp_path: Path) -> None:
    log = tmp_path / "log"
    running: list[int] = []

    def fail_while_it_runs() -> None:
        with server(LISTENER, log=log, answers=lambda: "ready" in log.read_text()) as process:
            running.append(process)
            os.kill(process, 0)  # it is there
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_while_it_runs()
    with pytest.raises(ProcessLookupError):
        os.kill(running[0], 0)


def test_a_server_ends_with_a_test_process_that_is_killed(tmp_path: Path) -> None:
    services.require("setpriv", "util-linux")
    code = f"""
import os, pathlib, signal, sys
from tests.support.processes import server
log = pathlib.Path({str(tmp_path / "log")!r})
with server({LISTENER!r}, log=log, answers=lambda: "ready" in log.read_text()) as process:
    print(process, flush=True)
    sys.stdin.readline()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    variables = with_variables({"PYTHONPATH": str(PROJECT)})
    child = subprocess.Popen(
        [sys.executable, "-c", code], env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        listener = os.pidfd_open(int(child.stdout.readline()))
        child.communicate("go\n")
    ended, _, _ = select.select([listener], [], [], 30)  # a process's descriptor is readable once it has ended
    os.close(listener)
    assert ended


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    failing = [sys.executable, "-c", "raise SystemExit('the port is taken')"]
    with (
        pytest.raises(ServerError, match="the port is taken"),
        server(failing, log=tmp_path / "log", answers=lambda: False),
    ):
        pass


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_service_fails_in_ci_and_is_skipped_for_a_person(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[Exception]
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="`no-such-program` is not installed"):
        services.require("no-such-program", "no-such-package")


def test_what_is_half_made_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cache.AMBIENT, "ENVLOCK_TEST_CACHE", str(tmp_path))

    def half(folder: Path) -> None:
        (folder / "half").touch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cache.made_once("thing", half)
    made = cache.made_once("thing", lambda folder: (folder / "whole").touch())
    assert cache.made_once("thing", half) == made
    assert [path.name for path in made.iterdir()] == ["whole"]


def test_nothing_of_the_person_at_the_machine_is_seen(isolated_home: Path) -> None:
    assert Path.home() == isolated_home
    assert not [name for name in os.environ if name.startswith(("UV_", "PIP_"))]
    assert Path(os.environ["ENVLOCK_CACHE_DIR"]).is_relative_to(isolated_home)
