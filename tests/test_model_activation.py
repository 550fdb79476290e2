"""What activating would set: literal exports, and the variables of an environment."""

from dataclasses import replace

import pytest

from envlock.model.activation import environment, literal_exports
from envlock.model.lock import ImageSettings
from tests.support.locks import LOCK

CONDA = LOCK.platforms[0]
PIP_ONLY = replace(CONDA, conda=())


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("export A=b", "b"),
        ("export A=/opt/env/share:/usr/share", "/opt/env/share:/usr/share"),
        ("export A='b'", "b"),
        ('export A="b"', "b"),
        ("export A=", ""),
        ("export A=''", ""),
        ('export A="-O2 -g; ~ (x)"', "-O2 -g; ~ (x)"),
        ("export A=b=c", "b=c"),
        ("export A=b#c", "b#c"),
        ("export A=b \t", "b"),
        ("export A=b\r", "b"),
    ],
)
def test_a_plain_export(line: str, value: str) -> None:
    assert literal_exports(f"#!/bin/sh\n{line}\n") == {"A": value}


@pytest.mark.parametrize(
    "line",
    [
        "A=b",
        "exportA=b",
        "export A",
        "export A-B=c",
        "export 1A=b",
        "export A=$B",
        "export A=${B:-c}",
        "export A=`date`",
        "export A=$(date)",
        'export A="$B"',
        "export A=~/b",
        "export A=b:~/c",
        "export A=b; export C=d",
        "export A=b && c",
        "export A=b | c",
        "export A=b > c",
        "export A=b C=d",
        "export A= b",
        "export A=b\\",
        "export A=*.so",
        "export A={a,b}",
        "export A=\"b'",
        'export A="b',
        "export A='b' c",
        "export A='b'$C",
        "export A=b'c'd",
        "export A='b'\"c\"",
        "# export A=b",
        "echo export A=b",
        # inside a condition or a function: whether it is run, a shell would have to work out
        "    export A=b",
        "\texport A=b",
    ],
)
def test_what_a_shell_would_have_to_work_out(line: str) -> None:
    assert literal_exports(f"{line}\n") == {}


def test_the_last_of_several_counts() -> None:
    assert literal_exports("export A=1\nexport B=2\nexport A=3\n") == {"A": "3", "B": "2"}


def test_an_environment_with_conda() -> None:
    found = environment(CONDA, ImageSettings(), prefix="/opt/env", path="/usr/bin:/bin")
    assert found == {"PATH": "/opt/env/bin:/usr/bin:/bin", "CONDA_PREFIX": "/opt/env", "PYTHONNOUSERSITE": "1"}


def test_an_environment_without_conda() -> None:
    found = environment(PIP_ONLY, ImageSettings(), prefix="/opt/env", path="")
    assert found == {"PATH": "/opt/env/bin", "VIRTUAL_ENV": "/opt/env"}


def test_the_user_outranks_packages_and_neither_outranks_where_it_lies() -> None:
    image = ImageSettings(variables=(("A", "user"), ("B", "user")))
    activated = [("A", "package"), ("C", "package"), ("PATH", "/evil"), ("CONDA_PREFIX", "/evil")]
    found = environment(CONDA, image, prefix="/opt/env", path="/bin", activated=activated)
    assert found == {
        "A": "user",
        "B": "user",
        "C": "package",
        "PYTHONNOUSERSITE": "1",
        "PATH": "/opt/env/bin:/bin",
        "CONDA_PREFIX": "/opt/env",
    }
