"""What `ci` is asked for: by options, by variables, by words that a forge hands over as one text."""

import click
import pytest
from click.testing import CliRunner

from envlock.cli.ci_options import Words, ci_options
from envlock.model.ci_event import Event, Kind
from envlock.workflows.ci import ALWAYS, AUTO, NEVER, CiOptions, wants_push


def asked(*arguments: str, **variables: str) -> dict[str, object]:
    """The options that a command with these would be called with."""
    found: dict[str, object] = {}

    @click.command()
    @ci_options
    def command(**flags: object) -> None:
        found.update(flags)

    result = CliRunner().invoke(command, arguments, env=dict(variables), standalone_mode=False)
    if result.exception:
        raise result.exception
    return found


def test_nothing_asked() -> None:
    found = asked()
    assert found["push"] == AUTO
    assert found["environments"] == found["platforms"] == ()
    assert found["comment"] is found["summary"] is True
    assert [found[name] for name in ("plan", "matrix", "as_json")] == [False] * 3


# an input of an action that is not given is an empty variable
@pytest.mark.parametrize("name", ["ENVIRONMENTS", "PLATFORMS", "ENGINE", "VERSION", "REPOSITORY", "REGISTRY", "PUSH"])
def test_empty_variables_ask_for_nothing(name: str) -> None:
    assert asked(**{f"ENVLOCK_CI_{name}": ""}) == asked()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("train", ("train",)),
        ("train serve", ("train", "serve")),
        ("train, serve\n  envs/other\n", ("train", "serve", "envs/other")),
        ("train train", ("train",)),
        (" \n", ()),
        ("$(touch x) `y`", ("$(touch", "x)", "`y`")),
    ],
)
def test_words_of_one_text(text: str, words: tuple[str, ...]) -> None:
    assert asked(ENVLOCK_CI_ENVIRONMENTS=text)["environments"] == words
    assert asked("--environments", text)["environments"] == words


def test_an_option_outranks_its_variable() -> None:
    assert asked("--push", "false", ENVLOCK_CI_PUSH="true")["push"] == NEVER


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"ENVLOCK_CI_PUSH": "yes"}, "'yes' is not one of"),
        ({"ENVLOCK_CI_PLATFORMS": "linux-64 win-64"}, "'win-64' is not one of linux-64"),
        ({"ENVLOCK_CI_ENGINE": "kaniko"}, "'kaniko' is not one of"),
        ({"ENVLOCK_CI_COMMENT": "maybe"}, "'maybe' is not a valid boolean"),
    ],
)
def test_refused(variables: dict[str, str], message: str) -> None:
    with pytest.raises(click.BadParameter) as refused:
        asked(**variables)
    assert message in refused.value.message


def test_no_password_on_a_command_line() -> None:
    with pytest.raises(click.NoSuchOption):
        asked("--password", "hunter2")


def test_words_stay_words() -> None:
    assert Words().convert(("a b",), None, None) == ("a b",)


PULL, BRANCH, TAG = Kind.PULL_REQUEST, Kind.BRANCH, Kind.TAG


@pytest.mark.parametrize(
    ("event", "wishes"),
    [
        (Event(kind=PULL, forge="github"), ()),
        (Event(kind=BRANCH, forge="github", branch="main", is_default=True), (AUTO, ALWAYS)),
        (Event(kind=BRANCH, forge="github", branch="topic"), (ALWAYS,)),
        (Event(kind=TAG, forge="github", tag="env/train/3"), (AUTO, ALWAYS)),
        (Event(kind=TAG, forge="nowhere"), (ALWAYS,)),  # of `--version`
        (Event(kind=BRANCH, forge="nowhere", branch="main", is_default=True), (ALWAYS,)),
        (Event(kind=BRANCH, forge="github", branch="main", is_default=True, has_secrets=True), ()),
    ],
)
def test_what_is_pushed(event: Event, wishes: tuple[str, ...]) -> None:
    assert tuple(wish for wish in (AUTO, ALWAYS, NEVER) if wants_push(event, CiOptions(push=wish))) == wishes
