"""`envlock run` records what was run in git: what stands in a record, and what must not change by it."""

import hashlib
import json
import os
import re
import signal
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from envlock.model.masking import MASK
from tests.support.processes import run
from tests.support.projects import Project
from tests.support.recorded_project import MONTHS, copy_of, git, installed_once, objects, recorded
from tests.support.repository import History
from tests.support.secret_commands import OF_WORDS, WITHIN, with_secret

# how docs/runs.md tells people to make the patch
PATCH = next(
    block.partition("```")[0]
    for block in (Path(__file__).parents[1] / "docs" / "runs.md").read_text(encoding="utf-8").split("```sh\n")
    if "sha256sum" in block
)
LINE = re.compile(r"recorded run (\d{4}-\d\d-\d\d-[0-9a-f]{8}) \((.*)\)\n")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return installed_once(tmp_path_factory)


@pytest.fixture
def project(installed: Project, tmp_path: Path) -> Project:
    return copy_of(installed, tmp_path / "project")


def last(project: Project) -> dict[str, object]:
    return recorded(project)[0]


def test_all_that_is_recorded(project: Project) -> None:
    before = datetime.now(UTC)
    (project.folder / "sub dir").mkdir()
    result = project.call("run", "sh", "-c", "cd 'sub dir'; echo out; echo err >&2; exit 3")
    after = datetime.now(UTC)
    head = git(project, "rev-parse", "HEAD")
    assert (result.code, result.stdout) == (3, "out\n")
    match = LINE.fullmatch(result.stderr.removeprefix("err\n"))
    assert match
    assert match[2] == f"small, commit {head[:7]}, clean"
    (run,) = recorded(project)
    start, end = (datetime.fromisoformat(str(run.pop(name))) for name in ("start", "end"))
    assert before.replace(microsecond=before.microsecond // 1000 * 1000) <= start <= end <= after
    assert run.pop("seconds") == (end - start).total_seconds()
    commit = run.pop("record")
    assert match[1] == run["id"] == f"{start:%Y-%m-%d}-{commit[:8]}"
    assert run.pop("lock_hash") == json.loads(project.must("show", "--json"))[0]["lock_hash"]
    assert run.pop("python").count(".") == 2
    command = ["sh", "-c", "cd 'sub dir'; echo out; echo err >&2; exit 3"]
    assert run == {
        "id": match[1],
        "environment": f"small@{head[:7]}",
        "command": command,
        "exit_code": 3,
        "host": os.uname().nodename,
        "user": "Kim <kim@acme.test>",
        "name": "small",
        "platform": "linux-64",
        "commit": head,
        "dirty": False,
        "folder": ".",
        "reproduce": f"envlock run -e small@{head[:7]} -- sh -c 'cd '\\''sub dir'\\''; echo out; echo err >&2; exit 3'",
    }
    held = git(project, "log", "-1", "--format=%an %ae %at %ct %T%P%n%B", f"{MONTHS}{start:%Y-%m}").splitlines()
    tree = git(project, "hash-object", "-t", "tree", "/dev/null")
    assert held[0] == f"Kim kim@acme.test {int(start.timestamp())} {int(end.timestamp())} {tree}"
    assert held[1] == "small: sh -c 'cd '\\''sub dir'\\''; echo out; echo err >&2; exit 3' (exit 3)"
    assert len(held) == 4
    assert git(project, "status", "--porcelain") == ""


def test_what_a_run_changes_itself_is_not_counted(project: Project) -> None:
    project.must("run", "sh", "-c", "echo >> train.py; touch new")
    assert (last(project)["dirty"], last(project).get("untracked")) == (False, None)
    project.must("run", "true")
    assert (last(project)["dirty"], last(project).get("untracked")) == (True, 1)


@pytest.mark.parametrize(
    ("change", "patched"),
    [
        ("echo third >> train.py", True),
        ("sed -i s/second/twice/ train.py", True),
        ("rm train.py", True),
        ("chmod +x train.py", True),
        ("git mv train.py 'm\u00f6 ve.py'", True),
        ("printf '\\0\\1' > bytes; git add bytes", True),
        ("touch train.py", False),
        ("touch ignored", False),
        ("touch untracked", False),
        ("echo x > train.py; git add train.py; git checkout --quiet HEAD train.py", False),
    ],
)
def test_the_patch_is_what_the_documented_command_makes(project: Project, change: str, patched: bool) -> None:
    run(("sh", "-ec", change), folder=project.folder)
    made = run(("bash", "-o", "pipefail", "-c", PATCH), folder=project.folder).split()[0]
    project.must("run", "true")
    record = last(project)
    assert record["dirty"] is patched
    assert record.get("patch") == (made if patched else None)
    assert (made == hashlib.sha256().hexdigest()) is not patched


# whatever may change the text of a diff
SETTINGS = """[core]
  quotePath = false
  compression = 9
  bigFileThreshold = 1
  pager = false
[color]
  ui = always
[diff]
  external = false
  noprefix = true
  mnemonicPrefix = true
  algorithm = histogram
  context = 9
  interHunkContext = 20
  renames = copies
  indentHeuristic = false
  suppressBlankEmpty = true
  submodule = log
  ignoreSubmodules = all
  relative = true
  wsErrorHighlight = all
  orderFile = {order}
[diff "python"]
  xfuncname = "^(first.*)"
  textconv = cat -n
  command = false
[status]
  showUntrackedFiles = no
  short = true
  renames = copies
"""


def test_the_patch_is_the_same_whatever_a_person_has_set(project: Project, tmp_path: Path) -> None:
    (project.folder / ".gitattributes").write_text("*.py diff=python\n")
    lines = [f"line{n} = {n}" if n % 7 else "" for n in range(60)]
    (project.folder / "train.py").write_text("\n".join(["def first():", *lines]))
    (project.folder / "z\u00f6.py").write_text("z")
    (project.folder / "bytes").write_bytes(b"\0\1" * 3000)
    History(project.folder).commit()
    lines[5] = lines[30] = "changed"
    (project.folder / "train.py").write_text("\n".join(["def first():", *lines]))
    (project.folder / "z\u00f6.py").rename(project.folder / "a\u00f6.py")
    (project.folder / "bytes").write_bytes(b"\0\2" * 3000)
    (project.folder / "sub").mkdir()
    (project.folder / "sub" / "new").touch()
    project.must("run", "true")
    order = tmp_path / "order"
    order.write_text("z*\nb*\n")
    (tmp_path / "settings").write_text(SETTINGS.format(order=order))
    other = project.given(GIT_CONFIG_GLOBAL=str(tmp_path / "settings"), GIT_DIFF_OPTS="-u9", GIT_EXTERNAL_DIFF="false")
    subprocess.run((*other.command, "run", "true"), cwd=project.folder / "sub", env=other.environment(), check=True)
    here, there = (recorded(project)[n] for n in (1, 0))
    assert here["patch"] == there["patch"]
    assert here["untracked"] == there["untracked"] == 2
    assert (here["folder"], there["folder"]) == (".", "sub")


def test_where_nothing_is_recorded(project: Project, tmp_path: Path) -> None:
    plain = project.must("run", "--no-record", "echo", "x")
    for name, value in (("ENVLOCK_RECORD", "0"), ("ENVLOCK_RECORD", "False"), ("ENVLOCK_RECORD", "off")):
        result = project.given(**{name: value}).call("run", "echo", "x")
        assert (result.code, result.stdout, result.stderr) == (0, plain, "")
    git(project, "config", "envlock.record", "no")
    assert project.call("run", "echo", "x").stderr == ""
    assert recorded(project) == []
    git(project, "config", "envlock.record", "yes")
    assert project.call("--quiet", "run", "echo", "x").stderr == ""
    assert len(recorded(project)) == 1
    outside = copy_of(project, tmp_path / "outside")
    run(("rm", "-rf", outside.folder / ".git"))
    assert outside.call("run", "echo", "x") == (0, "x\n", "")
    run(("git", "init", "--quiet", outside.folder))
    assert outside.call("run", "echo", "x") == (0, "x\n", "")


def test_nothing_of_git_is_left_beside_a_command_that_is_not_recorded(project: Project) -> None:
    children = ("run", "sh", "-c", "read found < /proc/$PPID/task/$PPID/children; echo $found is $$")
    (project.folder / "train.py").write_text("changed\n" * 100_000)  # more than a pipe holds
    git(project, "config", "envlock.record", "no")
    only, alone = project.must(*children).split(" is ")
    assert only == alone.strip()
    run(("rm", "-rf", project.folder / ".git"))
    run(("git", "init", "--quiet", project.folder))
    only, alone = project.must(*children).split(" is ")
    assert only == alone.strip()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGKILL", "SIGRTMIN"])
def test_how_a_signal_ended_it_is_recorded(project: Project, name: str) -> None:
    number = signal.SIGRTMIN if name == "SIGRTMIN" else signal.Signals[name]
    code = project.call("run", "sh", "-c", f"kill -{int(number)} $$").code
    assert code == 128 + number
    assert (last(project)["exit_code"], last(project)["signal"]) == (code, name)
    project.call("run", "sh", "-c", f"exit {code}")
    assert (last(project)["exit_code"], last(project).get("signal")) == (code, None)


def test_a_signal_to_us_is_recorded_as_the_command_ends_by_it(project: Project) -> None:
    with subprocess.Popen(
        (*project.command, "run", "sh", "-c", "echo ready; exec sleep 60"),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout
        assert running.stdout.readline() == b"ready\n"
        running.terminate()
        assert running.wait(30) == 128 + signal.SIGTERM
    assert last(project)["signal"] == "SIGTERM"


def test_runs_within_runs_and_hooks(project: Project) -> None:
    envlock = project.command[0]
    result = project.call("run", "sh", "-c", f"'{envlock}' run echo inner; exit 4")
    assert (result.code, result.stdout) == (4, "inner\n")
    assert [run["exit_code"] for run in recorded(project)] == [4, 0]
    hook = project.folder / ".git" / "hooks" / "pre-commit"
    hook.write_text(f"#!/bin/sh\nexec '{envlock}' run echo in a hook\n")
    hook.chmod(0o755)
    (project.folder / "train.py").write_text("changed")
    git(project, "commit", "--quiet", "--all", "--message", "by a hook")
    assert last(project)["command"] == ["echo", "in", "a", "hook"]
    assert last(project)["commit"] == git(project, "rev-parse", "HEAD~")
    assert last(project)["dirty"] is True


def test_an_environment_that_is_asked_for_from_elsewhere(project: Project, tmp_path: Path) -> None:
    done = subprocess.run(
        (*project.command, "run", "-e", project.folder, "true"),
        cwd=tmp_path,
        env=project.environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert LINE.fullmatch(done.stderr)
    assert "folder" not in last(project)
    assert str(tmp_path) not in json.dumps(last(project))


def test_in_a_linked_work_tree(project: Project, tmp_path: Path) -> None:
    git(project, "worktree", "add", "--quiet", str(tmp_path / "linked"), "-b", "other")
    linked = tmp_path / "linked"
    (linked / "train.py").write_text("changed there")
    subprocess.run((*project.command, "run", "true"), cwd=linked, env=project.environment(), check=True)
    assert last(project)["dirty"] is True
    project.must("run", "true")
    assert last(project)["dirty"] is False


def test_of_another_version(project: Project) -> None:
    first = git(project, "rev-parse", "HEAD")
    project.change("small", "little")
    project.must("lock")
    (project.folder / "train.py").write_text("print('more')\n")
    second = History(project.folder).commit()
    git(project, "tag", "v1", first)
    result = project.call("run", "-e", "small@v1", "python", "train.py")
    assert (result.code, result.stdout) == (0, "more\n"), result
    run = last(project)
    assert (run["environment"], run["version"], run["version_commit"]) == (f"small@{first[:7]}", "v1", first)
    assert (run["commit"], run["name"]) == (second, "small")
    assert f"(small@v1, commit {second[:7]}, clean)" in result.stderr


def test_who_it_was_where_git_does_not_know(project: Project) -> None:
    nobody = project.given(GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="user.useConfigOnly", GIT_CONFIG_VALUE_0="true")
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        nobody = nobody.given(**{name: ""})
    variables = {k: v for k, v in nobody.environment().items() if v}
    subprocess.run((*project.command, "run", "true"), cwd=project.folder, env=variables, check=True)
    assert "user" not in last(project)
    assert git(project, "log", "-1", "--format=%an", last(project)["record"]) == "envlock"  # type: ignore[arg-type]


def test_commands_of_any_bytes_and_any_length(project: Project) -> None:
    odd = ["a\nb", "\u00fc\u2028", "'", "", "x" * 40_000, "y"]
    words = [os.fsencode(word) for word in odd] + [b"\xff"]
    subprocess.run(
        [os.fsencode(project.command[0]), b"run", b"true", *words],
        cwd=project.folder,
        env=project.environment(),
        check=True,
    )
    command = last(project)["command"]
    assert isinstance(command, list)
    assert command[:5] == ["true", *odd[:4]]
    assert (len(command), last(project)["cut"]) == (6, True)
    subject = git(project, "log", "-1", "--format=%s", str(last(project)["record"]))
    assert len(subject) == 100
    assert subject.startswith("small: true 'a\\u000ab'")


def test_no_secret_is_in_any_object(project: Project) -> None:
    secret = "Q7hunterXXpassword9"
    known = project.given(ACME_TOKEN=secret, DATABASE_URL=f"db://kim:{secret}2@acme.test/x")
    commands = [with_secret(words, secret) for words in (*OF_WORDS.values(), *WITHIN.values())]
    # nothing of these is started: what is looked at is the command
    (project.folder / "echo.sh").write_text("#!/bin/sh\nexit 0\n")
    (project.folder / "echo.sh").chmod(0o755)
    for words in commands[:: len(commands) // 6]:
        project.must("run", "./echo.sh", *words)
    known.must("run", "./echo.sh", f"plain{secret}2", secret)
    found = objects(project)
    assert sum(MASK in text for text in found.values()) >= 7
    assert [id for id, text in found.items() if secret in text] == []
