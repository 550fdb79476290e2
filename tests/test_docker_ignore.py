"""What `.dockerignore` leaves out: the same as BuildKit leaves out of the same context."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from envlock.errors import OutsideError, UserInputError
from envlock.images.dockerfile import context_sha256, read_context, stage_context, write_context
from envlock.images.dockerignore import is_left_out, read_patterns
from tests.support.docker_engine import Engine
from tests.support.processes import run, with_variables

FILES = (
    *("a.txt", "b.md", ".hidden", "back\\slash", "d.t", "deep/a.txt", "deep/b.md", "deep/keep/a.txt", "deep/keep/c.py"),
    *("other/deep/a.txt", "other/x[1].py", "other/x1.py", "space name", "plus+.txt", "src/app.py", "src/app.pyc"),
    *("src/__pycache__/app.pyc", "src/sub/__pycache__/b.pyc", "café.txt", "tmp/one", "tmp/two/three"),
)
IGNORED = (
    "",
    "*.txt\n",
    "**/*.txt\n",
    "# no *.txt\n\n  deep  \n",
    "deep\n!deep/keep\n",
    "deep/**\n!deep/keep/*.py\n",
    "*\n!src\n**/__pycache__\n",
    "**/*.pyc\n!src/__pycache__/app.pyc\n",
    "/src/\n./other/../tmp\n",
    "?.txt\n*/deep\n",
    "other/x[0-9].py\n",
    "other/x\\[1\\].py\nback\\\\slash\n",
    "deep/**/a.txt\n!other/**\ntmp/*/three\n",
    "!nothing\nd.t\nd?t\ncaf?.txt\n",
    "\ufeffb.md\n[a-c].txt\n[^a]*\n",
    ".dockerignore\nDockerfile\n",
    "*\n!space name\n! tmp/one\n",
)


@pytest.mark.parametrize("ignored", IGNORED)
def test_the_same_is_left_out_as_by_buildkit(tmp_path: Path, docker_engine: Engine, ignored: str) -> None:
    context = tmp_path / "context"
    for name in FILES:
        (context / name).parent.mkdir(parents=True, exist_ok=True)
        (context / name).write_text(name)
    (context / ".dockerignore").write_text(ignored)
    (context / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    words = ("--output", f"type=tar,dest={tmp_path / 'out.tar'}", str(context))
    variables = with_variables({"DOCKER_HOST": docker_engine.url, "DOCKER_BUILDKIT": "1"})
    run(("/usr/bin/docker", "build", "--quiet", *words), environment=variables)
    with tarfile.open(tmp_path / "out.tar") as made:
        copied = {member.name for member in made if member.isreg()}
    assert {file.path for file in read_context(context, "Dockerfile").files} == copied


def test_a_dockerfile_may_have_a_list_of_its_own(tmp_path: Path) -> None:
    for name in ("a", "b", "Dockerfile"):
        (tmp_path / name).touch()
    (tmp_path / ".dockerignore").write_text("a")
    (tmp_path / "Dockerfile.dockerignore").write_text("b")
    names = {file.path for file in read_context(tmp_path, "Dockerfile").files}
    assert names == {".dockerignore", "Dockerfile.dockerignore", "Dockerfile", "a"}


@pytest.mark.parametrize(
    ("ignored", "path", "left_out"),
    [
        ("plus+.txt", "plus+.txt", True),
        ("plus+.txt", "pluss.txt", False),
        ("(a|b).txt", "a.txt", False),
        ("**\n!**/a.txt", "deep/a.txt", False),
        ("**\n!**/a.txt", "deep/b.txt", True),
    ],
)
def test_what_docker_has_mended_since_the_engine_of_these_tests(ignored: str, path: str, left_out: bool) -> None:
    assert is_left_out(path, read_patterns(ignored, "list")) is left_out


@pytest.mark.parametrize(
    ("text", "message"),
    [("ok\n!\n", "list:2: `!` takes back nothing"), ("[a\n", "list:1: `[a` is no pattern (")],
)
def test_lines_that_are_no_patterns(text: str, message: str) -> None:
    with pytest.raises(UserInputError) as refusal:
        read_patterns(text, "list")
    assert refusal.value.message.startswith(message)


def test_the_hash_is_of_what_is_sent_and_of_nothing_else(tmp_path: Path) -> None:
    run(("git", "init", "--quiet", tmp_path))
    folder = tmp_path / "docker"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / "script").write_text("one")
    (folder / "link").symlink_to("script")
    (folder / ".dockerignore").write_text("*.log\n")
    seen = [context_sha256(tmp_path, "docker/Dockerfile")]

    def changed() -> bool:
        seen.append(context_sha256(tmp_path, "docker/Dockerfile"))
        return seen[-1] != seen[-2]

    for name in ("env.toml", "env.lock", "x.log"):
        (folder / name).write_text("now")
    (folder / "empty").mkdir()
    (folder / "script").chmod(0o664)
    os.utime(folder / "script", (1, 1))
    assert not changed()
    (folder / "script").chmod(0o755)
    assert changed()
    (folder / "script").write_text("two")
    assert changed()
    (folder / "link").unlink()
    (folder / "link").symlink_to("Dockerfile")
    assert changed()
    (folder / "link").rename(folder / "renamed")
    assert changed()
    (folder / "Dockerfile").write_text("FROM scratch\n# comment\n")
    assert changed()
    # what is left out of the context may still be its Dockerfile
    (folder / ".dockerignore").write_text("*\n")
    assert changed()
    (folder / "Dockerfile").write_text("FROM scratch\n")
    assert changed()


@pytest.mark.parametrize(
    ("dockerfile", "message"),
    [
        ("docker/Dockerfile", "`dockerfile` is `docker/Dockerfile`, and there is no such file beside env.toml"),
        ("../Dockerfile", "`dockerfile` is `../Dockerfile`, which leaves the repository"),
        ("linked/Dockerfile", "`dockerfile` is `linked/Dockerfile`, which leaves the repository"),
    ],
)
def test_a_dockerfile_lies_in_the_repository(tmp_path: Path, dockerfile: str, message: str) -> None:
    repository = tmp_path / "repository"
    run(("git", "init", "--quiet", repository))
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (repository / "linked").symlink_to(tmp_path)
    with pytest.raises(UserInputError) as refusal:
        read_context(repository, dockerfile)
    assert refusal.value.message == message


def test_what_is_handed_over_is_what_was_hashed(tmp_path: Path) -> None:
    """Somebody saves a file between the two: a base must never be kept, or locked, under the hash of another text."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\nCOPY . /\n")
    (tmp_path / "file").write_text("one")
    context = read_context(tmp_path, "Dockerfile")
    before = context.sha256
    (tmp_path / "file").write_text("two")
    assert context.sha256 == before
    with pytest.raises(OutsideError, match="`Dockerfile` or what it may copy was changed just now"):
        stage_context(context, tmp_path / "staged")
    with pytest.raises(OutsideError, match="changed just now"):
        write_context(context, io.BytesIO())
