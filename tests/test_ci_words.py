"""All that `envlock ci` says, word by word, where it is met most: on a laptop and at pushes."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.support.ci_scene import Job, Scene, World, new_scene
from tests.support.ci_variables import on_github, push
from tests.support.projects import Result

MAIN = "refs/heads/main"
# what differs from run to run, or with the compressor and Python that are there
_ELSEWHERE = (
    (r"\b[0-9a-f]{40}\b|`[0-9a-f]{7,12}`", "COMMIT"),
    (r"sha256:[0-9a-f]{64}", "DIGEST"),
    (r"127\.0\.0\.1:\d+/\w+/", "REPO/"),
    (r"lock-[0-9a-f]{16}", "lock-KEY"),
    (r"\b\d+(\.\d+)? k?M?B", "SIZE"),
    (r"`3\.\d+\.\d+`", "`PYTHON`"),
    (r"::stop-commands::[0-9a-f]{48}", "::stop-commands::TOKEN"),
    (r"::[0-9a-f]{48}::", "::TOKEN::"),
)


def plain(text: str) -> str:
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    for pattern, word in _ELSEWHERE:
        text = re.sub(pattern, word, text)
    return text


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str
    summary: str = ""


def said(job: Job, result: Result) -> Said:
    return Said(result.code, plain(result.stdout), plain(result.stderr), plain(job.summary))


def a_scene(world: World, root: Path) -> Scene:
    """Its images have repositories of their own."""
    return new_scene(world, root / re.sub(r"\W", "", root.name.lower()), "serve", "train", image=True)


def here(scene: Scene) -> Job:
    """A whole clone on a laptop."""
    return scene.job(scene.author.git("rev-parse", "HEAD"), MAIN, depth=0)


def test_a_laptop_with_nothing_changed(ci_world: World, tmp_path: Path) -> None:
    job = here(a_scene(ci_world, tmp_path))
    out = "### envlock: nothing changes in 2 environments\n\nCOMMIT, which `main` has already\n"
    assert said(job, job.call()) == Said(0, out, "")


CHANGED = """\
### envlock: 1 image changes, 1 unchanged

the work tree for `main`, held against COMMIT

#### `train`: image changes

**1 upgraded**

| Change | Package | Before | After | Size |
| --- | --- | --- | --- | ---: |
| upgraded | `alpha` | `1.0` | `2.0` | −SIZE |

| Size | Before | After | Difference | Biggest causes |
| --- | ---: | ---: | ---: | --- |
| image | not known | SIZE |  |  |
| download | SIZE | SIZE | −SIZE | `alpha` −SIZE |

| Layers | Count | Size | Biggest |
| --- | ---: | ---: | --- |
| made here | 2 | SIZE | `alpha 2.0` SIZE, `beta 1.0` SIZE |

**Digest:** `DIGEST`, made and not pushed
"""
MAKES = """\
asking for REPO/train:lock-KEY
looking which layers the registry has
making 2 of 2 layers
"""


def test_a_laptop_with_one_changed(ci_world: World, tmp_path: Path) -> None:
    scene = a_scene(ci_world, tmp_path)
    job = here(scene)
    newer = scene.write("train", "2.0", image=ci_world.repository(f"{scene.root.name}/train"))
    for file in ("env.toml", "env.lock"):
        (job.tree / "train" / file).write_bytes((newer / file).read_bytes())
    assert said(job, job.call()) == Said(0, CHANGED, MAKES)


STALE = """\
### envlock: 1 environment is stale, 1 unchanged

the work tree for `main`, held against COMMIT

#### `serve`: stale

`env.lock` does not answer `env.toml`:

- `serve/env.toml:5` `alpha==2.0` is not met: `1.0` is locked (`linux-64`)

**What to do:** run `envlock lock serve`, and commit what it writes.
"""


def test_a_laptop_with_a_stale_one(ci_world: World, tmp_path: Path) -> None:
    job = here(a_scene(ci_world, tmp_path))
    (job.tree / "serve/env.toml").write_text(ci_world.manifest("serve", "2.0"))
    remark = "serve/env.toml:5: error: linux-64: `alpha==2.0` is not met: 1.0 is locked\n"
    assert said(job, job.call()) == Said(1, STALE, remark)


PUSHED = """\
### envlock: 1 image pushed

COMMIT on `main`

#### `train`: pushed, new

**2 packages**

| Change | Package | After | Size |
| --- | --- | --- | ---: |
| added | `base` | `scratch` |  |
| added | `python` | `PYTHON` |  |
| added | `alpha` | `1.0` | +SIZE |
| added | `beta` | `1.0` | +SIZE |

| Size | After | Biggest causes |
| --- | ---: | --- |
| image | SIZE |  |
| download | SIZE | `alpha` +SIZE, `beta` +SIZE |

| Layers | Count | Size | Biggest |
| --- | ---: | ---: | --- |
| made here | 2 | SIZE | `alpha 1.0` SIZE, `beta 1.0` SIZE |

- **Image:** `REPO/train@DIGEST`
- **Pushed:** 2 layers, SIZE
- **Tags:** `lock-KEY`, `sha-COMMIT` new, `branch-main` new

**The same image elsewhere:**

```console
git envlock build train@COMMIT
```
"""
AGAIN = (
    PUSHED.replace("1 image pushed", "1 image was there already")
    .replace("pushed, new", "there already, new")
    .replace(" new, `branch-main` new", " there already, `branch-main` there already")
    .replace("- **Pushed:** 2 layers, SIZE\n", "")
    .replace(PUSHED[PUSHED.index("| Layers |") : PUSHED.index("- **Image:**")], "")
)


def test_a_push_and_the_same_again(ci_world: World, tmp_path: Path) -> None:
    scene = a_scene(ci_world, tmp_path)
    commit = scene.author.git("rev-parse", "HEAD")
    jobs = [scene.job(commit, MAIN, name=name) for name in ("first", "again")]
    first, again = (on_github(job, "push", commit, MAIN, push(MAIN, after=commit)) for job in jobs)
    told = said(first, first.call("--environments", "train"))
    assert (told.code, told.out, told.summary) == (0, "", PUSHED)
    assert [line for line in told.err.splitlines() if "fetching" not in line] == [
        "::stop-commands::TOKEN",
        "asking for REPO/train:lock-KEY",
        "looking which layers the registry has",
        "making 2 of 2 layers",
        "pushing 8 blobs, SIZE",
        "::TOKEN::",
    ]
    asked = "::stop-commands::TOKEN\nasking for REPO/train:lock-KEY\n::TOKEN::\n"
    assert said(again, again.call("--environments", "train")) == Said(0, "", asked, AGAIN)
