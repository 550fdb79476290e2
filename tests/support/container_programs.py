"""Programs that containers run, to see from inside whether an image is whole."""

# numpy and what stands on it, at work
FIT = """
import flask, lightgbm, numpy, pandas, sklearn.linear_model

frame = pandas.DataFrame({"x": numpy.linspace(-1, 1, 200)})
wanted = (frame["x"] > 0).astype(int)
models = sklearn.linear_model.LogisticRegression(), lightgbm.LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1)
scores = [float(model.fit(frame, wanted).score(frame, wanted)) for model in models]
app = flask.Flask("model")
app.add_url_rule("/", view_func=lambda: scores)
print(app.test_client().get("/").json)
"""
FITTED = "[1.0, 1.0]\n"

# Of every program and library in the root, what the image's own loader does not find; JSON, with how many there are.
UNFOUND = r"""
import json, os, subprocess

loader = next(path for path in ("/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1") if os.path.exists(path))
unfound, looked = {}, 0
for folder, folders, names in os.walk("/"):
    folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys", "/dev")]
    for path in sorted(os.path.join(folder, name) for name in names):
        if os.path.islink(path) or not os.path.isfile(path):
            continue
        with open(path, "rb") as file:
            start = file.read(18)
        if start[:4] != b"\x7fELF" or start[16] not in (2, 3):
            continue
        if subprocess.run([loader, "--verify", path], capture_output=True).returncode == 1:
            continue  # static
        looked += 1
        done = subprocess.run([loader, "--list", path], capture_output=True, text=True)
        missing = [line.split()[0] for line in done.stdout.splitlines() if "not found" in line]
        if missing or done.returncode:
            unfound[path] = missing or [done.stderr.strip()]
print(json.dumps({"looked": looked, "unfound": unfound}))
"""

# A server whose authority nobody knows, asked by curl and by Python: as it is, and with the authority added to the
# bundle. What each says is a line.
HTTPS = r"""
set -eu
cd /tmp
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out new.pem -days 2 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost 2>/dev/null
cat /etc/ssl/certs/ca-certificates.crt new.pem >more.pem
echo hello >page
openssl s_server -accept 8443 -cert new.pem -key key.pem -WWW -quiet >/dev/null 2>&1 &
server=$!
trap 'kill $server' EXIT
page=https://localhost:8443/page
until curl --silent --insecure --output first $page; do kill -0 $server; done
curl --silent --output second $page || echo "curl alone: exit $?"
curl --silent --verbose $page 2>&1 | grep --only-matching 'CAfile: .*'
curl --silent --cacert more.pem $page
fetch="import urllib.request as u; print(u.urlopen('$page').read().decode(), end='')"
python -c "$fetch" 2>&1 | grep --only-matching 'CERTIFICATE_VERIFY_FAILED' | head -n 1
SSL_CERT_FILE=/tmp/more.pem python -c "$fetch"
"""
ANSWERED = """\
curl alone: exit 60
CAfile: /etc/ssl/certs/ca-certificates.crt
hello
CERTIFICATE_VERIFY_FAILED
hello
"""

GIT = """
set -eu
git init --quiet --initial-branch main /tmp/repository
cd /tmp/repository
echo text >file
git add file
git -c user.name=A -c user.email=a@example.test commit --quiet --message first
git clone --quiet /tmp/repository /tmp/clone
git -C /tmp/clone log --format=%s
"""

# the time zones are Debian's, and in the summer it is summer
TIMES = """
import datetime, pathlib, zoneinfo
zone = zoneinfo.ZoneInfo("Europe/Berlin")
offset = datetime.datetime(2024, 7, 1, 12, tzinfo=zone).utcoffset()
print(offset, any(pathlib.Path(folder, "Europe", "Berlin").is_file() for folder in zoneinfo.TZPATH))
"""

# Python believes every authority of Debian's bundle
TRUSTED = """
import ssl
bundle = open("/etc/ssl/certs/ca-certificates.crt").read()
print(ssl.create_default_context().cert_store_stats()["x509_ca"] == bundle.count("BEGIN CERTIFICATE") > 100)
"""

# every file has the checksum that its package says
AS_PACKAGED = "cd / && cat /var/lib/dpkg/status.d/*.md5sums | md5sum --check --strict --quiet && echo all"
