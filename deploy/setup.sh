# Sourced by the other scripts: installs what this machine lacks, and nothing that it has.
# Debian 12 and its relatives, as root; elsewhere the packages must be there already.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '\033[1m== %s\033[0m\n' "$*" >&2; }

# need COMMAND-OR-FILE PACKAGE … : remembers the packages of what is missing.
missing=()
need() {
    [ -e "$1" ] || command -v "$1" > /dev/null || missing+=("${@:2}")
}

install_missing() {
    [ ${#missing[@]} -eq 0 ] && return
    say "installing ${missing[*]}"
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" > /dev/null
    missing=()
}

# What a build takes.
need_build_tools() {
    command -v swift > /dev/null || {
        echo "swift is missing: install the toolchain from https://www.swift.org/install" >&2
        exit 1
    }
    need /usr/include/librdkafka/rdkafka.h librdkafka-dev
    need pkg-config pkg-config
    install_missing
}

# A Python environment of its own with what a requirements file names, in the build folder;
# python_environment REQUIREMENTS [FOLDER].
python_environment() {
    python3 -c 'import ensurepip, venv' 2> /dev/null || missing+=(python3 python3-venv)
    install_missing
    venv=$PWD/.build/${2:-python}
    if ! cmp -s "$1" "$venv/requirements.txt"; then
        say "installing $(tr '\n' ' ' < "$1")"
        python3 -m venv "$venv"
        "$venv/bin/pip" install -q --disable-pip-version-check -r "$1"
        cp "$1" "$venv/requirements.txt"
    fi
}

# What some of the tests from outside take: the programs, and a Python environment.
need_outside_tests() {
    need_build_tools
    python_environment Tests/EndToEnd/requirements.txt
    say "build"
    swift build --product aspayds-worker
    swift build --product aspayds-sandbox
}

# promtool alone, out of Debian's package: installing prometheus would start a server.
need_promtool() {
    promtool=$(command -v promtool) && return
    promtool=$PWD/.build/promtool
    [ -x "$promtool" ] && return
    say "unpacking promtool"
    local folder
    folder=$(mktemp -d)
    (
        cd "$folder"
        apt-get download -qq prometheus 2> /dev/null ||
            { apt-get update -qq && apt-get download -qq prometheus; }
        dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool
    )
    mv "$folder/usr/bin/promtool" "$promtool"
    rm -rf "$folder"
}

# build_release [PRODUCT]: everything, or one program.
build_release() {
    say "building (the first time takes several minutes)"
    mkdir -p .build-release
    swift build -c release --scratch-path .build-release ${1:+--product "$1"} > .build-release/log 2>&1 ||
        { cat .build-release/log >&2; exit 1; }
    bin=$PWD/.build-release/release
}
