"""Every way to write env.toml wrongly: the exact words, with file, line and key path."""

from pathlib import Path

import pytest

from envlock.errors import EnvlockError, OutsideError, UserInputError
from envlock.manifest.reader import read_manifest

SPEC = "expected a match spec such as `numpy >=1.26,<2`, got"
REQUIREMENT = "expected a requirement such as `flask>=3,<4`, got"
PLATFORMS = "expected a platform (`linux-64`, `linux-aarch64`, `osx-64`, `osx-arm64`, `win-64`), got"
CREDENTIALS = "holds credentials: keep them in netrc or in the file that RATTLER_AUTH_FILE names, never here"
OF_INDEXES = "holds credentials: keep them in netrc or in ENVLOCK_INDEX_NAME_USERNAME and _PASSWORD, never here"
WORDS = "expected lower-case letters and digits, joined by single `.`, `_` or `-`, got"
IMAGE = "expected an image such as `debian:trixie-slim`, `oci:FOLDER` or `scratch`"
CODENAME = "expected a codename such as `bookworm`"
PACKAGE = "expected a name, `NAME (>= VERSION)` or `NAME=VERSION`, got"
ARCHIVE = "expected a URL that begins with `http://` or `https://` or `file://`"
OF_ARCHIVES = "holds credentials: keep them in netrc, ENVLOCK_DEBIAN_MIRROR or ENVLOCK_DEBIAN_SNAPSHOT, never here"
DEBIAN = "[image.debian]\nsuite = 'bookworm'"
CHANNEL = "expected a channel's name, a URL or a path that begins with `./`, got"

# below the line `name = "e"`: what is wrong, in which words
ROWS = [
    # types
    ("python = 3.10", "env.toml:2: `python`: expected a string, got a float: put it in quotes"),
    ("description = 1", "env.toml:2: `description`: expected a string, got an integer: put it in quotes"),
    ("description = 2026-01-31", "env.toml:2: `description`: expected a string, got a date or time: put it in quotes"),
    ("conda = 'numpy'", "env.toml:2: `conda`: expected a table, got a string"),
    ("[[conda]]", "env.toml:2: `conda`: expected a table, got an array"),
    ("[conda]\ndependencies = 'numpy'", "env.toml:3: `conda.dependencies`: expected an array of strings, got a string"),
    (
        "[pip]\ndependencies = [\n  'flask',  # the web\n  3,\n]",
        "env.toml:5: `pip.dependencies[1]`: expected a string, got an integer: put it in quotes",
    ),
    (
        "[pip]\ndependencies = { flask = '*' }",
        "env.toml:3: `pip.dependencies`: expected an array of strings, got a table",
    ),
    ("[pip]\nindexes = ['a']", "env.toml:3: `pip.indexes[0]`: expected a table, got a string"),
    ("[pip.indexes]\nname = 'a'", "env.toml:2: `pip.indexes`: expected an array of tables, got a table"),
    (
        "[[pip.indexes]]\nname = 'pypi'\ndefault = 'yes'",
        "env.toml:4: `pip.indexes[0].default`: expected a boolean, got a string",
    ),
    ("[image]\nuser = 1000", "env.toml:3: `image.user`: expected a string, got an integer: put it in quotes"),
    ("[image]\ncmd = 'python'", "env.toml:3: `image.cmd`: expected an array of strings, got a string"),
    ("[variables]\nN = 1", "env.toml:3: `variables.N`: expected a string, got an integer: put it in quotes"),
    ("[variables]\nON = true", "env.toml:3: `variables.ON`: expected a string, got a boolean: put it in quotes"),
    # unknown keys
    ("pyhton = '3.11'", "env.toml:2: `pyhton`: unknown key: did you mean `python`?"),
    ("[conda]\nchanels = ['a']", "env.toml:3: `conda.chanels`: unknown key: did you mean `channels`?"),
    ("channels = ['a']", "env.toml:2: `channels`: unknown key: did you mean `conda.channels`?"),
    ("[zoo]\nlion = 1", "env.toml:2: `zoo`: unknown key"),
    ("[image]\n'work dir' = '/'", 'env.toml:3: `image."work dir"`: unknown key: did you mean `workdir`?'),
    # keys of a later version
    # what is copied into the image, and what it stands on
    (
        "[image]\ncopy = ['src']",
        'env.toml:3: `image.copy`: missing beside it: `workdir = "/srv"`, or another folder to copy into',
    ),
    (
        "[image]\nworkdir = '/opt/env/app'\ncopy = ['src']",
        "env.toml:4: `image.copy`: not into `/opt/env`, which is the environment's own: choose another `workdir`",
    ),
    (
        "[image]\nworkdir = '/srv'\ncopy = ['src', 'lib/src']",
        "env.toml:4: `image.copy[1]`: `./src` stands in line 4 already: keep one",
    ),
    ("[image]\nworkdir = '/srv'\ncopy = ['../../x']", "env.toml:4: `image.copy[0]`: `../../x` leaves the repository"),
    (
        "[image]\nworkdir = '/srv'\ncopy = ['/etc']",
        "env.toml:4: `image.copy[0]`: expected a path relative to this file, got `/etc`",
    ),
    ("[image]\nworkdir = '/srv'\ncopy = 'src'", "env.toml:4: `image.copy`: expected an array of strings, got a string"),
    ("[image]\nbytecode = 'yes'", "env.toml:3: `image.bytecode`: expected a boolean, got a string"),
    (
        "[image]\ndockerfile = '/Dockerfile'",
        "env.toml:3: `image.dockerfile`: expected a path relative to this file, got `/Dockerfile`",
    ),
    (
        "[image]\nbase = 'debian:trixie-slim'\ndockerfile = 'Dockerfile'",
        "env.toml:3: `image.base`: not together with `image.dockerfile`: the image stands on one of the two",
    ),
    # python and platforms
    (
        "python = '2.7'",
        "env.toml:2: `python`: expected a version such as `3.11` or `3.11.7`, 3.8 or newer, got `2.7`",
    ),
    (
        "python = '>=3.11'",
        "env.toml:2: `python`: expected a version such as `3.11` or `3.11.7`, 3.8 or newer, got `>=3.11`",
    ),
    (
        "platforms = ['linux-64', 'osx-arm']",
        f"env.toml:2: `platforms[1]`: {PLATFORMS} `osx-arm`",
    ),
    ("platforms = []", "env.toml:2: `platforms`: expected at least one item, got an empty array"),
    (
        "platforms = [\n'linux-64',\n'linux-64',\n]",
        "env.toml:4: `platforms[1]`: `linux-64` stands in line 3 already: keep one",
    ),
    (
        "[platform.win-32]\n",
        f"env.toml:2: `platform.win-32`: {PLATFORMS} `win-32`",
    ),
    (
        "[platform.linux-64]\nglibc = '3'",
        "env.toml:3: `platform.linux-64.glibc`: expected a value such as `2.28`, got `3`",
    ),
    (
        "platform.linux-64.cuda = 'latest'",
        "env.toml:2: `platform.linux-64.cuda`: expected a value such as `12.4`, got `latest`",
    ),
    (
        "platforms = ['osx-64']\n[platform.osx-arm64.pip]\ndependencies = ['a']",
        "env.toml:3: `platform.osx-arm64`: is not among `platforms`: add it there, or take this out",
    ),
    ("[platform.linux-64]\nmacos = '14.0'", "env.toml:3: `platform.linux-64.macos`: `linux-64` has none"),
    (
        "[platform.linux-64]\ndependencies = ['a']",
        "env.toml:3: `platform.linux-64.dependencies`: unknown key: "
        "did you mean `platform.linux-64.conda.dependencies`?",
    ),
    (
        "[platform.linux-64.pip]\ndependencies = ['a', 'a>1']",
        "env.toml:3: `platform.linux-64.pip.dependencies[1]`: `a` stands in line 3 already: keep one",
    ),
    # groups
    ("[groups]\ndev = ['a']", "env.toml:3: `groups.dev`: expected a table, got an array"),
    ("[groups.main.pip]\n", "env.toml:2: `groups.main`: `main` is what belongs to no group: [conda] and [pip]"),
    ("[groups.Dev.pip]\n", f"env.toml:2: `groups.Dev`: {WORDS} `Dev`"),
    ("[groups.dev]\npipp = {}", "env.toml:3: `groups.dev.pipp`: unknown key: did you mean `pip`?"),
    (
        "[groups.dev.pip]\ndependancies = ['a']",
        "env.toml:3: `groups.dev.pip.dependancies`: unknown key: did you mean `dependencies`?",
    ),
    (
        "[groups.dev.conda]\nchannels = ['a']",
        "env.toml:3: `groups.dev.conda.channels`: unknown key: did you mean `conda.channels`?",
    ),
    (
        "[groups.dev.conda]\ndependencies = ['a', 'A 1']",
        "env.toml:3: `groups.dev.conda.dependencies[1]`: `a` stands in line 3 already: keep one",
    ),
    # lock
    (
        "[lock]\nexclude-newer = 'soon'",
        "env.toml:3: `lock.exclude-newer`: expected a UTC time such as `2026-01-31T12:00:00Z`, or a span such as `7d`, "
        "got `soon`",
    ),
    (
        "[lock]\nexclude-newer = 2026-01-31",
        "env.toml:3: `lock.exclude-newer`: expected a string, got a date or time: put it in quotes",
    ),
    (
        "[lock]\nexclude-newer = '2026-02-30'",
        "env.toml:3: `lock.exclude-newer`: no such time: day is out of range for month",
    ),
    (
        "[lock]\nexclude-newer = '0001-01-01T00:00:00+01:00'",
        "env.toml:3: `lock.exclude-newer`: no such time: date value out of range",
    ),
    (
        "[lock]\npip-resolver = 'pip'",
        "env.toml:3: `lock.pip-resolver`: expected `uv` or `pip-tools`, got `pip`",
    ),
    (
        "[lock]\nconda-solver = 'mamba'",
        "env.toml:3: `lock.conda-solver`: expected `rattler` or `conda-lock`, got `mamba`",
    ),
    # conda
    ("[conda]\nchannels = []", "env.toml:3: `conda.channels`: expected at least one item, got an empty array"),
    ("[conda]\nchannels = ['~/c']", f"env.toml:3: `conda.channels[0]`: {CHANNEL} `~/c`"),
    ("[conda]\nchannels = ['a', 'b', 'a']", "env.toml:3: `conda.channels[2]`: `a` stands in line 3 already: keep one"),
    (
        "[conda]\nchannels = ['ftp://x.test/c']",
        "env.toml:3: `conda.channels[0]`: expected a URL that begins with `http://` or `https://` or `file://`",
    ),
    ("[conda]\nchannels = ['../..']", "env.toml:3: `conda.channels[0]`: `../..` leaves the repository"),
    ("[conda]\nchannels = ['./loop/c']", "env.toml:3: `conda.channels[0]`: `./loop/c` cannot be followed"),
    ("[conda]\nchannels = ['./out/c']", "env.toml:3: `conda.channels[0]`: `./out/c` leaves the repository"),
    ("[conda]\nchannels = ['https://me:hunter2@x.test/c']", f"env.toml:3: `conda.channels[0]`: {CREDENTIALS}"),
    ("[conda]\nchannels = ['https://x.test/t/hunter2/c']", f"env.toml:3: `conda.channels[0]`: {CREDENTIALS}"),
    ("[conda]\nchannels = ['https:/me:hunter2@x.test/c']", f"env.toml:3: `conda.channels[0]`: {CREDENTIALS}"),
    ("[conda]\nchannels = ['x.test/t/hunter2/c']", f"env.toml:3: `conda.channels[0]`: {CREDENTIALS}"),
    (
        "[conda]\nchannel-priority = 'disabled'",
        "env.toml:3: `conda.channel-priority`: expected `strict` or `flexible`, got `disabled`",
    ),
    ("[conda]\ndependencies = ['']", f"env.toml:3: `conda.dependencies[0]`: {SPEC} ``"),
    ("[conda]\ndependencies = ['py*']", f"env.toml:3: `conda.dependencies[0]`: {SPEC} `py*`"),
    ("[conda]\ndependencies = ['a >=1,']", f"env.toml:3: `conda.dependencies[0]`: {SPEC} `a >=1,`"),
    (
        "[conda]\ndependencies = ['a >=1<2']",
        f"env.toml:3: `conda.dependencies[0]`: {SPEC} `a >=1<2`: `>=1<2` is not a version",
    ),
    (
        "[conda]\ndependencies = ['a 1 2 3']",
        f"env.toml:3: `conda.dependencies[0]`: {SPEC} `a 1 2 3`: more than a version and a build follow the name",
    ),
    (
        "[conda]\ndependencies = ['a[versoin=1]']",
        f"env.toml:3: `conda.dependencies[0]`: {SPEC} `a[versoin=1]`: `versoin` is not among build, build_number, "
        "channel, subdir, version",
    ),
    (
        "[conda]\ndependencies = ['https://me:hunter2@x.test/a-1-0.conda']",
        "env.toml:3: `conda.dependencies[0]`: expected a match spec such as `numpy >=1.26,<2`, got a URL: "
        "a channel's address belongs into `conda.channels`",
    ),
    (
        "[conda]\ndependencies = [\n'numpy >=1.26',\n'Numpy',\n]",
        "env.toml:5: `conda.dependencies[1]`: `numpy >=1.26` stands in line 4 already: keep one",
    ),
    # pip
    ("[pip]\ndependencies = ['flask >']", f"env.toml:3: `pip.dependencies[0]`: {REQUIREMENT} `flask >`"),
    (
        "[pip]\ndependencies = ['numpy=1.26']",
        f"env.toml:3: `pip.dependencies[0]`: {REQUIREMENT} `numpy=1.26`: pip compares by `==`",
    ),
    (
        "[pip]\ndependencies = ['a @ https://me:hunter2@x.test/a.whl']",
        "env.toml:3: `pip.dependencies[0]`: "
        "holds credentials: keep them in netrc or in environment variables, never here",
    ),
    ("[pip]\ndependencies = ['a @ ../../a']", "env.toml:3: `pip.dependencies[0]`: `../../a` leaves the repository"),
    ("[pip]\ndependencies = ['a @ ./out/a']", "env.toml:3: `pip.dependencies[0]`: `./out/a` leaves the repository"),
    (
        "[groups.dev.pip]\ndependencies = ['a @ ./loop/a']",
        "env.toml:3: `groups.dev.pip.dependencies[0]`: `./loop/a` cannot be followed",
    ),
    (
        "[pip]\ndependencies = ['a; os_name ~= \"posix\"']",
        f'env.toml:3: `pip.dependencies[0]`: {REQUIREMENT} `a; os_name ~= "posix"`: '
        "its marker compares what cannot be compared",
    ),
    (
        "[pip]\ndependencies = ['Scikit_Learn', 'scikit-learn>=1']",
        "env.toml:3: `pip.dependencies[1]`: `scikit-learn` stands in line 3 already: keep one",
    ),
    ("[[pip.indexes]]\nurl = 'https://x.test'", "env.toml:2: `pip.indexes[0].name`: missing"),
    ("[[pip.indexes]]\nname = 'acme'", "env.toml:2: `pip.indexes[0].url`: missing"),
    (
        "[[pip.indexes]]\nname = 'The Acme'\nurl = 'https://x.test'",
        f"env.toml:3: `pip.indexes[0].name`: {WORDS} `The Acme`",
    ),
    (
        "[[pip.indexes]]\nname = 'acme'\nurl = './wheels'",
        "env.toml:4: `pip.indexes[0].url`: expected a URL that begins with `http://` or `https://`",
    ),
    (
        "[[pip.indexes]]\nname = 'acme'\nurl = 'https://x.test?token=hunter2'",
        "env.toml:4: `pip.indexes[0].url`: expected a URL without `?` and `#`",
    ),
    (
        "[[pip.indexes]]\nname = 'acme'\nurl = 'https://hunter2@x.test/simple'",
        f"env.toml:4: `pip.indexes[0].url`: {OF_INDEXES}",
    ),
    (
        "[[pip.indexes]]\nname = 'a-b'\nurl = 'https://x.test'\n[[pip.indexes]]\nname = 'a_b'\nurl = 'https://y.test'",
        "env.toml:6: `pip.indexes[1].name`: `a-b` stands in line 3 already: keep one",
    ),
    (
        "[[pip.indexes]]\nname = 'pypi'\ndefault = true\n"
        "[[pip.indexes]]\nname = 'a'\nurl = 'https://x.test'\ndefault = true",
        "env.toml:8: `pip.indexes[1].default`: `default = true` stands in line 4 already: keep one",
    ),
    (
        "[[pip.indexes]]\nname = 'pypi'\npackages = ['Acme_X']",
        "env.toml:4: `pip.indexes[0].packages[0]`: expected a distribution's name in canonical form, "
        "or a pattern such as `acme-*`, got `Acme_X`",
    ),
    (
        "[[pip.indexes]]\nname = 'pypi'\npackages = ['*']",
        "env.toml:4: `pip.indexes[0].packages[0]`: all packages come from an index that has `default = true` instead",
    ),
    (
        "[[pip.indexes]]\nname = 'pypi'\ndefault = true\npackages = ['a']",
        "env.toml:5: `pip.indexes[0].packages`: not together with `default`: "
        "the default index has what no other one is named for",
    ),
    (
        "[[pip.indexes]]\nname = 'pypi'\npackages = ['a']\n"
        "[[pip.indexes]]\nname = 'b'\nurl = 'https://b.test'\npackages = ['b', 'a']",
        "env.toml:8: `pip.indexes[1].packages[1]`: `a` stands in line 4 already: keep one",
    ),
    # variables
    (
        "[variables]\nPATH = '/bin'",
        "env.toml:3: `variables.PATH`: is set by envlock itself, to where the environment lies",
    ),
    (
        "[variables]\n'A-B' = 'c'",
        "env.toml:3: `variables.A-B`: expected letters, digits and `_`, not beginning with a digit",
    ),
    (
        "[variables]\nA = 'a\\nb'".replace("'", '"'),
        "env.toml:3: `variables.A`: control character U+000A is not allowed here",
    ),
    # image
    (
        "[image]\nbase = 'Debian:trixie'",
        f"env.toml:3: `image.base`: {IMAGE}: `Debian` is not a repository name",
    ),
    ("[image]\nbase = 'https://me:hunter2@x.test/debian'", f"env.toml:3: `image.base`: {IMAGE}"),
    (
        "[image]\nbase = 'oci:/srv/base'",
        "env.toml:3: `image.base`: expected a path relative to this file, got `/srv/base`",
    ),
    ("[image]\nbase = 'oci:../../base'", "env.toml:3: `image.base`: `../../base` leaves the repository"),
    (
        "[image]\nrepository = 'ghcr.test/acme/train:latest'",
        "env.toml:3: `image.repository`: expected a repository such as `ghcr.io/acme/train`, without tag or digest: "
        "these are envlock's to set",
    ),
    (
        "[image]\nuser = 'me:users'",
        "env.toml:3: `image.user`: expected a user's name, a uid, or uid:gid, got `me:users`",
    ),
    (
        "[image]\nworkdir = 'app'",
        "env.toml:3: `image.workdir`: expected an absolute path without `..`, got `app`",
    ),
    (
        "[image]\ninterpreter = '/usr/../bin/python'",
        "env.toml:3: `image.interpreter`: expected an absolute path without `..`, got `/usr/../bin/python`",
    ),
    (
        "[conda]\ndependencies = ['numpy']\n[image]\ninterpreter = '/usr/bin/python3'",
        "env.toml:5: `image.interpreter`: not to be had together with conda packages: Python is conda's there",
    ),
    # a base of Debian's packages
    ("[image]\ndebian = 'bookworm'", "env.toml:3: `image.debian`: expected a table, got a string"),
    ("[image.debian]\n", f"env.toml:2: `image.debian.suite`: missing: {CODENAME}"),
    (f"{DEBIAN}\nsuit = 'x'", "env.toml:4: `image.debian.suit`: unknown key: did you mean `suite`?"),
    ("[image]\nsuite = 'x'", "env.toml:3: `image.suite`: unknown key"),
    (
        f"{DEBIAN}\n[image]\npackages = []",
        "env.toml:5: `image.packages`: unknown key: did you mean `image.debian.packages`?",
    ),
    *(
        (
            f"[image.debian]\nsuite = '{name}'",
            f"env.toml:3: `image.debian.suite`: {CODENAME}, got `{name}`: "
            "the next release of Debian gives that name to another suite",
        )
        for name in ("stable", "oldstable", "oldoldstable", "testing")
    ),
    (
        "[image.debian]\nsuite = 'unstable'",
        f"env.toml:3: `image.debian.suite`: {CODENAME}, got `unstable`: its codename is `sid`",
    ),
    (
        "[image.debian]\nsuite = 'experimental'",
        f"env.toml:3: `image.debian.suite`: {CODENAME}, got `experimental`: it holds only what is laid over `sid`",
    ),
    (
        "[image.debian]\nsuite = 'bookworm-security'",
        "env.toml:3: `image.debian.suite`: expected `bookworm`: its updates and security fixes are taken with it, "
        "got `bookworm-security`",
    ),
    *(
        (f"[image.debian]\nsuite = '{name}'", f"env.toml:3: `image.debian.suite`: {CODENAME}, got `{name}`")
        for name in ("Bookworm", "12", "bookworm/main", "../bookworm", "bookworm-backports", "")
    ),
    (
        "[image.debian]\nsuite = 12",
        "env.toml:3: `image.debian.suite`: expected a string, got an integer: put it in quotes",
    ),
    (f"{DEBIAN}\npackages = ['git >= 2']", f"env.toml:4: `image.debian.packages[0]`: {PACKAGE} `git >= 2`"),
    (f"{DEBIAN}\npackages = ['awk | mawk']", f"env.toml:4: `image.debian.packages[0]`: {PACKAGE} `awk | mawk`"),
    (f"{DEBIAN}\npackages = ['Git']", f"env.toml:4: `image.debian.packages[0]`: {PACKAGE} `Git`"),
    (
        f"{DEBIAN}\npackages = ['git (> 2)']",
        f"env.toml:4: `image.debian.packages[0]`: {PACKAGE} `git (> 2)`: `>` is written `>>`",
    ),
    (
        f"{DEBIAN}\npackages = [\n'git=1:2.39.5-0+deb12u2',\n'curl',\n'git (>= 1)',\n]",
        "env.toml:7: `image.debian.packages[2]`: `git (= 1:2.39.5-0+deb12u2)` stands in line 5 already: keep one",
    ),
    (
        f"{DEBIAN}\npackages = ['git (>= 1)', 'git (<< 3)', 'git (<= 2)']",
        "env.toml:4: `image.debian.packages[2]`: `git (<< 3)` stands in line 4 already: keep one",
    ),
    (
        f"{DEBIAN}\npackages = ['git (>= 1)', 'git']",
        "env.toml:4: `image.debian.packages[1]`: `git (>= 1)` stands in line 4 already: keep one",
    ),
    (f"{DEBIAN}\npackages = 'git'", "env.toml:4: `image.debian.packages`: expected an array of strings, got a string"),
    (
        f"{DEBIAN}\ncomponents = []",
        "env.toml:4: `image.debian.components`: expected at least one item, got an empty array",
    ),
    (
        f"{DEBIAN}\ncomponents = ['main', 'contrib', 'main']",
        "env.toml:4: `image.debian.components[2]`: `main` stands in line 4 already: keep one",
    ),
    *(
        (
            f"{DEBIAN}\ncomponents = ['{name}']",
            "env.toml:4: `image.debian.components[0]`: expected a component such as `main` or `non-free-firmware`, "
            f"got `{name}`",
        )
        for name in ("Main", "../main", "main/debug", "")
    ),
    (f"{DEBIAN}\ndocs = 'no'", "env.toml:4: `image.debian.docs`: expected a boolean, got a string"),
    *(
        row
        for key in ("mirror", "snapshot")
        for row in (
            (
                f"{DEBIAN}\n{key} = 'https://me:hunter2@x.test/debian'",
                f"env.toml:4: `image.debian.{key}`: {OF_ARCHIVES}",
            ),
            (f"{DEBIAN}\n{key} = 'me:hunter2@x.test/debian'", f"env.toml:4: `image.debian.{key}`: {OF_ARCHIVES}"),
            (
                f"{DEBIAN}\n{key} = 'https://x.test/t/hunter2/debian'",
                f"env.toml:4: `image.debian.{key}`: {OF_ARCHIVES}",
            ),
            (
                f"{DEBIAN}\n{key} = 'https://x.test/debian?key=hunter2'",
                f"env.toml:4: `image.debian.{key}`: expected a URL without `?` and `#`",
            ),
            (f"{DEBIAN}\n{key} = 'ftp://x.test/debian'", f"env.toml:4: `image.debian.{key}`: {ARCHIVE}"),
            (f"{DEBIAN}\n{key} = 'https://'", f"env.toml:4: `image.debian.{key}`: {ARCHIVE}"),
            (f"{DEBIAN}\n{key} = 'file://srv/debian'", f"env.toml:4: `image.debian.{key}`: {ARCHIVE}"),
            *(
                (
                    f"{DEBIAN}\n{key} = '{path}'",
                    f"env.toml:4: `image.debian.{key}`: expected a URL, or a path that begins with `./`, got `{path}`",
                )
                for path in ("/srv/debian", "debian", "x.test/debian", "")
            ),
            (
                f"{DEBIAN}\n{key} = './out/debian'",
                f"env.toml:4: `image.debian.{key}`: `./out/debian` leaves the repository",
            ),
            (
                f"{DEBIAN}\n{key} = './loop/debian'",
                f"env.toml:4: `image.debian.{key}`: `./loop/debian` cannot be followed",
            ),
        )
    ),
    (f"{DEBIAN}\nkeys = '../../keys.asc'", "env.toml:4: `image.debian.keys`: `../../keys.asc` leaves the repository"),
    (f"{DEBIAN}\nkeys = 'out/keys.asc'", "env.toml:4: `image.debian.keys`: `out/keys.asc` leaves the repository"),
    (
        f"{DEBIAN}\nkeys = '/etc/keys.asc'",
        "env.toml:4: `image.debian.keys`: expected a path relative to this file, got `/etc/keys.asc`",
    ),
    (f"{DEBIAN}\nkeys = ['a.asc']", "env.toml:4: `image.debian.keys`: expected a string, got an array"),
    (
        f"image.base = 'debian:trixie-slim'\n{DEBIAN}",
        "env.toml:2: `image.base`: not together with `image.debian`: the image stands on one of the two",
    ),
    (
        f"image.interpreter = '/usr/bin/python3'\n{DEBIAN}",
        "env.toml:2: `image.interpreter`: not together with `image.debian`: the suite's Python is where Debian puts it",
    ),
    (
        f"image.dockerfile = 'Dockerfile'\n{DEBIAN}",
        "env.toml:2: `image.dockerfile`: not together with `image.debian`: the image stands on one of the two",
    ),
    ('[image]\ncmd = ["a\\u0000b"]', "env.toml:3: `image.cmd[0]`: control character U+0000 is not allowed here"),
    # not TOML
    ("python = ", "env.toml:2: not valid TOML: invalid value"),
    ("python = '3.11\n[conda]", 'env.toml: not valid TOML: expected "\'" (at end of document)'),
    ("name = 'twice'", "env.toml:2: not valid TOML: cannot overwrite a value"),
    (
        "<<<<<<< ours\npython = '3.11'\n=======\n",
        "env.toml:2: git's conflict marker `<<<<<<<`: a merge was not finished",
    ),
    ("a = " + "[" * 100_000, "env.toml: not valid TOML: nested too deeply"),
]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an environment inside a repository, with symbolic links that lead nowhere good."""
    folder = tmp_path / "repository" / "env"
    folder.mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    (folder / "loop").symlink_to("loop")
    (folder / "out").symlink_to(tmp_path)
    monkeypatch.chdir(folder)
    return folder


def refused(path: Path) -> UserInputError:
    with pytest.raises(EnvlockError) as caught:
        read_manifest(path)
    assert isinstance(caught.value, UserInputError)
    return caught.value


@pytest.mark.parametrize(("text", "message", "exit_code"), [(*row, 2) for row in ROWS], ids=range(len(ROWS)))
def test_wrong_manifest(folder: Path, text: str, message: str, exit_code: int) -> None:
    (folder / "env.toml").write_text(f'name = "e"\n{text}\n')
    error = refused(Path("env.toml"))
    assert error.message == message
    assert error.exit_code == exit_code
    assert "hunter2" not in f"{error.message} {error.hint}"


NAMES = [
    ("Train", f"{WORDS} `Train`"),
    ("a..b", f"{WORDS} `a..b`"),
    ("-a", f"{WORDS} `-a`"),
    ("", f"{WORDS} ``"),
    ("train.lock", "must not end in `.lock`, which git keeps for itself"),
    ("envlock-science", "names beginning with `envlock-` are kept for the environments that come with envlock"),
]


@pytest.mark.parametrize(("name", "message"), NAMES)
def test_wrong_name(folder: Path, name: str, message: str) -> None:
    (folder / "env.toml").write_text(f'\nname = "{name}"\n')
    assert refused(Path("env.toml")).message == f"env.toml:2: `name`: {message}"


def test_folder_that_cannot_be_a_name(folder: Path) -> None:
    (folder / "My Env").mkdir()
    (folder / "My Env" / "env.toml").write_text("")
    assert refused(Path("My Env/env.toml")).message == (
        "My Env/env.toml: `name`: missing, and the folder's name, `My Env`, cannot stand in for it: write one"
    )


def test_all_errors_of_a_file_in_line_order(folder: Path) -> None:
    text = """\
[image]
copy = ["src"]
user = 1000

[conda]
dependencies = [
    "numpy >=",
    "pandas",
    7,
]
chanels = ["conda-forge"]

[[pip.indexes]]
url = "https://x.test/simple"

[platform]
linux-64 = { glibc = "2.28", linux = "new" }
"""
    (folder / "env.toml").write_text(text)
    assert refused(Path("env.toml")).message.splitlines() == [
        'env.toml:2: `image.copy`: missing beside it: `workdir = "/srv"`, or another folder to copy into',
        "env.toml:3: `image.user`: expected a string, got an integer: put it in quotes",
        f"env.toml:7: `conda.dependencies[0]`: {SPEC} `numpy >=`: `>=` is not a version",
        "env.toml:9: `conda.dependencies[2]`: expected a string, got an integer: put it in quotes",
        "env.toml:11: `conda.chanels`: unknown key: did you mean `channels`?",
        "env.toml:13: `pip.indexes[0].name`: missing",
        "env.toml:17: `platform.linux-64.linux`: expected a value such as `4.18`, got `new`",
    ]


def test_a_message_is_short_and_printable(folder: Path) -> None:
    (folder / "env.toml").write_text('name = "e"\npython = "\\u202e' + "3" * 1000 + '"\n')
    message = refused(Path("env.toml")).message
    assert message.startswith("env.toml:2: `python`: expected a version")
    assert message.isprintable()
    assert len(message) < 450


def test_missing_file(folder: Path) -> None:
    for path in (Path("env.toml"), Path("nowhere/env.toml"), Path("loop.toml/env.toml")):
        Path("loop.toml").touch()
        error = refused(path)
        assert error.message == f"`{path}` does not exist"
        assert error.hint == "`envlock init` writes one"


def test_not_a_text_file(folder: Path) -> None:
    (folder / "folder").mkdir()
    assert refused(Path("folder")).message == "`folder` is a folder, not a file"
    assert refused(Path("/dev/null")).message == "`/dev/null` is not a regular file"
    (folder / "latin").write_bytes(b'name = "caf\xe9"')
    assert refused(Path("latin")).message == "`latin` is not UTF-8 text (byte 11 cannot be decoded)"
    (folder / "ends").write_bytes(b'name = "a"\r\nnam = "b"\r\r\n')
    assert refused(Path("ends")).message == "ends:2: the line ends in CR CR LF"
    (folder / "large").write_bytes(b"#" * ((1 << 20) + 1))
    assert refused(Path("large")).message == "`large` is larger than 1 MiB: it cannot be what its name says"


def test_a_file_that_cannot_be_reached(folder: Path) -> None:
    with pytest.raises(OutsideError) as caught:
        read_manifest(Path("loop/env.toml"))
    assert caught.value.message == "`loop/env.toml` cannot be read: Too many levels of symbolic links"
    assert caught.value.exit_code == 3
