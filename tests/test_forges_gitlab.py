"""GitLab, Jenkins and a laptop are told what came of `ci`: by a note, and by what is printed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from envlock.forges.forge import Annotation
from envlock.forges.gitlab import GitLab
from envlock.forges.gitlab_notes import without_actions
from envlock.forges.jenkins import Jenkins
from envlock.forges.nowhere import Nowhere
from envlock.forges.table import forge_of
from envlock.forges.value_file import variable_lines
from envlock.model.ci_event import Event, Kind
from envlock.system.http import Http
from tests.support.comments_api import running_comments_api
from tests.support.comments_kept import PROJECT, Answer, CommentsApi, Who

MERGE_REQUEST = Event(kind=Kind.PULL_REQUEST, forge="gitlab", number=1)
TOKEN = "token-of-the-project"
ROBOT = "project_7_bot_a1b2"
REPORT = "### envlock\n\n| a | b |"


@pytest.fixture
def api() -> Iterator[CommentsApi]:
    """Whatever a test does, nothing wrong is asked, and no note has GitLab do something."""
    with running_comments_api() as running:
        running.tokens = {TOKEN: Who(login=ROBOT)}
        yield running
        assert running.wrong == []
        assert running.done == []


def said(api: CommentsApi, markdown: str | None = REPORT, **variables: str) -> str | None:
    """What hindered a note."""
    told = {
        "CI_API_V4_URL": api.gitlab_url,
        "CI_PROJECT_ID": PROJECT,
        "CI_PROJECT_DIR": "/w",
        "CI_JOB_NAME": "envlock",
        "PWD": "/w",
        "ENVLOCK_CI_TOKEN": TOKEN,
    }
    waited: list[float] = []
    http = Http(wait=waited.append)
    return GitLab({**told, **variables}).comment(markdown, MERGE_REQUEST, lambda: http)


def test_one_note_is_written_and_then_kept_up_to_date(api: CommentsApi) -> None:
    assert said(api) is None
    assert said(api) is None
    assert said(api, "newer") is None
    assert said(api, None) is None
    assert [asked.split(" ")[0] for asked in api.written] == ["POST", "PUT", "PUT"]
    (text,) = api.bodies()
    assert text.endswith(" -->\n### envlock\n\nNo environment changes, and every env.lock answers its env.toml.")


def test_a_note_of_somebody_else_is_left(api: CommentsApi) -> None:
    said(api)
    mark = api.kept.pop().body.split("\n")[0]
    api.put(f"{mark}\nall is well", login="stranger")
    for n in range(120):
        api.put(f"note {n}", login="kim")
    said(api)
    said(api, "newer")
    assert [kept.body for kept in api.kept if kept.login == "stranger"] == [f"{mark}\nall is well"]
    assert [kept.body.split("\n", 1)[1] for kept in api.kept if kept.login == ROBOT] == ["newer"]


def test_who_was_slower_at_once_takes_its_own_back(api: CommentsApi) -> None:
    said(api)
    first = api.kept.pop().body
    api.meanwhile = {f"POST /api/v4/projects/{PROJECT}/merge_requests/1/notes": lambda: api.put(first, login=ROBOT)}
    assert said(api, "newer") is None
    (text,) = api.bodies()
    assert text.endswith("\nnewer")


def test_jobs_and_folders_have_notes_of_their_own(api: CommentsApi) -> None:
    said(api)
    said(api, CI_JOB_NAME="other")
    said(api, PWD="/w/sub")
    assert len(api.kept) == 3


def test_nothing_in_a_report_is_done_by_gitlab(api: CommentsApi) -> None:
    report = "/close\n\n   /merge\n\n```\n/label ~x\n```\n\na /b\n\r\n/assign @me"
    assert said(api, report) is None
    assert said(api, report) is None
    assert len(api.written) == 1  # the second time it was found as it was written
    assert without_actions("/close\n\n /merge a/b") == "\\/close\n\n \\/merge a/b"


def test_the_merge_request_of_a_fork_is_one_of_the_project_that_it_is_for(api: CommentsApi) -> None:
    assert said(api, CI_PROJECT_ID="8", CI_MERGE_REQUEST_PROJECT_ID=PROJECT) is None
    assert len(api.kept) == 1


SCOPE = "; it takes a project access token with the scope `api`: that of a job may not write notes"


def hindered(api: CommentsApi) -> str:
    words = said(api)
    assert words
    assert TOKEN not in words
    return words.replace(str(api.port), "PORT")


def test_what_hinders_a_note_is_said(api: CommentsApi) -> None:
    begin = "no comment is written: http://127.0.0.1:PORT/api/v4 answers "
    api.tokens = {TOKEN: Who(login=ROBOT, writes=False)}
    higher = "The request requires higher privileges than provided by the access token."
    assert hindered(api) == f"{begin}403: {higher}{SCOPE}"
    api.tokens = {}
    assert hindered(api) == f"{begin}401: 401 Unauthorized; is the token still good?"
    api.tokens, api.numbers = {TOKEN: Who(login=ROBOT)}, set()
    assert hindered(api) == f"{begin}404: 404 Not found{SCOPE}"
    api.instead = [Answer(status=429, content=b"Retry later\n", headers={"Retry-After": "60"})]
    assert hindered(api) == f"{begin}429"
    assert api.kept == []


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ENVLOCK_CI_TOKEN": ""}, "there is no `ENVLOCK_CI_TOKEN`"),
        ({"CI_PROJECT_ID": "7/../8"}, "`CI_PROJECT_ID` is no number"),
        ({"CI_MERGE_REQUEST_PROJECT_ID": "x"}, "`CI_MERGE_REQUEST_PROJECT_ID` is no number"),
        ({"CI_API_V4_URL": "http://gitlab.acme.test"}, "`CI_API_V4_URL` is no address that begins with `https://`"),
    ],
)
def test_what_a_job_is_told_is_looked_at_first(api: CommentsApi, variables: dict[str, str], words: str) -> None:
    assert said(api, REPORT, **variables) == f"no comment is written: {words}"
    assert api.asked == []


def test_who_has_no_token_and_nothing_to_say_hears_nothing(api: CommentsApi) -> None:
    assert said(api, None, ENVLOCK_CI_TOKEN="") is None


# --- values for later jobs, and what is printed


def test_values_are_variables_of_one_line_each() -> None:
    values = {"image": "a/b@sha256:1\na/c@sha256:2", "lock-hash": "x", "changed": '["a"]', "matrix": "{}", "sbom": ""}
    assert variable_lines(values) == (
        'ENVLOCK_IMAGE=a/b@sha256:1 a/c@sha256:2\nENVLOCK_LOCK_HASH=x\nENVLOCK_CHANGED=["a"]\nENVLOCK_SBOM=\n'
    )
    assert variable_lines({"a": "b\r\nC=d\x0b\u2028e"}) == "ENVLOCK_A=b C=d e\n"


def test_a_remark_is_printed_as_compilers_write_it() -> None:
    remarks = [
        Annotation(level="error", title="t", message="one\ntwo", file="a/env.toml", line=3),
        Annotation(level="error", title="t", message="three", file="a/env.toml"),
        Annotation(level="notice", title="t", message="\x1b[2J"),
    ]
    for forge in (Nowhere(), GitLab({}), Jenkins({})):
        assert list(forge.annotated(remarks)) == [
            "a/env.toml:3: error: one; two",
            "a/env.toml: error: three",
            "notice: \\u001b[2J",
        ]


def test_a_place_that_has_nothing_takes_nothing(tmp_path: Path) -> None:
    for forge in (Nowhere(), GitLab({}), Jenkins({})):
        assert (list(forge.hushed()), list(forge.heard()), forge.has_summary) == ([], [], False)
        forge.write_outputs({"a": "b"})
    for forge in (Nowhere(), Jenkins({})):
        assert forge.comment(REPORT, MERGE_REQUEST, lambda: pytest.fail("nobody is asked")) is None
    assert list(tmp_path.iterdir()) == []


def test_a_forge_is_known_by_its_variable() -> None:
    known = {"GITHUB_ACTIONS": "github", "GITLAB_CI": "gitlab", "JENKINS_URL": "jenkins"}
    for variable, name in known.items():
        assert forge_of({variable: "true"}).name == name
    assert forge_of({"CI": "true", "GITHUB_ACTIONS": ""}).name == "nowhere"
