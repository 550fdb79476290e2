"""The login of examples/workflows/artifactory.yml, by the exchange of tokens that is documented, over real TLS."""

import json
import os
import ssl
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import yaml

from tests.support.http_server import at_service
from tests.support.processes import PROJECT, run
from tests.support.services import require

WORKFLOW = PROJECT / "examples" / "workflows" / "artifactory.yml"


class _Issuer(BaseHTTPRequestHandler):
    """GitHub's token for whom it is meant, and Artifactory's for that."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert self.headers["Authorization"] == "Bearer of-the-job"
        (audience,) = parse_qs(urlsplit(self.path).query)["audience"]
        self._say({"value": f"for-{audience}"})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        right = {
            "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
            "subject_token_type": "urn:ietf:params:oauth:token-type:id_token",
            "subject_token": f"for-{self.headers['Host']}",
            "provider_name": "github",
        }
        found = self.path == "/access/api/v1/oidc/token" and asked == right
        self._say(
            {"access_token": "theirs", "expires_in": 60} if found else {"errors": "no"}, code=200 if found else 403
        )

    def _say(self, content: dict[str, object], code: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_the_token_of_a_job_is_exchanged_and_told_to_nobody(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    run(
        (
            *(require("openssl", "openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(key), "-out", str(certificate)),
        )
    )
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Issuer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    (login,) = [s for s in yaml.safe_load(WORKFLOW.read_text())["jobs"]["images"]["steps"] if s.get("id") == "login"]
    assert login["shell"] == "python"
    with at_service(server):
        host = f"127.0.0.1:{server.server_port}"
        for provider, code in (("github", 0), ("another", 1)):
            output = tmp_path / provider
            done = subprocess.run(
                (sys.executable, "-I", "-c", login["run"]),
                env={
                    "PATH": os.environ["PATH"],
                    "HOST": host,
                    "PROVIDER": provider,
                    "SSL_CERT_FILE": str(certificate),
                    "ACTIONS_ID_TOKEN_REQUEST_URL": f"https://{host}/token?api-version=2",
                    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of-the-job",
                    "GITHUB_OUTPUT": str(output),
                },
                capture_output=True,
                text=True,
                check=False,
            )
            masked = [f"::add-mask::for-{host}", *(["::add-mask::theirs"] if code == 0 else [])]
            assert (done.returncode, done.stdout.splitlines()) == (code, masked), done.stderr
            assert output.exists() is (code == 0)
    assert (tmp_path / "github").read_text() == "token=theirs\n"
