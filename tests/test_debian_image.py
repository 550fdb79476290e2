"""Images over tiny packages of Debian: the same bytes each time, and anew only what has to be."""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envlock.model.layers import LAYOUT
from tests.support.debian_archive import Archive, copied, publish, tiny_archive, unlist
from tests.support.debian_debs import Tiny
from tests.support.debian_packages import SUITE
from tests.support.debian_projects import debian_manifest, debian_project
from tests.support.hand_made_debs import STANZA, Entry, deb, tar
from tests.support.oci_contents import image_members
from tests.support.projects import Project

PASSWD = "root:*:0:0:root:/root:/bin/bash\nnobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
GROUP = "root:*:0:\nstaff:*:50:\nnogroup:*:65534:\n"
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LARGE = bytes(range(256)) * (9 << 12)  # 9 MiB
TOOL: Tiny = {
    "name": "tool",
    "version": "1:2.0-1",
    "depends": "libc6",
    "files": {
        "bin/tool": "#!/bin/sh\n",
        "usr/share/doc/tool/README": "read me\n",
        "usr/share/doc/tool/copyright": "free\n",
        "usr/share/man/man1/tool.1": "tool\n",
        "etc/tool.conf": "a = 1\n",
    },
    "links": {"usr/bin/t": "tool"},
    "modes": {"bin/tool": 0o4755},
    "scripts": {"conffiles": "/etc/tool.conf\n", "md5sums": "0" * 32 + "  bin/tool\n"},
}
PACKAGES: tuple[Tiny, ...] = (
    {"name": "base-files", "files": {"tmp/.keep": "", "usr/lib/os-release": "ID=debian\n"}, "modes": {"tmp": 0o1777}},
    {
        "name": "base-passwd",
        "files": {"usr/share/base-passwd/passwd.master": PASSWD, "usr/share/base-passwd/group.master": GROUP},
    },
    {"name": "libc6", "version": "2.36-9", "files": {"lib/libc": LARGE}},
    {"name": "libstdc++6"},
    {"name": "dash", "files": {"bin/dash": "dash"}, "links": {"bin/sh": "dash"}},
    {"name": "mawk"},
    TOOL,
)
# never to be edited: where a test says that one is wrong, LAYOUT is to be raised, and a new row is added
GOLDEN = {
    (1, "linux-64"): {
        "debian 00: mawk 1.0": "sha256:d8cd87e264fdd9ef27a00d468e296de12c771b62cf13904a5b74841317c59c21",
        "debian 01: base-passwd 1.0": "sha256:ea4e453f7941783cd5fd29cd9660c221d3697e16082eb0e0dbcbbbc80273c148",
        "debian 04: libstdc++6 1.0": "sha256:eae73b6ef5026e556afdbeaf1e863cd451a9bad9a5fe1395cd47da577f2462b7",
        "debian 07: base-files 1.0, dash 1.0, tool 1:2.0-1":
            "sha256:923c227793fdeedc2397de5bb9cc1d5c475920463cd161aeea84f3e8dc51ad3f",
        "debian: libc6 2.36-9": "sha256:c1f3198e9b314e120b87ecfa3362ef44f02b7fe7279bf1af07306f58a246925d",
        "debian: users, certificates, libraries and links":
            "sha256:de54a2ced6c0cd1ae13e6c2f220d900a8c92735bd6e8962f07d04f1cda585883",
    },
    (1, "linux-aarch64"): {
        "debian 00: mawk 1.0": "sha256:9d4632d02da708b1bc6dc50e4cbaf7e31ba74fac9f2f43371c572083a537f4bc",
        "debian 01: base-passwd 1.0": "sha256:54e3ac28f4c243bb45ebfa4e404bef9f338bfeae093c5120f3ab272fb9a677e7",
        "debian 04: libstdc++6 1.0": "sha256:e0e0eadb225cfb725d02431dbb1fcd6dcb46ec43300ed59ea4001e702e7c82d8",
        "debian 07: base-files 1.0, dash 1.0, tool 1:2.0-1":
            "sha256:441d8a451f899a49c38eda98d8f1e853e7bfe701f4793f79d29948623bad2a19",
        "debian: libc6 2.36-9": "sha256:b3a54a3412a662e2d4949efadbb92d2a0ecfc0e5eca1d7f8bb329ae52cc9ff57",
        "debian: users, certificates, libraries and links":
            "sha256:de54a2ced6c0cd1ae13e6c2f220d900a8c92735bd6e8962f07d04f1cda585883",
    },
}  # fmt: skip


def both(packages: tuple[Tiny, ...]) -> list[Tiny]:
    return [Tiny(**{**package, "architecture": each}) for package in packages for each in ("amd64", "arm64")]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return tiny_archive(tmp_path_factory.mktemp("archive"), both(PACKAGES))


def project(tmp_path: Path, tiny: Archive, *, image: str = "", **options: Any) -> Project:
    manifest = debian_manifest(tiny, ["tool"], image=image, **options)
    return debian_project(tmp_path / "train", tiny, manifest, cache=tmp_path / "cache")


def built(made: Project, *arguments: str) -> Any:
    (shown,) = json.loads(made.must("build", "--json", *arguments))
    return shown


def members(made: Project, tmp_path: Path, *arguments: str) -> Mapping[str, tuple[int, int, int, str, bytes]]:
    """What the image has in the end: layers above replace what is below."""
    layout = tmp_path / "layout"
    made.must("build", "--output", str(layout), *arguments)
    return {m.name: (m.mode, m.uid, m.gid, m.linkname, data) for m, data in image_members(layout)}


def configuration(layout: Path) -> Any:
    """All that the image says of itself."""
    blobs = layout / "blobs"
    (listed,) = json.loads((layout / "index.json").read_bytes())["manifests"]
    manifest = json.loads((blobs / listed["digest"].replace(":", "/")).read_bytes())
    return json.loads((blobs / manifest["config"]["digest"].replace(":", "/")).read_bytes())


def diff_ids(layout: Path) -> dict[str, str]:
    """Of the layers, by what the history says of them."""
    config = configuration(layout)
    found = zip(config["history"], config["rootfs"]["diff_ids"], strict=True)
    return {entry["created_by"].removeprefix("envlock: "): diff_id for entry, diff_id in found}


@pytest.mark.parametrize("platform", ["linux-64", "linux-aarch64"])
def test_layers_are_what_they_always_were(tmp_path: Path, tiny: Archive, platform: str) -> None:
    made = project(tmp_path, tiny, platforms=["linux-64", "linux-aarch64"])
    made.must("lock")
    made.must("build", "--platform", platform, "--output", str(tmp_path / "layout"))
    assert diff_ids(tmp_path / "layout") == GOLDEN[LAYOUT, platform]


def test_the_same_lock_gives_the_same_image(tmp_path: Path, tiny: Archive) -> None:
    made = project(tmp_path, tiny)
    made.must("lock")
    first = built(made)
    assert {layer["part"] for layer in first["layers"]} == {"base"}
    assert all(layer["came"] == "made" for layer in first["layers"])
    elsewhere = debian_project(tmp_path / "other", tiny, made.manifest.read_text(), cache=tmp_path / "other-cache")
    elsewhere.lockfile.write_bytes(made.lockfile.read_bytes())
    assert built(elsewhere)["digest"] == first["digest"]
    assert built(made, "--no-cache")["digest"] == first["digest"]


def test_the_root_has_what_packages_bring_and_what_belongs_to_none(tmp_path: Path, tiny: Archive) -> None:
    made = project(tmp_path, tiny, image='user = "nobody"')
    made.must("lock")
    found = members(made, tmp_path)
    assert found["usr/bin/tool"] == (0o4755, 0, 0, "", b"#!/bin/sh\n")
    assert found["bin"][3] == "usr/bin"
    assert found["usr/bin/sh"][3] == "dash"
    assert found["usr/bin/t"][3] == "tool"
    assert found["tmp"][0] == 0o1777
    assert found["etc/tool.conf"][4] == b"a = 1\n"
    assert found["usr/share/man/man1/tool.1"][4] == b"tool\n"
    assert b"nobody:" in found["etc/passwd"][4]
    assert found["var/lib/dpkg/status.d/tool"][4].startswith(b"Package: tool\nVersion: 1:2.0-1\n")
    assert found["var/lib/dpkg/status.d/tool.md5sums"][4] == b"0" * 32 + b"  bin/tool\n"
    assert not any(path.startswith(("bin/", "lib/")) for path in found)


def test_documentation_can_be_left_out(tmp_path: Path, tiny: Archive) -> None:
    made = project(tmp_path, tiny, debian="docs = false")
    made.must("lock")
    found = members(made, tmp_path)
    assert "usr/share/doc/tool/copyright" in found
    assert {"usr/share/doc/tool/README", "usr/share/man/man1/tool.1", "usr/share/man/man1"}.isdisjoint(found)


def test_a_changed_package_makes_its_own_layer_anew(tmp_path: Path, tiny: Archive) -> None:
    changing = copied(tiny, tmp_path / "archive")
    made = project(tmp_path, changing)
    made.must("lock")
    before = built(made)
    newer = Tiny(**{**TOOL, "version": "1:2.0-2", "files": {**TOOL["files"], "etc/tool.conf": "a = 2\n"}})
    publish(changing, [newer], suite=f"{SUITE}-security")
    made.must("lock", "-P", "debian:tool")
    after = built(made)
    anew = [layer["title"] for layer in after["layers"] if layer["came"] == "made"]
    assert len(anew) == 2
    assert "tool 1:2.0-2" in anew[0]
    assert "certificates" in anew[1]
    assert len(before["layers"]) == len(after["layers"]) > 3


# the same program, were the code that stands in for scripts another
OTHERWISE = """
import sys
from envlock.workflows import debian_system
debian_system.functions_id = lambda: "other"
from envlock.cli.main import main
sys.argv[0] = "envlock"
main()
"""


def test_other_code_makes_an_image_that_is_there_anew(tmp_path: Path, tiny: Archive) -> None:
    made = project(tmp_path, tiny)
    made.must("lock")
    built(made)
    assert {layer["came"] for layer in built(made)["layers"]} == {"cached"}
    otherwise = replace(made, command=(sys.executable, "-c", OTHERWISE))
    (anew,) = [layer["title"] for layer in built(otherwise)["layers"] if layer["came"] == "made"]
    assert "certificates" in anew


def test_an_image_that_has_only_its_base_names_no_environment(tmp_path: Path, tiny: Archive) -> None:
    made = project(tmp_path, tiny, image='user = "0"')
    made.must("lock")
    layout = tmp_path / "layout"
    made.must("build", "--output", str(layout))
    assert not any(name.startswith("opt/env") for name in members(made, tmp_path))
    assert configuration(layout)["config"]["Env"] == [f"PATH={SEARCH_PATH}"]


DIVERTING = """#!/bin/sh
set -e
if [ "$1" = install ] || [ "$1" = upgrade ]; then
    dpkg-divert --package wrapper --add --rename --divert /bin/tool.real /bin/tool
    dpkg-divert --package wrapper --no-rename --divert /lib/libc.usr-is-merged --add /lib/libc
fi
"""


def test_files_that_a_package_diverts_stand_where_it_says(tmp_path: Path, tiny: Archive) -> None:
    changing = copied(tiny, tmp_path / "archive")
    wrapper: Tiny = {
        "name": "wrapper",
        "files": {"usr/bin/tool": "#!/bin/sh\nexec tool.real\n"},
        "scripts": {"preinst": DIVERTING},
    }
    publish(changing, both((wrapper,)))
    manifest = debian_manifest(changing, ["tool", "wrapper"])
    made = debian_project(tmp_path / "train", changing, manifest, cache=tmp_path / "cache")
    made.must("lock")
    found = members(made, tmp_path)
    assert found["usr/bin/tool"][4] == b"#!/bin/sh\nexec tool.real\n"
    assert found["usr/bin/tool.real"] == (0o4755, 0, 0, "", b"#!/bin/sh\n")
    assert "usr/lib/libc" in found
    assert "wrapper`" not in made.call("build").stderr


def test_programs_that_nothing_starts_are_named(tmp_path: Path, tiny: Archive) -> None:
    """Packages take for granted what Debian calls essential; that `#!/bin/sh` is there, a link says."""
    changing = copied(tiny, tmp_path / "archive")
    lines = {
        "calc": " /bin/bash -e",
        "calc2": "/bin/bash",
        "own": "/opt/own x",
        "fine": "/bin/sh",
        "tool2": "/usr/bin/tool",
        "picked": "/usr/bin/picker",
    }
    programs = {f"usr/bin/{name}": f"#!{line}\n" for name, line in lines.items()}
    modes = {**dict.fromkeys(programs, 0o755), "usr/bin/read": 0o644, "usr/bin/one": 0o755}
    install = "#!/bin/sh\nupdate-alternatives --install /usr/bin/picker picker /usr/bin/one 1\n"
    statistics: Tiny = {
        "name": "statistics",
        "files": {**programs, "usr/bin/read": "#!/bin/csh\n", "usr/bin/one": "ELF"},
        "modes": modes,
        "scripts": {"postinst": install},
    }
    publish(changing, both((statistics,)))
    manifest = debian_manifest(changing, ["statistics", "tool"])
    made = debian_project(tmp_path / "train", changing, manifest, cache=tmp_path / "cache")
    made.must("lock")
    for arguments in (("build",), ("build", "--no-cache")):
        notes = [line for line in made.call(*arguments).stderr.splitlines() if "starts" in line]
        assert notes == [
            "note: `statistics`: nothing starts `/usr/bin/calc`, `/usr/bin/calc2`, as `/bin/bash` is not in the image:"
            " ask for `bash` as well",
            "note: `statistics`: nothing starts `/usr/bin/own`, as `/opt/own` is not in the image",
        ]


def test_an_unknown_user_is_named_with_those_who_are_there(tmp_path: Path, tiny: Archive) -> None:
    made = project(tmp_path, tiny, image='user = "train"')
    made.must("lock")
    code, stdout, stderr = made.call("build")
    assert (code, stdout) == (2, "")
    assert stderr.endswith(
        "error: the user `train` of `[image] user` is not in the image; there are nobody, root\n"
        'hint: name one of these, or a number, which needs no entry: `user = "1000"`\n'
    )


def test_a_malicious_package_is_named_and_leaves_nothing(tmp_path: Path, tiny: Archive) -> None:
    """Though its archive vouches for it."""
    changing = copied(tiny, tmp_path / "archive")
    (mawk,) = (path for path in changing.pool() if path.name == "mawk_1.0_amd64.deb")
    mawk.unlink()
    control = tar(Entry("./control", STANZA.replace(b": tiny", b": mawk")))
    mawk.write_bytes(deb(Entry("./usr/../../../tmp/owned", b"x"), control=control))
    unlist(changing, [])
    made = project(tmp_path, changing)
    made.must("lock")
    code, stdout, stderr = made.call("build")
    assert (code, stdout) == (3, "")
    assert stderr.endswith(
        "error: `mawk_1.0_amd64.deb` is refused: `./usr/../../../tmp/owned` leaves its folder by `..`\n"
    )
    assert not list((made.cache / "image").glob("blobs/sha256/*"))
    assert not list((made.cache / "stages").iterdir())


def test_what_is_printed(tmp_path: Path, tiny: Archive) -> None:
    made = project(tmp_path, tiny)
    made.must("lock")
    assert "  base  6 layers: 6 built (libc6 2.36-9 " in made.call("build").stderr
    assert "  base  6 layers: 6 cached\n  env   0 layers: as it was built before" in made.call("build").stderr
