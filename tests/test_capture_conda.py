"""A conda prefix captured: every package as it is there, and the same prefix once more."""

import json
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

from envlock.errors import UserInputError
from envlock.interchange.installed import conda_prefix
from envlock.interchange.source import Source
from envlock.model.imported import Imported, PinnedConda
from tests.conftest import IndexServers
from tests.support.conda_prefix import install
from tests.support.prefixes import SITE, conda_record, differing, python_record, write_distribution, write_prefix
from tests.support.processes import run
from tests.support.projects import MINOR, Project
from tests.support.tiny_wheels import write_wheel

CHANNEL = "https://conda.anaconda.org/conda-forge/noarch"


def read(prefix: Path, **more: Any) -> Imported:
    return conda_prefix.read(Source(path=prefix, **more))


def pinned(imported: Imported) -> dict[str, PinnedConda]:
    (found,) = imported.pinned
    return {package.name: package for package in found.conda}


def told(imported: Imported) -> list[tuple[str, str]]:
    return [(remark.what, remark.why) for remark in imported.remarks]


def new(folder: Path) -> Project:
    """An empty repository."""
    folder.mkdir()
    run(("git", "init", "--quiet", folder))
    return Project(folder=folder, cache=folder.parent / "cache")


def test_a_prefix_is_made_once_more(tmp_path: Path, conda_channel: Path, index_server: IndexServers) -> None:
    """Conda's packages and pip's among them; and captured from what envlock made, they are the same."""
    write_wheel(tmp_path / "wheels", "Tiny.One", "1.0", entry_points={"tiny": "tiny_one:main"}, requires=["markupsafe"])
    own = f"cp{MINOR.replace('.', '')}"
    write_wheel(tmp_path / "wheels", "beta", tag=f"{own}-{own}-manylinux_2_17_x86_64.manylinux2014_x86_64")
    index = index_server(tmp_path / "wheels")
    first, again = tmp_path / "first", tmp_path / "again"
    install(conda_channel.as_uri(), ["flask", "python"], first)
    uv = (find_uv_bin(), "pip", "install", "--no-config", "--python", first / "bin/python", "--index-url", index.url)
    run((*uv, "tiny-one", "beta"))
    project = new(tmp_path / "work").given(ENVLOCK_MIRROR_PYPI=index.url)
    answer = json.loads(project.must("import", "--prefix", first, "--base", "scratch", "--json"))
    assert (answer["problems"], [(r["what"], r["why"]) for r in answer["remarks"]]) == (
        [],
        [(conda_channel.as_uri(), "a channel of this machine: other machines do not have it")],
    )
    project.must("check")
    locked = project.lock()
    assert locked.inputs.python == MINOR
    assert locked.inputs.conda == ("flask",)
    assert locked.inputs.pip == ("beta", "tiny-one")
    project.must("install", "--prefix", again)
    assert differing(first, again) == {"bin/tiny": "changed"}  # as each installer writes it
    records = {path.name: json.loads(path.read_bytes()) for path in (first / "conda-meta").glob("*.json")}
    ours = {path.name: json.loads(path.read_bytes()) for path in (again / "conda-meta").glob("*.json")}
    kept = ("name", "version", "build", "sha256", "depends", "fn", "files")
    assert [{k: r.get(k) for k in kept} for _, r in sorted(ours.items())] == [
        {k: sorted(p for p in r["files"] if not p.endswith(".pyc")) if k == "files" else r.get(k) for k in kept}
        for _, r in sorted(records.items())
    ]
    captured = conda_prefix.read(Source(path=again))
    assert {n: (p.file, p.sha256) for n, p in pinned(captured).items()} == {
        p.name: (p.file, p.sha256) for p in locked.platforms[0].conda
    }
    assert "the channel of 9 packages" in dict(told(captured))


RECORDS = [
    # conda: the channel with its subdir
    (conda_record("a"), ("conda-forge", "noarch", "a-1.0-0.conda", f"{CHANNEL}/a-1.0-0.conda")),
    # rattler, pixi: the channel's URL; mamba 2: its name
    (
        conda_record("a", channel="https://conda.anaconda.org/conda-forge/"),
        ("conda-forge", "noarch", "a-1.0-0.conda", f"{CHANNEL}/a-1.0-0.conda"),
    ),
    (
        conda_record("a", channel="conda-forge"),
        ("conda-forge", "noarch", "a-1.0-0.conda", f"{CHANNEL}/a-1.0-0.conda"),
    ),
    # without a URL
    (conda_record("a", url=None), ("conda-forge", "noarch", "a-1.0-0.conda", None)),
    (conda_record("a", url=None, subdir=None), ("conda-forge", "noarch", "a-1.0-0.conda", None)),
    (conda_record("a", url=None, channel="bioconda"), ("bioconda", "noarch", "a-1.0-0.conda", None)),
    # others' channels, and labels
    (
        conda_record("a", url="https://repo.acme.test/pkgs/main/noarch/a-1.0-0.tar.bz2"),
        (
            "https://repo.acme.test/pkgs/main",
            "noarch",
            "a-1.0-0.tar.bz2",
            "https://repo.acme.test/pkgs/main/noarch/a-1.0-0.tar.bz2",
        ),
    ),
    (
        conda_record("a", url="https://conda.anaconda.org/acme/label/dev/noarch/a-1.0-0.conda"),
        ("acme/label/dev", "noarch", "a-1.0-0.conda", "https://conda.anaconda.org/acme/label/dev/noarch/a-1.0-0.conda"),
    ),
    # what envlock itself writes
    (
        conda_record("a", url="file:///noarch/a-1.0-0.conda", channel=None),
        ("conda-forge", "noarch", "a-1.0-0.conda", None),
    ),
    # of old times
    (
        conda_record("a", build_string="0", url=None, channel="free", fn="a-1.0-0.tar.bz2"),
        ("free", "noarch", "a-1.0-0.tar.bz2", None),
    ),
]


@pytest.mark.parametrize(("record", "wanted"), RECORDS)
def test_records_of_each_tool(tmp_path: Path, record: dict[str, Any], wanted: tuple[str, ...]) -> None:
    prefix = write_prefix(tmp_path / "env", record)
    package = pinned(read(prefix))["a"]
    assert (package.channel, package.subdir, package.file, package.url) == wanted


def test_all_that_a_record_says_is_kept(tmp_path: Path) -> None:
    record = conda_record("NumPy", "1.26", "py311_0", depends=["python >=3.11", "libblas"], constrains=["x <1"])
    assert pinned(read(write_prefix(tmp_path / "env", record)))["numpy"] == PinnedConda(
        name="numpy",
        version="1.26",
        build="py311_0",
        subdir="noarch",
        file="NumPy-1.26-py311_0.conda",
        channel="conda-forge",
        url=f"{CHANNEL}/NumPy-1.26-py311_0.conda",
        sha256="a" * 64,
        md5="b" * 32,
        size=100,
        requires=("libblas", "python >=3.11"),
        constrains=("x <1",),
        uploaded="2023-11-14T22:13:20Z",
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://conda.anaconda.org/t/to-SECRET/acme/noarch/a-1.0-0.conda",
        "https://kim:SECRET@conda.anaconda.org/acme/noarch/a-1.0-0.conda",
        "https://conda.anaconda.org/acme/noarch/a-1.0-0.conda?sig=SECRET",
    ],
)
def test_no_secret_of_a_record_is_kept(tmp_path: Path, url: str) -> None:
    imported = read(write_prefix(tmp_path / "env", conda_record("a", url=url)))
    assert "SECRET" not in repr(imported)
    assert imported.spec.conda.channels == ("acme",)
    why = "its credentials are left out: keep them in netrc, or in the file that RATTLER_AUTH_FILE names"
    assert told(imported) == [("acme", why)]


def test_only_md5_of_old_tools(tmp_path: Path) -> None:
    package = pinned(read(write_prefix(tmp_path / "env", conda_record("a", sha256=None))))["a"]
    assert (package.sha256, package.md5) == (None, "b" * 32)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is not valid JSON (line 1)"),
        ("[]", "holds no JSON object"),
        ("\udcff", "is not UTF-8 text (byte 0 cannot be decoded)"),
        ('{"name": 1}', "has no text for `name`"),
        ('{"name": "a"}', "does not say `version`"),
        (
            '{"name": "a", "version": "1", "build": "0", "subdir": "noarch"}',
            "does not say `fn`, which file it was installed from",
        ),
        (json.dumps(conda_record("a", sha256="x")), "has no sha256 for `sha256`"),
        (json.dumps(conda_record("a", depends=[1])), "has no list of texts for `depends`"),
        (json.dumps(conda_record("a", url=None, fn="../a.conda")), "has no file name for `fn`"),
        ("[" * 100_000, "is not valid JSON"),
    ],
)
def test_a_broken_record_is_named(tmp_path: Path, text: str, why: str) -> None:
    prefix = write_prefix(tmp_path / "env", conda_record("b"))
    path = prefix / "conda-meta" / "a-1-0.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UserInputError) as refusal:
        read(prefix)
    assert refusal.value.message == f"`{path}` {why}"


def test_a_record_that_leads_out_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_text(json.dumps(conda_record("a")))
    prefix = write_prefix(tmp_path / "env", conda_record("b"))
    (prefix / "conda-meta" / "a.json").symlink_to(tmp_path / "outside.json")
    with pytest.raises(UserInputError, match=r"is a link that leads out of"):
        read(prefix)


def test_a_record_that_goes_meanwhile(tmp_path: Path) -> None:
    prefix = write_prefix(tmp_path / "env", conda_record("b"))
    (prefix / "conda-meta" / "a.json").symlink_to("gone.json")
    with pytest.raises(UserInputError, match="is not there any more") as refusal:
        read(prefix)
    assert refusal.value.hint == "something changes the prefix: capture it when that is done"


def test_two_records_of_a_package(tmp_path: Path) -> None:
    prefix = write_prefix(tmp_path / "env", conda_record("a", "1"), conda_record("a", "2"))
    with pytest.raises(UserInputError, match="are both records of `a`"):
        read(prefix)


def test_what_was_asked_for_is_asked_for(tmp_path: Path) -> None:
    prefix = write_prefix(
        tmp_path / "env",
        python_record(),
        conda_record("a", "1.5", requested_spec="a >=1"),
        conda_record("b", "2.0"),
        conda_record("c", requested_spec="None"),
        conda_record("d", "3.0", requested_specs=["conda-forge::d 2.*"]),
        conda_record("e"),
    )
    history = [
        "==> 2026-01-01 00:00:00 <==",
        "# cmd: conda create -n env python=3.11 b e",
        "# update specs: ['python=3.11', 'b[version=\\'>=1\\']', 'e', 'gone']",
        "==> 2026-01-02 00:00:00 <==",
        "# remove specs: ['e']",
        "# update specs: [broken",
    ]
    (prefix / "conda-meta" / "history").write_text("\n".join(history))
    spec = read(prefix).spec
    assert (spec.python, spec.conda.dependencies) == ("3.11", ("a >=1", "b >=1", "d"))


def test_an_explicit_list_asks_for_nothing(tmp_path: Path) -> None:
    records = [conda_record(n, requested_spec=f"conda-forge/noarch::{n}==1.0=0") for n in ("a", "b")]
    assert read(write_prefix(tmp_path / "env", *records)).spec.conda.dependencies == ()


def test_files_of_no_channel_are_named(tmp_path: Path) -> None:
    url = (tmp_path / "a-1.0-0.conda").as_uri()
    imported = read(write_prefix(tmp_path / "env", conda_record("a", url=url), conda_record("b")))
    assert list(pinned(imported)) == ["b"]
    assert told(imported) == [("a 1.0", f"installed from `{url}`, which is in no channel: put it into one")]


def test_several_channels(tmp_path: Path) -> None:
    records = [conda_record(n) for n in ("a", "b")]
    records += [conda_record("c", url="https://conda.acme.test/own/noarch/c-1.0-0.conda")]
    imported = read(write_prefix(tmp_path / "env", *records))
    assert imported.spec.conda.channels == ("conda-forge", "https://conda.acme.test/own")
    why = "not recorded in the prefix: `conda-forge`, `https://conda.acme.test/own`, by how much is from each"
    assert told(imported) == [("the order of channels", why)]


@pytest.mark.parametrize(
    ("subdirs", "why"),
    [
        (("linux-64", "osx-64"), "it has packages of several platforms: linux-64, osx-64"),
        (("linux-ppc64le",), "it is of `linux-ppc64le`: environments are for "),
    ],
)
def test_platforms_that_cannot_be(tmp_path: Path, subdirs: tuple[str, ...], why: str) -> None:
    records = [
        conda_record(f"a{n}", subdir=s, url=f"https://conda.anaconda.org/x/{s}/a{n}-1.0-0.conda")
        for n, s in enumerate(subdirs)
    ]
    with pytest.raises(ValueError, match=why):
        read(write_prefix(tmp_path / "env", *records))


def test_the_platform_is_the_prefixs(tmp_path: Path) -> None:
    url = "https://conda.anaconda.org/conda-forge/osx-arm64/a-1.0-0.conda"
    prefix = write_prefix(tmp_path / "env", conda_record("a", subdir="osx-arm64", url=url))
    assert read(prefix).spec.platforms == ("osx-arm64",)
    with pytest.raises(ValueError, match="it is of `osx-arm64`, and pins nothing for any other platform"):
        read(prefix, platforms=("linux-64",))


def test_a_later_system_that_packages_need(tmp_path: Path) -> None:
    prefix = write_prefix(
        tmp_path / "env", python_record(), conda_record("a", depends=["__glibc >=2.34,<3.0.a0", "__cuda >=12"])
    )
    ((name, system),) = read(prefix).spec.systems
    assert (name, system.glibc, system.cuda) == ("linux-64", "2.34", "12")


def test_what_a_conda_package_brings_is_not_pips(tmp_path: Path) -> None:
    owned = [f"{SITE}/a.py", f"{SITE}/a-1.0.dist-info/METADATA"]
    prefix = write_prefix(tmp_path / "env", python_record(), conda_record("a", files=owned))
    write_distribution(prefix, "a")
    write_distribution(prefix, "b", REQUESTED="")
    imported = read(prefix)
    assert [p.name for p in imported.pinned[0].pip] == ["b"]
    assert (imported.spec.pip.dependencies, imported.remarks) == (("b",), ())


@pytest.mark.parametrize("needed", [True, False])
def test_what_pip_put_over_conda(tmp_path: Path, *, needed: bool) -> None:
    files = [f"{SITE}/a-1.0.dist-info/METADATA"]
    other = conda_record("z", depends=["a >=1"] if needed else [])
    prefix = write_prefix(tmp_path / "env", python_record(), conda_record("a", files=files), other)
    write_distribution(prefix, "a", "2.0")
    imported = read(prefix)
    assert ("a" in pinned(imported), [p.name for p in imported.pinned[0].pip]) == (needed, [] if needed else ["a"])
    assert told(imported) == [
        ("a 2.0", "pip installed it over conda's 1.0, which other packages need: that is carried over")
        if needed
        else ("a 1.0", "pip installed a 2.0 over conda's package: carried over is the wheel")
    ]


def test_files_that_are_not_as_they_were(tmp_path: Path) -> None:
    paths = [
        {"_path": "bin/gone", "path_type": "hardlink", "size_in_bytes": 1},
        {"_path": "share/same", "path_type": "hardlink", "size_in_bytes": 3},
        {"_path": "share/other", "path_type": "hardlink", "size_in_bytes": 1},
        {"_path": "share/own-prefix", "path_type": "hardlink", "size_in_bytes": 1, "prefix_placeholder": "/x"},
        {"_path": "../outside", "path_type": "hardlink", "size_in_bytes": 1},
    ]
    prefix = write_prefix(tmp_path / "env", conda_record("a", paths_data={"paths": paths}))
    (prefix / "share").mkdir()
    for name in ("same", "other", "own-prefix"):
        (prefix / "share" / name).write_text("abc")
    assert told(read(prefix)) == [
        ("a 1.0", "half removed, there is no `bin/gone`; locked is the package as it was made"),
        ("a 1.0", "changed by somebody: `share/other`; locked is the package as it was made"),
    ]


def test_what_mamba_changed_itself_is_as_it_was(tmp_path: Path) -> None:
    """Its records have the size from before its prefix was written into a file, and no placeholder."""
    paths = [
        {"_path": "own-prefix", "path_type": "hardlink", "size_in_bytes": 1, "sha256": "a", "sha256_in_prefix": "b"},
        {"_path": "other", "path_type": "hardlink", "size_in_bytes": 1, "sha256": "a", "sha256_in_prefix": "a"},
    ]
    prefix = write_prefix(tmp_path / "env", conda_record("a", paths_data={"paths": paths}))
    for path in paths:
        (prefix / str(path["_path"])).write_text("abc")
    assert told(read(prefix)) == [("a 1.0", "changed by somebody: `other`; locked is the package as it was made")]


def test_what_mamba_does_not_know_of_a_package_its_channel_tells(tmp_path: Path) -> None:
    """Of a list of files, mamba 2.1 to 2.3 has installed each with a record of nothing."""
    empty = conda_record("a", timestamp=0, license="", depends=[], constrains=[])
    package = pinned(read(write_prefix(tmp_path / "env", empty, conda_record("b"))))
    assert (package["a"].requires, package["a"].constrains, package["a"].uploaded) == (None, None, None)
    assert (package["b"].requires, package["b"].constrains) == ((), ())


def test_what_belongs_to_a_prefix_beside_packages(tmp_path: Path) -> None:
    prefix = write_prefix(tmp_path / "env", conda_record("a", files=["etc/conda/activate.d/a.sh"]))
    values = {"TOKENS": "4", "URL": "https://kim:SECRET@host.test/x", "OFF": "***unset***", "no name": "x"}
    (prefix / "conda-meta" / "state").write_text(json.dumps({"env_vars": values}))
    (prefix / "conda-meta" / "pinned").write_text("a 1.*\n")
    (prefix / ".condarc").write_text("channels: [x]\n")
    (prefix / "etc/conda/activate.d").mkdir(parents=True)
    for name in ("a.sh", "mine.sh"):
        (prefix / "etc/conda/activate.d" / name).write_text("")
    imported = read(prefix)
    assert imported.spec.variables == (("TOKENS", "4"),)
    assert [what for what, _ in told(imported)] == ["URL", "OFF", "no name", "pinned", ".condarc", "mine.sh"]
    assert "SECRET" not in repr(imported)


def test_what_is_left_of_another_python(tmp_path: Path) -> None:
    prefix = write_prefix(tmp_path / "env", python_record())
    write_distribution(prefix, "a")
    (prefix / "lib" / "python3.11").rename(prefix / "lib" / "python3.9")
    assert told(read(prefix)) == [("1 distributions", "packages for a Python that is not there any more")]


def test_a_folder_without_packages(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="there is no package in its `conda-meta`"):
        read(write_prefix(tmp_path / "env"))
