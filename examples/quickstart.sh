#!/usr/bin/env bash
# From nothing to a container image: sets envlock up and takes a real environment from env.toml to an image.
#     bash examples/quickstart.sh
# Complete on a bare Debian 12 with Python 3.11. Everything is kept in one folder, which can be deleted at any time; a
# second run finds all of it done. Debian's packages come from where this machine's apt has them, the rest from PyPI.
# Where a Docker engine is there, the image runs in it.
set -euo pipefail
exec </dev/null
source=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${ENVLOCK_QUICKSTART:-${XDG_CACHE_HOME:-$HOME/.cache}/envlock-quickstart}
project=$folder/project
export ENVLOCK_CACHE_DIR=$folder/cache

[ ! -t 2 ] || { bold=$'\e[1m' dim=$'\e[2m' plain=$'\e[0m'; }
say() { printf '%s%s%s\n' "${dim-}" "$*" "${plain-}" >&2; }
fail() { printf 'quickstart: %s\n' "$*" >&2; exit 1; }
have() { command -v "$1" >/dev/null; }
# runs a command whose output nobody wants to see, unless it fails
quiet() { "$@" >"$folder/log" 2>&1 || { cat "$folder/log" >&2; fail "\`$1\` failed"; }; }
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

missing_packages() {
    [ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
    have uv || [ -x "$folder/uv/bin/uv" ] || python3 -c 'import pip' 2>/dev/null || echo python3-pip
}

# What envlock itself needs of Debian; only root can install it
install_missing() {
    local missing
    mapfile -t missing < <(missing_packages)
    [ "${#missing[@]}" -gt 0 ] && [ "$(id -u)" = 0 ] && have apt-get || return 0
    say "installing Debian's ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    quiet apt-get update
    quiet apt-get install --yes --no-install-recommends "${missing[@]}"
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

# the environment as it begins: with an older joblib, which is to be upgraded
write_project() {
    rm -rf "$project"
    mkdir "$project"
    cat >"$project/env.toml" <<TOML
name = "quickstart"

[pip]
dependencies = [
    "joblib <1.5",
    "pandas >=2.2",
    "scikit-learn >=1.5",
]

[image.debian]
suite = "$suite"
packages = ["ca-certificates", "tzdata"]
TOML
    cat >"$project/model.py" <<'PYTHON'
import pandas, sklearn.datasets, sklearn.linear_model
table = sklearn.datasets.load_iris(as_frame=True)
model = sklearn.linear_model.LogisticRegression(max_iter=500).fit(table.data, table.target)
print(f"pandas {pandas.__version__}: {model.score(table.data, table.target):.0%} of {len(table.data)} irises known")
PYTHON
}

# In a container, once for each image
run_in_docker() {
    local name said
    name=$(envlock --quiet build --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["name"])')
    said=ran-${name##*-}
    if [ -e "$said" ] && docker image inspect "$name" >/dev/null 2>&1; then
        say "
\`docker run\` said before: $(cat "$said")"
    else
        try envlock build --load
        try docker run --rm --interactive --network none "$name" python - <model.py | tee "$said.part"
        mv "$said.part" "$said"
    fi
}

have python3 || fail 'Python 3.11 or newer is needed, and there is no `python3`'
python3 -c 'import sys; assert sys.version_info >= (3, 11)' 2>/dev/null || fail "Python 3.11 or newer is needed"
suite=$(. /etc/os-release && [ "$ID" = debian ] && echo "${VERSION_CODENAME-}") || suite=bookworm
mkdir -p "$folder"
install_missing
set_up_envlock

[ -e "$project/before.lock" ] || write_project
cd "$project"
try cat env.toml
if [ ! -e before.lock ]; then
    try envlock lock
    try envlock check
    say 'env.lock answers env.toml'
    try envlock build
    cp env.lock as-it-was.lock
    try envlock add 'joblib >=1.5'
    mv as-it-was.lock before.lock
fi
try envlock lock
try envlock check
say 'env.lock answers env.toml'
try envlock diff before.lock env.lock
try envlock build --output image.tar
if [ ! verified -nt env.lock ]; then
    try envlock verify image.tar
    touch verified
fi
try envlock tree --depth 1
if docker info >/dev/null 2>&1; then
    run_in_docker
else
    say '
no Docker engine answers here: `docker load --input image.tar` would load the image where one does'
fi
