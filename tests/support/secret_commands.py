"""Commands that hold a secret, a rule of docs/runs.md each: with `SECRET` where it stands."""

from hypothesis import strategies as st

SECRET = "SECRET"

# what a person may choose, of any letters, as a word of its own
OF_WORDS: dict[str, tuple[str, ...]] = {
    "option, equals": ("train", "--token=SECRET", "--lr=0.1"),
    "option, next word": ("train", "--api-key", "SECRET", "--lr", "0.1"),
    "long option with one dash": ("tool", "-password", "SECRET"),
    "camel case": ("tool", "--accessToken", "SECRET"),
    "assignment": ("env", "DB_PASSWORD=SECRET", "tool"),
    "hydra": ("train", "++logger.api_key=SECRET"),
    "numbered": ("env", "API_KEY_2=SECRET"),
    "header": ("curl", "-H", "Authorization: SECRET"),
    "header of a key": ("curl", "-H", "X-Api-Key: SECRET"),
    "sshpass": ("sshpass", "-p", "SECRET", "ssh", "host"),
    "redis": ("redis-cli", "-a", "SECRET", "ping"),
    "curl": ("curl", "-s", "-u", "SECRET", "https://acme.test"),
    "curl, switches in the same word": ("curl", "-sSu", "SECRET", "https://acme.test"),
    "curl, equals": ("curl", "--user=SECRET", "https://acme.test"),
    "setting": ("aws", "configure", "set", "aws_secret_access_key", "SECRET"),
    "setting of a remote": ("dvc", "remote", "modify", "--local", "store", "password", "SECRET"),
    "login": ("docker", "login", "-u", "kim", "-p", "SECRET"),
}
# where a shell, an address or JSON has it among other text
WITHIN: dict[str, tuple[str, ...]] = {
    "shell, variable": ("sh", "-c", "cd x && TOKEN=SECRET tool --lr 1"),
    "shell, quoted": ("sh", "-c", "x; export GITHUB_TOKEN='SECRET' && tool"),
    "shell, option": ("sh", "-c", "tool --password SECRET --lr 1"),
    "shell, option with equals": ("sh", "-c", 'tool --client-secret="SECRET" --lr 1'),
    "shell, program": ("sh", "-c", "mysql -u root -pSECRET data"),
    "attached": ("mysql", "-u", "root", "-pSECRET", "data"),
    "docker": ("docker", "run", "-e", "TOKEN=SECRET", "--env=DB_PASS=SECRET", "image"),
    "address": ("git", "clone", "https://kim:SECRET@acme.test/x.git"),
    "address of a data base": ("psql", "postgresql://kim:SECRET@acme.test:5432/x"),
    "query": ("curl", "https://acme.test/x?a=1&access_token=SECRET&b=2"),
    "signed": ("curl", "https://acme.test/x?sig=SECRET"),
    "channel": ("conda", "install", "-c", "https://acme.test/t/SECRET/channel"),
    "JSON": ("curl", "-d", '{"user": "kim", "password": "SECRET", "n": 1}'),
    "JSON in JSON": ("tool", '{"body": "{\\"apiKey\\": \\"SECRET\\", \\"n\\": 1}"}'),
    "shell, option behind a switch": ("sh", "-c", "tool --verbose --token SECRET"),
    "Python's environment": ("python", "-c", 'import os; os.environ["HF_TOKEN"] = "SECRET"; import train'),
    "an argument of Python": ("python", "-c", "os.environ.setdefault('API_KEY', 'SECRET')"),
    "SQL": ("psql", "-c", "ALTER USER kim PASSWORD 'SECRET'"),
    "SQL of MySQL": ("mysql", "-e", "CREATE USER kim IDENTIFIED BY 'SECRET'"),
    "hook": ("curl", "https://acme.test/services/T01/B02/SECRET"),
    "Python": ("python", "-c", "import x; x.login(token='SECRET')"),
    "connection": ("tool", "Endpoint=acme.test;AccountKey=SECRET;Timeout=3"),
    "bearer": ("curl", "-H", "x: Bearer SECRET"),
}
# what services give out, anywhere
KNOWN = {
    "GitHub": r"gh[pousr]_[A-Za-z0-9]{36}",
    "GitHub, fine-grained": r"github_pat_[A-Za-z0-9_]{40}",
    "GitLab": r"glpat-[A-Za-z0-9_]{20}",
    "AWS": r"(AKIA|ASIA)[A-Z0-9]{16}",
    "Hugging Face": r"hf_[A-Za-z]{34}",
    "Slack": r"xox[abpr]-[0-9]{10}-[A-Za-z0-9]{12}",
    "JSON web token": r"eyJ[A-Za-z0-9_]{12}\.eyJ[A-Za-z0-9_]{12}\.[A-Za-z0-9_]{20}",
    "OpenAI": r"sk-[A-Za-z0-9]{32}",
    "Stripe": r"sk_live_[A-Za-z0-9]{24}",
    "Google": r"AIza[A-Za-z0-9_]{35}",
    "npm": r"npm_[A-Za-z0-9]{36}",
    "PyPI": r"pypi-[A-Za-z0-9_]{40}",
    "Databricks": r"dapi[0-9a-f]{32}",
}
_PLAIN = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


def with_secret(command: tuple[str, ...], secret: str) -> tuple[str, ...]:
    return tuple(word.replace(SECRET, secret) for word in command)


def any_words() -> st.SearchStrategy[str]:
    """Long enough that no other word of a command is the same."""
    return st.builds("{}{}".format, st.text("Qq7", min_size=8, max_size=8), st.text(min_size=4)).filter(_is_argument)


def tokens() -> st.SearchStrategy[str]:
    """As they stand unquoted in shells, addresses and JSON alike."""
    return st.text(f"{_PLAIN}-_.~+/=!*%", min_size=12, max_size=60).map(lambda text: f"Q{text}")


def _is_argument(text: str) -> bool:
    return "\0" not in text
