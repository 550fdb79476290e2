"""conda-lock.yml, `@EXPLICIT` files and pixi.lock: read as their own tools read them, and what is wrong with them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envlock.errors import EnvlockError
from envlock.interchange import yaml_plain
from envlock.interchange.exports.yaml_text import yaml_text
from envlock.interchange.foreign import foreign_of
from envlock.interchange.yaml_nodes import MappingNode, Node, SequenceNode, Wrong, graph, is_nothing, pairs
from envlock.model.imported import PinnedConda
from envlock.model.lock import PipPackage
from envlock.model.platform import PLATFORMS
from tests.support.export_contents import CHANNELS, COMMIT, LINUX, MAC, contents, export_text
from tests.support.foreign_locks import MD5, NAMES, SHA256, conda_lock, pixi_lock, read
from tests.support.processes import run_python

# --- what is read, and the tools themselves as judges


@pytest.mark.parametrize("kind", NAMES)
def test_every_pin_of_an_export_is_read(kind: str) -> None:
    found = read(export_text(kind), platforms=(LINUX,))
    (locked,) = contents(LINUX, groups=("dev",)).platforms
    (pinned,) = found.pinned
    conda = sorted(locked.conda, key=lambda p: p.name)
    assert [_told(p) for p in pinned.conda] == [
        (p.name, p.version, p.build, p.subdir, p.file, CHANNELS[p.channel], p.sha256) for p in conda
    ]
    if kind == "pixi":
        assert [(p.size, p.requires, p.constrains) for p in pinned.conda] == [
            (p.size, tuple(sorted(p.requires)), p.constrains) for p in conda
        ]
    if kind == "conda-lock":
        assert [p.groups for p in pinned.conda] == [p.groups for p in conda]
    assert foreign_of(Path(NAMES[kind]), "") == (kind if kind != "explicit" else None)


def _told(p: PinnedConda) -> tuple[str | None, ...]:
    return p.name, p.version, p.build, p.subdir, p.file, p.channel, p.sha256


@pytest.mark.parametrize("kind", ["conda-lock", "pixi"])
def test_every_distribution_of_an_export_is_read(kind: str) -> None:
    found = read(export_text(kind))
    for locked, pinned in zip(contents(groups=("dev",)).platforms, found.pinned, strict=True):
        held = [p for p in locked.pip if kind == "pixi" or not p.path]
        assert [(p.name, p.version) for p in pinned.pip] == [(p.name, p.version) for p in held]
        for package, pin in zip(held, pinned.pip, strict=True):
            assert pin.source == _source(package) or not (package.git or package.path or package.url)
            hashes = [file.sha256 for file in pin.files]
            assert hashes == ([package.sha256] if package.sha256 else [])
    indexes = [(index.url, index.packages) for index in found.spec.pip.indexes]
    assert indexes == ([("https://pip.acme.test/simple", ("acme-lib",))] if kind == "pixi" else [])
    # conda-lock.yml has no indexes, and the files of these are not where the default index has its own
    (remark,) = found.remarks
    listed = "by-url" if kind == "pixi" else "acme-lib, flask, markupsafe, old, pytest, uvloop, werkzeug"
    assert remark.what == f"files.test: {listed}"


def _source(package: PipPackage) -> str | None:
    if package.git:
        return f"git+https://git.test/tools.git@{COMMIT}#subdirectory=python"
    return package.path or package.url


_CONDA_LOCK_READS = """
import json, pathlib
from conda_lock.lockfile import parse_conda_lock_file
locks = [parse_conda_lock_file(pathlib.Path(path)) for path in {paths!r}]
print(json.dumps([sorted(
    [p.platform, p.name, p.version, p.url, p.hash.md5, p.hash.sha256, sorted(p.categories)]
    for p in lock.package if p.manager == "conda"
) for lock in locks]))
"""
_RATTLER_READS = """
import json, pathlib
from rattler import LockFile
lock = LockFile.from_path(pathlib.Path({path!r}))
environment = lock.environment({environment!r})
found = []
for platform, packages in environment.packages_by_platform().items():
    for p in packages:
        record = getattr(p, "package_record", None)
        if record:
            found.append([platform.name, record.name.normalized, str(record.version), str(record.build), record.subdir,
                p.location, record.md5.hex() if record.md5 else None, record.sha256.hex() if record.sha256 else None,
                record.size, sorted(record.depends), sorted(record.constrains)])
        else:
            found.append([platform.name, p.name, str(p.version)])
print(json.dumps(sorted(found, key=str)))
"""


def test_conda_lock_reads_the_same(tmp_path: Path) -> None:
    paths = [tmp_path / f"{version}.conda-lock.yml" for version in (1, 2)]
    for version, path in enumerate(paths, start=1):
        path.write_text(conda_lock(version))
    every = json.loads(run_python(_CONDA_LOCK_READS.format(paths=[str(path) for path in paths])))
    for path, theirs in zip(paths, every, strict=True):
        found = read(path.read_text(), folder=tmp_path)
        ours = [
            [each.platform, p.name, p.version, p.url, p.md5, p.sha256, sorted(p.groups)]
            for each in found.pinned
            for p in each.conda
        ]
        assert sorted(ours) == theirs
        assert {p.name for p in found.pinned[0].conda} == {"a", "b_c", "b-c"}


@pytest.mark.parametrize("version", [4, 5, 6, 7])
def test_rattler_reads_every_version_of_pixi_lock_the_same(tmp_path: Path, version: int) -> None:
    path = tmp_path / "pixi.lock"
    path.write_text(pixi_lock(version))
    found = read(path.read_text(), folder=tmp_path)
    theirs = json.loads(run_python(_RATTLER_READS.format(path=str(path), environment="default")))
    ours: list[list[Any]] = [
        [each.platform, p.name, p.version, p.build, p.subdir, p.url, p.md5, p.sha256, p.size, [*(p.requires or ())],
         [*(p.constrains or ())]]
        for each in found.pinned for p in each.conda
    ]  # fmt: skip
    ours += [[each.platform, p.name, p.version] for each in found.pinned for p in each.pip]
    assert sorted(ours, key=str) == theirs
    (python, tz), (flask,) = found.pinned[0].conda, found.pinned[0].pip
    assert (python.uploaded, tz.channel) == ("2023-11-14T22:13:20Z", "https://repo.test/own")
    assert (flask.extras, flask.requires, flask.index) == (("async",), ("werkzeug>=3",), None)
    assert found.spec.conda.channels == ("forge", "https://repo.test/own")
    assert dict(found.spec.systems) == (
        {LINUX: replace(PLATFORMS[LINUX].system, glibc="2.17", cuda="12.4")} if version == 7 else {}
    )
    assert [remark.what for remark in found.remarks] == (
        ["environments.test", "__other=1"] if version == 7 else ["environments.test"]
    )


# --- what cannot be carried over, and what is wrong


def test_what_is_no_package_of_a_channel_is_named() -> None:
    text = f"# platform: {LINUX}\n@EXPLICIT\n/opt/x-1.0-0.conda\nfile:///tmp/osx-64/__osx-11.0-0.tar.bz2\n"
    text += "https://conda.test/own/noarch/x-1.0-0.conda\n# pip gone @ file:///home/x/gone-1.0-py3-none-any.whl\n"
    found = read(text)
    assert [(r.line, r.why.split(":")[0]) for r in found.remarks] == [
        (3, "a file that lies in no channel"),
        (4, "a virtual package"),
        (6, "`file"),
        (None, "without a hash"),
    ]
    assert [p.name for p in found.pinned[0].conda] == ["x"]


def test_pip_lines_of_conda_lock_are_distributions() -> None:
    url = f"https://files.test/packages/ab/cd/{'1' * 60}/flask-3.0-py3-none-any.whl"
    found = read(f"# platform: {LINUX}\n@EXPLICIT\n# pip flask @ {url} --hash=sha256:{SHA256}\n")
    ((flask,),) = [pinned.pip for pinned in found.pinned]
    assert (flask.name, flask.version, flask.index, flask.files[0].sha256) == ("flask", "3.0", None, SHA256)
    assert found.remarks == ()


def test_platforms_that_nobody_locks_for_are_named() -> None:
    text = conda_lock(1).replace(MAC, "linux-ppc64le")
    found = read(text)
    assert found.spec.platforms == (LINUX,)
    assert [remark.what for remark in found.remarks] == ["linux-ppc64le"]


def test_paths_that_lead_nowhere_are_named() -> None:
    paths = ("~nobody-here/noarch/x-1-0.conda", f"/{'long/' * 2000}y-1-0.conda", f"/{'z' * 5000}/z-1-0.conda")
    found = read("\n".join((f"# platform: {LINUX}", "@EXPLICIT", *paths)))
    assert [(r.line, r.why.split(":")[0]) for r in found.remarks] == [
        (3, "in the home folder of somebody who is not known here"),
        (4, "a file that lies in no channel"),
        (5, "a file that lies in no channel"),
    ]


def test_a_channel_outside_of_the_repository_is_one_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "channel" / "noarch").mkdir(parents=True)
    (tmp_path / "channel" / "noarch" / "repodata.json").touch()
    (tmp_path / "repository").mkdir()
    text = f"# platform: {LINUX}\n@EXPLICIT\n../channel/noarch/x-1-0.conda#{MD5}\n"
    found = read(text, folder=tmp_path / "repository")
    assert found.spec.conda.channels == ((tmp_path / "channel").as_uri(),)
    assert [remark.why for remark in found.remarks] == ["a channel of this machine: other machines do not have it"]


def test_what_has_no_hash_is_counted_whatever_it_is() -> None:
    url = f"https://files.test/packages/ab/cd/{'1' * 60}/torch-3.0%2Bcpu-py3-none-any.whl"
    found = read(f"# platform: {LINUX}\n@EXPLICIT\n# pip torch @ {url}\n")
    ((torch,),) = [pinned.pip for pinned in found.pinned]
    assert torch.version == "3.0+cpu"
    assert [remark.what for remark in found.remarks] == ["1 package"]
    text = conda_lock(1, manager="pip", hash={"md5": MD5}, url=url).replace("name: b-c", "name: d")
    found = read(text, name="conda-lock.yml")
    assert found.remarks[-1].what == "3 packages"


LATE = ["https://kim:12/s3cr3t@conda.test/own", "https://kim:a/s3cr3t@conda.test/own", "https://kim:a#s3cr3t@h.test/o"]


@pytest.mark.parametrize("top", LATE)
def test_a_password_that_ends_its_url_too_soon_is_not_shown(top: str) -> None:
    for kind, line in (("conda", f"{top}/noarch/x-1-0.conda#{MD5}"), ("pip", f"# pip x @ {top}/x-1-py3-none-any.whl")):
        try:
            told = repr(read(f"# platform: {LINUX}\n@EXPLICIT\n{line}\n"))
        except EnvlockError as error:
            told = str(error)
        assert "s3cr3t" not in told, kind


WRONG = [
    ("pixi.lock", pixi_lock(5, {"version": "9"}), "`python 9 h1_0_cpython` has the URL of `python 3.11.7 "),
    ("pixi.lock", "version: 3\npackage: []\n", "pixi.lock:1: version 3 of pixi.lock is none that is known"),
    ("pixi.lock", pixi_lock(6).replace("- conda: https://repo.", "- conda: https://r.", 1), "is not among `packages`"),
    ("pixi.lock", pixi_lock(6).replace("default:", "one:"), "it has the environments `one`, `test`: name one of them"),
    ("conda-lock.yml", conda_lock(3), "version 3 of conda-lock.yml is none that is known"),
    ("conda-lock.yml", conda_lock(1, hash={"md5": "12"}), "`12` is not an MD5"),
    ("conda-lock.yml", conda_lock(1, version="9"), "`a 9 h1_0` has the URL of `a 1.0 h1_0`"),
    ("conda-lock.yml", conda_lock(1, manager="npm"), "`manager: npm` is neither conda nor pip"),
    ("conda-lock.yml", conda_lock(1).replace("dependencies:", "version:", 1), "`version` stands there twice"),
    ("conda-lock.yml", "package: [\n", "not valid YAML"),
    ("conda-lock.yml", "package:\n- a: b\n---\n", "a second document in one file"),
    ("conda-lock.yml", "# nothing\n", "the file is empty"),
    ("conda-lock.yml", "- a\n", "expected `key: value`"),
    ("x.txt", f"{'https://c.test/own/linux-64/x-1-0.conda'}\n@EXPLICIT\n", "x.txt:1: expected `@EXPLICIT` before"),
    ("x.txt", "@EXPLICIT\nhttps://c.test/own/noarch/x-1-0.conda\n", "which platform it is for"),
    ("x.txt", "@EXPLICIT\nhttps://c.test/own/linux-64/x-1-0.conda#12\n", "x.txt:2: `12` is not an MD5"),
    ("x.txt", f"# platform: {MAC}\n@EXPLICIT\nhttps://c.test/own/linux-64/x-1-0.conda\n", "of linux-64, not of osx"),
    ("x.txt", "@EXPLICIT\nhttps://c.test/own/linux-64/x-1-0.conda\nhttps://c.test/own/linux-64/x-2-0.conda\n",
     "`x` stands there twice for linux-64"),
    ("x.txt", "# platform: linux-ppc64le\n@EXPLICIT\n", "it is for `linux-ppc64le`, and envlock locks for"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "message"), WRONG)
def test_what_is_wrong_is_named_with_its_place(name: str, text: str, message: str) -> None:
    with pytest.raises((EnvlockError, ValueError)) as caught:
        read(text, name=name)
    assert message in str(caught.value)


# --- YAML that programs write


_texts = st.text("ab1 .:#-'\"[]{},&*!|>%@`?=\u00e9\t\\", max_size=8) | st.sampled_from(
    ["null", "~", "1.10", "no", ">=2.17,<3.0.a0", "0.1 conda_forge", "https://x.test/a#b", "-", "a: b", "a #b", "it's"]
)
_keys = st.sampled_from(["name", "_x", "a.b-c", "__glibc", "v_1", "on", "null", "9to5"])
_values: st.SearchStrategy[Any] = st.recursive(
    _texts | st.lists(_texts, max_size=3),
    lambda inner: (
        st.dictionaries(_keys, inner, max_size=3) | st.lists(st.dictionaries(_keys, inner, max_size=2), max_size=2)
    ),
    max_leaves=6,
)


@given(st.dictionaries(_keys, _values, min_size=1, max_size=4))
def test_written_yaml_is_read_as_by_another_reader(value: dict[str, Any]) -> None:
    text = yaml_text(value)
    assert yaml_plain.document(text) == whole(text) == value


@given(st.lists(st.sampled_from(["a:", "b: c", "- d", "- e: f", "  - g", "  h: i", "    j:", "# k", "", "'l': 'm'"])))
def test_blocks_are_read_as_by_another_reader(lines: list[str]) -> None:
    text = "\n".join(lines)
    assert _found(yaml_plain.document, text) == _found(whole, text)


def _found(how: Callable[[str], Any], text: str) -> Any:
    """None where it is refused, or no mapping."""
    try:
        found = how(text)
    except Wrong:
        return None
    return found if isinstance(found, dict) else None


def whole(text: str) -> Any:
    return _value(graph(text))


def _value(node: Node) -> Any:
    if isinstance(node, MappingNode):
        return {key.value: _value(value) for key, value in pairs(node)}
    if isinstance(node, SequenceNode):
        return [_value(item) for item in node.value]
    return None if is_nothing(node) else node.value


def test_aliases_do_not_multiply() -> None:
    layers = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    layers += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(Wrong, match="too large"):
        yaml_plain.document("\n".join(layers))


@pytest.mark.parametrize("text", ["a: " + "[" * 30_000, "{a: " * 30_000, "- " * 30_000, "? " * 30_000, "a: &a [*a]"])
def test_no_nesting_ends_the_process(text: str) -> None:
    with pytest.raises(Wrong, match=r"nested too deeply|expected a name|is called `a`"):
        yaml_plain.document(text)
