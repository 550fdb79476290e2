"""The report of `ci` as Markdown: what it says, that it never gets too long, and that no text of others is more."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from envlock.cli.ci_json import matrix_shape, report_shape
from envlock.cli.ci_markdown import COMMENT, ci_markdown
from envlock.cli.layer_text import layer_name
from envlock.cli.markdown import code, prose
from envlock.errors import escaped
from envlock.model.ci_event import Event, Kind
from envlock.model.image_layers import Came
from envlock.model.problem import Problem
from envlock.workflows.ci_report import Outcome, State, Tagged
from tests.support.ci_reports import (
    BASE,
    COMMIT,
    PUSH,
    PUSHED,
    changed,
    compared,
    image,
    layer,
    locked,
    report,
    subject,
    told_by_others,
    unchanged,
    upgrade,
)
from tests.support.rendered import LIVELY, Rendered
from tests.support.wide_project import pip

HOSTILE = [
    "a\nb",
    "\r\n\r\n# heading\n\n- item\n\n| a | b |\n|---|---|\n| c | d |",
    "`",
    "``",
    "```\n</code></pre>\n```",
    "~~~",
    "1|2",
    "\\",
    "\\`",
    "a\\|b",
    "<b>",
    "</code></td></tr></table>",
    "</details></summary><details open>",
    "<!-- envlock:report 0123456789abcdef -->",
    "--><!--",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "[x]: https://evil.test",
    "![x](https://evil.test/x.png)",
    "<https://evil.test>",
    "https://evil.test www.evil.test a@evil.test",
    "@everyone",
    "`@everyone`",
    "acme/ml#1 #1 GH-1 !7 $3 ~bug %2",
    "0123456789abcdef0123456789abcdef01234567",
    "**b** _i_ ~~s~~ :tada:",
    "&lt;b&gt; &#64;x &amp;",
    "\u202egnp.exe",
    "a\u200bb\ufeff\u2066",
    "\x1b[31mred\x1b[0m\x07",
    "\x00",
    "::error file=x::y",
    "--- ===",
    "1. one",
    "- [ ] task",
    "> [!CAUTION]",
    " ",
    "\t",
    "é\u0301\u0301\u0301 𝒳 😀",
]
TEXTS = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=6), max_size=4).map("".join).filter(bool)


def test_what_a_pull_request_changes() -> None:
    unmet = Problem(kind="unmet", message="`click>=8.2` is not met: 8.1.7 is locked", platform="linux-64", line=5)
    stale = Outcome(subject=subject("tiny", State.SAME, problems=(unmet,)), exit_code=1)
    gone = Outcome(subject=subject("old", State.REMOVED, project=None, key=None))
    outcomes = (changed("train"), stale, gone, unchanged("a"), unchanged("b"))
    assert ci_markdown(report(*outcomes)).replace("\u00a0", " ") == (
        "### envlock: 1 environment is stale, 1 image changes, 1 environment removed, 2 unchanged\n\n"
        f"`{COMMIT[:12]}` for `main`, held against `{BASE[:12]}`\n\n"
        "| Environment | What | Packages | Image | Layers |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| `tiny` | **stale** |  |  |  |\n"
        "| `train` | image changes | 1 upgraded | 75 MB (+2.0 MB) | 2 of 5 made |\n"
        "| `old` | removed |  |  |  |\n\n"
        "#### `tiny`: stale\n\n"
        "`env.lock` does not answer `env.toml`:\n\n"
        "- `envs/tiny/env.toml:5` `click>=8.2` is not met: `8.1.7` is locked (`linux-64`)\n\n"
        "**What to do:** run `envlock lock tiny`, and commit what it writes.\n\n"
        "#### `train`: image changes\n\n"
        "**1 upgraded**\n\n"
        "| Change | Package | Before | After | Size |\n"
        "| --- | --- | --- | --- | ---: |\n"
        "| upgraded | `numpy` | `2.3.1` | `2.4.0` | +1.0 MB |\n\n"
        "| Size | Before | After | Difference | Biggest causes |\n"
        "| --- | ---: | ---: | ---: | --- |\n"
        "| image | 73 MB | 75 MB | +2.0 MB |  |\n"
        "| download | 8.0 MB | 9.0 MB | +1.0 MB | `numpy` +1.0 MB |\n\n"
        "| Layers | Count | Size | Biggest |\n"
        "| --- | ---: | ---: | --- |\n"
        "| made here | 2 | 10 MB | `numpy 2.4.0` 9.0 MB, `a 1 + …` 1.0 MB |\n"
        "| in the registry already | 1 | 35 MB | `scipy 1.17.1` 35 MB |\n"
        "| of the base image | 2 | 30 MB |  |\n\n"
        f"**Digest:** `sha256:{'d' * 64}`, made and not pushed\n\n"
        "**The same image elsewhere:**\n\n"
        f"```console\ngit envlock build train@{COMMIT}\n```\n\n"
        "#### `old`: removed\n"
    )


def row_of(found: str, title: str) -> list[str]:
    """The cells after that title."""
    return next(row[1:] for row in Rendered(found.replace("\u00a0", " ")).rows if row[0] == title)


def test_each_layer_is_counted_once() -> None:
    """A base that is made here of Debian's packages has layers among those that are made here."""
    layers = (layer("libc6 2.36", 20_000_000, part="base"), layer("numpy 2.4.0", 9_000_000))
    made = changed("train", layers=layers, base_layers=1, size=29_000_000)
    found = ci_markdown(report(made))
    assert row_of(found, "made here")[:2] == ["2", "29 MB"]
    assert "of the base" not in found
    upon = changed("train", layers=layers, base_layers=3, size=59_000_000)
    assert row_of(ci_markdown(report(upon)), "of the base image")[:2] == ["2", "30 MB"]


def test_a_layer_of_two_platforms_is_made_once() -> None:
    made = layer("copied: serve.py", 210)
    again = replace(made, came=Came.CACHED)
    found = ci_markdown(report(changed("train", layers=(made, again), base_layers=0, size=210)))
    assert row_of(found, "made here")[:2] == ["1", "210 B"]
    assert "from the cache" not in found


def test_a_size_before_that_nobody_knows() -> None:
    """Of what is new there was none."""
    was = Outcome(subject=subject("train", State.CHANGED, comparison=upgrade(), was="w"), image=image(before=None))
    assert row_of(ci_markdown(report(was)), "image") == ["not known", "75 MB", "", ""]
    new = Outcome(subject=subject("train", State.NEW), image=image(before=None))
    assert row_of(ci_markdown(report(new)), "image") == ["75 MB"]


def test_what_is_to_be_mended_stands_out() -> None:
    unmet = Problem(kind="unmet", message="m")
    stale = [Outcome(subject=subject(f"e{n}", State.SAME, problems=(unmet,)), exit_code=1) for n in range(4)]
    found = ci_markdown(report(*stale))
    assert "| `e0` | **stale** |" in found
    assert "#### `e2`: stale\n" in found
    assert "<summary><code>e3</code>: <b>stale</b></summary>" in found


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, f"`{COMMIT[:12]}` for `main`, held against `{BASE[:12]}`"),
        ({"base": COMMIT}, f"`{COMMIT[:12]}`, which `main` has already"),
        ({"base": None}, f"`{COMMIT[:12]}` for `main`"),
        ({"base": COMMIT, "is_committed": False}, f"the work tree for `main`, held against `{COMMIT[:12]}`"),
        (
            {"is_committed": False},
            f"the work tree, changed since `{COMMIT[:12]}`, for `main`, held against `{BASE[:12]}`",
        ),
        ({"event": PUSH}, f"`{COMMIT[:12]}` on `main`, held against `{BASE[:12]}`"),
        (
            {"event": Event(kind=Kind.TAG, forge="github"), "base": None, "reproduce": "3"},
            f"`{COMMIT[:12]}`, version `3`",
        ),
        (
            {"event": Event(kind=Kind.PULL_REQUEST, forge="nowhere", branch="x"), "base": COMMIT},
            f"`{COMMIT[:12]}`, held against `{COMMIT[:12]}`",
        ),
        (
            {"event": Event(kind=Kind.TAG, forge="github", tag="env/train/3", target="main"), "base": COMMIT},
            f"`{COMMIT[:12]}` tagged `env/train/3`, held against `{COMMIT[:12]}`",
        ),
    ],
)
def test_what_is_held_against_what(known: dict[str, Any], said: str) -> None:
    assert f"\n\n{said}\n" in ci_markdown(report(unchanged("a"), **known))


def test_what_a_push_did() -> None:
    tags = (Tagged(name="branch-main", what="moved"), Tagged(name=f"sha-{COMMIT}", what="new"))
    sent = changed("train", pushed=PUSHED, in_registry=True, tags=tags)
    had = image("serve", in_registry=True, came="registry", layers=(), base_layers=0, tags=tags)
    found = ci_markdown(report(sent, Outcome(subject=subject("serve", State.SAME), image=had), event=PUSH, pushes=True))
    assert "### envlock: 1 image pushed, 1 image was there already\n" in found
    assert (
        f"- **Image:** `registry.acme.test/ml/train@sha256:{'d' * 64}`\n"
        "- **Pushed:** 2 layers, 2.5 MB, 1 taken over from elsewhere in the registry\n"
        f"- **Tags:** `lock-3f9a1c22b07d4e18`, `branch-main` moved here, `sha-{COMMIT}` new\n"
    ) in found.replace("\u00a0", " ")
    assert (
        "| There already | Image | Tags set |\n| --- | --- | --- |\n"
        f"| `serve` | `registry.acme.test/ml/serve@sha256:{'d' * 64}` | `branch-main`, `sha-{COMMIT}` |\n"
    ) in found


def test_what_a_version_is() -> None:
    """Told in full, though nothing was left to do: its digest is what somebody looks for."""
    event = Event(kind=Kind.TAG, forge="github", tag="env/train/3")
    had = image(in_registry=True, came="registry", layers=(), base_layers=0, tags=(Tagged(name="v3", what="new"),))
    outcome = Outcome(subject=subject("train", State.SAME), image=had)
    found = ci_markdown(report(outcome, event=event, pushes=True, base=None, reproduce="3"))
    assert f"`{COMMIT[:12]}` tagged `env/train/3`\n\n#### `train`: there already\n" in found
    assert (
        f"- **Image:** `registry.acme.test/ml/train@sha256:{'d' * 64}`\n"
        "- **Tags:** `lock-3f9a1c22b07d4e18`, `v3` new\n"
        "- **Size:** 75 MB\n\n"
        "**The same image elsewhere:**\n\n```console\ngit envlock build train@3\n```\n"
    ) in found.replace("\u00a0", " ")


def test_a_version_that_goes_nowhere() -> None:
    """Nothing is held against another size."""
    event = Event(kind=Kind.TAG, forge="nowhere")
    made = Outcome(subject=subject("train", State.SAME), image=image(before=75_000_000))
    found = ci_markdown(report(made, event=event, base=None, reproduce="3"))
    assert found.startswith("### envlock: 1 image made\n")
    assert "#### `train`: made\n" in found
    assert "Before" not in found
    assert "- **Size:** 75 MB\n" in found.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("numpy 2.4.0", "numpy 2.4.0"),
        ("a 1, b 2", "a 1 + …"),
        ("debian: libc6 2.36, zlib1g 1.2", "libc6 2.36 + …"),
        ("debian: users, certificates, libraries and links", "debian: users + …"),
        ("copied: train.py", "copied: train.py"),
    ],
)
def test_a_layer_by_name(title: str, name: str) -> None:
    assert layer_name(layer(title, 1)) == name


def test_what_could_not_be_made() -> None:
    failed = Outcome(
        subject=subject("train", State.CHANGED),
        error="the engine says no:\n  step 1\n  ```step``` 2",
        hint="start `dockerd`",
        exit_code=3,
    )
    found = ci_markdown(report(failed))
    assert found.startswith("### envlock: 1 image could not be made\n")
    more = "````text\n  step 1\n  ```step``` 2\n````"
    assert f"**Error:** the engine says no:\n\n{more}\n\n**Hint:** start `dockerd`\n" in found


def test_a_plan_says_nothing_of_images() -> None:
    planned = replace(changed("train"), image=None)
    found = ci_markdown(report(planned, unchanged("a"), planned=True))
    assert "### envlock: 1 image changes, 1 unchanged\n" in found
    assert "nothing was made, only compared" in found
    assert not re.search("layer|digest|elsewhere", found, re.IGNORECASE)


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ((), "there is no environment here"),
        ((unchanged("a"),), "nothing changes"),
        ((unchanged("a"), unchanged("b")), "nothing changes in 2 environments"),
        ((Outcome(subject=subject("a", State.SAME_IMAGE)),), "1 keeps its image"),
    ],
)
def test_where_little_is_to_be_said(outcomes: tuple[Outcome, ...], said: str) -> None:
    assert ci_markdown(report(*outcomes)).startswith(f"### envlock: {said}\n")


@pytest.mark.parametrize("pushes", [False, True])
@settings(deadline=None, max_examples=50)
@given(text=TEXTS)
def test_words_of_others_are_text_and_nothing_else(text: str, pushes: bool) -> None:
    found = ci_markdown(told_by_others(text, pushes=pushes))
    rendered = Rendered(found)
    assert rendered.shape == Rendered(ci_markdown(told_by_others("harmless", pushes=pushes))).shape
    assert (rendered.unclosed, rendered.comments) == ([], [])
    assert "<!--" not in found
    assert not LIVELY.search(rendered.outside)
    assert [c for c in found if not c.isprintable() and c not in "\n\u00a0"] == []


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_one_by_one(text: str) -> None:
    for pushes in (False, True):
        found = ci_markdown(told_by_others(text, pushes=pushes))
        rendered, harmless = Rendered(found), Rendered(ci_markdown(told_by_others("harmless", pushes=pushes)))
        assert rendered.shape == harmless.shape
        assert (rendered.unclosed, rendered.comments) == ([], [])
        assert not LIVELY.search(rendered.outside)
        assert [escaped(text), escaped(f"{text}1"), escaped(f"{text}2")] in [row[1:4] for row in rendered.rows]


@settings(deadline=None, max_examples=50)
@given(TEXTS)
@example("`a``b`")
@example("a_b`c`")
@example("x `@y` z")
def test_a_message_keeps_its_words(text: str) -> None:
    """Nothing of it is lost but backticks and spaces, and nothing in it is alive."""
    rendered = Rendered(f"- {prose(text)}")
    html = "".join(re.sub(r"\s", "", rendered.outside)) + code("")
    assert {tag for tag, _ in rendered.shape} <= {"ul", "li"}
    assert not LIVELY.search(rendered.outside)
    assert set(html) <= set(escaped(text))


def test_two_hundred_environments_fit() -> None:
    outcomes = [changed(f"environment-{n:03}") for n in range(200)]
    for limit in (COMMENT, 1_000_000):
        found = ci_markdown(report(*outcomes, unchanged("a")), limit)
        assert len(found.encode()) <= limit
        rendered = Rendered(found)
        assert rendered.unclosed == []
        assert "200 images change, 1 unchanged" in found
        overview = [row for row in rendered.rows if row[0].startswith("environment-")]
        assert len(overview) == 200
        sections = found.count("<details>") - 1
        left = re.search(r"… and (\d+) more environments", found)
        assert sections + (int(left[1]) if left else 0) == 200
        assert sections >= 25
        assert (left is None) == (limit > COMMENT)


def test_what_environments_have_in_common() -> None:
    several = [changed(f"e{n}") for n in range(3)]
    other = compared(locked([pip("scipy", "1.0")]), locked([pip("scipy", "1.1")]))
    alone = Outcome(subject=subject("alone", State.CHANGED, comparison=other), image=image())
    shared = "| In common | Package | Before | After | Environments |\n| --- | --- | --- | --- | ---: |\n"
    found = ci_markdown(report(*several, alone))
    assert f"\n\n{shared}| upgraded | `numpy` | `2.3.1` | `2.4.0` | 3 |\n\n" in found
    assert "In common" not in ci_markdown(report(*several))


@pytest.mark.parametrize("limit", [7_000, COMMENT])
def test_many_packages_fit(limit: int) -> None:
    lock = locked([pip(f"package{n:04}", "1.0") for n in range(3000)])
    new = Outcome(subject=subject("train", State.NEW, comparison=compared(None, lock)), image=image())
    found = ci_markdown(report(new), limit)
    assert len(found.encode()) <= limit
    rendered = Rendered(found)
    assert rendered.unclosed == []
    shown = sum(row[0] == "added" for row in rendered.rows)
    left = re.search(r"… and (\d+) more", found)
    assert left
    assert shown + int(left[1]) == 3000 + 2  # and the base, and a label
    assert shown > limit // 100
    assert "git envlock build train@" in found
    assert "\n\n<details><summary><b>3000 packages</b></summary>\n\n| Change |" in found


@pytest.mark.parametrize("text", ["x" * 100_000, "😀" * 50_000, "`|" * 50_000, "a b\n" * 20_000, "@x " * 30_000])
@pytest.mark.parametrize("limit", [4_000, COMMENT])
def test_long_words_fit(text: str, limit: int) -> None:
    for pushes in (False, True):
        found = ci_markdown(told_by_others(text, pushes=pushes), limit)
        assert len(found.encode()) <= limit
        assert Rendered(found).unclosed == []


def test_json_has_everything() -> None:
    tags = (Tagged(name="branch-main", what="moved"),)
    unmet = Problem(kind="unmet", message="m", platform="linux-64", line=5)
    stale = Outcome(subject=subject("tiny", State.SAME, problems=(unmet,), was_stale=True), exit_code=1)
    sent = changed("train", pushed=PUSHED, in_registry=True, tags=tags, notes=("n",))
    found = json.loads(json.dumps(report_shape(report(sent, stale, event=PUSH, pushes=True, notes=("all",)))))
    first, second = found.pop("environments")
    assert found.pop("event")["kind"] == "branch"
    assert found == {
        "commit": COMMIT,
        "is_committed": True,
        "base": BASE,
        "reproduce": COMMIT,
        "pushes": True,
        "planned": False,
        "exit_code": 1,
        "notes": ["all"],
        "counts": {"new": 0, "changed": 1, "same-image": 0, "same": 1, "removed": 0},
    }
    made = first.pop("image")
    assert first.pop("comparison")["packages"][0]["change"] == "upgraded"
    assert first == {
        "environment": "train",
        "folder": "envs/train",
        "state": "changed",
        "changed": True,
        "answers": True,
        "problems": [],
        "was_stale": False,
        "image_key": "k",
        "image_key_before": None,
        "error": None,
        "hint": None,
        "exit_code": 0,
    }
    assert (second["answers"], second["was_stale"], second["image"], second["comparison"]) == (False, True, None, None)
    assert second["problems"][0]["line"] == 5
    assert [each["came"] for each in made.pop("layers")] == [Came.MADE, Came.MADE, Came.REUSED]
    key = "3f9a1c22b07d4e18" + "0" * 48
    assert made == {
        "name": "registry.acme.test/ml/train:lock-3f9a1c22b07d4e18",
        "reference": f"registry.acme.test/ml/train@sha256:{'d' * 64}",
        "digest": f"sha256:{'d' * 64}",
        "image_key": key,
        "lock_hashes": {"linux-64": key},
        "tags": [{"name": "branch-main", "what": "moved"}],
        "cached": None,
        "in_registry": True,
        "base_layers": 2,
        "size": 75_000_000,
        "size_before": 73_000_000,
        "notes": ["n"],
        "pushed": {"uploaded": 3, "uploaded_layers": 2, "uploaded_bytes": 2_500_000, "mounted": 1, "present": 4},
        "sbom": None,
        "seconds": 0.0,
    }


@pytest.mark.parametrize(("count", "rows"), [(0, 0), (1, 1), (256, 256), (257, 256), (300, 256), (1000, 256)])
def test_a_matrix_has_every_wanted_image_once(count: int, rows: int) -> None:
    wanted = [changed(f"e{n}") for n in range(count)]
    stale = Outcome(subject=subject("stale", State.CHANGED, problems=(Problem(kind="unmet", message="m"),)))
    gone = Outcome(subject=subject("gone", State.REMOVED, project=None, key=None))
    include = matrix_shape(report(stale, *wanted, gone, unchanged("same")))["include"]
    assert len(include) == rows
    assert [name for row in include for name in row["environment"].split()] == [f"e{n}" for n in range(count)]
    assert [name for row in include for name in row["folder"].split()] == [f"envs/e{n}" for n in range(count)]
    spread = [len(row["environment"].split()) for row in include]
    assert max(spread, default=0) - min(spread, default=0) <= 1


def test_a_matrix_of_a_push_has_what_did_not_change_too() -> None:
    include = matrix_shape(report(unchanged("a"), changed("b"), event=PUSH, pushes=True))["include"]
    assert include == [{"environment": "a", "folder": "envs/a"}, {"environment": "b", "folder": "envs/b"}]
