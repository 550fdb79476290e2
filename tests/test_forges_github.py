"""GitHub is told what came of `ci`: by commands, files, and one comment that it finds again."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import OutsideError, escaped
from envlock.forges.forge import Annotation
from envlock.forges.github import GitHub
from envlock.forges.value_file import value_lines
from envlock.forges.workflow_commands import annotation_commands, command
from envlock.model.ci_event import Event, Kind
from envlock.system.http import Http
from tests.support.actions.file_commands import pairs
from tests.support.actions.log import Log
from tests.support.comments_api import running_comments_api
from tests.support.comments_kept import BOT, REPOSITORY, Answer, CommentsApi, Who

PULL_REQUEST = Event(kind=Kind.PULL_REQUEST, forge="github", number=1)
TOKEN = "token-of-a-job"
REPORT = "### envlock\n\n| a | b |\n"
HOSTILE = (
    "::error::forged",
    "line\n::set-output name=image::evil",
    "line\r::add-mask::a\r\n::stop-commands::x",
    "##[add-mask]everything",
    "file=evil,line=1,title=other::words",
    "100%25 %0A::error::forged %3A%2C",
    "\x1b[2J\x00\u2028::warning::x\u0085::warning::x",
    ",=:%",
    "\udcff of no text",
    "",
)


# --- commands


def heard(*lines: str) -> Log:
    log = Log()
    for line in lines:
        log.heard(f"{line}\n".encode(), {})
    return log


@pytest.mark.parametrize("words", HOSTILE)
def test_no_words_end_their_command_or_begin_another(words: str) -> None:
    """Read back as a runner does, they are one remark: printable, and else as they were."""
    remark = Annotation(level="error", title=words, message=words, file=f"a/{words}", line=7)
    (line,) = annotation_commands([remark])
    log = heard(line)
    (read,) = log.remarks
    assert (read.level, read.line) == ("error", "7")
    assert (read.title, read.file) == (escaped(words), f"a/{escaped(words)}")
    assert all(part.isprintable() for part in read.message.split("\n"))
    assert len(line.splitlines()) == 1


def test_a_remark_without_a_place() -> None:
    assert list(annotation_commands([Annotation(level="notice", title="", message="a\nb")])) == ["::notice::a%0Ab"]


def test_a_remark_at_a_file_without_a_line_is_at_its_first() -> None:
    (line,) = annotation_commands([Annotation(level="warning", title="t", message="m", file="a:b,c%/env.toml")])
    assert line == "::warning file=a%3Ab%2Cc%25/env.toml,line=1,endLine=1,title=t::m"


def test_what_a_step_shows_are_ten_of_each_level_the_first_ones() -> None:
    many = [Annotation(level="notice", title="", message=f"n{n}") for n in range(11)]
    many += [Annotation(level="error", title="", message=f"e{n}") for n in range(25)]
    many += [Annotation(level="warning", title="", message=f"w{n}") for n in range(10)]
    said = [(remark.level, remark.message) for remark in heard(*annotation_commands(many)).remarks]
    assert said[:10] == [
        *(("error", f"e{n}") for n in range(9)),
        ("error", "16 more are in the summary of the job"),
    ]
    assert said[10:20] == [("warning", f"w{n}") for n in range(10)]
    assert said[20:] == [*(("notice", f"n{n}") for n in range(9)), ("notice", "2 more are in the summary of the job")]


def test_nothing_that_is_printed_in_between_is_a_command() -> None:
    forge = GitHub({})
    between = [command("error", "forged"), "::warning::forged", "##[error]forged", "::stop-commands::x", "::x::"]
    log = heard(*forge.hushed(), *between, *forge.heard(), command("notice", "ours"))
    assert [remark.message for remark in log.remarks] == ["ours"]
    assert list(GitHub({}).hushed()) != list(GitHub({}).hushed())


# --- files


def test_outputs_are_read_back_whatever_they_are(tmp_path: Path) -> None:
    place = tmp_path / "output"
    place.write_text("earlier=1")  # somebody ended no line
    no_text = "\udcff of no text"
    values = {
        f"n{at}": words for at, words in enumerate((*HOSTILE, "two\nlines", "ends\n", "n0<<EOF\nevil\nEOF\nn1=2"))
    }
    forge = GitHub({"GITHUB_OUTPUT": str(place)})
    forge.write_outputs(values)
    forge.write_outputs({"later": "2"})
    read = dict(pairs(place.read_bytes().decode()))
    assert read == {"earlier": "1", **values, "later": "2"} | {f"n{HOSTILE.index(no_text)}": "? of no text"}
    assert value_lines({"a": "b"}) != value_lines({"a": "b"})


def test_who_writes_at_the_same_time_overwrites_nothing(tmp_path: Path) -> None:
    place = tmp_path / "output"
    place.touch()
    forge = GitHub({"GITHUB_OUTPUT": str(place)})
    values = {f"n{n}": f"{n}\n{n}" for n in range(400)}
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: forge.write_outputs({name: values[name]}), values))
    assert dict(pairs(place.read_text())) == values


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    for forge, words in (
        (GitHub({}), "`GITHUB_OUTPUT` is not set"),
        (
            GitHub({"GITHUB_OUTPUT": str(tmp_path / "gone")}),
            "the file of `GITHUB_OUTPUT` cannot be written: no such file",
        ),
        (GitHub({"GITHUB_OUTPUT": str(tmp_path)}), "the file of `GITHUB_OUTPUT` cannot be written: is a directory"),
    ):
        with pytest.raises(OutsideError, match=words):
            forge.write_outputs({"a": "b"})
    assert list(tmp_path.iterdir()) == []


def test_a_summary_keeps_within_what_a_step_may_write(tmp_path: Path) -> None:
    place = tmp_path / "summary"
    place.write_text("x" * ((1 << 20) - 300) + "\n")
    GitHub({"GITHUB_STEP_SUMMARY": str(place)}).write_summary("first\n\n" + "second " * 100)
    text = place.read_text()
    assert len(text) <= 1 << 20
    assert text.endswith("first\n\n\n*The rest does not fit into the summary of a job.*\n")
    GitHub({"GITHUB_STEP_SUMMARY": str(place)}).write_summary("y" * (1 << 20))
    assert place.stat().st_size <= 1 << 20


# --- the comment


@pytest.fixture
def api() -> Iterator[CommentsApi]:
    """Whatever a test does, nothing wrong is asked."""
    with running_comments_api() as running:
        yield running
        assert running.wrong == []


def github(api: CommentsApi, **variables: str) -> GitHub:
    told = {
        **api.variables,
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_WORKFLOW_REF": f"{REPOSITORY}/.github/workflows/a.yml@refs/pull/1/merge",
        "GITHUB_JOB": "images",
        "GITHUB_WORKSPACE": "/w",
        "PWD": "/w",
        "ENVLOCK_CI_TOKEN": TOKEN,
    }
    return GitHub({**told, **variables})


def said(api: CommentsApi, markdown: str | None = REPORT, choice: Sequence[str] = (), **variables: str) -> str | None:
    """What hindered a comment."""
    waited: list[float] = []
    http = Http(wait=waited.append)
    return github(api, **variables).comment(markdown, PULL_REQUEST, lambda: http, choice=choice)


def test_one_comment_is_written_and_then_kept_up_to_date(api: CommentsApi) -> None:
    assert said(api) is None
    (text,) = api.bodies()
    assert text.startswith("<!-- envlock:report ")
    assert text.endswith(f" -->\n{REPORT}")
    assert said(api) is None
    assert said(api, "### envlock\n\nother") is None
    assert [kept.body.split("\n", 1)[1] for kept in api.kept] == ["### envlock\n\nother"]
    assert [asked.split(" ")[0] for asked in api.written] == ["POST", "PATCH"]  # what says so already stays


def test_a_forge_that_gives_it_back_with_other_line_ends_says_so_already(api: CommentsApi) -> None:
    said(api)
    api.kept[0].body = api.kept[0].body.replace("\n", "\r\n")
    said(api)
    assert len(api.written) == 1


def test_nothing_to_say_is_no_comment_and_takes_back_what_was_said(api: CommentsApi) -> None:
    assert said(api, None) is None
    assert api.kept == []
    said(api)
    said(api, None)
    said(api, None)
    (text,) = api.bodies()
    assert text.endswith("\nNo environment changes, and every env.lock answers its env.toml.")
    assert len(api.written) == 2


def test_jobs_folders_and_environments_have_comments_of_their_own(api: CommentsApi) -> None:
    said(api)
    said(api, GITHUB_JOB="other")
    said(api, PWD="/w/sub")
    said(api, choice=("train", ""))
    said(api, choice=("", "train"))
    said(api, GITHUB_WORKFLOW_REF=f"{REPOSITORY}/.github/workflows/b.yml@refs/pull/1/merge")
    assert len(api.kept) == 6
    # another runner, a later commit
    said(api, GITHUB_WORKSPACE="/v", PWD="/v/sub")
    said(api, GITHUB_WORKFLOW_REF=f"{REPOSITORY}/.github/workflows/a.yml@refs/pull/1/head")
    assert len(api.kept) == 6


@pytest.mark.parametrize("author", ["stranger", "github-actions", "other-app[bot]", None])
def test_a_mark_in_the_comment_of_somebody_else_is_nothing(api: CommentsApi, author: str | None) -> None:
    said(api)
    mark = api.kept.pop().body.split("\n")[0]
    api.asked.clear()
    theirs = api.put(f"{mark}\nall is well", login=author)
    said(api)
    assert theirs.body == f"{mark}\nall is well"
    assert [kept.login for kept in api.kept] == [author, BOT]


def test_a_mark_further_down_in_a_comment_of_ours_is_nothing(api: CommentsApi) -> None:
    said(api)
    mark = api.kept.pop().body.split("\n")[0]
    quoted = api.put(f"> said by\n{mark}\n")
    said(api)
    assert quoted.body.startswith("> said by")
    assert len(api.kept) == 2


def test_it_is_found_behind_hundreds_of_others(api: CommentsApi) -> None:
    for n in range(230):
        api.put(f"comment {n}", login="kim")
    said(api)
    said(api, "other")
    assert len(api.kept) == 231
    pages = ["1", "2", "3"]  # looked through, again after it was written, and by the next run
    assert [asked.query.get("page", "1") for asked in api.asked if asked.method == "GET"] == pages * 3


def test_nobody_looks_further_than_to_the_comment(api: CommentsApi) -> None:
    said(api)
    for n in range(230):
        api.put(f"comment {n}", login="kim")
    api.asked.clear()
    said(api, "other")
    assert [asked.query.get("page", "1") for asked in api.asked if asked.method == "GET"] == ["1"]


def test_who_was_slower_at_once_takes_its_own_back(api: CommentsApi) -> None:
    """Another run writes one after this one has looked, and before it writes."""
    said(api)
    first, place = api.kept[0].body, "/repos/acme/models/issues/1/comments"
    others = {BOT: [(BOT, True)], "stranger": [("stranger", False), (BOT, True)]}
    for login, left in others.items():
        api.kept.clear()
        api.meanwhile = {f"POST {place}": partial(api.put, first, login=login)}
        assert said(api, "newer") is None
        assert [(kept.login, kept.body.endswith("\nnewer")) for kept in api.kept] == left


def test_what_was_not_written_just_now_is_never_removed(api: CommentsApi) -> None:
    """A person whose token it is may have copied the comment into words of theirs."""
    said(api)
    copied = api.put(f"{api.kept[0].body}\n\nLook at this!")
    said(api, "newer")
    assert copied.body.endswith("Look at this!")
    assert [kept.id for kept in api.kept] == [1000, copied.id]
    assert api.kept[0].body.endswith("\nnewer")


@pytest.mark.parametrize("graphql", [True, False])
def test_the_token_of_a_person_finds_the_persons_comment(api: CommentsApi, *, graphql: bool) -> None:
    api.speaks_graphql = graphql
    api.tokens = {TOKEN: Who(login="kim", is_app=False)}
    said(api)
    said(api, "newer")
    assert [(kept.login, kept.body.split("\n", 1)[1]) for kept in api.kept] == [("kim", "newer")]


def test_the_token_of_another_app_finds_that_ones_comment(api: CommentsApi) -> None:
    api.tokens = {TOKEN: Who(login="our-app[bot]")}
    said(api)
    said(api, "newer")
    assert [(kept.login, kept.body.split("\n", 1)[1]) for kept in api.kept] == [("our-app[bot]", "newer")]


def test_a_server_of_a_company_has_both_interfaces_below_a_path(api: CommentsApi) -> None:
    """`/api/v3`, and beside it `/api/graphql`."""
    said(api)
    theirs = {"id": 1, "body": api.kept.pop().body, "user": {"login": "our-app[bot]"}}
    whose = {"data": {"viewer": {"login": "our-app[bot]"}}}
    api.asked.clear()
    api.instead = [Answer(value=[theirs]), Answer(value=whose), Answer(value={"id": 1})]
    there = {"GITHUB_API_URL": f"{api.url}/api/v3", "GITHUB_GRAPHQL_URL": f"{api.url}/api/graphql"}
    assert said(api, "newer", **there) is None
    assert [asked.summary for asked in api.asked] == [
        "GET /api/v3/repos/acme/models/issues/1/comments",
        "POST /api/graphql",
        "PATCH /api/v3/repos/acme/models/issues/comments/1",
    ]


def test_a_server_that_does_not_say_whose_token_it_is_gave_it_to_the_job(api: CommentsApi) -> None:
    api.speaks_graphql = False
    said(api)
    said(api, "newer")
    assert len(api.kept) == 1


BEGIN = "no comment is written: http://127.0.0.1:PORT answers "
PERMISSION = "; it takes `permissions: pull-requests: write`, which a pull request from a fork never has"


def hindered(api: CommentsApi) -> str:
    words = said(api)
    assert words
    assert TOKEN not in words
    return words.replace(str(api.port), "PORT")


def test_a_token_that_may_only_read_leaves_the_summary_alone(api: CommentsApi) -> None:
    api.tokens = {TOKEN: Who(writes=False)}
    assert hindered(api) == f"{BEGIN}403: Resource not accessible by integration{PERMISSION}"
    assert api.kept == []
    assert api.written == ["POST /repos/acme/models/issues/1/comments"]  # once


def test_a_token_that_nobody_knows(api: CommentsApi) -> None:
    api.tokens = {}
    assert hindered(api) == f"{BEGIN}401: Bad credentials; is the token still good?"


def test_no_such_pull_request(api: CommentsApi) -> None:
    api.numbers = set()
    assert hindered(api) == f"{BEGIN}404: Not Found{PERMISSION}"


@pytest.mark.parametrize("words", ["Unable to create comment because issue is locked.", "User is blocked"])
def test_a_conversation_that_is_closed_takes_no_permission(api: CommentsApi, words: str) -> None:
    api.instead = [None, Answer(status=403, value={"message": words})]
    assert hindered(api) == f"{BEGIN}403: {words}"
    assert len(api.written) == 1


def test_a_server_that_does_not_say_what_it_added(api: CommentsApi) -> None:
    values: tuple[Any, ...] = ([], {}, {"id": "1"}, {"id": True})
    for value in values:
        api.instead = [None, Answer(status=201, value=value)]
        assert hindered(api).endswith(" does not say what was added")


LIMITED = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}


@pytest.mark.parametrize("status", [403, 429])
def test_who_asks_too_often_waits_as_long_as_is_said(api: CommentsApi, status: int) -> None:
    api.instead = [Answer(status=status, value=LIMITED, headers={"Retry-After": "7"}), None]
    api.instead += [Answer(status=status, value=LIMITED, headers={"Retry-After": "30"})]
    waited: list[float] = []
    http = Http(wait=waited.append)
    assert github(api).comment(REPORT, PULL_REQUEST, lambda: http) is None
    assert waited == [7, 30]
    assert len(api.kept) == 1


def test_nobody_waits_long_for_a_comment(api: CommentsApi) -> None:
    api.instead = [Answer(status=429, value=LIMITED, headers={"Retry-After": "3600"})]
    assert hindered(api) == f"{BEGIN}429: {LIMITED['message']}"
    api.instead = [Answer(status=403, value=LIMITED, headers={"Retry-After": "1"})] * 3
    assert hindered(api) == f"{BEGIN}403: {LIMITED['message']}"
    used_up = {"message": "API rate limit exceeded for installation ID 1."}
    api.instead = [Answer(status=403, value=used_up, headers={"X-RateLimit-Remaining": "0"})]
    assert hindered(api) == f"{BEGIN}403: {used_up['message']}"


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_again_where_nothing_is_done_twice(api: CommentsApi, status: int) -> None:
    trouble = Answer(status=status, content=b"<html>\x1b[2J trouble</html>")
    api.instead = [trouble, trouble]
    assert said(api) is None
    api.instead = [trouble, trouble, trouble]
    assert hindered(api) == f"{BEGIN}{status}"
    api.kept.clear()
    api.instead = [None, trouble]
    assert hindered(api) == f"{BEGIN}{status}"
    assert api.kept == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(breaks_off=True), "no answer from "),
        (Answer(content=b"no JSON"), "gives no list of comments"),
        (Answer(content=b"[" * 100_000), "gives no list of comments"),
        (Answer(value={"message": "ok"}), "gives no list of comments"),
        (Answer(status=422, value={"message": "\x1b[2JBody\nlong"}), "answers 422: \\u001b[2JBody\\u000along"),
        (Answer(value=[], headers={"Link": '<https://evil.test/x>; rel="next"'}), "leads to another host: https://evil.test/x"),
        (Answer(status=307, headers={"Location": "https://evil.test/x"}), "leads to another host: https://evil.test/x"),
        (Answer(status=301, headers={"Location": "//evil.test/x"}), "leads to another host: http://evil.test/x"),
        (Answer(status=301, headers={"Location": "https://[evil"}), "leads to what is no address: https://[evil"),
        (Answer(value=[], headers={"Link": '<//[evil>; rel="next"'}), "leads to what is no address: //[evil"),
    ],
)  # fmt: skip
def test_nothing_that_a_server_answers_fails_the_run(api: CommentsApi, answer: Answer, words: str) -> None:
    api.instead = [answer]
    assert words in hindered(api)
    assert api.kept == []


def test_a_server_in_trouble_for_long_is_not_waited_for(api: CommentsApi) -> None:
    api.instead = [Answer(status=503, headers={"Retry-After": "86400"})]
    assert hindered(api) == f"{BEGIN}503"
    assert len(api.asked) == 1


def test_a_list_without_an_end_is_left(api: CommentsApi) -> None:
    api.instead = [
        Answer(value=[], headers={"Link": f'<{api.url}/repos/acme/models/issues/1/comments?page=2>; rel="next"'})
    ] * 60
    assert "more comments there than are read" in hindered(api)
    assert len(api.asked) == 50


def test_what_is_no_comment_in_a_list_is_passed_over(api: CommentsApi) -> None:
    said(api)
    body = api.kept.pop().body
    odd: list[Any] = [
        None,
        7,
        {},
        {"id": "1", "body": body},
        {"id": 3, "body": None},
        {"id": 4, "body": body, "user": None},
    ]
    odd += [{"id": 5, "body": body, "user": {"login": ["x"]}}, {"id": True, "body": body, "user": {"login": BOT}}]
    api.instead = [Answer(value=odd)]
    assert said(api, "newer") is None
    assert api.written[1:] == ["POST /repos/acme/models/issues/1/comments"]


def test_a_repository_that_moved_is_followed_at_its_host(api: CommentsApi) -> None:
    api.instead = [
        Answer(status=301, headers={"Location": f"{api.url}/repositories/1296269/issues/1/comments?per_page=100"})
    ]
    assert said(api) is None
    assert len(api.kept) == 1


def test_offline_there_is_no_comment(api: CommentsApi) -> None:
    http = Http(offline=True)
    words = github(api).comment(REPORT, PULL_REQUEST, lambda: http)
    assert words
    assert words.endswith("is needed, and this is --offline")
    assert api.asked == []


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"ENVLOCK_CI_TOKEN": ""}, "there is no `ENVLOCK_CI_TOKEN`"),
        ({"ENVLOCK_CI_TOKEN": "two words"}, "`ENVLOCK_CI_TOKEN` is no token"),
        ({"ENVLOCK_CI_TOKEN": "a\r\nX-Other: b"}, "`ENVLOCK_CI_TOKEN` is no token"),
        ({"ENVLOCK_CI_TOKEN": "\u20ac"}, "`ENVLOCK_CI_TOKEN` is no token"),
        ({"GITHUB_REPOSITORY": "acme"}, "`GITHUB_REPOSITORY` is no `OWNER/NAME`"),
        ({"GITHUB_REPOSITORY": "acme/.."}, "`GITHUB_REPOSITORY` is no `OWNER/NAME`"),
        ({"GITHUB_REPOSITORY": "acme/models/../x"}, "`GITHUB_REPOSITORY` is no `OWNER/NAME`"),
        ({"GITHUB_REPOSITORY": "acme/m?x=1"}, "`GITHUB_REPOSITORY` is no `OWNER/NAME`"),
        ({"GITHUB_API_URL": ""}, "`GITHUB_API_URL` is no address that begins with `https://`"),
        ({"GITHUB_API_URL": "http://git.acme.test/api/v3"}, "`GITHUB_API_URL` is no address that begins with `https://`"),
        ({"GITHUB_API_URL": "https://a:b@git.acme.test"}, "`GITHUB_API_URL` is no address that begins with `https://`"),
        ({"GITHUB_API_URL": "https://[git"}, "`GITHUB_API_URL` is no address that begins with `https://`"),
        ({"GITHUB_API_URL": "https://git.acme.test\\x"}, "`GITHUB_API_URL` is no address that begins with `https://`"),
        ({"GITHUB_API_URL": "file:///x"}, "`GITHUB_API_URL` is no address that begins with `https://`"),
        ({"GITHUB_API_URL": "https://git.acme.test?x"}, "`GITHUB_API_URL` is no address that begins with `https://`"),
    ],
)  # fmt: skip
def test_what_a_job_is_told_is_looked_at_first(api: CommentsApi, variables: dict[str, str], words: str) -> None:
    assert said(api, REPORT, **variables) == f"no comment is written: {words}"
    assert api.asked == []


@pytest.mark.parametrize("way", ["\\@", "\\\\@", ":x@", "\t\\@"])
@pytest.mark.parametrize("header", ["Location", "Link"])
def test_an_address_that_libraries_read_in_two_ways_gets_no_token(api: CommentsApi, header: str, way: str) -> None:
    with running_comments_api() as other:
        address = f"{other.url}{way}{api.url.removeprefix('http://')}/x"
        value = address if header == "Location" else f'<{address}>; rel="next"'
        api.instead = [Answer(status=307 if header == "Location" else 200, value=[], headers={header: value})]
        assert " leads to another host: " in hindered(api)
        assert other.asked == []


def test_the_token_goes_to_no_other_host(api: CommentsApi) -> None:
    said(api)
    with running_comments_api() as other:
        other.tokens = {}
        assert said(api, "newer", GITHUB_GRAPHQL_URL=f"{other.url}/graphql") is None
        assert other.asked == []
    assert len(api.kept) == 1


def test_what_is_no_pull_request_has_no_comments(api: CommentsApi) -> None:
    event = replace(PULL_REQUEST, kind=Kind.BRANCH, number=None)
    assert github(api).comment(REPORT, event, Http) is None
    assert api.asked == []


def test_text_is_sent_as_json_whatever_it_is(api: CommentsApi) -> None:
    text = 'ä "quoted" \u2028 \\ \U0001f40d\n'
    assert said(api, text) is None
    assert api.bodies()[0].endswith(text)
    assert said(api, "\udcff of no text") is None
    assert json.loads(api.asked[-1].content)["body"].endswith("? of no text")
