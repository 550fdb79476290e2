"""What strangers can write (names, files, payloads of events) runs nothing, says nothing in our name and gets nothing
out: `ci` is run on each, and judged by what it has done."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.canary import Canaries
from tests.support.ci_effects import CANARY, addresses, files_made, forged, skeleton
from tests.support.ci_scene import Job, Proposal, Scene, World, new_scene
from tests.support.ci_variables import on_github, pull_request
from tests.support.pushing import Log

REF = "refs/pull/1/merge"
TOUCH = f"touch${{IFS}}{CANARY}"  # without a space, which no branch can have
OPTION = f"--upload-pack=touch {CANARY}"


def nothing(_job: Job) -> None:
    """Leaves a work tree as it is."""


def as_it_is(payload: Any) -> Any:
    return payload


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """A pull request that moves `train` to another lock, with something in it. `files` go into the author's tree (a
    `Path` is where a link leads), `meddle` changes what is checked out, `lies` the file of the event."""

    branch: str = "topic"
    title: str = "Newer alpha"
    body: str | None = None
    name: str = "train"
    folder: str | None = None
    manifest: Mapping[str, str] = field(default_factory=dict)
    lock: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str | bytes | Path] = field(default_factory=dict)
    kind: str = "pull_request"
    lies: Callable[[Any], Any] = as_it_is
    meddle: Callable[[Job], None] = nothing
    variables: Mapping[str, str] = field(default_factory=dict)
    inside: str = "."
    words: tuple[str, ...] = ()

    def tried(self, ci_world: World, root: Path) -> "Tried":
        scene = new_scene(ci_world, root, "train")
        scene.branch()
        self._write(scene)
        asked = replace(scene.propose(self.branch, is_fork=True), title=self.title, body=self.body)
        job = self._job(scene, asked)
        self.meddle(job)
        log = Log(ci_world.registry)
        temporary = root / "temporary"
        temporary.mkdir()
        code, said = job.given(TMPDIR=str(temporary)).log(*self.words, folder=job.tree / self.inside)
        sent = [entry for entry in log.entries() if entry.method not in ("GET", "HEAD")]
        return Tried(root=root, job=job, code=code, log=said, sent=sent)

    def _write(self, scene: Scene) -> None:
        place = scene.write(self.name, "2.0", folder=self.folder)
        for file, changes in (("env.toml", self.manifest), ("env.lock", self.lock)):
            text = (place / file).read_text()
            for old, new in changes.items():
                assert old in text, (old, text)
                text = text.replace(old, new)
            (place / file).write_text(text)
        for name, content in self.files.items():
            path = scene.author.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if isinstance(content, Path):
                path.symlink_to(content)
            else:
                path.write_bytes(content if isinstance(content, bytes) else content.encode())

    def _job(self, scene: Scene, asked: Proposal) -> Job:
        # what runs with secrets has the branch checked out only where a workflow does so on purpose
        job = scene.job(asked.merge, REF)
        return on_github(job, self.kind, asked.merge, REF, self.lies(pull_request(asked)), **self.variables)


@dataclass(frozen=True, kw_only=True)
class Tried:
    root: Path
    job: Job
    code: int
    log: str
    sent: list[Any]


def lying(*path: str, value: Any) -> Callable[[Any], Any]:
    """The event file with something else at a place."""

    def lie(payload: Any) -> Any:
        *above, last = path
        place = payload
        for key in above:
            place = place[key]
        place[last] = value
        return payload

    return lie


def instead(value: Any) -> Callable[[Any], Any]:
    return lambda _payload: value


def configured(*settings: str) -> Callable[[Job], None]:
    """Settings of the checkout's own that name programs."""

    def meddle(job: Job) -> None:
        with (job.tree / ".git" / "config").open("a") as file:
            file.writelines(f"{line}\n" for line in settings)

    return meddle


def hooked(job: Job) -> None:
    """All hooks that git knows, in the checkout."""
    hooks = job.tree / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("reference-transaction", "post-checkout", "post-index-change", "fsmonitor-watchman", "post-merge"):
        (hooks / name).write_text(f"#!/bin/sh\ntouch {job.tree / CANARY}\n")
        (hooks / name).chmod(0o755)


RUNS = f"__import__('pathlib').Path({CANARY!r}).touch()\n"
BARE = {
    "train/HEAD": "ref: refs/heads/main\n",
    "train/config": f'[core]\n\trepositoryformatversion = 0\n\tbare = true\n\tfsmonitor = "touch {CANARY}"\n'
    f'[remote "origin"]\n\turl = "ext::sh -c touch% {CANARY}"\n\tuploadpack = "touch {CANARY};"\n'
    '[protocol "ext"]\n\tallow = always\n',
    "train/objects/info/x": "",
    "train/refs/heads/x": "",
}

# judged against a pull request of the same shape with nothing in it
SAME_SHAPE = {
    "branch: command substitution": Hostile(branch=f"$({TOUCH})"),
    "branch: backticks": Hostile(branch=f"a`{TOUCH}`"),
    "branch: another command": Hostile(branch=f";{TOUCH};"),
    "branch: both": Hostile(branch=f"a&&{TOUCH}|{TOUCH}"),
    "branch: quotes": Hostile(branch=f"'\";{TOUCH};\"'"),
    "branch: expression": Hostile(branch="${{github.token}}"),
    "branch: encoded line end": Hostile(branch="%0A%3A%3Aset-output%20name=pwned"),
    "branch: an option": Hostile(branch=f"--upload-pack={TOUCH}"),
    "branch: tag of a lock": Hostile(branch="lock-3f9a1c22b07d4e18"),
    "branch: latest": Hostile(branch="latest"),
    "branch: the default one, of a fork": Hostile(branch="main"),
    "branch: 230 characters": Hostile(branch="a" * 230),
    "branch: lookalike": Hostile(branch="m\N{CYRILLIC SMALL LETTER A}in"),
    "branch: right to left": Hostile(branch="\N{RIGHT-TO-LEFT OVERRIDE}niam"),
    "branch: HTML": Hostile(branch=f"<img/src=x/onerror='{CANARY}'>"),
    "branch: marker": Hostile(branch="<!--envlock-report-->"),
    "branch: Markdown": Hostile(branch="`|__x__|@everyone|#1|`"),
    "branch: output": Hostile(branch=f"{CANARY}<<EOF"),
    "title: commands": Hostile(title=f"::error::{CANARY}\n::set-env name={CANARY}::x\n##[add-mask]x"),
    "title: shell": Hostile(
        title=f"$(touch {CANARY}) `touch {CANARY}` ${{{{ github.token }}}}", body=f";touch {CANARY}"
    ),
    "title: marker": Hostile(title="<!-- envlock:report x -->", body="<!-- envlock:report x -->\r\n# forged"),
    "files: Python of ours": Hostile(
        files={
            **{f"{name}.py": RUNS for name in ("sitecustomize", "usercustomize", "json", "click", "typing")},
            **{f"{name}/__init__.py": RUNS for name in ("envlock", "rich", "pygit2")},
            **{f"train/{name}.py": RUNS for name in ("sitecustomize", "json", "click")},
            "train/envlock/__init__.py": RUNS,
        },
        inside="train",
    ),
    "files: settings of tools": Hostile(
        files={
            "uv.toml": f'index-url = "http://127.0.0.1:9/{CANARY}"\n',
            "pip.conf": "[global]\nindex-url = http://127.0.0.1:9/\n",
            "pyproject.toml": "[tool.uv]\nno-index = true\n[build-system]\nbuild-backend = 'x'\nrequires = ['x']\n",
            ".envlock/config": "x",
            ".condarc": "x",
            ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = "{OPTION}"\n\tupdate = !{OPTION}\n',
        }
    ),
    "files: a repository within": Hostile(files=BARE, inside="train"),
    "files: attributes that name drivers": Hostile(
        files={".gitattributes": "* filter=x diff=x merge=x\n"},
        meddle=configured(
            *('[diff "x"]', f"textconv = touch {CANARY};", f"command = touch {CANARY};"),
        ),
    ),
    "git: monitor": Hostile(meddle=configured("[core]", f'fsmonitor = "touch {CANARY};"')),
    "git: hooks": Hostile(meddle=hooked),
    "git: pager, editor, ssh": Hostile(
        meddle=configured(
            *(
                "[core]",
                *(f'{key} = "touch {CANARY};"' for key in ("pager", "editor", "sshCommand", "askPass", "gitProxy")),
            ),
            *("[gpg]", f"program = touch {CANARY}", "[log]", "showSignature = true"),
        )
    ),
    "git: an alias": Hostile(
        meddle=configured("[alias]", *(f'{word} = "!touch {CANARY}"' for word in ("rev-parse", "fetch")))
    ),
    "arguments: shell": Hostile(
        variables={"ENVLOCK_CI_ENVIRONMENTS": "train", "ENVLOCK_CI_ARGS": f"--report '../$({TOUCH})'"}
    ),
}

EVIL = f"::error::{CANARY}"
# each of these is refused; beside it, what is refused likewise and harmless
REFUSED = {
    "name: command": (Hostile(manifest={'"train"': rf'"a\n{EVIL}"'}), Hostile(manifest={'"train"': '"A B"'})),
    "name: mask": (Hostile(manifest={'"train"': r'"\n::add-mask::e"'}), Hostile(manifest={'"train"': '"A B"'})),
    "name: shell": (Hostile(manifest={'"train"': f'"$(touch {CANARY})"'}), Hostile(manifest={'"train"': '"A B"'})),
    "name: older command": (Hostile(manifest={'"train"': '"##[add-mask]e"'}), Hostile(manifest={'"train"': '"A B"'})),
    "name: stop": (Hostile(manifest={'"train"': r'"\r::stop-commands::x"'}), Hostile(manifest={'"train"': '"A B"'})),
    "name: output": (Hostile(manifest={'"train"': rf'"{CANARY}<<X\nX"'}), Hostile(manifest={'"train"': '"A B"'})),
    "name: HTML": (
        Hostile(manifest={'"train"': "'''<img src=http://evil.test/ onerror=x>'''"}),
        Hostile(manifest={'"train"': '"A B"'}),
    ),
    "name: path": (Hostile(manifest={'"train"': f'"../../{CANARY}"'}), Hostile(manifest={'"train"': '"A B"'})),
    "name: option": (Hostile(manifest={'"train"': '"--output=x"'}), Hostile(manifest={'"train"': '"A B"'})),
    "name: terminal": (
        Hostile(manifest={'"train"': r'"\u001b[2J\u001b]0;x\u0007"'}),
        Hostile(manifest={'"train"': '"A B"'}),
    ),
    "key: command": (
        Hostile(manifest={"[image]": f'"{EVIL}" = 1\n[image]'}),
        Hostile(manifest={"[image]": '"harmless" = 1\n[image]'}),
    ),
    "key: table, HTML and a link": (
        Hostile(manifest={"[image]": '"| a |\\n|---|\\n<b>[x](http://evil.test)" = 1\n[image]'}),
        Hostile(manifest={"[image]": '"harmless" = 1\n[image]'}),
    ),
    "dependency: command": (
        Hostile(manifest={"'alpha==2.0'": rf'"alpha==2.0\n{EVIL}"'}),
        Hostile(manifest={"'alpha==2.0'": '"alpha==2.0 b"'}),
    ),
    "dependency: unmet, with Markdown": (
        Hostile(manifest={"'alpha==2.0'": '"alpha @ https://evil.test/`<!--x-->`[a](b)|/alpha-1.0-py3-none-any.whl"'}),
        Hostile(manifest={"'alpha==2.0'": '"alpha @ https://evil.test/harmless/alpha-1.0-py3-none-any.whl"'}),
    ),
    "lock: a package called so": (
        Hostile(lock={'name = "beta"': rf'name = "beta](http://evil.test)\n{EVIL}"'}),
        Hostile(lock={'name = "beta"': 'name = "b b"'}),
    ),
    "lock: a version like that": (
        Hostile(lock={'version = "2.0"': r'version = "<b>2\n##[set-env name=pwned]x"'}),
        Hostile(lock={'version = "2.0"': 'version = "2 0"'}),
    ),
    "lock: a file outside": (
        Hostile(lock={'file = "beta-': f'file = "../../{CANARY}/beta-'}),
        Hostile(lock={'file = "beta-': 'file = "a b-'}),
    ),
}

# what only has to do no harm: its report has no twin
OTHERS = {
    "link: env.toml": Hostile(files={"train/env.toml": Path("/etc/passwd")}),
    "link: env.lock to our own variables": Hostile(files={"train/env.lock": Path("/proc/self/environ")}),
    "link: env.lock to the event": Hostile(files={"train/env.lock": Path("../../places/event.json")}),
    "link: without end": Hostile(files={"train/env.lock": Path("env.lock")}),
    "folder: commands": Hostile(folder=f"a\n{EVIL}\n##[add-mask]e\nb"),
    "folder: stop": Hostile(folder="::stop-commands::x"),
    "folder: shell": Hostile(folder=f"$(touch {CANARY})`touch {CANARY}`;touch {CANARY}"),
    "folder: marker": Hostile(folder="<!-- envlock:report x -->"),
    "folder: table and HTML": Hostile(folder="a | b\n\n| c |\n|---|\n<img src=x onerror=y>"),
    "folder: option": Hostile(folder=OPTION),
    "folder: output": Hostile(folder=f"x\nEOF\n{CANARY}=1\n{CANARY}<<EOF"),
    "folder: right to left, no UTF-8": Hostile(folder=os.fsdecode(b"\xff\xe2\x80\xae\x1b[2J")),
    "manifest: another registry with a login": Hostile(
        manifest={"[image]": '[image]\nrepository = "kim:pw@evil.test/x"'}
    ),
    "manifest: an index with our variables": Hostile(
        manifest={"/simple/": "/simple/${ENVLOCK_CI_TOKEN}/$GITHUB_TOKEN/"}
    ),
    "payload: not JSON": Hostile(lies=instead(b"::error::pwned\n{")),
    "payload: no UTF-8": Hostile(lies=instead(b"\xff\xfe{}")),
    "payload: a list": Hostile(lies=instead([EVIL])),
    "payload: null": Hostile(lies=instead(None)),
    "payload: deep": Hostile(lies=instead(b"[" * 200_000)),
    "payload: 40 MB": Hostile(lies=lambda payload: {**payload, "more": "x" * 40_000_000}),
    "payload: a number of 5,000 digits": Hostile(lies=instead(b'{"number": ' + b"9" * 5000 + b"}")),
    "payload: a number that is words": Hostile(lies=lying("number", value=f"1; touch {CANARY}")),
    "payload: a request that is none": Hostile(lies=lying("number", value=-1)),
    "payload: base is an option": Hostile(lies=lying("pull_request", "base", "sha", value=OPTION)),
    "payload: base is a list": Hostile(lies=lying("pull_request", "base", "sha", value=["x"])),
    "payload: base is another ref": Hostile(
        lies=lying("pull_request", "base", "sha", value=f"+refs/heads/main:refs/heads/{CANARY}")
    ),
    "payload: head is a command": Hostile(lies=lying("pull_request", "head", "sha", value=f"\n{EVIL}")),
    "payload: target is an option": Hostile(lies=lying("pull_request", "base", "ref", value=OPTION)),
    "payload: another repository": Hostile(lies=lying("repository", "full_name", value="../../evil")),
    "payload: no repository": Hostile(lies=lying("repository", value=None)),
    "environments: not ours": Hostile(variables={"ENVLOCK_CI_ENVIRONMENTS": f"/etc --help ../../.. $({TOUCH})"}),
    "arguments: unknown": Hostile(variables={"ENVLOCK_CI_ARGS": f"--nothing=$({TOUCH})"}),
    "arguments: open quote": Hostile(variables={"ENVLOCK_CI_ARGS": f"'; touch {CANARY}"}),
}


@pytest.fixture(scope="module")
def harmless(ci_world: World, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Hostile], Tried]:
    """What comes of a pull request with nothing in it; each once."""
    known: dict[str, Tried] = {}

    def of(case: Hostile) -> Tried:
        if repr(case) not in known:
            known[repr(case)] = case.tried(ci_world, tmp_path_factory.mktemp("harmless") / "scene")
        return known[repr(case)]

    return of


def unharmed(tried: Tried, home: Path) -> None:
    """Nothing was run, pushed, put out in our name or left behind."""
    assert files_made(tried.root, home) == []
    assert [*(tried.root / "temporary").iterdir()] == []
    assert forged(tried.job, tried.log) == []
    assert tried.sent == []
    assert addresses(tried.job.summary) == []
    assert "Traceback" not in tried.log
    assert tried.code in (0, 1, 2), tried.log
    assert "root:x:" not in tried.log + tried.job.summary
    shown = [c for c in tried.log + tried.job.summary if not c.isprintable() and c not in "\n\N{NO-BREAK SPACE}"]
    assert shown == []


@pytest.mark.parametrize(
    "case", [case if n % 3 == 0 else pytest.param(case, marks=pytest.mark.full) for n, case in enumerate(SAME_SHAPE)]
)
def test_all_is_as_with_harmless_words(
    case: str, ci_world: World, tmp_path: Path, isolated_home: Path, harmless: Callable[[Hostile], Tried]
) -> None:
    tried, plain = SAME_SHAPE[case].tried(ci_world, tmp_path / "scene"), harmless(Hostile())
    unharmed(tried, isolated_home)
    assert (plain.code, tried.code) == (0, 0), tried.log
    assert skeleton(tried.job.summary) == skeleton(plain.job.summary)
    same = ("digest", "image-key", "lock-hash", "changed", "pushed", "matrix")
    assert {name: tried.job.outputs()[name] for name in same} == {name: plain.job.outputs()[name] for name in same}


def blocks(markdown: str) -> list[str]:
    return [each for each in skeleton(markdown) if each != "code"]


@pytest.mark.parametrize(
    "case", [case if n % 2 == 0 else pytest.param(case, marks=pytest.mark.full) for n, case in enumerate(REFUSED)]
)
def test_what_is_refused_says_so_as_of_harmless_words(
    case: str, ci_world: World, tmp_path: Path, isolated_home: Path, harmless: Callable[[Hostile], Tried]
) -> None:
    hostile, twin = REFUSED[case]
    tried, plain = hostile.tried(ci_world, tmp_path / "scene"), harmless(twin)
    unharmed(tried, isolated_home)
    assert (plain.code, tried.code) in ((1, 1), (2, 2), (1, 2), (2, 1)), tried.log
    # one refusal names more words than another: all else is built alike
    assert blocks(tried.job.summary) == blocks(plain.job.summary)
    assert tried.job.outputs().keys() == plain.job.outputs().keys()


@pytest.mark.parametrize("case", OTHERS)
def test_what_lies_does_no_harm(case: str, ci_world: World, tmp_path: Path, isolated_home: Path) -> None:
    unharmed(OTHERS[case].tried(ci_world, tmp_path / "scene"), isolated_home)


def test_password_and_token_reach_no_program_and_no_file(ci_world: World, tmp_path: Path, isolated_home: Path) -> None:
    canaries = Canaries()
    seen, programs = tmp_path / "seen", tmp_path / "programs"
    programs.mkdir()
    (programs / "git").write_text(f'#!/bin/sh\nenv >>{seen}\nPATH=${{PATH#*:}} exec git "$@"\n')
    (programs / "git").chmod(0o755)
    secrets = {"ENVLOCK_CI_PASSWORD": canaries.secret("password"), "ENVLOCK_CI_TOKEN": canaries.secret("token", "")}
    case = Hostile(
        variables={
            **secrets,
            "ENVLOCK_CI_COMMENT": "false",
            "ENVLOCK_CI_REGISTRY": ci_world.registry.host,
            "ENVLOCK_CI_USERNAME": "kim",
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        },
        words=("--verbose",),
    )
    tried = case.tried(ci_world, tmp_path / "scene")
    assert tried.code == 0, tried.log
    assert "ENVLOCK_CACHE_DIR=" in seen.read_text()
    assert canaries.found(seen.read_bytes() + tried.log.encode()) == set()
    assert canaries.traces(tmp_path / "scene", isolated_home) == []
