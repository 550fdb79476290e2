"""What fails a run of `ci` as a whole is said where people look for its report."""

from pathlib import Path

import pytest

from tests.support.ci_scene import Job

REMARK = "::error title=envlock::no env.toml in this folder"


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """Without an environment; on GitHub, with files for a summary and for outputs."""
    tree, places = tmp_path / "tree", tmp_path / "places"
    for folder in (tree, places):
        folder.mkdir()
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "schedule"}
    for name, file in (("OUTPUT", "output"), ("STEP_SUMMARY", "summary")):
        (places / file).touch()
        variables[f"GITHUB_{name}"] = str(places / file)
    return Job(tree=tree, places=places, cache=tmp_path / "cache", variables=variables)


def locked(job: Job) -> None:
    """An environment that is stale: nothing is to be made of it."""
    (job.tree / "env.toml").write_text('name = "tiny"\npython = "3.11"\n')


def test_the_summary_and_the_report_say_why(job: Job) -> None:
    report = job.places / "report.md"
    report.write_text("of an earlier run")
    code, printed = job.log("--report", report)
    assert code == 2
    assert job.summary == report.read_text()
    assert job.summary == (
        "### envlock: this run failed\n\n**Error:** no `env.toml` in this folder\n\n"
        "**Hint:** `envlock init` writes one\n"
    )
    assert printed.splitlines()[-1] == REMARK
    assert job.call("--summary", "false", "--json").stdout == ""
    assert job.summary == report.read_text()


def test_the_words_of_others_are_text_there(job: Job) -> None:
    named = "<!-- x --> @everyone"
    assert job.call("--environments", named.replace(" ", ",")).code == 2
    assert "<!--" not in job.summary
    assert "@everyone" not in job.summary.replace("`@everyone`", "")


@pytest.mark.parametrize("option", ["--report", "--outputs"])
def test_a_file_that_cannot_be_written_is_refused_before_anything_is_done(job: Job, option: str) -> None:
    locked(job)
    place = job.places / "gone" / "file"
    result = job.call(option, place)
    assert result.code == 2
    assert f"error: `{option} {place}`: there is no folder `{place.parent}`\n" in result.stderr
    assert job.outputs() == {}


def test_a_full_disk_is_said_beside_the_report(job: Job) -> None:
    locked(job)
    assert job.call("--outputs", "/dev/full").code == 3
    report, failure = job.summary.split("### envlock: this run failed\n\n")
    assert "`tiny`: stale" in report
    assert failure.startswith("**Error:** no space left on device")
    assert "image" in job.outputs()


def test_what_cannot_be_said_does_not_hide_what_went_wrong(job: Job) -> None:
    (job.places / "summary").unlink()
    code, printed = job.log()
    assert (code, job.summary) == (2, "")
    assert printed.splitlines()[-1] == REMARK
