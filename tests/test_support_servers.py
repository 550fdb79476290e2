"""The servers that tests talk to answer as real ones do."""

import hashlib
import json
import os
import sys
from pathlib import Path

import pytest

from tests.conftest import IndexServers
from tests.support import base_image as base_images
from tests.support import services, wheels
from tests.support.docker_engine import Engine
from tests.support.http_server import Response, fetched, serve_folder
from tests.support.processes import CommandError, run_here
from tests.support.registry import Registry
from tests.support.tiny_wheels import write_wheel


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


PIP_DOWNLOAD = (sys.executable, "-m", "pip", "--isolated", "download", "--quiet", "--no-deps")
UV_COMPILE = (sys.executable, "-m", "uv", "--no-config", "pip", "compile", "--python", sys.executable)


def download(index_url: str, requirements: Path, target: Path) -> set[str]:
    """The names of the files that pip downloads, every hash checked."""
    options = ("--require-hashes", "--index-url", index_url, "--dest", target, "--requirement", requirements)
    run_here(*PIP_DOWNLOAD, *options, PIP_CONFIG_FILE=os.devnull)
    return {path.name for path in target.iterdir()}


def test_uv_and_pip_use_the_index(tmp_path: Path, real_wheels: Path, index_server: IndexServers) -> None:
    index = index_server(real_wheels)
    wanted, locked = tmp_path / "wanted.txt", tmp_path / "locked.txt"
    wanted.write_text("flask\n")
    locked.write_text(run_here(*UV_COMPILE, "--generate-hashes", "--default-index", index.url, wanted))
    names = ("blinker", "click", "flask", "itsdangerous", "jinja2", "markupsafe", "werkzeug")
    assert download(index.url, locked, tmp_path / "got") == {wheels.path(name).name for name in names}
    assert ("GET", f"/files/{wheels.path('flask').name}.metadata") in index.requests


def test_a_tampered_wheel_is_announced_with_its_true_hash(tmp_path: Path, index_server: IndexServers) -> None:
    wheel = write_wheel(tmp_path / "wheels", "acme")
    index = index_server(tmp_path / "wheels")
    locked = tmp_path / "locked.txt"
    locked.write_text(f"acme==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n")
    index.server.overrides[f"/files/{wheel.name}"] = wheel.read_bytes() + b"\0"
    with pytest.raises(CommandError, match="DO NOT MATCH THE HASHES"):
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
    run_here(*skopeo, *daemon)
    code = "import ssl, sqlite3, sys; print(sys.version_info[:2], len(ssl.create_default_context().get_ca_certs()) > 9)"
    output = docker_engine.client.containers.run(
        "base:test", [base_images.INTERPRETER, "-c", code], network_mode="none", remove=True, user="1000"
    )
    assert output == b"(3, 11) True\n"
