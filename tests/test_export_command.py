"""`envlock export`, called: which platforms and groups, what is said, what is refused, and that no secret gets out."""

import base64
import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
import yaml

from envlock.interchange.exports.formats import FORMATS
from envlock.workflows.export_places import public
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage
from tests.support.http_server import Page, Request, Response, serve
from tests.support.index_server import WheelFolders
from tests.support.projects import MINOR, Project, manifest_text, new_project
from tests.support.tiny_project import PYTHON, TOOL, TinyProject, failure, tiny_project
from tests.support.tiny_wheels import write_wheel
from tests.support.wide_project import PLATFORMS, wide_project

SECRET = "s3cret-w0rd"
ONE_PLATFORM = ("explicit", "environment.yml")
# of these no URL has to be asked for
WITHOUT_URLS = ("requirements", "environment.yml", "explicit")


@pytest.fixture
def wide(tmp_path: Path) -> Project:
    """A lock of three platforms with a group; none of its packages is anywhere."""
    return wide_project(tmp_path / "train")


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[TinyProject]:
    with tiny_project(tmp_path) as project:
        project.must("lock")
        yield project


def test_a_stale_lock_is_refused(wide: Project) -> None:
    wide.change("pandas >=2", "pandas >=3")
    result = wide.call("export", "--format", "requirements")
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: env.lock does not answer env.toml\n")
    assert result.stderr.endswith("hint: run `envlock lock`\n")


def test_an_unknown_format_is_refused_with_those_there_are(wide: Project) -> None:
    result = wide.call("export", "--format", "pixy")
    assert (result.code, result.stdout) == (2, "")
    assert [name for name in FORMATS if name not in result.stderr] == []


def test_a_format_has_to_be_named(wide: Project) -> None:
    result = wide.call("export")
    assert (result.code, result.stdout) == (2, "")
    listed = ", ".join(FORMATS)
    assert (
        result.stderr == f"error: missing option `--format`: choose from {listed}\nhint: see `envlock export --help`\n"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--group", "docs"), "error: there is no group `docs`\nhint: groups are: main, dev\n"),
        (
            ("--platform", "linux-aarch64"),
            "error: `linux-aarch64` is not locked\nhint: locked are: linux-64, osx-arm64, win-64\n",
        ),
    ],
)
def test_what_is_not_locked_is_refused(wide: Project, words: tuple[str, ...], message: str) -> None:
    result = wide.call("export", "--format", "requirements", *words)
    assert (result.code, result.stdout, result.stderr) == (2, "", message)


@pytest.mark.parametrize("name", ONE_PLATFORM)
def test_a_file_for_one_platform_is_for_this_machine(wide: Project, name: str) -> None:
    # builds tell the platforms apart
    text = wide.must("export", "--format", name)
    assert ("h1_0" in text, "h2_0" in text) == (True, False)


@pytest.mark.parametrize("name", ONE_PLATFORM)
def test_a_file_for_one_platform_that_is_not_this_machines(tmp_path: Path, name: str) -> None:
    text = manifest_text(pip=["alpha"]).replace("[pip]", 'platforms = ["osx-64", "win-64"]\n[pip]', 1)
    project = new_project(tmp_path / "foreign", text, cache=tmp_path / "cache")
    write_wheel(tmp_path / "wheels", "alpha")
    with serve(WheelFolders((tmp_path / "wheels",)).page) as server:
        project.manifest.write_text(
            f'{text}\n[[pip.indexes]]\nname = "ours"\nurl = "{server.url}/simple"\ndefault = true\n'
        )
        project.must("lock")
        result = project.call("export", "--format", name)
        assert (result.code, result.stdout) == (2, "")
        assert result.stderr == (
            f"error: a file of the format `{name}` holds one platform, and this machine's is not locked\n"
            "hint: name one by --platform: osx-64, win-64\n"
        )
        assert project.call("export", "--format", name, "--platform", "win-64").code == 0


def test_the_main_set_alone_unless_a_group_is_asked_for(wide: Project) -> None:
    main = wide.call("export", "--format", "requirements")
    dev = wide.call("--quiet", "export", "--format", "requirements", "--group", "dev")
    assert ("pytest==" in main.stdout, "pytest==" in dev.stdout) == (False, True)
    assert 'colorama==0.4.6 ; sys_platform == "win32"' in main.stdout
    assert main.stderr == (
        "note: 4 conda packages left out: this format is of Python distributions alone\n"
        "note: what is exported is for Python 3.11\n"
        "note: `tool` left out: pip compares no hash of what is from git\n"
    )
    assert dev.stderr == ""


@pytest.mark.parametrize("name", WITHOUT_URLS)
def test_what_needs_no_url_is_exported_offline(wide: Project, name: str) -> None:
    assert wide.call("--offline", "export", "--format", name).code == 0


def test_a_url_that_was_never_seen_is_not_made_up(wide: Project) -> None:
    result = wide.call("--offline", "export", "--format", "pylock")
    assert (result.code, result.stdout) == (3, "")
    assert result.stderr.startswith("error: where `asgiref-3.11.0-py3-none-any.whl` is can only its index say")
    assert result.stderr.endswith("hint: run it once without\n")


def test_a_file_holds_what_is_printed(tiny: TinyProject) -> None:
    printed = tiny.must("export", "--format", "environment.yml")
    result = tiny.call("export", "--format", "environment.yml", "--output", "exported")
    assert (result.code, result.stdout) == (0, "")
    assert (tiny.folder / "exported").read_bytes() == printed.encode()
    assert (printed.endswith("\n"), "\r" in printed) == (True, False)


@pytest.mark.parametrize("name", ["pixi", *(pytest.param(name, marks=pytest.mark.full) for name in FORMATS)])
def test_the_same_bytes_of_the_same_lock(tiny: TinyProject, name: str) -> None:
    printed = tiny.must("export", "--format", name)
    # with a cache that knows nothing, a mirror, and a lock in another order
    shutil.rmtree(tiny.cache)
    text = tiny.lockfile.read_text()
    head, *packages = text.split("\n[[platform.linux-64.")
    tiny.lockfile.write_text("\n[[platform.linux-64.".join([head, *reversed(packages)]))
    assert tiny.lockfile.read_text() != text
    with serve(WheelFolders((tiny.wheels,)).page) as mirror:
        mirrored = tiny.given(ENVLOCK_MIRROR_TEST=f"{mirror.url}/simple")
        assert mirrored.must("export", "--format", name) == printed


def test_md5_is_taken_from_the_channel_without_fetching(tiny: TinyProject) -> None:
    shutil.rmtree(tiny.cache)
    tiny.channel_server.requests.clear()
    text = tiny.must("export", "--format", "conda-lock")
    assert [path for _, path in tiny.channel_server.requests if path.endswith(".conda")] == []
    assert md5(tiny.served("tool")) in text


def test_md5_that_no_channel_gives_is_that_of_the_bytes(tiny: TinyProject) -> None:
    wanted = tiny.must("export", "--format", "conda-lock")
    for repodata in tiny.channel.glob("*/repodata.json"):
        document = json.loads(repodata.read_text())
        for record in document["packages.conda"].values():
            del record["md5"]
        repodata.write_text(json.dumps(document))
    shutil.rmtree(tiny.cache / "solvers")
    offline = tiny.call("--offline", "export", "--format", "conda-lock")
    assert offline.code == 3
    assert failure(offline).startswith("error: `python-3")
    assert "is not in the cache, and this is --offline" in failure(offline)
    assert tiny.must("export", "--format", "conda-lock") == wanted
    # and now that they are here, without a connection
    shutil.rmtree(tiny.cache / "solvers")
    assert tiny.must("--offline", "export", "--format", "conda-lock") == wanted


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


def test_a_gone_file_is_named(tiny: TinyProject) -> None:
    shutil.rmtree(tiny.cache)
    wheel = tiny.served("beta")
    wheel.unlink()
    result = tiny.call("export", "--format", "pylock")
    assert (result.code, result.stdout) == (3, "")
    assert failure(result).startswith(f"error: `{wheel.name}` (sha256 ")
    assert "is no longer to be had from `test`\nhint: `envlock lock --upgrade`" in failure(result)


def signed(page: Page, signing: Event) -> Page:
    """The pages of an index for who says who they are, whose links to files hold a signature from some time on."""
    login = f"Basic {base64.b64encode(f'bob:{SECRET}'.encode()).decode()}"

    def answer(request: Request) -> Response | None:
        sent = {name.lower(): value for name, value in request.headers.items()}.get("authorization")
        if sent != login:
            return Response(status=401, headers={"WWW-Authenticate": "Basic"})
        found = page(request)
        if found is None or not request.path.startswith("/simple/") or not signing.is_set():
            return found
        document = json.loads(found.content)
        for file in document.get("files", []):
            name = file["filename"]
            file["url"] = f"../../files/{name}?signature={SECRET}"
        return Response(content=json.dumps(document).encode(), headers=found.headers)

    return answer


def test_no_secret_gets_out(tmp_path: Path) -> None:
    write_wheel(tmp_path / "wheels", "alpha")
    write_channel(tmp_path / "channel", (PYTHON, TOOL))
    signing = Event()
    with serve(signed(WheelFolders((tmp_path / "wheels",)).page, signing)) as server:
        channel = (tmp_path / "channel").as_uri()
        text = manifest_text(conda=["tool"], pip=["alpha"], channels=[channel], index=f"{server.url}/simple")
        project = new_project(tmp_path / "small", text, cache=tmp_path / "cache")
        project = project.given(ENVLOCK_INDEX_OURS_USERNAME="bob", ENVLOCK_INDEX_OURS_PASSWORD=SECRET)
        project.must("lock")
        signing.set()
        shutil.rmtree(tmp_path / "cache")
        for name in ("requirements", "pylock", "pixi", "conda-lock"):
            result = project.call("--verbose", "export", "--format", name, "--output", "exported")
            assert (result.code, SECRET in result.stderr) == (0, False), result
            assert SECRET not in (project.folder / "exported").read_text()
            named = f"{server.url}/files/alpha-1.0-py3-none-any.whl" in (project.folder / "exported").read_text()
            assert named == (name != "requirements")


def test_a_url_is_written_without_what_only_its_owner_may_know() -> None:
    url = f"https://bob:{SECRET}@files.acme.test:8443/a%2Bb/x-1.0.tar.gz?signature={SECRET}#{SECRET}"
    assert public(url) == "https://files.acme.test:8443/a%2Bb/x-1.0.tar.gz"
    assert public("file:///srv/x.whl") == "file:///srv/x.whl"
    assert (
        public(f"https://conda.acme.test/t/{SECRET}/main/noarch/x.conda")
        == "https://conda.acme.test/main/noarch/x.conda"
    )
    assert public("https://files.acme.test/source/t/tool/tool-1.0.tar.gz").endswith("/source/t/tool/tool-1.0.tar.gz")


def test_the_default_index_of_env_toml_is_the_one_that_pip_asks(tiny: TinyProject) -> None:
    """Else a name of it would be taken from wherever pip looks of itself."""
    index = tiny.index.url.rstrip("/")
    written = tiny.must("export", "--format", "environment.yml")
    assert f'- pip:\n  - "--index-url {index}"\n  - alpha==1.0\n  - beta==1.0\n' in written
    assert f"\n--index-url {index}\nalpha==1.0 " in tiny.must("export", "--format", "requirements")


def test_variables_are_part_of_an_environment_file(tiny: TinyProject) -> None:
    with tiny.manifest.open("a") as manifest:
        manifest.write('[variables]\nOMP_NUM_THREADS = "4"\nEMPTY = ""\nODD = "a: b # \\"c\\" é"\n')
    tiny.must("lock")
    written = yaml.safe_load(tiny.must("export", "--format", "environment.yml"))
    assert written["variables"] == {"EMPTY": "", "ODD": 'a: b # "c" é', "OMP_NUM_THREADS": "4"}


def test_what_is_written_into_a_pipe_is_what_is_printed(tiny: TinyProject) -> None:
    written = tiny.must("export", "--format", "requirements", "--output", "/dev/stdout")
    assert written == tiny.must("export", "--format", "requirements")


def test_conda_packages_of_several_platforms(tmp_path: Path) -> None:
    packages = [CondaPackage(name="tool", platform=name, build=name.replace("-", "_")) for name in PLATFORMS]
    channel = write_channel(tmp_path / "channel", packages)
    text = manifest_text(conda=["tool"], channels=[channel.as_uri()]).replace(f'python = "{MINOR}"\n', "")
    project = new_project(tmp_path / "small", f"platforms = {[*PLATFORMS]}\n{text}", cache=tmp_path / "cache")
    project.must("lock")
    for name in ("conda-lock", "pixi"):
        exported = project.must("export", "--format", name)
        assert [p for p in PLATFORMS if f"/{p}/tool-1.0-{p.replace('-', '_')}.conda" not in exported] == []
    explicit = project.must("export", "--format", "explicit", "--platform", "win-64")
    (line,) = [line for line in explicit.splitlines() if "://" in line]
    assert line == f"{channel.as_uri()}/win-64/tool-1.0-win_64.conda#{sha256_of(project, 'win-64')}"


def test_the_path_of_a_channel_here_is_told(tmp_path: Path) -> None:
    text = manifest_text(conda=["python"], channels=["./channel"])
    project = new_project(tmp_path / "small", text, cache=tmp_path / "cache")
    write_channel(project.folder / "channel", (PYTHON,))
    project.must("lock")
    result = project.call("export", "--format", "explicit")
    assert f"\n{(project.folder / 'channel').as_uri()}/linux-64/python-" in result.stdout
    note = "note: the channel `./channel` is a folder: what is exported has its path on this machine\n"
    assert result.stderr == note


def sha256_of(project: Project, platform: str) -> str:
    locked = project.lock().platform(platform)
    assert locked is not None
    return locked.conda[0].sha256
