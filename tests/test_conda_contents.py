"""What a conda package puts into a prefix, told from its `info` part."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envlock.model.conda_contents import CondaContents, conda_meta, conda_meta_path, contents, distributions
from tests.support.locks import NUMPY
from tests.support.processes import run_python

SITE = "lib/python3.11/site-packages"


def raw(*files: tuple[str, int, str], **more: Any) -> dict[str, Any]:
    return {"files": files, "noarch": None, "entry_points": [], "scripts": [], "activation": {}, "index": {}, **more}


def test_files_of_one_platform_lie_where_they_say() -> None:
    found = contents(
        raw(
            ("site-packages/x.py", 3, "hardlink"),
            ("bin/tool", 10, "hardlink"),
            ("lib/empty", 0, "directory"),
            ("lib/libz.so", 0, "softlink"),
            scripts=[".tool-post-link.sh"],
            activation={"etc/conda/activate.d/b.sh": ["at /old/lib", "/old"], "etc/conda/activate.d/a.sh": ["1", None]},
            index={"license": "MIT"},
        ),
        python=None,
    )
    assert found == CondaContents(
        paths=("bin/tool", "lib/libz.so", "site-packages/x.py"),
        size=13,
        provides=(),
        scripts=(".tool-post-link.sh",),
        activation=(("etc/conda/activate.d/a.sh", "1"), ("etc/conda/activate.d/b.sh", "at /opt/env/lib")),
        index={"license": "MIT"},
    )


def test_noarch_files_lie_where_the_python_looks() -> None:
    files = [("site-packages/x/a.py", 1, "hardlink"), ("python-scripts/run", 2, "hardlink"), ("etc/x", 4, "hardlink")]
    found = contents(
        raw(*files, ("site-packages-x/b", 8, "hardlink"), noarch="python", entry_points=["x = x:main", "y=x:y"]),
        python="3.11",
    )
    assert found.paths == ("bin/run", "bin/x", "bin/y", "etc/x", f"{SITE}/x/a.py", "site-packages-x/b")
    assert found.size == 15


def test_generic_noarch_files_stay() -> None:
    found = contents(raw(("site-packages/x", 1, "hardlink"), noarch="generic"), python="3.11")
    assert found.paths == ("site-packages/x",)


@pytest.mark.parametrize(
    ("path", "provided"),
    [
        (f"{SITE}/numpy-1.26.4.dist-info/METADATA", {"numpy==1.26.4"}),
        ("site-packages/Zope.Interface-5.0.dist-info/METADATA", {"zope-interface==5.0"}),
        ("lib/python3.13t/site-packages/a_b-1!2.0.post1+local.dist-info/METADATA", {"a-b==1!2.0.post1+local"}),
        (f"{SITE}/lib_core-1.2.egg-info/PKG-INFO", {"lib-core==1.2"}),
        (f"{SITE}/lib_core-1.2-py3.11.egg-info/PKG-INFO", {"lib-core==1.2"}),
        (f"{SITE}/lib_core-1.2-py3.11.egg-info", {"lib-core==1.2"}),
        (f"{SITE}/numpy-1.26.4.dist-info/RECORD", set()),
        (f"{SITE}/numpy-1.26.4.dist-info/sub/METADATA", set()),
        (f"{SITE}/numpy.dist-info/METADATA", set()),
        (f"{SITE}/numpy.egg-info/PKG-INFO", set()),
        (f"{SITE}/METADATA", set()),
        # copies that another distribution keeps for itself: nobody can import or ask for them
        (f"{SITE}/setuptools/_vendor/packaging-24.2.dist-info/METADATA", set()),
        ("share/tests/site-packages/numpy-1.0.dist-info/METADATA", set()),
        ("numpy-1.0.dist-info/METADATA", set()),
    ],
)
def test_distributions(path: str, provided: set[str]) -> None:
    assert distributions([path]) == provided


def test_a_package_of_several_distributions() -> None:
    names = ("b-2.dist-info/METADATA", "a-1.dist-info/METADATA", "a-1.dist-info/RECORD")
    found = contents(raw(*((f"site-packages/{name}", 1, "hardlink") for name in names), noarch="python"), python="3.11")
    assert found.provides == ("a==1", "b==2")


def test_the_record_names_no_place_and_no_channel() -> None:
    assert conda_meta_path(NUMPY) == "conda-meta/numpy-1.26.4-py311h64a7726_0.json"
    index = {"license": "BSD", "depends": ["python"], "name": "other", "sha256": "other"}
    data = conda_meta(NUMPY, index, ["lib/b", "lib/a"])
    assert json.loads(data) == {
        "name": "numpy",
        "version": "1.26.4",
        "build": "py311h64a7726_0",
        "fn": "numpy-1.26.4-py311h64a7726_0.conda",
        "url": "file:///linux-64/numpy-1.26.4-py311h64a7726_0.conda",
        "sha256": "1" * 64,
        "license": "BSD",
        "depends": ["python"],
        "files": ["lib/a", "lib/b"],
    }
    moved = replace(NUMPY, channel="elsewhere", requires=(), constrains=(), size=0)
    assert conda_meta(moved, dict(reversed(index.items())), ["lib/a", "lib/b"]) == data
    assert data.endswith(b"}\n")


def test_condas_own_readers_read_the_record(tmp_path: Path) -> None:
    record = tmp_path / Path(conda_meta_path(NUMPY)).name
    record.write_bytes(conda_meta(NUMPY, {"build_number": 0, "depends": ["python"], "subdir": "linux-64"}, ["lib/a"]))
    code = f"import rattler\nr = rattler.PrefixRecord.from_path({str(record)!r})\nprint(r.name.normalized, r.files)"
    assert run_python(code) == "numpy [PosixPath('lib/a')]\n"
