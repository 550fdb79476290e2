"""The runner of workflows that tests use, held against GitHub's documentation and the tests of its own runner."""

import json
import os
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.actions.caches import Caches
from tests.support.actions.expressions import Scope, evaluate, parse
from tests.support.actions.file_commands import FileCommandError, pairs
from tests.support.actions.jobs import JobResult, run_workflow
from tests.support.actions.lexer import ExpressionError
from tests.support.actions.log import Log
from tests.support.actions.machine import Cancellation, Host, Trigger
from tests.support.actions.rights import rights_of
from tests.support.actions.templates import filled, holds
from tests.support.actions.triggers import is_triggered
from tests.support.actions.written import WrittenError, read_action, read_workflow
from tests.support.processes import run

CONTEXTS: Mapping[str, Any] = {
    "github": {"event": {"issue": {"labels": [{"name": "bug"}, {"name": "help wanted"}]}}, "ref": "refs/heads/main"},
    "needs": {"a": {"result": "success"}, "b": {"result": "failure"}},
    "env": {},
    "matrix": {"list": [1, 2], "nothing": None},
    "fruits": [{"name": "apple", "quantity": 1}, {"name": "orange", "quantity": 2}],
    "vegetables": {"scallions": {"colors": ["green", "white"]}, "beets": {"colors": ["red"]}},
}


def scope(*, success: bool = True) -> Scope:
    return Scope(contexts=CONTEXTS, functions={"success": lambda: success, "always": lambda: True})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("-9.2", -9.2),
        ("0xff", 255),
        ("-2.99e-2", -0.0299),
        ("'Mona the Octocat'", "Mona the Octocat"),
        ("'It''s open source!'", "It's open source!"),
        ("1 == '1'", True),
        ("'A' == 'a'", True),
        ("null == ''", True),
        ("null == 0", True),
        ("true == 1", True),
        ("true == 'true'", False),
        ("'abc' == 0", False),
        ("'' == 0", True),
        ("NaN == NaN", False),
        ("' 0x10 ' == 16", True),
        ("'b' > 'A'", True),
        ("'10' > '9'", False),
        ("'10' > 9", True),
        ("github == github", True),
        ("fromJSON('[]') == fromJSON('[]')", False),
        ("!github.event.none", True),
        ("'' || 'other'", "other"),
        ("'one' && 'two'", "two"),
        ("0 && nothing.at.all", 0),
        ("1 == 1 && 2 > 1 || false", True),
        ("!(true && false)", True),
        ("true || false && false", True),
        ("github['ref']", "refs/heads/main"),
        ("GITHUB.REF", "refs/heads/main"),
        ("github.event.issue.labels.*.name", ["bug", "help wanted"]),
        ("fruits.*.name", ["apple", "orange"]),
        ("vegetables.*.colors", [["green", "white"], ["red"]]),
        ("vegetables.*.colors[0]", ["green", "red"]),
        ("vegetables.*.colors.*", ["green", "white", "red"]),
        ("matrix.list[1]", 2),
        ("matrix.list[7]", None),
        ("contains('Hello world', 'llo')", True),
        ("contains('Hello world', 'LLO')", True),
        ("contains(github.event.issue.labels.*.name, 'BUG')", True),
        ("contains(fromJSON('[\"push\", \"pull_request\"]'), 'pull')", False),
        ("startsWith('Hello world', 'he')", True),
        ("endsWith('Hello world', 'LD')", True),
        ("format('Hello {0} {1} {2}', 'Mona', 'the', 'Octocat')", "Hello Mona the Octocat"),
        ("format('{{Hello {0}}}', 'Mona')", "{Hello Mona}"),
        ("join(needs.*.result, ' ')", "success failure"),
        ("join(matrix.list)", "1,2"),
        ("toJSON(matrix.list)", "[\n  1,\n  2\n]"),
        ("fromJSON('{\"a\": [true]}').a[0]", True),
        ("format('{0}', 1.0)", "1"),
        ("format('{0} {1} {2}', true, null, matrix)", "true  Object"),
    ],
)
def test_expressions(text: str, value: Any) -> None:
    assert evaluate(parse(text), scope()) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("unknown.thing", "Unrecognized named-value: 'unknown'"),
        ("unknown('x')", "Unrecognized function: 'unknown'"),
        ("contains('x')", "Wrong number of parameters supplied for function: contains"),
        ("'open", "Unexpected symbol: ''open'"),
        ('"double"', "Unexpected symbol: '\"double\"'"),
        ("1 +", "Unexpected symbol: '+'"),
        ("matrix.list.0", "Unexpected symbol: '.0'"),
        ("1 2", "Unexpected symbol: '2'. Located at position 3"),
        ("(1", "Unexpected end of expression"),
        ("format('{1}', 'x')", "references more arguments than were supplied"),
        ("format('{', 'x')", "The following format string is invalid: {"),
        ("fromJSON('')", "Error parsing fromJson"),
    ],
)
def test_refused_expressions(text: str, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(parse(text), scope())
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("condition", "after_success", "after_failure"),
    [
        (None, True, False),
        ("always()", True, True),
        ("${{ always() }}", True, True),
        ("github.ref == 'refs/heads/main'", True, False),
        ("${{ github.ref == 'other' }}", False, False),
        # what stands around an expression is text, which is true
        ("${{ github.ref }} == 'other'", True, False),
        ("!success()", False, True),
        ("success() || github.ref", True, True),
        ("'a {brace}' == 'A {BRACE}'", True, False),
        (False, False, False),
    ],
)
def test_conditions(condition: Any, after_success: bool, after_failure: bool) -> None:
    assert holds(condition, scope()) is after_success
    assert holds(condition, scope(success=False)) is after_failure


def test_templates() -> None:
    written = {
        "whole": "${{ matrix.list }}",
        "text": "a ${{ matrix.list[0] }}, ${{ '}}' }}",
        "plain": ["{{ x }}", True],
    }
    assert filled(written, scope()) == {"whole": [1, 2], "text": "a 1, }}", "plain": ["{{ x }}", True]}
    with pytest.raises(ExpressionError, match="not closed"):
        filled("${{ github.ref }", scope())


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("MY=MY VALUE\n", {"MY": "MY VALUE"}),
        ("\ufeffMY=1\n\nB=\n", {"MY": "1", "B": ""}),
        ("A==abc\nB=def=ghi\nC=jkl=\n", {"A": "=abc", "B": "def=ghi", "C": "jkl="}),
        ("A=b<<c\n", {"A": "b<<c"}),
        ("A<<EOF\none\ntwo\nEOF\n", {"A": "one\ntwo"}),
        ("A<<EOF\nEOF\n", {"A": ""}),
        ("A<<EOF\nEOF", {"A": ""}),
        ("A<<EOF\n\n\nEOF\nB=1", {"A": "\n", "B": "1"}),
        ("A<<=EOF\nhello\none\n=EOF\nB<<<EOF\ntwo\n<EOF\n", {"A": "hello\none", "B": "two"}),
        ("A<<EOF\nhello=four\nEOF\nB<<EOF\n EOF\nEOF\n", {"A": "hello=four", "B": " EOF"}),
        ("A<<EOF\none\r\nEOF\n", {"A": "one\r"}),
        ("A=1\nA=2\n", {"A": "2"}),
    ],
)
def test_file_commands(text: str, values: Mapping[str, str]) -> None:
    assert dict(pairs(text)) == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("MY VALUE\n", "Invalid format 'MY VALUE'"),
        ("=x\n", "Invalid format '=x'. Name must not be empty"),
        ("<<EOF\nEOF\n", "Name must not be empty and delimiter must not be empty"),
        ("A<<\n\n", "Name must not be empty and delimiter must not be empty"),
        ("A<<EOF\none\n", "Matching delimiter not found 'EOF'"),
        ("A<<EOF\none\nEOF x", "EOF marker missing new line"),
        ("A<<EOF line one line two EOF", "Matching delimiter not found 'EOF line one line two EOF'"),
    ],
)
def test_refused_file_commands(text: str, message: str) -> None:
    with pytest.raises(FileCommandError) as caught:
        dict(pairs(text))
    assert message in str(caught.value)


def heard(text: str) -> tuple[Log, dict[str, str], bool]:
    log, outputs = Log(), dict[str, str]()
    return log, outputs, log.heard(text.encode(), outputs)


def test_workflow_commands_of_both_forms() -> None:
    log, outputs, ok = heard(
        "  ::error file=a.py,line=3,title=T%3A%2C::one%0Atwo%25\n"
        "before ##[warning file=b;line=4]hot%3B\r\n"
        "a ::error::no command\r::NOTICE::third\n"
        "::unknown::x\n::set-output name=n::v\n::error::last without a line end"
    )
    assert ok
    assert [(r.level, r.message, r.title, r.file, r.line) for r in log.remarks] == [
        ("error", "one\ntwo%", "T:,", "a.py", "3"),
        ("warning", "hot;", "", "b", "4"),
        ("notice", "third", "", "", ""),
        ("error", "last without a line end", "", "", ""),
    ]
    assert outputs == {"n": "v"}
    assert "a ::error::no command\n" in log.text
    assert "::unknown::x\n" in log.text


def test_stopped_commands_and_masks() -> None:
    log, _, ok = heard(
        "::stop-commands::t0ken\n::error::not one\n::stop-commands::other\n::t0ken::\n::error::one\n"
        "::add-mask::hush\nit is hush-hush\n"
    )
    assert ok
    assert [remark.message for remark in log.remarks] == ["one"]
    assert log.text.endswith("it is ***-***\n")


@pytest.mark.parametrize("command", ["::set-env name=A::b", "::add-path::/x", "##[set-env name=A;]b"])
def test_disabled_commands_fail_a_step(command: str) -> None:
    log, _, ok = heard(f"{command}\n")
    assert not ok
    assert "command is disabled" in log.remarks[-1].message


def far(root: Path, files: Mapping[str, str] | None = None) -> tuple[Path, str]:
    """A repository with these files, and its commit."""
    work, bare = root / "author", root / "far.git"
    run(("git", "init", "--quiet", "--initial-branch=main", work))
    for name, text in {"README": "x", **(files or {})}.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_text(text)
    run(("git", "-C", work, "add", "."))
    run(("git", "-C", work, "commit", "--quiet", "-m", "x"))
    run(("git", "clone", "--quiet", "--bare", work, bare))
    return bare, run(("git", "-C", work, "rev-parse", "HEAD")).strip()


def ran(
    root: Path,
    steps: str,
    files: Mapping[str, str] | None = None,
    cancellation: Cancellation | None = None,
) -> JobResult:
    """A job of these steps for a push to `main`."""
    bare, commit = far(root, files)
    trigger = Trigger(name="push", sha=commit, ref="refs/heads/main", payload={"ref": "refs/heads/main"})
    indented = "".join(f"      {line}\n" for line in steps.splitlines())
    text = "on: push\njobs:\n  it:\n    runs-on: x\n    outputs: {last: '${{ steps.last.outputs.value }}'}\n"
    host = Host(root=root / "host", remote=bare.as_uri(), secrets={"PASSWORD": "s3cret"})
    (result,) = run_workflow(host, trigger, f"{text}    steps:\n{indented}", cancellation)["it"]
    return result


def test_steps_hand_on_outputs_variables_and_paths(tmp_path: Path) -> None:
    result = ran(
        tmp_path,
        """\
- uses: actions/checkout@v5
- id: one
  env: {LOCAL: "of ${{ github.ref_name }}"}
  run: |
    printf 'text<<X\\na\\nb\\nX\\n' >>"$GITHUB_OUTPUT"
    echo "LATER=$LOCAL" >>"$GITHUB_ENV"
    mkdir -p "$RUNNER_TEMP/bin"; printf '#!/bin/sh\\necho found\\n' >"$RUNNER_TEMP/bin/ours"
    chmod 755 "$RUNNER_TEMP/bin/ours"; echo "$RUNNER_TEMP/bin" >>"$GITHUB_PATH"
    echo '# Told s3cret' >>"$GITHUB_STEP_SUMMARY"
- id: last
  run: |
    echo "value=$LATER ${LOCAL-none} $(ours) $(git rev-parse HEAD | wc -c)" >>"$GITHUB_OUTPUT"
    echo "${{ steps.one.outputs.text }} $GITHUB_REF_TYPE $GITHUB_REPOSITORY_OWNER $PWD" """,
    )
    assert result.result == "success", result.log
    assert result.outputs == {"last": "of main none found 41"}
    assert result.summary == "# Told ***\n"
    assert result.folders
    assert f"b branch acme {result.folders.workspace}\n" in result.log


def test_the_environment_of_a_step_is_the_runners_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OURS", "INPUT_X", "GITHUB_TOKEN", "ENVLOCK_CI_TOKEN", "PYTHONPATH"):
        monkeypatch.setenv(name, "leaks")
    result = ran(tmp_path, "- id: last\n  run: env -0 | tr '\\0' ';' | sed 's/^/value=/' >>\"$GITHUB_OUTPUT\"\n")
    assert "leaks" not in result.outputs["last"]
    names = {each.partition("=")[0] for each in result.outputs["last"].split(";")}
    wanted = ("CI", "PATH", "HOME", "GITHUB_SHA", "GITHUB_ACTIONS", "GITHUB_STATE", "RUNNER_TEMP", "RUNNER_TOOL_CACHE")
    assert names >= set(wanted)
    assert "GITHUB_TOKEN" not in names


def test_failures_conditions_and_conclusions(tmp_path: Path) -> None:
    result = ran(
        tmp_path,
        """\
- id: passed_over
  continue-on-error: true
  run: false
- id: pipe
  if: steps.passed_over.outcome == 'failure' && steps.passed_over.conclusion == 'success'
  shell: bash
  run: false | true
- id: not
  run: echo never
- id: told
  if: failure()
  run: echo told
- {id: bad, if: always(), run: 'echo nonsense >>"$GITHUB_OUTPUT"'}
- {id: stderr, if: always(), run: 'echo "::error::from stderr" >&2'}""",
    )
    states = {name: step.outcome for name, step in result.steps.items()}
    assert states == {
        **{"passed_over": "failure", "pipe": "failure", "not": "skipped"},
        **{"told": "success", "bad": "failure", "stderr": "success"},
    }
    assert result.result == "failure"
    messages = [remark.message for remark in result.remarks]
    assert messages[-1] == "from stderr"
    assert "Unable to process file command 'output' successfully." in messages
    assert "Invalid format 'nonsense'" in messages


def test_what_goes_to_stderr_may_be_heard_before_a_stop(tmp_path: Path) -> None:
    """The two pipes have no order: a stop on one does not cover the other, but for what shares its pipe."""
    apart = "- run: |\n    echo ::stop-commands::T\n    echo ::error::x >&2\n    echo ::T::\n"
    assert [remark.message for remark in ran(tmp_path / "apart", apart).remarks] == ["x"]
    one = "- run: |\n    exec 2>&1\n    echo ::stop-commands::T\n    echo ::error::x >&2\n    echo ::T::\n"
    assert ran(tmp_path / "one", one).remarks == ()


ACTION = """\
name: inner
inputs:
  who: {default: "${{ github.repository_owner }}"}
  wanted: {required: true}
outputs:
  said: {value: "${{ steps.say.outputs.said }}"}
runs:
  using: composite
  steps:
    - id: say
      shell: bash
      env: {WHO: "${{ inputs.who }}", AROUND: "${{ steps.outer.outputs.x }}"}
      run: |
        place="$(basename "$GITHUB_ACTION_PATH")"
        echo "said=$WHO ${AROUND:-nothing} ${INPUT_WHO-unset} $OUTER $place" >>"$GITHUB_OUTPUT"
    - {shell: bash, run: 'exit 3', if: "${{ inputs.wanted == 'fail' }}"}
    - {shell: bash, run: echo skipped-inside}
    - {shell: bash, run: echo cleaned-up, if: always()}
"""


def test_composite_actions(tmp_path: Path) -> None:
    steps = """\
- uses: actions/checkout@v5
- {id: outer, run: 'echo x=1 >>"$GITHUB_OUTPUT"'}
- {id: last, uses: ./inner, env: {OUTER: around}, with: {WHO: Mona, more: 1}}
- {id: value, run: 'echo "value=${{ steps.last.outputs.said }}" >>"$GITHUB_OUTPUT"'}
- {id: failing, uses: ./inner, with: {wanted: fail}}"""
    result = ran(tmp_path, steps, {"inner/action.yml": ACTION})
    assert result.steps["value"].outputs["value"] == "Mona nothing unset around inner"
    assert result.steps["failing"].outcome == "failure"
    assert result.steps["failing"].outputs["said"] == "acme nothing unset  inner"
    assert result.log.count("\nskipped-inside\n") == 1
    assert result.log.count("\ncleaned-up\n") == 2
    assert "Unexpected input(s) 'more', valid inputs are ['who', 'wanted']" in [r.message for r in result.remarks]


def test_actions_that_nobody_knows_are_errors(tmp_path: Path) -> None:
    result = ran(tmp_path, "- uses: acme/unknown@v1\n")
    assert result.result == "failure"
    assert "Unable to resolve action acme/unknown@v1" in result.log


def test_cancelling_tells_the_process_and_runs_what_always_runs(tmp_path: Path) -> None:
    bare, commit = far(tmp_path)
    started = tmp_path / "started"
    os.mkfifo(started)
    text = f"""\
on: push
jobs:
  it:
    runs-on: x
    steps:
      - {{id: long, run: 'exec python3 -c "import signal; open(\\"{started}\\", \\"w\\").close(); signal.pause()"'}}
      - {{id: next, run: 'echo no'}}
      - {{id: told, if: cancelled(), run: 'echo told'}}
      - {{id: end, if: always(), run: 'echo end'}}
  after: {{needs: it, runs-on: x, steps: [{{run: 'true'}}]}}
"""
    cancellation = Cancellation()

    def cancel() -> None:
        started.read_bytes()  # until the step has opened it
        cancellation.ask()

    thread = threading.Thread(target=cancel)
    thread.start()
    trigger = Trigger(name="push", sha=commit, ref="refs/heads/main", payload={})
    results = run_workflow(Host(root=tmp_path / "host", remote=bare.as_uri()), trigger, text, cancellation)
    thread.join()
    (result,) = results["it"]
    assert {name: step.outcome for name, step in result.steps.items()} == {
        **{"long": "cancelled", "next": "skipped", "told": "success", "end": "success"}
    }
    assert [result.result, results["after"][0].result] == ["cancelled", "skipped"]


def test_cancelling_tells_all_that_a_composite_action_starts_from_then_on(tmp_path: Path) -> None:
    """As its runner has it: not even `always()` in it can clean up. What is `always()` around it does."""
    started = tmp_path / "started"
    os.mkfifo(started)
    waits = f'exec python3 -c "import signal; open(\\"{started}\\", \\"w\\").close(); signal.pause()"'
    inner = f"""\
name: inner
outputs:
  next: {{value: "${{{{ steps.next.outcome }}}}"}}
  end: {{value: "${{{{ steps.end.outcome }}}}"}}
runs:
  using: composite
  steps:
    - {{id: long, shell: bash, run: '{waits}'}}
    - {{id: next, shell: bash, run: echo no}}
    - {{id: end, shell: bash, if: always(), run: exec sleep 60}}
"""
    cancellation = Cancellation()

    def cancel() -> None:
        started.read_bytes()  # until the step has opened it
        cancellation.ask()

    thread = threading.Thread(target=cancel)
    thread.start()
    steps = """\
- uses: actions/checkout@v5
- {id: it, uses: ./inner}
- {id: last, if: always(), run: 'echo "value=${{ join(steps.it.outputs.*) }}" >>"$GITHUB_OUTPUT"'}
"""
    result = ran(tmp_path, steps, {"inner/action.yml": inner}, cancellation=cancellation)
    thread.join()
    assert (result.result, result.steps["it"].outcome) == ("cancelled", "cancelled")
    assert result.outputs == {"last": "skipped,cancelled"}


def test_jobs_needs_matrix_and_outputs(tmp_path: Path) -> None:
    bare, commit = far(tmp_path)
    text = """\
on: {push: {branches: [main, 'release/**'], tags: ['env/*/*']}}
jobs:
  plan:
    runs-on: x
    outputs: {rows: "${{ steps.it.outputs.rows }}", told: "${{ steps.it.outputs.told }}"}
    steps:
      - id: it
        env: {HIDDEN: "${{ secrets.HIDDEN }}"}
        run: |
          echo 'rows={"include": [{"name": "a", "n": 1}, {"name": "b", "n": 2}]}' >>"$GITHUB_OUTPUT"
          echo "told=$HIDDEN" >>"$GITHUB_OUTPUT"
  build:
    needs: plan
    if: fromJSON(needs.plan.outputs.rows).include[0]
    strategy: {matrix: "${{ fromJSON(needs.plan.outputs.rows) }}", fail-fast: false}
    runs-on: x
    steps: [{run: 'test ${{ matrix.name }} = b'}]
  never: {needs: build, runs-on: x, steps: [{run: 'true'}]}
  all:
    needs: [plan, build, never]
    if: always()
    runs-on: x
    steps: [{env: {R: "${{ join(needs.*.result, ' ') }}"}, run: 'echo "$R"'}]
"""
    host = Host(root=tmp_path / "host", remote=bare.as_uri(), secrets={"HIDDEN": "h1dden"})
    results = run_workflow(host, Trigger(name="push", sha=commit, ref="refs/heads/main", payload={}), text)
    assert [(row.matrix["name"], row.result) for row in results["build"]] == [("a", "failure"), ("b", "success")]
    assert set(results["plan"][0].outputs) == {"rows"}  # the other holds a secret
    assert "success failure skipped\n" in results["all"][0].log
    other = Trigger(name="push", sha=commit, ref="refs/heads/topic", payload={})
    assert run_workflow(host, other, text) == {}


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("refs/heads/release/1/2", True),
        ("refs/tags/env/a/1", True),
        ("refs/tags/env/a", False),
        ("refs/heads/x", False),
    ],
)
def test_filters(ref: str, expected: bool) -> None:
    written = {"push": {"branches": ["main", "release/**"], "tags": ["env/*/*"]}}
    assert is_triggered(written, Trigger(name="push", sha="0" * 40, ref=ref, payload={})) is expected


def test_caches_by_branch(tmp_path: Path) -> None:
    caches = Caches(tmp_path / "store", "main")
    (tmp_path / "held").write_text("1")
    assert caches.save("refs/heads/main", ["held"], "linux-1", tmp_path)
    assert not caches.save("refs/heads/main", ["held"], "linux-1", tmp_path)
    assert caches.save("refs/pull/1/merge", ["held"], "linux-2", tmp_path)

    def found(ref: str, *keys: str, paths: tuple[str, ...] = ("held",)) -> str | None:
        entry = caches.find(caches.scopes(ref), paths, keys)
        return entry.key if entry else None

    assert found("refs/heads/main", "linux-2", "linux-") == "linux-1"
    assert found("refs/pull/1/merge", "linux-3", "linux-") == "linux-2"
    assert found("refs/pull/1/merge", "linux-1") == "linux-1"
    assert found("refs/pull/2/merge", "linux-2") is None
    assert found("refs/heads/main", "linux-1", paths=("other",)) is None


def test_a_cache_is_restored_and_saved_at_the_end_of_success(tmp_path: Path) -> None:
    steps = """\
- {id: store, uses: actions/cache@v4, with: {path: ~/held, key: one}}
- {id: last, run: 'echo "value=${{ steps.store.outputs.cache-hit }}$(cat ~/held || true)" >>"$GITHUB_OUTPUT"'}
- {run: 'echo kept >~/held'}"""
    first = ran(tmp_path, steps)
    assert first.outputs == {}
    assert "Cache saved with key: one" in first.log


def test_checkout_keeps_its_token_until_the_end(tmp_path: Path) -> None:
    steps = """\
- uses: actions/checkout@v5
- {id: last, run: 'echo "value=$(git config --get-regexp extraheader)" >>"$GITHUB_OUTPUT"'}"""
    result = ran(tmp_path, steps)
    assert "AUTHORIZATION: basic" in result.steps["last"].outputs["value"]
    assert result.folders
    kept = subprocess.run(("git", "config", "--get-regexp", "extraheader"), cwd=result.folders.workspace, check=False)
    assert kept.returncode == 1


def test_rights_of_tokens() -> None:
    assert rights_of({"contents": "read", "pull-requests": "write"}, is_fork=False)["pull-requests"] == "write"
    assert rights_of({"contents": "read", "id-token": "write", "packages": "write"}, is_fork=True) == {
        **{"contents": "read", "packages": "read"}
    }
    assert rights_of({}, is_fork=False) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("on: push\njobs: {a: {steps: [{run: x, timeout: 1}]}}", "Unexpected value 'timeout'"),
        ("on: push\njobs: {a: {steps: [{name: x}]}}", "one of `uses` and `run` is wanted"),
        ("on: push\njobs: {a: {steps: [{id: x, run: a}, {id: x, run: b}]}}", "may not be used more than once"),
        ("on: push\njobs: {a: {container: x, steps: []}}", "Unexpected value 'container'"),
    ],
)
def test_refused_workflows(text: str, message: str) -> None:
    with pytest.raises(WrittenError) as caught:
        read_workflow(text)
    assert message in str(caught.value)


def test_refused_actions(tmp_path: Path) -> None:
    steps: list[dict[str, object]] = [{"run": "x"}]
    whole = {"name": "x", "runs": {"using": "composite", "steps": steps}}
    (tmp_path / "action.yml").write_text(json.dumps(whole))
    with pytest.raises(WrittenError, match="Required property is missing: shell"):
        read_action(tmp_path)
    steps[0].update({"shell": "bash", "timeout-minutes": 3})  # only jobs have it
    (tmp_path / "action.yml").write_text(json.dumps(whole))
    with pytest.raises(WrittenError, match="Unexpected value 'timeout-minutes'"):
        read_action(tmp_path)
