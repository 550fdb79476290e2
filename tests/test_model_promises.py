"""What a package says of itself, against what is locked of it."""

from dataclasses import replace

import pytest

from envlock.model.promises import conda_disagreement, disagreement
from envlock.model.wheel_metadata import WheelMetadata
from tests.support.answering_lock import conda, pip

ASGIREF = 'asgiref>=3.2 ; extra == "async"'
FLASK = pip("flask", "3.0.3", ASGIREF, "werkzeug>=3", extras=("async",), requires_python=">=3.8")
METADATA = WheelMetadata(
    name="flask",
    version="3.0.3",
    requires_dist=(
        "Werkzeug >= 3",
        "asgiref>=3.2; extra == 'async'",
        "dotenv; extra == 'dotenv'",
        "tomli; python_version < '3.11'",
    ),
    requires_python=">=3.8",
    provides_extra=("async", "dotenv"),
)
MARKERS = {"python_version": "3.11"}
FILE = "`flask-3.0.3-py3-none-any.whl` is not as locked: "


def test_a_wheel_that_is_as_locked() -> None:
    assert disagreement(FLASK, METADATA, MARKERS) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "flusk"}, "its name is flusk, locked flask"),
        ({"version": "3.0.4"}, "its version is 3.0.4, locked 3.0.3"),
        (
            {"requires_dist": ("werkzeug>=3", "evil")},
            f"what it requires is `evil`, `werkzeug>=3`, locked `{ASGIREF}`, `werkzeug>=3`",
        ),
        ({"requires_dist": ()}, f"what it requires is nothing, locked `{ASGIREF}`, `werkzeug>=3`"),
        ({"requires_python": None}, "the Python it requires is any, locked >=3.8"),
    ],
)
def test_a_wheel_that_says_something_else(changes: dict[str, str], words: str) -> None:
    assert disagreement(FLASK, replace(METADATA, **changes), MARKERS) == FILE + words  # type: ignore[arg-type]


def test_an_extra_that_asks_for_another_of_the_same_wheel() -> None:
    all_of_it = replace(METADATA, requires_dist=(*METADATA.requires_dist, "flask[async]; extra == 'all'"))
    locked = replace(FLASK, extras=("all", "async"), requires=(ASGIREF, 'flask[async] ; extra == "all"', "werkzeug>=3"))
    assert disagreement(locked, all_of_it, MARKERS) is None


def test_distributions_of_a_conda_package() -> None:
    package = conda("numpy", "1.26.4", provides=("numpy==1.26.4",))
    assert conda_disagreement(package, ["numpy==1.26.4"]) is None
    assert conda_disagreement(package, ["numpy==1.26.4", "evil==1"]) == (
        "`numpy-1.26.4-0.conda` is not as locked: what it provides is `evil==1`, `numpy==1.26.4`, "
        "locked `numpy==1.26.4`"
    )
