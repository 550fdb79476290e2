#!/usr/bin/env bash
# From nothing to a container image: sets envlock up and takes a real environment from env.toml to an image.
#     bash examples/quickstart.sh
# Complete on a bare Debian 12 with Python 3.11. Everything is kept in one folder, which can be deleted at any time;
# the second run is quick. As root it makes the base image from Debian's packages (and installs mmdebstrap for it);
# for others the base comes from a registry. Where a Docker engine is there, the image runs in it.
set -euo pipefail
exec </dev/null
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${ENVLOCK_QUICKSTART:-${XDG_CACHE_HOME:-$HOME/.cache}/envlock-quickstart}
export ENVLOCK_CACHE_DIR=$folder/cache PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

[ ! -t 2 ] || { bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; }
say() { printf '%s%s%s\n' "${dim-}" "$*" "${plain-}" >&2; }
fail() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null; }
# runs a command whose output nobody wants to see, unless it fails
quiet() { "$@" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "\`$1\` failed"; }; }
root() { [ "$(id -u)" = 0 ] && have apt-get; }
# shows a command as it would be typed, then runs it
try() {
    printf '\n%s$%s' "${bold-}" "${plain-}" >&2
    printf ' %s%s%s' "${bold-}" "$(quoted "$@")" "${plain-}" >&2
    printf '\n' >&2
    "$@"
}
quoted() {
    local word text=
    for word; do
        case $word in
            *[!A-Za-z0-9@%+=:,./_-]*) text+=" '${word//\'/\'\\\'\'}'" ;;
            *) text+=" $word" ;;
        esac
    done
    printf '%s' "${text# }"
}

install_packages() {
    say "installing Debian's $*"
    export DEBIAN_FRONTEND=noninteractive
    quiet apt-get update
    quiet apt-get install --yes --no-install-recommends "$@"
}

missing_packages() {
    [ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
    have uv || [ -x "$folder/uv/bin/uv" ] || python3 -c 'import pip' 2>/dev/null || echo python3-pip
    [ -e "$folder/base/index.json" ] || have mmdebstrap || echo mmdebstrap
}

set_up_envlock() {
    local uv python
    if ! have uv && [ ! -x "$folder/uv/bin/uv" ]; then
        python3 -c 'import pip' 2>/dev/null || fail 'neither uv nor pip is there: install one, or run this as root'
        say 'fetching uv'
        # --target is allowed where Debian manages Python
        quiet python3 -m pip install --disable-pip-version-check --no-input --target "$folder/uv" uv
    fi
    uv=$(command -v uv || echo "$folder/uv/bin/uv")
    if [ ! -x "$folder/venv/bin/envlock" ] || [ "$source/pyproject.toml" -nt "$folder/venv/bin/envlock" ]; then
        say "installing envlock into $folder/venv"
        python=$(python3 -c 'import sys; print(sys.executable)')
        quiet "$uv" venv --clear --no-python-downloads --python "$python" "$folder/venv"
        quiet "$uv" pip install --system-certs --python "$folder/venv/bin/python" --editable "$source"
    fi
    export PATH="$folder/venv/bin:$PATH"
}

# An OCI layout with one layer: Debian with its Python
make_base() {
    local part=$folder/base.part suite options sources
    suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
    say "making a base image of Debian $suite's packages"
    rm -rf "$part"
    mkdir -p "$part"
    # the machine's own sources of the suite, whichever of apt's two formats they are written in
    mapfile -t sources < <(apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        grep -E " $suite(-updates|-security)? main\$" | sort -u)
    # usr-is-merged: without it all of Perl comes along
    options=(--mode=root --variant=essential --format=tar
        --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr
        --include=usr-is-merged,python3,ca-certificates,libstdc++6
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*'
        --dpkgopt='path-exclude=/usr/share/man/*'
        --customize-hook='rm -rf $1/var/log/* $1/var/cache/* $1/var/lib/apt/lists/* $1/etc/machine-id')
    quiet env SOURCE_DATE_EPOCH=0 mmdebstrap "${options[@]}" "$suite" "$part/root.tar" "${sources[@]}"
    write_layout "$part"
    rm "$part/root.tar"
    mv "$part" "$folder/base"
}

# Turns root.tar in a folder into an image beside it
write_layout() {
    python3 - "$1" <<'PYTHON'
import gzip, hashlib, json, pathlib, re, sys, tarfile

layout = pathlib.Path(sys.argv[1])
blobs = layout / "blobs" / "sha256"
blobs.mkdir(parents=True)
kind = "application/vnd.oci.image."


def blob(data, media_type):
    digest = hashlib.sha256(data).hexdigest()
    (blobs / digest).write_bytes(data)
    return {"mediaType": kind + media_type, "digest": f"sha256:{digest}", "size": len(data)}


root = (layout / "root.tar").read_bytes()
layer = blob(gzip.compress(root, 6, mtime=0), "layer.v1.tar+gzip")
config = {
    "architecture": "amd64",
    "os": "linux",
    "config": {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["bash"]},
    "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(root).hexdigest()}"]},
}
config = blob(json.dumps(config).encode(), "config.v1+json")
manifest = {"schemaVersion": 2, "mediaType": kind + "manifest.v1+json", "config": config, "layers": [layer]}
manifest = blob(json.dumps(manifest).encode(), "manifest.v1+json")
(layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [manifest]}))
(layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
with tarfile.open(layout / "root.tar") as names:
    found = [re.fullmatch(r"\./usr/bin/python(3\.\d+)", name) for name in names.getnames()]
(layout / "python").write_text(next(match[1] for match in found if match))
PYTHON
}

have python3 || fail 'Python 3.11 or newer is needed, and there is no `python3`'
python3 -c 'import sys; assert sys.version_info >= (3, 11)' 2>/dev/null || fail "Python 3.11 or newer is needed"
mkdir -p "$folder"
if root; then
    mapfile -t missing < <(missing_packages)
    [ "${#missing[@]}" = 0 ] || install_packages "${missing[@]}"
fi
set_up_envlock
if root && [ ! -e "$folder/base/index.json" ]; then make_base; fi

project=$(mktemp -d "$folder/project.XXXXXX")
trap 'rm -rf "$project"' EXIT
cd "$project"
if [ -e "$folder/base/index.json" ]; then
    cp -r --reflink=auto "$folder/base" base
    base=oci:base python=$(cat base/python)
else
    python=$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    base=python:$python-slim
fi
cat >model.py <<'PYTHON'
import flask, pandas, sklearn.datasets, sklearn.linear_model
table = sklearn.datasets.load_iris(as_frame=True)
model = sklearn.linear_model.LogisticRegression(max_iter=500).fit(table.data, table.target)
print(f"pandas {pandas.__version__}: {model.score(table.data, table.target):.0%} of {len(table.data)} irises known")
PYTHON

try envlock init quickstart --python "$python" --base "$base" \
    --pip 'flask >=3' --pip 'scikit-learn >=1.5' --pip 'pandas >=2.2'
try envlock lock
try envlock check && say 'env.lock answers env.toml'
try envlock show
try envlock run python model.py
try envlock build --output image.tar
if docker info >/dev/null 2>&1; then
    try envlock build --load
    name=$(envlock --quiet build --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["name"])')
    try docker run --rm --interactive "$name" python - <model.py
else
    say '
no Docker engine answers here: `docker load --input image.tar` would load the image where one does'
fi
