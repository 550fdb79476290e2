"""Secrets in commands are masked before they are recorded: a table of rules, and of what is none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.model.masking import is_secret, masked, secrets_of
from tests.support.secret_commands import KNOWN, OF_WORDS, WITHIN, any_words, tokens, with_secret


@pytest.mark.parametrize("rule", OF_WORDS)
@settings(max_examples=30)
@given(secret=any_words())
def test_a_secret_of_any_letters(rule: str, secret: str) -> None:
    said = masked(with_secret(OF_WORDS[rule], secret))
    assert secret not in "\0".join(said)
    assert "***" in "".join(said)


@pytest.mark.parametrize("rule", WITHIN)
@settings(max_examples=30)
@given(secret=tokens())
def test_a_secret_among_other_text(rule: str, secret: str) -> None:
    if rule == "channel":
        secret = secret.replace("/", "-")
    if rule == "hook":
        secret = "".join(filter(str.isalnum, secret))
    assert secret not in "\0".join(masked(with_secret(WITHIN[rule], secret)))


@pytest.mark.parametrize("service", KNOWN)
@settings(max_examples=30)
@given(data=st.data())
def test_what_services_give_out_is_known_anywhere(service: str, data: st.DataObject) -> None:
    secret = data.draw(st.from_regex(KNOWN[service], fullmatch=True))
    for command in (
        ("tool", secret),
        ("sh", "-c", f"tool '{secret}' x"),
        ("tool", f"--at={secret}"),
        ("x", f"a:{secret}"),
    ):
        assert secret not in "\0".join(masked(command))


@settings(max_examples=30)
@given(secret=any_words())
def test_values_of_secret_variables_are_masked_wherever_they_stand(secret: str) -> None:
    known = secrets_of({"WANDB_API_KEY": secret, "HOME": "/home/kim"})
    assert masked(("tool", f"x{secret}y", "/home/kim"), known) == ("tool", "x***y", "/home/kim")


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"HF_TOKEN": "abcd1234"}, {"abcd1234"}),
        ({"DATABASE_URL": "postgresql://kim:hunter22@acme.test/x"}, {"hunter22"}),
        ({"PWD": "/work", "OLDPWD": "/home", "SSH_AUTH_SOCK": "/run/x", "GIT_ASKPASS": "/bin/x"}, set()),
        ({"USE_AUTH_TOKEN": "true", "TOKEN": "none"}, set()),
        ({"API_KEY": "", "TOKEN": "yes", "MAX_TOKENS": "4096", "DB_PORT": "5432", "SECRET_COUNT": "12345"}, set()),
        ({"PASSWORD_FILE": "/run/secrets/x", "HTTPS_PROXY": "http://proxy.test:8080"}, set()),
    ],
)
def test_which_variables_are_secret(environment: dict[str, str], found: set[str]) -> None:
    assert secrets_of(environment) == found


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        (("train", "--token=x", "--lr=0.1"), ("train", "--token=***", "--lr=0.1")),
        (("train", "--api-key", "x", "y"), ("train", "--api-key", "***", "y")),
        (("git", "clone", "https://kim:x@acme.test/y.git"), ("git", "clone", "https://***@acme.test/y.git")),
        (("git", "clone", "https://kim:a/b@acme.test/y"), ("git", "clone", "https://***@acme.test/y")),
        (("curl", "-H", "Authorization: Basic abc"), ("curl", "-H", "Authorization: ***")),
        (("curl", "https://acme.test/?token=x&n=1"), ("curl", "https://acme.test/?token=***&n=1")),
        (("sh", "-c", "A=1 TOKEN=x tool"), ("sh", "-c", "A=1 TOKEN=*** tool")),
        (("mysql", "-px", "-p", "data"), ("mysql", "-p***", "-p", "data")),
        (
            ("docker", "run", "--env=TOKEN=x", "-p", "80:80", "y"),
            ("docker", "run", "--env=TOKEN=***", "-p", "80:80", "y"),
        ),
        (("train", "--token"), ("train", "--token")),
        (("echo", "", "x"), ("echo", "", "x")),
        (("a=" * 5000 + "token=x",), ("a=" * 5000 + "token=***",)),
    ],
)
def test_what_is_left_of_a_command(command: tuple[str, ...], shown: tuple[str, ...]) -> None:
    assert masked(command) == shown


@pytest.mark.parametrize(
    "command",
    [
        "python train.py --lr 0.1 --epochs 3 --seed=7",
        "python train.py --tokenizer bert --max-tokens 100 --max_new_tokens=3 --pad-token x --eos_token y",
        "python train.py --key-column id --primary-key id --sort-key=id --token-count 3",
        "tool --password-file /run/x --token-path x --secret-name y --public-key z",
        "python train.py --pin-memory true --pin_memory=True --token --lr 3 --pass 2 --use-token=1",
        "python train.py model.token_dim=64 --token-dropout 0.1 --pass-rate 0.95 --image-token <image> --metric_key x",
        "python -c d={'key':1}",
        "openssl req -keyout y",
        "mkdir -p x/y",
        "python -m http.server -p 8080",
        "docker run -p 80:80 --user 1000:1000 image",
        "git clone git@acme.test:team/x.git",
        "curl https://acme.test:8080/@scope/x?page=2&size=3",
        "pytest -k token tests/test_password.py::test_secret",
        "make monkey=3 keyboard=us compass=n author=kim bypass=1",
        "echo 12:30 a=b x:y sk-learn hf_hub eyJ ghp_",
        "python train.py optimizer.lr=0.1 data.path=/t/x",
        "rsync -a x y",
        "sort -t: -k2 -u file",
    ],
)
def test_what_is_no_secret_stays(command: str) -> None:
    assert masked(tuple(command.split())) == tuple(command.split())


@pytest.mark.parametrize(
    ("names", "secret"),
    [
        (
            "token api_key API-KEY apiKey AWS_SECRET_ACCESS_KEY PGPASSWORD MYSQL_PWD DB_PASS access_token authtoken",
            True,
        ),
        ("passphrase client.secret credentials GITHUB_TOKEN HF_TOKEN privateKey signature cookie SAS_TOKEN key", True),
        (
            "PWD OLDPWD tokenizer tokens max_tokens password_file key_id AWS_ACCESS_KEY_ID monkey compass public_key",
            False,
        ),
        ("GIT_ASKPASS SSH_AUTH_SOCK TOKENIZERS_PARALLELISM author bypass keyboard secret_name n _ x1", False),
    ],
)
def test_names_of_secrets(names: str, secret: bool) -> None:
    assert [name for name in names.split() if is_secret(name) is not secret] == []
