"""Environments from Python: what is written when, what is refused, and what is only read."""

import inspect
import json
import operator
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from envlock import AnswerIsNo, CondaDependencies, Environment, EnvlockError, OutsideError, UserInputError, Workspace
from envlock.manifest.reader import read_manifest
from tests.support.api_world import new_repository
from tests.support.docker_engine import Engine
from tests.support.processes import run_here
from tests.support.tiny_wheels import write_wheel


@pytest.fixture
def ws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """An empty repository, which is the current folder."""
    folder = tmp_path / "work"
    new_repository(folder)
    monkeypatch.chdir(folder)
    return Workspace.discover()


def small(name: str = "small") -> Environment:
    """A draft that can be locked without anything else: nothing upon nothing."""
    env = Environment(name)
    env.python.version = None
    env.docker.base_image = "scratch"
    return env


def git(ws: Workspace, *words: str) -> str:
    return run_here("git", "-C", ws.root, *words).strip()


def test_to_import_it_loads_nothing() -> None:
    child = (
        "import sys, json, envlock\n"
        "before = sorted(m for m in sys.modules if m.startswith('envlock'))\n"
        "envlock.Environment\n"
        "print(json.dumps([before, sorted(set(envlock.__all__) - set(dir(envlock)))]))"
    )
    said = subprocess.run((sys.executable, "-c", child), capture_output=True, text=True, check=True).stdout
    assert json.loads(said) == [["envlock"], []]
    with pytest.raises(AttributeError, match="module `envlock` has no attribute `Enviroment`"):
        __import__("envlock").Enviroment  # noqa: B018


def test_a_draft_is_in_memory_until_it_is_needed_in_a_folder(ws: Workspace) -> None:
    env = small()
    env.conda.add("numpy >=2")
    assert (env.folder, env.version, [p.kind for p in env.check()]) == (None, None, ["missing"])
    assert [*ws.root.iterdir()] == [ws.root / ".git"]
    assert env.save() == ws.root / "small" == env.folder
    assert {path.name for path in (ws.root / "small").iterdir()} == {"env.toml"}
    env.conda.remove("numpy")
    assert read_manifest(ws.root / "small" / "env.toml").conda.dependencies == ()
    assert [env.lock().written, env.lock().written, env.lock().written] == [True, False, False]
    assert env.check() == ()


def test_what_is_said_is_written_into_env_toml(ws: Workspace) -> None:
    env = small()
    for _ in range(2):  # in memory, and in the folder
        env.environment_variables = {"A": "1", "B": "2"}
        env.environment_variables["C"] = "3"
        del env.environment_variables["A"]
        env.python.version = "3.11"
        env.python.interpreter_path = "/usr/bin/python3"
        env.docker.repository = "registry.example.test/team/small"
        env.pip.add("flask >=3", group="web")
        spec = read_manifest(ws.root / "env.toml", env.serialize_to_string())
        assert dict(spec.variables) == dict(env.environment_variables) == {"B": "2", "C": "3"}
        assert (spec.python, spec.image.interpreter) == ("3.11", "/usr/bin/python3")
        assert spec.image.repository == env.docker.repository == "registry.example.test/team/small"
        assert dict(spec.groups)["web"].pip == ("flask>=3",)
        env.pip.remove("flask", group="web")
        env.python.interpreter_path = None
        assert "interpreter" not in env.serialize_to_string()
        env.save()


def test_comments_stay_where_an_environment_of_the_work_tree_is_changed(ws: Workspace) -> None:
    env = small()
    folder = env.save()
    text = (folder / "env.toml").read_text()
    (folder / "env.toml").write_text(text.replace('name = "small"', 'name = "small"  # the small one'))
    same = Environment.get(ws, "small")
    same.environment_variables["A"] = "1"
    same.python.conda_dependencies.add_channel("bioconda")
    same.conda.add("python=3.12")
    text = (folder / "env.toml").read_text()
    assert 'name = "small"  # the small one\n' in text
    assert 'channels = ["conda-forge", "bioconda"]\n' in text
    assert 'python = "3.12"\n' in text
    assert same.python.conda_dependencies.python_version == "3.12"


def test_a_base_is_an_image_or_made_by_a_dockerfile(ws: Workspace) -> None:
    env = small()
    with pytest.raises(UserInputError, match=r"there is no Dockerfile `\./Dockerfle`"):
        env.docker.base_dockerfile = "./Dockerfle"
    env.docker.base_dockerfile = "FROM debian:trixie-slim\nRUN true\n"
    assert [env.docker.base_image, env.docker.base_dockerfile] == [None, "Dockerfile"]
    folder = env.save()
    assert (folder / "Dockerfile").read_text() == "FROM debian:trixie-slim\nRUN true\n"
    assert env.docker.base_dockerfile == "Dockerfile"
    env.docker.base_image = "debian:trixie-slim"
    assert [env.docker.base_image, env.docker.base_dockerfile] == ["debian:trixie-slim", None]
    (ws.root / "of-team").mkdir()
    (ws.root / "of-team" / "Dockerfile").write_text("FROM debian:trixie-slim\n")
    env.docker.base_dockerfile = "of-team/Dockerfile"
    assert read_manifest(folder / "env.toml").image.dockerfile == "../of-team/Dockerfile"
    with pytest.raises(UserInputError, match="Dockerfile` is here already, says something else"):
        env.docker.base_dockerfile = "FROM scratch\nRUN true\n"
    other = Environment.from_dockerfile("other", "of-team/Dockerfile")
    assert read_manifest(other.save() / "env.toml").image.dockerfile == "../of-team/Dockerfile"


def test_the_base_that_is_set_last_counts(ws: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    (ws.root / "Dockerfile").write_text("FROM debian:trixie-slim\n")
    env = Environment.from_dockerfile("one", "FROM scratch\nUSER 1\n")
    env.docker.base_dockerfile = "Dockerfile"  # no longer the text, which would be written by the same name
    assert read_manifest(env.save() / "env.toml").image.dockerfile == "../Dockerfile"
    assert [path.name for path in (ws.root / "one").iterdir()] == ["env.toml"]
    curated = Environment.get(ws, "envlock-minimal").clone("mine")
    assert repr(curated.docker) == "<DockerSection: base of Debian's packages, repository none>"
    curated.docker.base_image = "debian:trixie-slim"
    assert read_manifest(curated.save() / "env.toml").image.debian is None
    assert caplog.messages == ["these of Debian's packages go with the base: ca-certificates"]
    with pytest.raises(UserInputError, match="`envlock-minimal` is as it was, and is not registered again"):
        Environment.get(ws, "envlock-minimal").register(ws)


def test_an_image_is_used_as_it_is_where_nothing_is_asked_for() -> None:
    env = Environment.from_docker_image("base", "debian:trixie-slim")
    assert env.python.user_managed_dependencies
    env.python.user_managed_dependencies = True
    env.conda.add("numpy")
    assert not env.python.user_managed_dependencies
    with pytest.raises(UserInputError, match="`base` asks for packages, which would not be installed"):
        env.python.user_managed_dependencies = True


def test_one_word_is_not_its_letters(ws: Workspace) -> None:
    assert CondaDependencies.create(pip_packages="flask", conda_packages="numpy").pip_packages == ("flask",)
    assert Workspace(ws.root, insecure="registry.test:5000").session.insecure == ("registry.test:5000",)
    env = small()
    env.lock()
    with pytest.raises(UserInputError, match="no group `web`"):
        env.install(groups="web")
    with pytest.raises(UserInputError, match="`numpy` is not locked"):
        env.lock(packages="numpy")


def test_what_is_not_text_and_formats_that_are_none_are_refused_by_name(ws: Workspace) -> None:
    env = small()
    with pytest.raises(UserInputError, match=r"`python`: expected text, got `3\.12`") as refused:
        env.python.version = 3.12  # type: ignore[assignment]
    assert refused.value.__notes__ == ['hint: write `"3.12"`']  # is shown below a traceback
    with pytest.raises(UserInputError, match=r"`variables\.A`: expected text, got `1`"):
        env.environment_variables["A"] = 1  # type: ignore[assignment]
    with pytest.raises(UserInputError, match="no format `yaml`"):
        env.export("yaml")
    with pytest.raises(UserInputError, match="no format `yaml`"):
        env.save_to_directory("saved", format="yaml")
    assert not (ws.root / "saved").exists()


def test_threads_change_one_environment_together(ws: Workspace) -> None:
    env = small()
    names = [f"tool{number:02}" for number in range(24)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(env.conda.add, names))
        assert [*env.conda] == names
        env.save()
        objects = [Environment.get(ws, "small") for _ in names[1:]]
        list(pool.map(lambda each, name: each.conda.remove(name), objects, names[1:]))
    assert [*env.conda] == names[:1]


def test_pip_is_named_once(ws: Workspace) -> None:
    env = small()
    env.pip.add("flask")
    for _ in range(2):
        assert env.python.conda_dependencies.serialize_to_string().count("- pip\n") == 1
        env.conda.add("pip")


def test_no_login_stands_in_an_environment(ws: Workspace) -> None:
    with pytest.raises(UserInputError, match="no registry and no login") as error:
        operator.attrgetter("base_image_registry.username")(small().docker)
    assert "docker login" in str(error.value.hint)


def test_what_is_shown_fits_a_notebook(ws: Workspace) -> None:
    env = small()
    assert repr(env.docker) == "<DockerSection: base scratch, repository none>"
    assert repr(env.python) == "<PythonSection: no version, 0 conda, 0 pip packages>"
    assert re.fullmatch(r"LockResult\(written=True, seconds=[^,()]+, notes=\(\)\)", repr(env.lock()))


@pytest.mark.parametrize(
    ("name", "message"),
    [("Train", "cannot be an environment's name"), ("envlock-train", "are kept for the environments that come with")],
)
def test_names_are_those_of_environments(name: str, message: str) -> None:
    with pytest.raises(UserInputError, match=message):
        Environment(name)
    with pytest.raises(UserInputError, match=message):
        small().clone(name)


def test_what_only_a_cloud_knew_is_accepted_nowhere(ws: Workspace) -> None:
    env = small()
    with pytest.raises(AttributeError):
        env.inferencing_stack_version = "latest"  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        env.docker.enabled = True  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        env.build(ws, image_build_compute="cpu-cluster")  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        CondaDependencies.create(pin_sdk_version=False)  # type: ignore[call-arg]


def test_a_draft_replaces_only_what_git_has(ws: Workspace) -> None:
    folder = small().save()
    assert small().save() == folder  # it says the same
    other = small()
    other.environment_variables["A"] = "1"
    with pytest.raises(UserInputError, match=r"`.*small/env.toml` is here already, says something else"):
        other.save()
    other.save(overwrite=True)
    git(ws, "add", "small")
    git(ws, "commit", "--quiet", "-m", "small")
    small().save()
    assert "variables" not in (folder / "env.toml").read_text()


def test_a_folder_of_another_environment_is_left_alone(ws: Workspace) -> None:
    (ws.root / "small").mkdir()
    (ws.root / "small" / "env.toml").write_text('name = "large"\n')
    with pytest.raises(UserInputError, match="is of the environment `large`"):
        small().save()


def test_register_commits_its_own_files_and_nothing_else(ws: Workspace) -> None:
    (ws.root / "staged.py").write_text("a = 1\n")
    (ws.root / "untracked.py").write_text("a = 1\n")
    git(ws, "add", "staged.py")
    env = small()
    one = env.register(ws)
    assert (one.version, env.version, repr(one)) == ("1", "1", "Environment('small@1')")
    assert git(ws, "show", "--format=%s", "--name-only").split("\n") == [
        *("Register small", "", ".gitattributes", "small/env.lock", "small/env.toml")
    ]
    assert git(ws, "status", "--porcelain") == "A  staged.py\n?? untracked.py"
    assert env.register(ws).version == "1"
    env.environment_variables["A"] = "1"
    assert env.version is None
    assert env.register(ws, version="1.2.0").version == "1.2.0"
    assert git(ws, "tag", "--list").split() == ["env/small/1", "env/small/1.2.0"]


def test_register_without_commit_refuses_what_is_not_in_git(ws: Workspace) -> None:
    env = small()
    env.lock()
    with pytest.raises(AnswerIsNo, match="`small` is not in git as it is here"):
        env.register(ws, commit=False)
    assert git(ws, "status", "--porcelain").split() == ["??", ".gitattributes", "??", "small/"]


def test_one_of_another_time_is_only_read(ws: Workspace) -> None:
    env = small()
    env.register(ws)
    Environment.label(ws, "small", 1, ["prod", "best"])
    env.environment_variables["A"] = "1"
    env.register(ws)
    then = Environment.get(ws, "small", label="best")
    assert dict(then.environment_variables) == {}
    assert then.check() == ()
    with pytest.raises(UserInputError, match="is as it was, and stays so"):
        then.environment_variables["A"] = "1"
    with pytest.raises(UserInputError, match="is as it was, and is not locked again"):
        then.lock()
    assert then.register(ws).version == "1"
    Environment.label(ws, "small", 2, ["best"])
    assert dict(then.environment_variables) == {}  # what it was got as stays
    assert dict(Environment.get(ws, "small", label="best").environment_variables) == {"A": "1"}
    assert Environment.get(ws, "small", version="latest").version == "2"


def test_of_another_repository(ws: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    env = small()
    env.environment_variables["A"] = "1"
    env.register(ws)
    monkeypatch.chdir(tmp_path)
    got = Environment.get(ws.root.as_uri(), "small")
    assert dict(got.environment_variables) == {"A": "1"}
    assert dict(Environment.get(ws.root.as_uri(), "small", version=1).environment_variables) == {"A": "1"}
    run_here("git", "init", "--quiet", tmp_path / "other")
    monkeypatch.chdir(tmp_path / "other")
    clone = got.clone("mine")
    assert clone.save() == tmp_path / "other" / "mine"
    assert clone.check() == ()  # its pins came along


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "smal"}, "no environment `smal`"),
        ({"name": "small", "version": "7"}, "7"),
        ({"name": "small", "label": "prod"}, "`small` has no label `prod`"),
        ({"name": "small", "version": "1", "label": "prod"}, "exclude each other"),
    ],
)
def test_what_is_not_there_is_said(ws: Workspace, arguments: dict[str, str], message: str) -> None:
    small().register(ws)
    with pytest.raises(UserInputError, match=message):
        Environment.get(ws, **arguments)


def test_two_of_one_name_are_told_apart_by_their_folders(ws: Workspace) -> None:
    saved = small().save().rename(ws.root.parent / "small")
    for folder in ("one", "two"):
        shutil.copytree(saved, ws.root / folder)
    assert [*Environment.list(ws)] == ["one", "two"]
    with pytest.raises(UserInputError, match="several environments are named `small`: `one`, `two`"):
        Environment.get(ws, "small")


def test_a_wheel_is_kept_in_the_repository(ws: Workspace, tmp_path: Path) -> None:
    wheel = write_wheel(tmp_path, "model", "1.0")
    place = Environment.add_private_pip_wheel(ws, wheel)
    assert Environment.add_private_pip_wheel(ws, wheel, exist_ok=True) == place
    with pytest.raises(UserInputError, match="is there already"):
        Environment.add_private_pip_wheel(ws, wheel)
    write_wheel(tmp_path, "model", "1.0", requires=["flask"])
    with pytest.raises(UserInputError, match="is there already"):
        Environment.add_private_pip_wheel(ws, wheel, exist_ok=True)
    env = small()
    env.pip.add(place)
    assert [*env.pip] == ["model @ ./wheels/model-1.0-py3-none-any.whl"]
    env.save()
    assert [*env.pip] == ["model @ ../wheels/model-1.0-py3-none-any.whl"]
    assert [*env.clone("same").pip] == ["model @ ../wheels/model-1.0-py3-none-any.whl"]


def test_what_another_time_names_beside_it_is_taken_along_by_saving(ws: Workspace, tmp_path: Path) -> None:
    env = small()
    env.python.version = "3.12"
    env.pip.add(Environment.add_private_pip_wheel(ws, write_wheel(tmp_path, "model", "1.0")))
    then = env.register(ws)
    with pytest.raises(UserInputError, match="`small@1` names files that lie beside it, which are not here"):
        then.clone("other")
    then.save_to_directory(tmp_path / "saved")
    other = Environment.load_from_directory(tmp_path / "saved").clone("other")
    assert other.register(ws).version == "1"
    assert [*other.pip] == ["model @ ../wheels/model-1.0-py3-none-any.whl"]


def test_a_workspace_is_a_repository(tmp_path: Path, ws: Workspace) -> None:
    (ws.root / "deep" / "down").mkdir(parents=True)
    assert Workspace.discover(ws.root / "deep" / "down").root == ws.root
    assert (Workspace.from_config().root, ws.name) == (ws.root, "work")
    with pytest.raises(UserInputError, match="is in no git repository"):
        Workspace.discover(tmp_path)
    env = small()
    env.save(ws)
    run_here("git", "init", "--quiet", tmp_path / "other")
    with pytest.raises(UserInputError, match=r"`small` is in the workspace `.*work`"):
        env.register(Workspace(tmp_path / "other"))


def test_a_build_tells_what_it_does(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    env = small()
    env.environment_variables["A"] = "1"
    build = env.build(ws)
    assert build.wait_for_completion(show_output=True) is build
    assert build.status == "Succeeded"
    assert build.get_log() == capsys.readouterr().out
    assert build.get_log().splitlines()[-1] == build.result.reference
    assert env.get_image_details().digest == build.result.digest
    assert env.get_image_details().where == "cache"
    build.wait_for_completion(show_output=False)
    assert capsys.readouterr().out == ""


def test_a_build_that_fails_says_why_where_it_is_waited_for(ws: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    env = small()
    build = env.build(ws, push=True)
    for _ in range(2):
        with pytest.raises(UserInputError, match=r"env.toml does not say where images go"):
            build.wait_for_completion()
    assert build.status == "Failed"
    assert "error: env.toml does not say where images go\nhint: " in build.get_log()
    assert capsys.readouterr().out == 2 * build.get_log()
    with pytest.raises(UserInputError):
        _ = build.result


def test_offline_opens_no_connection(ws: Workspace) -> None:
    env = small()
    env.docker.base_image = "registry.example.test/base:1"
    env.save(Workspace.discover(offline=True))
    with pytest.raises(OutsideError) as failure:
        env.lock()
    assert isinstance(failure.value, EnvlockError)
    assert "offline" in f"{failure.value.message} {failure.value.hint}"


def test_what_others_have_changed_is_theirs_to_lock(ws: Workspace) -> None:
    env = small()
    env.lock()
    manifest = ws.root / "small" / "env.toml"
    manifest.write_text(f'{manifest.read_text()}\n[variables]\nA = "1"\n')
    with pytest.raises(AnswerIsNo, match="does not answer"):
        env.build().wait_for_completion(show_output=False)
    assert [problem.kind for problem in env.check()] == ["image"]
    env.lock()
    env.build().wait_for_completion(show_output=False)


def test_pins_of_another_tool_are_locked_before_anything_is_asked_for_beside_them(ws: Workspace) -> None:
    (ws.root / "explicit.txt").write_text(
        f"@EXPLICIT\nhttps://conda.example.test/main/linux-64/tool-1.0-0.conda#{'0' * 64}\n"
    )
    env = Environment.from_file("pinned", "explicit.txt")
    with pytest.raises(UserInputError, match="has pins of another tool, which are to be locked first"):
        env.conda.add("numpy")


def test_progress_and_warnings_are_logged(ws: Workspace, caplog: pytest.LogCaptureFixture) -> None:
    (ws.root / "environment.yml").write_text("dependencies: [numpy]\nprefix: /home/kim/envs/old\n")
    env = Environment.from_conda_specification("logged", ws.root / "environment.yml")
    warnings = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == len(env.not_carried_over) > 0
    assert any(line.startswith("not carried over: ") and ":2: `prefix: " in line for line in warnings)
    caplog.clear()
    for quiet in (False, True):
        Workspace.discover(quiet=quiet).session.log("warning: mind this")
    assert [record.getMessage() for record in caplog.records] == ["mind this"]


def program(ws: Workspace, text: str) -> tuple[str, str]:
    """What a program prints, and what it says on stderr."""
    words = (sys.executable, "-c", f"from envlock import Environment\n{inspect.getsource(small)}\n{text}")
    done = subprocess.run(words, cwd=ws.root, capture_output=True, text=True, check=True)
    return done.stdout, done.stderr


def test_a_program_does_not_end_before_its_builds(ws: Workspace) -> None:
    """Of what nobody has waited for it is said that it failed."""
    said = program(
        ws,
        """
for name, push in (("good", False), ("bad", True)):
    env = small(name)
    env.environment_variables["A"] = name
    env.build(push=push)
""",
    )
    assert said == ("", "a build that nobody waited for has failed: env.toml does not say where images go\n")
    assert Environment.get(ws, "good").get_image_details().where == "cache"


def test_ctrl_c_ends_a_build(ws: Workspace) -> None:
    said = program(
        ws,
        """
import os, signal, sys, threading
from envlock.api.building import Build
from envlock.errors import Interrupted

shown = threading.Event()
write = sys.stdout.write
sys.stdout.write = lambda text: (write(text), shown.set())

def work(told, stopped):
    told("begun")
    shown.wait()  # then it is being waited for
    os.kill(os.getpid(), signal.SIGINT)
    stopped.wait()
    raise Interrupted("no longer wanted")

try:
    Build(work).wait_for_completion()
except KeyboardInterrupt:
    write("interrupted\\n")
""",
    )
    assert said == ("begun\ninterrupted\n", "")


def test_a_build_begins_where_it_is_called(ws: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    (ws.root / "deep").mkdir()
    monkeypatch.chdir(ws.root / "deep")
    env = small()
    build = env.build(output="image.tar")
    assert env.folder == ws.root / "small"
    monkeypatch.chdir(ws.root.parent)
    build.wait_for_completion(show_output=False)
    assert (ws.root / "deep" / "image.tar").exists()
    with pytest.raises(UserInputError, match="is in no git repository"):
        small("elsewhere").build()


def test_an_image_is_made_in_the_engine_of_this_machine(
    ws: Workspace, docker_engine: Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", docker_engine.url)
    env = small("local")
    env.environment_variables["A"] = "1"
    build = env.build_local(ws, useDocker=True)
    name = env.get_image_details(ws).image
    assert "A=1" in docker_engine.client.images.get(name).attrs["Config"]["Env"]
    assert capsys.readouterr().out == build.get_log()
    with pytest.raises(UserInputError, match="what is installed cannot be pushed"):
        env.build_local(ws, push=True)
