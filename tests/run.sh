#!/usr/bin/env bash
# Sets up what is missing and runs the linters, the type checker and all tests; with arguments, pytest alone:
#     bash tests/run.sh [PYTEST ARGUMENT…]
# Complete on a bare Debian 12 with Python 3.11. As root it installs Debian's packages of the services that
# tests start; else tests that need what is missing are skipped. The environment is `.venv` of the project.
set -euo pipefail
exec </dev/null
cd "$(dirname "${BASH_SOURCE[0]}")/.."

cache=${ENVLOCK_TEST_CACHE:-${XDG_CACHE_HOME:-~/.cache}/envlock-tests}
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" # where services are installed, also for an ordinary user

say() { printf 'tests/run.sh: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }
have() { command -v "$1" >/dev/null; }
python_has() { python3 -c "$1" 2>/dev/null; }

# Runs a command; what it says is of interest only when it fails
quietly() {
    local said
    said=$("$@" 2>&1) || fail "$* failed:"$'\n'"$said"
}

# Debian's packages that are not there yet, each known by its program
missing_packages() {
    local program
    [ -e /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
    ldconfig -p | grep -q 'libgomp\.so\.1 ' || echo libgomp1 # wheels such as lightgbm's are linked against it
    for program in buildah git docker-registry mmdebstrap podman skopeo strace; do
        have "$program" || echo "$program"
    done
    have apt-ftparchive || echo apt-utils
    have dockerd || echo docker.io
    have qemu-aarch64-static || echo qemu-user-static
    [ -d /usr/share/gocode/src/github.com/opencontainers/image-spec/schema ] ||
        echo golang-github-opencontainers-image-spec-dev
    usable_uv >/dev/null || python_has 'import pip' || echo python3-pip
}

# Installs packages without starting their services: tests start their own
install_packages() {
    local policy=/usr/sbin/policy-rc.d
    if [ ! -e "$policy" ]; then
        trap "rm -f $policy" EXIT
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod +x "$policy"
    fi
    export DEBIAN_FRONTEND=noninteractive
    quietly apt-get update
    quietly apt-get install --yes --no-install-recommends "$@"
    [ "$(trap -p EXIT)" = "" ] || { rm -f "$policy"; trap - EXIT; }
}

# A uv that knows the options used here: the one on PATH, or the one installed by an earlier run
usable_uv() {
    local uv
    for uv in "$(command -v uv)" "$cache/uv/bin/uv"; do
        if [ -x "$uv" ] && "$uv" --system-certs --version >/dev/null 2>&1; then
            echo "$uv"
            return
        fi
    done
    return 1
}

install_uv() {
    python_has 'import pip' || fail 'neither uv nor pip is installed; install one of them, or run this as root'
    # --target is allowed where Debian manages Python
    python3 -m pip install --quiet --disable-pip-version-check --no-input --root-user-action ignore \
        --upgrade --target "$cache/uv" uv >&2
}

# .venv, made anew when pyproject.toml or the interpreter is another one
make_environment() {
    local uv=$1 stamp=.venv/made-for wanted
    wanted="$(sha256sum <pyproject.toml) $(python3 -c 'import sys; print(sys.version, sys.base_prefix)')"
    [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || return 0
    say 'making .venv'
    "$uv" venv --quiet --clear --no-python-downloads --python "$(python3 -c 'import sys; print(sys.executable)')" .venv
    "$uv" pip install --quiet --system-certs --no-python-downloads --python .venv/bin/python --editable '.[test]'
    printf '%s\n' "$wanted" >"$stamp"
}

run_all() {
    local status=0
    ruff check || status=1
    ruff format --check || status=1
    mypy --strict envlock tests || status=1
    pytest -n 2 || status=1
    return "$status"
}

have python3 || fail 'Python 3.11 or newer is needed, and there is no `python3`'
python_has 'import sys; assert sys.version_info >= (3, 11)' ||
    fail "Python 3.11 or newer is needed, and \`python3\` is $(python3 --version)"

mapfile -t missing < <(missing_packages)
if [ "${#missing[@]}" -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && have apt-get; then
        say "installing ${missing[*]}"
        install_packages "${missing[@]}"
    else
        say "missing, and installed only by root: ${missing[*]}"
    fi
fi
usable_uv >/dev/null || install_uv
make_environment "$(usable_uv)"
export PATH="$PWD/.venv/bin:$PATH"
if [ $# -gt 0 ]; then
    exec pytest -n 2 "$@"
fi
run_all
